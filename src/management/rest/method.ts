import {
  type Authorizer,
  type Method,
  type MethodResponse,
  type Model,
  type RequestValidator,
  type Resource,
  restKinds,
} from "../../definition/rest-api.ts";
import { checkHttpMethod, checkMethod, checkMethodResponse, type References } from "../../definition/rules.ts";
import { entry, flag, member, memberInValue, nameMistake, text } from "../../families/patch.ts";
import type { Place } from "../../families/place.ts";
import { nonEmpty, type Parent, present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import type { ControlService } from "../control-service.ts";
import { resources } from "./resource.ts";
import { type Change, defineResource, type Work } from "./work.ts";

/** Returns a map's own member. Callers choose the names, so an inherited member such as `__proto__` does not count. */
export const own = <T>(map: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;

/** Returns the map with one entry set, or without that entry. */
export function withEntry<T>(
  map: Readonly<Record<string, T>> | undefined,
  name: string,
  value: T | undefined,
): Readonly<Record<string, T>> | undefined {
  const entries = Object.entries(map ?? {}).filter(([other]) => other !== name);
  if (value !== undefined) entries.push([name, value]);
  entries.sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** A resource and its API, which together are the parent of methods. */
interface ApiResource {
  readonly apiId: string;
  readonly resource: Resource;
}

const apiResource: Parent<ControlService, ApiResource> = {
  async locate(work) {
    const { item: resource, id } = await resources.locate(work);
    return { item: { apiId: id.slice(0, id.indexOf("/")), resource }, id };
  },
};

/** A method with its resource and API, which together are the parent of its responses and its integration. */
export interface ResourceMethod extends ApiResource {
  readonly method: Method;
}

export const missingMethod = "Invalid Method identifier specified";

const findMethod = ({ resource }: ApiResource, httpMethod: string): Method => {
  const method = own(resource.resourceMethods, httpMethod);
  if (method === undefined) throw notFound(missingMethod);
  return method;
};

const resourceMethod: Parent<ControlService, ResourceMethod> = {
  async locate(work) {
    const { item: found, id } = await apiResource.locate(work);
    const httpMethod = work.input["httpMethod"] as string;
    return { item: { ...found, method: findMethod(found, httpMethod) }, id: `${id}/${httpMethod}` };
  },
};

/** Writes a method into its resource's document, or removes it there. */
async function putMethodOf(
  { tx }: Change,
  { apiId, resource }: ApiResource,
  httpMethod: string,
  method: Method | undefined,
): Promise<void> {
  const resourceMethods = withEntry(resource.resourceMethods, httpMethod, method);
  await tx.put(
    restKinds.resource,
    `${apiId}/${resource.id}`,
    present<Resource>({ ...resource, resourceMethods } as Resource),
  );
}

/** Makes the place of items that live inside a method. */
export function insideMethod<Item, Named>(inside: {
  readonly read: (method: Method, input: Named) => Item | undefined;
  readonly write: (method: Method, item: Item) => Method;
  readonly without: (method: Method, item: Item) => Method;
  readonly missing: string;
}): Place<ControlService, Item, ResourceMethod, Named> {
  const put = (work: Change<never, ResourceMethod>, method: Method) =>
    putMethodOf(work, work.parent, method.httpMethod, method);
  return {
    parent: resourceMethod,
    async find({ parent, input }) {
      const item = inside.read(parent.method, input);
      if (item === undefined) throw notFound(inside.missing);
      return item;
    },
    put: (item, work) => put(work, inside.write(work.parent.method, item)),
    delete: (item, work) => put(work, inside.without(work.parent.method, item)),
  };
}

/** Returns which of the things exist that a method or response names. */
async function loadReferences(
  { tx, parent: { apiId } }: Work<never, ApiResource>,
  names: {
    readonly authorizationType?: string;
    readonly authorizerId?: string | undefined;
    readonly requestValidatorId?: string | undefined;
    readonly models?: Readonly<Record<string, string>> | undefined;
  },
): Promise<References> {
  const has = async <Item>(kind: string, id: string | undefined): Promise<boolean> =>
    id !== undefined && (await tx.get<Item>(kind, `${apiId}/${id}`)) !== undefined;
  const authorizer = names.authorizerId
    ? await tx.get<Authorizer>(restKinds.authorizer, `${apiId}/${names.authorizerId}`)
    : undefined;
  // A method is guarded by the kind of authorizer that its authorization type names, or not at all.
  const isPool = authorizer?.body.type === "COGNITO_USER_POOLS";
  const hasAuthorizer = authorizer !== undefined && isPool === (names.authorizationType === "COGNITO_USER_POOLS");
  const hasValidator = await has<RequestValidator>(restKinds.requestValidator, names.requestValidatorId);
  const models = new Set<string>();
  for (const name of new Set(Object.values(names.models ?? {}))) {
    if (await has<Model>(restKinds.model, name)) models.add(name);
  }
  return {
    hasAuthorizer: () => hasAuthorizer,
    hasRequestValidator: () => hasValidator,
    hasModel: (name) => models.has(name),
  };
}

async function checked(method: Method, work: Work<never, ApiResource>): Promise<Method> {
  const references = await loadReferences(work, { ...method, models: method.requestModels });
  const message = checkMethod(method, references);
  if (message !== undefined) throw badRequest(message);
  return method;
}

async function putMethod(work: Change<"PutMethod", ApiResource>): Promise<Method> {
  const { input, parent } = work;
  const { httpMethod } = input;
  const bad = checkHttpMethod(httpMethod);
  if (bad !== undefined) throw badRequest(bad);
  if (own(parent.resource.resourceMethods, httpMethod) !== undefined) {
    throw conflict("Method already exists for this resource");
  }
  const method = present<Method>({
    httpMethod,
    authorizationType: input.authorizationType.toUpperCase(),
    authorizerId: input.authorizerId || undefined,
    apiKeyRequired: input.apiKeyRequired ?? false,
    requestValidatorId: input.requestValidatorId || undefined,
    operationName: input.operationName || undefined,
    requestParameters: input.requestParameters,
    requestModels: input.requestModels,
    authorizationScopes: nonEmpty(input.authorizationScopes),
    methodResponses: undefined,
    methodIntegration: undefined,
  });
  return checked(method, work);
}

// Recorded: what operations say that replace or remove what is not there.
export const missingParameter = () => notFound("Invalid parameter name specified");
export const missingContentType = () => notFound("Content-Type specified was not found");

const methods: Place<ControlService, Method, ApiResource, { readonly httpMethod: string }> = {
  parent: apiResource,
  find: async ({ parent, input }) => findMethod(parent, input.httpMethod),
  put: (item, work) => putMethodOf(work, work.parent, item.httpMethod, item),
  delete: (item, work) => putMethodOf(work, work.parent, item.httpMethod, undefined),
};

/** AWS: API Gateway REST API reference, "Method". */
export const method = defineResource({
  operations: { create: "PutMethod", get: "GetMethod", update: "UpdateMethod", delete: "DeleteMethod" },
  place: methods,
  create: putMethod,
  patch: {
    refuse: nameMistake,
    rules: {
      "/apiKeyRequired": member("apiKeyRequired", flag),
      "/authorizationType": member("authorizationType", (step) => (step.value ?? "").toUpperCase()),
      "/authorizerId": member("authorizerId", text, { ops: ["replace", "remove"], clears: true }),
      "/authorizationScopes": memberInValue("authorizationScopes", ["add", "replace", "remove"]),
      "/operationName": member("operationName", text, { clears: true }),
      "/requestValidatorId": member("requestValidatorId", text, { ops: ["replace", "remove"], clears: true }),
      "/requestParameters/{name}": entry("requestParameters", flag, missingParameter),
      "/requestModels/{mediaType}": entry("requestModels", text, missingContentType),
    },
  },
  async complete(item, _, work) {
    const usesAuthorizer = item.authorizationType === "CUSTOM" || item.authorizationType === "COGNITO_USER_POOLS";
    if (usesAuthorizer) return checked(item, work);
    // An authorizer that no longer guards the method is removed from it, so that it can be deleted.
    const { authorizerId: _unused, ...method } = item;
    return checked(method, work);
  },
});

async function checkedResponse(response: MethodResponse, work: Work<never, ResourceMethod>): Promise<MethodResponse> {
  const references = await loadReferences(work, { models: response.responseModels });
  const message = checkMethodResponse(response, references);
  if (message !== undefined) throw badRequest(message);
  return response;
}

async function putMethodResponse(work: Change<"PutMethodResponse", ResourceMethod>): Promise<MethodResponse> {
  const { input, parent } = work;
  if (own(parent.method.methodResponses, input.statusCode) !== undefined) {
    throw conflict("Response already exists for this resource");
  }
  const response = present<MethodResponse>({
    statusCode: input.statusCode,
    responseParameters: input.responseParameters,
    responseModels: input.responseModels,
  });
  return checkedResponse(response, work);
}

const withResponse = (method: Method, statusCode: string, response: MethodResponse | undefined): Method =>
  present<Method>({ ...method, methodResponses: withEntry(method.methodResponses, statusCode, response) } as Method);

/** AWS: API Gateway REST API reference, "MethodResponse". */
export const methodResponse = defineResource({
  operations: {
    create: "PutMethodResponse",
    get: "GetMethodResponse",
    update: "UpdateMethodResponse",
    delete: "DeleteMethodResponse",
  },
  place: insideMethod({
    read: (method, input: { readonly statusCode: string }) => own(method.methodResponses, input.statusCode),
    write: (method, item) => withResponse(method, item.statusCode, item),
    without: (method, item) => withResponse(method, item.statusCode, undefined),
    missing: "Invalid Response status code specified",
  }),
  create: putMethodResponse,
  patch: {
    refuse: nameMistake,
    rules: {
      "/responseParameters/{name}": entry("responseParameters", flag, missingParameter),
      "/responseModels/{mediaType}": entry("responseModels", text, missingContentType),
    },
  },
  complete: (item, _, work) => checkedResponse(item, work),
});
