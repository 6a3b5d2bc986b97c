import assert from "node:assert/strict";
import { test } from "node:test";
import { Exchange } from "./exchange.ts";
import { SyntheticRequest } from "./synthetic-request.ts";
import { makeUnsentExchange } from "./unsent-exchange.ts";

/** An exchange, and how often its program was told that it is complete. */
function anExchange(): { readonly exchange: Exchange; readonly completions: () => number } {
  let count = 0;
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
    { answerBytesMax: 100, onAnswer: () => undefined },
  );
  const exchange = new Exchange(request, { ...program, onComplete: () => count++ }, "/", "", 0);
  return { exchange, completions: () => count };
}

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
