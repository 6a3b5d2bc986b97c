import { bounds } from "../../base/bounds.ts";
import type { PayloadFormat } from "../../plan/payload-format.ts";
import type { MethodPlan, StagePlan } from "../../plan/plan.ts";
import type { Caller, IamIdentity } from "../caller.ts";
import { requestTime } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { forwardingHeader } from "../forwarding-headers.ts";
import { parseQuery, type Query } from "../query.ts";
import { droppedFromHttpApiEvent } from "../responses/header-remapping.ts";
import { decodeLeniently } from "../routing/match.ts";
import { mediaTypeOf } from "./media-types.ts";

/** Returns the event of a request as JSON text. The body is as it was received. */
export type WriteHttpApiEvent = (exchange: Exchange, body: Buffer) => string;

/** Returns the event of a Lambda authorizer as JSON text. */
export type WriteHttpApiAuthorizerEvent = (exchange: Exchange, asked: AuthorizerQuestion) => string;

/** What an integration's mappings make of a request before its event is written. Each part may be absent. */
export interface EventMapping {
  /** Changes headers, names and values in turn, in place. */
  readonly headers: ((exchange: Exchange, headers: string[]) => void) | undefined;
  /** Returns a query with the mappings' changes. */
  readonly query: ((exchange: Exchange, query: string) => string) | undefined;
  /** Returns the path that takes the place of the request's, or undefined if that stays. */
  readonly path: ((exchange: Exchange) => string | undefined) | undefined;
}

interface AuthorizerQuestion {
  readonly routeArn: string;
  /** The values of the identity sources; empty if the authorizer has none. */
  readonly identity: readonly string[];
}

const json = JSON.stringify;

/**
 * The linkers of a Lambda integration's event. The parts that the deployment decides are written once; a request's event is
 * put together as text.
 * AWS: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway".
 */
// Unconfirmed: what the page does not show; see docs/compatibility.md, "HTTP APIs, events".
export const eventLinkers: Readonly<
  Record<PayloadFormat, (stage: StagePlan, method: MethodPlan, mapping?: EventMapping) => WriteHttpApiEvent>
> = {
  "1.0": linkFirstEvent,
  "2.0": linkSecondEvent,
};

/**
 * The linkers of a Lambda authorizer's event.
 * AWS: API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers".
 */
export const authorizerEventLinkers: Readonly<
  Record<PayloadFormat, (stage: StagePlan, method: MethodPlan) => WriteHttpApiAuthorizerEvent>
> = {
  "1.0": linkFirstAuthorizerEvent,
  "2.0": linkSecondAuthorizerEvent,
};

function linkSecondEvent(stage: StagePlan, method: MethodPlan, mapping?: EventMapping): WriteHttpApiEvent {
  const start = `{"version":"2.0","routeKey":${json(method.routeKey)},"rawPath":`;
  const writeRequest = linkSecondRequest(stage, method, mapping);
  return (exchange, body) => {
    const path = json(calledPath(exchange));
    const mapped = mapping?.path?.(exchange);
    const isBinary = body.length > 0 && !isText(exchange);
    const content = body.length === 0 ? "" : `,"body":${bodyText(body, isBinary)}`;
    return `${start}${mapped === undefined ? path : json(mapped)}${writeRequest(exchange, path, body.length)}${content},"isBase64Encoded":${isBinary}}`;
  };
}

function linkSecondAuthorizerEvent(stage: StagePlan, method: MethodPlan): WriteHttpApiAuthorizerEvent {
  const start = `{"version":"2.0","type":"REQUEST","routeArn":`;
  const key = `,"routeKey":${json(method.routeKey)},"rawPath":`;
  const writeRequest = linkSecondRequest(stage, method);
  return (exchange, { routeArn, identity }) => {
    const path = json(calledPath(exchange));
    const source = identity.length === 0 ? "null" : json(identity);
    return (
      `${start}${json(routeArn)},"identitySource":${source}${key}${path}` +
      `${writeRequest(exchange, path, announcedBytes(exchange))}}`
    );
  };
}

