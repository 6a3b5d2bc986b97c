import assert from "node:assert/strict";
import { test } from "node:test";
import { multiplies } from "./multiplying-documents.ts";

const of = (text: string): boolean => multiplies(Buffer.from(text));

test("a document with aliases, or many references, may mean many times what it says", () => {
  const references = (to: string, count: number) =>
    JSON.stringify({ parameters: Array.from({ length: count }, () => ({ $ref: to })) });
  for (const text of [
    "x: &a {k: 1}\ny: *a\n",
    "x: &a [1]\ny: [*a,*a]\n",
    "x: &a {k: 1}\ny: {<<: *a}\n",
    "&a x: 1\n*a : 2\n",
    references("#/x-p", 100),
    references("#/components/schemas/A/properties/b", 100),
    references("#/x-p", 100).replaceAll("$ref", "\\u0024ref"),
    references("#/x-p", 100).replaceAll("$ref", "$\\u0072ef"),
  ]) {
    assert.ok(of(text), text.slice(0, 80));
  }
  for (const text of [
    references("#/components/schemas/A", 100),
    references("#/definitions/A", 100),
    references("#/x-p", 20),
    '{"description": "a * b, **bold** and */*", "content": {"*/*": {}}, "Resource": "*", "methods": ["*"]}',
    "content:\n  '*/*': {}\ndescription: a * b\n",
  ]) {
    assert.ok(!of(text), text.slice(0, 80));
  }
});
