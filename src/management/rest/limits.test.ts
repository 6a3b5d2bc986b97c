import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRestLimits } from "./limits.ts";

test("AWS's limits hold, the server's settings go before them, and the relaxed profile lifts what is AWS's", () => {
  assert.equal(makeRestLimits().resourcesPerApi, 300);
  assert.equal(makeRestLimits({ resourcesPerApi: 5 }, "relaxed").resourcesPerApi, 5);
  const relaxed = makeRestLimits({}, "relaxed");
  assert.ok(relaxed.edgeApis > 1_000);
  assert.equal(relaxed.patchOperations, makeRestLimits().patchOperations);
});
