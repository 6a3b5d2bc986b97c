import { bounds } from "../../base/bounds.ts";
import { problems } from "../../http/http1/problem.ts";
import type { Exchange } from "../exchange.ts";
import { headerList } from "../header-list.ts";
import { addHint } from "../responses/failure.ts";
import type { ThreadContext } from "../thread-context.ts";
import { RequestBodyStream } from "./backend-call.ts";

/**
 * Refuses a request whose body is too long. AWS quirk: as observed, this refusal is plain text of the front end. An API that
 * customises REQUEST_TOO_LARGE or DEFAULT_4XX answers with that, as AWS: "Gateway response types for API Gateway" has it.
 */
export function refuseTooLarge(exchange: Exchange, bytesMax: number): void {
  const message = `HTTP content length exceeded ${bytesMax} bytes.`;
  const hint = "--payload-max allows longer bodies";
  exchange.program.responses.finish(exchange, "REQUEST_TOO_LARGE", { message, hint, isPlain: true });
}

/** Ends an exchange whose request can't be read: as the codec does, which knows why and closes the connection. */
export function refuseBroken(exchange: Exchange, reason: "malformed" | "timeout"): void {
  const { status, contentType, body, hint } = reason === "timeout" ? problems.bodyTimeout : brokenBody;
  const headers = ["Content-Type", contentType];
  addHint(exchange.request, headers, hint);
  exchange.respond(status, headers, body);
}

const brokenBody = { ...problems.chunk, hint: "the request's body broke off or is malformed" };

/**
 * Passes the request's body to the callback: undefined if there is none, a buffer if it is small (which is cheaper to
 * send than a stream), was read before, or has to be decompressed, otherwise a stream. If the body can't be read, the
 * exchange is answered and the callback is not called. Integrations that get a compressed body as it was sent ask for that.
 */
export function takeBody(
  exchange: Exchange,
  thread: ThreadContext,
  form: "decompressed" | "as-sent",
  taken: (body: Buffer | RequestBodyStream | undefined) => void,
): void {
  const { request } = exchange;
  if (!request.hasBody) {
    taken(undefined);
    return;
  }
  const read = form === "as-sent" ? receiveBody : collectBody;
  if ((exchange.receivedBody ?? exchange.body) !== undefined) {
    read(exchange, thread, taken);
    return;
  }
  const length = request.contentLength;
  const isSmall = length !== undefined && length <= bounds.smallBodyBytesMax.value;
  if (length !== undefined && length > thread.payloadBytesMax) refuseTooLarge(exchange, thread.payloadBytesMax);
  else if (isSmall || (form === "decompressed" && request.header("content-encoding") !== undefined)) {
    read(exchange, thread, taken);
  } else taken(new RequestBodyStream(exchange, thread));
}

/**
 * Passes the whole body, decompressed, to the callback. AWS: "Payload compression for REST APIs", decompression of
 * method requests.
 */
export function collectBody(exchange: Exchange, thread: ThreadContext, taken: (body: Buffer) => void): void {
  const { request } = exchange;
  if (exchange.body !== undefined) {
    taken(exchange.body);
    return;
  }
  receiveBody(exchange, thread, (body) => {
    const keep = (decoded: Buffer): void => {
      exchange.body = decoded;
      // A later check of what was received reads the one body that there is.
      if (decoded === body) exchange.receivedBody = undefined;
      taken(decoded);
    };
    // As recorded, an empty body is served whatever its coding: there is nothing to undo.
    if (body.length === 0) {
      keep(body);
      return;
    }
    // Several codings are treated as one unknown coding: a body that nobody decoded must not pass as decoded.
    const codings = headerList(request, "content-encoding").filter((coding) => coding !== "identity");
    if (codings.length === 0) keep(body);
    else decompress(exchange, thread, { coding: codings.join(", "), body, taken: keep });
  });
}

/**
 * Passes the whole body, as it was received, to the callback. If the body can't be read, the exchange is answered and the
 * callback is not called.
 */
export function receiveBody(exchange: Exchange, thread: ThreadContext, taken: (body: Buffer) => void): void {
  const received = exchange.receivedBody ?? exchange.body;
  if (received !== undefined) {
    taken(received);
    return;
  }
  exchange.request.collect(thread.payloadBytesMax, (outcome, body) => {
    if (outcome === "too-large") refuseTooLarge(exchange, thread.payloadBytesMax);
    else if (outcome !== "ok") refuseBroken(exchange, outcome === "timeout" ? "timeout" : "malformed");
    else {
      thread.metrics.add("requestBytes", body.length);
      exchange.receivedBody = body;
      taken(body);
    }
  });
}

function decompress(
  exchange: Exchange,
  thread: ThreadContext,
  options: { readonly coding: string; readonly body: Buffer; readonly taken: (body: Buffer) => void },
): void {
  exchange.wait(decode(options.coding, options.body, thread.payloadBytesMax), (outcome) => {
    if (outcome.kind === "too-large") refuseTooLarge(exchange, thread.payloadBytesMax);
    else if (outcome.kind === "refused") {
      exchange.program.responses.finish(exchange, "UNSUPPORTED_MEDIA_TYPE", { hint: outcome.hint });
    } else if (exchange.request.reserve(outcome.body.length)) options.taken(outcome.body);
    else {
      const headers = ["Content-Type", "application/json"];
      addHint(exchange.request, headers, problems.overloaded.hint);
      exchange.respond(503, headers, problems.overloaded.body);
    }
  });
}

type DecodeResult =
  | { readonly kind: "decoded"; readonly body: Buffer }
  | { readonly kind: "too-large" }
  | { readonly kind: "refused"; readonly hint: string };

/** Undoes a Content-Encoding. The promise does not reject because of anything that the client sent. */
async function decode(coding: string, body: Buffer, bytesMax: number): Promise<DecodeResult> {
  // Loaded only by callers that compress: zlib costs a gateway thread a megabyte.
  const zlib = await import("node:zlib");
  const decoders: Readonly<Record<string, typeof zlib.gunzip | typeof zlib.inflate>> = {
    gzip: zlib.gunzip,
    "x-gzip": zlib.gunzip,
    deflate: zlib.inflate,
  };
  const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (decoder === undefined) {
    return { kind: "refused", hint: `Content-Encoding ${coding} is not one of gzip, deflate, identity` };
  }
  return await new Promise((resolve) => {
    decoder(body, { maxOutputLength: bytesMax }, (error, decoded) => {
      if (error === null) resolve({ kind: "decoded", body: decoded });
      else if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") resolve({ kind: "too-large" });
      else resolve({ kind: "refused", hint: error.message });
    });
  });
}
