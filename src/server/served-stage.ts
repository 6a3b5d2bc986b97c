import { canaryStageOf, percentOfCanary } from "../definition/canary-stage.ts";
import { endpointSettingsOf } from "../definition/endpoint-settings.ts";
import { type HttpStage, v2Kinds } from "../definition/http-api.ts";
import { restKinds, type Stage } from "../definition/rest-api.ts";
import { isHttpApi, isWebSocketApi, type V2Api, type V2ApiDefinition } from "../definition/v2-api.ts";
import type { WebSocketApi, WebSocketApiDefinition, WebSocketStage } from "../definition/websocket-api.ts";
import type { Reader } from "../store/store.ts";
import type { CanaryContent, StageContent } from "./compile-stage.ts";
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

/** How stages are read, by the kind of their documents. */
const readers: Readonly<Record<string, ReadStage>> = {
  [restKinds.stage]: readRestStage,
  [v2Kinds.stage]: readV2Stage,
};

/** The kinds of documents that stages are stored as. */
export const stageKinds: readonly string[] = Object.keys(readers);

/** Reads the stage of that key (`apiId/stageName`), of whichever kind its API is; undefined if there is none. */
export async function readServedStage(tx: Reader, key: string): Promise<ServedStage | UnservedStage | undefined> {
  const apiId = key.split("/", 1)[0] ?? key;
  for (const read of Object.values(readers)) {
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
    content: { kind: "rest", definition, stage: stage.body, canary: await readCanary(tx, apiId, stage.body) },
    apiDocuments: [restKinds.restApi, restKinds.defaultEndpoint].map((kind) => ({ kind, id: apiId })),
    webAclArn: stage.body.webAclArn,
    fingerprint: [
      ...[revision, stage.revision, restApi.name],
      ...[endpointSettingsOf(restApi), restApi.disableExecuteApiEndpoint],
    ],
  };
}

/** Reads the other side of a stage whose canary takes traffic. A change of its settings is a change of the stage. */
async function readCanary(tx: Reader, apiId: string, stage: Stage): Promise<CanaryContent | undefined> {
  const side = canaryStageOf(stage);
  if (side === undefined) return undefined;
  const deployed = await readDeployed(tx, apiId, side);
  return { definition: deployed?.definition, stage: side, percentTraffic: percentOfCanary(stage) };
}

/** A stage without a deployment serves an API without routes. */
async function readV2Stage(tx: Reader, key: string, apiId: string): ReturnType<ReadStage> {
  const stage = await tx.get<HttpStage & WebSocketStage>(v2Kinds.stage, key);
  if (stage === undefined) return undefined;
  const { DeploymentId: deploymentId } = stage.body;
  const api = await tx.get<V2Api>(v2Kinds.api, apiId);
  if (api === undefined) return unserved(deploymentId ?? "");
  const snapshot =
    deploymentId === undefined
      ? { body: withoutRoutes(api.body), revision: 0 }
      : await tx.get<V2ApiDefinition>(v2Kinds.snapshot, `${apiId}/${deploymentId}`);
  if (snapshot === undefined) return unserved(deploymentId ?? "");
  const { body: definition } = snapshot;
  return {
    content: isWebSocketDefinition(definition)
      ? { kind: "websocket", definition, stage: stage.body }
      : { kind: "http", definition, stage: stage.body },
    apiDocuments: [{ kind: v2Kinds.api, id: apiId }],
    webAclArn: stage.body.webAclArn,
    fingerprint: [snapshot.revision, stage.revision],
  };
}

function withoutRoutes(api: V2Api): V2ApiDefinition {
  const none = { routes: [], integrations: [], authorizers: [] };
  if (isHttpApi(api)) return { api, ...none };
  return { api: api as WebSocketApi, ...none, routeResponses: [], integrationResponses: [], models: [] };
}

const isWebSocketDefinition = (definition: V2ApiDefinition): definition is WebSocketApiDefinition =>
  isWebSocketApi(definition.api);

const unserved = (deploymentId: string): UnservedStage => ({
  problem: `the deployment ${deploymentId} has no snapshot, or its API is gone`,
});
