import assert from "node:assert/strict";
import { test } from "node:test";
import type { IndexCondition } from "../../src/store/indexes.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import { creationOrder, type Reader, type Scope } from "../../src/store/store.ts";
import { seed } from "../random.ts";
import { random as unit } from "./from-models.ts";

const transactions = 400;
const random = (below: number): number => Math.floor(unit() * below);

type Model = Map<string, number>;

/** The keys of a document, which is a number: none, one or two of few. */
const tagsOf = (value: number): string[] => [`t${value % 3}`, `t${value % 7}`].slice(0, value % 4);

test(`fuzz: what a transaction or a reader sees is what a plain map says (PORTICO_FUZZ_SEED=${seed})`, async () => {
  const store = openSqliteStore({ indexes: { k: { tag: tagsOf } } });
  const scopes: Scope[] = [1, 2].map((n) => ({ account: `${n}`, region: "r" }));
  const anyId = (): string => `${"ab"[random(2)]}${random(3) === 0 ? "" : `/${random(12)}`}`;
  const keyOf = (scope: Scope, id: string): string => `${scope.account}|${id}`;

  /** The same questions to a transaction and to its model. */
  const compare = async (tx: Reader, model: Model): Promise<void> => {
    for (const scope of scopes) {
      const id = anyId();
      assert.equal((await tx.in(scope).get<number>("k", id))?.body, model.get(keyOf(scope, id)));
      const prefix = ["", "a", "b/", "a/1"][random(4)] as string;
      const after = random(2) === 0 ? anyId() : undefined;
      const limit = random(2) === 0 ? 1 + random(4) : undefined;
      const condition = [
        undefined,
        { index: "tag", key: `t${random(7)}` },
        { index: "tag", keyPrefix: ["", "t", "t1"][random(3)] as string },
      ][random(3)];
      const isFound = (value: number): boolean =>
        condition === undefined ||
        tagsOf(value).some((tag) =>
          condition.key === undefined ? tag.startsWith(condition.keyPrefix ?? "") : tag === condition.key,
        );
      const expected = [...model.keys()]
        .filter((key) => isFound(model.get(key) ?? 0))
        .filter((key) => key.startsWith(`${scope.account}|${prefix}`))
        .map((key) => key.slice(scope.account.length + 1))
        .filter((found) => after === undefined || found > after)
        .sort()
        .slice(0, limit);
      const where = condition as IndexCondition | undefined;
      const options = {
        prefix,
        ...(where !== undefined && { where }),
        ...(after !== undefined && { after }),
        ...(limit !== undefined && { limit }),
      };
      const listed = await tx.in(scope).list<number>("k", options);
      assert.deepEqual(
        listed.map(({ id: found, body }) => [found, body]),
        expected.map((found) => [found, model.get(keyOf(scope, found))]),
        JSON.stringify(options),
      );
      // A map, too, keeps the order in which its keys came, and a key that was deleted comes anew.
      const made = [...model.keys()]
        .filter((key) => key.startsWith(`${scope.account}|${prefix}`))
        .map((key) => key.slice(scope.account.length + 1));
      const most = limit === undefined ? {} : { limit };
      const inOrder = await tx.in(scope).list<number>("k", { prefix, order: creationOrder, ...most });
      assert.deepEqual(
        inOrder.map(({ id: found }) => found),
        made.slice(0, limit),
        "the order of creation",
      );
      const next = inOrder.at(-1)?.position;
      if (next === undefined) continue;
      const rest = await tx.in(scope).list<number>("k", { prefix, order: creationOrder, after: next });
      assert.deepEqual(
        rest.map(({ id: found }) => found),
        made.slice(inOrder.length),
        "the next page",
      );
    }
  };

  let committed: Model = new Map();
  const work: Promise<unknown>[] = [];
  for (let n = 0; n < transactions; n++) {
    const scope = scopes[random(2)] as Scope;
    const isDoomed = random(5) === 0;
    work.push(
      store
        .write(scope, async (tx) => {
          const model = new Map(committed);
          for (let step = 1 + random(6); step > 0; step--) {
            const target = random(4) === 0 ? (scopes[random(2)] as Scope) : scope;
            const id = anyId();
            const choice = random(10);
            if (choice < 6) {
              await tx.in(target).put("k", id, n);
              model.set(keyOf(target, id), n);
            } else if (choice < 9) {
              await tx.in(target).delete("k", id);
              model.delete(keyOf(target, id));
            } else {
              await tx.in(target).deleteAll("k", id);
              for (const key of [...model.keys()]) if (key.startsWith(keyOf(target, id))) model.delete(key);
            }
            await compare(tx, model);
            if (random(20) === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          if (isDoomed) throw new Error("doomed");
          committed = model;
        })
        .catch((error: Error) => assert.equal(error.message, "doomed")),
    );
    // A reader that keeps seeing the state that it began with, while writers go on.
    if (random(4) === 0) {
      await Promise.all(work.splice(0));
      const model = new Map(committed);
      work.push(
        store.read(scope, async (tx) => {
          for (let look = 0; look < 3; look++) {
            await compare(tx, model);
            await new Promise((resolve) => setImmediate(resolve));
          }
        }),
      );
    }
  }
  await Promise.all(work);
  const all = await store.all<number>("k");
  assert.deepEqual(new Map(all.map(({ scope, id, body }) => [keyOf(scope, id), body])), new Map([...committed].sort()));
  await store.close();
});
