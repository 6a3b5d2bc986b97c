import { createHash } from "node:crypto";
import { assert } from "../base/assert.ts";
import { bounds } from "../base/bounds.ts";
import type { Clock } from "../base/clock.ts";
import type { EventClient, FunctionClient } from "../functions/function-client.ts";
import type { TlsIdentity } from "../http/http1-client/open-socket.ts";
import type { InboundExchange } from "../http/inbound.ts";
import type { Plan } from "../plan/kinds.ts";
import { planVersion } from "../plan/plan.ts";
import { AccessLogWriter } from "../telemetry/access-log-writer.ts";
import type { ExecutionLogSink } from "../telemetry/execution-log.ts";
import type { LogSink } from "../telemetry/log-sink.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { Trace, type TraceOptions } from "../telemetry/trace.ts";
import { UserPoolKeys } from "./authorizers/user-pool-keys.ts";
import { Exchange, verbs } from "./exchange.ts";
import { makeRouteHints, type RouteHints } from "./hint.ts";
import { type AwsServiceSettings, AwsServices } from "./integrations/aws-services.ts";
import { BackendPools } from "./integrations/backend-pools.ts";
import { PermissionCheck } from "./integrations/permission-check.ts";
import { type NamedIdentity, TlsIdentities } from "./integrations/tls-identities.ts";
import { linkProgram } from "./link-program.ts";
import type { Probe, ProbeOutcome } from "./probe.ts";
import type { Program } from "./program.ts";
import { makeExtendedRequestId, makeRequestId } from "./request-ids.ts";
import { addHint } from "./responses/failure.ts";
import { type Address, parseAddress } from "./routing/address.ts";
import { beginTrace, runTraced } from "./run-traced.ts";
import { refuse } from "./steps/closed.ts";
import { type SyntheticAnswer, SyntheticRequest } from "./synthetic-request.ts";
import { testMethod } from "./test-method.ts";
import type { ThreadContext } from "./thread-context.ts";

export interface GatewayOptions {
  readonly functions: FunctionClient;
  readonly events: EventClient;
  /** Takes access logs whose destination is a log group. */
  readonly logs: LogSink;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly executionLogs: ExecutionLogSink;
  /** Adds `x-portico-hint` to errors that the gateway makes. */
  readonly isDevelopment: boolean;
  readonly settings: GatewaySettings;
}

export interface GatewaySettings {
  /** The longest request body, and answer of a backend that is not streamed. AWS: 10 MB. */
  readonly payloadBytesMax: number;
  /** `-` is standard output, else a folder. */
  readonly accessLog: string;
  /** Where AWS services are that integrations call. */
  readonly services: AwsServiceSettings;
}

/** AWS: "Quotas for configuring and running a REST API": URL length. */
const targetBytesMax = 10_240;

