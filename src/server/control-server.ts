import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { bounds } from "../base/bounds.ts";
import { ApiError } from "../protocol/errors.ts";
import type { Management } from "../protocol/management.ts";
import type { Admission, ManagementRequest } from "../protocol/operation.ts";
import { CommitRecorder } from "../store/commit-recorder.ts";
import type { Logger } from "../telemetry/logger.ts";
import { BodyReader, type RequestBody } from "./body-reader.ts";
import {
  admissionOf,
  bearsMetricsToken,
  type ControlGate,
  requireOperation,
  requirePassOn,
  verifyRequest,
} from "./enforcement/control-gate.ts";
import { missingToken } from "./enforcement/enforcement.ts";
import { decideGuard, type GuardOptions } from "./guard.ts";
import {
  answerOperations,
  isOpenPath,
  isOperationsPath,
  isPagePath,
  metricsPath,
  operationsBodyBytesMax,
  type ServerFacts,
} from "./operations-endpoints.ts";
import { referencePath } from "./pages/reference.ts";
import { listenOnControlSocket } from "./scratch-directory.ts";
import type { Upstream } from "./upstream.ts";
import { withinMs } from "./within-ms.ts";

export interface ControlServerOptions {
  readonly management: Management;
  readonly upstream: Upstream | undefined;
  readonly guard: GuardOptions;
  readonly facts: ServerFacts;
  /** The greatest number of bytes of a body that is read. */
  readonly bodyBytesMax: number;
  /** Resolves when the changes of these commits are in effect in every gateway thread. */
  readonly inEffect: (commits: readonly number[]) => Promise<void>;
  readonly logger: Logger;
  /** With `--auth enforce`: what verifies every call. */
  readonly gate: ControlGate | undefined;
}

export interface ControlServer {
  listen(socketPath: string): Promise<void>;
  /** Stops accepting requests, and lets those under way finish within `deadlineMs` milliseconds. */
  close(deadlineMs: number): Promise<void>;
}

/**
 * Makes the server of everything that gateway threads hand over: management calls, operations, and requests for
 * `--upstream`. It listens on a Unix socket in a directory that only this user may enter, so that no other user can
 * bypass the threads' front door.
 */
