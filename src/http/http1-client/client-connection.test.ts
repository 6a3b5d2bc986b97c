import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionUnderTest, readAnswer } from "../../../test/connection-under-test.ts";
import { countCpuMs } from "../../../test/cpu-time.ts";
import type { OutboundConnection } from "./outbound.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const byByte = (text: string): Buffer[] => Array.from(bytes(text), (byte) => Buffer.of(byte));

const good: readonly {
  readonly name: string;
  readonly answer: string;
  readonly status?: number;
  readonly body: string;
  readonly isKept: boolean;
  readonly isHead?: boolean;
  readonly isEnded?: boolean;
}[] = [
  { name: "a length", answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", body: "hello", isKept: true },
  { name: "no body", answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", body: "", isKept: true },
  { name: "no reason", answer: "HTTP/1.1 200\r\ncontent-length:5\r\n\r\nhello", body: "hello", isKept: true },
  {
    name: "chunks, extensions and trailers",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;a=b\r\nhe\r\n03\r\nllo\r\n0\r\nX-T: 1\r\n\r\n",
    body: "hello",
    isKept: true,
  },
  {
    name: "interim answers",
    answer:
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
    status: 201,
    body: "ok",
    isKept: true,
  },
  { name: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", body: "", isKept: true, isHead: true },
  {
    name: "HEAD of chunks",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    body: "",
    isKept: true,
    isHead: true,
  },
  { name: "204", answer: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, body: "", isKept: true },
  { name: "304", answer: "HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n", status: 304, body: "", isKept: true },
  {
    name: "a 204 with a length",
    answer: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    status: 204,
    body: "",
    isKept: false,
  },
  {
    name: "Connection: close",
    answer: "HTTP/1.1 200 OK\r\nConnection: X, Close\r\nContent-Length: 2\r\n\r\nok",
    body: "ok",
    isKept: false,
  },
  {
    name: "HTTP/1.0",
    answer: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    body: "ok",
    isKept: false,
  },
  {
    name: "HTTP/1.0 with keep-alive",
    answer: "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
    body: "ok",
    isKept: true,
  },
  { name: "until it closes", answer: "HTTP/1.1 200 OK\r\n\r\nuntil", body: "until", isKept: false, isEnded: true },
  {
    name: "HTTP/1.0 until it closes, whatever it says",
    answer: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n",
    body: "",
    isKept: false,
    isEnded: true,
  },
  {
    name: "a server that closes too soon to be used again",
    answer: "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok",
    body: "ok",
    isKept: false,
  },
];

test("well-formed answers are read, whole and byte by byte, and the connection kept where it can be", () => {
  for (const { name, answer, status = 200, body, isKept, ...options } of good) {
    for (const pieces of [[bytes(answer)], byByte(answer)]) {
      for (const isOwned of [false, true]) {
        const read = readAnswer(pieces, { ...options, isOwned });
        assert.deepEqual(
          [read.outcome, read.status, read.body, read.isKept],
          ["complete", status, body, isKept],
          `${name} in ${pieces.length} pieces`,
        );
      }
    }
  }
});

const head = "HTTP/1.1 200 OK\r\n";
const bad: Readonly<Record<string, string>> = {
  "no HTTP": "SSH-2.0-OpenSSH\r\n",
  "another version": "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
  "an empty line first": `\r\n${head}Content-Length: 0\r\n\r\n`,
  "a status below 100": "HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n",
  "a status of four digits": "HTTP/1.1 2000 X\r\nContent-Length: 0\r\n\r\n",
  "a change of protocol": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
  "two lengths": `${head}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
  "a list of lengths": `${head}Content-Length: 5, 5\r\n\r\nhello`,
  "a signed length": `${head}Content-Length: +5\r\n\r\nhello`,
  "an empty length": `${head}Content-Length:\r\n\r\n`,
  "an endless length": `${head}Content-Length: 1${"0".repeat(20)}\r\n\r\n`,
  "length and chunks": `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "another coding": `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  "chunked twice": `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  identity: `${head}Transfer-Encoding: identity\r\n\r\nx`,
  "chunks in HTTP/1.0": "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "a fold": `${head}A: b\r\n c\r\nContent-Length: 0\r\n\r\n`,
  "bare line feeds": "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
  "a bare line feed at the end": `${head}Content-Length: 0\r\n\n`,
  "a bare carriage return": `${head}A: b\rContent-Length: 0\r\n\r\n`,
  NUL: `${head}A: b\0\r\nContent-Length: 0\r\n\r\n`,
  "NUL in a name": `${head}A\0: b\r\nContent-Length: 0\r\n\r\n`,
  "a space behind a name": `${head}Content-Length : 0\r\n\r\n`,
  "no name": `${head}: b\r\nContent-Length: 0\r\n\r\n`,
  "headers without end": `${head}A: ${"b".repeat(66_000)}`,
  "too many headers": `${head}${"A: b\r\n".repeat(1_001)}`,
  "an interim answer of HTTP/1.0": `HTTP/1.0 103 X\r\n\r\n${head}Content-Length: 0\r\n\r\n`,
  "an interim answer that is the last": `HTTP/1.1 103 X\r\nConnection: close\r\n\r\n${head}Content-Length: 0\r\n\r\n`,
  "an interim answer with a length": `HTTP/1.1 103 X\r\nContent-Length: 5\r\n\r\n${head}Content-Length: 0\r\n\r\n`,
  "an interim answer with chunks": `HTTP/1.1 103 X\r\nTransfer-Encoding: chunked\r\n\r\n${head}Content-Length: 0\r\n\r\n`,
  "interim answers without end": "HTTP/1.1 103 X\r\n\r\n".repeat(40),
  "a chunk size that is none": `${head}Transfer-Encoding: chunked\r\n\r\nx\r\n`,
  "a chunk that is too long": `${head}Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n`,
  "a length in a trailer": `${head}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n`,
};

test("whatever can be read in two ways is no answer, and the connection is closed", () => {
  for (const [name, answer] of Object.entries(bad)) {
    for (const pieces of [[bytes(answer)], answer.length < 10_000 ? byByte(answer) : [bytes(answer)]]) {
      const read = readAnswer(pieces);
      assert.deepEqual([read.outcome, read.isKept], ["failed", false], name);
      assert.equal(read.failure?.isStale, false);
    }
  }
});

test("an answer that breaks off is none, wherever it does", () => {
  const answers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
  ];
  for (const answer of answers) {
    for (let length = 0; length < answer.length; length++) {
      assert.equal(readAnswer([bytes(answer.slice(0, length))], { isEnded: true }).outcome, "failed");
    }
  }
});

test("what follows an answer, at once or later, ends the connection", () => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  for (const more of ["x", "\r\n", answer]) {
    for (const pieces of [[bytes(answer + more)], [bytes(answer), bytes(more)]]) {
      const read = readAnswer(pieces);
      assert.deepEqual([read.outcome, read.body, read.isKept], ["complete", "ok", false]);
    }
  }
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  assert.equal(readAnswer([bytes(`${chunked}0\r\n\r\n`)]).isKept, false);
  assert.equal(readAnswer([bytes(`${answer}ok`)], { isHead: true }).isKept, false);
});

test("a head of 64 KB that comes byte by byte costs little", () => {
  const value = "b".repeat(500);
  const answer = `${head}${`A: ${value}\r\n`.repeat(125)}Content-Length: 0\r\n\r\n`;
  const cpuMs = countCpuMs();
  assert.equal(readAnswer(byByte(answer)).outcome, "complete");
  assert.ok(cpuMs() < 2_000);
});

test("a closed connection is stale only if it was used before and nothing of an answer came", () => {
  const fresh = new ConnectionUnderTest();
  fresh.end();
  assert.equal(fresh.answer.failure?.isStale, false);
  assert.equal(fresh.unreachableTimes, 0);
  const answer = bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  for (const [begun, isStale] of [
    ["", true],
    ["H", false],
    ["HTTP/1.1 100 Continue\r\n\r\n", false],
  ] as const) {
    const used = new ConnectionUnderTest();
    used.receive(answer);
    assert.equal(used.answer.isKept, true);
    used.answer.outcome = "none";
    used.connection.send(used.request);
    if (begun !== "") used.receive(bytes(begun));
    used.socket.emit("error", Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
    assert.deepEqual(used.answer.failure, {
      code: "ECONNRESET",
      message: "read ECONNRESET",
      isStale,
      isUnconnected: false,
    });
  }
});

test("whoever does not take the body pauses the backend, and goes on", () => {
  const slow = new ConnectionUnderTest();
  slow.isTaking = false;
  slow.receive(bytes(`${head}Content-Length: 10\r\n\r\nhello`));
  assert.equal(slow.socket.isPaused, true);
  slow.connection.resume();
  assert.equal(slow.socket.isPaused, false);
  slow.receive(bytes("world"));
  assert.deepEqual([slow.finish().body, slow.answer.outcome, slow.socket.isPaused], ["helloworld", "complete", false]);
  assert.equal(slow.answer.isKept, true);
});

test("the head is told whether the body comes in the same turn", () => {
  for (const [answer, expected] of [
    ["Content-Length: 2\r\n\r\nok", true],
    ["Content-Length: 2\r\n\r\no", true],
    ["Content-Length: 2\r\n\r\n", false],
    ["Content-Length: 0\r\n\r\n", true],
    ["Transfer-Encoding: chunked\r\n\r\n2\r\n", false],
    ["\r\nuntil", true],
    ["\r\n", false],
  ] as const) {
    const told: boolean[] = [];
    const test = new ConnectionUnderTest();
    const { onHead } = test.request;
    test.request.onHead = (each, isBodyHere) => {
      told.push(isBodyHere);
      onHead(each, isBodyHere);
    };
    test.receive(bytes(`${head}${answer}`));
    assert.deepEqual(told, [expected], answer);
  }
});

test("after destroy nothing is told", () => {
  const gone = new ConnectionUnderTest();
  gone.receive(bytes(`${head}Content-Length: 10\r\n\r\nhello`));
  gone.connection.destroy();
  gone.receive(bytes("world"));
  gone.end();
  gone.socket.emit("close");
  assert.deepEqual([gone.answer.outcome, gone.closedTimes, gone.socket.isDestroyed], ["none", 1, true]);
});

test("idle connections end after their time", () => {
  for (const [hint, keptMs, overMs] of [
    ["", 3_999, 4_000],
    ["Keep-Alive: timeout=65\r\n", 62_999, 63_000],
    ["Keep-Alive: max=5, timeout=3\r\n", 999, 1_000],
    ["Keep-Alive: timeout=999999\r\n", 299_999, 300_000],
  ] as const) {
    const idle = new ConnectionUnderTest();
    idle.receive(bytes(`${head}${hint}Content-Length: 0\r\n\r\n`));
    idle.connection.sweep(keptMs);
    assert.equal(idle.socket.isDestroyed, false, hint);
    idle.connection.sweep(overMs);
    assert.equal(idle.socket.isDestroyed, true, hint);
  }
});

test("bodies are sent with their length or in chunks, and exactly so long as was said", () => {
  const send = (length: number | undefined, pieces: readonly string[]): ConnectionUnderTest => {
    let to: OutboundConnection | undefined;
    const start = (connection: OutboundConnection): void => {
      to = connection;
    };
    const body = { length, start, resume() {} };
    const test = new ConnectionUnderTest({ body });
    for (const piece of pieces) to?.writeBody(bytes(piece));
    to?.endBody();
    return test;
  };
  const sent = (test: ConnectionUnderTest): string => test.socket.written.slice(test.request.head.length);
  assert.equal(sent(send(10, ["hello", "", "world"])), "helloworld");
  assert.equal(sent(send(undefined, ["hello", "", "world, it is"])), "5\r\nhello\r\nc\r\nworld, it is\r\n0\r\n\r\n");
  assert.equal(sent(new ConnectionUnderTest({ body: bytes("hello") })), "hello");
  for (const wrong of [send(4, ["hello"]), send(6, ["hello"])]) {
    assert.deepEqual([wrong.answer.outcome, wrong.socket.isDestroyed], ["failed", true]);
  }
});

test("an answer that comes before the request is all sent ends the connection", () => {
  const early = new ConnectionUnderTest({ body: { length: 5, start() {}, resume() {} } });
  early.receive(bytes(`${head}Content-Length: 2\r\n\r\nno`));
  assert.deepEqual([early.finish().body, early.answer.outcome, early.answer.isKept], ["no", "complete", false]);
});

test("what a callback throws ends its own request", () => {
  for (const name of ["onHead", "onData", "onEnd"] as const) {
    const broken = new ConnectionUnderTest();
    broken.request[name] = () => {
      throw new Error("a bug");
    };
    broken.receive(bytes(`${head}Content-Length: 2\r\n\r\nok`));
    assert.match(String(broken.exception), /a bug/);
    // By its end the answer was read, and the connection is perhaps another's.
    assert.equal(broken.socket.isDestroyed, name !== "onEnd", name);
  }
});
