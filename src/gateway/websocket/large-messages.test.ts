import assert from "node:assert/strict";
import { test } from "node:test";
import { LargeMessages } from "./large-messages.ts";

/** A queue with its own time, in which each piece of work takes so many milliseconds. */
function aQueue(): { add(name: string, tookMs: number, then?: () => void): void; turn(): string; done: string[] } {
  const turns: (() => void)[] = [];
  const done: string[] = [];
  let nowMs = 0;
  const queue = new LargeMessages(
    (callback) => void turns.push(callback),
    () => nowMs,
  );
  return {
    done,
    add: (name, tookMs, then) =>
      queue.add(() => {
        nowMs += tookMs;
        done.push(name);
        then?.();
      }),
    turn() {
      assert.ok(turns.length <= 1, "one turn is asked for at a time");
      done.length = 0;
      turns.shift()?.();
      return done.join(" ");
    },
  };
}

test("a turn does one piece of long work, and several short ones, in their order", () => {
  const queue = aQueue();
  for (const [name, tookMs] of [
    ["a", 80],
    ["b", 80],
    ["c", 2],
    ["d", 2],
    ["e", 30],
    ["f", 1],
  ] as const)
    queue.add(name, tookMs);
  assert.deepEqual(
    [queue.turn(), queue.turn(), queue.turn(), queue.turn(), queue.turn()],
    ["a", "b", "c d e", "f", ""],
  );
});

test("work that comes during a turn waits behind the rest", () => {
  const queue = aQueue();
  queue.add("a", 1, () => queue.add("c", 80));
  queue.add("b", 80);
  assert.deepEqual([queue.turn(), queue.turn(), queue.turn()], ["a b", "c", ""]);
  queue.add("d", 1);
  assert.equal(queue.turn(), "d");
});
