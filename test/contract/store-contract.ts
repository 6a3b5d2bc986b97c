import assert from "node:assert/strict";
import { test } from "node:test";
import { CommitRecorder } from "../../src/store/commit-recorder.ts";
import type { IndexCondition, Indexes } from "../../src/store/indexes.ts";
import {
  type Change,
  creationOrder,
  everywhere,
  type Reader,
  type Scope,
  type Store,
  type Transaction,
} from "../../src/store/store.ts";

const mine: Scope = { account: "111111111111", region: "us-east-1" };
const yours: Scope = { account: "222222222222", region: "us-east-1" };

/** What the suite's stores are opened with. */
const indexes: Indexes = {
  part: {
    tag: ({ tags }: { readonly tags?: readonly string[] }) => tags ?? [],
    owner: ({ owner }: { readonly owner?: string }) => (owner === undefined ? [] : [owner]),
    rank: ({ rank }: { readonly rank?: string }) => (rank === undefined ? [] : [rank]),
  },
};

/**
 * What every `Store` must do: docs/internals/architecture.md, "The store".
 * `open` makes an empty one with these indexes; the suite closes it.
 */
export function storeContract(name: string, open: (indexes: Indexes) => Store): void {
  const claim = (what: string, run: (store: Store) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      const store = open(indexes);
      try {
        await run(store);
      } finally {
        await store.close();
      }
    });
  };
  const ids = (documents: readonly { id: string }[]): string[] => documents.map(({ id }) => id);
  const put = (store: Store, kind: string, id: string, body: unknown = {}, scope = mine): Promise<void> =>
    store.write(scope, (tx) => tx.put(kind, id, body));
  const get = async <T>(store: Store, kind: string, id: string, scope = mine): Promise<T | undefined> =>
    (await store.read(scope, (tx) => tx.get<T>(kind, id)))?.body;

  claim("a written document is read back, with the revision that wrote it", async (store) => {
    assert.equal(await store.revision(), 0);
    await put(store, "api", "a", { name: "first", list: [1, null, { deep: "é\u{1F600}" }] });
    const found = await store.read(mine, (tx) => tx.get("api", "a"));
    assert.deepEqual(found, {
      scope: mine,
      kind: "api",
      id: "a",
      revision: 1,
      body: { name: "first", list: [1, null, { deep: "é\u{1F600}" }] },
    });
    await put(store, "api", "a", { name: "second" });
    assert.equal(await store.revision(), 2);
    assert.deepEqual(await get(store, "api", "a"), { name: "second" });
    assert.equal(await get(store, "api", "b"), undefined);
    assert.equal(await get(store, "other", "a"), undefined);
  });

  claim("a document that was read is the reader's own", async (store) => {
    const body = { list: ["a"] };
    await put(store, "api", "a", body);
    body.list.push("b");
    const read = await get<{ list: string[] }>(store, "api", "a");
    read?.list.push("c");
    assert.deepEqual(await get(store, "api", "a"), { list: ["a"] });
  });

  claim("scopes do not see each other, but a transaction may work in several", async (store) => {
    await store.write(mine, async (tx) => {
      await tx.put("api", "a", { of: "mine" });
      await tx.in(yours).put("api", "a", { of: "yours" });
      await tx.in(everywhere).put("claim", "a", { of: "all" });
      assert.deepEqual((await tx.in(yours).get("api", "a"))?.body, { of: "yours" });
    });
    assert.deepEqual(await get(store, "api", "a"), { of: "mine" });
    assert.deepEqual(await get(store, "api", "a", yours), { of: "yours" });
    assert.deepEqual(await get(store, "claim", "a", everywhere), { of: "all" });
    assert.equal(await get(store, "claim", "a"), undefined);
    assert.deepEqual(
      (await store.all("api")).map(({ scope }) => scope.account),
      [mine.account, yours.account],
    );
    assert.deepEqual(await store.addresses("api"), [
      { scope: mine, kind: "api", id: "a" },
      { scope: yours, kind: "api", id: "a" },
    ]);
    assert.deepEqual(await store.scopes("api"), [mine, yours]);
    assert.deepEqual(await store.scopes("nothing"), []);
  });

  claim("the scopes of a kind come in order, each once", async (store) => {
    const places = ["a/2", "b/1", "a/1", "c/3", "b/0"].map((text) => {
      const [account = "", region = ""] = text.split("/");
      return { account, region };
    });
    for (const scope of places) {
      await store.write(scope, async (tx) => {
        for (const id of ["one", "two"]) await tx.put("api", id, {});
        await tx.put("other", "one", {});
      });
    }
    const found = (await store.scopes("api")).map(({ account, region }) => `${account}/${region}`);
    assert.deepEqual(found, ["a/1", "a/2", "b/0", "b/1", "c/3"]);
  });

  claim("a list is the range of a prefix, in the order of ids, after one and up to a limit", async (store) => {
    await store.write(mine, async (tx) => {
      for (const id of ["a/2", "a/10", "a/1", "ab/1", "a", "b/1", "a/é", "a/\u{1F600}", "a/\uffee"])
        await tx.put("part", id, { id });
    });
    const list = (options?: Parameters<Reader["list"]>[1]): Promise<string[]> =>
      store.read(mine, async (tx) => ids(await tx.list("part", options)));
    assert.deepEqual(await list({ prefix: "a/" }), ["a/1", "a/10", "a/2", "a/é", "a/\uffee", "a/\u{1F600}"]);
    assert.deepEqual(await list({ prefix: "a/", after: "a/1", limit: 2 }), ["a/10", "a/2"]);
    assert.deepEqual(await list({ prefix: "a/", after: "a/15" }), ["a/2", "a/é", "a/\uffee", "a/\u{1F600}"]);
    assert.deepEqual(await list({ prefix: "c" }), []);
    assert.deepEqual(await list({ limit: 1 }), ["a"]);
    assert.equal((await list()).length, 9);
    // A wildcard of SQL's is a letter like any other.
    assert.deepEqual(await list({ prefix: "%" }), []);
    assert.deepEqual(await list({ prefix: "_" }), []);
  });

  claim("documents are counted by the prefix of their ids, with what a transaction wrote", async (store) => {
    await store.write(mine, async (tx) => {
      for (const id of ["x/1", "x/2", "y/1"]) await tx.put("part", id, {});
      await tx.in(yours).put("part", "x/3", {});
      await tx.put("other", "x/4", {});
    });
    const count = async (tx: Reader): Promise<number[]> => [
      await tx.count("part"),
      await tx.count("part", "x/"),
      await tx.count("part", "z"),
    ];
    await store.read(mine, async (tx) => {
      assert.deepEqual(await count(tx), [3, 2, 0]);
      await store.write(mine, async (other) => {
        await other.put("part", "x/1", { again: true });
        await other.delete("part", "x/2");
        await other.delete("part", "x/none");
        await other.put("part", "x/5", {});
        await other.delete("part", "x/5");
        await other.put("part", "z/1", {});
        assert.deepEqual(await count(other), [3, 1, 1]);
      });
      assert.deepEqual(await count(tx), [3, 2, 0]);
    });
    assert.deepEqual(await store.read(mine, count), [3, 1, 1]);
  });

  claim("lists in the order of an index, page by page, whatever a transaction has written", async (store) => {
    const ranked = async (tx: Reader, more: object = {}): Promise<string[]> =>
      ids(await tx.list("part", { order: "rank", ...more }));
    await store.write(mine, async (tx) => {
      for (const [id, rank] of [
        ["x/1", "c"],
        ["x/2", "a"],
        ["x/3", "b"],
        ["x/4", "a"],
        ["y/1", "a"],
      ] as const) {
        await tx.put("part", id, { rank });
      }
      await tx.put("part", "x/0", {});
      assert.deepEqual(await ranked(tx, { prefix: "x/" }), ["x/2", "x/4", "x/3", "x/1"]);
    });
    const pages = async (tx: Reader): Promise<string[][]> => {
      const found: string[][] = [];
      for (let after: string | undefined; ; ) {
        const page = await tx.list("part", { prefix: "x/", order: "rank", limit: 2, ...(after && { after }) });
        if (page.length === 0) return found;
        found.push(ids(page));
        after = page.at(-1)!.position;
      }
    };
    assert.deepEqual(await store.read(mine, pages), [
      ["x/2", "x/4"],
      ["x/3", "x/1"],
    ]);
    await store.write(mine, async (tx) => {
      await tx.put("part", "x/1", { rank: "0" });
      await tx.put("part", "x/5", { rank: "aa" });
      await tx.delete("part", "x/4");
      assert.deepEqual(await pages(tx), [
        ["x/1", "x/2"],
        ["x/5", "x/3"],
      ]);
    });
    assert.deepEqual(await store.read(mine, pages), [
      ["x/1", "x/2"],
      ["x/5", "x/3"],
    ]);
    assert.deepEqual(await store.read(yours, pages), []);
  });

  claim("lists in the order of creation, page by page, whatever a transaction has written", async (store) => {
    const made = async (tx: Reader, more: object = {}): Promise<string[]> =>
      ids(await tx.list("part", { prefix: "x/", order: creationOrder, ...more }));
    await store.write(mine, async (tx) => {
      for (const id of ["x/9", "y/1", "x/5"]) await tx.put("part", id, {});
      await tx.put("part", "x/9", { again: true });
      assert.deepEqual(await made(tx), ["x/9", "x/5"]);
    });
    await store.write(mine, async (tx) => {
      for (const id of ["x/7", "x/1"]) await tx.put("part", id, {});
      await tx.put("part", "x/5", { again: true });
      assert.deepEqual(await made(tx), ["x/9", "x/5", "x/7", "x/1"]);
    });
    const first = await store.read(mine, (tx) => tx.list("part", { prefix: "x/", order: creationOrder, limit: 2 }));
    assert.deepEqual(ids(first), ["x/9", "x/5"]);
    const rest = { after: first.at(-1)!.position! };
    await store.read(mine, async (reader) => {
      await store.write(mine, async (tx) => {
        await tx.delete("part", "x/5");
        await tx.put("part", "x/3", {});
        await tx.put("part", "x/7", { again: true });
        assert.deepEqual(await made(tx, rest), ["x/7", "x/1", "x/3"]);
        assert.deepEqual(await made(tx, { limit: 3 }), ["x/9", "x/7", "x/1"]);
      });
      assert.deepEqual(await made(reader), ["x/9", "x/5", "x/7", "x/1"]);
    });
    // The item after which the next page begins may be gone.
    assert.deepEqual(await store.read(mine, (tx) => made(tx, rest)), ["x/7", "x/1", "x/3"]);
    assert.deepEqual(await store.read(mine, (tx) => made(tx, { ...rest, limit: 1 })), ["x/7"]);
    assert.deepEqual(await store.read(yours, made), []);
    // A position that is none, such as one of another order, begins the list.
    assert.deepEqual(await store.read(mine, (tx) => made(tx, { after: "x/7" })), ["x/9", "x/7", "x/1", "x/3"]);
  });

  const find = (tx: Reader, where: IndexCondition, more: object = {}): Promise<string[]> =>
    tx.list("part", { where, ...more }).then(ids);
  const tagged = (key: string): IndexCondition => ({ index: "tag", key });
  const taggedLike = (keyPrefix: string): IndexCondition => ({ index: "tag", keyPrefix });

  claim("documents are found by the keys of an index, each once, in the order of ids", async (store) => {
    await store.write(mine, async (tx) => {
      await tx.put("part", "x/1", { tags: ["red", "round"], owner: "ann" });
      await tx.put("part", "x/2", { tags: ["green"] });
      await tx.put("part", "x/10", { tags: ["red", "red", "rare"] });
      await tx.put("part", "y/1", { tags: ["red"], owner: "red" });
      await tx.put("part", "none", {});
      await tx.put("other", "x/3", { tags: ["red"] });
      await tx.in(yours).put("part", "x/4", { tags: ["red"] });
    });
    await store.read(mine, async (tx) => {
      assert.deepEqual(await find(tx, tagged("red")), ["x/1", "x/10", "y/1"]);
      assert.deepEqual(await find(tx, tagged("re")), []);
      assert.deepEqual(await find(tx, tagged("")), []);
      assert.deepEqual(await find(tx, taggedLike("r")), ["x/1", "x/10", "y/1"]);
      assert.deepEqual(await find(tx, taggedLike("")), ["x/1", "x/10", "x/2", "y/1"]);
      assert.deepEqual(await find(tx, taggedLike("ro")), ["x/1"]);
      assert.deepEqual(await find(tx, { index: "owner", key: "red" }), ["y/1"]);
      assert.deepEqual(await find(tx, tagged("red"), { prefix: "x/" }), ["x/1", "x/10"]);
      assert.deepEqual(await find(tx, tagged("red"), { limit: 2 }), ["x/1", "x/10"]);
      assert.deepEqual(await find(tx, tagged("red"), { after: "x/1", limit: 1 }), ["x/10"]);
      assert.deepEqual(await find(tx, taggedLike("r"), { after: "x/1", prefix: "x/" }), ["x/10"]);
      assert.deepEqual(await find(tx.in(yours), tagged("red")), ["x/4"]);
      const [first] = await tx.list<{ owner: string }>("part", { where: tagged("red") });
      assert.equal(first?.body.owner, "ann");
      assert.equal(first?.revision, 1);
    });
  });

  claim("any text is a key, and is taken by the letter", async (store) => {
    const keys = [
      "",
      "%",
      "_",
      "a%b",
      "o'clock",
      'say "so"',
      "back\\slash",
      "nul\0inside",
      "new\nline",
      "é",
      "e\u0301",
      "\u{1F600}",
      "\u{10ffff}",
      "\u{10ffff}\u{10ffff}",
      "\ud7ff",
      "\ue000",
      "x".repeat(10_000),
    ];
    await store.write(mine, async (tx) => {
      for (const [n, key] of keys.entries()) await tx.put("part", `${n}`, { tags: [key] });
    });
    await store.read(mine, async (tx) => {
      for (const [n, key] of keys.entries()) {
        assert.deepEqual(await find(tx, tagged(key)), [`${n}`], JSON.stringify(key));
        const like = keys.flatMap((one, at) => (one.startsWith(key) ? [`${at}`] : [])).sort();
        assert.deepEqual(await find(tx, taggedLike(key)), like, `like ${JSON.stringify(key)}`);
      }
    });
    // Of a lone surrogate, the index only knows that there is one; the document is as it was.
    await put(store, "part", "lone", { tags: ["a\ud800"] });
    await store.read(mine, async (tx) => {
      assert.deepEqual(await find(tx, tagged("a\ud800")), ["lone"]);
      assert.deepEqual(await find(tx, tagged("a\udfff")), ["lone"]);
      assert.deepEqual((await tx.get<{ tags: string[] }>("part", "lone"))?.body.tags, ["a\ud800"]);
    });
  });

  claim("an index follows what a transaction wrote, at once, and nothing of it stays if it fails", async (store) => {
    await store.write(mine, async (tx) => {
      for (const id of ["a", "c", "e", "g"]) await tx.put("part", id, { tags: ["red"] });
      await tx.put("part", "d", { tags: ["green"] });
    });
    const change = async (tx: Transaction): Promise<void> => {
      await tx.put("part", "a", { tags: ["green", "grey"] });
      await tx.put("part", "b", { tags: ["red"] });
      await tx.delete("part", "c");
      await tx.put("part", "d", { tags: ["green", "red"] });
      await tx.put("part", "f", { tags: ["red"] });
      await tx.delete("part", "f");
    };
    const check = async (tx: Reader): Promise<void> => {
      assert.deepEqual(await find(tx, tagged("red")), ["b", "d", "e", "g"]);
      assert.deepEqual(await find(tx, tagged("red"), { limit: 3 }), ["b", "d", "e"]);
      assert.deepEqual(await find(tx, tagged("red"), { after: "b", limit: 2 }), ["d", "e"]);
      assert.deepEqual(await find(tx, taggedLike("gre")), ["a", "d"]);
      assert.deepEqual(await find(tx, taggedLike("gre"), { prefix: "a" }), ["a"]);
    };
    const undecided = store.write(mine, async (tx) => {
      await change(tx);
      await check(tx);
      throw new Error("changed my mind");
    });
    await assert.rejects(undecided, /changed my mind/);
    assert.deepEqual(await store.read(mine, (tx) => find(tx, tagged("red"))), ["a", "c", "e", "g"]);
    await Promise.all([store.write(mine, change), store.write(mine, check)]);
    await store.read(mine, check);
    await store.write(mine, (tx) => tx.deleteAll("part", "d"));
    assert.deepEqual(await store.read(mine, (tx) => find(tx, taggedLike("gre"))), ["a"]);
    await store.reset();
    assert.deepEqual(await store.read(mine, (tx) => find(tx, taggedLike(""))), []);
  });

  claim("a reader finds by the keys of the state that it sees", async (store) => {
    await store.write(mine, async (tx) => {
      for (const id of ["a", "b", "c"]) await tx.put("part", id, { tags: ["red", "old"] });
    });
    await store.read(mine, async (tx) => {
      assert.deepEqual(await find(tx, tagged("red"), { limit: 1 }), ["a"]);
      await store.write(mine, async (other) => {
        await other.put("part", "a", { tags: ["green"] });
        await other.delete("part", "b");
        await other.put("part", "d", { tags: ["red"] });
      });
      assert.deepEqual(await find(tx, tagged("red")), ["a", "b", "c"]);
      assert.deepEqual(await find(tx, taggedLike("o"), { after: "a", limit: 1 }), ["b"]);
      assert.deepEqual(await find(tx, tagged("green")), []);
    });
    assert.deepEqual(await store.read(mine, (tx) => find(tx, tagged("red"))), ["c", "d"]);
  });

  claim("an index that was not declared is no way to find anything", async (store) => {
    const searching = (kind: string, index: string): Promise<unknown> =>
      store.read(mine, (tx) => tx.list(kind, { where: { index, key: "red" } }));
    await assert.rejects(searching("part", "colour"), /part has an index colour/);
    await assert.rejects(searching("api", "tag"), /api has an index tag/);
    await assert.rejects(searching("part", "constructor"), /part has an index constructor/);
  });

  claim("a transaction sees what it wrote, in lists too", async (store) => {
    await store.write(mine, async (tx) => {
      for (const id of ["x/1", "x/3", "x/5", "y/1"]) await tx.put("part", id, {});
    });
    await store.write(mine, async (tx) => {
      await tx.put("part", "x/2", {});
      await tx.delete("part", "x/3");
      await tx.delete("part", "x/none");
      assert.deepEqual(ids(await tx.list("part", { prefix: "x/" })), ["x/1", "x/2", "x/5"]);
      assert.deepEqual(ids(await tx.list("part", { prefix: "x/", limit: 2 })), ["x/1", "x/2"]);
      assert.deepEqual(ids(await tx.list("part", { prefix: "x/", after: "x/2" })), ["x/5"]);
      await tx.put("part", "x/3", { again: true });
      assert.deepEqual((await tx.get("part", "x/3"))?.body, { again: true });
      await tx.deleteAll("part", "x/");
      assert.deepEqual(ids(await tx.list("part")), ["y/1"]);
      await tx.put("part", "x/9", {});
    });
    assert.deepEqual(await store.read(mine, async (tx) => ids(await tx.list("part"))), ["x/9", "y/1"]);
  });

  claim("a transaction that fails leaves nothing behind, and those after it go on", async (store) => {
    await put(store, "api", "a", { kept: true });
    const seen: Change[] = [];
    store.subscribe((changes) => seen.push(...changes));
    await assert.rejects(
      store.write(mine, async (tx) => {
        await tx.put("api", "a", { kept: false });
        await tx.put("api", "b", {});
        await tx.deleteAll("api", "");
        throw new Error("changed my mind");
      }),
      /changed my mind/,
    );
    assert.deepEqual(await get(store, "api", "a"), { kept: true });
    assert.equal(await get(store, "api", "b"), undefined);
    assert.equal(await store.revision(), 1);
    await put(store, "api", "c");
    assert.equal(await store.revision(), 2);
    assert.deepEqual(ids(seen), ["c"]);
  });

  claim("writers run one after another, each over what the one before it wrote", async (store) => {
    await put(store, "counter", "n", { value: 0 });
    await Promise.all(
      Array.from({ length: 50 }, () =>
        store.write(mine, async (tx) => {
          const { value } = (await tx.get<{ value: number }>("counter", "n"))?.body ?? { value: Number.NaN };
          await new Promise((resolve) => setImmediate(resolve));
          await tx.put("counter", "n", { value: value + 1 });
        }),
      ),
    );
    assert.deepEqual(await get(store, "counter", "n"), { value: 50 });
    assert.equal(await store.revision(), 51);
  });

  claim("one of several writers at a time fails alone", async (store) => {
    const outcomes = await Promise.allSettled(
      [1, 2, 3, 4].map((n) =>
        store.write(mine, async (tx) => {
          await tx.put("api", `${n}`, {});
          if (n === 2) throw new Error("no");
        }),
      ),
    );
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "fulfilled"],
    );
    assert.deepEqual(await store.read(mine, async (tx) => ids(await tx.list("api"))), ["1", "3", "4"]);
    assert.equal(await store.revision(), 3);
  });

  claim("nobody sees a transaction before it is committed", async (store) => {
    await put(store, "api", "a", { version: 1 });
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
    const { promise: written, resolve: hasWritten } = Promise.withResolvers<void>();
    const writing = store.write(mine, async (tx) => {
      await tx.put("api", "a", { version: 2 });
      await tx.put("api", "b", {});
      hasWritten();
      await gate;
    });
    await written;
    assert.deepEqual(await get(store, "api", "a"), { version: 1 });
    assert.deepEqual(ids(await store.all("api")), ["a"]);
    assert.equal(await store.revision(), 1);
    openGate();
    await writing;
    assert.deepEqual(await get(store, "api", "a"), { version: 2 });
  });

  claim("a reader sees one state, whatever is committed meanwhile", async (store) => {
    await store.write(mine, async (tx) => {
      for (const id of ["a", "b", "c"]) await tx.put("api", id, { version: 1 });
    });
    await store.read(mine, async (tx) => {
      assert.deepEqual((await tx.get("api", "a"))?.body, { version: 1 });
      await store.write(mine, async (other) => {
        await other.put("api", "b", { version: 2 });
        await other.delete("api", "c");
        await other.put("api", "d", {});
      });
      await put(store, "api", "b", { version: 3 });
      // Others see it at once; this reader does not.
      assert.deepEqual(await get(store, "api", "b"), { version: 3 });
      assert.deepEqual((await tx.get("api", "b"))?.body, { version: 1 });
      assert.deepEqual((await tx.get("api", "b"))?.revision, 1);
      assert.deepEqual((await tx.get("api", "c"))?.body, { version: 1 });
      assert.equal(await tx.get("api", "d"), undefined);
      assert.deepEqual(ids(await tx.list("api")), ["a", "b", "c"]);
      await store.reset();
      assert.deepEqual(ids(await tx.list("api")), ["a", "b", "c"]);
      assert.deepEqual((await tx.get("api", "a"))?.body, { version: 1 });
    });
    assert.deepEqual(await store.all("api"), []);
  });

  claim("subscribers hear of each commit once, in order, before its writer does", async (store) => {
    const heard: Change[][] = [];
    const order: string[] = [];
    const unsubscribe = store.subscribe((changes) => {
      heard.push([...changes]);
      order.push(`heard ${changes[0]?.revision}`);
    });
    await Promise.all(["a", "b"].map((id) => put(store, "api", id).then(async () => order.push(`acknowledged ${id}`))));
    await store.write(mine, async (tx) => {
      await tx.delete("api", "a");
      await tx.delete("api", "never there");
      await tx.put("api", "c", {});
      await tx.delete("api", "c");
      await tx.in(yours).put("api", "d", {});
    });
    assert.deepEqual(heard, [
      [{ revision: 1, scope: mine, kind: "api", id: "a", deleted: false }],
      [{ revision: 2, scope: mine, kind: "api", id: "b", deleted: false }],
      [
        { revision: 3, scope: mine, kind: "api", id: "a", deleted: true },
        { revision: 3, scope: yours, kind: "api", id: "d", deleted: false },
      ],
    ]);
    assert.ok(order.indexOf("heard 1") < order.indexOf("acknowledged a"));
    assert.ok(order.indexOf("heard 2") < order.indexOf("acknowledged b"));
    unsubscribe();
    await put(store, "api", "e");
    assert.equal(heard.length, 3);
  });

  claim("what a subscriber is told of can be read at once", async (store) => {
    const bodies: Promise<unknown>[] = [];
    store.subscribe(([change]) => {
      if (change) bodies.push(get(store, change.kind, change.id));
    });
    await Promise.all([put(store, "api", "a", { n: 1 }), put(store, "api", "b", { n: 2 })]);
    assert.deepEqual(await Promise.all(bodies), [{ n: 1 }, { n: 2 }]);
  });

  claim("a write that writes nothing is no commit", async (store) => {
    let heard = 0;
    store.subscribe(() => heard++);
    assert.equal(await store.write(mine, async () => 7), 7);
    await store.write(mine, (tx) => tx.delete("api", "none"));
    assert.equal(await store.revision(), 0);
    assert.equal(heard, 0);
  });

  claim("a write reports the revision that it left to whoever records its caller's writes", async (store) => {
    const recorded = async (work: () => Promise<unknown>): Promise<readonly number[]> => {
      const recorder = new CommitRecorder();
      await recorder.run(async () => {
        await Promise.resolve();
        await work();
      });
      return recorder.revisions;
    };
    const revisions = await Promise.all(["a", "b", "c"].map((id) => recorded(() => put(store, "api", id))));
    assert.deepEqual(revisions, [[1], [2], [3]]);
    const twice = async (): Promise<void> => {
      await put(store, "api", "d");
      await put(store, "api", "e", {}, yours);
    };
    assert.deepEqual(await recorded(twice), [4, 5]);
    // One that wrote nothing may have read what the last commit brought.
    assert.deepEqual(await recorded(() => store.write(mine, (tx) => tx.get("api", "a"))), [5]);
    assert.deepEqual(await recorded(() => store.read(mine, (tx) => tx.get("api", "a"))), []);
    const failing = store.write.bind(store, mine, () => Promise.reject(new Error("no")));
    assert.deepEqual(await recorded(() => failing().catch(() => undefined)), []);
    const [, empty] = await Promise.all([put(store, "api", "f"), recorded(() => store.write(mine, async () => 7))]);
    assert.deepEqual(empty, [6]);
    assert.deepEqual(await recorded(() => store.reset()), [7]);
  });

  claim("a transaction that is over can't be used any more", async (store) => {
    const leaked = await store.write(mine, async (tx) => tx);
    await assert.rejects(leaked.put("api", "late", {}), /over/);
    await assert.rejects(leaked.get("api", "late"), /over/);
    assert.equal(await get(store, "api", "late"), undefined);
  });

  claim("a write inside a write is refused, not waited for", async (store) => {
    await store.write(mine, async (tx) => {
      await tx.put("api", "a", {});
      await assert.rejects(put(store, "api", "b"), /inside a write/);
      // Reading is no harm: it sees what is committed.
      assert.equal(await get(store, "api", "a"), undefined);
    });
    // What a write has started may write when that is over.
    let later: Promise<void> | undefined;
    await store.write(mine, async () => {
      later = new Promise((resolve) => setImmediate(resolve)).then(() => put(store, "api", "c"));
    });
    await later;
    assert.deepEqual(await get(store, "api", "c"), {});
  });

  claim("a reset deletes everything, and says so; revisions go on", async (store) => {
    await put(store, "api", "a");
    await put(store, "stage", "a/b", {}, yours);
    const heard: Change[] = [];
    store.subscribe((changes) => heard.push(...changes));
    await Promise.all([put(store, "api", "under way"), store.reset()]);
    assert.deepEqual(await store.all("api"), []);
    assert.deepEqual(await store.all("stage"), []);
    assert.deepEqual(
      heard.filter(({ deleted }) => deleted).map(({ kind, id }) => `${kind} ${id}`),
      ["api a", "api under way", "stage a/b"],
    );
    assert.equal(await store.revision(), 4);
    await put(store, "api", "b");
    assert.equal(await store.revision(), 5);
  });

  claim("closing waits for writers, and then refuses", async (store) => {
    const writing = put(store, "api", "a");
    await store.close();
    await writing;
    await assert.rejects(put(store, "api", "b"), /closed/);
    await assert.rejects(get(store, "api", "a"), /closed/);
    await store.close();
  });
}
