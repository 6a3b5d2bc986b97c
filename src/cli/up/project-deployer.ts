import { resolve } from "node:path";
import type { PorticoCalls } from "../portico-calls.ts";
import type { ApiTarget } from "./api-calls.ts";
import { type ApiDocument, readApiDocument } from "./api-document.ts";
import { findCorsWarnings } from "./cors-warnings.ts";
import { ApiDeployer } from "./deploy-api.ts";
import { FunctionDeployer } from "./deploy-functions.ts";
import { type FoundFunctions, findFunctions } from "./find-functions.ts";
import type { ProjectFunctions } from "./function-output.ts";
import { GeneratedFunction } from "./generated-function.ts";
import { permitQualified } from "./permit-qualified.ts";
import type { ProcessOptions } from "./processes.ts";
import { type ApiSettings, type Project, type ProjectSettings, readSettings } from "./project.ts";
import { ProjectProcesses } from "./project-processes.ts";
import { locate } from "./read-yaml.ts";
import { type Problem, ProblemsError, problemAt } from "./source-text.ts";
import { findStreamWarnings } from "./stream-warnings.ts";
import type { BrokenTemplate } from "./template-problems.ts";

export interface ProjectDeployment {
  /** What was made or changed, in words: `Petstore`, `function getPet`. Empty if nothing had to change. */
  readonly changed: readonly string[];
  readonly problems: readonly Problem[];
  /** Undefined until the document could be deployed. */
  readonly api: { readonly document: ApiDocument; readonly target: ApiTarget } | undefined;
}

export interface ProjectDeployerOptions extends Omit<ProcessOptions, "projectFolder"> {
  readonly project: Project;
  readonly name: string | undefined;
  readonly stage: string | undefined;
  readonly protocol: ApiSettings["protocol"];
  /** Whether operations without an integration are mocked. */
  readonly isMock: boolean;
  /** Returns the calls for an account and region, which the document chooses. */
  readonly connect: (account: string, region: string) => PorticoCalls;
}

/** Makes a server follow the project's files. `deploy` may be called at any time: it sends only differences. */
export class ProjectDeployer {
  readonly #options: ProjectDeployerOptions;
  readonly #functions: FunctionDeployer;
  readonly #mock = new GeneratedFunction();
  readonly #processes: ProjectProcesses;
  #settings: ProjectSettings = { api: {}, functions: {}, processes: {} };
  #document: ApiDocument | undefined;
  #api: ApiDeployer | undefined;
  #calls: PorticoCalls | undefined;
  /** The stage that the last good document was deployed to. A changed name or stage starts over. */
  #apiKey = "";
  /** The templates of the last deployment that can't be parsed, by key. */
  #broken: ReadonlySet<string> = new Set();

  constructor(options: ProjectDeployerOptions) {
    this.#options = options;
    this.#functions = new FunctionDeployer(options.project.folder);
    this.#processes = new ProjectProcesses({ projectFolder: options.project.folder, print: options.print });
  }

  /** The files outside of the project's folder and `functions/` that belong to it. */
  get referencedFiles(): readonly string[] {
    return this.#document?.files ?? [];
  }

  /** The functions that were deployed, by now. */
  get functions(): ProjectFunctions | undefined {
    return this.#calls && { calls: this.#calls, names: this.#functions.names };
  }

