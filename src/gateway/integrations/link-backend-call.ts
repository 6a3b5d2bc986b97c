import type { SignableRequest } from "../../access/request-signer.ts";
import type { BackendPlan } from "../../plan/steps.ts";
import { hexTraceId } from "../../telemetry/otlp-values.ts";
import type { Exchange } from "../exchange.ts";
import { setHeader } from "../header-list.ts";
import type { LinkContext } from "../link-context.ts";
import { BackendCall, type BackendConsumer, RequestBodyStream } from "./backend-call.ts";
import type { BackendRoute } from "./backend-pools.ts";
import type { WriteHeaders } from "./backend-request.ts";
import { BalancedPools } from "./balanced-pools.ts";

/** Sends an exchange's request with this path and body. */
export type CallBackend = (exchange: Exchange, path: string, body: Buffer | RequestBodyStream | undefined) => void;

/** Adds a signature to the headers of a request whose whole body is known. */
export type SignRequest = (request: SignableRequest, exchange: Exchange) => void;

/**
 * Links a backend call and holds the backend's connections as long as the program lives. The answer goes to the
 * consumer that `consumerOf` returns.
 */
export function linkBackendCall(
  plan: BackendPlan,
  context: LinkContext,
  {
    writeHeaders,
    consumerOf,
    sign,
    idleMs,
    service,
  }: {
    readonly writeHeaders: WriteHeaders;
    readonly consumerOf: (exchange: Exchange) => BackendConsumer;
    readonly sign?: SignRequest | undefined;
    /** Milliseconds for which a streamed answer may be idle. */
    readonly idleMs?: number | undefined;
    /** The service of AWS that is called. */
    readonly service?: string | undefined;
  },
): CallBackend {
  const { thread } = context;
  const pool = acquireRoute(plan, context);
  return (exchange, path, body) => {
    const headers = writeHeaders(exchange, body);
    exchange.forgetBody();
    const { contentLength } = exchange.request;
    // A streamed body keeps its declared length; the HTTP client knows the length of a buffer.
    if (body !== undefined && !Buffer.isBuffer(body) && contentLength !== undefined) {
      headers.push("Content-Length", String(contentLength));
    }
    const method = plan.httpMethod ?? exchange.httpMethod;
    if (sign !== undefined && !(body instanceof RequestBodyStream)) {
      sign({ method, target: path, host: pool.host, headers, body }, exchange);
    }
    exchange.trace?.add({
      kind: "endpoint-request",
      httpMethod: method,
      uri: plan.origin + path,
      headers,
      body: exchange.trace.body(Buffer.isBuffer(body) ? body : undefined),
    });
    const { sampled } = exchange;
    if (sampled !== undefined) {
      const called = { kind: "http", method, origin: plan.origin, path: withoutQuery(path), service } as const;
      sampled.targets.integration = called;
      // W3C: "Trace Context". A backend that OpenTelemetry instruments goes on with the collector's trace.
      if (sampled.isForOtlp && service === undefined) {
        setHeader(headers, "traceparent", `00-${hexTraceId(exchange.traceId)}-${sampled.integrationId}-01`);
      }
    }
    const consumer = consumerOf(exchange);
    const { timeoutMs } = plan;
    new BackendCall(exchange, consumer, { pool, path, headers, body, method, timeoutMs, idleMs }, thread);
  };
}

/** Queries carry secrets. */
const withoutQuery = (path: string): string => {
  const question = path.indexOf("?");
  return question < 0 ? path : path.slice(0, question);
};

/** Returns one pool, or one for each address of a VPC link. */
function acquireRoute(plan: BackendPlan, { stage, thread, onRetire }: LinkContext): BackendRoute {
  const { origin, isTlsUnverified, clientCertificateId } = plan;
  const identity =
    clientCertificateId === undefined ? undefined : thread.identities.require(stage, clientCertificateId);
  const pools = (plan.vpcLink?.addresses ?? [undefined]).map((address) => {
    const pool = thread.pools.acquire({ origin, isTlsUnverified, address, identity });
    onRetire(() => thread.pools.release(pool));
    return pool;
  });
  const [pool] = pools;
  return pool !== undefined && pools.length === 1 ? pool : new BalancedPools(pools);
}
