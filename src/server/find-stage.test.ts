import assert from "node:assert/strict";
import { test } from "node:test";
import { restKinds } from "../definition/rest-api.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { everywhere } from "../store/store.ts";
import { findStage } from "./find-stage.ts";

test("a stage is found in the account and region that have claimed its API's id, and nowhere else", async () => {
  const store = openSqliteStore();
  const owner = { account: "111111111111", region: "eu-west-1" };
  const other = { account: "222222222222", region: "us-east-1" };
  await store.write(owner, async (tx) => {
    await tx.in(everywhere).put(restKinds.apiIdClaim, "abc", { ...owner, kind: restKinds.restApi });
    await tx.put(restKinds.stage, "abc/dev", { stageName: "dev" });
    await tx.in(other).put(restKinds.stage, "abc/test", { stageName: "test" });
    await tx.in(other).put(restKinds.stage, "def/dev", { stageName: "dev" });
  });
  const found = await findStage(store, "abc", "dev");
  assert.deepEqual(found?.scope, owner);
  assert.equal(found?.id, "abc/dev");
  for (const [api, stage] of [
    ["abc", "test"],
    ["def", "dev"],
    ["abc", ""],
    ["", ""],
    ["abc/dev", ""],
  ] as const) {
    assert.equal(await findStage(store, api, stage), undefined, `${api} ${stage}`);
  }
  await store.close();
});
