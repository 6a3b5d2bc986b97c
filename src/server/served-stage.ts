import { endpointSettingsOf } from "../definition/endpoint-settings.ts";
import { type HttpApiDefinition, type HttpStage, v2Kinds } from "../definition/http-api.ts";
import { restKinds, type Stage } from "../definition/rest-api.ts";
import { isHttpApi, type V2Api } from "../definition/v2-api.ts";
import type { PlanKind } from "../plan/kinds.ts";
import type { Reader } from "../store/store.ts";
import type { StageContent } from "./compile-stage.ts";
import { readDeployed } from "./deployed-definition.ts";

/** What a stage serves, as it is stored. */
export interface ServedStage {
  readonly content: StageContent;
  /** The documents of its API: a change of one of them compiles the stage again. */
  readonly apiDocuments: readonly { readonly kind: string; readonly id: string }[];
  /** The web ACL that guards it. */
  readonly webAclArn?: string | undefined;
  /** Everything of the content that changes what is compiled. */
  readonly fingerprint: readonly unknown[];
}

/** A stage whose deployment or API is not there. */
export interface UnservedStage {
  readonly problem: string;
}

type ReadStage = (tx: Reader, key: string, apiId: string) => Promise<ServedStage | UnservedStage | undefined>;

/** How a stage of each kind of API is read. */
const readers: Readonly<Record<PlanKind, { readonly documents: string; readonly read: ReadStage }>> = {
  rest: { documents: restKinds.stage, read: readRestStage },
  http: { documents: v2Kinds.stage, read: readHttpStage },
};

/** The kinds of documents that stages are stored as. */
export const stageKinds: readonly string[] = Object.values(readers).map(({ documents }) => documents);

/** Reads the stage of that key (`apiId/stageName`), of whichever kind its API is; undefined if there is none. */
export async function readServedStage(tx: Reader, key: string): Promise<ServedStage | UnservedStage | undefined> {
  const apiId = key.split("/", 1)[0] ?? key;
  for (const { read } of Object.values(readers)) {
    const found = await read(tx, key, apiId);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function readRestStage(tx: Reader, key: string, apiId: string): ReturnType<ReadStage> {
  const stage = await tx.get<Stage>(restKinds.stage, key);
  if (stage === undefined) return undefined;
  const deployed = await readDeployed(tx, apiId, stage.body);
  if (deployed === undefined) return unserved(stage.body.deploymentId);
  const { definition, revision } = deployed;
  const { restApi } = definition;
  return {
    content: { kind: "rest", definition, stage: stage.body },
    apiDocuments: [restKinds.restApi, restKinds.defaultEndpoint].map((kind) => ({ kind, id: apiId })),
    webAclArn: stage.body.webAclArn,
    fingerprint: [revision, stage.revision, endpointSettingsOf(restApi), restApi.disableExecuteApiEndpoint],
  };
}

/** A stage without a deployment serves an API without routes. */
async function readHttpStage(tx: Reader, key: string, apiId: string): ReturnType<ReadStage> {
  const stage = await tx.get<HttpStage>(v2Kinds.stage, key);
  if (stage === undefined) return undefined;
  const { DeploymentId: deploymentId } = stage.body;
  const api = await tx.get<V2Api>(v2Kinds.api, apiId);
  if (api === undefined) return unserved(deploymentId ?? "");
  if (!isHttpApi(api.body)) return { problem: "WebSocket APIs are not served yet" };
  const nothing: HttpApiDefinition = { api: api.body, routes: [], integrations: [], authorizers: [] };
  const snapshot =
    deploymentId === undefined
      ? { body: nothing, revision: 0 }
      : await tx.get<HttpApiDefinition>(v2Kinds.snapshot, `${apiId}/${deploymentId}`);
  if (snapshot === undefined) return unserved(deploymentId ?? "");
  return {
    content: { kind: "http", definition: snapshot.body, stage: stage.body },
    apiDocuments: [{ kind: v2Kinds.api, id: apiId }],
    webAclArn: stage.body.webAclArn,
    fingerprint: [snapshot.revision, stage.revision],
  };
}

const unserved = (deploymentId: string): UnservedStage => ({
  problem: `the deployment ${deploymentId} has no snapshot, or its API is gone`,
});
