import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { fuzzAgainstLlhttp } from "./http1-server.fuzz.ts";

// PORTICO_FUZZ_SEED replays a run, PORTICO_FUZZ_MS makes it longer.
const seed = Number(process.env["PORTICO_FUZZ_SEED"] ?? randomInt(2 ** 31));

test(`what the codec accepts, llhttp accepts and reads alike (seed ${seed})`, async (t) => {
  const result = await fuzzAgainstLlhttp(seed, Number(process.env["PORTICO_FUZZ_MS"] ?? 2_000));
  t.diagnostic(
    `${result.inputs} inputs, ${result.agreed} requests read alike, ${result.stricter} inputs refused only here`,
  );
  assert.ok(result.agreed > result.inputs / 10, "the fuzzer makes too few good requests to prove anything");
  assert.ok(result.stricter < result.inputs / 5, "the codec refuses much that llhttp takes");
});
