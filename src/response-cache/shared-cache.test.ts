import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { allocateCache, type CacheMemory, cacheBytesMin, headAt, writersAt } from "./cache-memory.ts";
import type { CachedAnswer } from "./cache-store.ts";
import { decodeEntry, encodeEntry } from "./entry-codec.ts";
import { SharedCache } from "./shared-cache.ts";

const answerOf = (text: string): CachedAnswer => ({
  status: 200,
  headers: ["Content-Type", "text/plain", "X-Of", text.slice(0, 20)],
  body: Buffer.from(text),
  isTraced: true,
  varies: [],
});
const open = (memory: CacheMemory, index = 0, count = 4): SharedCache =>
  new SharedCache(memory, { index, count }, () => 0);
const small = (): CacheMemory => allocateCache(cacheBytesMin, randomBytes);
const forMinutes = { nowMs: 1_000, ttlMs: 300_000, isEncrypted: false };

test("an entry is as it was stored, whatever its texts are", () => {
  const answers: readonly CachedAnswer[] = [
    answerOf("body"),
    { status: 599, headers: [], body: Buffer.alloc(0), isTraced: false, varies: ["accept", "a\n", "x", ""] },
    { ...answerOf(""), headers: ["X-Wide", "\u4e16\ud800", "X-Latin", "\xe9\xff\0"], body: randomBytes(1_048_576) },
  ];
  for (const answer of answers) {
    assert.deepEqual(decodeEntry(encodeEntry("a key \ud800", answer), "a key \ud800"), answer);
    for (const other of ["a key \ud801", "a key", "", "a key \ufffd", "A key \ud800"]) {
      assert.equal(decodeEntry(encodeEntry("a key \ud800", answer), other), undefined);
    }
  }
});

test("an entry is found by its whole key, until its time is over, in every thread's view", () => {
  const memory = small();
  const [writer, reader] = [open(memory), open(memory, 1)];
  assert.ok(writer.store("one", answerOf("1"), forMinutes));
  assert.ok(writer.store("two", answerOf("2"), { ...forMinutes, isEncrypted: true }));
  for (const cache of [writer, reader]) {
    assert.equal(cache.find("one", 1_000)?.body.toString(), "1");
    assert.equal(cache.find("two", 1_000)?.body.toString(), "2");
    assert.equal(cache.find("three", 1_000), undefined);
    assert.equal(cache.find("one", 300_999)?.body.toString(), "1");
    assert.equal(cache.find("one", 301_000), undefined);
    assert.equal(
      cache.find("one", 0),
      undefined,
      "a clock that was set back finds nothing that lives longer than it may",
    );
  }
  assert.ok(writer.store("one", answerOf("new"), forMinutes));
  assert.equal(reader.find("one", 1_000)?.body.toString(), "new");
});

test("encrypted entries have neither key nor body in the memory, and no other key opens them", () => {
  const memory = small();
  open(memory).store("key-of-a-secret", answerOf("a secret body"), { ...forMinutes, isEncrypted: true });
  const bytes = Buffer.concat(memory.shards.map((shard) => Buffer.from(shard)));
  for (const text of ["a secret body", "text/plain"]) assert.equal(bytes.indexOf(text), -1);
  assert.equal(bytes.indexOf(Buffer.from("key-of-a-secret", "utf16le")), -1);
  assert.equal(open({ ...memory, encryptionKey: randomBytes(32) }).find("key-of-a-secret", 1_000), undefined);
});

test("what is oldest goes, in no time, and what is there is whole", () => {
  const memory = small();
  const cache = open(memory);
  const chance = [..."0123456789"].map((digit) => digit.repeat(100_000));
  for (let index = 0; index < 500; index++) {
    const text = `${index} ${chance[index % 10]!.slice(0, (index * 7_919) % 100_000)}`;
    assert.ok(cache.store(`key ${index}`, answerOf(text), forMinutes));
    assert.equal(cache.find(`key ${index}`, 1_000)?.body.toString(), text);
  }
  let found = 0;
  for (let index = 0; index < 500; index++) {
    const text = `${index} ${chance[index % 10]!.slice(0, (index * 7_919) % 100_000)}`;
    const answer = cache.find(`key ${index}`, 1_000);
    if (answer !== undefined) {
      found++;
      assert.equal(answer.body.toString(), text);
    }
  }
  assert.ok(found > 50 && found < 200, String(found));
  assert.equal(cache.find("key 0", 1_000), undefined);
});

