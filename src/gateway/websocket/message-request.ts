import { isUtf8 } from "node:buffer";
import { bounds } from "../../base/bounds.ts";
import type { AnswerObserver, BodySink, InboundExchange, InboundRequest } from "../../http/inbound.ts";

/** Who is told the answer to what came on a connection. */
export interface AnswerTaker {
  /** Whether the client is sent the answer. Of one that nobody is told, what is too long for a message is dropped. */
  isHeard(): boolean;
  /** Takes the answer; undefined for one that broke off or is too long for a message. */
  take(message: Buffer | string | undefined): void;
}

/** What answers a message may be as long as what clients send. */
const answerBytesMax = bounds.webSocketMessageBytesMax.value;

/** What the log says of a message whose integration's answer can't be sent. */
export const noAnswerStatus = 502;

const nothing: readonly string[] = [];

/**
 * Stands in for a request where something came on a WebSocket: a message is the body, and there are no headers. The answer is
 * collected, and passed on whole.
 */
export class MessageRequest implements InboundExchange {
  readonly host: string;
  readonly client: InboundRequest["client"];
  readonly listener: InboundRequest["listener"];
  readonly #body: Buffer;
  readonly #taker: AnswerTaker;
  observer: AnswerObserver | undefined = undefined;
  isBegun = false;
  responseBytes = 0;
  /** What came of an answer that is streamed. */
  #chunks: Buffer[] | undefined = undefined;

  /** `taker` takes one answer. */
  constructor(
    { host, client, listener }: Pick<InboundRequest, "host" | "client" | "listener">,
    body: Buffer,
    taker: AnswerTaker,
  ) {
    this.host = host;
    this.client = client;
    this.listener = listener;
    this.#body = body;
    this.#taker = taker;
  }

  get method(): string {
    return "POST";
  }
  get target(): string {
    return "/";
  }
  get headBytes(): number {
    return 0;
  }
  get httpVersion(): "1.1" {
    return "1.1";
  }
  get rawHeaders(): readonly string[] {
    return nothing;
  }
  get headerNames(): readonly string[] {
    return nothing;
  }
  get contentLength(): number {
    return this.#body.length;
  }
  get hasBody(): boolean {
    return this.#body.length > 0;
  }
  get bodyBytes(): number {
    return this.#body.length;
  }
  get webSocket(): "none" {
    return "none";
  }
  header(): undefined {
    return undefined;
  }
  upgrade(): undefined {
    return undefined;
  }
  reserve(): boolean {
    return true;
  }

  collect(bytesMax: number, done: Parameters<InboundRequest["collect"]>[1]): void {
    if (this.#body.length > bytesMax) done("too-large", Buffer.alloc(0));
    else done("ok", this.#body);
  }

  streamBody(sink: BodySink): void {
    if (this.hasBody) sink.data(this.#body);
    sink.end();
  }

  resumeBody(): void {}

  respond(_status: number, _headers: readonly string[], body: Buffer | string = ""): void {
    if (this.isBegun) return;
    this.isBegun = true;
    // A character has at most three bytes, so the bytes of most texts need not be counted.
    const isShort = body.length <= answerBytesMax / 3;
    this.responseBytes = isShort && typeof body !== "string" ? body.length : Buffer.byteLength(body);
    const isTooLong = this.responseBytes > answerBytesMax;
    this.#taker.take(isTooLong ? (this.#taker.isHeard() ? undefined : "") : asText(body));
  }

  startResponse(): void {
    this.isBegun = true;
    this.#chunks = [];
  }

  write(chunk: Buffer): boolean {
    if (this.#chunks === undefined) return true;
    this.responseBytes += chunk.length;
    this.#chunks.push(Buffer.from(chunk));
    if (this.responseBytes <= answerBytesMax) return true;
    if (this.#taker.isHeard()) {
      this.abort();
      this.observer?.onClose(noAnswerStatus);
    } else this.#chunks.length = 0;
    return true;
  }

  end(): void {
    const chunks = this.#chunks;
    if (chunks === undefined) return;
    this.#chunks = undefined;
    this.#taker.take(asText(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
  }

  abort(): void {
    if (this.isBegun && this.#chunks === undefined) return;
    this.isBegun = true;
    this.#chunks = undefined;
    this.#taker.take(undefined);
  }
}

/** Messages are text: bytes that are not UTF-8 become U+FFFD. */
const asText = (body: Buffer | string): Buffer | string =>
  typeof body === "string" || isUtf8(body) ? body : body.toString("utf8");
