import assert from "node:assert/strict";
import { test } from "node:test";
import { ServiceError } from "../../protocol/client.ts";
import { importDocument } from "./import-document.ts";

const tooMany = "Errors found during import:\n\tMaximum number of Documentation Parts for this API has been reached.";

test("a document with more texts than an API may have goes without them, with a warning", async () => {
  const sent: unknown[] = [];
  const { answer, warnings } = await importDocument({ body: "b" }, async (input) => {
    sent.push(input);
    if (!("parameters" in input)) throw new ServiceError("BadRequestException", 400, tooMany);
    return { id: "a", warnings: ["one"] };
  });
  assert.deepEqual(sent, [{ body: "b" }, { body: "b", parameters: { ignore: "documentation" } }]);
  assert.equal(answer["id"], "a");
  assert.equal(warnings.length, 2);
  assert.match(warnings[1]!, /documentation parts/);
});

test("other refusals are the caller's", async () => {
  const refusal = new ServiceError("BadRequestException", 400, "Invalid OpenAPI input.");
  await assert.rejects(
    importDocument({}, () => Promise.reject(refusal)),
    refusal,
  );
});
