import type { Agent, ClientRequest, IncomingMessage, RequestOptions, ServerResponse } from "node:http";
import { bounds } from "../base/bounds.ts";
import type { Logger } from "../telemetry/logger.ts";

/** Passes requests on to another cloud or emulator, as streams in both directions. */
export interface Upstream {
  /** Passes a request on; `body` is given if it has been read already. */
  pass(request: IncomingMessage, response: ServerResponse, body: Buffer | undefined): void;
  close(): void;
}

interface HttpClient {
  readonly request: (options: RequestOptions, callback: (response: IncomingMessage) => void) => ClientRequest;
  readonly agent: Agent;
}

/** Longer than any call of AWS may take (a synchronous invocation: 15 minutes). */
const idleMsMax = bounds.controlIdleMsMax.value;
const connectionsMax = bounds.controlConnectionsMax.value;

// RFC 9110 §7.6.1: headers about one connection are not passed on.
const keptBack: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // This header is for gateway threads and control only.
  "x-portico-peer",
]);

export function makeUpstream(origin: string, logger: Logger): Upstream {
  const url = new URL(origin);
  let client: Promise<HttpClient> | undefined;
  return {
    pass(request, response, body) {
      client ??= loadClient(url);
      client.then(
        (http) => passOn(http, url, { request, response, body }, logger),
        (error: unknown) => refuse(response, url, error, logger),
      );
    },
    close() {
      client?.then(({ agent }) => agent.destroy()).catch(() => undefined);
    },
  };
}

async function loadClient(url: URL): Promise<HttpClient> {
  const { request, Agent } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  return { request, agent: new Agent({ keepAlive: true, maxSockets: connectionsMax, timeout: idleMsMax }) };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer | undefined;
}

function passOn(client: HttpClient, url: URL, { request, response, body }: Exchange, logger: Logger): void {
  // `Host` stays as the caller has signed it; buckets are found by it as well.
  const headers = endToEnd(request.rawHeaders);
  if (body === undefined && request.headers["transfer-encoding"] !== undefined)
    headers.push("Transfer-Encoding", "chunked");
  const options: RequestOptions = {
    agent: client.agent,
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers,
    setHost: false,
    timeout: idleMsMax,
  };
  const onward = client.request(options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer.rawHeaders));
    answer.pipe(response);
    // Half an answer must not look like a whole one.
    answer.on("error", () => response.destroy());
    answer.on("aborted", () => response.destroy());
  });
  onward.on("timeout", () => onward.destroy(new Error("it did not answer in time")));
  onward.on("error", (error) => refuse(response, url, error, logger));
  response.on("close", () => onward.destroy());
  if (body === undefined) request.pipe(onward);
  else onward.end(body);
}

function endToEnd(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!keptBack.has(name.toLowerCase())) kept.push(name, rawHeaders[i + 1] as string);
  }
  return kept;
}

function refuse(response: ServerResponse, url: URL, error: unknown, logger: Logger): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const reason = error instanceof Error ? error.message : String(error);
  logger.warn("The upstream can't be reached.", { upstream: url.origin, error: reason });
  // AWS's name for an error of the service, which SDKs retry.
  response.writeHead(502, { "Content-Type": "application/json", "x-amzn-ErrorType": "ServiceUnavailableException" });
  response.end(JSON.stringify({ message: `The upstream ${url.origin} can't be reached: ${reason}` }));
}
