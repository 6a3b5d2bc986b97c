import type { MethodPlan, StagePlan } from "../../plan/plan.ts";
import { type Caller, identityVariables } from "../caller.ts";
import { requestTime } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { droppedFromLambdaEvent, isGatewaySignature, nameBehindFront } from "../responses/header-remapping.ts";

/** Returns the proxy event of a request as JSON text. */
export type WriteEvent = (exchange: Exchange, body: Buffer, isBinary: boolean) => string;

const json = JSON.stringify;

/** How a map without entries is written. */
type Empty = "null" | "{}";

/**
 * Links the event of a Lambda proxy integration, format 1.0. The parts that the deployment decides are written once; a
 * request's event is put together as text, which takes a third of the time of building objects and stringifying them.
 * AWS: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway", input format.
 */
export function linkEvent(stage: StagePlan, method: MethodPlan): WriteEvent {
  const variables = Object.keys(stage.stageVariables).length === 0 ? "null" : json(stage.stageVariables);
  const start = `{"resource":${json(method.resourcePath)},"path":`;
  const context = `,"stageVariables":${variables},"requestContext":{`;
  const writeContext = linkRequestContext(stage, method);
  return (exchange, body, isBinary) =>
    `${start}${json(exchange.pathOnDomain)},"httpMethod":"${exchange.httpMethod}",${headerMaps(exchange, "null")},` +
    `${queryMaps(exchange, "null")},"pathParameters":${pathMap(exchange, "null")}${context}${writeContext(exchange)}},` +
    `"body":${bodyText(body, isBinary)},"isBase64Encoded":${isBinary && body.length > 0}}`;
}

/**
 * Links the event of a REQUEST authorizer. AWS quirk: a map without entries is `{}` here.
 * AWS: API Gateway Developer Guide, "Input to an API Gateway Lambda authorizer".
 */
export function linkAuthorizerEvent(
  stage: StagePlan,
  method: MethodPlan,
): (exchange: Exchange, methodArn: string) => string {
  const resource = `,"resource":${json(method.resourcePath)},"path":`;
  const context = `,"stageVariables":${json(stage.stageVariables)},"requestContext":{`;
  const writeContext = linkRequestContext(stage, method, sentKey);
  return (exchange, methodArn) =>
    `{"type":"REQUEST","methodArn":${json(methodArn)}${resource}${json(exchange.pathOnDomain)},` +
    `"httpMethod":"${exchange.httpMethod}",${headerMaps(exchange, "{}")},${queryMaps(exchange, "{}")},` +
    `"pathParameters":${pathMap(exchange, "{}")}${context}${writeContext(exchange)}}}`;
}

/** The API key that a caller sent: an authorizer sees it before it is looked for. */
const sentKey = ({ request }: Exchange): string | undefined => request.header("x-api-key");

/** Writes the members of `requestContext`. `keyOf` returns the API key of a caller of whom none is known yet. */
function linkRequestContext(
  stage: StagePlan,
  method: MethodPlan,
  keyOf?: (exchange: Exchange) => string | undefined,
): (exchange: Exchange) => string {
  const operation = method.operationName === undefined ? "" : `"operationName":${json(method.operationName)},`;
  const start = `"resourceId":${json(method.resourceId)},"resourcePath":${json(method.resourcePath)},${operation}"httpMethod":"`;
  const account = `,"accountId":${json(stage.account)},"protocol":"HTTP/`;
  const api = `","stage":${json(stage.stageName)},"domainPrefix":`;
  const ids = `,"apiId":${json(stage.apiId)},"deploymentId":${json(stage.deploymentId)}`;
  return (exchange) => {
    const { request, domainName } = exchange;
    const dot = domainName.indexOf(".");
    return (
      `${start}${exchange.httpMethod}","extendedRequestId":"${exchange.extendedRequestId}",` +
      `"requestTime":"${requestTime(exchange.startedMs)}","requestTimeEpoch":${exchange.startedMs},` +
      `"path":${json(exchange.fullPath)}${account}${request.httpVersion}${api}` +
      `${json(dot < 0 ? domainName : domainName.slice(0, dot))},"domainName":${json(domainName)},` +
      `"requestId":"${exchange.requestId}"${ids}${writeAuthorizer(exchange)},"identity":${writeIdentity(exchange.caller, keyOf?.(exchange))}`
    );
  };
}

/** Returns what the method's authorizer said of the caller, if it has been asked. AWS: values of a context are texts. */
function writeAuthorizer({ caller: { grant }, access }: Exchange): string {
  if (grant === undefined) return "";
  const { principalId, context, claims } = grant;
  if (claims !== undefined) return `,"authorizer":${json({ claims })}`;
  const integrationLatency = Math.round(access?.authorizer?.integrationLatencyMs ?? 0);
  return `,"authorizer":${json({ ...context, principalId, integrationLatency })}`;
}

