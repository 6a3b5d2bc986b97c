// A WebSocket API with every gate that it can have, and what lets a handshake and a message through all of them.

import { ManualClock } from "../../src/base/clock.ts";
import { noSurroundings, type Surroundings } from "../../src/compiler/surroundings.ts";
import type { WebSocketApiDefinition, WebSocketRoute, WebSocketStage } from "../../src/definition/websocket-api.ts";
import { allocateThrottles, fillThrottles, openThrottles } from "../../src/limits/throttles.ts";
import { stageKey } from "../../src/plan/plan.ts";
import type { WebSocketPlan } from "../../src/plan/websocket-plan.ts";
import { functionArn } from "../exchange/a-rest-api.ts";
import { aWebSocketApi, aWebSocketStage } from "../exchange/a-websocket-api.ts";
import { FakeFunctions } from "../exchange/fake-functions.ts";
import { addKey, aKeyTable } from "../exchange/fake-keys.ts";
import { connect, HandshakeRefused, type OpenClient } from "../exchange/open-websocket.ts";
import { type GatewayUnderTest, type Reply, startGateway } from "../exchange/start-gateway.ts";
import {
  allowedUser,
  ann,
  type Draft,
  document,
  type GoodRequest,
  type GuardedBase,
  type GuardedOptions,
  keyValue,
  nowMs,
  resultOf,
  usagePlanSetter,
  webAcl,
  webAclArn,
  writeRequest,
} from "./guarded-api.ts";

/** Handshakes, one for each way to find out who connects; each has a stage of its own. */
export const connectNames = ["none", "custom", "iam"] as const;

/** What is called: handshakes, and a message on a connection that was open before. */
export const eventNames = [...connectNames, "message"] as const;
export type EventName = (typeof eventNames)[number];

export interface GuardedWebSocketApi extends GuardedBase<"websocket"> {
  plan(method?: EventName): WebSocketPlan;
}

const authorization: Readonly<Record<(typeof connectNames)[number], Partial<WebSocketRoute>>> = {
  none: {},
  custom: { AuthorizationType: "CUSTOM", AuthorizerId: "auth" },
  iam: { AuthorizationType: "AWS_IAM" },
};

const guards: Partial<WebSocketRoute> = {
  ApiKeyRequired: true,
  RequestParameters: { "route.request.querystring.q": { Required: true } },
};

const schema = {
  $schema: "http://json-schema.org/draft-04/schema#",
  type: "object",
  required: ["text"],
  properties: { text: { type: "string" } },
};

/** A connection that is there before its messages are tried was let in by nobody: it would have to be made for each. */
const definitionOf = (event: EventName): WebSocketApiDefinition =>
  aWebSocketApi(
    {
      ...(event === "message" ? {} : { $connect: { route: { ...guards, ...authorization[event] } } }),
      speak: {
        integration: { RequestTemplates: { $default: '{"statusCode": 200}' } },
        responses: [{ ResponseTemplates: { $default: "served" } }],
        isTwoWay: true,
        route: { ModelSelectionExpression: "$request.body.kind", RequestModels: { text: "Text" } },
      },
    },
    {
      api: { ApiId: "ws123" },
      models: [{ ModelId: "text", Name: "Text", Schema: JSON.stringify(schema) }],
      authorizers: [
        {
          AuthorizerId: "auth",
          Name: "auth",
          AuthorizerType: "REQUEST",
          AuthorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
          IdentitySource: ["route.request.querystring.token"],
        },
      ],
    },
  );

/** With throttles that no test reaches unless it changes them. */
const stageOf = (event: EventName): WebSocketStage =>
  aWebSocketStage({
    StageName: event,
    DefaultRouteSettings: { ThrottlingRateLimit: 100_000, ThrottlingBurstLimit: 100_000 },
  });

/** One for all APIs, each of which begins with full buckets: memory that is shared is given back late. */
const memory = allocateThrottles(nowMs);

