import { type Resource, type RestApi, restKinds } from "../../definition/rest-api.ts";
import { checkPathPart, checkSiblings } from "../../definition/rules.ts";
import { listPaths, member, text } from "../../families/patch.ts";
import { present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { requireRoom } from "../control-service.ts";
import { restApis } from "./rest-apis.ts";
import { type Change, defineResource, documents, type ViewWork } from "./work.ts";

const missing = () => notFound("Invalid Resource identifier specified");

/** The documents of an API's resources, which contain their methods. */
export const resources = documents({
  kind: restKinds.resource,
  parent: restApis,
  speaksForParent: true,
  member: "resourceId",
  idOf: (resource: Resource) => resource.id,
  order: creationOrder,
  missing,
});

/** Returns a resource as it is shown; without `embed=methods` it only names its methods. */
function viewResource(resource: Resource, { input }: ViewWork<"GetResource" | "GetResources">): unknown {
  const { embed = [] } = input;
  const isEmbedded = embed.some((list) => list.split(",").includes("methods"));
  if (resource.resourceMethods === undefined || isEmbedded) return resource;
  const names = Object.keys(resource.resourceMethods).map((verb) => [verb, {}]);
  return { ...resource, resourceMethods: Object.fromEntries(names) };
}

const pathBelow = (parent: Resource, pathPart: string): string =>
  parent.path === "/" ? `/${pathPart}` : `${parent.path}/${pathPart}`;

/** Refuses a path part that is not valid, or not beside its siblings. */
function checkPlace(pathPart: string, parent: Resource, all: readonly Resource[], self: string | undefined): void {
  const bad = checkPathPart(pathPart);
  if (bad !== undefined) throw badRequest(bad);
  const siblings = all
    .filter((resource) => resource.parentId === parent.id && resource.id !== self)
    .map((resource) => resource.pathPart!);
  const clash = checkSiblings(pathPart, siblings, parent.pathPart);
  if (clash !== undefined) throw siblings.includes(pathPart) ? conflict(clash) : badRequest(clash);
}

async function createResource(work: Change<"CreateResource", RestApi>): Promise<Resource> {
  const { input } = work;
  const all = await resources.all(work);
  const parent = all.find((resource) => resource.id === input.parentId);
  if (parent === undefined) throw missing();
  const pathPart = input.pathPart;
  checkPlace(pathPart, parent, all, undefined);
  requireRoom(work, "resourcesPerApi", all.length);
  const id = await resources.freshId(work, 6);
  return { id, parentId: parent.id, pathPart, path: pathBelow(parent, pathPart) };
}

/** Returns a resource and everything below it, parents first. */
function subtreeOf(root: Resource, all: readonly Resource[]): readonly Resource[] {
  const byParent = Map.groupBy(all, (resource) => resource.parentId);
  const subtree: Resource[] = [root];
  for (const resource of subtree) subtree.push(...(byParent.get(resource.id) ?? []));
  return subtree;
}

/** Completes a changed resource: a new path part or parent changes the paths of everything below it. */
async function completeResource(item: Resource, before: Resource, work: Change<never, RestApi>): Promise<Resource> {
  if (before.parentId === undefined) {
    const moved = item.parentId === undefined ? "pathPart" : "parentId";
    throw badRequest(`Root resource cannot update its ${moved}.`);
  }
  const all = await resources.all(work);
  const parent = all.find((resource) => resource.id === item.parentId);
  if (parent === undefined) throw missing();
  const [, ...below] = subtreeOf(before, all);
  if (parent.id === item.id || below.some((resource) => resource.id === parent.id)) {
    throw badRequest("Resources cannot be cyclical.");
  }
  if (item.pathPart!.endsWith("+}") && below.length > 0) {
    throw badRequest(`Cannot create a child of a resource with a greedy path variable: ${item.pathPart}`);
  }
  checkPlace(item.pathPart!, parent, all, item.id);
  const moved = new Map<string, Resource>([[item.id, { ...item, path: pathBelow(parent, item.pathPart!) }]]);
  for (const resource of below) {
    const next = { ...resource, path: pathBelow(moved.get(resource.parentId!)!, resource.pathPart!) };
    moved.set(next.id, next);
    await resources.put(next, work);
  }
  return present<Resource>(moved.get(item.id)!);
}

async function deleteBelow(resource: Resource, work: Change<never, RestApi>): Promise<void> {
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  if (resource.parentId === undefined) throw badRequest("The root resource cannot be deleted");
  const all = await resources.all(work);
  for (const child of subtreeOf(resource, all).slice(1)) await resources.delete(child, work);
}

/** AWS: API Gateway REST API reference, "Resource". */
export const resource = defineResource({
  operations: {
    create: "CreateResource",
    get: "GetResource",
    list: "GetResources",
    update: "UpdateResource",
    delete: "DeleteResource",
  },
  place: resources,
  create: createResource,
  patch: { refuse: listPaths, rules: { "/parentId": member("parentId", text), "/pathPart": member("pathPart", text) } },
  complete: completeResource,
  onDelete: deleteBelow,
  view: viewResource,
});
