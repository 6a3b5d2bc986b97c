import assert from "node:assert/strict";
import { test } from "node:test";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import { rerunningStore } from "./rerunning-store.ts";

const scope = { account: "111111111111", region: "us-east-1" };

test("the work of a write over it runs twice, and only what the second run wrote is there", async () => {
  const store = rerunningStore(openSqliteStore());
  let runs = 0;
  const answer = await store.write(scope, async (tx) => {
    runs++;
    await tx.put("api", `run ${runs}`, { before: (await tx.list("api")).length });
    return runs;
  });
  assert.equal(answer, 2);
  const found = await store.all("api");
  assert.deepEqual(
    found.map(({ id, body }) => [id, body]),
    [["run 2", { before: 0 }]],
  );
  await store.close();
});

test("a refusal over it is the second run's", async () => {
  const store = rerunningStore(openSqliteStore());
  let runs = 0;
  const refused = store.write(scope, async () => {
    throw new Error(`refused in run ${++runs}`);
  });
  await assert.rejects(refused, /refused in run 2/);
  assert.equal(await store.revision(), 0);
  await store.close();
});
