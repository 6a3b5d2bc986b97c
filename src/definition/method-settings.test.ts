import assert from "node:assert/strict";
import { test } from "node:test";
import { makeCoverage, methodSettingsOf } from "./method-settings.ts";
import type { MethodSetting } from "./rest-api.ts";

const limit = (throttlingRateLimit: number): MethodSetting => ({ throttlingRateLimit }) as MethodSetting;
const rates = (settings: Readonly<Record<string, MethodSetting>>, path: string, verb: string): (number | undefined)[] =>
  methodSettingsOf(settings, path, verb).map(({ throttlingRateLimit }) => throttlingRateLimit);

test("the most specific key counts, however its path is spelt", () => {
  const all = { "*/*": limit(1), "*/GET": limit(2), "~1pets~1{id}/*": limit(3), "~1pets~1{id}/GET": limit(4) };
  assert.deepEqual(rates(all, "/pets/{id}", "GET"), [4]);
  assert.deepEqual(rates(all, "/pets/{id}", "PUT"), [3]);
  assert.deepEqual(rates(all, "/", "GET"), [2]);
  assert.deepEqual(rates(all, "/", "PUT"), [1]);
  for (const key of [
    "~1pets~1{id}",
    "pets~1{id}",
    "/pets/{id}",
    "pets/{id}",
    "//pets/{id}",
    "/~1pets~1{id}",
    "~1pets~1{id}~1",
    "/pets//{id}/",
  ]) {
    assert.deepEqual(rates({ [`${key}/GET`]: limit(5) }, "/pets/{id}", "GET"), [5], key);
    assert.deepEqual(rates({ [`${key}/GET`]: limit(5) }, "/pets", "GET"), [], key);
  }
  for (const key of ["~1", "/", ""]) assert.deepEqual(rates({ [`${key}/GET`]: limit(6) }, "/", "GET"), [6], key);
});

test("keys that spell one path in two ways both count", () => {
  assert.deepEqual(rates({ "~1a/GET": limit(1), "a/GET": limit(2) }, "/a", "GET"), [1, 2]);
});

test("settings may change between two looks at them, as in a PATCH", () => {
  const settings: Record<string, MethodSetting> = { "~1a/GET": limit(1) };
  assert.deepEqual(rates(settings, "/a", "GET"), [1]);
  settings["a/GET"] = limit(2);
  assert.deepEqual(rates(settings, "/a", "GET"), [1, 2]);
  delete settings["~1a/GET"];
  assert.deepEqual(rates(settings, "/a", "GET"), [2]);
  settings["~1a/GET"] = limit(3);
  assert.deepEqual(rates(settings, "/a", "GET"), [2, 3]);
});

test("a key covers a method by path and verb, and by any verb of a method ANY", () => {
  const methods = [
    ["/", "GET"],
    ["/pets/{id}", "PUT"],
    ["/any", "ANY"],
  ] as const;
  const coversAny = makeCoverage(methods);
  for (const key of [
    "*/*",
    "*/GET",
    "*/POST",
    "~1/GET",
    "/GET",
    "pets~1{id}/*",
    "~1pets~1{id}/PUT",
    "any/GET",
    "any/ANY",
  ]) {
    assert.equal(coversAny(key), true, key);
  }
  for (const key of ["~1/PUT", "~1pets/*", "~1pets~1{name}/PUT", "~1pets~1{id}/GET", "~1pets~1{id}/ANY", "pets/*"]) {
    assert.equal(coversAny(key), false, key);
  }
  assert.equal(makeCoverage([["/", "GET"]])("*/POST"), false);
});
