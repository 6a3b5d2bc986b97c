import assert from "node:assert/strict";
import { test } from "node:test";
import { makeControlLimits } from "./control-limits.ts";

test("AWS's limits hold, the server's settings go before them, and the relaxed profile lifts what is AWS's", () => {
  assert.equal(makeControlLimits().resourcesPerApi, 300);
  assert.equal(makeControlLimits({ resourcesPerApi: 5 }, "relaxed").resourcesPerApi, 5);
  const relaxed = makeControlLimits({}, "relaxed");
  assert.ok(relaxed.edgeApis > 1_000);
  assert.equal(relaxed.patchOperations, makeControlLimits().patchOperations);
});
