import { readFile } from "node:fs/promises";
import { escapeXml } from "../../base/escape-xml.ts";
import type { RunJob } from "../../base/job.ts";
import { type HttpApiDefinition, type HttpStage, v2Kinds } from "../../definition/http-api.ts";
import { type RestApi, restKinds, type Stage } from "../../definition/rest-api.ts";
import { isHttpApi, type V2Api } from "../../definition/v2-api.ts";
import { pathOfStage } from "../../gateway/routing/address.ts";
import { readRestDescription } from "../../management/apis/rest-description.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { Store, StoredDocument } from "../../store/store.ts";
import { findStage } from "../find-stage.ts";
import type { OperationsResponse } from "../operations-endpoints.ts";
import { answerFile, answerJson, answerPageFile, findPageFile, htmlType } from "./page-answers.ts";
import { type DescribedApi, type ReferenceFile, type ReferenceRequest, referenceJob } from "./reference-job.ts";

/** The path of the readable reference of every stage: `/_portico/docs/{api}/{stage}`. */
export const referencePath = "/_portico/docs";

/** What of a stage answers 501, and why: all of it, or routes (`GET /pets`). */
export interface ClosedParts {
  readonly problem: string | undefined;
  readonly routes: readonly { readonly route: string; readonly reason: string }[];
}

export interface ReferenceOptions {
  readonly store: Store;
  readonly run: RunJob;
  /** By the stage's key. */
  readonly closedParts: (key: string) => ClosedParts;
}

interface ReferencedStage {
  readonly api: string;
  readonly stage: string;
  readonly name: string;
  readonly description?: string;
  readonly version?: string;
  /** The path of the stage's reference, and the URL of the stage itself. */
  readonly path: string;
  readonly basePath: string;
  /** Why the whole stage answers 501. */
  readonly problem?: string;
  /** How many of its routes answer 501. */
  readonly closedRoutes: number;
}

/** Answers requests below {@link referencePath}. */
export async function answerReference(path: string, options: ReferenceOptions): Promise<OperationsResponse> {
  const { store, run, closedParts } = options;
  const parts = path.slice(referencePath.length).split("/").slice(1).map(decoded);
  if (parts.at(-1) === "") parts.pop();
  const [api = "", stage = "", file] = parts;
  // The name of a stage contains no dot.
  if (parts.length === 0) return page(200);
  if (parts.length === 1 && api === "stages.json") return answerJson(200, { stages: await listStages(options) });
  const asset = parts.length === 2 && api === "assets" ? findPageFile("reference", stage) : undefined;
  if (asset !== undefined) return answerPageFile(asset);
  if (parts.length === 2) {
    const isThere = (await findStage(store, api, stage)) !== undefined;
    return isThere ? page(200) : page(404, await describeMissing(options, api, stage));
  }
  if (parts.length === 3 && file === closedFile) return answerJson(200, closedParts(`${api}/${stage}`));
  if (parts.length !== 3 || !isDocument(file)) {
    const below = `${referencePath}/{api}/{stage}`;
    const there = [referencePath, `${referencePath}/stages.json`, below];
    return answerJson(404, {
      message: `There is nothing here; there are ${[...there, ...Object.keys(documents).map((name) => `${below}/${name}`)].join(", ")}.`,
    });
  }
  const found = await findStage(store, api, stage);
  const described = found && (isRestStage(found) ? await describeRest(store, found) : await describeHttp(store, found));
  if (described === undefined) return answerJson(404, { message: await describeMissing(options, api, stage) });
  return answerDocument({ file, api: described, basePath: pathOfStage(api, stage) }, run);
}

const isRestStage = (stage: StoredDocument<Stage | HttpStage>): stage is StoredDocument<Stage> =>
  "methodSettings" in stage.body;

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

/** The files that describe a stage, with their types. */
const documents: Readonly<Record<ReferenceFile, string>> = {
  "openapi.json": "application/json",
  "openapi.yaml": "application/yaml",
  "reference.json": "application/json",
};

/** What of the stage is closed; it changes without a deployment. */
const closedFile = "closed.json";

const isDocument = (file: string | undefined): file is ReferenceFile =>
  file !== undefined && Object.hasOwn(documents, file);

