// Each .txt here: a schema, then cases: a body and what is wrong with it, a message a line; `valid` where nothing is. A
// schema that is refused has one case without a body. `UPDATE=1 npm test -- test/cases/json-schema` writes what comes;
// review the diff. References lead to the models of models.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJsonSchema } from "../../../src/language/json-schema/json-schema.ts";
import { parseJsonText } from "../../../src/language/json-text.ts";
import { readHeadedCases, writeHeadedCases } from "../headed-cases.ts";
import { isUpdating } from "../updating.ts";
import { models } from "./models.ts";

for (const file of readHeadedCases(import.meta.dirname)) {
  test(`json-schema: ${file.name}`, () => {
    const run = (body: string): string => validate(file.head, body);
    if (isUpdating) return writeHeadedCases(file, run);
    for (const { input, expected } of file.cases) assert.equal(run(input), expected, input);
  });
}

function validate(schema: string, bodyText: string): string {
  const parsed = parseJsonSchema(schema, (name, api) => (api === "abc123" ? models[name] : undefined));
  if (parsed.kind === "invalid") return `!! ${parsed.detail}`;
  const body = parseJsonText(bodyText);
  assert.equal(body.kind, "value");
  const messages = parsed.schema.validate(body.value);
  return messages.length === 0 ? "valid" : messages.join("\n");
}
