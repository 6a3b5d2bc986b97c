import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import { test } from "node:test";
import { chance, durationMsOr, makeRandom, pick, type Random, seed } from "../../../test/random.ts";
import { within } from "../../../test/until.ts";
import { publicListener } from "../listener.ts";
import { Http1Server } from "./http1-server.ts";
import { defaultHttp1Limits } from "./limits.ts";

/** One request as a server understood it. */
interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly string[];
  readonly body: string;
}

interface FuzzResult {
  readonly inputs: number;
  /** Requests that both accepted: a run that accepts nothing proves nothing. */
  readonly agreed: number;
  /** Inputs of which we refused what llhttp took; being stricter is allowed. */
  readonly stricter: number;
}

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
  "\x0b",
  "\x7f",
  "\x80",
  "\xff",
  "0",
  "chunked",
  "%00",
  "//",
  "#",
  "?",
  "HTTP/1.1",
  "HTTP/1.0",
  "Content-Length: 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "\r\n ",
  "0\r\n\r\n",
  '"',
  "\\",
  "Host: b\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
];

const methods = [
  "GET",
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "OPTIONS",
  "HEAD",
  "PATCH",
  "get",
  "TRACE",
  "FOO",
  "M-SEARCH",
  "PROPFIND",
];
const targets = [
  "/",
  "/a?b=c",
  "*",
  "http://b/c",
  "http://b:80?d",
  "https://b",
  "/%2e%2e//x",
  "a",
  "/a b",
  '/"<>',
  "/a#b",
  "http://u@b/",
  "",
];
const versions = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1.1 ", ""];
const otherHeaders = [
  "Accept: */*",
  "X-A:",
  "X-A:  b  ",
  "X-B: \xe9",
  "Connection: close",
  "Connection: keep-alive",
  "Connection: x, keep-alive",
  "Expect: 100-continue",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "A: b\r\n c",
  "A : b",
  "Keep-Alive: 5",
  "TE: trailers",
  "Trailer: X",
  "Content-Length: 0",
  "Proxy-Connection: keep-alive",
  "A: b\x01c",
  "NoColon",
  ": b",
  "A\x80: b",
  "Host: b",
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
  "99",
];
const codings = [
  "chunked",
  "Chunked",
  "gzip, chunked",
  "chunked, chunked",
  "identity",
  "chunked ",
  "\tchunked",
  "xchunked",
  "chunked;q=1",
  "",
];
const chunkLines = [
  "5",
  "5",
  "05",
  "5;a",
  "5;a=b",
  '5;a="b"',
  "5 ",
  "5 ;a",
  " 5",
  "0x5",
  "5\n",
  "-5",
  "FFFFFFFFFFFFFFFFF",
  "5;\x01",
  '5;a="\\""',
];

const makeRequest = (random: Random): string => {
  const isOdd = chance(random, 0.5);
  const choose = (from: readonly string[]): string => (isOdd ? pick(random, from) : (from[0] as string));
  const lines = [
    `${isOdd ? pick(random, methods) : pick(random, methods.slice(0, 8))} ${choose(targets)} ${choose(versions)}`,
  ];
  if (!chance(random, isOdd ? 0.1 : 0)) lines.push("Host: a");
  while (chance(random, 0.4)) lines.push(isOdd ? pick(random, otherHeaders) : pick(random, otherHeaders.slice(0, 4)));
  let body = "";
  const framing = random();
  if (framing < 0.3) {
    lines.push(`Content-Length: ${choose(lengths)}`);
    body = "hello";
  } else if (framing < 0.6) {
    lines.push(`Transfer-Encoding: ${choose(codings)}`);
    if (isOdd && chance(random, 0.1)) lines.push(`Content-Length: ${pick(random, lengths)}`);
    while (chance(random, 0.6)) body += `${choose(chunkLines)}\r\nhello\r\n`;
    body += `0${chance(random, 0.1) ? ";x" : ""}\r\n${chance(random, 0.1) ? pick(random, ["A: b\r\n", "A: b\n", "A b: c\r\n", "Content-Length: 3\r\n"]) : ""}\r\n`;
  }
  return `${chance(random, 0.1) ? "\r\n" : ""}${lines.join("\r\n")}\r\n\r\n${body}`;
};

