import type { PlanKind } from "../plan/kinds.ts";
import { connectKey, disconnectKey } from "../plan/websocket-plan.ts";
import { identityVariables } from "./caller.ts";
import type { ConnectionFacts } from "./connection-facts.ts";
import type { Exchange } from "./exchange.ts";
import { lastHeader } from "./header-list.ts";

/**
 * Returns a variable's value, or undefined where AWS has no value: logs then write `-`, and everything else leaves it
 * out.
 */
export type ReadVariable = (exchange: Exchange) => string | undefined;

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);
let lastSecond = -1;
let lastTime = "";

/** Returns the time in the common log format, `10/Oct/2000:13:55:36 +0000`. */
export function requestTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    const date = new Date(ms);
    lastSecond = second;
    lastTime =
      `${two(date.getUTCDate())}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}:` +
      `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
  }
  return lastTime;
}

const number = (value: number | undefined): string | undefined => (value === undefined ? undefined : String(value));
const milliseconds = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : String(Math.round(value));

/**
 * The variables of `$context` by name. AWS: API Gateway Developer Guide, "Variables for data transformations for API
 * Gateway", "Variables for access logging for API Gateway", "Customize HTTP API access logs". Variables of checks that are
 * not built yet have no value.
 */
const variables: Readonly<Record<string, ReadVariable>> = {
  accountId: (exchange) => exchange.program.plan.account,
  apiId: (exchange) => exchange.program.plan.apiId,
  "authenticate.error": ({ access }) => access?.authenticate?.error,
  "authenticate.latency": ({ access }) => milliseconds(access?.authenticate?.latencyMs),
  "authenticate.status": ({ access }) => number(access?.authenticate?.status),
  "authorize.error": ({ access }) => access?.authorize?.error,
  "authorize.latency": ({ access }) => milliseconds(access?.authorize?.latencyMs),
  "authorize.status": ({ access }) => number(access?.authorize?.status),
  "authorizer.error": ({ access }) => access?.authorizer?.error,
  "authorizer.integrationLatency": ({ access }) => milliseconds(access?.authorizer?.integrationLatencyMs),
  "authorizer.integrationStatus": ({ access }) => number(access?.authorizer?.integrationStatus),
  "authorizer.latency": ({ access }) => milliseconds(access?.authorizer?.latencyMs),
  "authorizer.principalId": ({ caller }) => caller.grant?.principalId,
  "authorizer.requestId": ({ access }) => access?.authorizer?.requestId,
  "authorizer.status": ({ access }) => number(access?.authorizer?.status),
  awsEndpointRequestId: (exchange) => integrationRequestId(exchange),
  awsEndpointRequestId2: (exchange) => lastHeader(exchange.integrationHeaders, "x-amz-id-2"),
  "customDomain.basePathMatched": ({ customDomain }) => customDomain?.basePathMatched,
  // Unconfirmed: what AWS counts; see docs/compatibility.md, "HTTP APIs, access logs".
  dataProcessed: ({ request, answer }) => String(request.headBytes + request.bodyBytes + answer.responseBytes),
  connectedAt: ({ connection }) => number(connection?.connectedMs),
  connectionId: ({ connection }) => connection?.connectionId,
  deploymentId: (exchange) => exchange.program.plan.deploymentId,
  domainName: (exchange) => exchange.domainName,
  domainPrefix: (exchange) => exchange.domainName.split(".", 1)[0],
  "error.message": (exchange) => exchange.error?.message ?? undefined,
  "error.messageString": (exchange) =>
    exchange.error === undefined ? undefined : JSON.stringify(exchange.error.message),
  "error.responseType": (exchange) => exchange.error?.type,
  "error.validationErrorString": (exchange) => exchange.error?.validationErrorString,
  eventType: ({ connection }) => connection?.eventType,
  extendedRequestId: (exchange) => exchange.extendedRequestId,
  httpMethod: (exchange) => exchange.httpMethod,
  "integration.error": (exchange) => exchange.integration?.error,
  "integration.integrationStatus": (exchange) => number(exchange.integration?.serviceStatus),
  "integration.latency": (exchange) => milliseconds(exchange.integration?.latencyMs),
  "integration.requestId": (exchange) => integrationRequestId(exchange),
  // AWS: "Troubleshoot issues with response streaming in API Gateway", access logging.
  "integration.responseTransferMode": ({ integration }) =>
    integration === undefined ? undefined : integration.isStreamed ? "STREAMED" : "BUFFERED",
  "integration.status": (exchange) => number(exchange.integration?.status),
  "integration.timeToAllHeaders": (exchange) => milliseconds(exchange.integration?.headersMs),
  "integration.timeToFirstContent": (exchange) => milliseconds(exchange.integration?.contentMs),
  integrationErrorMessage: (exchange) => exchange.integration?.error,
  integrationLatency: (exchange) => milliseconds(exchange.integration?.latencyMs),
  integrationStatus: (exchange) => number(exchange.integration?.serviceStatus),
  // As recorded: also of a canary that takes no traffic.
  isCanaryRequest: ({ program: { plan } }) => (plan.hasCanary === true ? String(plan.isCanary === true) : undefined),
  messageId: ({ connection }) => connection?.messageId,
  operationName: (exchange) => exchange.method?.plan.operationName,
  path: (exchange) => exchange.fullPath,
  protocol: (exchange) => `HTTP/${exchange.request.httpVersion}`,
  requestId: (exchange) => exchange.requestId,
  requestTime: (exchange) => requestTime(exchange.startedMs),
  requestTimeEpoch: (exchange) => String(exchange.startedMs),
  resourceId: ({ method, refusedResource }) => (method?.plan ?? refusedResource)?.resourceId,
  resourcePath: ({ method, refusedResource }) => (method?.plan ?? refusedResource)?.resourcePath,
  responseLatency: (exchange) => milliseconds(performance.now() - exchange.startedAt),
  responseLength: (exchange) => String(exchange.answer.responseBytes),
  routeKey: ({ program, method, connection }) => {
    if (connection === undefined) return program.plan.kind === "rest" ? undefined : method?.plan.routeKey;
    return method?.plan.routeKey ?? predefinedRoutes[connection.eventType];
  },
  stage: (exchange) => exchange.program.plan.stageName,
  status: (exchange) => (exchange.status === 0 ? undefined : String(exchange.status)),
  "waf.error": ({ waf }) => waf?.error,
  "waf.latency": ({ waf }) => milliseconds(waf?.latencyMs),
  "waf.status": ({ waf }) => number(waf?.status),
  wafResponseCode: ({ waf }) => (waf?.action === undefined ? undefined : `WAF_${waf.action}`),
  webaclArn: ({ program }) => program.plan.webAclArn,
  // Beyond AWS: of the other kinds, which X-Ray does not trace, where the operator's own collector has the trace.
  xrayTraceId: (exchange) =>
    exchange.program.plan.kind === "rest" || exchange.sampled !== undefined ? `Root=${exchange.traceId}` : undefined,
};

/**
 * The route that a handshake or the end of a connection asks for, also where the API has none of it. Unconfirmed: see
 * docs/compatibility.md, "WebSocket APIs, access logs".
 */
const predefinedRoutes: Readonly<Record<ConnectionFacts["eventType"], string | undefined>> = {
  CONNECT: connectKey,
  MESSAGE: undefined,
  DISCONNECT: disconnectKey,
};

/** Returns the integration's request id: the one of Lambda, or the one that an AWS service sent. */
export function integrationRequestId({ integration, integrationHeaders }: Exchange): string | undefined {
  if (integration?.requestId !== undefined) return integration.requestId;
  return lastHeader(integrationHeaders, "x-amzn-requestid") ?? lastHeader(integrationHeaders, "x-amz-request-id");
}

/** The variables that a kind of API does not have: nouns of the other kind, and checks that it lacks. */
const foreign: Readonly<Record<PlanKind, ReadonlySet<string>>> = {
  rest: new Set(["awsEndpointRequestId2", "dataProcessed", "routeKey"]),
  http: new Set([
    ...["authenticate", "authorize"].flatMap((phase) => [`${phase}.error`, `${phase}.latency`, `${phase}.status`]),
    ...["authorizer.integrationLatency", "authorizer.integrationStatus", "authorizer.latency"],
    ...["authorizer.requestId", "authorizer.status", "deploymentId", "error.validationErrorString"],
    ...["identity.accessKey", "identity.apiKey", "identity.apiKeyId", "identity.vpcId", "identity.vpceId"],
    ...["integration.responseTransferMode", "integration.timeToAllHeaders", "integration.timeToFirstContent"],
    ...["isCanaryRequest", "operationName", "resourceId", "resourcePath"],
    ...["waf.error", "waf.latency", "waf.status", "wafResponseCode", "webaclArn"],
  ]),
  websocket: new Set([
    ...["accountId", "awsEndpointRequestId", "awsEndpointRequestId2", "customDomain.basePathMatched", "dataProcessed"],
    ...["deploymentId", "httpMethod", "identity.accessKey", "identity.vpcId", "identity.vpceId"],
    ...["integration.responseTransferMode", "integration.timeToAllHeaders", "integration.timeToFirstContent"],
    ...["integrationErrorMessage", "isCanaryRequest", "operationName", "path", "protocol", "resourceId"],
    ...["resourcePath", "responseLatency", "responseLength", "wafResponseCode", "webaclArn"],
  ]),
};

const unset: ReadVariable = () => undefined;

const identityPrefix = "identity.";
const authorizerPrefix = "authorizer.";
const claimsPrefix = "authorizer.claims.";

/** Returns the function that reads `$context.{name}`; of a variable that the kind of API does not have there is no value. */
export function linkVariable(name: string, kind?: PlanKind): ReadVariable {
  const isForeign = kind !== undefined && foreign[kind].has(name);
  if (name.startsWith(authorizerPrefix)) return linkAuthorizerVariable(name, isForeign);
  if (isForeign) return unset;
  if (!name.startsWith(identityPrefix)) return Object.hasOwn(variables, name) ? variables[name]! : unset;
  const member = name.slice(identityPrefix.length);
  if (!Object.hasOwn(identityVariables, member)) return unset;
  const read = identityVariables[member]!;
  return ({ caller }) => read(caller);
}

/**
 * Links what an authorizer said of the caller, and how asking it went. A name of the function's own context counts before
 * the names that access logs know.
 */
function linkAuthorizerVariable(name: string, isForeign: boolean): ReadVariable {
  const known = !isForeign && Object.hasOwn(variables, name) ? variables[name]! : unset;
  if (name === "authorizer.principalId") return known;
  if (name.startsWith(claimsPrefix)) {
    const claim = name.slice(claimsPrefix.length);
    return ({ caller }) => ownValue(caller.grant?.claims, claim);
  }
  const member = name.slice(authorizerPrefix.length);
  return (exchange) => ownValue(exchange.caller.grant?.context, member) ?? known(exchange);
}

const ownValue = (values: Readonly<Record<string, string>> | undefined, name: string): string | undefined =>
  values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
