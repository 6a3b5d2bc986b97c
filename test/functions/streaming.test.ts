import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnswerSink, InvokeOutcome } from "../../src/functions/function-client.ts";
import { makeGate } from "../gate.ts";
import { answer, functionError, handler, start, tail } from "../start-functions.ts";
import { until } from "../until.ts";

const streaming = (body: string, options = ""): Record<string, string> => ({
  "index.js": `
    const { pipeline } = require("node:stream/promises");
    exports.handler = awslambda.streamifyResponse(async (event, stream, context) => { ${body} }${options});`,
});

/** Takes everything, or waits after each piece. */
class Sink implements AnswerSink {
  readonly chunks: string[] = [];
  isEnded = false;
  isSlow = false;
  bytes = 0;
  resume: (() => void) | undefined;

  data(chunk: Buffer, resume: () => void): boolean {
    this.bytes += chunk.length;
    if (this.chunks.length < 100) this.chunks.push(chunk.toString());
    this.resume = resume;
    return !this.isSlow;
  }
  end(): void {
    this.isEnded = true;
  }
  get text(): string {
    return this.chunks.join("");
  }
}

const payloadOf = (outcome: InvokeOutcome): string => {
  assert.equal(outcome.kind, "ok", JSON.stringify(outcome));
  return outcome.kind === "ok" ? outcome.payload.toString() : "";
};

test("a streamed answer is heard before the function goes on", async (t) => {
  await using gate = await makeGate();
  const { invoke } = await start(
    t,
    streaming('stream.write("one"); await fetch(event.gate); stream.write("two"); stream.end()'),
    { timeoutSeconds: 20 },
  );
  const sink = new Sink();
  const outcome = invoke({ gate: gate.url }, { sink });
  const open = await gate.next();
  await until(() => sink.text === "one");
  assert.equal(sink.isEnded, false);
  open();
  assert.equal(payloadOf(await outcome), "");
  assert.equal(sink.text, "onetwo");
  assert.equal(sink.isEnded, true);
});

test("the answer ends with its stream, and the invocation with its handler", async (t) => {
  await using gate = await makeGate();
  const { invoke } = await start(
    t,
    streaming('stream.end("all"); await fetch(event.gate); console.log("afterwards")'),
    {
      timeoutSeconds: 20,
    },
  );
  const sink = new Sink();
  let isDone = false;
  const outcome = invoke({ gate: gate.url }, { sink }).finally(() => {
    isDone = true;
  });
  const open = await gate.next();
  await until(() => sink.isEnded);
  assert.equal(isDone, false);
  open();
  assert.match(tail(await outcome), /afterwards/);
});

test("without a sink a streamed answer is put together", async (t) => {
  const { invoke } = await start(
    t,
    streaming("for (let n = 0; n < event.n; n++) stream.write(String(n % 10)); stream.end()"),
  );
  assert.equal(payloadOf(await invoke({ n: 3 })), "012");
  assert.equal(payloadOf(await invoke({ n: 100_000 })), "0123456789".repeat(10_000));
  assert.equal(payloadOf(await invoke({ n: 0 })), "");
});

test("an answer that is not streamed comes to a sink as one piece", async (t) => {
  const { invoke } = await start(t, handler("return { n: 1 }"));
  const sink = new Sink();
  assert.equal(payloadOf(await invoke({}, { sink })), "");
  assert.deepEqual(sink.chunks, ['{"n":1}']);
  assert.deepEqual(answer(await invoke()), { n: 1 });
});

test("whoever does not take the answer makes the function wait, and goes on where it was", async (t) => {
  await using gate = await makeGate();
  // The gate hears of a stream that does not drain, or of the end.
  const code = `
    const piece = Buffer.alloc(65536);
    const stalled = Symbol();
    let isTold = false;
    for (let written = 0; written < 32 << 20; written += piece.length) {
      if (stream.write(piece)) continue;
      const drained = new Promise((resolve) => stream.once("drain", resolve));
      const patience = isTold ? drained : new Promise((resolve) => setTimeout(resolve, 300, stalled));
      if (await Promise.race([drained, patience]) === stalled) { isTold = true; await fetch(event.gate); }
      await drained;
    }
    if (!isTold) await fetch(event.gate);
    stream.end();`;
  const { invoke } = await start(t, streaming(code), { timeoutSeconds: 60, memoryMb: 256 });
  const sink = new Sink();
  sink.isSlow = true;
  const outcome = invoke({ gate: gate.url }, { sink });
  const open = await gate.next();
  const heldBytes = sink.bytes;
  assert.ok(heldBytes > 0 && heldBytes < 1_000_000, `${heldBytes} bytes came although nobody took them`);
  sink.isSlow = false;
  open();
  sink.resume?.();
  assert.equal(payloadOf(await outcome), "");
  assert.equal(sink.bytes, 32 << 20);
});

test("HttpResponseStream writes the metadata and eight zero bytes before the first bytes", async (t) => {
  const { invoke } = await start(
    t,
    streaming(`
      const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: "b" } });
      http.write("body"); http.end()`),
  );
  assert.equal(payloadOf(await invoke()), `{"statusCode":201,"headers":{"a":"b"}}${"\0".repeat(8)}body`);
});

test("a stream that only ends has no metadata, as on AWS", async (t) => {
  const { invoke } = await start(
    t,
    streaming('awslambda.HttpResponseStream.from(stream, { statusCode: 201 }).end("body")'),
  );
  assert.equal(payloadOf(await invoke()), "body");
});

test("what is no text and no bytes is written as JSON", async (t) => {
  const { invoke } = await start(
    t,
    streaming('stream.write({ a: 1 }); stream.write(new Uint8Array([120])); stream.write("é"); stream.end()'),
  );
  assert.equal(payloadOf(await invoke()), '{"a":1}xé');
});

