import assert from "node:assert/strict";
import { after, test } from "node:test";
import { bounds } from "../../base/bounds.ts";
import { ManualClock } from "../../base/clock.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { everywhere } from "../../store/store.ts";
import { AccessKeyUses, accessKeyUseKind } from "./access-key-uses.ts";
import { iamIndexes, iamKinds } from "./documents.ts";

const store = openSqliteStore({ indexes: iamIndexes });
after(() => store.close());
const stored = async (): Promise<number> => (await store.all(accessKeyUseKind)).length;
const quarter = bounds.accessKeyUseStoredSeconds.value * 1000;

test("a use is known at once, and stored once in a quarter of an hour", async () => {
  const clock = new ManualClock(1_000_000_000_000);
  const uses = new AccessKeyUses(store, clock);
  await store.write(everywhere, (tx) => tx.put(iamKinds.accessKey, "AKIAONE", {}));
  const find = () => store.read(everywhere, (tx) => uses.find(tx, "AKIAONE"));
  assert.equal(await find(), undefined);
  uses.note("AKIAONE", "execute-api", "eu-west-1");
  assert.deepEqual(await find(), { at: 1_000_000_000, service: "execute-api", region: "eu-west-1" });
  await uses.close();
  const before = await store.revision();
  clock.advance(60_000);
  for (let n = 0; n < 1_000; n++) uses.note("AKIAONE", "sts", "us-east-1");
  await uses.close();
  assert.equal(await store.revision(), before, "nothing is stored for a use within the quarter");
  assert.equal((await find())?.service, "sts");
  clock.advance(quarter);
  uses.note("AKIAONE", "iam", "us-east-1");
  await uses.close();
  assert.equal(await store.revision(), before + 1);
  // A server that starts knows what was stored.
  const next = await store.read(everywhere, (tx) => new AccessKeyUses(store, clock).find(tx, "AKIAONE"));
  assert.equal(next?.service, "iam");
});

test("a key that does not exist leaves nothing in the store, and many leave a bounded number in memory", async () => {
  const before = await stored();
  const uses = new AccessKeyUses(store, new ManualClock(0));
  for (let n = 0; n < bounds.accessKeyUsesMax.value + 10; n++) uses.note(`AKIA${n}`, "sts", "us-east-1");
  await uses.close();
  assert.equal(await stored(), before);
  const find = (id: string) => store.read(everywhere, (tx) => uses.find(tx, id));
  assert.equal(await find("AKIA0"), undefined);
  assert.ok(await find(`AKIA${bounds.accessKeyUsesMax.value + 9}`));
  uses.forget("AKIA10");
  assert.equal(await find("AKIA10"), undefined);
});