/** Writes what events of format 2.0 have of a request between its path and its body. Members without entries are left out. */
function linkSecondRequest(
  stage: StagePlan,
  method: MethodPlan,
  mapping?: EventMapping,
): (exchange: Exchange, path: string, bodyBytes: number | undefined) => string {
  const variables =
    Object.keys(stage.stageVariables).length === 0 ? "" : `,"stageVariables":${json(stage.stageVariables)}`;
  const start = `,"requestContext":{"accountId":${json(stage.account)},"apiId":${json(stage.apiId)}`;
  const route = `","routeKey":${json(method.routeKey)},"stage":${json(stage.stageName)},"time":"`;
  return (exchange, path, bodyBytes) => {
    const { request, domainName, caller } = exchange;
    const headers = mappedHeaders(exchange, { names: secondNames, bodyBytes, mapping });
    const { rawQuery, query } = mappedQuery(exchange, mapping);
    return (
      `,"rawQueryString":${json(rawQuery)}${cookieMember(headers)},"headers":${joinedMap(headers)}` +
      `${rawQuery === "" ? "" : queryMember(query)}${start}${writeAuthorizer(caller)},${writeDomain(domainName)},` +
      `"http":{"method":"${exchange.httpMethod}","path":${path},` +
      `"protocol":"HTTP/${request.httpVersion}","sourceIp":${json(caller.sourceAddress)},` +
      `"userAgent":${json(caller.userAgent ?? "")}},"requestId":"${exchange.requestId}${route}` +
      `${requestTime(exchange.startedMs)}","timeEpoch":${exchange.startedMs}}` +
      `${exchange.pathNames.length === 0 ? "" : `,"pathParameters":${pathMap(exchange)}`}${variables}`
    );
  };
}

function linkFirstEvent(stage: StagePlan, method: MethodPlan, mapping?: EventMapping): WriteHttpApiEvent {
  const start = `{"version":"1.0","resource":${json(method.resourcePath)},"path":`;
  const variables = Object.keys(stage.stageVariables).length === 0 ? "null" : json(stage.stageVariables);
  const end = `,"stageVariables":${variables},"body":`;
  const context = `,"requestContext":{"accountId":${json(stage.account)},"apiId":${json(stage.apiId)}`;
  const resource =
    `,"resourceId":${json(method.routeKey)},"resourcePath":${json(method.resourcePath)},` +
    `"stage":${json(stage.stageName)}},"pathParameters":`;
  return (exchange, body) => {
    const { request, domainName, caller, requestId, httpMethod } = exchange;
    const path = json(firstPath(exchange));
    const mapped = mapping?.path?.(exchange);
    const { query } = mappedQuery(exchange, mapping);
    const isBinary = body.length > 0 && !isText(exchange);
    return (
      `${start}${mapped === undefined ? path : json(mapped)},"httpMethod":"${httpMethod}","headers":` +
      `${lastAndAll(mappedHeaders(exchange, { names: firstNames, bodyBytes: body.length, mapping }), '"multiValueHeaders":')},"queryStringParameters":` +
      `${query.size === 0 ? noQuery : lastAndAll([...query], '"multiValueQueryStringParameters":')}` +
      `${context}${writeFirstAuthorizer(exchange)},${writeDomain(domainName)},` +
      `"extendedRequestId":"${requestId}","httpMethod":"${httpMethod}",` +
      `"identity":${writeIdentity(caller)},"path":${path},"protocol":"HTTP/${request.httpVersion}",` +
      `"requestId":"${requestId}","requestTime":"${requestTime(exchange.startedMs)}",` +
      `"requestTimeEpoch":${exchange.startedMs}${resource}` +
      `${exchange.pathNames.length === 0 ? "null" : pathMap(exchange)}${end}` +
      `${body.length === 0 ? "null" : bodyText(body, isBinary)},"isBase64Encoded":${isBinary}}`
    );
  };
}

const noQuery = 'null,"multiValueQueryStringParameters":null';