test("the content type is set before the first bytes, or too late", async (t) => {
  const { invoke } = await start(
    t,
    streaming('stream.setContentType("text/plain"); stream.write("a"); stream.setContentType("text/html")'),
  );
  const { errorType, errorMessage } = functionError(await invoke());
  assert.deepEqual([errorType, errorMessage], ["InvalidStreamingOperation", "Cannot set content-type, too late."]);
});

test("a failure after the first bytes comes after them, and the environment serves on", async (t) => {
  const { invoke } = await start(
    t,
    streaming('stream.write("half"); if (event.fail) throw new Error("broken"); stream.end(String(process.pid))'),
  );
  const pid = payloadOf(await invoke());
  const sink = new Sink();
  const failed = await invoke({ fail: true }, { sink });
  assert.equal(functionError(failed).errorMessage, "broken");
  assert.equal(sink.text, "half");
  assert.equal(sink.isEnded, false);
  assert.match(tail(failed), /Invoke Error/);
  assert.equal(payloadOf(await invoke()), pid);
});

test("a broken pipeline is an error", async (t) => {
  const { invoke } = await start(
    t,
    streaming(
      'await pipeline(async function* () { yield "a"; await new Promise(setImmediate); throw new TypeError("source"); }, stream)',
    ),
  );
  assert.deepEqual(functionError(await invoke()).errorType, "TypeError");
});

test("a process that ends in the middle of its answer is an error", async (t) => {
  const { invoke } = await start(t, streaming('stream.write("half", () => process.exit(3))'));
  const sink = new Sink();
  assert.match(functionError(await invoke({}, { sink })).errorMessage, /exit status 3/);
});

test("a stream that is not ended times out like a function that does not answer", async (t) => {
  const { invoke } = await start(
    t,
    streaming('stream.write("half"); setInterval(() => {}, 1000); await new Promise(() => {})'),
    { timeoutSeconds: 1 },
  );
  const sink = new Sink();
  assert.match(functionError(await invoke({}, { sink })).errorMessage, /Task timed out after 1.00 seconds/);
  assert.equal(sink.text, "half");
});

test("a handler that forgets its stream has ended for nothing", async (t) => {
  const { invoke } = await start(t, streaming('stream.write("half")'));
  assert.equal(functionError(await invoke()).errorType, "Runtime.NodeJsExit");
});

test("a handler has to be asynchronous, and its value is not the answer", async (t) => {
  const { invoke, apply } = await start(t, {
    "index.js": "exports.handler = awslambda.streamifyResponse((event, stream) => { stream.end() })",
  });
  assert.equal(functionError(await invoke()).errorMessage, "Streaming does not support non-async handlers.");
  await apply(streaming("stream.end(); return 1"));
  const outcome = await invoke();
  assert.equal(payloadOf(outcome), "");
  assert.match(tail(outcome), /Streaming handlers ignore return values/);
});

test("a streamed answer of more than 6 MB is too large only for whoever wants it whole", async (t) => {
  const { invoke } = await start(
    t,
    streaming(`
      for (let n = 0; n < 7; n++) if (!stream.write("x".repeat(1 << 20))) await new Promise((r) => stream.once("drain", r));
      stream.end()`),
    { memoryMb: 256, timeoutSeconds: 20 },
  );
  assert.equal(functionError(await invoke()).errorType, "Function.ResponseSizeTooLarge");
  const sink = new Sink();
  assert.equal(payloadOf(await invoke({}, { sink })), "");
  assert.equal(sink.bytes, 7 << 20);
});

test("a streamed answer ends at 200 MB", async (t) => {
  const { invoke } = await start(
    t,
    streaming(`
      const piece = Buffer.alloc(1 << 20);
      for (;;) if (!stream.write(piece)) await new Promise((r) => stream.once("drain", r));`),
    { memoryMb: 256, timeoutSeconds: 60 },
  );
  const sink = new Sink();
  assert.equal(functionError(await invoke({}, { sink })).errorType, "Function.ResponseSizeTooLarge");
  assert.ok(sink.bytes <= 209_715_200);
});

test("what a stream is still given after its invocation does not reach the next one", async (t) => {
  const { invoke } = await start(
    t,
    streaming(`
      globalThis.old?.write("late");
      globalThis.old = stream;
      if (event.fail) throw new Error("first");
      stream.write("second"); stream.end()`),
  );
  functionError(await invoke({ fail: true }));
  assert.equal(payloadOf(await invoke()), "second");
});

test("what a failed invocation had not sent yet does not reach the next one", async (t) => {
  const { invoke } = await start(
    t,
    streaming(`
      if (event.fail) { stream.write(Buffer.alloc(8 << 20, 97)); throw new Error("first"); }
      for (let n = 0; n < 20; n++) await new Promise(setImmediate);
      stream.end("second")`),
    { memoryMb: 256 },
  );
  const sink = new Sink();
  sink.isSlow = true;
  const failed = invoke({ fail: true }, { sink });
  await until(() => sink.bytes > 0);
  sink.isSlow = false;
  sink.resume?.();
  functionError(await failed);
  const next = new Sink();
  payloadOf(await invoke({}, { sink: next }));
  assert.equal(next.text, "second");
});

test("a handler with a high-water mark of its own, and one of three parameters on Node.js 24", async (t) => {
  const { invoke } = await start(
    t,
    streaming("stream.end(String(stream.writableHighWaterMark))", ", { highWaterMark: 1234 }"),
    { runtime: "nodejs24.x" },
  );
  assert.equal(payloadOf(await invoke()), "1234");
});
