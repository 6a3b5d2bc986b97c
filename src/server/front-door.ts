import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import { assert } from "../base/assert.ts";
import { bounds } from "../base/bounds.ts";
import { clientOfAddress, FairPool } from "../base/fair-pool.ts";
import type { Answer, AnswerObserver, InboundExchange, InboundRequest } from "../http/inbound.ts";
import { isOfThisMachine } from "../http/request-client.ts";
import type { Logger } from "../telemetry/logger.ts";
import { peerHeader } from "./body-reader.ts";

export interface FrontDoorOptions {
  readonly controlSocket: string;
  readonly logger: Logger;
}

/**
 * The greatest number of management calls under way in one thread; some (Invoke) take minutes. Further ones are
 * refused, not queued.
 */
const underWayMax = bounds.managementCallsMax.value;
const heldBytesMax = bounds.managementHeldBytesMax.value;
const operationsMax = bounds.operationsCallsMax.value;
const freeSocketsMax = bounds.controlSocketsFreeMax.value;

/** RFC 9110 §7.6.1. `Expect`, which the codec has consumed, goes no further either. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);
/**
 * Headers that a caller may not hide from control by naming them in `Connection`, because control's guard decides by
 * them.
 */
const neverConnectionOptions = new Set([
  "host",
  "origin",
  "sec-fetch-site",
  "sec-fetch-mode",
  "authorization",
  "content-length",
  "content-type",
]);
const onlyHere =
  "Portico's management answers clients on this machine only, and a trusted proxy says that this is none.";

/**
 * Hands requests that are not for the data plane to control, over its Unix socket, streamed in both directions. `Host`
 * arrives there as it was sent; the caller's address is in `x-portico-peer`, which no caller can set.
 */
export class FrontDoor {
  readonly #options: FrontDoorOptions;
  #agent: Agent | undefined = undefined;
  #underWay = 0;
  /** Calls under way whose bodies are not whole yet. Whoever stops half-way leaves room for others. */
  readonly #streams = new FairPool(bounds.managementStreamsMax.value);
  /** The bytes of bodies that are held until they are whole. */
  readonly #held = new FairPool(bounds.managementHeldBytesAllMax.value);

  constructor(options: FrontDoorOptions) {
    this.#options = options;
  }

  handOver(inbound: InboundExchange): void {
    assert(inbound.listener.hasManagement, "a listener without management hands nothing over");
    // A proxy on this machine must not open management to everybody whom it serves.
    if (inbound.listener.isManagementLocal && !isOfThisMachine(inbound.client.ip)) {
      refuse(inbound, 403, onlyHere);
      return;
    }
    if (inbound.hasBody) this.#hold(inbound);
    else this.#begin(inbound, undefined)?.send(this.#connections(), true);
  }

  /**
   * Keeps a body here until it is whole or long: a call is under way from then on, so that one that is sent by half takes
   * nobody's place.
   */
  #hold(inbound: InboundExchange): void {
    let held: Buffer[] = [];
    let bytes = 0;
    let call: HandOver | undefined;
    const client = clientOfAddress(inbound.client.address);
    let pooled = 0;
    const release = (): void => {
      this.#held.give(client, pooled);
      pooled = 0;
    };
    const begin = (isWhole: boolean): void => {
      release();
      call = this.#begin(inbound, { isWhole });
      call?.send(this.#connections(), true);
      for (const piece of held) call?.write(piece);
      held = [];
    };
    inbound.observer = { onDrain: nothing, onClose: release };
    let isRefused = false;
    inbound.streamBody({
      data: (piece) => {
        if (call !== undefined) return call.write(piece);
        if (isRefused) return true;
        bytes += piece.length;
        const hasRoom = this.#held.take(client, piece.length);
        if (hasRoom) pooled += piece.length;
        if (!hasRoom || !inbound.reserve(piece.length)) {
          isRefused = true;
          release();
          held = [];
          refuse(inbound, 503, tooMany);
          return true;
        }
        // A small piece may be a part of a large buffer.
        held.push(Buffer.from(piece));
        if (bytes > heldBytesMax) {
          begin(false);
          isRefused = call === undefined;
        }
        return true;
      },
      end: () => {
        if (isRefused) return;
        if (call === undefined) begin(true);
        call?.end();
      },
      // The codec has answered it.
      error: () => {
        release();
        call?.onClose();
      },
    });
  }

  /** Takes a place among the calls under way; undefined: there is none, and the caller is told. */
  #begin(inbound: InboundExchange, body: { readonly isWhole: boolean } | undefined): HandOver | undefined {
    const client = body?.isWhole === false ? clientOfAddress(inbound.client.address) : undefined;
    // Whoever asks how a busy server is gets an answer.
    const max = inbound.target.startsWith("/_portico/") ? underWayMax + operationsMax : underWayMax;
    if (this.#underWay >= max || (client !== undefined && !this.#streams.take(client, 1))) {
      refuse(inbound, 503, tooMany);
      return undefined;
    }
    this.#underWay++;
    let streamOf = client;
    const onWhole = (): void => {
      if (streamOf !== undefined) this.#streams.give(streamOf, 1);
      streamOf = undefined;
    };
    const onOver = (): void => {
      this.#underWay--;
      onWhole();
    };
    return new HandOver(inbound, { onWhole, onOver }, this.#options);
  }

  close(): void {
    this.#agent?.destroy();
  }

