import { bounds } from "../../base/bounds.ts";
import { problems } from "../../http/http1/problem.ts";
import type { InboundExchange, InboundRequest } from "../../http/inbound.ts";
import { hasHints } from "../../http/request-client.ts";
import type { WebSocketPeer } from "../../http/websocket/websocket.ts";
import { connectBucket, isLifted } from "../../limits/throttles.ts";
import type { Bucket } from "../../limits/token-buckets.ts";
import { stageKey } from "../../plan/plan.ts";
import { connectKey, defaultKey, disconnectKey, type WebSocketPlan } from "../../plan/websocket-plan.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Caller } from "../caller.ts";
import type { ConnectionFacts } from "../connection-facts.ts";
import type { Exchange } from "../exchange.ts";
import { lastHeader } from "../header-list.ts";
import type { LinkedMethods } from "../linked-methods.ts";
import type { LinkedStage } from "../linked-stage.ts";
import type { BelowStage, FrontRefusal, MethodProgram, Program } from "../program.ts";
import type { ProgramLife } from "../program-life.ts";
import { makeExtendedRequestId } from "../request-ids.ts";
import { addHint } from "../responses/failure.ts";
import { runMethod } from "../run-traced.ts";
import { describeSelection, linkSelectionKey, type SelectKey } from "../selection.ts";
import { Payload } from "../templates/payload.ts";
import type { ThreadContext } from "../thread-context.ts";
import { openV2Exchange } from "../v2-exchange.ts";
import { callbackDomain } from "./callback-domain.ts";
import { readConnectAnswer } from "./connect-answer.ts";
import { HandshakeAnswer } from "./handshake-answer.ts";
import type { MessageProgram } from "./message-program.ts";
import { type AnswerTaker, MessageRequest, noAnswerStatus } from "./message-request.ts";
import { type ClientReturn, identityOf, isResumeToken, type ResumeWish, readResumeWish } from "./resumable.ts";
import { messageOf, webSocketResponses } from "./websocket-responses.ts";
import { WebSocketSession, webSocketLimits } from "./websocket-session.ts";

/** AWS: "Quotas for configuring and running a WebSocket API": URL length. */
const targetBytesMax = bounds.webSocketTargetBytesMax.value;

const targetTooLong: FrontRefusal = {
  status: 414,
  message: "Request URI too long",
  hint: () => `the URL of a WebSocket may have ${targetBytesMax} bytes`,
};

const unknownToken = "the token is expired, of another stage, or somebody else's";

/** Tells a client that it will not be able to come back. */
const refuseToken = (peer: WebSocketPeer): void => {
  const reason = "too many clients may come back already";
  peer.send(JSON.stringify({ porticoResume: { token: null, isResumed: false, reason } }));
};

/** What `$connect` has let in. */
interface AcceptedHandshake {
  /** The stage as it was when the handshake came. */
  readonly stage: object | undefined;
  readonly wish: ResumeWish | undefined;
  /** Of the integration's answer. */
  readonly headers: readonly string[];
}

const noBody = Buffer.alloc(0);
const toNobody: AnswerTaker = { isHeard: () => false, take: () => undefined };
const answerBytesMax = bounds.webSocketMessageBytesMax.value;
const rootOfStage: BelowStage = { path: "", query: "" };

/** Links the plan of a WebSocket API's stage. */
export const linkWebSocketProgram = (plan: WebSocketPlan, stage: LinkedStage): Program =>
  new WebSocketProgram(plan, stage);

class WebSocketProgram implements Program, MessageProgram {
  readonly plan: WebSocketPlan;
  readonly responses = webSocketResponses;
  readonly logger: Logger;
  readonly life: ProgramLife;
  readonly #key: string;
  readonly #thread: ThreadContext;
  readonly #methods: LinkedMethods;
  readonly #connects: Bucket;
  readonly #selectRoute: SelectKey;

  constructor(plan: WebSocketPlan, { thread, life, methods }: LinkedStage) {
    this.plan = plan;
    this.logger = thread.logger;
    this.life = life;
    this.#connects = connectBucket(thread.throttles, plan);
    this.#key = stageKey(plan.apiId, plan.stageName);
    this.#thread = thread;
    this.#methods = methods;
    this.#selectRoute = linkSelectionKey(plan.routeSelection);
  }