export async function startGuardedWebSocket(options: GuardedOptions = {}): Promise<GuardedWebSocketApi> {
  const clock = new ManualClock(nowMs);
  const functions = new FakeFunctions();
  const permission = { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn };
  functions.facts = { functionArn, policy: document(permission), policyRevision: "1" };
  functions.answer = () => resultOf();
  fillThrottles(memory);
  const table = aKeyTable();
  const throttles = openThrottles(memory, { ratePerSecond: 1e9, burst: 1e9 });
  const gateway = await startGateway({
    clock,
    functions,
    apiKeys: table,
    throttles: memory,
    ...(options.saved && { usageSaving: { hurry() {}, save: options.saved } }),
    ...(options.accountThrottle && { accountThrottle: options.accountThrottle }),
  });
  const deploy = (
    event: EventName,
    change: Parameters<GuardedWebSocketApi["configure"]>[0] = (definition, stage) => [definition, stage],
    over: Partial<Surroundings> = {},
  ): WebSocketPlan => {
    const configuration = change(definitionOf(event), stageOf(event));
    return gateway.deployWebSocket(...configuration, { ...noSurroundings, ...over }).plan as WebSocketPlan;
  };
  const plans = new Map(eventNames.map((event) => [event, deploy(event)]));
  const client = new Speaker(gateway);
  const api: GuardedWebSocketApi = {
    gateway,
    clock,
    functions,
    table,
    throttles,
    setUsagePlan: usagePlanSetter(gateway, table, "ws123", ...connectNames),
    issuerKeys: undefined,
    plan: (event = "none") => plans.get(event)!,
    configure(change, over) {
      for (const event of eventNames) plans.set(event, deploy(event, change, over));
    },
    setPlan(plan) {
      gateway.gateway.setPlan(stageKey(plan.apiId, plan.stageName), plan);
    },
    call: (event, change) =>
      event === "message"
        ? client.say(change)
        : shake(gateway, { ...aHandshake(event), isSigned: event === "iam" }, change),
    async [Symbol.asyncDispose]() {
      client.close();
      await gateway[Symbol.asyncDispose]();
    },
  };
  const { callers } = gateway.gateway;
  callers.setIdentity("user/ann", allowedUser);
  callers.setAccessKey(ann.accessKeyId, { secret: ann.secretAccessKey, isActive: true, ownerArn: allowedUser.arn });
  gateway.gateway.setWebAcl(webAclArn, webAcl);
  api.setUsagePlan();
  addKey(table, { id: "key", value: keyValue, plans: ["plan"] }, throttles.clients);
  return api;
}

const aHandshake = (event: EventName): Pick<Draft, "path" | "host" | "headers" | "query"> => ({
  path: `/${event}`,
  host: "ws123.execute-api.us-east-1.localhost",
  query: { q: "1", token: "abc" },
  headers: { "x-api-key": keyValue, "user-agent": "test" },
});

const served: Reply = { status: 200, headers: {}, rawHeaders: [], body: Buffer.alloc(0), text: "served" };

/** Tries a handshake. One that succeeds is ended, and called served. */
async function shake(
  gateway: GatewayUnderTest,
  good: GoodRequest,
  change: ((draft: Draft) => void) | undefined,
): Promise<Reply> {
  const { target, headers, host } = await writeRequest(good, change);
  try {
    const { socket } = await connect(gateway, { path: target, headers: { ...headers, host } });
    socket.terminate();
    return served;
  } catch (error) {
    if (!(error instanceof HandshakeRefused)) throw error;
    const { status, text } = error;
    return { ...served, status, text, headers: error.headers };
  }
}

/** Sends messages on one connection, as long as that lasts, and on another one when it was closed. */
class Speaker {
  readonly #gateway: GatewayUnderTest;
  #client: OpenClient | undefined = undefined;

  constructor(gateway: GatewayUnderTest) {
    this.#gateway = gateway;
  }

  /** Returns what is answered, as HTTP has it; the status of a connection that was closed is its code. */
  async say(change: ((draft: Draft) => void) | undefined): Promise<Reply> {
    const draft: Draft = {
      ...aHandshake("message"),
      message: '{"action":"speak","kind":"text","text":"hello"}',
      credentials: ann,
      signing: {},
      tamper: () => {},
    };
    change?.(draft);
    const { path, host } = draft;
    const shaken = this.#client === undefined ? await this.#connect(path, host) : undefined;
    if (shaken !== undefined) return shaken;
    const client = this.#client!;
    const closed = client.closed.then(([code, text]): Reply => {
      this.#client = undefined;
      return { ...served, status: code, text };
    });
    return Promise.race([closed, client.ask(draft.message).then(asReply)]);
  }

  async #connect(path: string, host: string): Promise<Reply | undefined> {
    try {
      this.#client = await connect(this.#gateway, { path, headers: { host } });
      return undefined;
    } catch (error) {
      if (!(error instanceof HandshakeRefused)) throw error;
      return { ...served, status: error.status, text: error.text };
    }
  }

  close(): void {
    this.#client?.socket.terminate();
  }
}

function asReply(text: string): Reply {
  if (text === "served") return served;
  const { message } = JSON.parse(text) as { readonly message: string };
  const found = statuses.find(([words]) => message.startsWith(words));
  if (found === undefined) throw new Error(`nobody knows ${text}`);
  const [, status, type] = found;
  return { ...served, status, text, headers: { "x-amzn-errortype": type } };
}

/** What a failure that a connection is told of is by HTTP. */
const statuses: readonly (readonly [words: string, status: number, type?: string])[] = [
  ["Bad request body", 400],
  ["Forbidden", 403],
  ["Too Many Requests", 429],
  ["Internal server error", 500],
  ["Portico does not do this yet", 501, "NotImplementedException"],
];
