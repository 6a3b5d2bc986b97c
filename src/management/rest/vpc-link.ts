import { variableVpcLink } from "../../definition/indexes.ts";
import { type Resource, type RestApiDefinition, restKinds, type Stage } from "../../definition/rest-api.ts";
import { type VpcLink, vpcLinkKind } from "../../definition/vpc-link.ts";
import { member, type PatchRule, text } from "../../families/patch.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import type { StoredDocument } from "../../store/store.ts";
import { requireRoom } from "../control-service.ts";
import { checkTags } from "../tags/tag-rules.ts";
import { type Change, defineResource, documents, operations, type Work, writing } from "./work.ts";

const vpcLinks = documents({
  kind: vpcLinkKind,
  member: "vpcLinkId",
  idOf: (link: VpcLink) => link.id,
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  missing: () => notFound("Invalid VPC Link identifier specified"),
});

const loadBalancer = /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer\/net\/[^/\s]+\/[^/\s]+$/;

function checkName(name: string | undefined): string {
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if ((name ?? "").trim() === "") throw badRequest("Vpc link name must not be blank");
  return name!;
}

async function createVpcLink(work: Change<"CreateVpcLink">): Promise<VpcLink> {
  const { input } = work;
  const name = checkName(input.name);
  const { targetArns } = input;
  if (targetArns.length > 1) throw badRequest("More than one target arn specified for vpc link.");
  if (!loadBalancer.test(targetArns[0] ?? "")) throw badRequest("Invalid ARN specified in the request");
  checkTags(input.tags ?? {}, work.limits);
  requireRoom(work, "vpcLinks", (await vpcLinks.all(work)).length);
  const link = present<VpcLink>({
    id: await vpcLinks.freshId(work, 6),
    name,
    description: input.description,
    targetArns,
    // Nothing takes minutes here; the answer is AWS's `PENDING` all the same, and the next read has this.
    status: "AVAILABLE",
    statusMessage: "Your vpc link is ready for use",
    tags: nonEmpty(input.tags),
  });
  await vpcLinks.put(link, work);
  const { statusMessage: _, ...pending } = link;
  return { ...pending, status: "PENDING" };
}

/** `api:verb:resource:stage` of each method in resources whose integration goes through the link. */
function* referencesIn(
  resources: readonly Resource[],
  linkId: string,
  at: { readonly apiId: string; readonly stage: string; readonly variables?: Readonly<Record<string, string>> },
): Generator<string> {
  for (const resource of resources) {
    for (const [verb, { methodIntegration }] of Object.entries(resource.resourceMethods ?? {})) {
      if (methodIntegration?.connectionType !== "VPC_LINK") continue;
      const named = (methodIntegration.connectionId ?? "").replaceAll(
        /\$\{stageVariables\.(\w+)\}/g,
        (whole, name: string) => (Object.hasOwn(at.variables ?? {}, name) ? at.variables![name]! : whole),
      );
      if (named === linkId) yield `${at.apiId}:${verb}:${resource.id}:${at.stage}`;
    }
  }
}

/** Most references that a refusal names. */
const referencesNamed = 20;

const apiIdOf = (id: string): string => id.slice(0, id.indexOf("/"));

/** Documents whose methods name the link, or name theirs through stage variables, in the order of their ids. */
async function thatMayUse<Body>(work: Work, kind: string, link: VpcLink): Promise<readonly StoredDocument<Body>[]> {
  const byName = await work.tx.list<Body>(kind, { where: { index: "vpcLink", key: link.id } });
  const byVariable = await work.tx.list<Body>(kind, { where: { index: "vpcLink", key: variableVpcLink } });
  return [...byName, ...byVariable].sort((one, other) => (one.id < other.id ? -1 : 1));
}

async function stagesOf(work: Work, apiIds: Iterable<string>): Promise<readonly StoredDocument<Stage>[]> {
  const stages: StoredDocument<Stage>[] = [];
  for (const apiId of apiIds) stages.push(...(await work.tx.list<Stage>(restKinds.stage, { prefix: `${apiId}/` })));
  return stages;
}

/** A link that a stage serves with, or that an API's next deployment would, can't go. */
async function refuseWhileReferenced(link: VpcLink, work: Change): Promise<void> {
  const found = new Set<string>();
  const snapshots = await thatMayUse<RestApiDefinition>(work, restKinds.snapshot, link);
  const withLink = new Map(snapshots.map(({ id, body }) => [id, body]));
  const apiIds = new Set(snapshots.map(({ id }) => apiIdOf(id)));
  for (const { id, body: stage } of await stagesOf(work, apiIds)) {
    const apiId = apiIdOf(id);
    const canary = stage.canarySettings;
    const served = [{ deploymentId: stage.deploymentId, variables: stage.variables ?? {} }];
    if (canary?.deploymentId !== undefined) {
      const variables = { ...stage.variables, ...canary.stageVariableOverrides };
      served.push({ deploymentId: canary.deploymentId, variables });
    }
    for (const { deploymentId, variables } of served) {
      const snapshot = withLink.get(`${apiId}/${deploymentId}`);
      const at = { apiId, stage: stage.stageName, variables };
      for (const reference of referencesIn(snapshot?.resources ?? [], link.id, at)) found.add(reference);
    }
  }
  if (found.size === 0) {
    for (const { id, body } of await thatMayUse<Resource>(work, restKinds.resource, link)) {
      // Unconfirmed: what AWS writes for a method that is not deployed; see docs/compatibility.md, "DeleteVpcLink".
      const at = { apiId: apiIdOf(id), stage: "null" };
      for (const reference of referencesIn([body], link.id, at)) found.add(reference);
    }
  }
  if (found.size === 0) return;
  const list = [...found].slice(0, referencesNamed).join(", ");
  throw badRequest(
    `Cannot delete vpc link. Vpc link '${link.id}', is referenced in [${list}] in format of [RESTApiId:Method:Resource:Stage].`,
  );
}

const fixedTargets: PatchRule = {
  ops: ["add", "replace", "remove"],
  apply() {
    throw badRequest("Target arns are not allowed to be changed/added.");
  },
};

/** AWS: API Gateway REST API reference, "VpcLink". */
export const vpcLink = {
  ...defineResource({
    operations: { get: "GetVpcLink", list: "GetVpcLinks", update: "UpdateVpcLink", delete: "DeleteVpcLink" },
    place: vpcLinks,
    patch: {
      rules: {
        "/name": member("name", text),
        "/description": member("description", text),
        "/targetArns": fixedTargets,
        "/targetArns/{arn}": fixedTargets,
      },
    },
    complete: (item) => ({ ...item, name: checkName(item.name) }),
    onDelete: refuseWhileReferenced,
  }),
  // Not the family's create: what it answers is not what it stores.
  ...operations({ CreateVpcLink: writing(createVpcLink) }),
};
