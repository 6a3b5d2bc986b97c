// WebSocket APIs on a started server, made with AWS's SDK and used by Node's own WebSocket: functions behind the three
// predefined routes and their own, an authorizer, redeployment and the end of a stage.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateAuthorizerCommand,
  CreateIntegrationCommand,
  CreateIntegrationResponseCommand,
  CreateRouteCommand,
  CreateRouteResponseCommand,
  CreateStageCommand,
  DeleteStageCommand,
  UpdateRouteCommand,
} from "@aws-sdk/client-apigatewayv2";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { until } from "../../until.ts";
import { functionOf, permissionOf, startForSuite } from "./sdk-client.ts";

const invocationOf = (name: string): string =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:${name}/invocations`;

/** Refuses who says no, chooses a subprotocol, counts who is there, and answers with the event. */
const chat = `const events = [];
exports.handler = async (event) => {
  const { eventType, routeKey, connectionId, disconnectStatusCode } = event.requestContext;
  events.push([eventType, routeKey, connectionId, disconnectStatusCode ?? null]);
  if (eventType === "CONNECT") {
    if (event.queryStringParameters?.say === "no") return { statusCode: 403, body: "go away" };
    if (event.queryStringParameters?.say === "fail") throw new Error("no such table");
    return { statusCode: 200, headers: { "Sec-WebSocket-Protocol": "chat" } };
  }
  if (event.body === "fail") throw new Error("no such table");
  return { statusCode: 200, body: JSON.stringify(event.body === "events" ? events : { routeKey, body: event.body, authorizer: event.requestContext.authorizer }) };
};`;

const door = `exports.handler = async ({ queryStringParameters: { token }, methodArn }) => {
  if (token === "unknown") throw new Error("Unauthorized");
  const Effect = token === "secret" ? "Allow" : "Deny";
  return {
    principalId: "ann",
    policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect, Resource: methodArn }] },
    context: { room: 7 },
  };
};`;

describe("WebSocket APIs", () => {
  const portico = startForSuite({ exitCode: 0 });
  const gateway = portico.client(ApiGatewayV2Client);
  const lambda = portico.client(LambdaClient);

  before(async () => {
    for (const [name, code] of Object.entries({ chat, door })) {
      await lambda.send(functionOf(name, code));
      await lambda.send(permissionOf(name));
    }
  });

  /** An API whose changes are deployed at once, with its function. */
  async function anApi(): Promise<{ readonly ApiId: string; readonly Target: string }> {
    const { ApiId = "" } = await gateway.send(
      new CreateApiCommand({
        Name: "chat",
        ProtocolType: "WEBSOCKET",
        RouteSelectionExpression: "$request.body.action",
      }),
    );
    const { IntegrationId } = await gateway.send(
      new CreateIntegrationCommand({
        ApiId,
        IntegrationType: "AWS_PROXY",
        IntegrationMethod: "POST",
        IntegrationUri: invocationOf("chat"),
      }),
    );
    await gateway.send(new CreateStageCommand({ ApiId, StageName: "dev", AutoDeploy: true }));
    return { ApiId, Target: `integrations/${IntegrationId}` };
  }

  async function aRoute(ApiId: string, RouteKey: string, more: object = {}): Promise<string> {
    const RouteResponseSelectionExpression = "$default";
    const isTwoWay = !RouteKey.startsWith("$") || RouteKey === "$default";
    const { RouteId = "" } = await gateway.send(
      new CreateRouteCommand({ ApiId, RouteKey, ...(isTwoWay && { RouteResponseSelectionExpression }), ...more }),
    );
    if (isTwoWay) {
      await gateway.send(new CreateRouteResponseCommand({ ApiId, RouteId, RouteResponseKey: "$default" }));
    }
    return RouteId;
  }

  interface Talk {
    readonly socket: WebSocket;
    readonly closed: Promise<readonly [code: number, reason: string]>;
    ask(message: unknown): Promise<string>;
  }

  async function connect(apiId: string, query = "", protocols: string[] = []): Promise<Talk> {
    const url = `${portico.url.replace("http", "ws")}/_aws/execute-api/${apiId}/dev${query}`;
    const socket = new WebSocket(url, protocols);
    const messages: string[] = [];
    socket.addEventListener("message", ({ data }) => void messages.push(String(data)));
    const { promise: closed, resolve: close } = Promise.withResolvers<readonly [number, string]>();
    socket.addEventListener("close", ({ code, reason }) => close([code, reason]));
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error("refused")));
    });
    return {
      socket,
      closed,
      async ask(message) {
        const before = messages.length;
        socket.send(typeof message === "string" ? message : JSON.stringify(message));
        await until(() => messages.length > before);
        return messages[before]!;
      },
    };
  }

  it("calls functions for connect, messages and disconnect", async () => {
    const { ApiId, Target } = await anApi();
    for (const key of ["$connect", "$disconnect", "$default", "join"]) await aRoute(ApiId, key, { Target });
    await assert.rejects(connect(ApiId, "?say=no"), /refused/);
    await assert.rejects(connect(ApiId, "?say=fail"), /refused/);
    const first = await connect(ApiId, "", ["soap", "chat"]);
    assert.equal(first.socket.protocol, "chat");
    assert.deepEqual(JSON.parse(await first.ask({ action: "join", room: 1 })), {
      routeKey: "join",
      body: '{"action":"join","room":1}',
    });
    assert.deepEqual(JSON.parse(await first.ask("hello")), { routeKey: "$default", body: "hello" });
    assert.match(await first.ask("fail"), /^\{"message": "Internal server error", "connectionId":"[\w-]{15}="/);
    first.socket.close(4000, "bye");
    assert.equal((await first.closed)[0], 4000);
    const second = await connect(ApiId, "", ["chat"]);
    type ChatEvent = [string, string, string, number | null];
    const ends = async (): Promise<ChatEvent[]> =>
      (JSON.parse(await second.ask("events")) as ChatEvent[]).filter(([type]) => type === "DISCONNECT");
    // The function has one environment where calls come one after another, and may have more.
    await until(async () => (await ends()).some(([, key, , code]) => key === "$disconnect" && code === 4000));
    second.socket.close();
  });

  it("asks an authorizer who may connect, and tells functions what it said", async () => {
    const { ApiId, Target } = await anApi();
    const { AuthorizerId } = await gateway.send(
      new CreateAuthorizerCommand({
        ApiId,
        Name: "door",
        AuthorizerType: "REQUEST",
        AuthorizerUri: invocationOf("door"),
        IdentitySource: ["route.request.querystring.token"],
      }),
    );
    await aRoute(ApiId, "$connect", { AuthorizationType: "CUSTOM", AuthorizerId });
    await aRoute(ApiId, "$default", { Target });
    for (const query of ["", "?token=", "?token=wrong", "?token=unknown"]) {
      await assert.rejects(connect(ApiId, query), /refused/);
    }
    const { ask, socket } = await connect(ApiId, "?token=secret");
    const { authorizer } = JSON.parse(await ask("hello")) as { authorizer: Record<string, unknown> };
    assert.deepEqual([authorizer["principalId"], authorizer["room"]], ["ann", "7"]);
    socket.close();
  });

  it("serves a message by what is deployed when it comes, and ends connections with their stage", async () => {
    const { ApiId } = await anApi();
    const aMock = async (template: string): Promise<string> => {
      const { IntegrationId } = await gateway.send(
        new CreateIntegrationCommand({
          ApiId,
          IntegrationType: "MOCK",
          RequestTemplates: { $default: '{"statusCode": 200}' },
        }),
      );
      await gateway.send(
        new CreateIntegrationResponseCommand({
          ApiId,
          IntegrationId,
          IntegrationResponseKey: "$default",
          ResponseTemplates: { $default: template },
        }),
      );
      return `integrations/${IntegrationId}`;
    };
    const RouteId = await aRoute(ApiId, "$default", { Target: await aMock("one of $context.connectionId") });
    const { ask, closed } = await connect(ApiId);
    const [, id] = /^one of ([\w-]{15}=)$/.exec(await ask("x")) ?? [];
    await gateway.send(new UpdateRouteCommand({ ApiId, RouteId, Target: await aMock("two of $context.connectionId") }));
    assert.equal(await ask("x"), `two of ${id}`);
    await gateway.send(new DeleteStageCommand({ ApiId, StageName: "dev" }));
    assert.deepEqual(await closed, [1001, "Going away"]);
    await assert.rejects(connect(ApiId), /refused/);
  });
});
