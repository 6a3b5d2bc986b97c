import assert from "node:assert/strict";
import { test } from "node:test";
import { countCpuMs } from "../../../test/cpu-time.ts";
import { TemplateList, type TemplateValue } from "../java/values.ts";
import { parseJsonText, printJson } from "../json-text.ts";
import { JsonPathFailure } from "./evaluation.ts";
import { type JsonPath, parseJsonPath } from "./json-path.ts";

// What paths find is in test/cases/json-path; here is what bounds them.

function pathOf(text: string): JsonPath {
  const parsed = parseJsonPath(text);
  assert.equal(parsed.kind, "path", text);
  return parsed.path;
}

function documentOf(text: string): TemplateValue {
  const parsed = parseJsonText(text);
  assert.equal(parsed.kind, "value");
  return parsed.value;
}

test("a path is definite unless it can find several values", () => {
  for (const text of ["$", "$.a[0]['b']", "a", "$['a','b']", "$.a.length()", "$..a.sum()"]) {
    assert.equal(pathOf(text).isDefinite, true, text);
  }
  for (const text of ["$..a", "$.a[*]", "$.*", "$[0,1]", "$[0:]", "$[?(@.a)]", "$['a','b'].c"]) {
    assert.equal(pathOf(text).isDefinite, false, text);
  }
});

test("what a path finds is the document's own value, and the document stays as it is", () => {
  const document = documentOf('{"a":[1,{"b":2}]}');
  const list = pathOf("$.a").evaluate(document);
  assert.ok(list instanceof TemplateList);
  assert.equal(pathOf("$.a[1]").evaluate(document), list.items[1]);
  assert.equal(
    pathOf("$.a[1]").evaluate(document),
    pathOf("$..[?(@.b)]").evaluate(document) === undefined ? 0 : list.items[1],
  );
  pathOf("$.a.append(3)").evaluate(document);
  assert.equal(printJson(document), '{"a":[1,{"b":2}]}');
});

test("a path without end is none", () => {
  for (const text of [
    "a".repeat(5_000),
    `$${"[?(@".repeat(500)}`,
    `$[?(${"(".repeat(500)}@.a${")".repeat(500)})]`,
    `$[?(${"!".repeat(500)}@.a)]`,
    `$${".sum($".repeat(100)}${")".repeat(100)}`,
    `$[?(${"@[?(".repeat(40)}@.a${")]".repeat(40)})]`,
  ]) {
    assert.equal(parseJsonPath(text).kind, "invalid", text.slice(0, 20));
  }
});

test("hostile documents and paths end", () => {
  const deep = documentOf(`${'{"a":'.repeat(999)}[1]${"}".repeat(999)}`);
  const wide = documentOf(`[${Array.from({ length: 20_000 }, () => '{"a":[1,2,3]}').join(",")}]`);
  for (const text of [
    "$..a",
    "$..*",
    "$..*..*",
    "$..*..*..*",
    "$..[?(@..a)]",
    "$..[?(@.a in $..a)]",
    "$[?($..a anyof $..a)]",
  ]) {
    for (const document of [deep, wide]) {
      const cpuMs = countCpuMs();
      try {
        pathOf(text).evaluate(document);
      } catch (error) {
        assert.ok(error instanceof JsonPathFailure, text);
      }
      assert.ok(cpuMs() < 5_000, text);
    }
  }
});

test("a document within itself is not searched without end", () => {
  const list = new TemplateList([], "json");
  list.items.push(list);
  assert.throws(() => pathOf("$..a").evaluate(list), JsonPathFailure);
});
