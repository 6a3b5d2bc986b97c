import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exchange } from "./exchange.ts";
import type { Program } from "./program.ts";
import { openRestExchange } from "./rest/rest-exchange.ts";
import { type SyntheticAnswer, SyntheticRequest } from "./synthetic-request.ts";
import { makeUnsentExchange } from "./unsent-exchange.ts";

interface ExchangeUnderTest {
  readonly exchange: Exchange;
  readonly request: SyntheticRequest;
  /** How often its program was told that it is complete. */
  readonly completions: () => number;
  /** The messages of the exceptions that were logged. */
  readonly errors: string[];
  readonly answers: SyntheticAnswer[];
}

function anExchange(overrides: Partial<Program> = {}): ExchangeUnderTest {
  let count = 0;
  const errors: string[] = [];
  const answers: SyntheticAnswer[] = [];
  const { program } = makeUnsentExchange({ method: "GET", path: [], query: [], headers: [], nowMs: 0 });
  const request = new SyntheticRequest(
    {
      method: "GET",
      target: "/",
      host: "h",
      headers: [],
      body: new Uint8Array(),
      remoteAddress: "127.0.0.1",
      localPort: 1,
      isEncrypted: false,
    },
    { answerBytesMax: 100, onAnswer: (answer) => answers.push(answer) },
  );
  const logger = { ...program.logger, error: (_: string, fields?: object) => errors.push(firstLine(fields)) };
  const life = { ...program.life, complete: () => count++ };
  const watched = { ...program, logger, life, ...overrides };
  const exchange = openRestExchange(request, watched, { path: "/", query: "" }, 0);
  return { exchange, request, completions: () => count, errors, answers };
}

const firstLine = (fields: { readonly error?: string } | undefined): string => fields?.error?.split("\n", 1)[0] ?? "";

/** Something to wait for, which counts how often it was abandoned. */
const someWork = () => ({
  abandoned: 0,
  abandon() {
    this.abandoned++;
  },
});

const fail = (message: string): never => {
  throw new Error(message);
};

test("an exchange is completed once, however often it is answered", () => {
  const { exchange, completions } = anExchange();
  exchange.respond(200, [], "a");
  exchange.respond(500, [], "b");
  exchange.complete();
  assert.deepEqual([exchange.status, completions()], [200, 1]);
});

test("an exchange that is held is completed when the last hold is released", () => {
  const { exchange, completions } = anExchange();
  exchange.hold();
  exchange.hold();
  exchange.respond(200, [], "a");
  exchange.release();
  assert.deepEqual([exchange.isComplete, completions()], [true, 0]);
  exchange.release();
  assert.equal(completions(), 1);
  assert.throws(() => exchange.release(), /released as often/);
});

test("a hold that is released before the answer delays nothing", () => {
  const { exchange, completions } = anExchange();
  exchange.hold();
  exchange.release();
  assert.equal(completions(), 0);
  exchange.respond(200, [], "a");
  assert.equal(completions(), 1);
});

test("work is resumed once, and by itself only", () => {
  const { exchange } = anExchange();
  const [work, other] = [someWork(), someWork()];
  exchange.suspend(work);
  assert.throws(() => exchange.suspend(other), /one thing at a time/);
  assert.deepEqual([exchange.isWaitingFor(work), exchange.isWaitingFor(other)], [true, false]);
  assert.deepEqual([exchange.resume(other), exchange.resume(work), exchange.resume(work)], [false, true, false]);
  exchange.suspend(other);
  assert.deepEqual([work.abandoned, other.abandoned], [0, 0]);
});

test("a client that goes away abandons the work, and the exchange is complete", () => {
  const { exchange, request, completions, errors } = anExchange();
  const work = someWork();
  exchange.suspend(work);
  request.giveUp();
  exchange.onClose();
  assert.deepEqual([exchange.status, completions(), work.abandoned], [499, 1, 1]);
  assert.equal(exchange.resume(work), false);
  assert.deepEqual(errors, []);
});