/** A gateway thread's data plane: the programs of all stages, and what runs requests on them. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #thread: ThreadContext;
  readonly #logs: AccessLogWriter;
  readonly #programs = new Map<string, Program>();
  readonly #undeployed = new Map<string, readonly string[]>();
  readonly #hints = new Map<string, RouteHints>();

  constructor(options: GatewayOptions) {
    const { functions, events, logs, metrics, clock, logger, executionLogs, isDevelopment, settings } = options;
    this.#options = options;
    this.#logs = new AccessLogWriter({ target: settings.accessLog, logs, metrics, logger });
    this.#thread = {
      functions,
      events,
      metrics,
      clock,
      logger,
      executionLogs,
      isDevelopment,
      payloadBytesMax: settings.payloadBytesMax,
      pools: new BackendPools({ metrics, clock }),
      identities: new TlsIdentities(),
      permissions: new PermissionCheck(),
      services: new AwsServices(settings.services, clock),
      userPoolKeys: new UserPoolKeys(clock),
    };
  }

  /** Swaps a stage's program; null: the stage is gone. A plan that can't be linked is refused and the old one serves on. */
  setPlan(key: string, plan: Plan | null): void {
    const old = this.#programs.get(key);
    if (plan === null) {
      this.#programs.delete(key);
      this.#undeployed.delete(key);
    } else {
      if (plan.version !== planVersion) throw new Error(`a plan of version ${plan.version}, not ${planVersion}`);
      this.#programs.set(key, linkProgram(plan, this.#thread, this.#logs));
    }
    this.#hints.delete(key);
    old?.close();
  }

  /** Takes in a client certificate, before the plans that use it; null: none does any more. */
  setIdentity(key: string, identity: TlsIdentity | null): void {
    this.#thread.identities.set(key, identity);
  }

  /** Routes (`GET /pets`) that a stage's definition has and its deployment does not, for hints. */
  setUndeployed(key: string, routes: readonly string[]): void {
    this.#undeployed.set(key, routes);
    this.#hints.delete(key);
    if (routes.length === 0) this.#undeployed.delete(key);
  }

  /** Takes a request of the data plane; false: it is none, and the front door hands it to the management API. */
  handle(request: InboundExchange, trace?: Trace): boolean {
    const address = parseAddress(request.host, request.target);
    if (address === undefined) return false;
    const program = this.#programs.get(address.key);
    if (program === undefined) this.#refuseStage(request, this.#describeMissing(address), trace);
    else this.#serve(request, program, address, trace);
    return true;
  }

  #serve(request: InboundExchange, program: Program, address: Address, trace: Trace | undefined): void {
    if (program.plan.isDefaultEndpointDisabled) {
      const hint = "disableExecuteApiEndpoint is true: the API is reached by custom domain names only";
      this.#refuseStage(request, hint, trace);
    } else if (request.target.length > targetBytesMax) {
      this.#answer(request, {
        status: 414,
        message: "Request URI too long",
        errorType: undefined,
        hint: `a URL may have ${targetBytesMax} bytes`,
        trace,
      });
    } else this.#run(request, program, address, trace);
  }

  /** Runs a request of Portico's own and tells what became of it; calling what it returns gives it up. */
  probe(probe: Probe, onOutcome: (outcome: ProbeOutcome) => void): () => void {
    const trace = this.#trace("data", probe.bodyCharsMax);
    const startedAt = performance.now();
    const request = new SyntheticRequest(probe.request, {
      answerBytesMax: probe.answerBytesMax,
      onAnswer: (answer) => {
        const latencyMs = performance.now() - startedAt;
        // The exchange is complete when who answers returns.
        queueMicrotask(() => onOutcome(this.#conclude(answer, trace, latencyMs)));
      },
    });
    if (probe.plan === undefined) {
      if (!this.handle(request, trace)) onOutcome({ kind: "foreign" });
    } else this.#runUnserved(probe.plan, probe.identity, { request, trace });
    return () => request.giveUp();
  }

  #conclude(answer: SyntheticAnswer, trace: Trace, latencyMs: number): ProbeOutcome {
    try {
      trace.add({ kind: "answer", ...answer, body: trace.body(answer.body) });
      return { kind: "answered", ...answer, latencyMs, events: trace.events };
    } catch (error) {
      this.#options.logger.error("a request of Portico's own can't be told of", { error: String(error) });
      return { kind: "failed" };
    }
  }

  /** Runs a plan that no stage serves. */
  #runUnserved(
    plan: Plan,
    identity: NamedIdentity | undefined,
    { request, trace }: { readonly request: InboundExchange; readonly trace: Trace },
  ): void {
    const identities = new TlsIdentities();
    if (identity !== undefined) identities.set(identity.key, identity.identity);
    const thread = { ...this.#thread, identities };
    const program = linkProgram(plan, thread, this.#logs);
    if (plan.test === undefined) {
      const address = parseAddress(request.host, request.target);
      assert(address !== undefined, "who asks has found the stage by its address");
      this.#serve(request, program, address, trace);
    } else testMethod(request, program, { thread, trace });
    // It ends when its exchange does.
    program.close();
  }

  /** Flushes the access logs and lets go of the backends. */
  close(): void {
    for (const program of this.#programs.values()) program.close();
    this.#programs.clear();
    this.#thread.pools.close();
    this.#logs.close();
  }

  #run(request: InboundExchange, program: Program, address: Address, trace: Trace | undefined): void {
    const { clock } = this.#options;
    const exchange = new Exchange(request, program, address.path, address.query, clock.now());
    exchange.guard(() => {
      if (trace !== undefined) beginTrace(exchange, trace);
      if (program.plan.closed === undefined) this.#route(exchange, address.key);
      else {
        refuse(
          exchange,
          `Portico does not do this yet: ${program.plan.closed}. The stage is closed rather than left unguarded.`,
        );
      }
    });
  }

  #route(exchange: Exchange, key: string): void {
    const { program, httpMethod } = exchange;
    const match = program.router.match(exchange.path);
    // ANY is any of API Gateway's verbs; TRACE, CONNECT and inventions reach no backend.
    const index = verbs.has(httpMethod) ? (match?.methods.get(httpMethod) ?? match?.methods.get("ANY")) : undefined;
    if (match === undefined || index === undefined) {
      this.#refuseRoute(exchange, key);
      return;
    }
    exchange.pathNames = match.names;
    exchange.pathValues = match.values;
    const method = program.methods[index]!;
    exchange.method = method;
    if (method.plan.logging !== undefined && exchange.trace === undefined) {
      const { hasDataTrace, level } = method.plan.logging;
      const detail = hasDataTrace ? "data" : level === "INFO" ? "events" : "failures";
      beginTrace(exchange, this.#trace(detail, bounds.executionLogBodyCharsMax.value));
    }
    if (exchange.trace === undefined) exchange.run();
    else runTraced(exchange, exchange.trace, this.#thread);
  }

  #trace(detail: TraceOptions["detail"], bodyCharsMax: number): Trace {
    const { clock } = this.#options;
    return new Trace({ detail, bodyCharsMax, now: () => clock.now() });
  }

  /** AWS quirk: an unknown route looks like a missing signature, and an Authorization header like a broken one. */
  #refuseRoute(exchange: Exchange, key: string): void {
    const { responses } = exchange.program;
    const { metrics, isDevelopment } = this.#options;
    metrics.add("requestsUnmatched");
    const isAsked = isDevelopment || exchange.trace !== undefined;
    const hint = isAsked ? this.#hintsOf(key, exchange).describe(exchange.httpMethod, exchange.path) : undefined;
    if (hint !== undefined) exchange.trace?.add({ kind: "refused", reason: hint });
    const authorization = exchange.request.header("authorization");
    if (authorization === undefined || authorization.startsWith("AWS4-")) {
      responses.finish(exchange, "MISSING_AUTHENTICATION_TOKEN", { hint });
      return;
    }
    const message = describeAuthorization(authorization);
    responses.finish(exchange, "DEFAULT_4XX", {
      status: 403,
      message,
      errorType: "IncompleteSignatureException",
      hint,
    });
  }

  #hintsOf(key: string, exchange: Exchange): RouteHints {
    let hints = this.#hints.get(key);
    if (hints === undefined) {
      hints = makeRouteHints(exchange.program.plan, this.#undeployed.get(key) ?? []);
      this.#hints.set(key, hints);
    }
    return hints;
  }

  #describeMissing(address: Address): string {
    const prefix = `${address.apiId}/`;
    const stages = [...this.#programs.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
    const stage = address.key.slice(prefix.length);
    if (stages.length > 0) return `API ${address.apiId} has no deployed stage "${stage}"; it has ${stages.join(", ")}`;
    return `there is no API ${address.apiId} with a deployed stage`;
  }

  #refuseStage(request: InboundExchange, hint: string, trace: Trace | undefined): void {
    this.#answer(request, { status: 403, message: "Forbidden", errorType: "ForbiddenException", hint, trace });
  }

  /** What is answered before there is a stage: no gateway response customises it, and no stage logs it. */
  #answer(
    request: InboundExchange,
    answer: {
      readonly status: number;
      readonly message: string;
      readonly errorType: string | undefined;
      readonly hint: string;
      readonly trace: Trace | undefined;
    },
  ): void {
    const { metrics, isDevelopment } = this.#options;
    answer.trace?.add({ kind: "refused", reason: answer.hint });
    metrics.add("requestsUnmatched");
    metrics.request(metrics.noStage, answer.status, 0);
    const headers = ["Content-Type", "application/json"];
    headers.push("x-amzn-RequestId", makeRequestId(), "x-amz-apigw-id", makeExtendedRequestId());
    if (answer.errorType !== undefined) headers.push("x-amzn-ErrorType", answer.errorType);
    if (isDevelopment) addHint(headers, answer.hint);
    request.respond(answer.status, headers, JSON.stringify({ message: answer.message }));
  }
}

/**
 * What AWS says to an Authorization header that is no signature. The header's value is shown as a hash only.
 * AWS quirk, as observed: docs/internals/aws-facts/gateway-responses.md, "Words".
 */
function describeAuthorization(value: string): string {
  const hash = createHash("sha256").update(value, "latin1").digest("base64");
  if (!value.includes("=") || /^(?:Bearer|Basic)\s/i.test(value)) {
    return (
      "Invalid key=value pair (missing equal-sign) in Authorization header " +
      `(hashed with SHA-256 and encoded with Base64): '${hash}'.`
    );
  }
  return (
    "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
    "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a " +
    `'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=${hash}`
  );
}
