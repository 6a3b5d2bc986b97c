// Each .txt here: a line `#! policy=velocity` or `#! policy=api-gateway`, a line of JSON (the variables), then cases, each
// after a line `==========`: a template, a line `----------`, and what it prints. `!! line:column message` is a template
// that does not parse, `! line:column message` one that fails while it runs. `UPDATE=1 npm test -- test/cases/vtl` writes
// what comes; review the diff. Those with the policy of Velocity are also rendered by Velocity: test/differential/vtl.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isUpdating } from "../updating.ts";
import { readCaseFiles, renderCase, writeCaseFile } from "./case-files.ts";

for (const file of readCaseFiles()) {
  test(`vtl: ${file.name.replaceAll("-", " ")}`, () => {
    if (isUpdating) return writeCaseFile(file);
    for (const { template, expected } of file.cases) assert.equal(renderCase(file, template), expected, template);
  });
}
