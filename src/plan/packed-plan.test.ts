import assert from "node:assert/strict";
import { test } from "node:test";
import { aMethod, aMock, aRestApi, aStage } from "../../test/exchange/a-rest-api.ts";
import { compileRest } from "../compiler/compile-rest.ts";
import { packPlan, unpackPlan } from "./packed-plan.ts";

test("a plan that was packed, sent and unpacked is the same plan", () => {
  const routes = Object.fromEntries(["/a", "/b", "/c"].map((path) => [path, { GET: aMethod(aMock()) }]));
  const plan = compileRest(aRestApi(routes), aStage(), { account: "0", region: "r" });
  const packed = packPlan(plan, 1);
  assert.equal(packed.plan.methods.length, 1);
  assert.equal(typeof packed.more[1]?.packedSteps, "string");
  assert.deepEqual(JSON.parse(JSON.stringify(unpackPlan(structuredClone(packed)))), JSON.parse(JSON.stringify(plan)));
});
