import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { below, makeRandom } from "../../test/random.ts";
import { UserError } from "../base/user-error.ts";
import { framesOf, salvageStore } from "./salvage.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-salvage-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

const scope = { account: "000000000000", region: "us-east-1" };
const first = 200;
const second = 60;

/** A store's files as a kill leaves them: 200 documents in the file, and 60 of as many commits in its log. */
async function killedStore(): Promise<string> {
  const path = join(folder, `living-${++count}.db`);
  const before = openSqliteStore({ path });
  await before.write(scope, async (tx) => {
    for (let n = 0; n < first; n++) await tx.put("api", `a${n}`, { n, text: "x".repeat(300) });
  });
  await before.close();
  const store = openSqliteStore({ path });
  for (let n = 0; n < second; n++)
    await store.write(scope, (tx) => tx.put("api", `b${n}`, { n, text: "y".repeat(300) }));
  const killed = join(folder, `killed-${count}.db`);
  for (const end of ["", "-wal", "-revision"]) copyFileSync(path + end, killed + end);
  await store.close();
  return killed;
}

const filesOf = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => join(folder, name).startsWith(path) && !name.endsWith("-shm"))
      .map((name) => [name, readFileSync(join(folder, name), "base64")]),
  );

/** Opening it fails in these words, and leaves every file as it is. */
function assertRefused(path: string, why: RegExp): void {
  const before = filesOf(path);
  assert.throws(
    () => openSqliteStore({ path }),
    (error) => error instanceof UserError && why.test(error.message) && /portico repair/.test(error.next),
  );
  assert.deepEqual(filesOf(path), before);
}

async function countOf(path: string): Promise<number> {
  const store = openSqliteStore({ path });
  const { length } = await store.all("api");
  await store.close();
  return length;
}

test("a killed store has every commit that was acknowledged", async () => {
  assert.equal(await countOf(await killedStore()), first + second);
});

test("an empty file beside a log, a log that is gone and an unreadable mark are refused, and nothing is touched", async () => {
  const emptied = await killedStore();
  truncateSync(emptied, 0);
  assertRefused(emptied, /killed-\d+\.db is empty, and its log .*-wal is not/);
  const gone = await killedStore();
  rmSync(gone);
  assertRefused(gone, /is gone, and its log/);
  const withoutLog = await killedStore();
  rmSync(`${withoutLog}-wal`);
  assertRefused(withoutLog, /ends with commit 1, and 61 was acknowledged: its log .* is gone/);
  const both = await killedStore();
  rmSync(both);
  rmSync(`${both}-wal`);
  assertRefused(both, /is gone, and there were 61 commits/);
  const marked = await killedStore();
  writeFileSync(`${marked}-revision`, "not a number at all");
  assertRefused(marked, /-revision, which says what was committed last, can't be read/);
});

test("a store without a mark, as an older Portico leaves it, gets one", async () => {
  const path = await killedStore();
  rmSync(`${path}-revision`);
  assert.equal(await countOf(path), first + second);
  assert.match(readFileSync(`${path}-revision`, "latin1"), /^0{18}61\n$/);
});

test("a flipped bit in the log is noticed, wherever it is, or it changes nothing", async () => {
  const random = makeRandom(7);
  const { size } = statSync(`${await killedStore()}-wal`);
  let refused = 0;
  for (let round = 0; round < 40; round++) {
    const path = await killedStore();
    const log = readFileSync(`${path}-wal`);
    const at = below(random, size);
    log[at] = log[at]! ^ (1 << below(random, 8));
    writeFileSync(`${path}-wal`, log);
    try {
      assert.equal(await countOf(path), first + second, `a bit of byte ${at}`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refused++;
    }
  }
  assert.ok(refused >= 30, `${refused} of 40 were noticed`);
});

test("what can be read of a damaged store makes a new one, with its indexes and its revision", async () => {
  const indexes = { api: { byN: ({ n }: { readonly n: number }) => [`${n}`] } };
  const path = await killedStore();
  const log = readFileSync(`${path}-wal`);
  // In the middle: what is behind it is whole.
  log[log.length >> 1] = log[log.length >> 1]! ^ 1;
  writeFileSync(`${path}-wal`, log);
  const target = join(folder, `repaired-${count}.db`);
  const { saved, broken } = salvageStore(path, target, indexes);
  assert.ok(saved.get("api")! >= first + second - 2, `${saved.get("api")} were saved`);
  assert.equal(broken, 0);
  const store = openSqliteStore({ path: target, indexes: indexes });
  assert.equal(await store.revision(), 61);
  const found = await store.read(scope, (tx) => tx.list("api", { where: { index: "byN", key: "199" } }));
  assert.deepEqual(
    found.map(({ id }) => id),
    ["a199"],
  );
  await store.close();
});

test("an emptied file leaves what its log has", async () => {
  const path = await killedStore();
  truncateSync(path, 0);
  const target = join(folder, `repaired-${count}.db`);
  const { saved } = salvageStore(path, target, {});
  assert.ok((saved.get("api") ?? 0) >= second / 2, `${saved.get("api")} were saved`);
  assert.equal(await countOf(target), saved.get("api"));
});

test("a damaged file leaves what is before and behind the damage", async () => {
  const path = await killedStore();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, bytes.length >> 1, (bytes.length >> 1) + 4096);
  writeFileSync(path, bytes);
  const target = join(folder, `repaired-${count}.db`);
  const { saved } = salvageStore(path, target, {});
  assert.ok(saved.get("api")! >= first / 2, `${saved.get("api")} were saved`);
  assert.equal(await countOf(target), saved.get("api"));
});

test("a log that is no log has no frames", () => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(31), Buffer.alloc(10_000, 7)])
    assert.deepEqual(framesOf(bytes), []);
});
