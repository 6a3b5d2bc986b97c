import assert from "node:assert/strict";
import { test } from "node:test";
import { type SyntheticAnswer, type SyntheticInput, SyntheticRequest } from "./synthetic-request.ts";

function aRequest(
  input: Partial<SyntheticInput> = {},
  answerBytesMax = 10,
): { request: SyntheticRequest; answers: SyntheticAnswer[] } {
  const answers: SyntheticAnswer[] = [];
  const request = new SyntheticRequest(
    {
      method: "GET",
      target: "/",
      host: "h",
      headers: ["A", "1", "a", "2"],
      body: new Uint8Array(),
      remoteAddress: "127.0.0.1",
      localPort: 1,
      isEncrypted: false,
      ...input,
    },
    { answerBytesMax, onAnswer: (answer) => answers.push(answer) },
  );
  return { request, answers };
}

test("headers and body are those of an inbound request", () => {
  const { request } = aRequest({ body: new Uint8Array([104, 105]) });
  assert.deepEqual([request.header("a"), request.header("b")], ["2", undefined]);
  assert.deepEqual([request.hasBody, request.contentLength], [true, 2]);
  const seen: string[] = [];
  request.collect(2, (outcome, body) => seen.push(outcome, body.toString()));
  request.collect(1, (outcome, body) => seen.push(outcome, body.toString()));
  assert.deepEqual(seen, ["ok", "hi", "too-large", ""]);
  assert.deepEqual([aRequest().request.hasBody, aRequest().request.contentLength], [false, undefined]);
});

test("an answer comes once, whole or in pieces", () => {
  const whole = aRequest();
  whole.request.respond(201, ["X", "y"], "body");
  whole.request.respond(500, [], "never");
  assert.deepEqual(whole.answers, [{ status: 201, headers: ["X", "y"], body: Buffer.from("body"), isCut: false }]);
  const pieces = aRequest();
  pieces.request.startResponse(200, []);
  pieces.request.write(Buffer.from("ab"));
  pieces.request.write(Buffer.from("cd"));
  assert.equal(pieces.answers.length, 0);
  pieces.request.end();
  assert.equal(pieces.answers[0]!.body.toString(), "abcd");
});

test("an answer without end is cut, and who makes it is told that nobody listens", () => {
  const { request, answers } = aRequest({}, 4);
  let closed = 0;
  request.observer = { onDrain() {}, onClose: () => closed++ };
  request.startResponse(200, []);
  for (let count = 0; count < 10; count++) request.write(Buffer.from("abc"));
  assert.equal(closed, 1);
  assert.deepEqual(answers, [{ status: 200, headers: [], body: Buffer.from("abca"), isCut: true }]);
});

test("what breaks off, and what is given up, is answered as cut", () => {
  const broken = aRequest();
  broken.request.startResponse(200, []);
  broken.request.abort();
  assert.deepEqual([broken.answers.length, broken.answers[0]!.isCut], [1, true]);
  const late = aRequest();
  late.request.giveUp();
  late.request.giveUp();
  late.request.respond(200, [], "late");
  assert.deepEqual([late.answers.length, late.answers[0]!.status], [1, 0]);
});
