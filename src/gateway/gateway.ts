import { SigningKeys } from "../access/signing-key.ts";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import type { RunJob } from "../base/job.ts";
import type { EventClient, FunctionClient } from "../functions/function-client.ts";
import type { TlsIdentity } from "../http/http1-client/open-socket.ts";
import type { InboundExchange } from "../http/inbound.ts";
import { developmentListener, type Listener, type VpcEndpoint } from "../http/listener.ts";
import { hasHints } from "../http/request-client.ts";
import type { ApiKeyRecords } from "../limits/api-key-memory.ts";
import type { Throttles } from "../limits/throttles.ts";
import type { CustomDomainPlan } from "../plan/custom-domain.ts";
import type { Plan, PlanKind } from "../plan/kinds.ts";
import { stageKey } from "../plan/plan.ts";
import type { UsagePlanFacts } from "../plan/usage-plan.ts";
import type { CacheMemory } from "../response-cache/cache-memory.ts";
import { AccessLogWriter } from "../telemetry/access-log-writer.ts";
import { CanaryCounts } from "../telemetry/canary-counts.ts";
import type { ExecutionLogSink } from "../telemetry/execution-log.ts";
import type { LogSink } from "../telemetry/log-sink.ts";
import type { Logger } from "../telemetry/logger.ts";
import { MetricRecorder } from "../telemetry/metric-recorder.ts";
import type { MetricSink } from "../telemetry/metric-sink.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Reservoirs, SamplingRule } from "../telemetry/sampling-rule.ts";
import type { Trace } from "../telemetry/trace.ts";
import type { TraceSink } from "../telemetry/traced-exchange.ts";
import type { FoundSamples, SampleKey } from "../waf/samples.ts";
import type { GeoDatabase, RateCounter } from "../waf/statement-type.ts";
import type { PublishedWebAcl } from "../waf/web-acl.ts";
import { ResultCache } from "./authorizers/result-cache.ts";
import { UserPoolKeys } from "./authorizers/user-pool-keys.ts";
import { VerifiedTokens } from "./authorizers/verified-tokens.ts";
import { callerOfTest, type Tester } from "./caller.ts";
import type { Exchange } from "./exchange.ts";
import { type Front, fronts } from "./front.ts";
import { type AwsServiceSettings, AwsServices } from "./integrations/aws-services.ts";
import { BackendPools } from "./integrations/backend-pools.ts";
import { FirehoseSender } from "./integrations/firehose-sender.ts";
import { PermissionCheck } from "./integrations/permission-check.ts";
import { TlsIdentities } from "./integrations/tls-identities.ts";
import { makeKeyAccess, type UsageSaving } from "./key-access.ts";
import { KnownCallers } from "./known-callers.ts";
import { linkClosedProgram, linkProgram, UnknownPlan } from "./link-program.ts";
import { enterPrivately } from "./private-endpoint.ts";
import type { Probe, ProbeOutcome } from "./probe.ts";
import type { BelowStage, FrontRefusal, Program } from "./program.ts";
import { ResponseCaches } from "./response-caches.ts";
import { addHint } from "./responses/failure.ts";
import { type Address, type Destination, findDestination, type Places } from "./routing/address.ts";
import { ownHostOf } from "./routing/browser-document.ts";
import { type CustomDomain, CustomDomains } from "./routing/custom-domains.ts";
import { beginTrace, makeTrace } from "./run-traced.ts";
import { refuse } from "./steps/closed.ts";
import { type SyntheticAnswer, SyntheticRequest } from "./synthetic-request.ts";
import type { ThreadContext } from "./thread-context.ts";
import { TraceSampling } from "./trace-sampling.ts";
import { UnderWay } from "./under-way.ts";
import { WebAcls } from "./web-acls.ts";
import { CallbackGate, type GuardCallbacks } from "./websocket/callback-gate.ts";
import {
  type ConnectionCall,
  type ConnectionDirectory,
  type ConnectionOutcome,
  type ConnectionTarget,
  callConnection,
} from "./websocket/connection-call.ts";
import { ConnectionsApi } from "./websocket/connections-api.ts";
import { ExplainedClient } from "./websocket/explained-client.ts";
import { GroupsApi, type MissingSettings } from "./websocket/groups-api.ts";
import type { ResumeLimits } from "./websocket/kept-messages.ts";
import { LiveConnections } from "./websocket/live-connections.ts";
import type { StageCall, StageDirectory, StageOutcome } from "./websocket/stage-call.ts";

