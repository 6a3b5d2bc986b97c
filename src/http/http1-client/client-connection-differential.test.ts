import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { fuzzAgainstLlhttp } from "./client-connection.fuzz.ts";

// PORTICO_FUZZ_SEED replays a run, PORTICO_FUZZ_MS makes it longer.
const seed = Number(process.env["PORTICO_FUZZ_SEED"] ?? randomInt(2 ** 31));

test(`what the client takes for an answer, llhttp reads alike (seed ${seed})`, (t) => {
  const result = fuzzAgainstLlhttp(seed, Number(process.env["PORTICO_FUZZ_MS"] ?? 2_000));
  t.diagnostic(
    `${result.inputs} inputs, ${result.agreed} answers read alike, ${result.stricter} refused only here, ${result.kept} connections kept`,
  );
  assert.ok(result.agreed > result.inputs / 5, "the fuzzer makes too few good answers to prove anything");
  assert.ok(result.kept > result.inputs / 20, "too few connections would have been used again");
  assert.ok(result.stricter < result.inputs / 4, "the client refuses much that llhttp takes");
});
