import type { HttpPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { BackendCall, type BackendConsumer, type BackendFailure } from "../integrations/backend-call.ts";
import { answerFailure } from "../integrations/backend-failure.ts";
import { linkCustomHeaders, linkPath } from "../integrations/backend-request.ts";
import { takeBody } from "../integrations/request-body.ts";
import type { RunStep } from "../program.ts";
import type { ThreadContext } from "../thread-context.ts";
import {
  chooseResponseTemplate,
  linkSelection,
  type SelectResponse,
  writeResponseHeaders,
} from "./integration-response.ts";
import type { LinkContext } from "./link-step.ts";
import { linkRequestTemplates } from "./request-template.ts";

/** AWS: API Gateway Developer Guide, "Set up HTTP integrations in API Gateway", HTTP custom integration. */
export function linkHttp(plan: HttpPlan, { stage, thread, onRetire }: LinkContext): RunStep {
  const { backend } = plan;
  const pool = thread.pools.acquire(backend);
  onRetire(() => thread.pools.release(pool));
  const writePath = linkPath(backend, false);
  const writeHeaders = linkCustomHeaders(backend, stage.apiId);
  const chooseBody = linkRequestTemplates(plan.request);
  const select = linkSelection(plan.responses);
  return (exchange) => {
    const template = chooseBody(exchange);
    if (template.kind === "refuse") return exchange.program.responses.finish(exchange, "UNSUPPORTED_MEDIA_TYPE");
    const path = writePath(exchange);
    if (path === undefined) return refusePath(exchange);
    takeBody(exchange, thread, (requestBody) => {
      const body = template.kind === "text" ? Buffer.from(template.text) : requestBody;
      const headers = writeHeaders(exchange);
      const { contentLength } = exchange.request;
      if (body !== undefined && !Buffer.isBuffer(body) && contentLength !== undefined) {
        headers.push("Content-Length", String(contentLength));
      }
      const mapper = new ResponseMapper(exchange, { plan, select, thread });
      const method = backend.httpMethod ?? exchange.httpMethod;
      new BackendCall(exchange, mapper, { pool, path, headers, body, method, timeoutMs: backend.timeoutMs }, thread);
    });
    return false;
  };
}

/** A path that would leave the part of the backend that the integration opens. */
export function refusePath(exchange: Exchange): false {
  return exchange.program.responses.finish(exchange, "DEFAULT_4XX", {
    hint: "a path parameter has a segment `..`, which the backend would resolve",
  });
}

/** Maps the backend's answer by the integration response of its status. */
class ResponseMapper implements BackendConsumer {
  readonly #exchange: Exchange;
  readonly #plan: HttpPlan;
  readonly #select: SelectResponse;
  readonly #thread: ThreadContext;
  #isStreaming = false;
  #bytes = 0;

  constructor(
    exchange: Exchange,
    options: { readonly plan: HttpPlan; readonly select: SelectResponse; readonly thread: ThreadContext },
  ) {
    this.#exchange = exchange;
    this.#plan = options.plan;
    this.#select = options.select;
    this.#thread = options.thread;
  }

  begin(status: number, backendHeaders: readonly string[], call: BackendCall): void {
    const exchange = this.#exchange;
    const { responses } = exchange.program;
    const response = this.#select(String(status));
    if (response === undefined || !response.plan.isDeclared) {
      call.cancel();
      responses.finish(exchange, "API_CONFIGURATION_ERROR", {
        hint:
          response === undefined
            ? `No match for output mapping and no default endpoint response configured. Endpoint Response Status Code: ${status}`
            : `Output mapping refers to an invalid method response: ${response.plan.statusCode}`,
      });
      return;
    }
    const template = chooseResponseTemplate(exchange, response.plan);
    const headers = writeResponseHeaders(exchange, response, template);
    headers.push("X-Amzn-Trace-Id", `Root=${exchange.traceId}`);
    if (template.text !== null) {
      // The backend's body is read and thrown away, which keeps the connection.
      exchange.respond(response.plan.statusCode, headers, template.text);
      return;
    }
    exchange.status = response.plan.statusCode;
    exchange.addGatewayHeaders(headers);
    this.#isStreaming = true;
    exchange.request.onDrain = () => call.resume();
    const contentLength = call.isBodiless(status) ? 0 : contentLengthOf(backendHeaders);
    exchange.request.startResponse(response.plan.statusCode, headers, contentLength);
  }

  data(chunk: Buffer): boolean {
    if (!this.#isStreaming) return true;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#thread.payloadBytesMax) {
      this.cut();
      return true;
    }
    return this.#exchange.request.write(chunk);
  }

  end(): void {
    this.#exchange.request.end();
    this.#exchange.complete();
  }

  cut(): void {
    this.#exchange.request.abort();
    this.#exchange.complete();
  }

  fail(failure: BackendFailure): void {
    const { origin, timeoutMs } = this.#plan.backend;
    answerFailure(this.#exchange, failure, { thread: this.#thread, origin, timeoutMs });
  }
}

function contentLengthOf(headers: readonly string[]): number | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]!.toLowerCase() === "content-length") return Number(headers[index + 1]);
  }
  return undefined;
}
