import { hasCode, type PorticoCalls } from "../portico-calls.ts";
import { type ApiDocument, locateImportProblems, splitImportMessage } from "./api-document.ts";
import { deriveApiId } from "./derive-api-id.ts";
import { importDocument } from "./import-document.ts";
import { locate } from "./read-yaml.ts";
import { type Problem, ProblemsError, problemAt } from "./source-text.ts";

export interface ApiTarget {
  readonly apiId: string;
  readonly stageName: string;
}

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

/** Keeps an API and its stage on the server equal to the project's document. */
export class ApiDeployer {
  readonly target: ApiTarget;
  #body: Buffer | undefined;
  #variables: Readonly<Record<string, string>> = {};
  #warnings: readonly Problem[] = [];

  constructor(calls: PorticoCalls, name: string, stageName: string) {
    this.target = { apiId: deriveApiId(calls.account, calls.region, name), stageName };
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
    const { apiId: restApiId, stageName } = this.target;
    return !this.#body || (await calls.find("apigateway", "GetStage", { restApiId, stageName })) !== undefined;
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
    const restApiId = this.target.apiId;
    const isThere = await calls.find("apigateway", "GetRestApi", { restApiId });
    // The tag chooses the id, and is not stored: docs/internals/architecture.md, "Management calls".
    if (!isThere)
      await calls.call("apigateway", "CreateRestApi", { name: document.name, tags: { _custom_id_: restApiId } });
    try {
      const input = { restApiId, mode: "overwrite", body: document.body };
      const { warnings } = await importDocument(input, (given) => calls.call("apigateway", "PutRestApi", given));
      const told = document.mocked.size > 0 ? warnings.filter((warning) => !besideMocks.test(warning)) : warnings;
      return await locateImportProblems(told, "warning", document);
    } catch (error) {
      // An empty API would be left behind.
      if (!isThere) await calls.find("apigateway", "DeleteRestApi", { restApiId });
      if (!hasCode(error, "BadRequestException", "LimitExceededException")) throw error;
      const { errors, warnings } = splitImportMessage(error.message);
      throw new ProblemsError([
        ...(await locateImportProblems(errors, "error", document)),
        ...(await locateImportProblems(warnings, "warning", document)),
      ]);
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

  /** Changes the stage in one call, so that no request meets a new deployment with old variables. */
  async #deploy(calls: PorticoCalls, variables: Readonly<Record<string, string>>, isSameBody: boolean): Promise<void> {
    const { apiId: restApiId, stageName } = this.target;
    const description = `${descriptionStart} ${new Date().toISOString()}`;
    const stage = await calls.find("apigateway", "GetStage", { restApiId, stageName });
    if (!stage) {
      await calls.call("apigateway", "CreateDeployment", { restApiId, stageName, description, variables });
      return;
    }
    const there = (stage["variables"] ?? {}) as Readonly<Record<string, string>>;
    const patchOperations: object[] = [];
    if (!isSameBody) {
      const { id } = await calls.call("apigateway", "CreateDeployment", { restApiId, description });
      patchOperations.push({ op: "replace", path: "/deploymentId", value: id });
    }
    for (const [name, value] of Object.entries(variables))
      if (there[name] !== value) patchOperations.push({ op: "replace", path: `/variables/${name}`, value });
    // Variables that this run has set and that portico.yaml no longer has are removed. All others stay.
    for (const name of Object.keys(this.#variables))
      if (variables[name] === undefined && there[name] !== undefined)
        patchOperations.push({ op: "remove", path: `/variables/${name}` });
    if (patchOperations.length > 0)
      await calls.call("apigateway", "UpdateStage", { restApiId, stageName, patchOperations });
  }

  /** Deletes the deployments that `up` made and no stage serves, except the last few. */
  async prune(calls: PorticoCalls): Promise<void> {
    const restApiId = this.target.apiId;
    // The document may have been refused, and the API never made.
    const deployments = await calls.find("apigateway", "GetDeployments", { restApiId, limit: 500 });
    if (!deployments) return;
    const { items } = deployments;
    const { item: stages } = await calls.call("apigateway", "GetStages", { restApiId });
    const served = new Set((Array.isArray(stages) ? stages : []).map((stage) => stage["deploymentId"]));
    const own = (Array.isArray(items) ? items : [])
      .filter((one) => String(one["description"] ?? "").startsWith(descriptionStart) && !served.has(one["id"]))
      // The description has the time to the millisecond, createdDate only to the second.
      .sort((a, b) => String(b["description"]).localeCompare(String(a["description"])));
    for (const { id } of own.slice(deploymentsKept))
      await calls.find("apigateway", "DeleteDeployment", { restApiId, deploymentId: id });
  }
}

function sameEntries(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