const mutate = (random: Random, text: string): string => {
  const at = Math.floor(random() * text.length);
  switch (Math.floor(random() * 5)) {
    case 0:
      return text.slice(0, at) + pick(random, oddities) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + pick(random, oddities) + text.slice(at + 1);
    case 3:
      return text.slice(0, at);
    default:
      return text.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + text.slice(at + 1);
  }
};

const makeInput = (random: Random): string => {
  let text = "";
  do text += makeRequest(random);
  while (chance(random, 0.3));
  while (chance(random, 0.4)) text = mutate(random, text);
  return text;
};

/** Sends the pieces to one side of a pair whose other side a server has, and waits for both to be done with it. */
const converse = async (accept: (far: Duplex) => void, pieces: readonly Buffer[]): Promise<void> => {
  const [near, far] = duplexPair();
  near.on("error", () => {});
  far.on("error", () => {});
  near.resume();
  const isClosed = once(far, "close");
  accept(far);
  for (const piece of pieces) {
    if (near.destroyed || near.writableEnded) break;
    // A copy: what a socket receives is the codec's, and chunks are put together in place.
    near.write(Buffer.from(piece));
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  near.end();
  near.on("end", () => near.destroy());
  await isClosed;
  near.destroy();
};

/** The parser under node:http, without the server around it, which loses requests when an error follows them closely. */
interface Llhttp {
  [callback: number]: (...values: never[]) => number | undefined;
  initialize(type: number, resource: object, maxHeaderSize: number, leniency: number): void;
  execute(bytes: Buffer): number | Error;
  close(): void;
}
interface HttpCommon {
  readonly methods: readonly string[];
  readonly HTTPParser: (new () => Llhttp) & {
    readonly REQUEST: number;
    readonly kOnHeaders: number;
    readonly kOnHeadersComplete: number;
    readonly kOnBody: number;
    readonly kOnMessageComplete: number;
    readonly kLenientNone: number;
  };
}
const { HTTPParser, methods: llhttpMethods } = createRequire(import.meta.url)("_http_common") as HttpCommon;

/** What llhttp in its strict mode makes of the input. */
const readByLlhttp = (input: Buffer): SeenRequest[] => {
  const seen: SeenRequest[] = [];
  const parser = new HTTPParser();
  let flushed: string[] = [];
  let flushedTarget = "";
  let current = { method: "", target: "", version: "", headers: [] as string[], body: "" };
  parser.initialize(HTTPParser.REQUEST, {}, 65_536, HTTPParser.kLenientNone);
  // Heads of more than 32 headers come in parts; trailers come this way, too, and are not looked at.
  parser[HTTPParser.kOnHeaders] = (headers: string[], target: string) => {
    flushed.push(...headers);
    flushedTarget += target;
    return undefined;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    major: number,
    minor: number,
    headers: string[] | undefined,
    method: number,
    target: string | undefined,
  ) => {
    current = {
      method: llhttpMethods[method] ?? "",
      target: target ?? flushedTarget,
      version: `${major}.${minor}`,
      headers: headers ?? flushed,
      body: "",
    };
    flushed = [];
    flushedTarget = "";
    return 0;
  };
  parser[HTTPParser.kOnBody] = (piece: Buffer) => {
    current.body += piece.toString("latin1");
    return undefined;
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    seen.push(current);
    flushed = [];
    flushedTarget = "";
    return undefined;
  };
  // It stops behind a request that would upgrade; nobody upgrades here, and what follows is the next request.
  for (let at = 0; at < input.length; ) {
    const consumed = parser.execute(input.subarray(at));
    if (typeof consumed !== "number" || consumed === 0) break;
    at += consumed;
  }
  parser.close();
  return seen;
};

const readByUs = async (
  http1: Http1Server,
  seen: SeenRequest[],
  pieces: readonly Buffer[],
): Promise<readonly SeenRequest[]> => {
  seen.length = 0;
  await converse((far) => http1.accept(far as unknown as Socket, publicListener), pieces);
  return [...seen];
};

/** The absolute form is reduced by us and not by node:http; its authority then stands in for the Host. */
const reduced = (seen: SeenRequest): SeenRequest => {
  const match = /^https?:\/\/([^/?]+)(.*)$/i.exec(seen.target);
  if (match === null) return seen;
  const [, authority = "", rest = ""] = match;
  const isHost = (value: string | undefined): boolean => value?.toLowerCase() === "host";
  const headers = seen.headers.map((value, i) => (i % 2 === 1 && isHost(seen.headers[i - 1]) ? authority : value));
  if (!seen.headers.some((value, i) => i % 2 === 0 && isHost(value))) headers.push("Host", authority);
  return { ...seen, target: rest.startsWith("/") ? rest : `/${rest}`, headers };
};

/**
 * Feeds made-up and damaged requests to our codec and to llhttp. What ours accepts, llhttp must have accepted too, with the
 * same method, target, headers and body, in the same place of the stream: else one of two servers in a row could be made
 * to see a request that the other does not. Ends after `msMax`; throws with the input that tells them apart.
 */
async function fuzzAgainstLlhttp(msMax: number): Promise<FuzzResult> {
  const random = makeRandom(seed);
  const seen: SeenRequest[] = [];
  const http1 = new Http1Server({
    limits: defaultHttp1Limits,
    clock: Date,
    onRequest: (request) => {
      const { method, target, httpVersion: version, rawHeaders: headers } = request;
      request.collect(1_000_000, (outcome, collected) => {
        if (outcome !== "ok") return;
        seen.push({ method, target, version, headers, body: collected.toString("latin1") });
        request.respond(200, [], undefined);
      });
    },
    onError: (error) => {
      throw error;
    },
  });
  const isTimeLeft = within(msMax);
  const result = { inputs: 0, agreed: 0, stricter: 0 };
  while (isTimeLeft()) {
    result.inputs++;
    const input = Buffer.from(makeInput(random), "latin1");
    const ours = await readByUs(http1, seen, [input]);
    const theirs = readByLlhttp(input).map(reduced);
    const split = Math.floor(random() * input.length);
    const inPieces = await readByUs(http1, seen, [input.subarray(0, split), input.subarray(split)]);
    const at = `PORTICO_FUZZ_SEED=${seed}, input ${result.inputs}: ${JSON.stringify(input.toString("latin1"))}`;
    if (JSON.stringify(inPieces) !== JSON.stringify(ours)) {
      throw new Error(
        `Split at ${split} it is read as ${JSON.stringify(inPieces)}, whole as ${JSON.stringify(ours)}; ${at}`,
      );
    }
    for (const [i, request] of ours.entries()) {
      if (JSON.stringify(theirs[i]) !== JSON.stringify(request)) {
        throw new Error(`We read ${JSON.stringify(request)}, llhttp ${JSON.stringify(theirs[i])}; ${at}`);
      }
    }
    result.agreed += ours.length;
    if (theirs.length > ours.length) result.stricter++;
  }
  await http1.stop(0);
  return result;
}

test(`what the codec accepts, llhttp accepts and reads alike (PORTICO_FUZZ_SEED=${seed})`, async (t) => {
  const result = await fuzzAgainstLlhttp(durationMsOr(2_000));
  t.diagnostic(
    `${result.inputs} inputs, ${result.agreed} requests read alike, ${result.stricter} inputs refused only here`,
  );
  assert.ok(result.agreed > result.inputs / 10, "the fuzzer makes too few good requests to prove anything");
  assert.ok(result.stricter < result.inputs / 5, "the codec refuses much that llhttp takes");
});
