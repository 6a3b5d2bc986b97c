import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { StorageFailure } from "../base/storage-failure.ts";
import { UserError } from "../base/user-error.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { everywhere, type Store } from "./store.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-sqlite-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const scope = { account: "000000000000", region: "us-east-1" };

let count = 0;
const freshPath = (): string => join(folder, `${count++}.db`);

async function filledStore(): Promise<string> {
  const path = freshPath();
  const store = openSqliteStore({ path });
  await store.write(scope, async (tx) => {
    for (let n = 0; n < 200; n++) await tx.put("api", `${n}`, { text: "x".repeat(500) });
  });
  await store.close();
  return path;
}

test("documents and the revision outlive the store that wrote them", async () => {
  const path = await filledStore();
  const store = openSqliteStore({ path });
  assert.equal(await store.revision(), 1);
  assert.equal((await store.all("api")).length, 200);
  await store.write(scope, (tx) => tx.delete("api", "7"));
  assert.equal(await store.revision(), 2);
  await store.close();
});

test("its files are only for their user", async () => {
  const path = freshPath();
  const store = openSqliteStore({ path });
  await store.write(scope, (tx) => tx.put("api", "a", {}));
  for (const file of [path, `${path}-wal`]) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  await store.close();
});

test("a failed commit fails every write that it carried, and nothing of them stays", async () => {
  const path = freshPath();
  const store = openSqliteStore({ path });
  await store.write(scope, (tx) => tx.put("api", "before", {}));
  // Another connection holds the write lock for longer than the store waits.
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const heard: string[] = [];
  store.subscribe((changes) => heard.push(...changes.map(({ id }) => id)));
  const outcomes = await Promise.allSettled(["a", "b"].map((id) => store.write(scope, (tx) => tx.put("api", id, {}))));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  for (const outcome of outcomes) {
    const reason: unknown = outcome.status === "rejected" ? outcome.reason : undefined;
    assert(reason instanceof StorageFailure);
    assert.match(reason.message, /^nothing was written: database is locked/);
  }
  assert.deepEqual(heard, []);
  assert.equal(await store.revision(), 1);
  other.exec("ROLLBACK");
  other.close();
  await store.write(scope, (tx) => tx.put("api", "after", {}));
  assert.equal(await store.revision(), 2);
  assert.deepEqual(
    (await store.all("api")).map(({ id }) => id),
    ["after", "before"],
  );
  await store.close();
});

test("a transaction over a commit that failed fails with it", async () => {
  const path = freshPath();
  const store = openSqliteStore({ path });
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const first = store.write(scope, (tx) => tx.put("api", "lost", {}));
  const second = store.write(scope, async (tx) => {
    assert.ok(await tx.get("api", "lost"));
    await first.catch(() => undefined);
    await tx.put("api", "child of lost", {});
  });
  await assert.rejects(first, /locked/);
  await assert.rejects(second, /could not keep/);
  other.exec("ROLLBACK");
  other.close();
  assert.deepEqual(await store.all("api"), []);
  await store.close();
});

test("a transaction that never ends is given up, and the next one runs", async () => {
  const store = openSqliteStore({ transactionMsMax: 20 });
  await assert.rejects(
    store.write(scope, () => new Promise(() => undefined)),
    /longer than 20 ms/,
  );
  await store.write(scope, (tx) => tx.put("api", "a", {}));
  await store.close();
});

test("a store of a newer schema is refused, and left as it is", async () => {
  const path = await filledStore();
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  assert.throws(
    () => openSqliteStore({ path }),
    (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /newer Portico.*version 99; .*up to 3.*Update Portico/s);
      return true;
    },
  );
});

const schemaOne = `
  CREATE TABLE document (
    kind TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL,
    revision INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, account, region, id)
  );
  CREATE TABLE progress (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), revision INTEGER NOT NULL);
  INSERT INTO progress VALUES (1, 0);
  PRAGMA application_id = ${0x50727463};
  PRAGMA user_version = 1;
  PRAGMA journal_mode = WAL;`;

/** A store as the first Portico wrote it. */
function firstStore(documents: readonly { kind: string; id: string; body: unknown }[]): string {
  const path = freshPath();
  const database = new DatabaseSync(path);
  database.exec(schemaOne);
  const insert = database.prepare("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?)");
  for (const { kind, id, body } of documents)
    insert.run(kind, scope.account, scope.region, id, 7, JSON.stringify(body));
  database.exec("UPDATE progress SET revision = 7");
  database.close();
  return path;
}

const byName = (key: string) => ({ where: { index: "name", key } });
const idsBy = async (store: Store, key: string): Promise<string[]> =>
  store.read(scope, async (tx) => (await tx.list("api", byName(key))).map(({ id }) => id));

test("a store of the first schema is taken over, with indexes of what is in it", async () => {
  const path = firstStore([
    { kind: "api", id: "a", body: { name: "pets" } },
    { kind: "api", id: "b", body: { name: 'it\'s "%" é' } },
    { kind: "api", id: "c", body: { name: "pets" } },
    { kind: "api", id: "d", body: {} },
    { kind: "other", id: "e", body: { name: "pets" } },
  ]);
  const indexes = { api: { name: ({ name }: { readonly name?: string }) => (name === undefined ? [] : [name]) } };
  for (const round of ["upgraded", "opened again"]) {
    const store = openSqliteStore({ path, indexes });
    assert.deepEqual(await idsBy(store, "pets"), ["a", "c"], round);
    assert.deepEqual(await idsBy(store, 'it\'s "%" é'), ["b"], round);
    assert.equal((await store.all("api")).length, 4);
    assert.equal(await store.revision(), 7);
    await store.close();
  }
});

