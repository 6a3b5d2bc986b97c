import type { BodySink, CollectOutcome, InboundRequest } from "../http/inbound.ts";
import type { Listener } from "../http/listener.ts";
import type { RequestClient } from "../http/request-client.ts";
import type { WebSocketWish } from "../http/websocket/websocket.ts";

/** A request with headers that a check in front of the stage has added. They take the place of the client's own. */
export class RequestWithHeaders implements InboundRequest {
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
  readonly #request: InboundRequest;

  /** `added` has names and values in turn. */
  constructor(request: InboundRequest, added: readonly string[]) {
    const names = added.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    const kept = request.headerNames
      .map((_, index) => index)
      .filter((index) => !names.includes(request.headerNames[index]!));
    this.method = request.method;
    this.target = request.target;
    this.headBytes = request.headBytes;
    this.httpVersion = request.httpVersion;
    this.host = request.host;
    this.client = request.client;
    this.listener = request.listener;
    this.contentLength = request.contentLength;
    this.hasBody = request.hasBody;
    this.headerNames = [...kept.map((index) => request.headerNames[index]!), ...names];
    this.rawHeaders = [...kept.flatMap((index) => request.rawHeaders.slice(2 * index, 2 * index + 2)), ...added];
    this.#request = request;
  }

  get webSocket(): WebSocketWish {
    return this.#request.webSocket;
  }

  get bodyBytes(): number {
    return this.#request.bodyBytes;
  }

  header(name: string): string | undefined {
    const index = this.headerNames.lastIndexOf(name);
    return index < 0 ? undefined : this.rawHeaders[2 * index + 1];
  }

  collect(bytesMax: number, done: (outcome: CollectOutcome, body: Buffer) => void): void {
    this.#request.collect(bytesMax, done);
  }

  reserve(bytes: number): boolean {
    return this.#request.reserve(bytes);
  }

  streamBody(sink: BodySink): void {
    this.#request.streamBody(sink);
  }

  resumeBody(): void {
    this.#request.resumeBody();
  }
}
