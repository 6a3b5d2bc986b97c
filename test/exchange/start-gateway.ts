import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import type { Clock } from "../../src/base/clock.ts";
import { type RunJob, runHere } from "../../src/base/job.ts";
import { compileRest } from "../../src/compiler/compile-rest.ts";
import { compileHttpApi } from "../../src/compiler/http-api/compile-http-api.ts";
import type { Surroundings } from "../../src/compiler/surroundings.ts";
import { compileWebSocket } from "../../src/compiler/websocket/compile-websocket.ts";
import type { HttpApiDefinition, HttpStage } from "../../src/definition/http-api.ts";
import type { RestApiDefinition, Stage } from "../../src/definition/rest-api.ts";
import type { WebSocketApiDefinition, WebSocketStage } from "../../src/definition/websocket-api.ts";
import type { EventClient, FunctionClient } from "../../src/functions/function-client.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { AwsServiceSettings } from "../../src/gateway/integrations/aws-services.ts";
import type { UsageSaving } from "../../src/gateway/key-access.ts";
import { Http1Server } from "../../src/http/http1/http1-server.ts";
import { defaultHttp1Limits, type Http1Limits } from "../../src/http/http1/limits.ts";
import { developmentListener, type Listener } from "../../src/http/listener.ts";
import { createSocketServer } from "../../src/http/socket-server.ts";
import type { ApiKeyTable } from "../../src/limits/api-key-table.ts";
import {
  allocateThrottles,
  openThrottles,
  type ThrottleLimit,
  type ThrottleMemory,
} from "../../src/limits/throttles.ts";
import type { Plan } from "../../src/plan/kinds.ts";
import { stageKey } from "../../src/plan/plan.ts";
import type { ExecutionLogLine, LoggedStage } from "../../src/telemetry/execution-log.ts";
import { allocateMetrics, Metrics, renderMetrics } from "../../src/telemetry/metrics.ts";
import { makeRateMemory, RateCounters } from "../../src/waf/rate-counters.ts";
import { aStage } from "./a-rest-api.ts";
import { aWebSocketStage } from "./a-websocket-api.ts";
import { anHttpStage } from "./an-http-api.ts";
import { aKeyTable, savingAtOnce } from "./fake-keys.ts";

/** A finished exchange's execution log. */
export interface ExecutionLogEntry {
  readonly stage: LoggedStage;
  readonly requestId: string;
  readonly lines: readonly ExecutionLogLine[];
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
}

export interface GatewayUnderTest extends AsyncDisposable {
  readonly port: number;
  readonly gateway: Gateway;
  deploy(definition: RestApiDefinition, stage?: Stage, surroundings?: Surroundings): { readonly plan: Plan };
  deployHttp(definition: HttpApiDefinition, stage?: HttpStage, surroundings?: Surroundings): { readonly plan: Plan };
  deployWebSocket(
    definition: WebSocketApiDefinition,
    stage?: WebSocketStage,
    surroundings?: Surroundings,
  ): { readonly plan: Plan };
  /** Below `/prod` on the API's host. */
  call(path: string, options?: CallOptions): Promise<Reply>;
  /** Bytes as they are; resolves with what came until the gateway closed, or `until` was in it. */
  raw(bytes: string | Buffer, until?: string, port?: number): Promise<string>;
  /** Listens at one more port. */
  open(listener: Listener): Promise<number>;
  metrics(): string;
  readonly errors: unknown[];
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: Buffer | string;
  readonly host?: string;
  readonly port?: number;
  /** The path is the whole target. */
  readonly isWhole?: boolean;
}

const noFunctions: FunctionClient = {
  describe: () => undefined,
  invoke: () => Promise.reject(new Error("no functions here")),
  close: () => Promise.resolve(),
};