test("events that an older Portico accepted have runs, in the scope of no account", async () => {
  const event = (notBefore: number, failures: number) => ({ payload: "e30=", notBefore, failures, refusals: 3 });
  const path = firstStore([
    { kind: "lambda-event", id: "lqz4x8w0-r1", body: event(1_700_000_300_000, 0) },
    { kind: "lambda-event", id: "lqz4x8w1-r2", body: event(1_700_000_200_000, 1) },
    { kind: "lambda-event", id: "lqz4x8w2-r3", body: event(1_700_000_200_000, 2) },
  ]);
  const store = openSqliteStore({ path });
  await store.read(everywhere, async (tx) => {
    const events = await tx.list<{ payload: string }>("lambda-event");
    assert.deepEqual(
      events.map(({ id, body }) => [id, body.payload]),
      ["lqz4x8w0-r1", "lqz4x8w1-r2", "lqz4x8w2-r3"].map((id) => [id, "e30="]),
    );
    const runs = await tx.list("lambda-event-run");
    assert.deepEqual(
      runs.map(({ id, revision, body }) => [id, revision, body]),
      [
        ["001700000200000-0000000002", 7, { event: "lqz4x8w1-r2", failures: 1, refusals: 3 }],
        ["001700000200000-0000000003", 7, { event: "lqz4x8w2-r3", failures: 2, refusals: 3 }],
        ["001700000300000-0000000001", 7, { event: "lqz4x8w0-r1", failures: 0, refusals: 3 }],
      ],
    );
  });
  await store.close();
});

test("an index that is declared later is built; one that no longer is does not go stale", async () => {
  const path = freshPath();
  const name = ({ name: own }: { readonly name: string }): string[] => [own];
  const put = (store: Store, id: string, own: string): Promise<void> =>
    store.write(scope, (tx) => tx.put("api", id, { name: own }));
  const without = openSqliteStore({ path });
  await put(without, "a", "one");
  await without.close();
  const first = openSqliteStore({ path, indexes: { api: { name } } });
  assert.deepEqual(await idsBy(first, "one"), ["a"]);
  await put(first, "b", "one");
  await first.close();
  const forgetful = openSqliteStore({ path });
  await put(forgetful, "a", "two");
  await forgetful.close();
  const again = openSqliteStore({ path, indexes: { api: { name } } });
  assert.deepEqual(await idsBy(again, "one"), ["b"]);
  assert.deepEqual(await idsBy(again, "two"), ["a"]);
  await again.close();
});

test("a key in the middle of many is found without reading the others", async () => {
  const path = freshPath();
  const store = openSqliteStore({ path, indexes: { api: { name: ({ name }: { readonly name: string }) => [name] } } });
  await store.write(scope, async (tx) => {
    for (let n = 0; n < 1_000; n++) await tx.put("api", `${n}`, { name: `name ${n}` });
  });
  await store.close();
  const database = new DatabaseSync(path);
  // Documents that can't be parsed would fail a list that looked at them.
  database.exec("UPDATE document SET body = 'broken' WHERE id <> '500'");
  database.close();
  const broken = openSqliteStore({ path, indexes: { api: { name: () => [] } } });
  assert.deepEqual(await idsBy(broken, "name 500"), ["500"]);
  await broken.close();
});

test("a database of another program is refused, and left as it is", () => {
  const path = freshPath();
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  database.close();
  const before = readFileSync(path);
  assert.throws(() => openSqliteStore({ path }), /is not a Portico store.*another program.*--data/s);
  assert.deepEqual(readFileSync(path), before);
});

test("a file that a killed start has left empty is taken for a new one", async () => {
  const path = freshPath();
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL");
  database.close();
  const store = openSqliteStore({ path });
  await store.write(scope, (tx) => tx.put("api", "a", {}));
  await store.close();
  const again = openSqliteStore({ path });
  assert.equal(await again.revision(), 1);
  await again.close();
});

test("damage is said in words, at whatever place it is", async () => {
  const text = freshPath();
  writeFileSync(text, "this is no database, but long enough to look at: ".repeat(100));
  assert.throws(() => openSqliteStore({ path: text }), /can't be opened.*backup.*portico repair/s);

  for (const at of [0.3, 0.6, 0.9]) {
    const path = await filledStore();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, Math.floor(bytes.length * at), Math.floor(bytes.length * at) + 4096);
    writeFileSync(path, bytes);
    assert.throws(() => openSqliteStore({ path }), UserError, `damage at ${at}`);
  }
  const cut = await filledStore();
  writeFileSync(cut, readFileSync(cut).subarray(0, 20_000));
  assert.throws(() => openSqliteStore({ path: cut }), UserError);
});

test("a path that can't be is said in words", () => {
  const path = join(folder, "none", "portico.db");
  assert.throws(() => openSqliteStore({ path }), /can't be opened.*can't be made/s);
  assert.equal(existsSync(path), false);
});

test("concurrent writers are all acknowledged, each with a revision of its own", async () => {
  const store = openSqliteStore({ path: freshPath() });
  await Promise.all(
    Array.from({ length: 50 }, async (_, writer) => {
      for (let n = 0; n < 20; n++) {
        await store.write(scope, (tx) => tx.put("api", `${writer}/${n}`, { text: "x".repeat(300) }));
      }
    }),
  );
  assert.equal(await store.revision(), 1000);
  assert.equal((await store.all("api")).length, 1000);
  await store.close();
});
