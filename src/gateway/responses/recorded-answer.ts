import type { Answer, AnswerObserver } from "../../http/inbound.ts";
import type { CachedAnswer } from "../../response-cache/cache-store.ts";
import type { Exchange } from "../exchange.ts";
import type { ReadVarying } from "../varying-headers.ts";

/** The memory that a thread has for the answers that it records at one time: slow clients may hold up many. */
export class RecordingRoom {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Returns whether there was room for so many bytes. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}

export interface RecordOptions {
  /** Longer bodies are not recorded. */
  readonly bytesMax: number;
  /** An answer that finds no room is not recorded. */
  readonly room: RecordingRoom;
  /** The request headers that the answer's form depends on, in lower case, whatever its `Vary` says. */
  readonly variesBy: readonly string[];
  readonly readVarying: ReadVarying;
  /** Headers that the answer gets and that are not recorded: names and values in turn. */
  readonly added: readonly string[];
  /** Takes the answer, if it is whole and may be given to others. */
  readonly keep: (answer: CachedAnswer) => void;
  /** Called once, when there is nothing more to wait for. */
  readonly release: () => void;
}

/**
 * Statuses of answers that are for one request. They are not kept: others have no use for them. The first ones are a part of
 * a representation, or what became of the request's conditions (RFC 9111 §3.3, §4.3). The others say that this request came
 * too slowly or was too long, which may be for headers that no key names: one caller's would close the method to everybody.
 * AWS: a backend's other errors are kept, as recorded: docs/internals/aws-facts/recorded.md, row 42.
 */
const ofOneRequest: ReadonlySet<number> = new Set([206, 304, 412, 416, 408, 413, 414, 417, 431]);

/** Passes an answer on and records it, for the response cache. The code that answers does not notice. */
export class RecordedAnswer implements Answer, AnswerObserver {
  observer: AnswerObserver | undefined;
  readonly #inner: Answer;
  readonly #exchange: Exchange;
  readonly #options: RecordOptions;
  /** The answer's head; undefined if it is not kept. */
  #head: Omit<CachedAnswer, "body"> | undefined = undefined;
  #declared: number | undefined = undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;

  /** Puts itself before the exchange's answer. */
  constructor(exchange: Exchange, options: RecordOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#inner = exchange.answer;
    this.observer = this.#inner.observer;
    this.#inner.observer = this;
  }

  get isBegun(): boolean {
    return this.#inner.isBegun;
  }

  get responseBytes(): number {
    return this.#inner.responseBytes;
  }

  onDrain(): void {
    this.observer?.onDrain();
  }

  onClose(): void {
    this.observer?.onClose();
    this.#finish();
  }

  onException(error: unknown): void {
    this.observer?.onException?.(error);
  }

  respond(status: number, headers: readonly string[], body: Buffer | string | undefined): void {
    this.#begin(status, headers, undefined);
    if (this.#head !== undefined) {
      this.#add(typeof body === "string" ? Buffer.from(body) : (body ?? Buffer.alloc(0)));
      this.#keep();
    }
    this.#inner.respond(status, this.#added(headers), body);
    this.#finish();
  }

  startResponse(
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    isBodyHere?: boolean,
  ): void {
    this.#begin(status, headers, contentLength);
    this.#inner.startResponse(status, this.#added(headers), contentLength, isBodyHere);
  }

  write(chunk: Buffer): boolean {
    if (this.#head !== undefined) this.#add(chunk);
    return this.#inner.write(chunk);
  }

  end(): void {
    // A backend may have promised another length than it sent.
    if (this.#declared === undefined || this.#declared === this.#bytes) this.#keep();
    this.#inner.end();
    this.#finish();
  }

  abort(): void {
    this.#inner.abort();
    this.#finish();
  }

  #begin(status: number, headers: readonly string[], declared: number | undefined): void {
    const { error } = this.#exchange;
    this.#drop();
    // A failure of the gateway's own is no answer of the integration.
    if (error !== undefined || status < 200 || ofOneRequest.has(status)) return;
    if (declared !== undefined && declared > this.#options.bytesMax) return;
    this.#declared = declared;
    this.#head = this.#headOf(status, headers);
  }

  /** Returns what is kept of an answer's head; undefined if the answer is for one caller. */
  #headOf(status: number, headers: readonly string[]): Omit<CachedAnswer, "body"> | undefined {
    const { requestId, extendedRequestId, integrationHeaders } = this.#exchange;
    const { variesBy, readVarying } = this.#options;
    const kept: string[] = [];
    const names = new Set(variesBy);
    // Mappings may have left out what the integration said.
    addVary(names, integrationHeaders);
    let isTraced = false;
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index]!;
      const value = headers[index + 1]!;
      switch (name.toLowerCase()) {
        case "set-cookie":
          return undefined;
        case "x-amzn-trace-id":
          isTraced = true;
          continue;
        case "x-amzn-requestid":
          if (value === requestId) continue;
          break;
        case "x-amz-apigw-id":
          if (value === extendedRequestId) continue;
      }
      kept.push(name, value);
    }
    addVary(names, kept);
    // RFC 9110 §12.5.5: more than the request's headers had a say.
    if (names.has("*")) return undefined;
    names.delete("");
    const varies: string[] = [];
    for (const name of names) {
      const text = readVarying(this.#exchange, name);
      if (text === undefined) return undefined;
      varies.push(name, text);
    }
    return { status, headers: kept, isTraced, varies };
  }

  #added(headers: readonly string[]): readonly string[] {
    const { added } = this.#options;
    return added.length === 0 ? headers : [...headers, ...added];
  }

  #add(chunk: Buffer): void {
    const { bytesMax, room } = this.#options;
    if (this.#bytes + chunk.length > bytesMax || !room.take(chunk.length)) this.#drop();
    else {
      this.#bytes += chunk.length;
      this.#chunks.push(chunk);
    }
  }

  #keep(): void {
    const head = this.#head;
    if (head === undefined || this.#isOver) return;
    const [first = Buffer.alloc(0)] = this.#chunks;
    this.#options.keep({ ...head, body: this.#chunks.length < 2 ? first : Buffer.concat(this.#chunks) });
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#drop();
    this.#options.release();
  }

  #drop(): void {
    this.#head = undefined;
    this.#chunks = [];
    this.#options.room.giveBack(this.#bytes);
    this.#bytes = 0;
  }
}

/** Adds the names, in lower case, that the `Vary` of an answer lists. */
function addVary(names: Set<string>, headers: readonly string[]): void {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]!.length !== 4 || headers[index]!.toLowerCase() !== "vary") continue;
    for (const entry of headers[index + 1]!.split(",")) names.add(entry.trim().toLowerCase());
  }
}
