import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../base/bounds.ts";
import type { Probe } from "../gateway/probe.ts";
import { Probes } from "./probes.ts";

const probe = {} as Probe;
const aThread = (sent: number[]): { worker: object; send(id: number): void; cancel(): void } => ({
  worker: {},
  send: (id) => sent.push(id),
  cancel() {},
});

test("a probe whose thread ends fails, and those of other threads go on", async () => {
  const probes = new Probes();
  const sent: number[] = [];
  const dying = aThread(sent);
  const lost = probes.run(probe, dying);
  const kept = probes.run(probe, aThread(sent));
  probes.bury(dying.worker);
  assert.deepEqual(await lost, { kind: "lost" });
  probes.settle(sent[1]!, { kind: "foreign" });
  assert.deepEqual(await kept, { kind: "foreign" });
  // An answer that comes after all is nobody's.
  probes.settle(sent[0]!, { kind: "foreign" });
});

test("a probe is given up when its patience ends, with what came until then", async () => {
  const probes = new Probes();
  const thread = {
    worker: {},
    send() {},
    cancel: (id: number) => probes.settle(id, { kind: "foreign" }),
  };
  assert.deepEqual(await probes.run({ patienceMs: 1 } as Probe, thread), { kind: "foreign" });
});

test("only so many probes run at a time", async () => {
  const probes = new Probes();
  const sent: number[] = [];
  const running = Array.from({ length: bounds.probesMax.value }, () => probes.run(probe, aThread(sent)));
  assert.deepEqual(await probes.run(probe, aThread(sent)), { kind: "busy" });
  for (const id of sent) probes.settle(id, { kind: "foreign" });
  await Promise.all(running);
  const next = probes.run(probe, aThread(sent));
  probes.settle(sent.at(-1)!, { kind: "foreign" });
  assert.deepEqual(await next, { kind: "foreign" });
});
