// What web ACLs see of JSON bodies: whole ones, broken ones, deep ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "../../test/waf/latin1.ts";
import { readJsonElements } from "./json-elements.ts";

const keysAndValues = (
  text: string,
  pointers?: readonly string[],
): readonly [keys: string, values: string, whole: boolean] => {
  const { elements, isWhole } = readJsonElements(text, pointers);
  const of = (isKey: boolean): string =>
    elements
      .filter((one) => one.isKey === isKey)
      .map((one) => one.text)
      .join("|");
  return [of(true), of(false), isWhole];
};

test("all keys and values of a JSON text are seen", () => {
  const table: readonly (readonly [text: string, keys: string, values: string, whole: boolean])[] = [
    ['{"a": {"b": [1, -2.5e3, true, null, "x"]}}', "a|b", "1|-2.5e3|true|null|x", true],
    ["[]", "", "", true],
    [' {"a":"\\u003cscript\\u003e\\n\\"", "\\u0062": "\\ud83d\\ude00"} ', "a|b", `<script>\n"|${bytesOf("😀")}`, true],
    // AWS: "Options for request components", JSON body: these count as whole.
    ['{"key1":"value1""key2":"value2"}', "key1|key2", "value1|value2", true],
    ['{"key1":"value1","key2""value2"}', "key1|key2", "value1|value2", true],
    ['{"key1"::"value1","key2""value2"}', "key1|key2", "value1|value2", true],
    ['{"a":1,"a":2}', "a", "1", false],
    ['{"a":1,"b":"cut', "a|b", "1", false],
    ['{"a":1} x', "a", "1", false],
    ['{"a":1,b:2}', "a", "1", false],
    ['"text"', "", "", false],
    ["12", "", "", false],
    ["", "", "", false],
    ['{"a":"\\q"}', "a", "", false],
    ['{"a":"\n"}', "a", "", false],
    ["[1 2]", "", "1|2", true],
    ['{"a":}', "a", "", false],
  ];
  for (const [text, ...expected] of table) assert.deepEqual(keysAndValues(text), expected, text);
});

test("with pointers, only what is below them is seen", () => {
  const text = '{"a":{"c":"d","b":{"e":{"f":"g"}}},"l":[{"n":1},{"n":2}],"x/y":"s","m~n":"t","":"u"}';
  const table: readonly (readonly [pointers: readonly string[], keys: string, values: string])[] = [
    [["/a/b"], "e|f", "g"],
    [["/a/c"], "", "d"],
    [["/l/1/n"], "", "2"],
    [["/l"], "n|n", "1|2"],
    [["/x~1y", "/m~0n"], "", "s|t"],
    [["/none", "/a/none/b"], "", ""],
    [["/b"], "", ""],
  ];
  for (const [pointers, keys, values] of table) {
    assert.deepEqual(keysAndValues(text, pointers), [keys, values, true], pointers.join());
  }
});

test("nesting takes neither stack nor more than linear time", () => {
  const depth = 32_000;
  const { elements, isWhole } = readJsonElements(`${"[".repeat(depth)}1${"]".repeat(depth)}`, ["/0/0/0"]);
  assert.deepEqual([elements.length, isWhole], [1, true]);
  const open = readJsonElements('{"a":'.repeat(depth));
  assert.deepEqual([open.elements.length, open.isWhole], [depth, false]);
});
