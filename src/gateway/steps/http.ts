import { reservedHeaders, reservedHeadersOfServices } from "../../plan/reserved-headers.ts";
import type { HttpPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import type { BackendCall, BackendConsumer, BackendFailure, RequestBodyStream } from "../integrations/backend-call.ts";
import { answerFailure } from "../integrations/backend-failure.ts";
import { linkCustomHeaders, linkPath, type WriteHeaders, type WritePath } from "../integrations/backend-request.ts";
import {
  type Content,
  decodeBase64,
  decodeText,
  isText,
  linkRequestContent,
  refuseUndecodable,
} from "../integrations/content-handling.ts";
import { linkBackendCall, type SignRequest } from "../integrations/link-backend-call.ts";
import { takeBody } from "../integrations/request-body.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { configurationError } from "../responses/failure.ts";
import { Payload } from "../templates/payload.ts";
import type { ThreadContext } from "../thread-context.ts";
import { findInBody, linkBodyPaths, readsBody } from "../values.ts";
import {
  type ChosenTemplate,
  checkResponse,
  chooseResponseTemplate,
  type IntegrationResponse,
  linkSelection,
  needsPayload,
  ofAws,
  ofHttp,
  overrideResponse,
  respondMapped,
  type SelectResponse,
  writeResponseHeaders,
} from "./integration-response.ts";
import {
  checkOverrides,
  linkRequestTemplates,
  type RequestBody,
  refuseRequest,
  renderRequest,
  withPayload,
} from "./request-template.ts";

/** AWS: API Gateway Developer Guide, "Set up HTTP integrations in API Gateway", HTTP custom integration. */
export function linkHttp(plan: HttpPlan, context: LinkContext): RunStep {
  const { backend } = plan;
  return linkMapped(plan, context, {
    writePath: linkPath(backend, false),
    writeHeaders: linkCustomHeaders(backend, context.stage.apiId),
  });
}

/** How requests are written. A signed request has its whole body. */
interface WriteRequest {
  readonly writePath: WritePath;
  readonly writeHeaders: WriteHeaders;
  readonly sign?: SignRequest;
  /** The service of AWS that is called. */
  readonly service?: string | undefined;
}

/** Links an integration that sends what templates and mappings make of a request, and maps the answer by its status. */
export function linkMapped(
  plan: Omit<HttpPlan, "kind">,
  context: LinkContext,
  { writePath, writeHeaders, sign, service }: WriteRequest,
): RunStep {
  const { stage, thread } = context;
  const { backend } = plan;
  const chooseBody = linkRequestTemplates(plan.request, context);
  const select = linkSelection(plan.responses, context, sign === undefined ? ofHttp : ofAws);
  const contentOf = linkRequestContent(plan.request.contentHandling, stage.binaryMediaTypes);
  const reserved = sign === undefined ? reservedHeaders : reservedHeadersOfServices;
  const needsBody = sign !== undefined || backendReadsBody(backend);
  const findInRequest = linkBackendSearch(backend, thread);
  const call = linkBackendCall(backend, context, {
    writeHeaders,
    sign,
    service,
    consumerOf: (exchange) => new ResponseMapper(exchange, { plan, select, thread }),
  });
  // Templates come before the path, which they can override.
  const isService = sign !== undefined;
  const transform = (exchange: Exchange, chosen: RequestBody, given: RequestContent): void => {
    if (chosen.kind !== "template") sendRequest(exchange, chosen.kind === "text" ? chosen.text : null, given);
    else renderRequest(exchange, chosen.template, (text) => sendRequest(exchange, text, given));
  };
  const sendRequest = (exchange: Exchange, text: string | null, { body, content }: RequestContent): void => {
    if (!checkOverrides(exchange, reserved)) return;
    const path = writePath(exchange);
    if (typeof path !== "string") {
      refusePath(exchange, path);
      return;
    }
    const passed = isService && Buffer.isBuffer(body) && isText(content) ? decodeText(body) : body;
    const sent = text === null ? passed : Buffer.from(text);
    const decoded = content?.conversion === "decode" && Buffer.isBuffer(sent) ? decodeBase64(sent) : sent;
    if (decoded === undefined && sent !== undefined) refuseUndecodable(exchange);
    else call(exchange, path, decoded);
  };
  return (exchange) => {
    const chosen = chooseBody(exchange);
    if (chosen.kind === "refuse") return refuseRequest(exchange, chosen);
    const content = contentOf?.(exchange);
    const conversion = content?.conversion ?? "none";
    if (needsBody || conversion !== "none" || (chosen.kind === "template" && chosen.template.readsPayload)) {
      withPayload(exchange, { thread, conversion }, (body) => {
        findInRequest(exchange, () => transform(exchange, chosen, { body, content }));
      });
    } else takeBody(exchange, thread, "decompressed", (body) => transform(exchange, chosen, { body, content }));
    return false;
  };
}

interface RequestContent {
  readonly body: Buffer | RequestBodyStream | undefined;
  readonly content: Content | undefined;
}

/** Returns whether a header, query parameter or path parameter for the backend comes from the request's body. */
export const backendReadsBody = ({ headers, query, path }: HttpPlan["backend"]): boolean =>
  readsBody(headers) || readsBody(query) || path.some(isBodyPart);

/** Links the search for what is mapped from a request's body to a backend. */
export function linkBackendSearch(
  { headers, query, path }: HttpPlan["backend"],
  { runJob }: ThreadContext,
): (exchange: Exchange, goOn: () => void) => void {
  const inPath = path.flatMap((part) => {
    if (typeof part === "string") return [];
    return part.kind === "uri-parameter" ? (part.value ?? []) : part;
  });
  const paths = linkBodyPaths([...headers.map(({ value }) => value), ...query.map(({ value }) => value), ...inPath]);
  if (paths.texts.length === 0) return (_, goOn) => goOn();
  return (exchange, goOn) => findInBody(exchange, { payload: exchange.requestPayload, paths, runJob }, goOn);
}

const isBodyPart = (part: HttpPlan["backend"]["path"][number]): boolean =>
  typeof part === "object" && (part.kind === "uri-parameter" ? part.value?.kind === "body" : part.kind === "body");

/**
 * Refuses a request whose path would leave the part of the backend that the integration opens (undefined), or lacks a
 * parameter (null).
 */
export function refusePath(exchange: Exchange, path: null | undefined): false {
  if (path === null) {
    const detail =
      "Illegal character in path: neither a mapping nor a template set one of the path parameters of the integration's URI";
    return exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", configurationError(detail));
  }
  return exchange.program.responses.finish(exchange, "DEFAULT_4XX", {
    hint: "a path parameter has a segment `..` (or `..;`), which the backend would resolve",
  });
}

/** Maps the backend's answer by the integration response of its status. */
class ResponseMapper implements BackendConsumer {
  readonly #exchange: Exchange;
  readonly #plan: Omit<HttpPlan, "kind">;
  readonly #select: SelectResponse;
  readonly #thread: ThreadContext;
  #call: BackendCall | undefined = undefined;
  #isStreaming = false;
  /** The answer that waits for the backend's whole body. */
  #buffered: BufferedAnswer | undefined = undefined;
  #bytes = 0;

  constructor(
    exchange: Exchange,
    options: { readonly plan: Omit<HttpPlan, "kind">; readonly select: SelectResponse; readonly thread: ThreadContext },
  ) {
    this.#exchange = exchange;
    this.#plan = options.plan;
    this.#select = options.select;
    this.#thread = options.thread;
  }

  begin(status: number, backendHeaders: readonly string[], call: BackendCall): void {
    const exchange = this.#exchange;
    const response = this.#select(String(status));
    if (!checkResponse(exchange, response, String(status))) {
      call.cancel();
      return;
    }
    this.#call = call;
    const template = chooseResponseTemplate(exchange, response, String(status));
    if (needsPayload(exchange, response, template)) {
      this.#buffered = { response, template, status, chunks: [] };
      return;
    }
    if (template.make !== null) {
      // The backend's body is read and thrown away, which keeps the connection.
      respondMapped(exchange, response, { template, body: undefined, status, headers: traceHeader(exchange) });
      return;
    }
    const headers = writeResponseHeaders(exchange, response, template);
    headers.push("X-Amzn-Trace-Id", `Root=${exchange.traceId}`);
    const answered = overrideResponse(exchange, response.plan.statusCode ?? status, headers);
    exchange.status = answered;
    exchange.trace?.beginResponse(answered, headers);
    exchange.addGatewayHeaders(headers);
    this.#isStreaming = true;
    const contentLength = call.isBodiless(status) ? 0 : contentLengthOf(backendHeaders);
    exchange.answer.startResponse(answered, headers, contentLength);
  }

  data(piece: Buffer, isLent: boolean): boolean {
    const chunk = isLent ? Buffer.from(piece) : piece;
    const buffered = this.#buffered;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#thread.payloadBytesMax) {
      this.#call?.cancel();
      if (buffered !== undefined) this.#refuseTooLarge();
      else if (this.#isStreaming) this.#exchange.cut(brokenOff);
      return true;
    }
    if (this.#isStreaming) return this.#exchange.answer.write(chunk);
    buffered?.chunks.push(chunk);
    return true;
  }

  end(): void {
    if (this.#buffered !== undefined) this.#respond(this.#buffered);
    else if (this.#isStreaming) this.#exchange.end();
  }

  #respond({ response, template, status, chunks }: BufferedAnswer): void {
    const exchange = this.#exchange;
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    exchange.integrationPayload = new Payload(body);
    respondMapped(exchange, response, { template, body, status, headers: traceHeader(exchange) });
  }

  cut(failure: BackendFailure): void {
    if (this.#buffered !== undefined) this.fail(failure);
    else if (this.#isStreaming) this.#exchange.cut(brokenOff);
  }

  fail(failure: BackendFailure): void {
    answerFailure(this.#exchange, failure, { thread: this.#thread, backend: this.#plan.backend });
  }

  #refuseTooLarge(): void {
    const detail = `the backend's answer is over the payload limit of ${this.#thread.payloadBytesMax} bytes`;
    this.#exchange.program.responses.finish(this.#exchange, "API_CONFIGURATION_ERROR", { detail, hint: detail });
  }
}

/**
 * The execution log's line for a backend that breaks off its answer.
 * Unconfirmed: AWS reads the whole answer before it sends any of it, and so has no such line; see
 * docs/compatibility.md, "execution logs, lines".
 */
export const brokenOff = "Execution failed due to a network error communicating with endpoint: the answer broke off";

interface BufferedAnswer {
  readonly response: IntegrationResponse;
  readonly template: ChosenTemplate;
  readonly status: number;
  readonly chunks: Buffer[];
}

const traceHeader = (exchange: Exchange): readonly string[] => ["X-Amzn-Trace-Id", `Root=${exchange.traceId}`];

function contentLengthOf(headers: readonly string[]): number | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]!.toLowerCase() === "content-length") return Number(headers[index + 1]);
  }
  return undefined;
}