  /** A stage that is closed takes no messages, and its connections end. */
  get messages(): MessageProgram | undefined {
    return this.plan.closed === undefined ? this : undefined;
  }

  refusalOf({ target }: InboundRequest): FrontRefusal | undefined {
    return target.length > targetBytesMax ? targetTooLong : undefined;
  }

  open(inbound: InboundExchange, below: BelowStage, nowMs: number): Exchange {
    const { features } = this.#thread.connections;
    const { wish, query } =
      features.resume === undefined ? { wish: undefined, query: below.query } : readResumeWish(below.query);
    const exchange = openV2Exchange(inbound, this, { ...below, query }, nowMs);
    if (inbound.webSocket === "asked" && exchange.pathAsSent === "/") {
      const connectionId = this.#thread.connections.makeId();
      const domainName = callbackDomain(inbound, this.plan, {
        isByCustomDomain: below.customDomain !== undefined,
        ownPort: this.#thread.ownPort(),
        isOwnName: this.#thread.isOwnName,
      });
      exchange.connection = { connectionId, domainName, connectedMs: nowMs, eventType: "CONNECT" };
      const stage = this.#thread.connections.stageOf(this.#key);
      exchange.answer = new HandshakeAnswer(inbound, (headers) =>
        this.#accept(exchange, inbound, { stage, wish, headers }),
      );
    }
    return exchange;
  }

  /** Runs the route `$connect`. */
  route(exchange: Exchange): void {
    const { connection, pathAsSent, request } = exchange;
    if (connection === undefined) {
      this.#thread.metrics.add("requestsUnmatched");
      this.#refuse(exchange, pathAsSent, request.webSocket);
      return;
    }
    if (!this.#isDeployed) {
      const hint = `the stage ${this.plan.stageName} has no deployment yet: create-deployment --stage-name ${this.plan.stageName}`;
      this.responses.finish(exchange, "RESOURCE_NOT_FOUND", { hint });
      return;
    }
    if (!this.#takeConnect()) {
      this.#thread.metrics.add("requestsThrottled");
      const { ratePerSecond } = this.#thread.throttles.connects;
      const hint = `the account ${this.plan.account} may make ${ratePerSecond} connections a second in ${this.plan.region}; --limit webSocketConnects=N changes that`;
      this.responses.finish(exchange, "THROTTLED", { hint });
      return;
    }
    const method = this.#methodOf(connectKey);
    if (method === undefined) exchange.respond(200, [], undefined);
    else runMethod(exchange, method, this.#thread);
  }

  /** AWS: "Quotas for configuring and running a WebSocket API": new connections per second per account, per Region. */
  #takeConnect(): boolean {
    const { throttles, clock } = this.#thread;
    const { connects, methods } = throttles;
    return isLifted(connects) || methods.take(this.#connects, connects.ratePerSecond, connects.burst, clock.now());
  }

  #refuse(exchange: Exchange, path: string, wish: InboundRequest["webSocket"]): void {
    if (path !== "/") {
      const hint = `a WebSocket connects to /${this.plan.stageName}, and nothing is below it`;
      this.responses.finish(exchange, "RESOURCE_NOT_FOUND", { hint });
    } else if (wish === "crowded") refuseCrowded(exchange);
    else if (typeof wish === "object") this.responses.finish(exchange, "DEFAULT_4XX", { hint: wish.problem });
    else {
      // Unconfirmed: see docs/compatibility.md, "WebSocket APIs, handshakes".
      const hint = "this is a WebSocket API: connect to it with ws://";
      this.responses.finish(exchange, "DEFAULT_4XX", { status: 426, hint });
    }
  }

