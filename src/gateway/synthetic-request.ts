import type { AnswerObserver, BodySink, InboundExchange, InboundRequest } from "../http/inbound.ts";
import { developmentListener, type Listener } from "../http/listener.ts";
import { makeClient, type RequestClient } from "../http/request-client.ts";
import { readWish } from "../http/websocket/handshake.ts";
import type { WebSocketLimits, WebSocketPeer, WebSocketReceiver, WebSocketWish } from "../http/websocket/websocket.ts";

/** A request that Portico makes itself. */
export interface SyntheticInput {
  readonly method: string;
  /** The path and query, or whatever an HTTP client would send as target. */
  readonly target: string;
  readonly host: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  readonly remoteAddress: string;
  readonly localPort: number;
  readonly isEncrypted: boolean;
  /** Of a request that stands for one that was received. */
  readonly httpVersion?: "1.0" | "1.1";
}

/** The answer to a request that Portico made itself. */
export interface SyntheticAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** The body, up to the number of bytes that was asked for. */
  readonly body: Buffer;
  /** True if the answer broke off, was longer than was asked for, or did not come in time (status 0). */
  readonly isCut: boolean;
}

/** Makes the client's end of a WebSocket that was accepted with these headers. */
type ConnectClient = (receiver: WebSocketReceiver, headers: readonly string[]) => WebSocketPeer;

/** Stands in for a connection: the whole request is given, and the answer is collected up to a bound. */
export class SyntheticRequest implements InboundExchange {
  readonly method: string;
  readonly target: string;
  readonly headBytes: number;
  readonly httpVersion: "1.0" | "1.1";
  readonly rawHeaders: readonly string[];
  readonly headerNames: readonly string[];
  readonly host: string;
  readonly client: RequestClient;
  readonly listener: Listener;
  readonly contentLength: number | undefined;
  readonly hasBody: boolean;
  readonly bodyBytes: number;
  observer: AnswerObserver | undefined = undefined;
  isBegun = false;
  responseBytes = 0;
  readonly #body: Buffer;
  readonly #bytesMax: number;
  readonly #connect: ConnectClient | undefined;
  #onAnswer: ((answer: SyntheticAnswer) => void) | undefined;
  #status = 0;
  #headers: readonly string[] = [];
  readonly #chunks: Buffer[] = [];
  #isCut = false;

  /** Takes the request; `onAnswer` is called once. */
  constructor(
    input: SyntheticInput,
    options: {
      readonly answerBytesMax: number;
      readonly onAnswer: (answer: SyntheticAnswer) => void;
      readonly listener?: Listener;
      /** Of a request that stands for one that was received. */
      readonly client?: RequestClient;
      /** Makes the client's end of a WebSocket, at whose end the handshake's answer is concluded. */
      readonly connect?: ConnectClient;
    },
  ) {
    this.method = input.method;
    this.httpVersion = input.httpVersion ?? "1.1";
    this.target = input.target;
    this.headBytes = headBytesOf(input);
    this.host = input.host;
    this.rawHeaders = input.headers;
    this.headerNames = input.headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    const { remoteAddress: address, localPort: calledPort, isEncrypted } = input;
    this.client = options.client ?? makeClient({ address, port: 0, calledPort, isEncrypted });
    this.listener = options.listener ?? { ...developmentListener, isEncrypted };
    this.hasBody = input.body.length > 0;
    this.bodyBytes = input.body.length;
    this.contentLength = this.hasBody ? input.body.length : undefined;
    // A message between threads turns buffers into plain arrays.
    this.#body = Buffer.from(input.body.buffer, input.body.byteOffset, input.body.length);
    this.#bytesMax = options.answerBytesMax;
    this.#onAnswer = options.onAnswer;
    this.#connect = options.connect;
  }

  get webSocket(): WebSocketWish {
    return readWish(this);
  }

  header(name: string): string | undefined {
    const index = this.headerNames.lastIndexOf(name);
    return index < 0 ? undefined : this.rawHeaders[2 * index + 1];
  }

  collect(bytesMax: number, done: Parameters<InboundRequest["collect"]>[1]): void {
    if (this.#body.length > bytesMax) done("too-large", Buffer.alloc(0));
    else done("ok", this.#body);
  }

  reserve(): boolean {
    return true;
  }

  streamBody(sink: BodySink): void {
    if (this.hasBody) sink.data(this.#body);
    sink.end();
  }

  resumeBody(): void {}

  respond(status: number, headers: readonly string[], body: Buffer | string | undefined): void {
    this.startResponse(status, headers);
    if (body !== undefined) this.write(Buffer.from(body));
    this.end();
  }

  /** Where nobody is at the other end, the handshake is answered, and then the client is gone. */
  upgrade(
    headers: readonly string[],
    _limits: WebSocketLimits,
    receiver: WebSocketReceiver,
  ): WebSocketPeer | undefined {
    this.startResponse(101, headers);
    if (this.#connect !== undefined) return this.#connect(receiver, headers);
    this.end();
    return undefined;
  }

  startResponse(status: number, headers: readonly string[]): void {
    this.isBegun = true;
    this.#status = status;
    this.#headers = [...headers];
  }

  write(chunk: Buffer): boolean {
    const room = this.#bytesMax - this.responseBytes;
    this.responseBytes += chunk.length;
    if (room > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
    if (this.responseBytes > this.#bytesMax) this.giveUp();
    return true;
  }

  end(): void {
    const answer = this.#onAnswer;
    this.#onAnswer = undefined;
    answer?.({
      status: this.#status,
      headers: this.#headers,
      body: Buffer.concat(this.#chunks),
      isCut: this.#isCut,
    });
  }

  abort(): void {
    this.#isCut = true;
    this.end();
  }

  /** Gives the request up: ends the work under way, as a client that goes away does. */
  giveUp(): void {
    if (this.#onAnswer === undefined) return;
    this.abort();
    this.observer?.onClose();
  }
}

/** `GET /path HTTP/1.1`, and `Name: value` for each header, with their line ends. */
const headBytesOf = ({ method, target, headers }: SyntheticInput): number =>
  headers.reduce((sum, text) => sum + text.length + 2, method.length + target.length + 14);
