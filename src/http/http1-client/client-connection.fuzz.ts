import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { test } from "node:test";
import { chance, durationMsOr, makeRandom, pick, type Random, seed } from "../../../test/random.ts";
import { ClientConnection, type ConnectionOwner } from "./client-connection.ts";
import type { SocketReader } from "./open-socket.ts";
import type { OutboundFailure, OutboundRequest } from "./outbound.ts";

/** A socket of which only the connection's side exists; `written` is what a backend would have received. */
class FakeSocket extends EventEmitter {
  written = "";
  writable = true;
  writableNeedDrain = false;
  isPaused = false;
  isDestroyed = false;
  write(piece: string | Buffer): boolean {
    this.written += piece.toString("latin1");
    return true;
  }
  cork(): void {}
  uncork(): void {}
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  destroy(): void {
    this.isDestroyed = true;
    this.writable = false;
  }
}

/** An answer as it was read. */
export interface Answer {
  outcome: "none" | "complete" | "failed";
  status: number;
  headers: readonly string[];
  body: string;
  /** The connection took the next request. */
  isKept: boolean;
  failure: OutboundFailure | undefined;
}

/** A connection without a network, with a request on it. */
export class ConnectionUnderTest implements ConnectionOwner {
  nowMs = 0;
  readonly socket = new FakeSocket();
  readonly connection: ClientConnection;
  readonly request: OutboundRequest;
  readonly answer: Answer = { outcome: "none", status: 0, headers: [], body: "", isKept: false, failure: undefined };
  /** What `onData` answers. */
  isTaking = true;
  exception: unknown = undefined;
  closedTimes = 0;
  unreachableTimes = 0;
  #reader: SocketReader | undefined = undefined;
  readonly #lent = Buffer.alloc(65_536);

  constructor(options: { readonly isHead?: boolean; readonly body?: OutboundRequest["body"] } = {}) {
    this.connection = new ClientConnection(this, (reader) => {
      this.#reader = reader;
      return this.socket as unknown as Socket;
    });
    const { answer } = this;
    this.request = {
      head: "GET / HTTP/1.1\r\n\r\n",
      isHead: options.isHead ?? false,
      body: options.body,
      connection: undefined,
      onHead(status, headers) {
        answer.status = status;
        answer.headers = headers;
      },
      onData: (chunk) => {
        this.chunks.push(chunk);
        return this.isTaking;
      },
      onEnd: () => this.#settle("complete"),
      onFailure: (failure) => {
        answer.failure = failure;
        this.#settle("failed");
      },
      onException: (error) => {
        this.exception = error;
      },
      sweep() {},
    };
    this.connection.send(this.request);
    this.#reader!.onConnected();
  }

  /** Kept to the end, so that a chunk that somebody else writes into shows. */
  readonly chunks: Buffer[] = [];

  /** Bytes from the backend, in a buffer that is overwritten at once. */
  receive(piece: Buffer): void {
    for (let at = 0; at < piece.length; at += this.#lent.length) {
      const length = piece.copy(this.#lent, 0, at);
      this.#reader!.onLent(this.#lent, length);
      this.#lent.fill(0xaa, 0, length);
    }
  }

  receiveOwned(piece: Buffer): void {
    this.#reader!.onOwned(Buffer.from(piece));
  }

  end(): void {
    this.socket.emit("end");
  }

  connected(): void {}

  unreachable(): void {
    this.unreachableTimes++;
  }
  released(): void {
    this.answer.isKept = true;
  }
  closed(): void {
    this.closedTimes++;
    this.answer.isKept = false;
  }

  #settle(outcome: "complete" | "failed"): void {
    if (this.answer.outcome !== "none") throw new Error(`told of ${outcome} after ${this.answer.outcome}`);
    this.answer.outcome = outcome;
  }

  finish(): Answer {
    this.answer.body = Buffer.concat(this.chunks).toString("latin1");
    return this.answer;
  }
}

/** Reads an answer that comes in pieces; then the backend closes, if it is said to. */
export function readAnswer(
  pieces: readonly Buffer[],
  options: { readonly isHead?: boolean; readonly isEnded?: boolean; readonly isOwned?: boolean } = {},
): Answer {
  const test = new ConnectionUnderTest(options);
  for (const piece of pieces) {
    if (options.isOwned === true) test.receiveOwned(piece);
    else test.receive(piece);
  }
  if (options.isEnded === true) test.end();
  if (test.exception !== undefined) throw test.exception;
  if (test.closedTimes > 1) throw new Error("closed twice");
  return test.finish();
}