/** A gateway thread's data plane in this process, on a port of its own. */
export async function startGateway(
  options: {
    runJob?: RunJob;
    functions?: FunctionClient;
    events?: EventClient;
    payloadBytesMax?: number;
    limits?: Partial<Http1Limits>;
    accessLog?: string;
    cacheFillWaitMs?: number;
    services?: AwsServiceSettings;
    nowMs?: number;
    /** Tests are no load, unless they say so. */
    accountThrottle?: ThrottleLimit;
    /** The token buckets, where several gateways share them. */
    throttles?: ThrottleMemory;
    /** The API keys of the accounts. */
    apiKeys?: ApiKeyTable;
    usageSaving?: UsageSaving;
    /** Replaces the system's time. */
    clock?: Clock;
    listener?: Listener;
    /** Lines for log groups, with their group. */
    onLog?: (group: string, message: string) => void;
    onExecutionLog?: (entry: ExecutionLogEntry) => void;
    onWarning?: (message: string, fields: Record<string, unknown> | undefined) => void;
  } = {},
): Promise<GatewayUnderTest> {
  const errors: unknown[] = [];
  const buffer = allocateMetrics(1);
  const clock = options.clock ?? { now: () => options.nowMs ?? Date.now() };
  const gateway = new Gateway({
    runJob: options.runJob ?? runHere,
    functions: options.functions ?? noFunctions,
    events: options.events ?? { accept: () => Promise.reject(new Error("no events here")) },
    logs: { open: ({ group }) => ({ write: (message) => options.onLog?.(group, message) }) },
    metrics: new Metrics(buffer, 1),
    clock,
    executionLogs: {
      open: (stage) => ({
        write({ requestId }, tell) {
          const lines: ExecutionLogLine[] = [];
          tell((level, atMs, text) => lines.push({ level, atMs, text }));
          if (lines.length > 0) options.onExecutionLog?.({ stage, requestId, lines });
        },
      }),
    },
    logger: {
      debug() {},
      info() {},
      warn: (message, fields) => options.onWarning?.(message, fields),
      error: (message, fields) => errors.push([message, fields]),
    },
    apiKeys: (options.apiKeys ?? aKeyTable()).records,
    usageSaving: options.usageSaving ?? savingAtOnce,
    throttles: openThrottles(options.throttles ?? allocateThrottles(clock.now()), options.accountThrottle ?? noLoad),
    wafRates: new RateCounters(makeRateMemory([1, 2])),
    // So that names have no port.
    ownPort: () => 443,
    isOwnName: () => true,
    settings: {
      payloadBytesMax: options.payloadBytesMax ?? 10_485_760,
      accessLog: options.accessLog ?? "/nonexistent",
      services: options.services ?? { endpoints: {} },
      cacheFillWaitMs: options.cacheFillWaitMs ?? 0,
    },
  });
  const http1 = new Http1Server({
    limits: { ...defaultHttp1Limits, ...options.limits },
    clock,
    onRequest: (inbound) => {
      if (!gateway.handle(inbound)) inbound.respond(599, [], "management");
    },
    onError: (error) => errors.push(error),
  });
  const servers: Server[] = [];
  const open = (listener: Listener): Promise<number> => {
    const server = createSocketServer((socket) => http1.accept(socket, listener));
    servers.push(server);
    return listen(server);
  };
  const port = await open(options.listener ?? developmentListener);
  return {
    port,
    gateway,
    errors,
    open,
    deploy(definition, stage = aStage(), surroundings) {
      const plan = compileRest(definition, stage, { account: "000000000000", region: "us-east-1" }, surroundings);
      gateway.setPlan(stageKey(plan.apiId, plan.stageName), plan);
      return { plan };
    },
    deployHttp(definition, stage = anHttpStage(), surroundings) {
      const plan = compileHttpApi(definition, stage, { account: "000000000000", region: "us-east-1" }, surroundings);
      gateway.setApiKind(plan.apiId, "http");
      gateway.setPlan(stageKey(plan.apiId, plan.stageName), plan);
      return { plan };
    },
    deployWebSocket(definition, stage = aWebSocketStage(), surroundings) {
      const plan = compileWebSocket(definition, stage, { account: "000000000000", region: "us-east-1" }, surroundings);
      gateway.setApiKind(plan.apiId, "websocket");
      gateway.setPlan(stageKey(plan.apiId, plan.stageName), plan);
      return { plan };
    },
    call: (path, call = {}) =>
      send(call.port ?? port, call.isWhole === true ? path : `/prod${path}`, {
        host: "abc123.execute-api.us-east-1.localhost",
        ...call,
      }),
    raw: (bytes, until, at = port) => sendRaw(at, bytes, until),
    metrics: () => renderMetrics(buffer),
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.close();
      await http1.stop(0);
      await gateway.close();
    },
  };
}

const noLoad: ThrottleLimit = { ratePerSecond: 1e9, burst: 1e9 };

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function send(port: number, path: string, options: CallOptions): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port,
        host: "127.0.0.1",
        path,
        method: options.method ?? "GET",
        agent: false,
        headers: { ...options.headers, host: options.host },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const body = Buffer.concat(chunks);
          const { statusCode, headers, rawHeaders } = response;
          resolve({ status: statusCode ?? 0, headers, rawHeaders, body, text: body.toString() });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}

function sendRaw(port: number, bytes: string | Buffer, until: string | undefined): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const finish = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (until !== undefined && text.includes(until)) finish();
    });
    socket.on("error", finish);
    socket.on("close", finish);
    socket.write(bytes);
  });
}

export interface Backend extends AsyncDisposable {
  readonly origin: string;
  readonly requests: {
    method: string;
    url: string;
    rawHeaders: string[];
    headers: IncomingMessage["headers"];
    body: string;
    bytes: Buffer;
  }[];
}

/** An HTTP backend; without `answer` it echoes what it got. */
export async function startBackend(
  answer: (incoming: IncomingMessage, outgoing: ServerResponse, body: string) => void = (_, outgoing, body) =>
    outgoing.writeHead(200, { "Content-Type": "text/plain", "X-Backend": "yes" }).end(`echo ${body}`),
): Promise<Backend> {
  const requests: Backend["requests"] = [];
  const server = createHttpServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("error", () => {});
    incoming.on("end", () => {
      const bytes = Buffer.concat(chunks);
      const body = bytes.toString();
      const { method = "", url = "", rawHeaders, headers } = incoming;
      requests.push({ method, url, rawHeaders, headers, body, bytes });
      answer(incoming, outgoing, body);
    });
  });
  const port = await listen(server);
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await Promise.resolve();
    },
  };
}

/** A server that answers each connection's first bytes with bytes of its own. */
export async function startRawBackend(
  answer: (socket: import("node:net").Socket, count: number) => void,
): Promise<{ readonly origin: string } & AsyncDisposable> {
  let count = 0;
  const sockets = new Set<import("node:net").Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", () => answer(socket, ++count));
  });
  const port = await listen(server);
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await Promise.resolve();
    },
  };
}
