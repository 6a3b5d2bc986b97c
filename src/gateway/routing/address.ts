import type { InboundRequest } from "../../http/inbound.ts";
import type { CustomDomain, CustomDomainEntry, CustomDomains } from "./custom-domains.ts";

/** The API and stage that a request names, and the rest of its target. */
export interface Address {
  /** `{apiId}/{stage}`, the key of a program. */
  readonly key: string;
  readonly apiId: string;
  /** The path below the stage, as received; empty or with a leading slash. */
  readonly path: string;
  /** What follows `?`, as received. */
  readonly query: string;
  /** True if the path names the stage, on a host that other stages and the management API may share. */
  readonly isByPath: boolean;
  /** The VPC endpoint that the host names. */
  readonly vpceId: string | undefined;
  /** True if the host is the VPC endpoint's own, for all of its APIs; a header named this one. */
  readonly isByEndpoint?: boolean;
  /** How the request came by a custom domain name; absent if its host is none. */
  readonly customDomain?: CustomDomainEntry;
}

/** The places where requests may go. */
export interface Places<Stage> {
  /** Returns the stage that can be reached by that key. */
  get(key: string): Stage | undefined;
  readonly domains?: {
    find: CustomDomains["find"];
    /** Returns whether a stage belongs to the domain name's owner: an API's id may have passed to another account. */
    owns(domain: CustomDomain, stage: Stage): boolean;
  };
}

/** Where a request goes. */
export type Destination<Stage> =
  | { readonly kind: "stage"; readonly stage: Stage; readonly address: Address }
  /**
   * Nothing is there, which is answered with 403. Without an address, the request names no API and its listener serves
   * nothing else.
   */
  | { readonly kind: "missing"; readonly address: Address | undefined; readonly domain?: CustomDomain }
  /** The host is a custom domain name that can't be served; `reason` says why. */
  | { readonly kind: "closed"; readonly reason: string }
  /** A path that custom domain names keep for checks of their health. */
  | { readonly kind: "health" }
  /** The request is for the management API or an operations page, not for the data plane. */
  | { readonly kind: "management" };

const toManagement = { kind: "management" } as const;
const toNothing = { kind: "missing", address: undefined } as const;

/** The end of the key of an HTTP API's stage that serves at the root of its host. */
const defaultStageEnd = "/$default";
const hostMark = ".execute-api.";
const endpointMark = "-vpce-";
/** The id at the start of a VPC endpoint's own name: `vpce-0a1b2c3d-01234567`, or one of a zone, `vpce-0a1b2c3d-01234567-us-east-1a`. */
const endpointName = /^(vpce-[a-z0-9]+)(?:-|$)/;
/** Names the API where the host is a VPC endpoint's own. */
const apiHeader = "x-apigw-api-id";
const awsPrefix = "/_aws/execute-api/";
const legacyPrefix = "/restapis/";
const legacyMark = "/_user_request_";

/**
 * Finds where a request goes; no other place decides that. `host` is in lower case. An API's own host comes before custom
 * domain names, and a custom domain name before paths that name stages.
 * See docs/internals/architecture.md, "Addresses".
 */
export function findDestination<Stage>(
  stages: Places<Stage>,
  request: Pick<InboundRequest, "listener" | "host" | "target" | "header">,
): Destination<Stage> {
  const { listener, host, target } = request;
  const onOwnHost = parseHost(request);
  const domain = onOwnHost === undefined ? stages.domains?.find(host) : undefined;
  if (domain !== undefined) return findAtDomain(stages, domain, request);
  const address = onOwnHost ?? parsePath(target);
  if (address === undefined) return listener.hasManagement ? toManagement : toNothing;
  const stage = stages.get(address.key);
  // A host has no name for the stage `$default`: the segment is a part of its path.
  if (stage !== undefined && (address.isByPath || !address.key.endsWith(defaultStageEnd))) {
    return { kind: "stage", stage, address };
  }
  // AWS: API Gateway Developer Guide, "Create routes for HTTP APIs in API Gateway", "Routing API requests": `$default`
  // serves what no other stage's name begins.
  const atRoot = withDefaultStage(address);
  // RFC 9112 §3.2.4: the asterisk asks about the server, and is no path of an API.
  const byDefault = target === "*" ? undefined : stages.get(atRoot.key);
  return byDefault === undefined ? { kind: "missing", address } : { kind: "stage", stage: byDefault, address: atRoot };
}

/**
 * AWS: API Gateway Developer Guide, "API Gateway quotas and important notes": reserved for the service's health checks.
 * Unconfirmed: the answer; see docs/compatibility.md, "custom domain names, requests".
 */
const healthPaths: ReadonlySet<string> = new Set(["/ping", "/sping"]);