async function answerDocument(request: ReferenceRequest, run: RunJob): Promise<OperationsResponse> {
  try {
    return answerFile(200, documents[request.file], await run(referenceJob, request));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return answerJson(error.status ?? 500, { message: error.message });
  }
}

async function describeRest(
  store: Store,
  { id, scope, body }: StoredDocument<Stage>,
): Promise<DescribedApi | undefined> {
  const api = id.slice(0, id.indexOf("/"));
  const described = await store.read(scope, (tx) => readRestDescription(tx, api, body, scope.region));
  return described && { kind: "rest", ...described };
}

/** Reads what a stage of an HTTP API serves. A stage without a deployment has nothing to read. */
async function describeHttp(
  store: Store,
  { id, scope, body }: StoredDocument<Stage | HttpStage>,
): Promise<DescribedApi | undefined> {
  const { DeploymentId, StageName: stageName } = body as HttpStage;
  const key = `${id.slice(0, id.indexOf("/"))}/${DeploymentId}`;
  const snapshot = await store.read(scope, (tx) => tx.get<HttpApiDefinition>(v2Kinds.snapshot, key));
  // OpenAPI describes no WebSocket APIs.
  if (snapshot === undefined || !isHttpApi(snapshot.body.api)) return undefined;
  const options = { format: "json", endpoint: "", stageName, includeExtensions: false, isForReading: true } as const;
  return { kind: "http", definition: snapshot.body, options };
}

async function listStages({ store, closedParts }: ReferenceOptions): Promise<readonly ReferencedStage[]> {
  const all = <Body>(kind: string): Promise<readonly StoredDocument<Body>[]> =>
    store.all<Body>(kind, { leavesOutDamaged: true });
  const apis = new Map<string, ListedApi>();
  for (const { body } of await all<RestApi>(restKinds.restApi)) apis.set(body.id, body);
  for (const { body } of (await all<V2Api>(v2Kinds.api)).filter(({ body }) => isHttpApi(body))) {
    const { Name: name, Description: description, Version: version } = body;
    // A stage's page reads its deployment.
    apis.set(body.ApiId, { name, ...(description && { description }), ...(version && { version }) });
  }
  const served = [
    ...(await all<Stage>(restKinds.stage)),
    ...(await all<HttpStage>(v2Kinds.stage)).filter(({ body }) => body.DeploymentId !== undefined),
  ];
  const stages = served.flatMap(({ id }) => {
    const slash = id.indexOf("/");
    const [apiId, stageName] = [id.slice(0, slash), id.slice(slash + 1)];
    const api = apis.get(apiId);
    if (api === undefined) return [];
    const { problem, routes } = closedParts(id);
    return [
      {
        api: apiId,
        stage: stageName,
        name: api.name,
        ...(api.description !== undefined && { description: api.description }),
        ...(api.version !== undefined && { version: api.version }),
        path: `${referencePath}/${encodeURIComponent(apiId)}/${stageName}`,
        basePath: pathOfStage(apiId, stageName),
        ...(problem !== undefined && { problem }),
        closedRoutes: routes.length,
      },
    ];
  });
  return stages.sort((one, other) => (`${one.name} ${one.path}` < `${other.name} ${other.path}` ? -1 : 1));
}

/** What the list of stages says of an API. */
type ListedApi = Pick<ReferencedStage, "name" | "description" | "version">;

const stagesShown = 20;

async function describeMissing(options: ReferenceOptions, api: string, stage: string): Promise<string> {
  const stages = await listStages(options);
  const shown = stages.slice(0, stagesShown).map((each) => `${each.api}/${each.stage} (${each.name})`);
  const more = stages.length > shown.length ? ` and ${stages.length - shown.length} more` : "";
  const there = shown.length === 0 ? "Nothing is deployed yet" : `There are ${shown.join(", ")}${more}`;
  return `There is no stage ${stage.slice(0, 128)} of an API ${api.slice(0, 128)}. ${there}.`;
}

/** Returns the page, with `message` if it has nothing else to show. */
async function page(status: number, message = ""): Promise<OperationsResponse> {
  const html = await readFile(new URL("./reference/page.html", import.meta.url), "utf8");
  return answerFile(
    status,
    htmlType,
    html.replace("{{message}}", () => escapeXml(message)),
  );
}
