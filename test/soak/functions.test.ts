// Functions under everything at once: updates, removals, crashes, clients that come and go, fewer processes than are
// wanted. No answer may be another's, nothing may hang, and afterwards all is well.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
// tidy-allow: time – a soak's callers have paces of their own
import { setTimeout as wait } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { strToU8, zipSync } from "fflate";
import { connectFunctions } from "../../src/functions/connect.ts";
import type { AnswerSink, FunctionClient } from "../../src/functions/function-client.ts";
import { FunctionManager } from "../../src/functions/manager.ts";
import { PackageStore } from "../../src/functions/packages.ts";
import { aFunctionSpec } from "../a-function-spec.ts";

import { durationMsOr, makeRandom, pick, type Random, seed } from "../random.ts";
import { within } from "../until.ts";

const durationMs = durationMsOr(3_000);

const code = `exports.handler = async (event) => {
  if (event.ms) await new Promise((resolve) => setTimeout(resolve, event.ms));
  if (event.exit) process.exit(1);
  if (event.later) setTimeout(() => process.exit(2), 3);
  return event.id;
};`;

/** Writes its invocation's id again and again, and fails now and then with writes that are still on their way. */
const streamingCode = `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.exit) process.exit(1);
  if (event.later) setTimeout(() => process.exit(2), 3);
  const token = event.id === undefined ? "" : String(event.id).padStart(8, "0");
  if (event.fail) {
    stream.write(token.repeat(200_000));
    throw new Error("failed");
  }
  for (let n = 0; n < (event.ms ?? 0); n++) {
    if (!stream.write(token.repeat(4_000))) await new Promise((resolve) => stream.once("drain", resolve));
  }
  stream.end(token);
});`;

/** Takes an answer, now and then slowly, and knows whose it is. */
class Sink implements AnswerSink {
  readonly #token: string;
  readonly #random: Random;
  #rest = "";

  constructor(id: number, random: Random) {
    this.#token = String(id).padStart(8, "0");
    this.#random = random;
  }

  data(chunk: Buffer, resume: () => void): boolean {
    const text = this.#rest + chunk.toString();
    const whole = text.length - (text.length % 8);
    assert.equal(text.slice(0, whole), this.#token.repeat(whole / 8), "a piece of another's answer");
    this.#rest = text.slice(whole);
    if (this.#random() < 0.7) return true;
    setImmediate(resume);
    return false;
  }
  end(): void {
    assert.equal(this.#rest, "");
  }
}

test(`functions come through everything at once (PORTICO_FUZZ_SEED=${seed})`, async (t) => {
  const root = mkdtempSync(join(tmpdir(), "portico-soak-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const ignore = (): void => undefined;
  const packages = new PackageStore(root);
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const manager = new FunctionManager({ packages, logger, environmentsMax: 6, concurrencyMax: 60, idleMs: 400 });
  t.after(() => manager.close());
  const save = (text: string) => packages.save(Buffer.from(zipSync({ "index.js": strToU8(text) })));
  const [plain, streaming] = await Promise.all([save(code), save(streamingCode)]);
  const isStreaming = (name: string): boolean => name >= "c";
  let revision = 0;
  const apply = (name: string): Promise<void> => {
    const spec = aFunctionSpec({
      functionArn: name,
      name,
      logGroup: name,
      packageHash: (isStreaming(name) ? streaming : plain).hash,
      revisionId: String(revision++),
    });
    return manager.apply(spec);
  };
  const connect = (): FunctionClient => {
    const { port1, port2 } = new MessageChannel();
    manager.connect(port1);
    return connectFunctions(port2);
  };
  const random = makeRandom(seed);
  const names = ["a", "b", "c", "d"];
  await Promise.all(names.map(apply));
  const clients = [connect(), connect(), connect()];
  t.after(() => Promise.all(clients.map((client) => client.close())));

  const isTimeLeft = within(durationMs);
  const allowed = /^(ok|Error|ResourceNotFoundException|ServiceException|TooManyRequestsException|Runtime\.ExitError)$/;
  let calls = 0;
  const call = async (): Promise<void> => {
    while (isTimeLeft()) {
      const id = calls++;
      const functionArn = pick(random, names);
      const event = {
        id,
        ms: pick(random, [0, 0, 0, 2, 2, 50]),
        exit: random() < 0.01,
        later: random() < 0.01,
        fail: isStreaming(functionArn) && random() < 0.1,
      };
      const outcome = await pick(random, clients).invoke({
        functionArn,
        payload: JSON.stringify(event),
        ...(isStreaming(functionArn) ? { sink: new Sink(id, random) } : {}),
      });
      if (outcome.kind === "ok" && !isStreaming(functionArn))
        assert.equal(outcome.payload.toString(), String(id), "the answer of another");
      const what =
        outcome.kind === "service-error"
          ? outcome.code
          : outcome.kind === "ok"
            ? "ok"
            : (JSON.parse(outcome.payload.toString()) as { errorType: string }).errorType;
      assert.match(what, allowed);
      if (outcome.kind === "service-error") await wait(1);
    }
  };
  const disturb = async (): Promise<void> => {
    while (isTimeLeft()) {
      await wait(100);
      const name = pick(random, names);
      const what = random();
      if (what < 0.5) await apply(name);
      else if (what < 0.7) {
        const index = Math.floor(random() * clients.length);
        const gone = clients[index]!;
        clients[index] = connect();
        await gone.close();
      } else if (what < 0.85) {
        await manager.remove(name);
        await apply(name);
      }
    }
  };
  await Promise.all([...Array.from({ length: 24 }, call), disturb()]);
  for (const client of clients) {
    for (const functionArn of names) {
      // What a last call left to exit may still do so.
      let kind = "";
      for (let round = 0; round < 5 && kind !== "ok"; round++) {
        ({ kind } = await client.invoke({ functionArn, payload: '{"id":1}' }));
      }
      assert.equal(kind, "ok");
    }
  }
  t.diagnostic(`${calls} invocations`);
});