export interface GatewayOptions {
  /** Runs the jobs of `gateway-jobs.ts`, outside of this thread if it can. */
  readonly runJob: RunJob;
  readonly functions: FunctionClient;
  readonly events: EventClient;
  /** The destination of access logs that go to a log group. */
  readonly logs: LogSink;
  readonly metrics: Metrics;
  /** Takes what is measured for CloudWatch. Without it nobody does. */
  readonly points?: MetricSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly executionLogs: ExecutionLogSink;
  /** Without it, nothing is recorded as a trace. */
  readonly tracing?: TracingOptions;
  /** The token buckets that all threads share. */
  readonly throttles: Throttles;
  /** The counters of rate-based rules, which all threads share. */
  readonly wafRates: RateCounter;
  /** What geographic rules look addresses up in, if the server has it. */
  readonly geo?: GeoDatabase | undefined;
  /** The API keys that all threads share. */
  readonly apiKeys: ApiKeyRecords;
  readonly usageSaving: UsageSaving;
  readonly settings: GatewaySettings;
  /** How many gateway threads there are. */
  readonly threadCount?: number;
  /** The listener that requests of Portico's own are taken to come in by. */
  readonly listener?: Listener;
  /** Returns the document of one of AWS's own policies, by its ARN. Without it, sessions limited to one may do nothing. */
  readonly managedPolicyOf?: (arn: string) => string | undefined;
  /** Told, now and then, of an access key that signed a request, and in which region. */
  readonly noteAccessKey?: (accessKeyId: string, region: string) => void;
  /** The port that this server listens on. */
  readonly ownPort?: () => number;
  /** Returns whether a host that a client called is a name of this server. */
  readonly isOwnName?: (host: string) => boolean;
  readonly callbacks?: CallbackOptions;
}

/** What is recorded as traces, and who takes it. */
export interface TracingOptions {
  readonly sink: TraceSink;
  /** The reservoirs of X-Ray's sampling rules, which all threads share. */
  readonly reservoirs: Reservoirs;
  /**
   * The share of exchanges that are traced for an OpenTelemetry collector, where their callers have not decided that: 0
   * to 1. Undefined if there is no collector.
   */
  readonly otlpShare: number | undefined;
}

/** Who may call `@connections`, and how the calls reach the threads that have the connections. */
export interface CallbackOptions {
  /** The number of this thread. */
  readonly thread: number;
  readonly directory: ConnectionDirectory & StageDirectory;
  readonly guard: GuardCallbacks;
  readonly isEnforced: boolean;
  /** The settings that are missing for what is beyond AWS, by feature. */
  readonly missing: MissingSettings;
  /** How much is kept for clients that come back; undefined if nothing is. */
  readonly resume: ResumeLimits | undefined;
}

export interface GatewaySettings {
  /** The greatest number of bytes of a request's body, and of a backend's answer that is not streamed. AWS: 10 MB. */
  readonly payloadBytesMax: number;
  /** `-` for standard output, otherwise a folder. */
  readonly accessLog: string;
  /** A collector gets access logs, too. */
  readonly isAccessLogExported?: boolean;
  /** Where the AWS services are that integrations call. */
  readonly services: AwsServiceSettings;
  /** How many milliseconds a request waits for another one that fills its entry of a response cache; 0: it does not. */
  readonly cacheFillWaitMs?: number;
}

/** How a request came to its stage. */
interface Entry {
  readonly below: BelowStage;
  /** The VPC endpoint, for a private API. */
  readonly endpoint: VpcEndpoint | undefined;
  readonly trace: Trace | undefined;
}