function linkFirstAuthorizerEvent(stage: StagePlan, method: MethodPlan): WriteHttpApiAuthorizerEvent {
  const resource = `,"resource":${json(method.resourcePath)},"path":`;
  const variables = `,"stageVariables":${json(stage.stageVariables)},"requestContext":{"path":`;
  const context =
    `,"accountId":${json(stage.account)},"resourceId":${json(method.routeKey)},"stage":${json(stage.stageName)},` +
    `"requestId":"`;
  const end = `},"resourcePath":${json(method.resourcePath)},"httpMethod":"`;
  const api = `","apiId":${json(stage.apiId)}}}`;
  return (exchange, { routeArn, identity }) => {
    const path = json(firstPath(exchange));
    const source = identity.length === 0 ? "null" : json(identity.join());
    return (
      `{"version":"1.0","type":"REQUEST","methodArn":${json(routeArn)},"identitySource":${source},` +
      `"authorizationToken":${source}${resource}${path},"httpMethod":"${exchange.httpMethod}","headers":` +
      `${lastMap(eventHeaders(exchange, firstNames, announcedBytes(exchange)))},"queryStringParameters":` +
      `${lastMap([...exchange.query])},"pathParameters":${pathMap(exchange)}${variables}${path}${context}` +
      `${exchange.requestId}","identity":{"apiKey":null,"sourceIp":${json(exchange.caller.sourceAddress)}${end}` +
      `${exchange.httpMethod}${api}`
    );
  };
}

/**
 * Returns the path with its stage, except `$default`. AWS quirk: as users show events, it is decoded, whatever `rawPath`
 * says, and a `?` that was encoded ends it. On a custom domain name, too, it has the stage and not the mapping's key.
 */
const calledPath = (exchange: Exchange): string => decodedPath(exchange.fullPath);

/** Returns the path of format 1.0: on a custom domain name, as users show events, the mapping's key is in the stage's place. */
const firstPath = (exchange: Exchange): string =>
  decodedPath(exchange.customDomain === undefined ? exchange.fullPath : exchange.pathOnDomain);

function decodedPath(path: string): string {
  if (!path.includes("%")) return path;
  const decoded = decodeLeniently(path);
  const end = decoded.indexOf("?");
  return end < 0 ? decoded : decoded.slice(0, end);
}

let lastDomain = "";
let domainMembers = "";

/** Returns the members about the called host, which is mostly the same as last time. */
function writeDomain(domainName: string): string {
  if (domainName !== lastDomain || domainMembers === "") {
    const dot = domainName.indexOf(".");
    lastDomain = domainName;
    domainMembers = `"domainName":${json(domainName)},"domainPrefix":${json(dot < 0 ? domainName : domainName.slice(0, dot))}`;
  }
  return domainMembers;
}

type Entry = readonly [string, string | readonly string[]];
/** A list, and not just something to iterate: with maps and lists in one loop, events took twice the time on some runs. */
type Entries = readonly Entry[];

/** Headers by the names that a format has. As users show events, they are in the order of their names. */
type Headers = [string, string | string[]][];

/** The names that a format writes in another way than in lower case. */
type Names = ReadonlyMap<string, string>;

/** As users show events of format 1.0, against the guide, which has lower case alone. */
const firstNames: Names = new Map(
  ["Content-Length", "Content-Type", "Host", "User-Agent"]
    .concat(["X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"])
    .map((name) => [name.toLowerCase(), name]),
);
const secondNames: Names = new Map();

/**
 * Adds a header in its place. A request has so few of them that this takes half the time of a map that is sorted afterwards.
 */
function addHeader(headers: Headers, name: string, value: string): void {
  let at = headers.length;
  while (at > 0 && headers[at - 1]![0] > name) at--;
  const before = headers[at - 1];
  if (before !== undefined && before[0] === name) {
    if (typeof before[1] === "string") before[1] = [before[1], value];
    else before[1].push(value);
    return;
  }
  const header: Headers[number] = [name, value];
  headers.push(header);
  for (let index = headers.length - 1; index > at; index--) headers[index] = headers[index - 1]!;
  headers[at] = header;
}

/**
 * Returns the headers that a function sees: those received, and those that the gateway adds. `bodyBytes` is undefined where
 * the length of a body is not known.
 */
function eventHeaders(exchange: Exchange, names: Names, bodyBytes: number | undefined): Headers {
  const { rawHeaders, headerNames } = exchange.request;
  const headers: Headers = [];
  for (let index = 0; index < headerNames.length; index++) {
    const name = headerNames[index]!;
    if (!droppedFromHttpApiEvent.has(name)) addHeader(headers, names.get(name) ?? name, rawHeaders[2 * index + 1]!);
  }
  const add = (name: string, value: string): void => addHeader(headers, names.get(name) ?? name, value);
  if (bodyBytes !== undefined) add("content-length", String(bodyBytes));
  add("x-amzn-trace-id", exchange.traceHeader);
  for (const name of forwarding) add(name, forwardingHeader(exchange, name) ?? "");
  return headers;
}

