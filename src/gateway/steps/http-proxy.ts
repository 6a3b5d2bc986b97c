import type { HttpProxyPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import type { BackendCall, BackendConsumer, BackendFailure } from "../integrations/backend-call.ts";
import { answerFailure } from "../integrations/backend-failure.ts";
import { connectionOptions, linkPath, linkProxyHeaders } from "../integrations/backend-request.ts";
import { decodeBase64, linkRequestContent, refuseUndecodable } from "../integrations/content-handling.ts";
import { linkBackendCall } from "../integrations/link-backend-call.ts";
import { takeBody } from "../integrations/request-body.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { remappedName, responseHeaderFates } from "../responses/header-remapping.ts";
import type { ThreadContext } from "../thread-context.ts";
import { backendReadsBody, brokenOff, linkBackendSearch, refusePath } from "./http.ts";
import { withPayload } from "./request-template.ts";

/** AWS: API Gateway Developer Guide, "Set up HTTP integrations in API Gateway", HTTP proxy integration. */
export function linkHttpProxy(plan: HttpProxyPlan, context: LinkContext): RunStep {
  const { stage, thread } = context;
  const { backend } = plan;
  const writePath = linkPath(backend, true);
  const mapsBody = backendReadsBody(backend);
  const findInRequest = linkBackendSearch(backend, thread);
  const contentOf =
    plan.contentHandling === undefined ? undefined : linkRequestContent(plan.contentHandling, stage.binaryMediaTypes);
  const call = linkBackendCall(backend, context, {
    idleMs: plan.stream?.idleMs,
    writeHeaders: linkProxyHeaders(backend, stage.apiId),
    consumerOf: (exchange) => new Relay(exchange, plan, thread),
  });
  const pass: RunStep = (exchange) => {
    const path = writePath(exchange);
    if (typeof path !== "string") return refusePath(exchange, path);
    takeBody(exchange, thread, (body) => call(exchange, path, body));
    return false;
  };
  if (!mapsBody && contentOf === undefined) return pass;
  return (exchange) => {
    const conversion = contentOf === undefined ? "none" : contentOf(exchange).conversion;
    if (!mapsBody && conversion === "none") return pass(exchange);
    // A mapping from the body needs the whole body before the path can be written, and so does a conversion.
    withPayload(exchange, { thread, conversion }, (body) => {
      findInRequest(exchange, () => {
        const sent = conversion === "decode" && body !== undefined ? decodeBase64(body) : body;
        const path = writePath(exchange);
        if (typeof path !== "string") refusePath(exchange, path);
        else if (sent === undefined && body !== undefined) refuseUndecodable(exchange);
        else call(exchange, path, sent);
      });
    });
    return false;
  };
}

/** Passes the backend's answer to the client as it comes. */
class Relay implements BackendConsumer {
  readonly #exchange: Exchange;
  readonly #plan: HttpProxyPlan;
  readonly #thread: ThreadContext;
  #call: BackendCall | undefined = undefined;
  #bytes = 0;

  constructor(exchange: Exchange, plan: HttpProxyPlan, thread: ThreadContext) {
    this.#exchange = exchange;
    this.#plan = plan;
    this.#thread = thread;
  }

  begin(status: number, headers: readonly string[], call: BackendCall): void {
    const exchange = this.#exchange;
    const { answer } = exchange;
    // As recorded: there is no X-Amzn-Trace-Id of the gateway's own.
    const relayed = relayHeaders(headers);
    const contentLength = relayed.contentLength;
    if (contentLength !== undefined && contentLength > this.#limit && exchange.httpMethod !== "HEAD") {
      call.cancel();
      const detail = `the backend's answer of ${contentLength} bytes is over the payload limit of ${this.#limit}`;
      exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", { detail, hint: detail });
      return;
    }
    // As observed: AWS's log shows the headers before the front end renames some of them.
    exchange.trace?.beginResponse(status, headers);
    exchange.addGatewayHeaders(relayed.headers);
    exchange.status = status;
    this.#call = call;
    const isEmpty = call.isBodiless(status) && exchange.httpMethod !== "HEAD" && status !== 304;
    answer.startResponse(status, relayed.headers, isEmpty ? 0 : contentLength);
  }

  data(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limit) {
      this.#call?.cancel();
      this.cut();
      return true;
    }
    return this.#exchange.answer.write(chunk);
  }

  end(): void {
    this.#exchange.end();
  }

  cut(): void {
    this.#exchange.cut(brokenOff);
  }

  fail(failure: BackendFailure): void {
    answerFailure(this.#exchange, failure, { thread: this.#thread, backend: this.#plan.backend });
  }

  get #limit(): number {
    return this.#plan.stream !== undefined ? Number.POSITIVE_INFINITY : this.#thread.payloadBytesMax;
  }
}

/**
 * The names of headers on the client's side, or undefined for a header that is dropped. Common names are remembered.
 */
const relayedNames = new Map<string, string | undefined>();

function relayedName(name: string): string | undefined {
  const known = relayedNames.get(name);
  if (known !== undefined || relayedNames.has(name)) return known;
  const fate = responseHeaderFates.get(name.toLowerCase());
  const relayed = fate === "drop" ? undefined : fate === "remap" ? remappedName(name) : name;
  if (relayedNames.size < 1_000 && name.length <= 128) relayedNames.set(name, relayed);
  return relayed;
}

/** AWS: "Important notes for REST APIs", header remapping; a missing content type is JSON. */
function relayHeaders(backend: readonly string[]): { headers: string[]; contentLength: number | undefined } {
  const headers: string[] = [];
  let contentLength: number | undefined;
  let hasContentType = false;
  let listed: readonly string[] | undefined;
  for (let index = 0; index < backend.length; index += 2) {
    const name = backend[index]!;
    const relayed = relayedName(name);
    if (relayed === name) {
      headers.push(name, backend[index + 1]!);
      if (name.length === 12 && name.toLowerCase() === "content-type") hasContentType = true;
    } else if (relayed !== undefined) {
      headers.push(relayed, backend[index + 1]!);
      if (name.length === 14 && name.toLowerCase() === "content-length") contentLength = Number(backend[index + 1]);
      else if (name.length === 10 && name.toLowerCase() === "connection")
        listed = connectionOptions(backend[index + 1]);
    }
  }
  if (!hasContentType) headers.push("Content-Type", "application/json");
  return { headers: listed === undefined ? headers : withoutListed(headers, listed), contentLength };
}

function withoutListed(headers: readonly string[], listed: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    if (!listed.includes(headers[index]!.toLowerCase())) kept.push(headers[index]!, headers[index + 1]!);
  }
  return kept;
}
