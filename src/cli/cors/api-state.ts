import type { GatewayResponse, IntegrationResponse, Method, Resource } from "@aws-sdk/client-api-gateway";
import type { PorticoCalls } from "../portico-calls.ts";

/** What of an API decides whether pages of other origins can call it: as it is being edited, and as AWS's calls show it. */
export interface ApiState {
  readonly restApiId: string;
  readonly binaryMediaTypes: readonly string[];
  /** By path; resources without methods are left out. */
  readonly resources: readonly ResourceState[];
  /** Those that are customised. */
  readonly gatewayResponses: readonly GatewayResponse[];
  /** An authorizer's id → the headers that it reads. */
  readonly authorizerHeaders: ReadonlyMap<string, readonly string[]>;
}

export interface ResourceState {
  readonly resourceId: string;
  readonly path: string;
  /** By verb, or `ANY`. */
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

/** All pages of a list. */
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

/** A map's value under a header's name, however that is written. */
export function withHeader<Value>(
  map: Readonly<Record<string, Value>> | undefined,
  key: string,
): readonly [key: string, value: Value] | undefined {
  return Object.entries(map ?? {}).find(([name]) => name.toLowerCase() === key.toLowerCase());
}

/** What an integration response sends under a header's name, as it is written in the mapping. */
export const mappedHeader = (response: IntegrationResponse, name: string): string | undefined =>
  withHeader(response.responseParameters, headerParameter(name))?.[1];

/** The text of a static value: `'*'`. */
export const staticValue = (mapping: string | undefined): string | undefined =>
  mapping === undefined ? undefined : /^'(.*)'$/.exec(mapping)?.[1];

/** AWS's consoles and clients call these proxy integrations: what they answer is the backend's alone. */
export const isProxy = (method: Method): boolean => /_PROXY$/.test(method.methodIntegration?.type ?? "");

/** The function that answers, if a function does. */
export const functionOf = (method: Method): string | undefined =>
  /:function:([^/:]+)/.exec(method.methodIntegration?.uri ?? "")?.[1];

export const integrationResponsesOf = (method: Method): readonly IntegrationResponse[] =>
  Object.values(method.methodIntegration?.integrationResponses ?? {});

/**
 * A preflight has no body and no Content-Type, which is then JSON's; if that is binary, a MOCK can't read its template.
 * See docs/compatibility.md, contentHandling.
 */
export const isJsonBinary = (binaryMediaTypes: readonly string[]): boolean =>
  binaryMediaTypes.some((type) => ["*/*", "application/*", "application/json"].includes(type.toLowerCase()));
