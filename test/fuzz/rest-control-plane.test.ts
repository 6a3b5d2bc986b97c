// Calls made from the interface model, sound ones and broken ones, against the real operations of REST APIs on a store
// that fills up with what they make.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import { randomIds } from "../../src/base/ids.ts";
import { makeRestLimits } from "../../src/management/rest/limits.ts";
import { makeRestOperations } from "../../src/management/rest/operations.ts";
import { makeManagement } from "../../src/protocol/management.ts";
import { loadModel, shapeOf } from "../../src/protocol/model.ts";
import type { ManagementResponse } from "../../src/protocol/operation.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import { brokenRequest, durationMs, oneOf, random, seed, soundValue, texts } from "./from-models.ts";

const store = openSqliteStore({});
const unexpected: unknown[] = [];
const undeclared = new Set<string>();
const management = makeManagement(
  [{ model: "apigateway", operations: makeRestOperations({ store, limits: makeRestLimits() }) }],
  {
    clock: new ManualClock(Date.UTC(2026, 10, 20)),
    ids: randomIds,
    bodyBytesMax: 1_000_000,
    logger: { warn: () => {}, error: (message, fields) => unexpected.push(message, fields) },
    onUndeclaredError: (operation, code) => undeclared.add(`${operation} ${code}`),
  },
);
const model = loadModel("apigateway");
const authorization =
  "AWS4-HMAC-SHA256 Credential=123456789012/20261120/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0";

const send = (method: string, target: string, body: Buffer): Promise<ManagementResponse> =>
  management.handle({ method, target, headers: { host: "localhost:4566", authorization }, body });

/** Names that operations take in their paths or bodies, and what ties calls to what earlier ones made. */
const meaningful = [
  "GET",
  "ANY",
  "MOCK",
  "/description",
  "/variables/a",
  "/*/*/throttling/rateLimit",
  "/requestParameters/method.request.header.x",
  "/binaryMediaTypes/image~1png",
  "/name",
  "method.request.querystring.q",
  "application/json",
  "Empty",
  "pets",
  "{petId}",
  "{proxy+}",
  "https://example.com/{petId}",
  '{"type":"object"}',
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations",
];

/** A call whose input fits the model. */
function soundCall(): { operation: string; method: string; target: string; body: Buffer } {
  const operation = oneOf(Object.keys(model.operations));
  const { http, input } = model.operations[operation] ?? assert.fail();
  const value = (input && (soundValue(model, input.shape) as Record<string, unknown> | undefined)) ?? {};
  const members = Object.entries(input ? (shapeOf(model, input.shape).members ?? {}) : {});
  const payload = input && shapeOf(model, input.shape).payload;
  const body: Record<string, unknown> = {};
  const query = new URLSearchParams();
  for (const [name, { location, locationName }] of members) {
    const given = value[name];
    if (location === undefined && given !== undefined) body[locationName ?? name] = given;
    if (location === "querystring" && typeof given !== "object" && given !== undefined) {
      query.append(locationName ?? name, String(given));
    }
  }
  const path = http.requestUri.replaceAll(/\{[^}]+\}/g, () => encodeURIComponent(oneOf(texts)));
  return {
    operation,
    method: http.method,
    target: query.size === 0 ? path : `${path}${path.includes("?") ? "&" : "?"}${query}`,
    body: payload ? Buffer.from(oneOf(documents)) : Buffer.from(JSON.stringify(body)),
  };
}

const documents = [
  '{"swagger":"2.0","info":{"title":"t","version":"1"},"paths":{"/pets/{id}":{"get":{"responses":{"200":{"description":"d"}},"x-amazon-apigateway-integration":{"type":"mock"}}}}}',
  "openapi: 3.0.1\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {default: {description: d}}}}}",
  '{"openapi":"3.1.0","paths":[]}',
  "&a [*a]",
  "{",
  "",
];

/** Keeps the ids that were given out, so that later calls reach what is there. */
function remember(response: ManagementResponse): void {
  if (response.status >= 300 || response.body.length === 0) return;
  const made = JSON.parse(response.body.toString()) as Record<string, unknown>;
  for (const name of ["id", "rootResourceId", "name", "stageName"]) {
    const text = made[name];
    if (typeof text === "string" && text !== "" && text.length < 200 && texts.length < 300) texts.push(text, text);
  }
}

describe(`fuzz: the REST control plane (PORTICO_FUZZ_SEED=${seed})`, () => {
  after(() => store.close());

  it("answers whatever it is asked, never with a 500 or an error that AWS does not declare", async () => {
    texts.push(...meaningful, ...meaningful);
    const end = performance.now() + durationMs;
    const statuses = new Map<number, number>();
    while (performance.now() < end) {
      const request = random() < 0.7 ? soundCall() : brokenRequest(["apigateway"]);
      const response = await send(request.method, request.target, request.body);
      const shown = () => `${request.method} ${request.target} ${request.body.toString("latin1", 0, 2_000)}`;
      assert.deepEqual(unexpected, [], shown());
      assert.ok(response.status < 500 || response.status === 501, `${response.status}: ${shown()}`);
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      remember(response);
    }
    assert.deepEqual([...undeclared], []);
    assert.ok((statuses.get(201) ?? 0) > 5, JSON.stringify([...statuses]));
  });
});
