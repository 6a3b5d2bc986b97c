import assert from "node:assert/strict";
import { test } from "node:test";
import { countCpuMs } from "../../../test/cpu-time.ts";
import { parseApiKeyFile } from "./api-key-file.ts";

const key = "apikey1234abcdefghij0123456789";
const row = { line: 2, name: "MyFirstApiKey", key, description: "", enabled: "", usagePlanIds: [] };

function rowsOf(text: string) {
  const file = parseApiKeyFile(text, 100);
  assert(file.kind === "rows", JSON.stringify(file));
  return file.rows;
}

test("the files of AWS's guide are read: any order, any case, quotes of both kinds", () => {
  assert.deepEqual(rowsOf(`Key,name\n${key},MyFirstApiKey\n`), [row]);
  const second = `Name,key,description,Enabled,usageplanIds\r\nMyFirstApiKey,${key},An imported key,TRUE,c7y23b`;
  assert.deepEqual(rowsOf(second), [
    { ...row, description: "An imported key", enabled: "TRUE", usagePlanIds: ["c7y23b"] },
  ]);
  for (const quote of ['"', "'"]) {
    const third = `Enabled,Name,key,UsageplanIds\ntrue,MyFirstApiKey,${key},${quote}c7y23b,glvrsr${quote}\n`;
    assert.deepEqual(rowsOf(third), [{ ...row, enabled: "true", usagePlanIds: ["c7y23b", "glvrsr"] }]);
  }
});

test("quoted fields may have quotes, commas and lines in them; unknown columns and blank lines are passed over", () => {
  const text = `\uFEFFName,Colour,Key,Description\n\n"a ""b"", c",red,${key},'it''s\ntwo lines'\nlast,,${key}\n\n`;
  assert.deepEqual(rowsOf(text), [
    { ...row, line: 3, name: 'a "b", c', description: "it's\ntwo lines" },
    { ...row, line: 5, name: "last" },
  ]);
  assert.equal(rowsOf(`Name,Key\nO'Brien,${key}`)[0]?.name, "O'Brien");
});

test("a file that is none is refused, with the reason", () => {
  const refusals: readonly [string, RegExp][] = [
    ["", /column Name is missing/],
    ["Name,Value\na,b", /column Key is missing/],
    ["Name,Key,name\na,b,c", /column name is there twice/],
    ["Name,Key\n\n", /has no keys/],
    [`Name,Key\n"a,${key}`, /line 2 has a quote that does not end/],
    [`Name,Key\n"a"b,${key}`, /line 2 has a quote/],
    [`Name,Key\n${"a,b\n".repeat(101)}`, /more than 100 keys/],
  ];
  for (const [text, reason] of refusals) {
    const file = parseApiKeyFile(text, 100);
    assert(file.kind === "refused", text);
    assert.match(file.message, reason);
  }
});

test("a large file with open quotes costs no more than its length", () => {
  const cpuMs = countCpuMs();
  assert.equal(parseApiKeyFile(`Name,Key\n${'"'.repeat(1_000_001)}`, 10_000).kind, "refused");
  assert.equal(parseApiKeyFile(`Name,Key\n${"'a".repeat(500_000)}`, 10_000).kind, "rows");
  assert.equal(parseApiKeyFile(`Name,Key\n${" ".repeat(1_000_000)}`, 10_000).kind, "refused");
  assert(cpuMs() < 2_000);
});
