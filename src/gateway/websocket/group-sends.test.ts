import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../../base/bounds.ts";
import { GroupSends, type Recipient } from "./group-sends.ts";
import type { Delivery, SendCounts } from "./stage-call.ts";

const turn = bounds.connectionSendTurn.value;

/** Connections that note what they are sent, and turns that a test takes. */
function setUp(count: number) {
  const turns: (() => void)[] = [];
  const sends = new GroupSends((run) => void turns.push(run));
  const seen: string[][] = [];
  const recipients = Array.from({ length: count }, (_, index) => {
    seen.push([]);
    return {
      isReachable: true,
      deliver: ({ head }: { head: Buffer }): Delivery => {
        seen[index]!.push(head.toString("latin1", 2));
        return "sent";
      },
    };
  });
  return { turns, sends, seen, recipients };
}

test("messages to few are sent at once, to many in turns, and one after another", () => {
  const { turns, sends, seen, recipients } = setUp(turn + 1);
  const done: SendCounts[] = [];
  assert.ok(sends.send(Buffer.from("few"), recipients.slice(0, 2), (counts) => done.push(counts)));
  assert.deepEqual([done, turns.length], [[{ sent: 2, kept: 0, gone: 0, tooSlow: 0 }], 0]);
  assert.ok(sends.send(Buffer.from("one"), recipients, (counts) => done.push(counts)));
  assert.ok(sends.send(Buffer.from("two"), recipients, (counts) => done.push(counts)));
  assert.deepEqual([seen[0], seen[turn], done.length], [["few", "one"], [], 1]);
  while (turns.length > 0) {
    assert.equal(turns.length, 1);
    turns.shift()!();
  }
  assert.deepEqual(
    [seen[0], seen[turn]],
    [
      ["few", "one", "two"],
      ["one", "two"],
    ],
  );
  assert.deepEqual(done.slice(1), Array(2).fill({ sent: turn + 1, kept: 0, gone: 0, tooSlow: 0 }));
});

test("a connection that closes while others are sent to is gone, and one for which too much waits is too slow", () => {
  const { turns, sends, seen, recipients } = setUp(turn + 2);
  const slow: Recipient = { isReachable: true, deliver: () => "full" };
  const away: Recipient = { isReachable: true, deliver: () => "kept" };
  const all = [slow, away, ...recipients];
  let counts: SendCounts | undefined;
  sends.send(Buffer.from("x"), all, (told) => {
    counts = told;
  });
  recipients[turn]!.isReachable = false;
  turns.shift()!();
  assert.deepEqual(counts, { sent: turn + 1, kept: 1, gone: 1, tooSlow: 1 });
  assert.deepEqual(seen[turn], []);
});

test("messages that wait are bounded, and one may be sent from what another's end calls", () => {
  const { turns, sends, seen, recipients } = setUp(turn + 1);
  let isNextTaken = false;
  const isTaken = sends.send(Buffer.from("first"), recipients, () => {
    isNextTaken = sends.send(Buffer.from("next"), recipients, () => undefined);
  });
  assert.ok(isTaken);
  for (let index = 1; index < bounds.connectionSendsMax.value; index++)
    assert.ok(sends.send(Buffer.from("more"), [], () => undefined));
  assert.equal(
    sends.send(Buffer.from("too many"), [], () => undefined),
    false,
  );
  while (turns.length > 0) turns.shift()!();
  assert.ok(isNextTaken);
  assert.deepEqual(seen[turn], ["first", "next"]);
});

test("what comes after messages that wait is called when they were tried, and at once if there are none", () => {
  const { turns, sends, seen, recipients } = setUp(turn + 1);
  const seenThen: string[][] = [];
  sends.afterThose(() => seenThen.push([...seen[turn]!]));
  sends.send(Buffer.from("one"), recipients, () => undefined);
  sends.afterThose(() => seenThen.push([...seen[turn]!]));
  sends.send(Buffer.from("two"), recipients, () => undefined);
  assert.deepEqual(seenThen, [[]]);
  while (turns.length > 0) turns.shift()!();
  assert.deepEqual(
    [seenThen, seen[turn]],
    [
      [[], ["one"]],
      ["one", "two"],
    ],
  );
});