/** A gateway thread's data plane: the programs of all stages, and what runs requests on them. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #thread: ThreadContext;
  readonly #firehose: FirehoseSender;
  readonly #connectionsApi: ConnectionsApi;
  readonly #programs = new Map<string, Program>();
  readonly #undeployed = new Map<string, readonly string[]>();
  readonly #canaryCounts = new Map<string, CanaryCounts>();
  readonly #domains = new CustomDomains();
  readonly #places: Places<Program> = {
    get: (key) => this.#programs.get(key),
    domains: {
      find: (host) => this.#domains.find(host),
      owns: ({ plan: { account, region } }, { plan }) => plan.account === account && plan.region === region,
    },
  };
  /** The kinds of the APIs that are no REST APIs, by their ids, whether they have stages or not. */
  readonly #kinds = new Map<string, PlanKind>();
  /** The callers whose signatures are accepted. */
  readonly callers: KnownCallers;

  constructor(options: GatewayOptions) {
    const { runJob, functions, events, logs, metrics, clock, logger, executionLogs, throttles, settings } = options;
    const { wafRates: rates, geo } = options;
    this.#options = options;
    const { directory, guard, isEnforced, missing, resume } = options.callbacks ?? this.#callbacksHere();
    this.callers = new KnownCallers({
      managedPolicyOf: options.managedPolicyOf ?? (() => undefined),
      onUse: options.noteAccessKey ?? (() => undefined),
    });
    const services = new AwsServices(settings.services, clock, (arn) =>
      this.callers.credentialsOfRole(arn, clock.now()),
    );
    this.#firehose = new FirehoseSender({ services, clock, metrics, logger });
    this.#thread = {
      runJob,
      functions,
      events,
      metrics,
      recorder: options.points && new MetricRecorder(options.points, clock),
      clock,
      logger,
      executionLogs,
      sampling: new TraceSampling(options.tracing, clock),
      traces: options.tracing?.sink ?? { write: () => undefined },
      throttles,
      webAcls: new WebAcls({ rates, geo, logs, logger }),
      keys: makeKeyAccess(options.apiKeys, throttles, options.usageSaving),
      accessLogs: new AccessLogWriter({
        target: settings.accessLog,
        logs,
        openStream: (destinationArn) => this.#firehose.open(destinationArn),
        isExported: settings.isAccessLogExported === true,
        metrics,
        logger,
      }),
      undeployed: this.#undeployed,
      payloadBytesMax: settings.payloadBytesMax,
      pools: new BackendPools({ metrics, clock }),
      identities: new TlsIdentities(),
      permissions: new PermissionCheck(),
      services,
      userPoolKeys: new UserPoolKeys(clock),
      authorizerResults: new ResultCache(clock),
      verifiedTokens: new VerifiedTokens(),
      responseCaches: new ResponseCaches(
        { index: options.callbacks?.thread ?? 0, count: options.threadCount ?? 1 },
        { clock, fillWaitMs: settings.cacheFillWaitMs ?? 0 },
      ),
      canaryCounts: this.#canaryCounts,
      knownCallers: this.callers,
      signingKeys: new SigningKeys(),
      connections: new LiveConnections({
        thread: options.callbacks?.thread ?? 0,
        features: { groups: missing.groups === undefined, wills: missing.wills === undefined, resume },
        now: () => clock.now(),
        callAll: (...call) => directory.callAll(...call),
      }),
      underWay: new UnderWay(),
      ownPort: options.ownPort ?? (() => 0),
      isOwnName: options.isOwnName ?? (() => false),
    };
    const { signingKeys } = this.#thread;
    const gate = new CallbackGate({ guard, isEnforced, callers: this.callers, signingKeys, throttles, clock, metrics });
    const groups = new GroupsApi({ directory, gate, missing });
    this.#connectionsApi = new ConnectionsApi({ directory, gate, groups });
  }

  /** Returns how connections are called where there is one thread alone. */
  #callbacksHere(): Omit<CallbackOptions, "thread"> {
    return {
      directory: {
        call: (target, call, done) => done(this.callConnection(target, call)),
        callAll: (key, call, done, onEach) =>
          this.callStage(key, call, (outcome) => {
            onEach?.(outcome);
            done([outcome]);
          }),
      },
      guard: () => undefined,
      isEnforced: false,
      missing: { groups: undefined, wills: undefined },
      resume: undefined,
    };
  }

  /**
   * Replaces a stage's program, or removes it if `plan` is null. A plan that can't be linked closes its stage, even if
   * an older program served it, because the new plan may guard the stage in ways that the older program does not know.
   * Returns why the stage was closed, or undefined.
   */
  setPlan(key: string, plan: Plan | null): string | undefined {
    const old = this.#programs.get(key);
    let problem: string | undefined;
    if (plan === null) {
      this.#programs.delete(key);
      this.#undeployed.delete(key);
    } else {
      try {
        const linked = linkProgram(plan, this.#thread);
        this.#programs.set(key, linked);
        problem = linked.problem;
      } catch (error) {
        problem = this.#close(key, error);
      }
    }
    const program = this.#programs.get(key);
    this.#thread.connections.serve(key, program?.plan.closed === undefined ? program?.messages : undefined);
    old?.life.retire();
    return problem;
  }

  /** Replaces a stage's program by one that answers 501, and returns the reason. */
  #close(key: string, error: unknown): string {
    this.#options.logger.error("A plan can't be linked: its stage is closed.", {
      stage: key,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    const reason = error instanceof UnknownPlan ? error.message : "its plan can't be linked, Portico's log says why";
    const slash = key.indexOf("/");
    this.#programs.set(key, linkClosedProgram(key.slice(0, slash), key.slice(slash + 1), reason, this.#thread));
    return reason;
  }

  /**
   * Stores a client certificate before the plans that use it arrive, or removes it if `identity` is null because no
   * plan uses it any more.
   */
  setIdentity(key: string, identity: TlsIdentity | null): void {
    this.#thread.identities.set(key, identity);
  }

  /** Takes the memory of a stage's response cache, by the stage's key. Without it nothing is cached. */
  setResponseCache(key: string, memory: CacheMemory | null): void {
    this.#thread.responseCaches.set(key, memory);
  }

  /** Takes the memory in which the requests of a stage with a canary count, before the plan with the canary arrives. */
  setCanaryCounts(key: string, memory: SharedArrayBuffer | null): void {
    if (memory === null) this.#canaryCounts.delete(key);
    else this.#canaryCounts.set(key, new CanaryCounts(memory));
  }

  /** Takes in a web ACL before the plans that name it arrive, or a change of it. Returns why it lets nothing pass. */
  setWebAcl(arn: string, webAcl: PublishedWebAcl | null): string | undefined {
    return this.#thread.webAcls.set(arn, webAcl);
  }

  /** Takes in a custom domain name, with all that it leads to, or that it is gone. */
  setCustomDomain(name: string, plan: CustomDomainPlan | null): void {
    this.#domains.set(name, plan);
  }

  /** Makes a call of a connection of this thread. */
  callConnection(target: ConnectionTarget, call: ConnectionCall): ConnectionOutcome {
    return callConnection(this.#thread.connections.find(target.connectionId), target, call);
  }

  /** Makes a call of a stage's connections in this thread, and tells `done` once what became of it. */
  callStage(key: string, call: StageCall, done: (outcome: StageOutcome) => void): void {
    this.#thread.connections.callStage(key, call, done);
  }

  /** Drops what was kept too long for clients of WebSockets. */
  expire(): void {
    this.#thread.connections.expire();
  }

  /** Returns whether a name is a custom domain name here. */
  isCustomDomain(name: string): boolean {
    return this.#domains.find(name) !== undefined;
  }

  /** Takes in the kind of an API that is no REST API, or that it is gone: an address without a stage is answered by it. */
  setApiKind(apiId: string, kind: PlanKind | null): void {
    if (kind === null) this.#kinds.delete(apiId);
    else this.#kinds.set(apiId, kind);
  }

  /** Takes in a sampling rule of X-Ray, or that it is gone. */
  setSamplingRule(key: string, rule: SamplingRule | null): void {
    this.#thread.sampling.setRule(key, rule);
  }

  /** Takes in a usage plan, or that it is gone. */
  setUsagePlan(key: string, plan: UsagePlanFacts | null): void {
    this.#thread.keys.plans.set(key, plan);
  }

  /** Returns the requests that a rule of a web ACL matched in this thread. */
  wafSamples(key: SampleKey): FoundSamples {
    return this.#thread.webAcls.samples.find(key);
  }

  /** Sets the routes (`GET /pets`) that a stage's definition has and its deployment lacks, for hints. */
  setUndeployed(key: string, routes: readonly string[]): void {
    this.#undeployed.set(key, routes);
    if (routes.length === 0) this.#undeployed.delete(key);
  }

  /**
   * Handles a request of the data plane. Returns false if it is not one; the front door then hands it to the management
   * API.
   */
  handle(request: InboundExchange, trace?: Trace): boolean {
    const { problem } = request.client;
    if (problem !== undefined) {
      this.#refuse(request, { front: fronts.rest, status: 400, message: "Bad Request", hint: () => problem }, trace);
      return true;
    }
    const destination = findDestination(this.#places, request);
    if (destination.kind === "stage") this.#serve(request, destination.stage, destination.address, trace);
    else if (destination.kind === "management") {
      return this.#connectionsApi.answerWithoutStage(request, (key) => {
        const plan = this.#programs.get(key)?.plan;
        return plan?.closed === undefined && plan?.isDefaultEndpointDisabled === false ? plan : undefined;
      });
    } else this.#answerWithoutStage(request, destination, trace);
    return true;
  }

  #answerWithoutStage(
    request: InboundExchange,
    destination: Exclude<Destination<Program>, { readonly kind: "stage" | "management" }>,
    trace: Trace | undefined,
  ): void {
    switch (destination.kind) {
      case "health":
        request.respond(200, ["Content-Type", "text/plain"], "healthy");
        return;
      case "closed": {
        const message = `Portico does not do this yet: ${destination.reason}. The name is closed rather than left unguarded.`;
        this.#refuse(request, { front: fronts.rest, status: 501, message, hint: () => message }, trace);
        return;
      }
      case "missing": {
        const { address, domain } = destination;
        // AWS: a custom domain name does not say what kind of API would be there.
        const kind = domain === undefined && address !== undefined ? this.#kinds.get(address.apiId) : undefined;
        const front = fronts[kind ?? "rest"];
        const hint = (): string =>
          domain === undefined ? this.#describeMissing(address) : describeUnmapped(domain, address);
        this.#refuse(request, { front, ...front.missing, hint }, trace);
      }
    }
  }

  #serve(request: InboundExchange, program: Program, address: Address, trace: Trace | undefined): void {
    const front = fronts[program.plan.kind];
    if (program.plan.isDefaultEndpointDisabled !== false && address.customDomain === undefined) {
      const hint = (): string => "disableExecuteApiEndpoint is true: the API is reached by custom domain names only";
      this.#refuse(request, { front, ...front.missing, hint }, trace);
      return;
    }
    const entry = enterPrivately(request, address, program.plan);
    if (entry.kind === "refused") {
      this.#refuse(request, { front, ...front.missing, hint: () => entry.reason }, trace);
      return;
    }
    const location = ownHostOf(request, address, program.plan.region);
    if (location !== undefined) {
      // 307 keeps the verb and the body of a form.
      request.respond(307, ["Location", location, "Vary", "Sec-Fetch-Dest"], undefined);
      return;
    }
    const hasConnections = program.messages !== undefined && program.plan.closed === undefined;
    if (hasConnections && this.#connectionsApi.answer(request, program.plan, address)) return;
    const refusal = program.refusalOf(request);
    if (refusal === undefined) this.#run(request, program, { below: address, endpoint: entry.endpoint, trace });
    else this.#refuse(request, { front, ...refusal }, trace);
  }

  /**
   * Runs a request that Portico makes itself and passes its outcome to `onOutcome`. The function that it returns gives
   * the request up.
   */
  probe(probe: Probe, onOutcome: (outcome: ProbeOutcome) => void): () => void {
    const trace = makeTrace("data", probe.bodyCharsMax, this.#options.clock);
    const startedAt = performance.now();
    let client: ExplainedClient | undefined;
    let release = (): void => {};
    const request: SyntheticRequest = new SyntheticRequest(probe.request, {
      listener: { ...(this.#options.listener ?? developmentListener), isEncrypted: probe.request.isEncrypted },
      answerBytesMax: probe.answerBytesMax,
      onAnswer: (answer) => {
        const latencyMs = performance.now() - startedAt;
        // The exchange is complete once the code that answers has returned.
        queueMicrotask(() => {
          release();
          onOutcome(this.#conclude(answer, trace, latencyMs));
        });
      },
      connect: (receiver, headers) => {
        trace.add({ kind: "answer", status: 101, headers: [...headers], body: trace.body(undefined), isCut: false });
        client = new ExplainedClient(receiver, { message: probe.message, trace, onGone: () => request.end() });
        return client;
      },
    });
    if (probe.plan !== undefined) release = this.#runUnserved({ ...probe, plan: probe.plan }, request, trace);
    else if (!this.handle(request, trace)) onOutcome({ kind: "foreign" });
    return () => {
      client?.leave();
      request.giveUp();
    };
  }

  #conclude(answer: SyntheticAnswer, trace: Trace, latencyMs: number): ProbeOutcome {
    try {
      // Of a WebSocket the handshake's answer is told before what comes on it.
      const isTold = answer.status === 101 && !answer.isCut;
      if (!isTold) trace.last.add({ kind: "answer", ...answer, body: trace.body(answer.body) });
      return { kind: "answered", ...answer, latencyMs, events: trace.allEvents };
    } catch (error) {
      this.#options.logger.error("a request of Portico's own can't be told of", { error: String(error) });
      return { kind: "failed" };
    }
  }

  /** Runs a plan that no stage serves. Returns what ends its program, once its exchanges have. */
  #runUnserved(
    { plan, tester, identity }: Probe & { readonly plan: Plan },
    request: InboundExchange,
    trace: Trace,
  ): () => void {
    const identities = new TlsIdentities();
    if (identity !== undefined) identities.set(identity.key, identity.identity);
    const connections = this.#thread.connections.apart();
    // The stage's callers would find what a backend that is not theirs answered.
    const responseCaches = this.#thread.responseCaches.apart();
    // What no stage serves is measured for none.
    const thread = { ...this.#thread, identities, connections, responseCaches, recorder: undefined };
    const program = linkProgram(plan, thread, tester === undefined ? "serve" : "test");
    const own = stageKey(plan.apiId, plan.stageName);
    connections.serve(own, program.messages);
    if (tester === undefined) {
      const places = { ...this.#places, get: (key: string) => (key === own ? program : undefined) };
      const destination = findDestination(places, request);
      assert(destination.kind !== "management", "who asks has found the stage by its address");
      if (destination.kind === "stage") this.#serve(request, program, destination.address, trace);
      else this.#answerWithoutStage(request, destination, trace);
    } else this.#test(request, program, { tester, trace });
    return () => program.life.retire();
  }

  /** Resolves when no exchange is under way: the route `$disconnect` runs when nobody is connected any more. */
  idle(): Promise<void> {
    return this.#thread.underWay.idle();
  }

  /** Hands on what was measured for CloudWatch. */
  flushMetrics(): void {
    this.#thread.recorder?.flush();
  }

  /** Flushes the access logs and closes the connections to backends. Resolves when other services have the lines, or too late. */
  async close(): Promise<void> {
    for (const program of this.#programs.values()) program.life.retire();
    this.#programs.clear();
    this.flushMetrics();
    this.#thread.pools.close();
    this.#thread.accessLogs.close();
    await this.#firehose.close();
  }

  #test(
    request: InboundExchange,
    program: Program,
    { tester, trace }: { readonly tester: Tester; readonly trace: Trace },
  ): void {
    assert(program.test !== undefined, "only methods of a kind with tests are tested");
    const { target } = request;
    const question = `${target}?`.indexOf("?");
    const below = { path: target.slice(0, question), query: target.slice(question + 1) };
    const exchange = program.open(request, below, this.#options.clock.now());
    exchange.caller = callerOfTest(tester, program.plan.account, request);
    exchange.guard(() => {
      beginTrace(exchange, trace);
      program.test?.(exchange);
    });
  }

  #run(request: InboundExchange, program: Program, { below, endpoint, trace }: Entry): void {
    const exchange = this.#open(request, program, below, trace);
    if (exchange === undefined) return;
    if (endpoint !== undefined) exchange.caller.vpcEndpoint = { id: endpoint.id, vpcId: endpoint.vpcId };
    exchange.guard(() => {
      if (trace !== undefined) beginTrace(exchange, trace);
      // It is another than the stage's program if this request is its canary's.
      const side = exchange.program;
      const { closed, isCanary } = side.plan;
      if (closed === undefined) {
        if (side.gate === undefined) side.route(exchange);
        else side.gate(exchange, () => side.route(exchange));
      } else {
        const what = isCanary === true ? "canary" : "stage";
        const why = `Portico does not do this yet: ${closed}. The ${what} is closed rather than left unguarded.`;
        refuse(exchange, why);
      }
    });
  }

  /** Makes the exchange of a request; if that fails, answers as the program's kind of API does. */
  #open(request: InboundExchange, program: Program, below: BelowStage, trace: Trace | undefined): Exchange | undefined {
    try {
      return program.open(request, below, this.#options.clock.now());
    } catch (error) {
      this.#options.logger.error("A request could not be read.", {
        stage: `${program.plan.apiId}/${program.plan.stageName}`,
        error: error instanceof Error ? error.stack : String(error),
      });
      const front = fronts[program.plan.kind];
      const hint = (): string => "Portico failed before it had read the request; its log says why";
      this.#refuse(request, { front, ...front.internal, hint }, trace);
      return undefined;
    }
  }

  #describeMissing(address: Address | undefined): string {
    if (address === undefined) return "this is no address of an API";
    const prefix = `${address.apiId}/`;
    const stages = [...this.#programs.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
    const stage = address.key.slice(prefix.length);
    if (stages.length > 0) {
      const wanted = stage === "" ? `needs a stage in the path` : `has no deployed stage "${stage}"`;
      return `API ${address.apiId} ${wanted}; it has ${stages.join(", ")}`;
    }
    return `no stage of an API ${address.apiId} is deployed: either it has no stage yet, or there is no such API`;
  }

  /** Answers a request for which there is no exchange yet; only the request itself is known. */
  #refuse(
    request: InboundExchange,
    { front, status, message, errorType, hint }: FrontRefusal & { readonly front: Front },
    trace: Trace | undefined,
  ): void {
    const { metrics } = this.#options;
    metrics.add("requestsUnmatched");
    metrics.request(metrics.noStage, status, 0);
    const headers = ["Content-Type", "application/json", ...front.headers()];
    if (errorType !== undefined) headers.push("x-amzn-ErrorType", errorType);
    if (trace !== undefined || hasHints(request)) {
      const reason = hint();
      trace?.add({ kind: "refused", reason });
      addHint(request, headers, reason);
    }
    request.respond(status, headers, JSON.stringify({ message }));
  }
}

/** Says why a custom domain name leads nowhere. */
const describeUnmapped = ({ name }: CustomDomain, address: Address | undefined): string =>
  address === undefined
    ? `no routing rule and no API mapping of ${name} takes this path`
    : `${name} leads to ${address.key}, which is no deployed stage of its account`;