test("nobody writes over what a thread that is held up may still write, until another takes its place", () => {
  const memory = small();
  const cache = open(memory);
  const words = new Uint32Array(memory.shards[0]!);
  cache.store("first", answerOf("1"), forMinutes);
  words[writersAt + 1] = words[headAt]!;
  const store = (): boolean => cache.store("big", { ...answerOf(""), body: Buffer.alloc(900_000) }, forMinutes);
  const stored = Array.from({ length: 20 }, store).filter(Boolean).length;
  assert.ok(stored >= 3 && stored <= 5, String(stored));
  open(memory, 1);
  assert.ok(Array.from({ length: 20 }, store).every(Boolean));
});

test("an answer of the greatest size is kept, and a longer record is not", () => {
  const cache = open(small());
  const body = randomBytes(1_048_576);
  assert.ok(cache.store("large", { ...answerOf(""), body }, { ...forMinutes, isEncrypted: true }));
  assert.deepEqual(cache.find("large", 1_000)?.body, body);
  assert.equal(cache.store("huge", { ...answerOf(""), body: Buffer.alloc(3_000_000) }, forMinutes), false);
  assert.equal(cache.find("huge", 1_000), undefined);
});

test("bytes of a body that look like an entry are none", () => {
  const memory = small();
  const cache = open(memory);
  cache.store("victim", answerOf("good"), forMinutes);
  const [shard] = memory.shards;
  const record = Buffer.from(shard!).indexOf(Buffer.from("victim", "utf16le"));
  const forged = Buffer.from(Buffer.from(shard!, record - 52, 200));
  // As often as it fits, at each place that a record may begin.
  cache.store(
    "attacker",
    { ...answerOf(""), body: Buffer.concat(Array.from({ length: 4_000 }, () => forged)) },
    forMinutes,
  );
  for (let round = 0; round < 8; round++) {
    cache.store(
      `filler ${round}`,
      { ...answerOf(""), body: Buffer.concat(Array.from({ length: 4_000 }, () => forged)) },
      forMinutes,
    );
  }
  assert.equal(cache.find("victim", 1_000), undefined);
});

test("one fills while others wait; who is done, or takes too long, wakes them", async () => {
  const memory = small();
  const [one, other] = [open(memory), open(memory, 1)];
  const release = one.claim("key", 5_000);
  assert.ok(typeof release === "function");
  const waiting = [one.claim("key", 5_000), other.claim("key", 5_000)];
  for (const each of waiting) assert.ok(each instanceof Promise);
  release();
  await Promise.all(waiting);
  const again = other.claim("key", 5_000);
  assert.ok(typeof again === "function", "nobody fills any more");
  const late = one.claim("key", 20);
  assert.ok(late instanceof Promise);
  await late;
  again();
  again();
  assert.ok(typeof one.claim("key", 5_000) === "function");
});

test("the claim of a thread that died ends with its time", () => {
  const memory = small();
  let nowMs = 0;
  const cache = new SharedCache(memory, { index: 0, count: 2 }, () => nowMs);
  assert.ok(typeof cache.claim("key", 100) === "function");
  assert.ok(cache.claim("key", 100) instanceof Promise);
  nowMs = 3_000;
  assert.ok(typeof cache.claim("key", 100) === "function");
});

test("threads that write and read a small memory at once find whole answers of their own keys only", async () => {
  const memory = small();
  const source = `
    const { workerData, parentPort } = require("node:worker_threads");
    import(workerData.module).then(({ SharedCache }) => {
      const cache = new SharedCache(workerData.memory, { index: workerData.index, count: 4 }, () => 0);
      let random = workerData.index + 1, hits = 0;
      const next = (n) => (random = (random * 48271) % 2147483647) % n;
      const end = Date.now() + 1500;
      while (Date.now() < end) {
        const key = "key " + next(300);
        const found = cache.find(key, 1000);
        if (found !== undefined) {
          hits++;
          const text = found.body.toString("latin1");
          if (found.headers[1] !== key || !text.startsWith(key + ":") || text.slice(key.length + 1) !== text[key.length + 1].repeat(text.length - key.length - 1)) throw new Error("torn: " + key);
        }
        const body = Buffer.from(key + ":" + "abcdefghij"[next(10)].repeat(1 + next(60000)));
        cache.store(key, { status: 200, headers: ["X", key], body, isTraced: false, varies: [] }, { nowMs: 1000, ttlMs: 1000, isEncrypted: false });
      }
      parentPort.postMessage(hits);
    });`;
  const module = new URL("./shared-cache.ts", import.meta.url).href;
  const hits = await Promise.all(
    [0, 1, 2, 3].map(
      (index) =>
        new Promise<number>((resolve, reject) => {
          const worker = new Worker(source, { eval: true, workerData: { memory, index, module } });
          worker.once("message", resolve).once("error", reject);
        }),
    ),
  );
  for (const count of hits) assert.ok(count > 0);
});