// The first of each list is right; the others are odd, some of them allowed.
const statusLines = [
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200",
  "HTTP/1.1 200 ",
  "HTTP/1.0 200 OK",
  "HTTP/1.1 204 No Content",
  "HTTP/1.1 304 Not Modified",
  "HTTP/1.1 100 Continue",
  "HTTP/1.1 103 Early Hints",
  "HTTP/1.1 101 Switching Protocols",
  "HTTP/1.1 099 X",
  "HTTP/1.1 600 X",
  "HTTP/1.1 20 X",
  "HTTP/1.1 2000 X",
  "HTTP/2.0 200 OK",
  "http/1.1 200 OK",
  "HTTP/1.1  200 OK",
  "HTTP/1.1 200 \xe9\x01",
  "ICY 200 OK",
];
const otherHeaders = [
  "Server: x",
  "X-A:",
  "X-A:  b  ",
  "X-B: \xe9",
  "Connection: close",
  "Connection: keep-alive",
  "Connection: x, Keep-Alive",
  "Keep-Alive: timeout=5, max=100",
  "Keep-Alive: timeout=1",
  "Upgrade: websocket",
  "A: b\r\n c",
  "A : b",
  "Trailer: X",
  "A: b\x01c",
  "A: b\0",
  "NoColon",
  ": b",
  "A\x80: b",
];
const lengths = [
  "5",
  "05",
  "5, 5",
  "+5",
  "5 ",
  "-1",
  "0x5",
  "",
  "5\r\nContent-Length: 5",
  "5\r\nContent-Length: 6",
  "4",
  "0",
];
const codings = [
  "chunked",
  "Chunked",
  "gzip, chunked",
  "chunked, chunked",
  "identity",
  "chunked ",
  "\tchunked",
  "gzip",
  "",
];
const chunkLines = [
  "5",
  "05",
  "5;a",
  "5;a=b",
  '5;a="b"',
  "5 ",
  " 5",
  "0x5",
  "5\n",
  "-5",
  "FFFFFFFFFFFFFFFFF",
  "5;\x01",
];
const oddities = [
  "\r",
  "\n",
  "\r\n",
  "\r\n\r\n",
  "\0",
  " ",
  "\t",
  ":",
  ";",
  ",",
  "\x7f",
  "\xff",
  "0",
  "HTTP/1.1 200 OK\r\n",
  "Content-Length: 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "\r\n ",
  "0\r\n\r\n",
];

const makeAnswer = (random: Random): string => {
  const isOdd = chance(random, 0.5);
  const choose = (from: readonly string[]): string => (isOdd ? pick(random, from) : (from[0] as string));
  const interim = chance(random, 0.1) ? "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" : "";
  const lines = [choose(statusLines)];
  while (chance(random, 0.4)) lines.push(isOdd ? pick(random, otherHeaders) : pick(random, otherHeaders.slice(0, 8)));
  let body = chance(random, 0.5) ? "hello" : "";
  const framing = random();
  if (framing < 0.4) {
    lines.push(`Content-Length: ${choose(lengths)}`);
    body = chance(random, 0.9) ? "hello" : "hello!";
  } else if (framing < 0.8) {
    lines.push(`Transfer-Encoding: ${choose(codings)}`);
    if (isOdd && chance(random, 0.1)) lines.push(`Content-Length: ${pick(random, lengths)}`);
    body = "";
    while (chance(random, 0.6)) body += `${choose(chunkLines)}\r\nhello\r\n`;
    body += `0${chance(random, 0.1) ? ";x" : ""}\r\n${chance(random, 0.1) ? pick(random, ["A: b\r\n", "A: b\n", "A b: c\r\n", "Content-Length: 3\r\n"]) : ""}\r\n`;
  }
  return `${interim}${lines.join("\r\n")}\r\n\r\n${body}`;
};

const mutate = (random: Random, text: string): string => {
  const at = Math.floor(random() * text.length);
  const odd = chance(random, 0.3) ? String.fromCharCode(Math.floor(random() * 256)) : pick(random, oddities);
  switch (Math.floor(random() * 4)) {
    case 0:
      return text.slice(0, at) + odd + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + odd + text.slice(at + 1);
    default:
      return text.slice(0, at);
  }
};

/** The parser under node:http. */
interface Llhttp {
  [callback: number]: (...values: never[]) => number | undefined;
  initialize(type: number, resource: object, maxHeaderSize: number, leniency: number): void;
  execute(bytes: Buffer): number | Error;
  finish(): number | Error | undefined;
  close(): void;
}
interface HttpCommon {
  readonly HTTPParser: (new () => Llhttp) & {
    readonly RESPONSE: number;
    readonly kOnHeaders: number;
    readonly kOnHeadersComplete: number;
    readonly kOnBody: number;
    readonly kOnMessageComplete: number;
    readonly kLenientNone: number;
  };
}
const { HTTPParser } = createRequire(import.meta.url)("_http_common") as HttpCommon;