function findAtDomain<Stage>(
  stages: Places<Stage>,
  domain: CustomDomain,
  request: Pick<InboundRequest, "target" | "header">,
): Destination<Stage> {
  const { closed } = domain.plan;
  if (closed !== undefined) return { kind: "closed", reason: `the custom domain name ${domain.name} has ${closed}` };
  const { target } = request;
  const end = pathEnd(target);
  const whole = target.slice(0, end);
  if (healthPaths.has(whole)) return { kind: "health" };
  const found = whole.startsWith("/") ? domain.enter(whole, request) : undefined;
  if (found === undefined) return { kind: "missing", address: undefined, domain };
  const { apiId, key, path, entry } = found;
  const query = target.slice(end + 1);
  const address = { key, apiId, path, query, isByPath: false, vpceId: undefined, customDomain: entry };
  const stage = stages.get(key);
  return stage === undefined || stages.domains?.owns(domain, stage) !== true
    ? { kind: "missing", address, domain }
    : { kind: "stage", stage, address };
}

/** Returns the address with the stage `$default`, of which the first segment is a part of the path. */
function withDefaultStage(address: Address): Address {
  const { apiId, key, path } = address;
  const first = key.slice(apiId.length + 1);
  return { ...address, key: `${apiId}${defaultStageEnd}`, path: first === "" && path === "" ? "" : `/${first}${path}` };
}

/** Returns the path on the API's own host that leads to a stage: `/prod`, or nothing for the stage `$default`. */
export const pathOnOwnHost = ({ apiId, key }: Pick<Address, "apiId" | "key">): string =>
  key.endsWith(defaultStageEnd) ? "" : key.slice(apiId.length);

/** Returns the path that leads to a stage on every host. */
export const pathOfStage = (apiId: string, stageName: string): string =>
  `${awsPrefix}${encodeURIComponent(apiId)}/${stageName}`;

/**
 * Reads an address of the data plane whose host names the API. Returns undefined for every other one.
 *
 *     {apiId}.execute-api.<anything>    /{stage}/…
 *     {apiId}-{vpceId}.execute-api.<anything>    /{stage}/…
 *     {vpceId}-{more}.execute-api.<anything>    /{stage}/…    with X-Apigw-Api-Id: {apiId}
 *
 * AWS: API Gateway Developer Guide, "Invoke a private API".
 */
function parseHost(request: Pick<InboundRequest, "host" | "target" | "header">): Address | undefined {
  const { host, target } = request;
  const mark = host.indexOf(hostMark);
  if (mark <= 0) return undefined;
  const label = host.slice(0, mark);
  const endpointAt = label.indexOf(endpointMark);
  if (endpointAt <= 0) {
    const vpceId = endpointName.exec(label)?.[1];
    const apiId = vpceId === undefined ? undefined : request.header(apiHeader);
    return apiId === undefined
      ? makeAddress(label, target, 1, false)
      : { ...makeAddress(apiId, target, 1, false), vpceId, isByEndpoint: true };
  }
  const vpceId = label.slice(endpointAt + 1);
  return { ...makeAddress(label.slice(0, endpointAt), target, 1, false), vpceId };
}

/**
 * Reads an address of the data plane whose path names the API, on any host. Returns undefined for every other one.
 *
 *     /_aws/execute-api/{apiId}/{stage}/…
 *     /restapis/{apiId}/{stage}/_user_request_/…
 */
function parsePath(target: string): Address | undefined {
  if (target.startsWith(awsPrefix)) {
    const end = target.indexOf("/", awsPrefix.length);
    const apiId = target.slice(awsPrefix.length, end < 0 ? pathEnd(target) : end);
    return makeAddress(apiId, target, end < 0 ? target.length : end + 1, true);
  }
  if (target.startsWith(legacyPrefix)) return parseLegacy(target);
  return undefined;
}

function parseLegacy(target: string): Address | undefined {
  const apiEnd = target.indexOf("/", legacyPrefix.length);
  if (apiEnd < 0) return undefined;
  const stageEnd = target.indexOf("/", apiEnd + 1);
  if (stageEnd < 0 || !target.startsWith(legacyMark, stageEnd)) return undefined;
  const rest = stageEnd + legacyMark.length;
  const next = target[rest];
  if (next !== undefined && next !== "/" && next !== "?") return undefined;
  const end = pathEnd(target);
  // A question mark before the marker means that the marker is part of a query.
  if (end < rest) return undefined;
  return {
    key: target.slice(legacyPrefix.length, stageEnd),
    apiId: target.slice(legacyPrefix.length, apiEnd),
    path: target.slice(rest, end),
    query: target.slice(end + 1),
    isByPath: true,
    vpceId: undefined,
  };
}

/** Makes an address whose stage begins at `from` in the target. */
function makeAddress(apiId: string, target: string, from: number, isByPath: boolean): Address {
  const end = pathEnd(target);
  const slash = target.indexOf("/", from);
  const stageEnd = slash < 0 || slash > end ? end : slash;
  return {
    key: `${apiId}/${target.slice(from, stageEnd)}`,
    apiId,
    path: target.slice(stageEnd, end),
    query: target.slice(end + 1),
    isByPath,
    vpceId: undefined,
  };
}

function pathEnd(target: string): number {
  const question = target.indexOf("?");
  return question < 0 ? target.length : question;
}
