import { type Difference, diffDefinitions, routesOf } from "../definition/diff.ts";
import { type HttpDeployment, type HttpStage, v2Kinds } from "../definition/http-api.ts";
import { diffHttpApis, routeKeysOf } from "../definition/http-api-diff.ts";
import { type Deployment, type RestApi, restKinds, type Stage } from "../definition/rest-api.ts";
import type { V2Api, V2ApiDefinition } from "../definition/v2-api.ts";
import { readDefinition } from "../management/rest/definition-documents.ts";
import { readV2ApiDefinition } from "../management/v2/v2-api-documents.ts";
import type { Reader } from "../store/store.ts";
import { readDeployed } from "./deployed-definition.ts";

/** What a stage's documents say of it. */
export interface DescribedStage {
  /** The kind of its API; undefined if its documents can't be read. */
  readonly protocol: "REST" | V2Api["ProtocolType"] | undefined;
  readonly apiName: string;
  readonly stageName: string;
  readonly deploymentId: string;
  /** Seconds since 1970. */
  readonly deployedAt: number | undefined;
  /** What a deployment now would change. */
  readonly differences: readonly Difference[];
}

/** The API of stages, as it is edited. */
export interface EditedApi {
  /** Its routes: `GET /pets`, `$default`. */
  readonly routes: readonly string[];
  /** The documents that they come from. */
  readonly documents: readonly { readonly kind: string; readonly id: string }[];
}

interface DefinitionReader {
  describe(tx: Reader, apiId: string, stageName: string): Promise<DescribedStage | undefined>;
  edited(tx: Reader, apiId: string): Promise<EditedApi | undefined>;
}

/** How the documents of both versions are read. */
const readers: Readonly<Record<"first" | "second", DefinitionReader>> = {
  first: {
    async describe(tx, apiId, stageName) {
      const api = await tx.get<RestApi>(restKinds.restApi, apiId);
      const stage = await tx.get<Stage>(restKinds.stage, `${apiId}/${stageName}`);
      if (api === undefined || stage === undefined) return undefined;
      const { deploymentId } = stage.body;
      const deployed = (await readDeployed(tx, apiId, stage.body))?.definition;
      const deployment = await tx.get<Deployment>(restKinds.deployment, `${apiId}/${deploymentId}`);
      return {
        protocol: "REST",
        apiName: api.body.name,
        stageName,
        deploymentId,
        deployedAt: deployment?.body.createdDate,
        differences: deployed === undefined ? [] : diffDefinitions(deployed, await readDefinition(tx, api.body)),
      };
    },
    async edited(tx, apiId) {
      const api = await tx.get<RestApi>(restKinds.restApi, apiId);
      return (
        api && {
          routes: routesOf(await readDefinition(tx, api.body)),
          documents: [
            { kind: restKinds.restApi, id: apiId },
            { kind: restKinds.resource, id: `${apiId}/` },
          ],
        }
      );
    },
  },
  second: {
    async describe(tx, apiId, stageName) {
      const api = await tx.get<V2Api>(v2Kinds.api, apiId);
      const stage = await tx.get<HttpStage>(v2Kinds.stage, `${apiId}/${stageName}`);
      if (api === undefined || stage === undefined) return undefined;
      const { DeploymentId: deploymentId = "" } = stage.body;
      const snapshot = await tx.get<V2ApiDefinition>(v2Kinds.snapshot, `${apiId}/${deploymentId}`);
      const deployment = await tx.get<HttpDeployment>(v2Kinds.deployment, `${apiId}/${deploymentId}`);
      const current = await readV2ApiDefinition(tx, api.body);
      const deployed = snapshot?.body ?? { ...current, routes: [], integrations: [], authorizers: [] };
      return {
        protocol: api.body.ProtocolType,
        apiName: api.body.Name,
        stageName,
        deploymentId,
        deployedAt: deployment?.body.CreatedDate,
        differences: diffHttpApis(deployed, current),
      };
    },
    async edited(tx, apiId) {
      const api = await tx.get<V2Api>(v2Kinds.api, apiId);
      return (
        api && {
          routes: routeKeysOf(await readV2ApiDefinition(tx, api.body)),
          documents: [
            { kind: v2Kinds.api, id: apiId },
            { kind: v2Kinds.route, id: `${apiId}/` },
          ],
        }
      );
    },
  },
};

/** Describes a stage, of whichever kind its API is; undefined if it or its API is not there. */
export const describeStage = (tx: Reader, apiId: string, stageName: string): Promise<DescribedStage | undefined> =>
  firstFound((reader) => reader.describe(tx, apiId, stageName));

/** Reads an API as it is edited, of whichever kind it is; undefined if it is not there. */
export const readEditedApi = (tx: Reader, apiId: string): Promise<EditedApi | undefined> =>
  firstFound((reader) => reader.edited(tx, apiId));

async function firstFound<Found>(
  read: (reader: DefinitionReader) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  for (const reader of Object.values(readers)) {
    const found = await read(reader);
    if (found !== undefined) return found;
  }
  return undefined;
}
