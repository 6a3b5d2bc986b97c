import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { bounds } from "../../base/bounds.ts";
import { LastWills } from "./last-wills.ts";
import type { StageCall, StageOutcome } from "./stage-call.ts";

const will = (text: string) => ({ group: "room", data: Buffer.from(text) });
const unexpected = (): void => assert.fail("it was sent");

/** Wills whose sends a test ends. */
function setUp() {
  const sent: { readonly call: StageCall; end(outcomes: readonly StageOutcome[]): void }[] = [];
  return { sent, wills: new LastWills((_, call, done) => void sent.push({ call, end: done })) };
}

test("wills are sent one after another, to the group, and those that were not sent are told of", async () => {
  const { sent, wills } = setUp();
  let unsent = 0;
  for (const text of ["one", "two"]) {
    assert.ok(wills.replace(undefined, will(text)));
    wills.send({ stageKey: "a/b", will: will(text), isServed: () => true, onUnsent: () => unsent++ });
  }
  assert.equal(sent.length, 1);
  assert.deepEqual(sent[0]!.call, { kind: "send", except: [], ...will("one") });
  sent[0]!.end([{ kind: "sent", sent: 1, kept: 0, gone: 0, tooSlow: 0 }, { kind: "gone" }]);
  await turn();
  assert.deepEqual([sent.length, unsent], [2, 0]);
  sent[1]!.end([{ kind: "sent", sent: 1, kept: 0, gone: 0, tooSlow: 0 }, { kind: "late" }]);
  assert.equal(unsent, 1);
  await turn();
  wills.send({ stageKey: "a/b", will: will("three"), isServed: () => true, onUnsent: unexpected });
  assert.equal(sent.length, 3);
});

test("the will of a stage that has gone is sent to nobody, and the next one is", async () => {
  const { sent, wills } = setUp();
  wills.send({ stageKey: "a/b", will: will("late"), isServed: () => false, onUnsent: unexpected });
  wills.send({ stageKey: "c/d", will: will("next"), isServed: () => true, onUnsent: unexpected });
  await turn();
  assert.deepEqual(
    sent.map(({ call }) => call),
    [{ kind: "send", except: [], ...will("next") }],
  );
});

test("what is kept is bounded, until it is sent or taken back", () => {
  const { sent, wills } = setUp();
  const large = { group: undefined, data: Buffer.alloc(bounds.lastWillBytesMax.value) };
  let count = 0;
  while (wills.replace(undefined, large)) count++;
  assert.ok(count * bounds.lastWillBytesMax.value <= bounds.lastWillsBytesMax.value && count > 3_000);
  assert.ok(wills.replace(large, large), "another one in its place has room");
  wills.send({ stageKey: "a/b", will: large, isServed: () => true, onUnsent: unexpected });
  assert.equal(wills.replace(undefined, large), false);
  sent[0]!.end([]);
  assert.ok(wills.replace(undefined, large));
  assert.ok(wills.replace(large, undefined));
  assert.ok(wills.replace(undefined, large));
});
