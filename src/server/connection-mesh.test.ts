import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { until } from "../../test/until.ts";
import { bounds } from "../base/bounds.ts";
import type { ConnectionCall, ConnectionOutcome } from "../gateway/websocket/connection-call.ts";
import { makeConnectionId, threadOf } from "../gateway/websocket/connection-id.ts";
import type { StageCall, StageOutcome } from "../gateway/websocket/stage-call.ts";
import { ConnectionMesh } from "./connection-mesh.ts";

interface Thread {
  readonly mesh: ConnectionMesh;
  readonly stageCalls: { readonly key: string; readonly call: StageCall }[];
  readonly calls: { readonly id: string; readonly call: ConnectionCall }[];
}

const makeThread = (thread: number, answer: () => ConnectionOutcome = () => ({ kind: "done" })): Thread => {
  const calls: Thread["calls"] = [];
  const callHere = ({ connectionId: id }: { connectionId: string }, call: ConnectionCall): ConnectionOutcome => {
    calls.push({ id, call });
    return answer();
  };
  const stageCalls: Thread["stageCalls"] = [];
  const callStageHere = (key: string, call: StageCall, done: (outcome: StageOutcome) => void): void => {
    stageCalls.push({ key, call });
    done({ kind: "sent", sent: thread, kept: 0, gone: 0, tooSlow: 0 });
  };
  return { calls, stageCalls, mesh: new ConnectionMesh({ thread, callHere, callStageHere, callMsMax: 1_000 }) };
};

/** Two threads with a channel, and a call of the first one. */
function pair(t: { after(end: () => void): void }, answer?: () => ConnectionOutcome) {
  const [one, other] = [makeThread(0), makeThread(7, answer)];
  const { port1, port2 } = new MessageChannel();
  one.mesh.meet(7, port1);
  other.mesh.meet(0, port2);
  t.after(() => {
    one.mesh.close();
    other.mesh.close();
  });
  const call = (connectionId: string, asked: ConnectionCall): Promise<ConnectionOutcome> =>
    new Promise((resolve) => one.mesh.call({ connectionId, stageKey: "a/b" }, asked, resolve));
  const callAll = (asked: StageCall): Promise<readonly StageOutcome[]> =>
    new Promise((resolve) => one.mesh.callAll("a/b", asked, resolve));
  return { one, other, call, callAll, port1, port2 };
}

const text = (value: string): ConnectionCall => ({ kind: "post", data: Buffer.from(value) });

test("an id has AWS's form, names its thread, and has one spelling", () => {
  const ids = new Set(Array.from({ length: 2_000 }, () => makeConnectionId(200)));
  assert.equal(ids.size, 2_000);
  for (const id of ids) {
    assert.match(id, /^[\w-]{15}=$/);
    assert.equal(threadOf(id), 200);
  }
  const id = "yAAAAAAAAAAAAAA=";
  assert.equal(threadOf(id), 200);
  for (const other of [
    "yAAAAAAAAAAAAAB=",
    "yAAAAAAAAAAAAA+=",
    "yAAAAAAAAAAAAA==",
    "yAAAAAAAAAAAAAAA",
    "",
    `${id}=`,
    "é".repeat(16),
  ])
    assert.equal(threadOf(other), undefined, other);
});

test("a call goes to the thread that has the connection, and its outcome comes back", async (t) => {
  const { one, other, call } = pair(t);
  const [here, there] = [makeConnectionId(0), makeConnectionId(7)];
  assert.deepEqual(await call(here, { kind: "get" }), { kind: "done" });
  assert.deepEqual(await call(there, text("é")), { kind: "done" });
  assert.deepEqual(one.calls, [{ id: here, call: { kind: "get" } }]);
  assert.equal(other.calls[0]!.id, there);
  const { call: made } = other.calls[0]!;
  assert.equal(made.kind === "post" && Buffer.from(made.data).toString(), "é");
});

test("calls of one thread arrive in their order", async (t) => {
  const { other, call } = pair(t);
  const id = makeConnectionId(7);
  await Promise.all(Array.from({ length: 500 }, (_, index) => call(id, text(String(index)))));
  const texts = other.calls.map(({ call: made }) => (made.kind === "post" ? Buffer.from(made.data).toString() : ""));
  assert.deepEqual(
    texts,
    Array.from({ length: 500 }, (_, index) => String(index)),
  );
});