type Final = Pick<Answer, "status" | "headers" | "body">;

/** The first final answer that llhttp in its strict mode reads to its end, before the backend closes. */
const readByLlhttp = (input: Buffer, isHead: boolean): Final | undefined => {
  let final: Final | undefined;
  let current = { status: 0, headers: [] as string[], body: "" };
  let flushed: string[] = [];
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.RESPONSE, {}, 65_536, HTTPParser.kLenientNone);
  parser[HTTPParser.kOnHeaders] = (headers: string[]) => {
    flushed.push(...headers);
    return undefined;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    _minor: number,
    headers: string[] | undefined,
    _method: number,
    _target: string | undefined,
    status: number,
  ) => {
    current = { status, headers: headers ?? flushed, body: "" };
    flushed = [];
    return isHead ? 1 : 0;
  };
  parser[HTTPParser.kOnBody] = (piece: Buffer) => {
    current.body += piece.toString("latin1");
    return undefined;
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    flushed = [];
    if (current.status >= 200) final ??= current;
    return undefined;
  };
  const consumed = parser.execute(input);
  if (typeof consumed === "number") parser.finish();
  parser.close();
  return final;
};

interface FuzzResult {
  readonly inputs: number;
  /** Answers that both took: a run that takes nothing proves nothing. */
  readonly agreed: number;
  /** Those that only llhttp took; being stricter is allowed. */
  readonly stricter: number;
  readonly kept: number;
}

/**
 * Feeds made-up and damaged answers to our client and to llhttp: what ours takes as a whole answer, llhttp must take,
 * too, with the same status, headers and body; and however the bytes are split, ours must come to the same end. Ends
 * after `msMax`; throws with the input that tells them apart.
 */
function fuzzAgainstLlhttp(msMax: number): FuzzResult {
  const random = makeRandom(seed);
  const until = performance.now() + msMax;
  const result = { inputs: 0, agreed: 0, stricter: 0, kept: 0 };
  while (performance.now() < until) {
    result.inputs++;
    let text = makeAnswer(random);
    while (chance(random, 0.4)) text = mutate(random, text);
    const input = Buffer.from(text, "latin1");
    const isHead = chance(random, 0.1);
    const ours = readAnswer([input], { isHead, isEnded: true });
    const at = `PORTICO_FUZZ_SEED=${seed}, input ${result.inputs}${isHead ? ", HEAD" : ""}: ${JSON.stringify(text)}`;
    const split = Math.floor(random() * input.length);
    const ways = [[input.subarray(0, split), input.subarray(split)], Array.from(input, (byte) => Buffer.of(byte))];
    for (const pieces of ways) {
      const inPieces = readAnswer(pieces, { isHead, isEnded: true, isOwned: chance(random, 0.3) });
      if (essence(inPieces) !== essence(ours)) {
        throw new Error(`In ${pieces.length} pieces it is ${essence(inPieces)}, whole ${essence(ours)}; ${at}`);
      }
    }
    const theirs = readByLlhttp(input, isHead);
    if (ours.outcome === "complete") {
      const { status, headers, body } = ours;
      const read = JSON.stringify({ status, headers, body });
      if (JSON.stringify(theirs) !== read) throw new Error(`We read ${read}, llhttp ${JSON.stringify(theirs)}; ${at}`);
      result.agreed++;
    } else if (theirs !== undefined) result.stricter++;
    // Whether it would have been used again is to be seen before the backend closes.
    if (readAnswer([input], { isHead }).isKept) result.kept++;
  }
  return result;
}

/** What may not depend on how the bytes were split. Of a broken body more or less may have been passed on. */
const essence = ({ outcome, status, headers, body, isKept }: Answer): string =>
  JSON.stringify({ outcome, status, headers, body: outcome === "complete" ? body : "", isKept });

test(`what the client takes for an answer, llhttp reads alike (PORTICO_FUZZ_SEED=${seed})`, (t) => {
  const result = fuzzAgainstLlhttp(durationMsOr(2_000));
  t.diagnostic(
    `${result.inputs} inputs, ${result.agreed} answers read alike, ${result.stricter} refused only here, ${result.kept} connections kept`,
  );
  assert.ok(result.agreed > result.inputs / 5, "the fuzzer makes too few good answers to prove anything");
  assert.ok(result.kept > result.inputs / 20, "too few connections would have been used again");
  assert.ok(result.stricter < result.inputs / 4, "the client refuses much that llhttp takes");
});
