import { bounds } from "../base/bounds.ts";
import { type Difference, diffDefinitions } from "../definition/diff.ts";
import { type HttpDeployment, type HttpStage, v2Kinds } from "../definition/http-api.ts";
import { diffHttpApis } from "../definition/http-api-diff.ts";
import {
  type Deployment,
  type RestApi,
  type RestApiDefinition,
  restKinds,
  type Stage,
} from "../definition/rest-api.ts";
import type { V2Api, V2ApiDefinition } from "../definition/v2-api.ts";
import { creationOrder, type Reader, type Store } from "../store/store.ts";

/** A deployment, and what it changed. */
export interface PastDeployment {
  readonly id: string;
  readonly description?: string;
  /** Seconds since 1970. */
  readonly createdDate: number;
  /** The ARN of who made it; absent of one that is older than the record of it. */
  readonly createdBy?: string;
  /** The stages that serve it now, or whose canaries do. */
  readonly servedBy: readonly { readonly stageName: string; readonly canaryPercent?: number }[];
  /** What it changed against the deployment before it; absent of the first one, and where a snapshot is gone. */
  readonly differences?: readonly Difference[];
}

interface HistoryReader {
  /** Returns an API's deployments, the oldest first; undefined if there is no such API. */
  read(tx: Reader, apiId: string): Promise<readonly Omit<PastDeployment, "differences">[] | undefined>;
  /** Returns what the second deployment changed against the first. */
  compare(tx: Reader, apiId: string, before: string, after: string): Promise<readonly Difference[] | undefined>;
}

const readers: readonly HistoryReader[] = [
  {
    async read(tx, apiId) {
      if ((await tx.get<RestApi>(restKinds.restApi, apiId)) === undefined) return undefined;
      const stages = (await tx.list<Stage>(restKinds.stage, { prefix: `${apiId}/` })).map(({ body }) => body);
      const all = await tx.list<Deployment>(restKinds.deployment, { prefix: `${apiId}/`, order: creationOrder });
      return all.map(({ body }) => ({
        ...body,
        servedBy: stages.flatMap(({ stageName, deploymentId, canarySettings }) => [
          ...(deploymentId === body.id ? [{ stageName }] : []),
          ...(canarySettings?.deploymentId === body.id
            ? [{ stageName, canaryPercent: canarySettings.percentTraffic ?? 0 }]
            : []),
        ]),
      }));
    },
    compare: (tx, apiId, before, after) =>
      compareSnapshots<RestApiDefinition>(
        tx,
        restKinds.snapshot,
        [`${apiId}/${before}`, `${apiId}/${after}`],
        diffDefinitions,
      ),
  },
  {
    async read(tx, apiId) {
      if ((await tx.get<V2Api>(v2Kinds.api, apiId)) === undefined) return undefined;
      const stages = (await tx.list<HttpStage>(v2Kinds.stage, { prefix: `${apiId}/` })).map(({ body }) => body);
      const all = await tx.list<HttpDeployment>(v2Kinds.deployment, { prefix: `${apiId}/`, order: creationOrder });
      return all.map(
        ({ body: { DeploymentId: id, Description: description, CreatedDate: createdDate, createdBy } }) => ({
          id,
          ...(description !== undefined && { description }),
          createdDate,
          ...(createdBy !== undefined && { createdBy }),
          servedBy: stages.flatMap(({ StageName, DeploymentId }) =>
            DeploymentId === id ? [{ stageName: StageName }] : [],
          ),
        }),
      );
    },
    compare: (tx, apiId, before, after) =>
      compareSnapshots<V2ApiDefinition>(
        tx,
        v2Kinds.snapshot,
        [`${apiId}/${before}`, `${apiId}/${after}`],
        diffHttpApis,
      ),
  },
];

async function compareSnapshots<Definition>(
  tx: Reader,
  kind: string,
  [before, after]: readonly [string, string],
  diff: (before: Definition, after: Definition) => readonly Difference[],
): Promise<readonly Difference[] | undefined> {
  const [first, second] = [await tx.get<Definition>(kind, before), await tx.get<Definition>(kind, after)];
  return first && second && diff(first.body, second.body);
}

/** Which API's deployments are asked for. */
export interface HistoryQuestion {
  readonly account: string;
  readonly region: string;
  readonly apiId: string;
}

/**
 * Returns an API's newest deployments, the newest first, each with what it changed against the one before it; undefined if
 * there is no such API. Each comparison is a read of its own, so that other calls get their turn.
 */
export async function readDeploymentHistory(
  store: Store,
  { account, region, apiId }: HistoryQuestion,
): Promise<readonly PastDeployment[] | undefined> {
  const scope = { account, region };
  for (const reader of readers) {
    const all = await store.read(scope, (tx) => reader.read(tx, apiId));
    if (all === undefined) continue;
    const newest: PastDeployment[] = [];
    const from = Math.max(0, all.length - bounds.deploymentsComparedMax.value);
    for (const [index, deployment] of all.entries()) {
      if (index < from) continue;
      const before = all[index - 1];
      const differences =
        before && (await store.read(scope, (tx) => reader.compare(tx, apiId, before.id, deployment.id)));
      newest.push({ ...deployment, ...(differences && { differences }) });
    }
    return newest.reverse();
  }
  return undefined;
}