test("connections of a thread that nobody knows, or that has ended, are gone", async (t) => {
  const { one, call, port2 } = pair(t);
  assert.deepEqual(await call(makeConnectionId(3), { kind: "get" }), { kind: "gone" });
  assert.deepEqual(await call("none", { kind: "get" }), { kind: "gone" });
  port2.removeAllListeners("message");
  const waiting = call(makeConnectionId(7), { kind: "get" });
  port2.close();
  assert.deepEqual(await waiting, { kind: "gone" });
  assert.deepEqual(await call(makeConnectionId(7), { kind: "get" }), { kind: "gone" });
  // Its replacement has the same number.
  const next = makeThread(7);
  const channel = new MessageChannel();
  one.mesh.meet(7, channel.port1);
  next.mesh.meet(0, channel.port2);
  assert.deepEqual(await call(makeConnectionId(7), { kind: "get" }), { kind: "done" });
  next.mesh.close();
});

test("what is on its way to a thread that hangs is bounded, also when nobody waits any more", async (t) => {
  const { call, port2 } = pair(t);
  port2.removeAllListeners("message");
  const outcomes: ConnectionOutcome[] = [];
  const data = Buffer.alloc(bounds.connectionPostBytesMax.value);
  const fit = bounds.connectionCallsBytesMax.value / data.length;
  for (let index = 0; index < fit + 3; index++) {
    void call(makeConnectionId(7), { kind: "post", data }).then((outcome) => outcomes.push(outcome));
  }
  await until(() => outcomes.length === 3);
  assert.deepEqual(
    outcomes,
    Array.from({ length: 3 }, () => ({ kind: "busy" })),
  );
  await until(() => outcomes.length === fit + 3);
  assert.deepEqual(outcomes.at(-1), { kind: "late" });
  assert.deepEqual(await call(makeConnectionId(7), text("one more")), { kind: "busy" });
});

const toAll = (data: Uint8Array): StageCall => ({ kind: "send", group: undefined, except: [], data });

test("a call of a stage goes to all threads, and each answers", async (t) => {
  const { one, other, callAll } = pair(t);
  const data = Buffer.from("é");
  assert.deepEqual(
    (await callAll(toAll(data))).map((outcome) => outcome.kind === "sent" && outcome.sent),
    [0, 7],
  );
  assert.equal(data.toString(), "é", "what is sent on is a copy");
  for (const { stageCalls } of [one, other]) {
    const [{ key, call }] = stageCalls as [Thread["stageCalls"][number]];
    assert.deepEqual([key, call.kind === "send" && Buffer.from(call.data).toString()], ["a/b", "é"]);
  }
});

test("each answer of a call of a stage is told as it comes, whoever is slow", async (t) => {
  const { one, port2 } = pair(t);
  port2.removeAllListeners("message");
  const told: StageOutcome[] = [];
  const all = new Promise<readonly StageOutcome[]>((resolve) =>
    one.mesh.callAll("a/b", toAll(Buffer.alloc(1)), resolve, (outcome) => told.push(outcome)),
  );
  await until(() => told.length === 1);
  assert.equal(told[0]!.kind, "sent");
  assert.deepEqual((await all).at(-1), { kind: "late" });
  assert.deepEqual(await all, told);
});

test("a thread that ends has answered with nothing, one that hangs is late, and one with no room keeps all from being asked", async (t) => {
  const { one, callAll, port2 } = pair(t);
  port2.removeAllListeners("message");
  const data = Buffer.alloc(bounds.connectionPostBytesMax.value);
  assert.deepEqual((await callAll(toAll(data))).at(-1), { kind: "late" });
  const asked = bounds.connectionCallsBytesMax.value / data.length - 1;
  const waiting = Array.from({ length: asked }, () => callAll(toAll(data)));
  assert.deepEqual(await callAll(toAll(data)), [{ kind: "busy" }]);
  assert.equal(one.stageCalls.length, 1 + asked);
  port2.close();
  for (const outcomes of await Promise.all(waiting)) assert.deepEqual(outcomes.at(-1), { kind: "gone" });
  assert.deepEqual(await callAll(toAll(data)), [{ kind: "sent", sent: 0, kept: 0, gone: 0, tooSlow: 0 }]);
});
