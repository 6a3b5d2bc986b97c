// Functions that stream noise: whatever comes in whatever pieces, the client gets an answer, a cut one at worst, and no
// other exchange notices.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FunctionClient } from "../../src/functions/function-client.ts";
import { aLambdaStream, aMethod, aRestApi } from "../exchange/a-rest-api.ts";
import { FakeFunctions } from "../exchange/fake-functions.ts";
import { startGateway } from "../exchange/start-gateway.ts";
import { seed } from "../random.ts";
import { within } from "../until.ts";
import { durationMs, oneOf, random, texts } from "./from-models.ts";

const below = (bound: number): number => Math.floor(random() * bound);
const zeros = "\0".repeat(8);

const values: readonly unknown[] = [...texts, 0, -1, 200, "200", 204, 304, 1e9, null, true, [], {}, ["a"], { a: 1 }];
const names = [
  ...texts,
  "Content-Length",
  "content-length",
  "Transfer-Encoding",
  "Set-Cookie",
  "a",
  "Connection",
  "__proto__",
];
const map = (makeValue: () => unknown) =>
  Object.fromEntries(Array.from({ length: below(4) }, () => [oneOf(names), makeValue()]));

const metadata = (): Record<string, unknown> => ({
  ...(random() < 0.7 && { statusCode: oneOf(values) }),
  ...(random() < 0.7 && { headers: random() < 0.9 ? map(() => oneOf(values)) : oneOf(values) }),
  ...(random() < 0.3 && { multiValueHeaders: random() < 0.9 ? map(() => [oneOf(values)]) : oneOf(values) }),
  ...(random() < 0.3 && { cookies: oneOf(values) }),
  ...(random() < 0.1 && { [oneOf(names)]: oneOf(values) }),
});

function answer(): Buffer {
  const text = random() < 0.9 ? JSON.stringify(metadata()) : oneOf(texts);
  const delimiter = random() < 0.9 ? zeros : zeros.slice(below(8));
  const body = oneOf(["", "x", "\0", zeros, "x".repeat(below(40_000)), ...texts]);
  const bytes = Buffer.from(text + delimiter + body);
  if (random() < 0.2) bytes[below(bytes.length)] = below(256);
  return bytes;
}

const streaming: Pick<FunctionClient, "invoke"> = {
  async invoke({ sink }) {
    const bytes = answer();
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + below(oneOf([2, 20, 50_000]));
      sink!.data(bytes.subarray(at, at + length), () => {});
      at += length;
      if (random() < 0.1) await new Promise(setImmediate);
    }
    if (random() < 0.5) sink!.end();
    const requestId = "lambda-id";
    if (random() < 0.8) return { kind: "ok", payload: Buffer.alloc(0), requestId };
    if (random() < 0.5) return { kind: "function-error", payload: Buffer.from("{}"), errorMessage: "e", requestId };
    return { kind: "service-error", code: "ServiceException", status: 500, message: "m", requestId };
  },
};

test(`functions that stream noise (replay with PORTICO_FUZZ_SEED=${seed})`, { timeout: 60_000 }, async () => {
  const functions = Object.assign(new FakeFunctions(), streaming);
  await using gateway = await startGateway({ functions });
  gateway.deploy(aRestApi({ "/": { ANY: aMethod(aLambdaStream({ timeoutInMillis: 5_000 })) } }));
  const isTimeLeft = within(durationMs);
  const wanted = new Set<number | "cut">([200, 502, "cut"]);
  // A machine that is busy needs longer to see each of them.
  while (isTimeLeft() || wanted.size > 0) {
    const calls = Array.from({ length: 8 }, () => gateway.call("/", { method: oneOf(["GET", "HEAD", "POST"]) }));
    for (const outcome of await Promise.allSettled(calls)) {
      wanted.delete(outcome.status === "fulfilled" ? outcome.value.status : "cut");
      if (outcome.status === "fulfilled") assert.equal(outcome.value.headers["injected"], undefined);
    }
    assert.deepEqual(gateway.errors, []);
  }
});