test("a client that goes away between two steps ends the exchange as well", () => {
  const { exchange, request, completions } = anExchange();
  request.giveUp();
  assert.deepEqual([exchange.status, completions()], [499, 1]);
});

test("an exception abandons the work and is answered with the gateway response", () => {
  const { exchange, completions, errors, answers } = anExchange();
  const work = someWork();
  exchange.suspend(work);
  exchange.guard(() => fail("bug"));
  exchange.guard(() => fail("another"));
  assert.deepEqual([answers[0]?.status, String(answers[0]?.body)], [500, '{"message": "Internal server error"}']);
  assert.deepEqual([completions(), work.abandoned, exchange.error?.type], [1, 1, "DEFAULT_5XX"]);
  assert.deepEqual(errors, ["Error: bug", "Error: another"]);
});

test("an exception cuts an answer that has begun", () => {
  const { exchange, completions, answers } = anExchange();
  exchange.status = 200;
  exchange.answer.startResponse(200, [], undefined);
  exchange.guard(() => fail("bug"));
  assert.deepEqual([answers.length, answers[0]?.isCut, exchange.status, completions()], [1, true, 200, 1]);
});

test("an exception while an exception is answered is answered plainly", () => {
  const { exchange, completions, errors, answers } = anExchange({ responses: { finish: () => fail("template") } });
  exchange.guard(() => fail("bug"));
  assert.deepEqual([answers[0]?.status, String(answers[0]?.body)], [500, '{"message": "Internal server error"}']);
  assert.deepEqual([exchange.status, completions(), errors.length], [500, 1, 2]);
});

test("work that can't be abandoned, and a log that can't be written, hold nothing up", () => {
  const { exchange, errors, answers } = anExchange({
    life: { begin: () => undefined, complete: () => fail("log"), retire: () => undefined },
  });
  exchange.suspend({ abandon: () => fail("abandon") });
  exchange.onClose();
  assert.deepEqual([exchange.isComplete, answers.length], [true, 0]);
  assert.deepEqual(errors, ["Error: abandon", "Error: log"]);
});

test("an exception behind a held answer lets go of it", () => {
  const { exchange, answers, completions } = anExchange();
  exchange.hold();
  exchange.complete();
  exchange.guard(() => fail("bug"));
  assert.deepEqual([answers.length, answers[0]?.isCut, completions()], [1, true, 0]);
});

test("a promise is waited for, unless the client goes away", async () => {
  const heard: string[] = [];
  const waiting = anExchange();
  waiting.exchange.wait(Promise.resolve("a"), (value) => heard.push(value));
  const left = anExchange();
  left.exchange.wait(Promise.resolve("b"), (value) => heard.push(value));
  left.request.giveUp();
  await Promise.resolve();
  assert.deepEqual(heard, ["a"]);
  assert.deepEqual([waiting.exchange.isComplete, left.exchange.status], [false, 499]);
});

for (const [name, promise, goOn] of [
  ["is rejected", () => Promise.reject(new Error("bug")), () => undefined],
  ["makes a callback throw", () => Promise.resolve(), () => fail("bug")],
] as const) {
  test(`a promise that ${name} ends the exchange`, async () => {
    const { exchange, errors, answers, completions } = anExchange();
    exchange.wait(promise(), goOn);
    await new Promise(setImmediate);
    assert.deepEqual([answers[0]?.status, completions(), errors.length], [500, 1, 1]);
  });
}

test("the client's taking more is told to the work that can use it", () => {
  const { exchange } = anExchange();
  let drains = 0;
  exchange.onDrain();
  const work = { ...someWork(), onDrain: () => drains++ };
  exchange.suspend(work);
  exchange.onDrain();
  exchange.resume(work);
  exchange.suspend(someWork());
  exchange.onDrain();
  assert.equal(drains, 1);
});
