import assert from "node:assert/strict";
import { test } from "node:test";
import { readTestArguments } from "./test-arguments.ts";

const read = (...args: string[]) => readTestArguments(args, ["unit", "fuzz"]);
const none = {
  kind: "arguments",
  parts: [],
  group: undefined,
  isKeptGoing: false,
  isWatching: false,
  environment: {},
  nodeFlags: [],
};

test("parts of paths stay, and flags of Node's runner are passed on with their values", () => {
  assert.deepEqual(read(), none);
  assert.deepEqual(read("routing", "--test-name-pattern=a b", "vtl", "--test-only"), {
    ...none,
    parts: ["routing", "vtl"],
    nodeFlags: ["--test-name-pattern=a b", "--test-only"],
  });
  assert.deepEqual(read("--test-name-pattern", "a=b", "--inspect-brk").kind, "arguments");
  assert.deepEqual(read("--test-name-pattern", "a=b", "vtl"), {
    ...none,
    parts: ["vtl"],
    nodeFlags: ["--test-name-pattern=a=b"],
  });
});

test("a run that watches is one run", () => {
  assert.deepEqual(read("vtl", "--watch"), { ...none, parts: ["vtl"], isWatching: true, nodeFlags: ["--watch"] });
});

test("our own flags choose a group, go on after a failure, and seed the random tests", () => {
  assert.deepEqual(read("--group=fuzz", "json", "--seed", "7", "--ms=60000", "--keep-going"), {
    ...none,
    parts: ["json"],
    group: "fuzz",
    isKeptGoing: true,
    environment: { PORTICO_FUZZ_SEED: "7", PORTICO_FUZZ_MS: "60000" },
  });
});

test("a flag that nobody knows, a group that is not there and a seed that is no number are refused", () => {
  for (const [args, message] of [
    [["--keepgoing"], /no flag --keepgoing/],
    [["-x"], /no flag -x/],
    [["--group=units"], /no group units. There are: unit, fuzz\./],
    [["--seed=abc"], /--seed takes a whole number, not abc\./],
    [["--seed"], /--seed needs a value/],
    [["--test-name-pattern"], /--test-name-pattern needs a value/],
  ] as const) {
    const result = read(...args);
    assert.equal(result.kind, "problem", args.join(" "));
    assert.match(result.kind === "problem" ? result.message : "", message);
  }
});
