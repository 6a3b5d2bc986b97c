import type { MethodPlan, StagePlan } from "../../plan/plan.ts";
import { requestTime } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { eventHeaders, maps } from "./lambda-event.ts";

const json = JSON.stringify;

/**
 * Links the event of a route's function: of `$connect` and `$disconnect` with headers, of all others with the message.
 * AWS: API Gateway Developer Guide, "Set up a WebSocket API integration request in API Gateway". As captured: the order, and what is left out.
 */
export function linkWebSocketEvent(stage: StagePlan, method: MethodPlan): (exchange: Exchange, body: Buffer) => string {
  const variables =
    Object.keys(stage.stageVariables).length === 0 ? "" : `"stageVariables":${json(stage.stageVariables)},`;
  const writeContext = linkConnectionContext(stage, method);
  return (exchange, body) => {
    const context = `${variables}"requestContext":{${writeContext(exchange)}},`;
    switch (exchange.connection!.eventType) {
      case "CONNECT":
        return `{${headersOf(exchange)},${queryOf(exchange)}${context}"isBase64Encoded":false}`;
      case "MESSAGE":
        return `{${context}"body":${json(body.toString("utf8"))},"isBase64Encoded":false}`;
      case "DISCONNECT":
        return `{${disconnectHeaders(exchange)},${context}"isBase64Encoded":false}`;
    }
  };
}

/**
 * Links the event of a REQUEST authorizer, in front of `$connect`. AWS quirk: a map without entries is `{}` here.
 * AWS: API Gateway Developer Guide, "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers".
 */
export function linkConnectAuthorizerEvent(
  stage: StagePlan,
  method: MethodPlan,
): (exchange: Exchange, methodArn: string) => string {
  const variables = `"stageVariables":${json(stage.stageVariables)},"requestContext":{`;
  const writeContext = linkConnectionContext(stage, method);
  return (exchange, methodArn) =>
    `{"type":"REQUEST","methodArn":${json(methodArn)},${writeHeaders(authorizerHeaders(exchange))},` +
    `${queryOf(exchange) || '"queryStringParameters":{},"multiValueQueryStringParameters":{},'}` +
    `${variables}${writeContext(exchange)}}}`;
}

/** Writes the members of `requestContext`, in AWS's order. */
export function linkConnectionContext(stage: StagePlan, method: MethodPlan): (exchange: Exchange) => string {
  const routeKey = `"routeKey":${json(method.routeKey)}`;
  const stageName = `,"messageDirection":"IN","stage":${json(stage.stageName)},"connectedAt":`;
  const api = `,"apiId":${json(stage.apiId)}`;
  return (exchange) => {
    const { connectionId, connectedMs, eventType, messageId, disconnect } = exchange.connection!;
    const { sourceAddress, userAgent } = exchange.caller;
    return (
      `${routeKey}${disconnect === undefined ? "" : `,"disconnectStatusCode":${disconnect.code}`}` +
      `${authorizerOf(exchange)}${messageId === undefined ? "" : `,"messageId":"${messageId}"`}` +
      `,"eventType":"${eventType}","extendedRequestId":"${exchange.extendedRequestId}",` +
      `"requestTime":"${requestTime(exchange.startedMs)}"` +
      `${disconnect === undefined ? "" : `,"disconnectReason":${json(disconnect.reason)}`}` +
      `${stageName}${connectedMs},"requestTimeEpoch":${exchange.startedMs},` +
      `"identity":{${userAgent === undefined ? "" : `"userAgent":${json(userAgent)},`}"sourceIp":${json(sourceAddress)}},` +
      `"requestId":"${exchange.requestId}","domainName":${json(exchange.domainName)},"connectionId":"${connectionId}"${api}`
    );
  };
}

/** Returns what the authorizer said when the connection was made. AWS: values of a context are texts. */
function authorizerOf({ caller: { grant }, access }: Exchange): string {
  if (grant === undefined) return "";
  const { principalId, context, integrationLatencyMs } = grant;
  const integrationLatency = Math.round(access?.authorizer?.integrationLatencyMs ?? integrationLatencyMs ?? 0);
  return `,"authorizer":${json({ principalId, ...context, integrationLatency })}`;
}

/** The headers of the handshake but those of the hop: `Connection` and `Upgrade`, as captured events lack them. */
export const headersOf = (exchange: Exchange): string =>
  writeHeaders(headersWithout(/^(?:connection|upgrade)$/i, exchange));

const writeHeaders = (headers: ReturnType<typeof eventHeaders>): string =>
  `"headers":${maps(headers, '"multiValueHeaders":')}`;

/** An authorizer is told the hop's headers as well, as the guide's example has them. */
const authorizerHeaders = (exchange: Exchange): ReturnType<typeof eventHeaders> =>
  new Map([
    ["Connection", ["upgrade"]],
    ["content-length", ["0"]],
    ...headersWithout(/^(?:connection|upgrade|content-length)$/i, exchange),
    ["Upgrade", ["websocket"]],
  ]);

function headersWithout(names: RegExp, exchange: Exchange): ReturnType<typeof eventHeaders> {
  const headers = new Map(eventHeaders(exchange));
  for (const name of headers.keys()) if (names.test(name)) headers.delete(name);
  return headers;
}

/** Empty for a handshake without a query, else with a comma at the end. */
export const queryOf = ({ query }: Exchange): string =>
  query.size === 0 ? "" : `"queryStringParameters":${maps(query, '"multiValueQueryStringParameters":')},`;

/** AWS quirk: of a connection that ended, three headers are there and empty. */
const disconnectHeaders = ({ domainName }: Exchange): string =>
  `"headers":{"Host":${json(domainName)},"x-api-key":"","X-Forwarded-For":"","x-restapi":""},` +
  `"multiValueHeaders":{"Host":[${json(domainName)}],"x-api-key":[""],"X-Forwarded-For":[""],"x-restapi":[""]}`;
