import { hasCode, type PorticoCalls } from "../portico-calls.ts";
import type { ApiCalls, ApiTarget } from "./api-calls.ts";
import { type ApiDocument, importProblems, locateImportProblems } from "./api-document.ts";
import { deriveApiId } from "./derive-api-id.ts";
import { httpApiCalls } from "./http-api-calls.ts";
import { locate } from "./read-yaml.ts";
import { restApiCalls } from "./rest-api-calls.ts";
import { type Problem, ProblemsError, problemAt } from "./source-text.ts";

export interface ApiDeploymentResult {
  readonly isChanged: boolean;
  /** Nothing but stage variables changed. */
  readonly isSameDocument: boolean;
  readonly warnings: readonly Problem[];
}

/** Deployments that `up` keeps to point a stage back to. */
const deploymentsKept = 5;
const lackingShown = 5;
const descriptionStart = "portico up";
/** Warnings of the import that are expected for a mock. */
const besideMocks =
  /^Model name must be alphanumeric: renamed|^Ignoring parameter '|; used \{.*\} for \{.*\}\.$|^Security scheme '/;

const kinds: Readonly<Record<ApiDocument["protocol"], ApiCalls>> = { REST: restApiCalls, HTTP: httpApiCalls };

/** Keeps an API and its stage on the server equal to the project's document. */
export class ApiDeployer {
  readonly target: ApiTarget;
  readonly #kind: ApiCalls;
  #body: Buffer | undefined;
  #variables: Readonly<Record<string, string>> = {};
  #warnings: readonly Problem[] = [];

  constructor(calls: PorticoCalls, { name, protocol }: Pick<ApiDocument, "name" | "protocol">, stage?: string) {
    this.#kind = kinds[protocol];
    const stageName = stage ?? this.#kind.stageDefault;
    // An API of another kind is another API.
    const idOf = protocol === "HTTP" ? `HTTP ${name}` : name;
    this.target = { apiId: deriveApiId(calls.account, calls.region, idOf), stageName };
  }

  /** Whether this run has deployed it. */
  get hasDeployed(): boolean {
    return this.#body !== undefined;
  }

  /** Forgets the server's state, after the server failed or was replaced. */
  forget(): void {
    this.#body = undefined;
  }

  /** Returns whether the server still has what this run has deployed. It was emptied or replaced otherwise. */
  async isAsKnown(calls: PorticoCalls): Promise<boolean> {
    return !this.#body || this.#kind.hasStage(calls, this.target);
  }

  /**
   * Imports and deploys what has changed. Throws the problems of a document that is refused; the stage goes on as
   * before.
   */
  async deploy(
    calls: PorticoCalls,
    document: ApiDocument,
    variables: Readonly<Record<string, string>>,
  ): Promise<ApiDeploymentResult> {
    const isSameBody = this.#body?.equals(document.body) === true;
    if (isSameBody && sameEntries(this.#variables, variables))
      return { isChanged: false, isSameDocument: true, warnings: this.#warnings };
    if (!isSameBody) this.#warnings = await this.#import(calls, document);
    await this.#deployOrExplain(calls, document, variables, isSameBody);
    this.#body = document.body;
    this.#variables = variables;
    return { isChanged: true, isSameDocument: isSameBody, warnings: this.#warnings };
  }

  /** Sets the variables of a stage that this run has deployed before, and nothing else. */
  async setVariables(calls: PorticoCalls, variables: Readonly<Record<string, string>>): Promise<void> {
    if (this.#body === undefined || sameEntries(this.#variables, variables)) return;
    await this.#deploy(calls, variables, true);
    this.#variables = variables;
  }

  async #import(calls: PorticoCalls, document: ApiDocument): Promise<readonly Problem[]> {
    const { apiId } = this.target;
    const isThere = await this.#kind.isThere(calls, apiId);
    // The tag chooses the id, and is not stored: docs/internals/architecture.md, "Management calls".
    if (!isThere) await this.#kind.create(calls, document.name, { _custom_id_: apiId });
    try {
      const warnings = await this.#kind.import(calls, apiId, document.body);
      const told = document.mocked.size > 0 ? warnings.filter((warning) => !besideMocks.test(warning)) : warnings;
      return await locateImportProblems(told, "warning", document);
    } catch (error) {
      // An empty API would be left behind.
      if (!isThere) await this.#kind.remove(calls, apiId);
      if (!hasCode(error, "BadRequestException", "LimitExceededException")) throw error;
      throw await importProblems(error, document);
    }
  }

  /**
   * Deploys. A document without AWS's extensions can be imported and not deployed, so the error names the operations
   * that lack them.
   */
  async #deployOrExplain(
    calls: PorticoCalls,
    document: ApiDocument,
    variables: Readonly<Record<string, string>>,
    isSameBody: boolean,
  ): Promise<void> {
    try {
      await this.#deploy(calls, variables, isSameBody);
    } catch (error) {
      if (hasCode(error, "BadRequestException") && document.operations.length === 0) {
        const { source } = document;
        const message = `${error.message}: the document has no operation, such as \`get\` of a path`;
        throw new ProblemsError([problemAt("error", message, source, await locate(source, ["paths"]))]);
      }
      if (!hasCode(error, "BadRequestException") || !/^No integration defined/.test(error.message)) throw error;
      const lacking = document.operations.filter((operation) => !operation.integration);
      const problems: Problem[] = [];
      for (const { method, path, pointer } of lacking.slice(0, lackingShown)) {
        const message = `${error.message}: ${method} ${path} has no x-amazon-apigateway-integration, which says who answers it`;
        problems.push(problemAt("error", message, document.source, await locate(document.source, pointer)));
      }
      if (lacking.length > lackingShown)
        problems.push({ severity: "error", message: `… and ${lacking.length - lackingShown} more operations` });
      throw problems.length > 0 ? new ProblemsError(problems) : error;
    }
  }

  #deploy(calls: PorticoCalls, variables: Readonly<Record<string, string>>, isSameBody: boolean): Promise<void> {
    const description = `${descriptionStart} ${new Date().toISOString()}`;
    return this.#kind.deploy(calls, this.target, { description, variables, isSameBody, before: this.#variables });
  }

  /** Deletes the deployments that `up` made and no stage serves, except the last few. */
  async prune(calls: PorticoCalls): Promise<void> {
    const { apiId } = this.target;
    const own = (await this.#kind.unservedDeployments(calls, apiId))
      .filter(({ description }) => description.startsWith(descriptionStart))
      // The description has the time to the millisecond, createdDate only to the second.
      .sort((a, b) => b.description.localeCompare(a.description));
    for (const { id } of own.slice(deploymentsKept)) await this.#kind.deleteDeployment(calls, apiId, id);
  }
}

function sameEntries(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
