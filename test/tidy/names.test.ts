import assert from "node:assert/strict";
import { basename } from "node:path";
import { test } from "node:test";
import { forbiddenNames } from "./rooms.ts";
import { list, read, sources } from "./source-files.ts";

test("files are named in kebab-case for what is in them", () => {
  const wrong = sources.filter((file) => {
    const name = basename(file).replace(/(\.(test|fuzz|bench|d))?\.ts$/, "");
    return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || forbiddenNames.includes(name);
  });
  assert.deepEqual(wrong, []);
});

test("random tests are files x.fuzz.ts, which `npm run fuzz` finds", () => {
  assert.deepEqual(list("test/fuzz/**/*.test.ts"), []);
});

test("the seed and the duration of random tests are read in test/random.ts alone", () => {
  const wrong = [...list("src/**/*.ts"), ...list("test/**/*.ts")].filter(
    (file) => file !== "test/random.ts" && /process\.env[.["]+PORTICO_FUZZ/.test(read(file)),
  );
  assert.deepEqual(wrong, []);
});

test("every runner of case files writes them with UPDATE=1", () => {
  const wrong = list("test/cases/*/*.test.ts").filter((file) => !read(file).includes("isUpdating"));
  assert.deepEqual(wrong, [], "import isUpdating from test/cases/updating.ts");
});