export function makeControlServer(options: ControlServerOptions): ControlServer {
  const bodies = new BodyReader(options.bodyBytesMax * bounds.controlBodiesMax.value);
  const server = createServer(
    {
      maxHeaderSize: 128 * 1024,
      // Only gateway threads connect, and send whole heads. A head that waits is one that this thread was too busy to read:
      // with a limit, that call would be broken off.
      headersTimeout: 0,
      requestTimeout: 300_000,
      keepAliveTimeout: 60_000,
      joinDuplicateHeaders: true,
    },
    (request, response) => {
      answer(request, response, options, bodies).catch((error: unknown) => {
        options.logger.error("A management request failed.", {
          error: error instanceof Error ? error.stack : `${error}`,
        });
        if (response.headersSent) response.destroy();
        else sendJson(response, 500, { message: "Internal server error" });
      });
    },
  );
  return {
    listen: (socketPath) => listenOnControlSocket(server, socketPath),
    close: (deadlineMs) => closeServer(server, deadlineMs),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ControlServerOptions,
  bodies: BodyReader,
): Promise<void> {
  if (!isAdmitted(request, response, options.guard)) return;
  if (isBrowserAtTheDoor(request)) {
    response.writeHead(302, { Location: referencePath, "Cache-Control": "no-store" }).end();
    return;
  }
  // A body that nobody reads any more is thrown away, so that its sender goes on to read the answer.
  response.on("finish", () => request.resume());
  await (isOperationsPath(pathOf(request)) ? answerOperationsCall : answerManagement)(
    request,
    response,
    options,
    bodies,
  );
}

/** Returns whether somebody has opened the server's address in a browser; no tool asks for HTML at `/`. */
function isBrowserAtTheDoor(request: IncomingMessage): boolean {
  const { method, url, headers } = request;
  return (
    (method === "GET" || method === "HEAD") &&
    url === "/" &&
    headers.authorization === undefined &&
    /(?:^|,)\s*text\/html\s*(?:[,;]|$)/i.test(headers.accept ?? "")
  );
}

/** Returns false if the request was answered: with a refusal, or as a preflight. */
function isAdmitted(request: IncomingMessage, response: ServerResponse, guard: GuardOptions): boolean {
  const decision = decideGuard(
    {
      method: request.method ?? "",
      isPage: isPagePath(pathOf(request)),
      host: request.headers.host,
      origin: request.headers.origin,
      fetchSite: header(request, "sec-fetch-site"),
      fetchMode: header(request, "sec-fetch-mode"),
    },
    guard,
  );
  if (decision.kind === "refuse") {
    sendJson(response, 403, { message: decision.message }, { "x-amzn-ErrorType": "AccessDeniedException" });
    request.resume();
    return false;
  }
  if (decision.corsOrigin === undefined) return true;
  allowOrigin(response, decision.corsOrigin);
  if (request.method !== "OPTIONS" || header(request, "access-control-request-method") === undefined) return true;
  response.writeHead(204, preflight(request)).end();
  return false;
}

const pathOf = (request: IncomingMessage): string => (request.url ?? "/").split("?", 1)[0] ?? "/";

async function answerOperationsCall(
  request: IncomingMessage,
  response: ServerResponse,
  options: ControlServerOptions,
  bodies: BodyReader,
): Promise<void> {
  const path = pathOf(request);
  const { gate } = options;
  if (gate !== undefined && !isOpenPath(path) && !(path === metricsPath && bearsMetricsToken(request, gate)))
    return answerVerifiedOperations(request, response, gate, options, bodies);
  const body = await bodies.read(request, operationsBodyBytesMax(path, options.bodyBytesMax));
  if (body === undefined) {
    refuseForNow(request, response);
    return;
  }
  const { bytes, isWhole } = body;
  const asked = { method: request.method ?? "", path, body: bytes, isWhole };
  const answered = await answerOperations(asked, options.facts).finally(() => body.release());
  response.writeHead(answered.status, answered.headers).end(answered.body);
}

/** Answers a request for one of Portico's own endpoints whose signature has to be right. */
async function answerVerifiedOperations(
  request: IncomingMessage,
  response: ServerResponse,
  gate: ControlGate,
  options: ControlServerOptions,
  bodies: BodyReader,
): Promise<void> {
  const path = pathOf(request);
  const method = request.method ?? "GET";
  const bodyBytesMax = operationsBodyBytesMax(path, options.bodyBytesMax);
  const verified = await verifyRequest(request, gate, { bodies, bodyBytesMax });
  if (verified.kind === "unread") {
    refuseForNow(request, response);
    return;
  }
  if (verified.kind !== "verified") {
    refuseOperation(request, response, verified.kind === "refused" ? verified.error : missingToken(signOperations));
    return;
  }
  try {
    requireOperation(gate, verified, { method, path });
    const asked = { method, path, body: verified.body.bytes, isWhole: true };
    const answered = await answerOperations(asked, options.facts);
    response.writeHead(answered.status, answered.headers).end(answered.body);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    refuseOperation(request, response, error);
  } finally {
    verified.body.release();
  }
}

const signOperations =
  "this server has --auth enforce: portico's commands sign with your AWS credentials; curl does with --aws-sigv4 aws:amz:us-east-1:portico";

/** Refuses a request; a person with a browser gets a page that says what to do. */
function refuseOperation(request: IncomingMessage, response: ServerResponse, { code, message, hint }: ApiError): void {
  const status = code === "IncompleteSignatureException" ? 400 : 403;
  const headers = {
    "x-amzn-ErrorType": code,
    "Cache-Control": "no-store",
    ...(hint === undefined ? {} : { "x-portico-hint": hint }),
  };
  if (header(request, "accept")?.includes("text/html") === true) {
    response.writeHead(status, {
      ...headers,
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": "default-src 'none'",
    });
    response.end(signInPage);
  } else sendJson(response, status, { message }, headers);
  request.resume();
}

const signInPage = `<!doctype html>
<meta charset="utf-8">
<title>Portico</title>
<h1>This server answers signed requests only</h1>
<p>It runs with <code>--auth enforce</code>, and a browser can't sign. Ask it with a tool that can:</p>
<pre>portico status
portico routes
curl --aws-sigv4 aws:amz:us-east-1:portico --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" URL</pre>
`;

async function answerManagement(
  request: IncomingMessage,
  response: ServerResponse,
  options: ControlServerOptions,
  bodies: BodyReader,
): Promise<void> {
  const { management, upstream, bodyBytesMax, gate } = options;
  if (gate !== undefined) return answerVerified(request, response, gate, options, bodies);
  const head = { method: request.method ?? "GET", target: request.url ?? "/", headers: headersOf(request) };
  // The head of a signed call names its service: a call for another service is streamed, however large it is.
  if (upstream && management.owns({ ...head, body: nothing }).kind === "foreign") {
    upstream.pass(request, response, undefined);
    return;
  }
  const body = await bodies.read(request, bodyBytesMax);
  if (body === undefined) {
    refuseForNow(request, response);
    return;
  }
  try {
    const whole: ManagementRequest = { ...head, body: body.bytes };
    if (upstream && body.isWhole && management.owns(whole).kind !== "owned") {
      upstream.pass(request, response, body.bytes);
      return;
    }
    await answerCall(whole, undefined, response, options, body);
  } finally {
    body.release();
  }
}

/** Answers a management call whose signature has to be right. */
async function answerVerified(
  request: IncomingMessage,
  response: ServerResponse,
  gate: ControlGate,
  options: ControlServerOptions,
  bodies: BodyReader,
): Promise<void> {
  const { management, upstream, bodyBytesMax } = options;
  const verified = await verifyRequest(request, gate, { bodies, bodyBytesMax });
  if (verified.kind === "unread") {
    refuseForNow(request, response);
    return;
  }
  const held = verified.kind === "verified" ? verified.body : undefined;
  try {
    const bytes = verified.kind === "verified" ? verified.body.bytes : verified.body;
    const head = { method: request.method ?? "GET", target: request.url ?? "/", headers: headersOf(request) };
    const whole: ManagementRequest = { ...head, body: bytes };
    const owner = management.owns(whole);
    let admission = admissionOf(verified, owner.kind === "owned");
    if (upstream && verified.kind === "verified" && owner.kind !== "owned") {
      try {
        requirePassOn(gate, verified);
        upstream.pass(request, response, bytes);
        return;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        admission = { kind: "refused", error };
      }
    }
    await answerCall(whole, admission, response, options, held);
  } finally {
    held?.release();
  }
}

/** Runs a management call, and sends its answer when its changes are in effect. */
async function answerCall(
  whole: ManagementRequest,
  admission: Admission | undefined,
  response: ServerResponse,
  { management, inEffect, logger }: ControlServerOptions,
  body: RequestBody | undefined,
): Promise<void> {
  const commits = new CommitRecorder();
  const answered = await commits.run(() => management.handle(whole, admission));
  // A call that failed may have committed something as well.
  if (commits.revisions.length > 0) await inEffect(commits.revisions);
  response.writeHead(answered.status, answered.headers);
  if (answered.stream === undefined) response.end(answered.body);
  else {
    body?.release();
    await sendStream(answered.stream, response, logger);
  }
}

/** Sends a stream. A caller that goes away ends the stream, and a stream that breaks off ends the connection. */
async function sendStream(stream: AsyncIterable<Buffer>, response: ServerResponse, logger: Logger): Promise<void> {
  response.flushHeaders();
  try {
    await pipeline(stream, response);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE") return;
    logger.error("A management answer broke off.", { error: error instanceof Error ? error.stack : `${error}` });
  }
}

/** Refuses a request for now, because all requests together hold too much; or ends one that was broken off. */
function refuseForNow(request: IncomingMessage, response: ServerResponse): void {
  if (request.destroyed) return;
  sendJson(response, 503, { message: "Too many large requests at a time." }, { "Retry-After": "1" });
}

const nothing = Buffer.alloc(0);

/** Returns the headers by lower-case name; Node has joined repeated ones. */
function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

function allowOrigin(response: ServerResponse, origin: string): void {
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Expose-Headers", "*");
  response.setHeader("Vary", "Origin");
}

function preflight(request: IncomingMessage): Record<string, string> {
  return {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": header(request, "access-control-request-headers") ?? "*",
    "Access-Control-Max-Age": "600",
  };
}

function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify(value));
}

async function closeServer(server: Server, deadlineMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  if (await withinMs(closed, deadlineMs)) return;
  server.closeAllConnections();
  await closed;
}
