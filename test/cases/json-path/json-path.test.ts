// Each .txt here: a document, then cases: a path and what it finds; `(nothing)` where there is nothing, `! message` where
// the evaluation fails, `!! column message` for what is no path. What a definite path finds has no mark, a list of an
// indefinite one a `*` before it. `UPDATE=1 npm test -- test/cases/json-path` writes what comes; review the diff.
import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonPathFailure } from "../../../src/language/json-path/evaluation.ts";
import { parseJsonPath } from "../../../src/language/json-path/json-path.ts";
import { parseJsonText, printJson } from "../../../src/language/json-text.ts";
import { readHeadedCases, writeHeadedCases } from "../headed-cases.ts";
import { isUpdating } from "../updating.ts";

for (const file of readHeadedCases(import.meta.dirname)) {
  test(`json-path: ${file.name}`, () => {
    const run = (path: string): string => evaluate(file.head, path);
    if (isUpdating) return writeHeadedCases(file, run);
    for (const { input, expected } of file.cases) assert.equal(run(input), expected, input);
  });
}

function evaluate(documentText: string, text: string): string {
  const document = parseJsonText(documentText);
  assert.equal(document.kind, "value");
  const parsed = parseJsonPath(text);
  if (parsed.kind === "invalid") return `!! ${parsed.column} ${parsed.detail}`;
  try {
    const found = parsed.path.evaluate(document.value);
    return found === undefined ? "(nothing)" : `${parsed.path.isDefinite ? "" : "* "}${printJson(found)}`;
  } catch (error) {
    if (error instanceof JsonPathFailure) return `! ${error.message}`;
    throw error;
  }
}
