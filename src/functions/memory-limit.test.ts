import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryLimit, readPrivateMb } from "./memory-limit.ts";

/** A process of 100 MB whose readings are given; what is done with it is written down. */
function watched({ canCollect = true } = {}) {
  const done: string[] = [];
  let usedMb: number | undefined = 50;
  const limit = new MemoryLimit({
    limitMb: 100,
    read: () => usedMb,
    collect: canCollect ? () => done.push("collect") : undefined,
    onOver: () => done.push("over"),
  });
  const check = (reading: number | undefined): string[] => {
    usedMb = reading;
    limit.check();
    return done.splice(0);
  };
  const collected = (reading: number): string[] => {
    usedMb = reading;
    limit.collected();
    return done.splice(0);
  };
  return { check, collected };
}

test("garbage above the limit is collected, as often as it comes, and ends nothing", () => {
  const { check, collected } = watched();
  for (let n = 0; n < 20; n++) {
    assert.deepEqual(check(120), ["collect"]);
    assert.deepEqual(collected(60), []);
    assert.deepEqual(check(99), []);
  }
});

test("what is freed after the second collection counts as collected", () => {
  const { check, collected } = watched();
  for (let n = 0; n < 2; n++) {
    assert.deepEqual(check(120), ["collect"]);
    assert.deepEqual(collected(110), []);
  }
  assert.deepEqual(check(60), []);
  assert.deepEqual(check(120), ["collect"]);
});

test("what two collections leave above the limit is over it", () => {
  const { check, collected } = watched();
  assert.deepEqual(check(120), ["collect"]);
  assert.deepEqual(collected(110), []);
  assert.deepEqual(check(120), ["collect"]);
  // Buffers are freed beside the program: what the second one leaves is looked at with the next reading.
  assert.deepEqual(collected(110), []);
  assert.deepEqual(check(110), ["over"]);
});

test("a process that answers no request to collect has a second, and garbage that V8 collects itself begins anew", () => {
  const { check } = watched();
  assert.deepEqual(check(120), ["collect"]);
  for (let looks = 2; looks <= 5; looks++) assert.deepEqual(check(120), []);
  assert.deepEqual(check(120), ["over"]);
  assert.deepEqual(check(90), []);
  assert.deepEqual(check(120), []);
});

test("a process of more than twice its memory is over it at once, as is one that can't collect", () => {
  assert.deepEqual(watched().check(201), ["over"]);
  assert.deepEqual(watched({ canCollect: false }).check(101), ["over"]);
});

test("what was not asked for counts for nothing, nor does a system that does not tell", () => {
  const { check, collected } = watched();
  assert.deepEqual(collected(150), []);
  assert.deepEqual(check(undefined), []);
});

test("a process's own memory has what it writes, and not the program", { skip: process.platform !== "linux" }, () => {
  const before = readPrivateMb(process.pid) ?? assert.fail("the system does not tell");
  const kept = Buffer.alloc(64 << 20, 1);
  assert.ok((readPrivateMb(process.pid) ?? 0) - before > 48, `${before} MB and ${kept.length} bytes`);
  assert.equal(readPrivateMb(undefined), undefined);
});