  get processFolders(): readonly string[] {
    const { folder } = this.#options.project;
    return Object.values(this.#settings.processes).map((one) => resolve(folder, one.folder ?? "."));
  }

  /** `isChanged` says whether files below a process's folder have changed: it is then started again. */
  async deploy(isChanged: (folder: string) => boolean = () => false): Promise<ProjectDeployment> {
    const { project } = this.#options;
    const problems: Problem[] = [];
    const changed: string[] = [];
    const collect = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ProblemsError)) throw error;
        problems.push(...error.problems);
        return undefined;
      }
    };
    const settings = await collect(() => readSettings(project.folder));
    if (settings) this.#settings = { ...settings, api: this.#withOptions(settings) };
    const document = await collect(() =>
      readApiDocument(project.documentFile, this.#settings.api, this.#options.isMock),
    );
    if (document) this.#document = document;
    const found = findFunctions(project.folder, this.#settings.functions);
    problems.push(...found.problems);
    // Functions are deployed even while the document can't be read, so that one mistake does not hold up everything.
    if (!this.#document) return { changed, problems, api: undefined };
    try {
      const { calls, api } = this.#connect(this.#document);
      if (!(await api.isAsKnown(calls))) this.#forget();
      const processes = await this.#processes.update(this.#settings.processes, isChanged);
      problems.push(...processes.problems);
      changed.push(...processes.changed);
      const variables = { ...this.#settings.api.variables, ...this.#processes.addresses };
      const { mockFunction } = this.#document;
      const made = mockFunction === undefined ? [] : [this.#mock.write(mockFunction)];
      const functions = await this.#functions.deploy(calls, [...found.functions, ...made], api.target.apiId);
      problems.push(...functions.problems);
      changed.push(...functions.changed.map((name) => `function ${name}`));
      if (document) {
        problems.push(...document.problems, ...(await this.#findUnknownFunctions(calls, document, found)));
        const own = { functions: new Set(found.functions.map((one) => one.name)), apiId: api.target.apiId };
        problems.push(...(await permitQualified(calls, document, own)));
        problems.push(...(await findStreamWarnings(document, found.functions)));
        const deployed = await collect(() => {
          problems.push(...this.#checkTemplates(document, api));
          return api.deploy(calls, document, variables);
        });
        if (deployed) this.#broken = new Set(document.brokenTemplates.map(({ key }) => key));
        problems.push(...(deployed?.warnings ?? []));
        // The address of a process that was started again is no change of the API's.
        const isOfProcesses = deployed?.isSameDocument === true && processes.changed.length > 0;
        if (deployed?.isChanged && !isOfProcesses) changed.unshift(document.name);
        if (deployed && document.protocol === "REST") {
          problems.push(...(await findCorsWarnings(calls, api.target.apiId, document, found.functions)));
        }
      }
      // Where the document has a mistake, the routes that are served lead to the new processes all the same.
      await api.setVariables(calls, variables);
      this.#processes.retire();
      return { changed, problems, api: { document: this.#document, target: api.target } };
    } catch (error) {
      // The server's state is unknown now, so the next save sends everything.
      this.#forget();
      throw error;
    }
  }

  /** Deletes old deployments. It is not urgent, and its failure does no harm. */
  async prune(): Promise<void> {
    if (this.#calls) await this.#api?.prune(this.#calls);
  }

  async close(): Promise<void> {
    this.#mock.close();
    await this.#processes.close();
  }

  #forget(): void {
    this.#functions.forget();
    this.#api?.forget();
  }

  #withOptions(settings: ProjectSettings): ProjectSettings["api"] {
    const { name, stage, protocol } = this.#options;
    return {
      ...settings.api,
      ...(name !== undefined && { name }),
      ...(stage !== undefined && { stage }),
      ...(protocol !== undefined && { protocol }),
    };
  }

  #connect(document: ApiDocument): { readonly calls: PorticoCalls; readonly api: ApiDeployer } {
    const { stage } = this.#settings.api;
    const key = JSON.stringify([document.account, document.region, document.name, document.protocol, stage]);
    if (this.#apiKey !== key || !this.#api || !this.#calls) {
      this.#apiKey = key;
      this.#functions.forget();
      this.#calls = this.#options.connect(document.account, document.region);
      this.#api = new ApiDeployer(this.#calls, document, stage);
    }
    return { calls: this.#calls, api: this.#api };
  }

  /**
   * Returns the warnings of templates that can't be parsed, which AWS accepts. Throws those that could be parsed before
   * the last save: what is served goes on.
   */
  #checkTemplates({ brokenTemplates }: ApiDocument, api: ApiDeployer): readonly Problem[] {
    const isNew = ({ key }: BrokenTemplate): boolean => api.hasDeployed && !this.#broken.has(key);
    if (brokenTemplates.some(isNew)) {
      throw new ProblemsError(
        brokenTemplates.map((one) => ({ ...one.problem, severity: isNew(one) ? "error" : "warning" })),
      );
    }
    return brokenTemplates.map(({ problem }) => problem);
  }

  /**
   * Finds functions that are neither in `functions/` nor on the server. AWS accepts such a document, and answers 500
   * later.
   */
  async #findUnknownFunctions(
    calls: PorticoCalls,
    document: ApiDocument,
    found: FoundFunctions,
  ): Promise<readonly Problem[]> {
    const own = new Set(found.functions.map((one) => one.name));
    const problems: Problem[] = [];
    const add = async (pointer: readonly string[], message: string): Promise<void> => {
      problems.push(problemAt("warning", message, document.source, await locate(document.source, pointer)));
    };
    for (const { name, account, region, pointer } of document.functions) {
      if (account !== document.account || region !== document.region) {
        const place = `account ${account}, region ${region}`;
        await add(pointer, `${name} is in ${place}; \`up\` makes functions in ${document.account}, ${document.region}`);
      } else if (!own.has(name) && !(await calls.find("lambda", "GetFunctionConfiguration", { FunctionName: name }))) {
        const known = own.size > 0 ? `functions/ has ${[...own].join(", ")}` : "there is no functions/ folder with it";
        const effect = "The API is deployed; this route answers 500, as on AWS";
        await add(pointer, `There is no function ${name}: ${known}. ${effect}`);
      }
    }
    return problems;
  }
}
