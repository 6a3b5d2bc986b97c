import assert from "node:assert/strict";
import { test } from "node:test";
import { joinGroups, pageOf } from "./stage-call.ts";

test("pages have everything once, in order, whatever order it is in", () => {
  const keys = Array.from({ length: 997 }, (_, index) => String((index * 7919) % 997).padStart(3, "0"));
  const seen: string[] = [];
  for (let after = ""; ; after = seen.at(-1)!) {
    const page = pageOf(keys, (key) => key, { after, limit: 10 });
    if (page.length === 0) break;
    seen.push(...page);
  }
  assert.deepEqual(seen, [...keys].sort());
  assert.deepEqual(pageOf([], String, { after: "", limit: 1 }), []);
});

test("groups of several threads are one list, with their connections together", () => {
  const of = (...groups: [string, number][]) => ({
    kind: "groups" as const,
    groups: groups.map(([group, connections]) => ({ group, connections })),
  });
  const joined = joinGroups([of(["a", 1], ["__proto__", 2]), { kind: "gone" }, of(["__proto__", 3], ["b", 4])], 2);
  assert.deepEqual(joined, of(["__proto__", 5], ["a", 1]).groups);
});