/** Returns the same after the mappings. */
function mappedHeaders(
  exchange: Exchange,
  {
    names,
    bodyBytes,
    mapping,
  }: { readonly names: Names; readonly bodyBytes: number | undefined; readonly mapping: EventMapping | undefined },
): Headers {
  const headers = eventHeaders(exchange, names, bodyBytes);
  if (mapping?.headers === undefined) return headers;
  const list = headers.flatMap(([name, each]) => [each].flat().flatMap((value) => [name, value]));
  mapping.headers(exchange, list);
  const mapped: Headers = [];
  for (let index = 0; index < list.length; index += 2) {
    const name = list[index]!.toLowerCase();
    addHeader(mapped, names.get(name) ?? name, list[index + 1]!);
  }
  return mapped;
}

function mappedQuery(
  exchange: Exchange,
  mapping: EventMapping | undefined,
): { readonly rawQuery: string; readonly query: Query } {
  if (mapping?.query === undefined) return exchange;
  const rawQuery = mapping.query(exchange, exchange.rawQuery);
  return { rawQuery, query: parseQuery(rawQuery) };
}

const forwarding = ["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"] as const;

/** The length of a request's body by its head; undefined if that does not say. */
const announcedBytes = ({ request: { hasBody, contentLength } }: Exchange): number | undefined =>
  hasBody ? contentLength : 0;

/** Takes the cookies out of the headers. */
function cookieMember(headers: Headers): string {
  const at = headers.findIndex(([name]) => name === "cookie");
  if (at < 0) return "";
  const [[, sent]] = headers.splice(at, 1) as [Headers[number]];
  const lines = typeof sent === "string" ? [sent] : sent;
  const cookies = lines.flatMap((line) => line.split(";")).map((cookie) => cookie.trim());
  const given = cookies.filter((cookie) => cookie !== "");
  return given.length === 0 ? "" : `,"cookies":${json(given)}`;
}

/** The names of headers and parameters as JSON. Writing one anew takes ten times as long as finding it. */
const writtenNames = new Map<string, string>();

function writeName(name: string): string {
  const known = writtenNames.get(name);
  if (known !== undefined) return known;
  const written = json(name);
  if (writtenNames.size < bounds.headerNamesWrittenMax.value && name.length <= bounds.headerNameKnownCharsMax.value)
    writtenNames.set(name, written);
  return written;
}

/** Returns a map in which several values are one, with commas. */
function joinedMap(entries: Entries): string {
  let text = "{";
  let comma = "";
  for (let index = 0; index < entries.length; index++) {
    const [name, value] = entries[index]!;
    text += `${comma}${writeName(name)}:${json(typeof value === "string" ? value : value.join())}`;
    comma = ",";
  }
  return `${text}}`;
}

/** Returns a map of last values. */
function lastMap(entries: Entries): string {
  let text = "{";
  let comma = "";
  for (let index = 0; index < entries.length; index++) {
    const [name, value] = entries[index]!;
    text += `${comma}${writeName(name)}:${json(typeof value === "string" ? value : value.at(-1))}`;
    comma = ",";
  }
  return `${text}}`;
}

/** Returns a map of last values and, after `second`, a map of all values. */
function lastAndAll(entries: Entries, second: string): string {
  let last = "{";
  let all = "{";
  let comma = "";
  for (let index = 0; index < entries.length; index++) {
    const [name, value] = entries[index]!;
    const key = writeName(name);
    const text = json(typeof value === "string" ? value : value.at(-1));
    last += `${comma}${key}:${text}`;
    all += typeof value === "string" ? `${comma}${key}:[${text}]` : `${comma}${key}:${json(value)}`;
    comma = ",";
  }
  return `${last}},${second}${all}}`;
}

const queryMember = (query: Query): string =>
  query.size === 0 ? "" : `,"queryStringParameters":${joinedMap([...query])}`;