  /**
   * Who connected before there are routes would be asked nothing, and stay when they are there.
   * AWS: API Gateway Developer Guide, "Deploy WebSocket APIs in API Gateway": nothing can be called before a stage has a deployment.
   */
  get #isDeployed(): boolean {
    return this.plan.deploymentId !== "";
  }

  #methodOf(routeKey: string): MethodProgram | undefined {
    const { routes } = this.plan;
    return Object.hasOwn(routes, routeKey) ? this.#methods.at(routes[routeKey]!) : undefined;
  }

  /** Makes the WebSocket that the route `$connect` has let in. The integration chooses the subprotocol. */
  #accept(exchange: Exchange, inbound: InboundExchange, { stage, wish, headers }: AcceptedHandshake): void {
    const { connectionId: id, domainName, connectedMs } = exchange.connection!;
    const { account } = this.plan;
    const { connections } = this.#thread;
    const settings = readConnectAnswer(headers, connections.features);
    if (typeof settings === "string") {
      refuseConnectAnswer(exchange, inbound, settings);
      return;
    }
    const facts = { id, key: this.#key, account, connectedMs, caller: whoConnected(exchange), domainName };
    const session = new WebSocketSession(facts, inbound, connections);
    const protocol = lastHeader(headers, "sec-websocket-protocol");
    // RFC 6455 §4.2.2: one of those that the client asked for, or none.
    const isWanted = protocol !== undefined && protocolsOf(inbound).includes(protocol);
    const begin = (comeback?: ClientReturn): void => {
      // A stage that was removed while $connect ran takes this connection along, too.
      const isServed = stage !== undefined && connections.stageOf(this.#key) === stage;
      const peer = inbound.upgrade(isWanted ? ["Sec-WebSocket-Protocol", protocol] : [], webSocketLimits, session);
      if (peer === undefined) {
        if (isServed && comeback !== undefined) session.beginAway(comeback);
      } else if (isServed) session.begin(peer, settings, comeback);
      else peer.close(1001, "Going away");
    };
    if (wish === undefined) begin();
    else this.#findClient(wish, session, begin);
  }

  /** Finds what is kept for the client of a handshake, or begins to keep something. */
  #findClient(wish: ResumeWish, { caller }: WebSocketSession, found: (comeback: ClientReturn) => void): void {
    const { connections } = this.#thread;
    const identity = identityOf(caller);
    const beginAnew = (refusal?: string): void => {
      const resumable = connections.makeResumable(this.#key, identity);
      if (resumable === undefined) found({ resumable, groups: [], begin: refuseToken });
      else found({ resumable, groups: [], begin: (peer) => resumable.begin(peer, undefined, refusal) });
    };
    const { token, received } = wish;
    if (token === undefined) beginAnew();
    else if (!isResumeToken(token)) beginAnew(unknownToken);
    else {
      connections.claim(this.#key, { token, identity }, (client) => {
        const resumable = client && connections.makeResumable(this.#key, identity, token);
        if (resumable === undefined) beginAnew(unknownToken);
        else {
          resumable.continueFrom(client!);
          found({ resumable, groups: client!.groups, begin: (peer) => resumable.begin(peer, { received }) });
        }
      });
    }
  }

  receive(session: WebSocketSession, message: Buffer): void {
    const facts = { eventType: "MESSAGE", messageId: makeExtendedRequestId() } as const;
    let isTwoWay = false;
    const exchange = this.#openEvent(session, facts, message, {
      isHeard: () => isTwoWay,
      take(answer) {
        if (answer === undefined) session.send(failAnswer(exchange));
        else if (isTwoWay || exchange.error !== undefined) session.send(answer);
        session.answered(message);
      },
    });
    exchange.guard(() => {
      exchange.body = message;
      exchange.requestPayload = new Payload(message);
      const method = this.#routeOf(exchange);
      if (method === undefined) {
        const hint = `no route is for this message, and there is no ${defaultKey}`;
        this.responses.finish(exchange, "RESOURCE_NOT_FOUND", { hint });
        return;
      }
      isTwoWay = "isTwoWay" in method.plan && method.plan.isTwoWay;
      runMethod(exchange, method, this.#thread);
    });
  }

  /**
   * Finds a message's route. What is not JSON, what the expression can't be evaluated for, and what has a key of no route or of
   * one that API Gateway itself calls, goes to `$default`.
   * AWS: API Gateway Developer Guide, "Create routes for WebSocket APIs in API Gateway".
   */
  #routeOf(exchange: Exchange): MethodProgram | undefined {
    const payload = exchange.requestPayload!;
    const isJson = payload.text !== "" && payload.json.kind === "value";
    const key = isJson ? this.#selectRoute(exchange) : undefined;
    const isCallable = key !== undefined && key !== connectKey && key !== disconnectKey;
    const method = (isCallable ? this.#methodOf(key) : undefined) ?? this.#methodOf(defaultKey);
    exchange.trace?.add({
      kind: "message-route",
      expression: describeSelection(this.plan.routeSelection),
      value: key,
      isJson,
      routeKey: method?.plan.routeKey,
    });
    return method;
  }

  disconnect(session: WebSocketSession, code: number, reason: string): void {
    const method = this.#methodOf(disconnectKey);
    if (method === undefined && this.plan.accessLog === undefined) return;
    const facts = { eventType: "DISCONNECT", disconnect: { code, reason } } as const;
    const exchange = this.#openEvent(session, facts, noBody, toNobody);
    exchange.guard(() => {
      // Without a route, the end of a connection is still a line of the access log.
      if (method === undefined) exchange.respond(200, [], undefined);
      else runMethod(exchange, method, this.#thread);
    });
  }

  /** Makes the exchange of something that happened on a connection. */
  #openEvent(
    session: WebSocketSession,
    { eventType, messageId, disconnect }: Pick<ConnectionFacts, "eventType" | "messageId" | "disconnect">,
    body: Buffer,
    taker: AnswerTaker,
  ): Exchange {
    const request = new MessageRequest(session, body, taker);
    const exchange = openV2Exchange(request, this, rootOfStage, this.#thread.clock.now());
    exchange.caller = session.caller;
    const { id: connectionId, domainName, connectedMs } = session;
    exchange.connection = { connectionId, domainName, connectedMs, eventType, messageId, disconnect };
    if (eventType === "MESSAGE") session.explained?.watch(exchange);
    return exchange;
  }

  /** Unconfirmed: see docs/compatibility.md, "WebSocket APIs, handshakes". */
  addHeaders({ requestId }: Exchange, headers: string[]): void {
    headers.push("x-amzn-RequestId", requestId);
  }

  contextPath({ pathAsSent }: Exchange): string {
    return `/${this.plan.stageName}${pathAsSent}`;
  }
}

