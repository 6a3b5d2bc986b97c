import {
  type DocumentationPart,
  type DocumentationVersion,
  documentationKinds,
} from "../../definition/documentation.ts";
import { type Deployment, type RestApiDefinition, restKinds, type Stage } from "../../definition/rest-api.ts";
import type { ExportOptions } from "../../openapi/export-rest-api.ts";
import type { Reader } from "../../store/store.ts";

/** What a description of a stage for people is made from. */
export interface RestDescription {
  readonly definition: RestApiDefinition;
  readonly options: ExportOptions;
}

/**
 * Reads what a description of the stage is made from: its deployment, with the texts of its documentation version or,
 * without one, of the documentation parts as they are now. Returns undefined if the deployment is not there.
 */
export async function readRestDescription(
  tx: Reader,
  api: string,
  stage: Stage,
  region: string,
): Promise<RestDescription | undefined> {
  const deploymentId = `${api}/${stage.deploymentId}`;
  const snapshot = await tx.get<RestApiDefinition>(restKinds.snapshot, deploymentId);
  const deployment = await tx.get<Deployment>(restKinds.deployment, deploymentId);
  if (snapshot === undefined || deployment === undefined) return undefined;
  const documentation = (await publishedDocumentation(tx, api, stage.documentationVersion)) ?? {
    version: { version: "", createdDate: 0 },
    parts: (await tx.list<DocumentationPart>(documentationKinds.part, { prefix: `${api}/` })).map(({ body }) => body),
  };
  return {
    definition: snapshot.body,
    options: {
      exportType: "oas30",
      extensions: [],
      format: "json",
      host: "localhost",
      region,
      stage,
      deployedAt: deployment.body.createdDate,
      documentation,
      isForReading: true,
    },
  };
}

/** Returns a version with its parts, for an export. */
export async function publishedDocumentation(
  tx: Reader,
  apiId: string,
  version: string | undefined,
): Promise<{ readonly version: DocumentationVersion; readonly parts: readonly DocumentationPart[] } | undefined> {
  if (version === undefined) return undefined;
  const stored = await tx.get<DocumentationVersion>(documentationKinds.version, `${apiId}/${version}`);
  const snapshot = await tx.get<readonly DocumentationPart[]>(documentationKinds.snapshot, `${apiId}/${version}`);
  return stored && snapshot && { version: stored.body, parts: snapshot.body };
}
