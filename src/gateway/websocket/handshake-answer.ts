import type { Answer, AnswerObserver, InboundExchange } from "../../http/inbound.ts";

/**
 * Stands in front of the answer to a handshake: a success of the route `$connect` makes the WebSocket, and everything else
 * is answered by HTTP as it is.
 */
export class HandshakeAnswer implements Answer {
  readonly #inbound: InboundExchange;
  readonly #accept: (headers: readonly string[]) => void;
  /** The headers of a success that is being streamed, whose body goes nowhere. */
  #accepted: readonly string[] | undefined = undefined;

  /** `accept` gets the headers of the integration's answer. */
  constructor(inbound: InboundExchange, accept: (headers: readonly string[]) => void) {
    this.#inbound = inbound;
    this.#accept = accept;
  }

  get isBegun(): boolean {
    return this.#accepted !== undefined || this.#inbound.isBegun;
  }
  get responseBytes(): number {
    return this.#inbound.responseBytes;
  }
  get observer(): AnswerObserver | undefined {
    return this.#inbound.observer;
  }
  set observer(observer: AnswerObserver | undefined) {
    this.#inbound.observer = observer;
  }

  respond(status: number, headers: readonly string[], body: Buffer | string | undefined): void {
    if (isSuccess(status)) this.#accept(headers);
    else this.#inbound.respond(status, headers, body);
  }

  startResponse(status: number, headers: readonly string[], contentLength: number | undefined): void {
    if (isSuccess(status)) this.#accepted = headers;
    else this.#inbound.startResponse(status, headers, contentLength);
  }

  write(chunk: Buffer): boolean {
    return this.#accepted !== undefined || this.#inbound.write(chunk);
  }

  end(): void {
    const headers = this.#accepted;
    if (headers === undefined) this.#inbound.end();
    else this.#accept(headers);
  }

  abort(): void {
    this.#inbound.abort();
  }
}

/** Unconfirmed: all of 2xx; see docs/compatibility.md, "WebSocket APIs, handshakes". */
const isSuccess = (status: number): boolean => status >= 200 && status < 300;
