import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { FairTurns } from "./fair-turns.ts";

test("each party has some of its work under way, in its order, and waits for nobody else", async () => {
  const turns = new FairTurns(2);
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const run = (party: string, name: string): Promise<string> =>
    turns.run(party, () => {
      begun.push(name);
      const end = Promise.withResolvers<string>();
      ends.set(name, end);
      return end.promise;
    });
  const results = ["a1", "a2", "a3", "a4", "b1"].map((name) => run(name[0]!, name));
  await turn();
  assert.deepEqual(begun, ["a1", "a2", "b1"]);
  ends.get("a2")!.resolve("done");
  assert.equal(await results[1], "done");
  await turn();
  assert.deepEqual(begun, ["a1", "a2", "b1", "a3"]);
  const failed = assert.rejects(results[0]!, /no/);
  ends.get("a1")!.reject(new Error("no"));
  await failed;
  await turn();
  assert.deepEqual(begun, ["a1", "a2", "b1", "a3", "a4"]);
  for (const name of ["a3", "a4", "b1"]) ends.get(name)!.resolve(name);
  assert.deepEqual(await Promise.all(results.slice(2)), ["a3", "a4", "b1"]);
  await assert.rejects(
    turns.run("a", () => Promise.reject(new Error("again"))),
    /again/,
  );
  assert.equal(await turns.run("a", () => Promise.resolve(1)), 1);
});
