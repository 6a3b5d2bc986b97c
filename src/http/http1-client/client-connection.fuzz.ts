import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { type Answer, readAnswer } from "../../../test/connection-under-test.ts";
import { chance, durationMsOr, makeRandom, pick, type Random, seed } from "../../../test/random.ts";
import { within } from "../../../test/until.ts";

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

type FinalState = Pick<Answer, "status" | "headers" | "body">;

/** The first final answer that llhttp in its strict mode reads to its end, before the backend closes. */
const readByLlhttp = (input: Buffer, isHead: boolean): FinalState | undefined => {
  let final: FinalState | undefined;
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
  const isTimeLeft = within(msMax);
  const result = { inputs: 0, agreed: 0, stricter: 0, kept: 0 };
  while (isTimeLeft()) {
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
