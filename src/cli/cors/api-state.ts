import type { GatewayResponse, IntegrationResponse, Method, Resource } from "@aws-sdk/client-api-gateway";
import type { PorticoCalls } from "../portico-calls.ts";

/**
 * The parts of an API that decide whether pages of other origins can call it, as it is being edited, in the form of
 * AWS's answers.
 */
export interface ApiState {
  readonly restApiId: string;
  readonly binaryMediaTypes: readonly string[];
  /** The resources by path, without those that have no methods. */
  readonly resources: readonly ResourceState[];
  /** The customised gateway responses. */
  readonly gatewayResponses: readonly GatewayResponse[];
  /** The headers that each authorizer reads, by its id. */
  readonly authorizerHeaders: ReadonlyMap<string, readonly string[]>;
}

export interface ResourceState {
  readonly resourceId: string;
  readonly path: string;
  /** The methods by verb, or `ANY`. */
  readonly methods: ReadonlyMap<string, Method>;
}

export async function readApiState(calls: PorticoCalls, restApiId: string): Promise<ApiState> {
  const list = <Item>(operation: string, input: object = {}) =>
    listAll<Item>(calls, operation, { restApiId, ...input });
  const { binaryMediaTypes } = await calls.call("apigateway", "GetRestApi", { restApiId });
  const resources = (await list<Resource>("GetResources", { embed: ["methods"] }))
    .filter((resource) => Object.keys(resource.resourceMethods ?? {}).length > 0)
    .map(({ id, path, resourceMethods }) => ({
      resourceId: id ?? "",
      path: path ?? "",
      methods: new Map(Object.entries(resourceMethods ?? {})),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const isGuarded = resources.some(({ methods }) => [...methods.values()].some((method) => method.authorizerId));
  const authorizers = isGuarded ? await list<{ id: string; identitySource?: string }>("GetAuthorizers") : [];
  return {
    restApiId,
    binaryMediaTypes: (binaryMediaTypes ?? []) as readonly string[],
    resources,
    gatewayResponses: (await list<GatewayResponse>("GetGatewayResponses")).filter((one) => !one.defaultResponse),
    authorizerHeaders: new Map(
      authorizers.map(({ id, identitySource = "" }) => [
        id,
        [...identitySource.matchAll(/method\.request\.header\.([^,\s]+)/g)].map(([, name = ""]) => name),
      ]),
    ),
  };
}

/** Returns the items of all pages of a list. */
export async function listAll<Item>(calls: PorticoCalls, operation: string, input: object): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let position: unknown; ; ) {
    const page = await calls.call("apigateway", operation, {
      limit: 500,
      ...input,
      ...(position !== undefined && { position }),
    });
    items.push(...((page["items"] ?? []) as Item[]));
    position = page["position"];
    if (position === undefined) return items;
  }
}

export const headerParameter = (name: string): string => `method.response.header.${name}`;

/** Returns a map's value for a header's name, in any case. */
export function withHeader<Value>(
  map: Readonly<Record<string, Value>> | undefined,
  key: string,
): readonly [key: string, value: Value] | undefined {
  return Object.entries(map ?? {}).find(([name]) => name.toLowerCase() === key.toLowerCase());
}

/** Returns the mapping that an integration response has for a header. */
export const mappedHeader = (response: IntegrationResponse, name: string): string | undefined =>
  withHeader(response.responseParameters, headerParameter(name))?.[1];

/** Returns the text of a static value such as `'*'`. */
export const staticValue = (mapping: string | undefined): string | undefined =>
  mapping === undefined ? undefined : /^'(.*)'$/.exec(mapping)?.[1];

/** Returns whether the integration is a proxy, whose answers are the backend's alone. */
export const isProxy = (method: Method): boolean => /_PROXY$/.test(method.methodIntegration?.type ?? "");

/** Returns the ARN of the function that answers, if one does. */
export const functionOf = (method: Method): string | undefined =>
  /:function:([^/:]+)/.exec(method.methodIntegration?.uri ?? "")?.[1];

export const integrationResponsesOf = (method: Method): readonly IntegrationResponse[] =>
  Object.values(method.methodIntegration?.integrationResponses ?? {});

/**
 * Returns whether JSON is a binary type. A preflight has no Content-Type, so JSON's counts, and a MOCK can't read
 * bytes.
 * See docs/compatibility.md, contentHandling.
 */
export const isJsonBinary = (binaryMediaTypes: readonly string[]): boolean =>
  binaryMediaTypes.some((type) => ["*/*", "application/*", "application/json"].includes(type.toLowerCase()));
