import assert from "node:assert/strict";
import { test } from "node:test";
import { PendingAnswers } from "./pending-answers.ts";

const aPeer = (sent: number[]): { peer: object; send(id: number): void } => ({ peer: {}, send: (id) => sent.push(id) });

test("a question whose peer ends is lost, and those to other peers go on", async () => {
  const answers = new PendingAnswers<string>();
  const sent: number[] = [];
  const dying = aPeer(sent);
  const lost = answers.ask(dying);
  const kept = answers.ask(aPeer(sent));
  answers.bury(dying.peer);
  assert.deepEqual(await lost, { kind: "lost" });
  answers.settle(sent[1]!, "yes");
  assert.deepEqual(await kept, { kind: "answer", answer: "yes" });
  // An answer that comes after all is nobody's.
  answers.settle(sent[0]!, "late");
});

test("a peer is asked to come to an end when patience ends, and its answer still counts", async () => {
  const answers = new PendingAnswers<string>();
  const peer = {
    peer: {},
    send() {},
    cancel: (id: number) => answers.settle(id, "what came until then"),
  };
  assert.deepEqual(await answers.ask({ ...peer, patienceMs: 1 }), { kind: "answer", answer: "what came until then" });
});

test("a question whose time is over is cancelled, and late", async () => {
  const cancelled: number[] = [];
  const peer = { peer: {}, send() {}, cancel: (id: number) => cancelled.push(id) };
  assert.deepEqual(await new PendingAnswers().ask({ ...peer, withinMs: 1 }), { kind: "late" });
  assert.deepEqual(cancelled, [1]);
});

test("only so many questions are open at a time", async () => {
  const answers = new PendingAnswers<string>({ max: 3 });
  const sent: number[] = [];
  const open = [1, 2, 3].map(() => answers.ask(aPeer(sent)));
  assert.deepEqual(await answers.ask(aPeer(sent)), { kind: "busy" });
  assert.equal(sent.length, 3);
  for (const id of sent) answers.settle(id, "yes");
  await Promise.all(open);
  const next = answers.ask(aPeer(sent));
  answers.settle(sent.at(-1)!, "yes");
  assert.deepEqual(await next, { kind: "answer", answer: "yes" });
});
