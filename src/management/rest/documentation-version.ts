import { bounds } from "../../base/bounds.ts";
import { type DocumentationVersion, documentationKinds } from "../../definition/documentation.ts";
import { type RestApi, restKinds, type Stage } from "../../definition/rest-api.ts";
import { listPaths, member, text } from "../../families/patch.ts";
import { nowSeconds, present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { partsOf } from "./documentation-part.ts";
import { restApis } from "./rest-apis.ts";
import { putStage } from "./stage.ts";
import { type Change, childrenOf, defineResource, documents } from "./work.ts";

const versions = documents({
  kind: documentationKinds.version,
  parent: restApis,
  speaksForParent: true,
  member: "documentationVersion",
  idOf: (version: DocumentationVersion) => version.version,
  missing: () => notFound("Invalid Documentation version specified"),
});

/** A rule of Portico's own: the version is part of a path. */
const versionLengthMax = bounds.documentationVersionCharsMax.value;

/** Writes a snapshot of the parts as they are, and the stage that shows it. */
async function createDocumentationVersion(
  work: Change<"CreateDocumentationVersion", RestApi>,
): Promise<DocumentationVersion> {
  const { input, parent: api } = work;
  const name = input.documentationVersion;
  // Unconfirmed: how AWS words these two; see docs/compatibility.md, "CreateDocumentationVersion".
  if (name.trim() === "" || name.length > versionLengthMax) {
    throw badRequest(`Invalid Documentation version specified: must have 1 to ${versionLengthMax} characters`);
  }
  const id = `${api.id}/${name}`;
  if ((await work.tx.get(documentationKinds.version, id)) !== undefined) {
    throw conflict("Documentation version already exists for this REST API");
  }
  if (input.stageName) {
    const stageId = `${api.id}/${input.stageName}`;
    const stage = await work.tx.get<Stage>(restKinds.stage, stageId);
    if (stage === undefined) throw notFound("Invalid stage identifier specified");
    const lastUpdatedDate = nowSeconds(work.call);
    await putStage(work, api, { ...stage.body, documentationVersion: name, lastUpdatedDate });
  }
  await work.tx.put(documentationKinds.snapshot, id, await partsOf(work, api.id));
  return present<DocumentationVersion>({
    version: name,
    createdDate: nowSeconds(work.call),
    description: input.description,
  });
}

/** Refuses to delete a version that a stage shows. */
async function deleteSnapshot(version: DocumentationVersion, work: Change<never, RestApi>): Promise<void> {
  const apiId = work.parent.id;
  const stages = await childrenOf<Stage>(work.tx, restKinds.stage, apiId);
  const user = stages.find((stage) => stage.documentationVersion === version.version);
  // Unconfirmed: that AWS refuses, and how; see docs/compatibility.md, "CreateDocumentationVersion".
  if (user !== undefined) {
    throw conflict(
      `Cannot delete documentation version '${version.version}', is referenced in stage: ${user.stageName}`,
    );
  }
  await work.tx.delete(documentationKinds.snapshot, `${apiId}/${version.version}`);
}

/** AWS: API Gateway REST API reference, "DocumentationVersion". */
export const documentationVersion = defineResource({
  operations: {
    create: "CreateDocumentationVersion",
    get: "GetDocumentationVersion",
    list: "GetDocumentationVersions",
    update: "UpdateDocumentationVersion",
    delete: "DeleteDocumentationVersion",
  },
  place: versions,
  create: createDocumentationVersion,
  patch: { refuse: listPaths, rules: { "/description": member("description", text, { clears: true }) } },
  onDelete: deleteSnapshot,
});
