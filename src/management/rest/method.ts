import type { PutMethodRequest, PutMethodResponseRequest } from "@aws-sdk/client-api-gateway";
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
import { entry, flag, member, memberInValue, optionalFlag, text } from "../../families/patch.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { defineResource, type Place } from "./define-resource.ts";
import { missingResource } from "./resource.ts";
import { type Change, type Input, nonEmpty, present, requireApi, type Work } from "./work.ts";

/** A map's own member: names are the caller's (`__proto__` is none). */
export const own = <T>(map: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;

/** The map with one entry set, or without it. */
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

async function requireResource(work: Work): Promise<Resource> {
  const api = await requireApi(work);
  const stored = await work.tx.get<Resource>(restKinds.resource, `${api.id}/${work.input["resourceId"]}`);
  if (stored === undefined) throw notFound(missingResource);
  return stored.body;
}

/** The method that the input names, of the resource that it names. */
export async function requireMethod(work: Work): Promise<Method> {
  const resource = await requireResource(work);
  const method = own(resource.resourceMethods, work.input["httpMethod"] as string);
  if (method === undefined) throw notFound("Invalid Method identifier specified");
  return method;
}

/** Writes a method, or takes it away, in its resource's document. */
async function putMethodOf(work: Change, method: Method | undefined): Promise<void> {
  const resource = await requireResource(work);
  const resourceMethods = withEntry(resource.resourceMethods, work.input["httpMethod"] as string, method);
  await work.tx.put(
    restKinds.resource,
    `${work.input["restApiId"]}/${resource.id}`,
    present<Resource>({ ...resource, resourceMethods } as Resource),
  );
}

/** A place for what lives inside a method. */
export function insideMethod<Item>(inside: {
  readonly read: (method: Method, input: Input) => Item | undefined;
  readonly write: (method: Method, input: Input, item: Item | undefined) => Method;
  readonly missing: string;
}): Place<Item> {
  return {
    async find(work) {
      const item = inside.read(await requireMethod(work), work.input);
      if (item === undefined) throw notFound(inside.missing);
      return item;
    },
    put: async (item, work) => putMethodOf(work, inside.write(await requireMethod(work), work.input, item)),
    delete: async (_, work) => putMethodOf(work, inside.write(await requireMethod(work), work.input, undefined)),
  };
}

/** Which of the things that a method or response names are there. */
async function loadReferences(
  work: Work,
  names: {
    readonly authorizationType?: string;
    readonly authorizerId?: string | undefined;
    readonly requestValidatorId?: string | undefined;
    readonly models?: Readonly<Record<string, string>> | undefined;
  },
): Promise<References> {
  const apiId = work.input["restApiId"] as string;
  const has = async <Item>(kind: string, id: string | undefined): Promise<boolean> =>
    id !== undefined && (await work.tx.get<Item>(kind, `${apiId}/${id}`)) !== undefined;
  const authorizer = names.authorizerId
    ? await work.tx.get<Authorizer>(restKinds.authorizer, `${apiId}/${names.authorizerId}`)
    : undefined;
  // A method is guarded by the kind of authorizer that its type says, or not at all.
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

async function checked(method: Method, work: Work): Promise<Method> {
  const references = await loadReferences(work, { ...method, models: method.requestModels });
  const message = checkMethod(method, references);
  if (message !== undefined) throw badRequest(message);
  return method;
}

async function putMethod(work: Change): Promise<Method> {
  const input = work.input as unknown as PutMethodRequest;
  const resource = await requireResource(work);
  const httpMethod = input.httpMethod!;
  const bad = checkHttpMethod(httpMethod);
  if (bad !== undefined) throw badRequest(bad);
  if (own(resource.resourceMethods, httpMethod) !== undefined) {
    throw conflict("Method already exists for this resource");
  }
  const method = present<Method>({
    httpMethod,
    authorizationType: input.authorizationType!,
    authorizerId: input.authorizerId || undefined,
    apiKeyRequired: input.apiKeyRequired ?? false,
    requestValidatorId: input.requestValidatorId || undefined,
    operationName: input.operationName || undefined,
    requestParameters: nonEmpty(input.requestParameters),
    requestModels: nonEmpty(input.requestModels),
    authorizationScopes: nonEmpty(input.authorizationScopes),
    methodResponses: undefined,
    methodIntegration: undefined,
  });
  return checked(method, work);
}

/** AWS: API Gateway REST API reference, "Method". */
export const method = defineResource<Method>({
  operations: { create: "PutMethod", get: "GetMethod", update: "UpdateMethod", delete: "DeleteMethod" },
  place: {
    find: requireMethod,
    put: (item, work) => putMethodOf(work, item),
    delete: (_, work) => putMethodOf(work, undefined),
  },
  create: putMethod,
  patch: {
    rules: {
      "/apiKeyRequired": member("apiKeyRequired", flag),
      "/authorizationType": member("authorizationType", text),
      "/authorizerId": member("authorizerId", text, { ops: ["replace", "remove"], clears: true }),
      "/authorizationScopes": memberInValue("authorizationScopes", ["add", "replace", "remove"]),
      "/operationName": member("operationName", text, { clears: true }),
      "/requestValidatorId": member("requestValidatorId", text, { ops: ["replace", "remove"], clears: true }),
      "/requestParameters/{name}": entry("requestParameters", optionalFlag),
      "/requestModels/{mediaType}": entry("requestModels", text),
    },
  },
  async complete(item, _, work) {
    const usesAuthorizer = item.authorizationType === "CUSTOM" || item.authorizationType === "COGNITO_USER_POOLS";
    if (usesAuthorizer) return checked(item, work);
    // What no longer guards anything is let go, so that the authorizer can be deleted.
    const { authorizerId: _unused, ...method } = item;
    return checked(method, work);
  },
});

async function checkedResponse(response: MethodResponse, work: Work): Promise<MethodResponse> {
  const references = await loadReferences(work, { models: response.responseModels });
  const message = checkMethodResponse(response, references);
  if (message !== undefined) throw badRequest(message);
  return response;
}

async function putMethodResponse(work: Change): Promise<MethodResponse> {
  const input = work.input as unknown as PutMethodResponseRequest;
  const method = await requireMethod(work);
  if (own(method.methodResponses, input.statusCode!) !== undefined) {
    throw conflict("Response already exists for this resource");
  }
  const response = present<MethodResponse>({
    statusCode: input.statusCode!,
    responseParameters: nonEmpty(input.responseParameters),
    responseModels: nonEmpty(input.responseModels),
  });
  return checkedResponse(response, work);
}

/** AWS: API Gateway REST API reference, "MethodResponse". */
export const methodResponse = defineResource<MethodResponse>({
  operations: {
    create: "PutMethodResponse",
    get: "GetMethodResponse",
    update: "UpdateMethodResponse",
    delete: "DeleteMethodResponse",
  },
  place: insideMethod<MethodResponse>({
    read: (method, input) => own(method.methodResponses, input["statusCode"] as string),
    write: (method, input, item) =>
      present<Method>({
        ...method,
        methodResponses: withEntry(method.methodResponses, input["statusCode"] as string, item),
      } as Method),
    missing: "Invalid Response status code specified",
  }),
  create: putMethodResponse,
  patch: {
    rules: {
      "/responseParameters/{name}": entry("responseParameters", optionalFlag),
      "/responseModels/{mediaType}": entry("responseModels", text),
    },
  },
  complete: (item, _, work) => checkedResponse(item, work),
});
