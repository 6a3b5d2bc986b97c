import assert from "node:assert/strict";
import { test } from "node:test";
import { Trace } from "./trace.ts";

const aTrace = (bodyCharsMax = 10, detail: "failures" | "events" | "data" = "data"): Trace =>
  new Trace({ detail, bodyCharsMax, now: () => 7 });

test("a body is kept from its beginning, with its length; one that is no UTF-8 is named binary", () => {
  const trace = aTrace();
  const record = (body: Buffer | string): unknown => {
    trace.add({ kind: "request-body", body: trace.body(body) });
    const event = trace.events.at(-1)!;
    return event.kind === "request-body" ? event.body : undefined;
  };
  assert.deepEqual(record("short"), { text: "short", bytes: 5, isCut: false, isBinary: false });
  assert.deepEqual(record("0123456789abc"), { text: "0123456789", bytes: 13, isCut: true, isBinary: false });
  // The cut is within the last character.
  assert.deepEqual(record(Buffer.from("12345678é€")), { text: "12345678é", bytes: 13, isCut: true, isBinary: false });
  assert.deepEqual(record(Buffer.from("ab\xff", "latin1")), { text: "", bytes: 3, isCut: false, isBinary: true });
});

test("a body that comes in pieces is kept from its beginning", () => {
  const trace = aTrace();
  const collector = trace.collectBody()!;
  const chunk = Buffer.from("0123456");
  collector.add(chunk);
  chunk.fill(0);
  collector.add(Buffer.from("789abcdef"));
  collector.add(Buffer.from("ghi"));
  trace.add({ kind: "endpoint-response-body", body: collector.body });
  assert.deepEqual(trace.events, [
    { kind: "endpoint-response-body", atMs: 7, body: { text: "0123456789", bytes: 19, isCut: true, isBinary: false } },
  ]);
});

test("without data no body is kept", () => {
  const trace = aTrace(10, "events");
  assert.equal(trace.collectBody(), undefined);
  assert.equal(trace.body("text").text, "");
  trace.addMapping("a", "b", "c");
  trace.learnSecrets(["Authorization", "Bearer 0123456789abcdef"]);
  trace.add({ kind: "endpoint-response", status: 200, latencyMs: 1, headers: ["A", "b"] });
  trace.add({ kind: "failure", message: "0123456789abcdef is wrong" });
  assert.deepEqual(trace.events, [
    { kind: "endpoint-response", status: 200, latencyMs: 1, headers: [], atMs: 7 },
    { kind: "failure", message: "************cdef is wrong", atMs: 7 },
  ]);
});

test("of failures alone only these are kept", () => {
  const trace = aTrace(10, "failures");
  trace.beginResponse(200, []);
  trace.add({ kind: "request-template", mediaType: "a/b", choice: "pass" });
  trace.respond(200, [], "x");
  trace.complete(200);
  assert.deepEqual(
    trace.events.map(({ kind }) => kind),
    ["completed"],
  );
});

test("a secret that the cut would halve is masked first", () => {
  const trace = aTrace(10);
  trace.add({ kind: "endpoint-response", status: 200, latencyMs: 1, headers: ["X-Token", "abcdefghijklmnop"] });
  trace.add({ kind: "request-body", body: trace.body("12345abcdefghijklmnop") });
  const event = trace.events[1]!;
  assert.equal(event.kind === "request-body" && event.body.text, "12345*****");
});

test("a mapped secret is masked, short or literal as it may be", () => {
  const trace = aTrace(100);
  trace.addMapping("integration.request.header.X-Api-Key", "'short'", "short");
  trace.addMapping("integration.request.header.X", "method.request.header.Authorization", "secret");
  trace.addMapping("integration.request.header.Y", "method.request.path.id", "7");
  trace.addMapping("integration.request.header.Z", "method.request.path.none", undefined);
  assert.deepEqual(
    trace.events.map((event) => (event.kind === "mapping" ? [event.from, event.value] : [])),
    [
      ["'…'", "****t"],
      ["method.request.header.Authorization", "*****t"],
      ["method.request.path.id", "7"],
      ["method.request.path.none", null],
    ],
  );
});

test("a failure takes the place of an answer that had begun", () => {
  const trace = aTrace();
  trace.beginResponse(200, []);
  trace.addFailure(["it broke off"]);
  trace.complete(200);
  assert.deepEqual(
    trace.events.map(({ kind }) => kind),
    ["failure", "completed"],
  );
});
