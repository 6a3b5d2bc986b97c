import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExplainReport } from "../server/explain.ts";
import { explainTree, renderTree } from "./explain-tree.ts";

type Event = ExplainReport["events"][number];
const plain = (_style: string, text: string): string => text;
const aBody = (text: string, more: object = {}) => ({
  text,
  bytes: text.length,
  isCut: false,
  isBinary: false,
  ...more,
});

function render(events: readonly object[], paint = plain): string[] {
  const report = { method: "GET", url: "http://h/p", status: 200, latencyMs: 1.4, steps: {}, events };
  return renderTree(explainTree(report as unknown as ExplainReport), paint);
}

test("a tree shows what is below what, and ends its branches", () => {
  const lines = render([
    { kind: "validation", of: "parameters" },
    { kind: "validation", of: "body", mediaType: "application/json", problem: "bad" },
    {
      kind: "answer",
      status: 200,
      headers: ["A", "b", "x-portico-hint", "told above"],
      body: aBody("hi"),
      isCut: false,
    },
  ]);
  assert.deepEqual(lines, [
    "GET http://h/p",
    "├─ valid: required parameters",
    "├─ invalid: body, by its model for application/json",
    "│  └─ bad",
    "└─ answered 200 after 1 ms",
    "   ├─ headers",
    "   │  └─ A: b",
    "   └─ body, 2 bytes",
    "      └─ hi",
  ]);
});

test("a terminal gets colours: good is green, what went wrong is red", () => {
  const paint = (style: string, text: string): string => `<${style}>${text}</>`;
  const [head, bad, good] = render(
    [
      { kind: "failure", message: "no" },
      { kind: "answer", status: 200, headers: [], body: aBody(""), isCut: false },
    ],
    paint,
  );
  assert.deepEqual([head, bad], ["<bold>GET http://h/p</>", "<dim>├─</> <red>no</>"]);
  assert.equal(good, "<dim>└─</> <green>answered 200 after 1 ms</>");
});

test("one cause is told once: the hint that begins with the log's line stands in its place", () => {
  const hint = "Invalid permissions on Lambda function: there is no function f";
  const events = [
    { kind: "failure", message: "Invalid permissions on Lambda function" },
    { kind: "gateway-response", type: "API_CONFIGURATION_ERROR", status: 500, headers: [], body: aBody("x"), hint },
  ];
  assert.deepEqual(render(events).slice(1), [`├─ ${hint}`, "└─ gateway response API_CONFIGURATION_ERROR"]);
});

test("a body is cut where it is long, laid out where it is compact JSON, and named where it is no text", () => {
  const body = (of: object): string[] => render([{ kind: "request-body", body: of }]).slice(2);
  assert.equal(body(aBody(Array.from({ length: 60 }, () => "line").join("\n"))).length, 41);
  assert.equal(body(aBody("text", { isCut: true, bytes: 99 })).at(-1), "   └─ … --json has more");
  const long = JSON.stringify({ a: "x".repeat(200), b: [1] });
  assert.deepEqual(
    body(aBody(long))
      .map((line) => line.slice(0, 16))
      .slice(0, 2),
    ["   ├─ {", '   ├─   "a": "xx'],
  );
  // What JSON.parse would change is shown as it is.
  const exact = `{"n":12345678901234567890,"s":"${"x".repeat(200)}"}`;
  assert.match(body(aBody(exact))[0] ?? "", /12345678901234567890/);
  const [, binary] = render([{ kind: "request-body", body: aBody("", { bytes: 3, isBinary: true }) }]);
  assert.equal(binary, "└─ request body, 3 bytes, no text");
});

test("an answer that was compressed is shown as it was before", () => {
  const [, before, text, after] = render([
    { kind: "method-response", status: 200, headers: [], body: aBody("hello") },
    { kind: "answer", status: 200, headers: [], body: aBody("", { bytes: 25, isBinary: true }), isCut: false },
  ]);
  assert.deepEqual([before, text], ["├─ answer, before it was compressed, 5 bytes", "│  └─ hello"]);
  assert.match(after ?? "", /answered 200/);
});

test("every kind of event has its place in a tree", () => {
  const kinds: Record<Event["kind"], object> = {
    "api-key": { finding: "found", key: "****", planId: "p" },
    quota: { outcome: "counted", planId: "p" },
    stage: {
      apiId: "a",
      apiName: "n",
      stageName: "s",
      deploymentId: "d",
      requestId: "r",
      extendedRequestId: "e",
      traceId: "1-0-0",
      isTraced: false,
      isTest: false,
    },
    request: {
      httpMethod: "GET",
      path: "/",
      resourcePath: "/",
      methodVerb: "GET",
      pathParameters: [],
      queryString: [],
      headers: [],
      steps: ["mock"],
    },
    "request-body": { body: aBody("x") },
    "authorizer-start": { authorizerId: "a" },
    "authorizer-identity": { identity: "****oken" },
    "authorizer-result": { body: aBody("x") },
    "authorizer-policy": { principal: "***e" },
    "authorizer-shared": { from: "memory" },
    "authorizer-end": {},
    "web-acl": { action: "BLOCK", rule: "NoBots", labels: ["awswaf:1:webacl:a:bot"] },
    preflight: { problem: undefined },
    "response-cache": { outcome: "hit" },
    throttled: { level: "account" },
    "authorizer-decision": { decision: "allowed" },
    iam: { arn: "arn:aws:iam::111122223333:user/ann", decision: "allowed", policy: "may-read", statement: "number 1" },
    "resource-policy": { decision: "denied", sid: "NoBots" },
    refused: { reason: "closed" },
    validation: { of: "parameters" },
    "request-template": { mediaType: "a/b", choice: "pass" },
    template: { side: "request", mediaType: "a/b", output: aBody("x") },
    mapping: { to: "t", from: "f", value: null },
    "endpoint-request": { httpMethod: "GET", uri: "http://u", headers: [], body: aBody("") },
    "endpoint-response": { status: 200, latencyMs: 1, headers: [] },
    "endpoint-response-body": { body: aBody("x") },
    "integration-response": { matched: "200", statusCode: 200 },
    "method-response": { status: 200, headers: [], body: aBody("x") },
    failure: { message: "m" },
    "gateway-response": { type: "DEFAULT_5XX", status: 500, headers: [], body: aBody("x"), hint: "h" },
    "message-route": { expression: "$request.body.action", value: "x", isJson: true, routeKey: "$default" },
    sent: { body: aBody("x") },
    closed: { code: 1001, reason: "Going away" },
    completed: { status: 200 },
    answer: { status: 200, headers: [], body: aBody("x"), isCut: true },
  };
  const told = new Set<Event["kind"]>(["method-response", "completed"]);
  for (const [kind, rest] of Object.entries(kinds)) {
    const lines = render([{ kind, atMs: 0, ...rest }]);
    assert.equal(lines.length > 1, !told.has(kind as Event["kind"]), kind);
    assert.doesNotMatch(lines.join("\n"), /undefined|\[object/);
  }
});