function pathMap({ pathNames, pathValues }: Exchange): string {
  let text = "{";
  for (let index = 0; index < pathNames.length; index++) {
    text += `${index === 0 ? "" : ","}${json(pathNames[index])}:${json(decodeLeniently(pathValues[index]!))}`;
  }
  return `${text}}`;
}

/**
 * Returns whether a request's body is text for events. Verified by users against AWS: all other types are base64, and so
 * is a body without a type.
 */
function isText({ request }: Exchange): boolean {
  const contentType = request.header("content-type");
  if (contentType === undefined || request.header("content-encoding") !== undefined) return false;
  const mediaType = mediaTypeOf(contentType);
  return mediaType.startsWith("text/") || textTypes.has(mediaType);
}

const textTypes: ReadonlySet<string> = new Set(["application/json", "application/xml", "application/javascript"]);

const bodyText = (body: Buffer, isBinary: boolean): string =>
  isBinary ? `"${body.toString("base64")}"` : json(body.toString("utf8"));

/** Returns what a route's authorizer, or its signature, said of the caller, for format 2.0. */
function writeAuthorizer({ iam, grant }: Caller): string {
  if (iam !== undefined) return `,"authorizer":{"iam":${writeIam(iam)}}`;
  if (grant === undefined) return "";
  const { claims, scopes = null, contextText = "null" } = grant;
  return claims === undefined
    ? `,"authorizer":{"lambda":${contextText}}`
    : `,"authorizer":{"jwt":${json({ claims, scopes })}}`;
}

function writeIam(iam: IamIdentity): string {
  const { cognitoIdentityId: identityId, cognitoIdentityPoolId: identityPoolId } = iam;
  return json({
    accessKey: iam.accessKey ?? null,
    accountId: iam.accountId ?? null,
    callerId: iam.caller ?? null,
    cognitoIdentity: identityId === undefined ? null : { amr: amrOf(iam), identityId, identityPoolId },
    principalOrgId: iam.principalOrgId ?? null,
    userArn: iam.userArn ?? null,
    userId: iam.user ?? null,
  });
}

const amrOf = ({ cognitoAuthenticationType: type, cognitoAuthenticationProvider: provider }: IamIdentity): string[] =>
  [type, provider?.split(",")].flat().filter((one) => one !== undefined);

/** The same for format 1.0, which has what a signature says among the identity. */
function writeFirstAuthorizer({ caller: { grant }, access }: Exchange): string {
  if (grant === undefined) return "";
  const { claims, scopes = null, context, principalId } = grant;
  if (claims !== undefined) return `,"authorizer":${json({ claims, scopes })}`;
  const integrationLatency = Math.round(access?.authorizer?.integrationLatencyMs ?? 0);
  return `,"authorizer":${json({ ...context, principalId, integrationLatency })}`;
}

/** Most callers are known by their address and user agent alone. */
function writeIdentity({ iam, sourceAddress, userAgent = "" }: Caller): string {
  const address = `"sourceIp":${json(sourceAddress)},"user":`;
  if (iam === undefined) return `${nobody}${address}null,"userAgent":${json(userAgent)},"userArn":null}`;
  const known = {
    accessKey: iam.accessKey ?? null,
    accountId: iam.accountId ?? null,
    caller: iam.caller ?? null,
    cognitoAmr: iam.cognitoIdentityId === undefined ? null : amrOf(iam),
    cognitoAuthenticationProvider: iam.cognitoAuthenticationProvider ?? null,
    cognitoAuthenticationType: iam.cognitoAuthenticationType ?? null,
    cognitoIdentityId: iam.cognitoIdentityId ?? null,
    cognitoIdentityPoolId: iam.cognitoIdentityPoolId ?? null,
    principalOrgId: iam.principalOrgId ?? null,
  };
  const user = `${json(iam.user ?? null)},"userAgent":${json(userAgent)},"userArn":${json(iam.userArn ?? null)}`;
  return `${json(known).slice(0, -1)},${address}${user}}`;
}

const nobody =
  '{"accessKey":null,"accountId":null,"caller":null,"cognitoAmr":null,"cognitoAuthenticationProvider":null,' +
  '"cognitoAuthenticationType":null,"cognitoIdentityId":null,"cognitoIdentityPoolId":null,"principalOrgId":null,';
