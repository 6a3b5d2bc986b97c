import assert from "node:assert/strict";
import { test } from "node:test";
import { developmentListener } from "../../http/listener.ts";
import { makeClient } from "../../http/request-client.ts";
import { MessageRequest } from "./message-request.ts";

const connection = {
  host: "localhost",
  client: makeClient({ address: "127.0.0.1", port: 0, calledPort: 80, isEncrypted: false }),
  listener: developmentListener,
};

function make(
  body = "hello",
  isHeard = true,
): { readonly request: MessageRequest; readonly answers: (string | undefined)[] } {
  const answers: (string | undefined)[] = [];
  const take = (answer: Buffer | string | undefined): void => void answers.push(answer?.toString());
  const request = new MessageRequest(connection, Buffer.from(body), { isHeard: () => isHeard, take });
  return { request, answers };
}

test("a message is the body of a request without headers", () => {
  const { request } = make();
  let collected = "";
  request.collect(100, (outcome, body) => {
    collected = `${outcome} ${body}`;
  });
  assert.equal(collected, "ok hello");
  request.collect(4, (outcome) => {
    collected = outcome;
  });
  assert.equal(collected, "too-large");
  assert.deepEqual([request.hasBody, request.contentLength, request.rawHeaders], [true, 5, []]);
  assert.equal(make("").request.hasBody, false);
});

test("an answer is passed on once, whole or joined of its parts, and as text", () => {
  const whole = make();
  whole.request.respond(200, [], "one");
  whole.request.respond(200, [], "two");
  whole.request.abort();
  assert.deepEqual(whole.answers, ["one"]);
  const none = make();
  none.request.respond(200, [], undefined);
  assert.deepEqual(none.answers, [""]);
  const parts = make();
  parts.request.startResponse();
  parts.request.write(Buffer.from("one "));
  parts.request.write(Buffer.from("two"));
  assert.deepEqual(parts.answers, []);
  parts.request.end();
  parts.request.end();
  assert.deepEqual(parts.answers, ["one two"]);
  const bytes = make();
  bytes.request.respond(200, [], Buffer.from([0xff, 0x41]));
  assert.deepEqual(bytes.answers, ["\ufffdA"]);
});

test("an answer that is longer than a message, or that breaks off, is none", () => {
  const longest = make();
  longest.request.respond(200, [], "é".repeat(65_536));
  assert.equal(longest.answers[0]?.length, 65_536);
  const long = make();
  long.request.respond(200, [], `${"é".repeat(65_536)}x`);
  assert.deepEqual(long.answers, [undefined]);
  const streamed = make();
  let hasEnded = false;
  streamed.request.observer = {
    onDrain: () => undefined,
    onClose: () => {
      hasEnded = true;
    },
  };
  streamed.request.startResponse();
  streamed.request.write(Buffer.alloc(131_072));
  assert.equal(hasEnded, false);
  streamed.request.write(Buffer.alloc(1));
  streamed.request.write(Buffer.alloc(1));
  assert.deepEqual([hasEnded, streamed.answers], [true, [undefined]]);
  const unheard = make("", false);
  unheard.request.respond(200, [], "x".repeat(131_073));
  assert.deepEqual(unheard.answers, [""]);
  const dropped = make("", false);
  dropped.request.startResponse();
  for (let index = 0; index < 3; index++) dropped.request.write(Buffer.alloc(131_072));
  assert.deepEqual(dropped.answers, []);
  dropped.request.end();
  assert.deepEqual([dropped.answers, dropped.request.responseBytes], [[""], 393_216]);
  const cut = make();
  cut.request.startResponse();
  cut.request.abort();
  cut.request.abort();
  assert.deepEqual(cut.answers, [undefined]);
});