  /**
   * The first management call makes the agent: a thread that serves only the data plane never loads node:http (5 MB).
   */
  #connections(): Agent {
    this.#agent ??= new (http().Agent)({ keepAlive: true, maxFreeSockets: freeSocketsMax, scheduling: "lifo" });
    return this.#agent;
  }
}

const tooMany = "Too many management requests are under way. Try again in a moment.";
const nothing = (): void => undefined;

const http = (): typeof import("node:http") => process.getBuiltinModule("node:http");

/** One request on its way to control and back. */
class HandOver implements AnswerObserver {
  readonly #request: InboundRequest;
  readonly #answer: Answer;
  readonly #options: FrontDoorOptions;
  readonly #onWhole: () => void;
  #onOver: (() => void) | undefined;
  #outgoing: ClientRequest | undefined = undefined;
  #incoming: IncomingMessage | undefined = undefined;

  constructor(
    inbound: InboundExchange,
    { onWhole, onOver }: { readonly onWhole: () => void; readonly onOver: () => void },
    options: FrontDoorOptions,
  ) {
    this.#request = inbound;
    this.#answer = inbound;
    this.#options = options;
    this.#onWhole = onWhole;
    this.#onOver = onOver;
    inbound.observer = this;
  }

  onDrain(): void {
    this.#incoming?.resume();
  }

  onClose(): void {
    this.#over();
    this.#outgoing?.destroy();
  }

  send(agent: Agent, mayRetry: boolean): void {
    const request = this.#request;
    const outgoing = http().request({
      socketPath: this.#options.controlSocket,
      agent,
      method: request.method,
      path: request.target,
      headers: forwardedHeaders(request),
      setHost: false,
    });
    this.#outgoing = outgoing;
    outgoing.on("response", (incoming) => this.#relay(incoming, outgoing));
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      // Control may have closed the idle connection at the moment when it was used again.
      if (
        mayRetry &&
        outgoing.reusedSocket &&
        error.code === "ECONNRESET" &&
        !request.hasBody &&
        this.#incoming === undefined
      ) {
        this.send(agent, false);
      } else this.#fail(error);
    });
    if (request.hasBody) outgoing.on("drain", () => request.resumeBody());
    else outgoing.end();
  }

  /** Sends a piece of the body on; false: the next one should wait. */
  write(piece: Buffer): boolean {
    return this.#outgoing?.write(piece) ?? true;
  }

  /** The body is whole. */
  end(): void {
    this.#onWhole();
    this.#outgoing?.end();
  }

  #relay(incoming: IncomingMessage, outgoing: ClientRequest): void {
    const answer = this.#answer;
    this.#incoming = incoming;
    const length = incoming.headers["content-length"];
    answer.startResponse(
      incoming.statusCode ?? 502,
      // The codec leaves out the headers that it writes itself: Connection, Date, lengths.
      incoming.rawHeaders,
      length === undefined ? undefined : Number(length),
    );
    incoming.on("data", (chunk: Buffer) => {
      if (!answer.write(chunk)) incoming.pause();
    });
    incoming.on("end", () => {
      this.#over();
      answer.end();
      // Control has answered without reading the whole body, and nobody will send the rest.
      if (!outgoing.writableFinished) outgoing.destroy();
    });
    incoming.on("error", (error) => this.#fail(error));
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#onOver === undefined) return;
    this.#over();
    if (this.#incoming !== undefined) {
      this.#answer.abort();
      return;
    }
    this.#options.logger.warn("A management request could not be handed to control.", { error: error.message });
    const isDown = error.code === "ECONNREFUSED" || error.code === "ENOENT";
    if (isDown) refuse(this.#answer, 503, "Portico's management is not ready. Try again in a moment.");
    else refuse(this.#answer, 502, "Portico's management broke off before it answered.");
  }

  #over(): void {
    this.#onOver?.();
    this.#onOver = undefined;
  }
}

function refuse(answer: Answer, status: number, message: string): void {
  answer.respond(status, ["Content-Type", "application/json"], JSON.stringify({ message }));
}

function forwardedHeaders(request: InboundRequest): string[] {
  const { rawHeaders, headerNames } = request;
  const named = connectionOptions(request);
  const headers: string[] = [];
  for (let i = 0; i < headerNames.length; i++) {
    const name = headerNames[i] as string;
    if (hopByHop.has(name) || name === peerHeader || named?.has(name)) continue;
    headers.push(rawHeaders[2 * i] as string, rawHeaders[2 * i + 1] as string);
  }
  // Length and transfer coding are written again, from the framing that the codec has checked.
  if (request.hasBody && request.contentLength === undefined) headers.push("Transfer-Encoding", "chunked");
  else if (request.contentLength === undefined) headers.push("Content-Length", "0");
  // A request of HTTP/1.0 may have no Host; control refuses it with its own message.
  if (request.host === "" && request.header("host") === undefined) headers.push("Host", "");
  headers.push(peerHeader, formatPeer(request.client.address, request.client.port));
  return headers;
}

/** Returns the names in the caller's `Connection` header; those headers end here as well. */
function connectionOptions({ rawHeaders, headerNames }: InboundRequest): Set<string> | undefined {
  let named: Set<string> | undefined;
  for (let i = 0; i < headerNames.length; i++) {
    if (headerNames[i] !== "connection") continue;
    for (const option of (rawHeaders[2 * i + 1] as string).toLowerCase().split(",")) {
      const name = option.trim();
      if (name === "close" || name === "keep-alive" || neverConnectionOptions.has(name)) continue;
      named ??= new Set();
      named.add(name);
    }
  }
  return named;
}

const formatPeer = (address: string, port: number): string =>
  address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