/** Notes that an integration's answer can't be sent, because it broke off or is too long, and returns what is sent instead. */
function failAnswer(exchange: Exchange): string {
  const { answer, integration, request } = exchange;
  const message = "Internal server error";
  exchange.status = noAnswerStatus;
  exchange.error ??= { type: "INTEGRATION_FAILURE", message };
  if (answer.responseBytes <= answerBytesMax) return messageOf(exchange, message);
  const why = `the integration answered more than the ${answerBytesMax} bytes of a message`;
  if (integration !== undefined) integration.error ??= why;
  exchange.trace?.addFailure([`Execution failed: ${why}`]);
  return messageOf(exchange, message, hasHints(request) ? why : undefined);
}

/** Answers a handshake for which there is no room. AWS has no bound on how many are connected. */
function refuseCrowded(exchange: Exchange): void {
  const { status, contentType, body, hint } = problems.webSocketsCrowded;
  const headers = ["Content-Type", contentType];
  addHint(exchange.request, headers, hint);
  exchange.respond(status, headers, body);
}

/** Answers a handshake whose integration said what can't be done. */
function refuseConnectAnswer(exchange: Exchange, inbound: InboundExchange, problem: string): void {
  const headers = ["Content-Type", "application/json"];
  exchange.program.addHeaders?.(exchange, headers);
  addHint(inbound, headers, problem);
  inbound.respond(502, headers, messageOf(exchange, "Internal server error"));
}

function protocolsOf({ headerNames, rawHeaders }: InboundRequest): readonly string[] {
  const lines = rawHeaders.filter((_, at) => at % 2 === 1 && headerNames[at >> 1] === "sec-websocket-protocol");
  return lines.flatMap((line) => line.split(",").map((protocol) => protocol.trim()));
}

/** Returns what is known of the caller for as long as the connection lasts. A policy was asked once, and is not again. */
function whoConnected({ caller, access }: Exchange): Caller {
  if (caller.grant === undefined) return caller;
  const { policy: _, policyText: __, ...grant } = caller.grant;
  return { ...caller, grant: { ...grant, integrationLatencyMs: access?.authorizer?.integrationLatencyMs ?? 0 } };
}