/** Most callers are known by their address and user agent alone, and cost no more than these two. */
function writeIdentity(caller: Caller, sentKey: string | undefined): string {
  const { iam, apiKey, sourceAddress, userAgent, vpcEndpoint } = caller;
  const isPlain = iam === undefined && apiKey === undefined && vpcEndpoint === undefined;
  const credentials = isPlain ? noCredentials : writeCredentials(caller);
  const key = sentKey === undefined || apiKey !== undefined ? "" : `,"apiKey":${json(sentKey)}`;
  return `${credentials}${key},"sourceIp":${json(sourceAddress)},"userAgent":${json(userAgent ?? null)}}`;
}

/**
 * Writes everything but the caller's address and user agent. AWS quirk: a value that is not known is null, except API
 * keys and VPC endpoints, which are left out.
 */
function writeCredentials(caller: Caller): string {
  const { sourceIp: _, userAgent: __, ...readers } = identityVariables;
  const members = Object.entries(readers).flatMap(([name, read]) => {
    const value = read(caller);
    return value === undefined && /^(?:apiKey|vpc)/.test(name) ? [] : [`${json(name)}:${json(value ?? null)}`];
  });
  return `{${members.join()}`;
}

const noCredentials = writeCredentials({
  sourceAddress: "",
  userAgent: undefined,
  isTest: false,
  vpcEndpoint: undefined,
  iam: undefined,
  apiKey: undefined,
  grant: undefined,
});

function bodyText(body: Buffer, isBinary: boolean): string {
  if (body.length === 0) return "null";
  return isBinary ? `"${body.toString("base64")}"` : json(body.toString("utf8"));
}

/** Returns `headers`, which has the last value of each name, and `multiValueHeaders`, which has all values. */
function headerMaps(exchange: Exchange, empty: Empty): string {
  const headers = eventHeaders(exchange);
  return headers.size === 0
    ? `"headers":${empty},"multiValueHeaders":${empty}`
    : `"headers":${maps(headers, '"multiValueHeaders":')}`;
}

/** Returns the headers that functions and templates see: those received, and those that the gateway adds. */
export function eventHeaders(exchange: Exchange): ReadonlyMap<string, readonly string[]> {
  const { rawHeaders, headerNames, client } = exchange.request;
  const isEdgeOptimized = exchange.program.plan.isEdgeOptimized === true;
  const values = new Map<string, string[]>();
  let forwardedFor = "";
  for (let index = 0; index < headerNames.length; index++) {
    const value = rawHeaders[2 * index + 1]!;
    if (droppedFromLambdaEvent.has(headerNames[index]!)) {
      if (headerNames[index] === "x-forwarded-for") forwardedFor += `${value}, `;
      continue;
    }
    if (isGatewaySignature(headerNames[index]!, value)) continue;
    const sent = rawHeaders[2 * index]!;
    const name = isEdgeOptimized ? nameBehindFront(sent, headerNames[index]!) : sent;
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  // A test has no front end that would add headers, and a message has none at all.
  if (exchange.isTest || (exchange.connection !== undefined && exchange.connection.eventType !== "CONNECT"))
    return values;
  values.set("X-Amzn-Trace-Id", [exchange.traceHeader]);
  values.set("X-Forwarded-For", [client.forwardedFor ?? forwardedFor + client.address]);
  values.set("X-Forwarded-Port", [String(client.calledPort)]);
  values.set("X-Forwarded-Proto", [client.isEncrypted ? "https" : "http"]);
  return values;
}

function queryMaps(exchange: Exchange, empty: Empty): string {
  const { query } = exchange;
  if (query.size === 0) {
    return `"queryStringParameters":${empty},"multiValueQueryStringParameters":${empty}`;
  }
  return `"queryStringParameters":${maps(query, '"multiValueQueryStringParameters":')}`;
}

/** Returns a map of last values and, after `second`, a map of all values. */
export function maps(values: ReadonlyMap<string, readonly string[]>, second: string): string {
  let last = "{";
  let all = "{";
  let comma = "";
  for (const [name, each] of values) {
    const key = json(name);
    const value = json(each[each.length - 1]);
    last += `${comma}${key}:${value}`;
    all += each.length === 1 ? `${comma}${key}:[${value}]` : `${comma}${key}:${json(each)}`;
    comma = ",";
  }
  return `${last}},${second}${all}}`;
}

function pathMap(exchange: Exchange, empty: Empty): string {
  const { pathNames, pathValues } = exchange;
  if (pathNames.length === 0) return empty;
  let text = "{";
  for (let index = 0; index < pathNames.length; index++) {
    text += `${index === 0 ? "" : ","}${json(pathNames[index])}:${json(pathValues[index])}`;
  }
  return `${text}}`;
}
