// Random requests as events, and random answers of functions and authorizers of HTTP APIs: events are JSON that says what was
// sent, nothing throws, and only a result that says so lets anybody through.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAuthorizerResult, parseSimpleResult } from "../../src/access/authorizer-result.ts";
import { Exchange } from "../../src/gateway/exchange.ts";
import { authorizerEventLinkers, eventLinkers } from "../../src/gateway/integrations/http-api-event.ts";
import { responseParsers } from "../../src/gateway/integrations/http-api-lambda-response.ts";
import type { Program } from "../../src/gateway/program.ts";
import { SyntheticRequest } from "../../src/gateway/synthetic-request.ts";
import type { HttpApiPlan } from "../../src/plan/http-api-plan.ts";
import { seed } from "../random.ts";
import { within } from "../until.ts";
import { durationMs, oneOf, random } from "./from-models.ts";
import { randomJson, upTo } from "./random-json.ts";

const formats = ["1.0", "2.0"] as const;
const method = { routeKey: "GET /{id}", routeId: "r", resourcePath: "/{id}", httpMethod: "GET", steps: [] };
const plan: HttpApiPlan = {
  ...{ version: 1, kind: "http", account: "123456789012", region: "us-east-1", apiId: "abcdef1234", apiName: "pets" },
  ...{ stageName: "dev", deploymentId: "d", stageVariables: { color: 'b"lue' }, binaryMediaTypes: [] },
  ...{ isDefaultEndpointDisabled: false, withoutEffect: [], routes: {}, methods: [method] },
};
/** The parts of a program that writing an event needs. */
const program = {
  plan,
  contextPath: ({ pathAsSent }: Exchange) => `/dev${pathAsSent}`,
  life: { begin: () => undefined },
} as unknown as Program;

/** Text with what JSON, URLs and headers are made of. */
const text = (): string =>
  Array.from({ length: upTo(8) }, () =>
    oneOf(['"', "\\", "%", "%2", "%C3%A4", "\u00ff", ",", ";", "=", "&", "a", "+"]),
  ).join("");

function anExchange(): { readonly exchange: Exchange; readonly body: Buffer; readonly headers: readonly string[] } {
  const names = ["cookie", "X-A", "x-a", "content-type", "x-forwarded-for", "user-agent", "__proto__", "connection"];
  const headers = Array.from({ length: upTo(6) }, () => [oneOf(names), text()]).flat();
  const body = Buffer.from(random() < 0.5 ? "" : text());
  const pathAsSent = `/${text()}`;
  const request = new SyntheticRequest(
    {
      ...{ method: "GET", target: pathAsSent, host: "h.example", headers, body, remoteAddress: "192.0.2.1" },
      ...{ localPort: 443, isEncrypted: true },
    },
    { answerBytesMax: 1, onAnswer: () => undefined },
  );
  const exchange = new Exchange(request, program, {
    ...{ httpMethod: "GET", path: pathAsSent, pathAsSent, rawQuery: random() < 0.5 ? "" : text() },
    ...{ requestId: "id=", extendedRequestId: "id=", startedMs: 0 },
    customDomain: undefined,
  });
  exchange.pathNames = ["id"];
  exchange.pathValues = [text()];
  return { exchange, body, headers };
}

test(`fuzz: events of HTTP APIs' functions (PORTICO_FUZZ_SEED=${seed})`, () => {
  const writers = formats.map((format) => eventLinkers[format](plan, method));
  const askers = formats.map((format) => authorizerEventLinkers[format](plan, method));
  const isTimeLeft = within(durationMs / 3);
  let count = 0;
  while (count++ < 10 || isTimeLeft()) {
    const { exchange, body } = anExchange();
    for (const [index, version] of formats.entries()) {
      const event = JSON.parse(writers[index]!(exchange, body)) as Record<string, unknown>;
      assert.equal(event["version"], version);
      const sent = event["isBase64Encoded"] === true ? "base64" : "utf8";
      if (body.length > 0) assert.deepEqual(Buffer.from(String(event["body"]), sent), body);
      if (version === "2.0") assert.equal(event["rawQueryString"], exchange.rawQuery);
      assert.ok(!Object.hasOwn(event["headers"] as object, "connection"));
      const identity = [text()];
      const asked = JSON.parse(askers[index]!(exchange, { routeArn: text(), identity })) as Record<string, unknown>;
      assert.equal(asked["type"], "REQUEST");
      assert.deepEqual([asked["identitySource"]].flat(), identity);
      assert.equal("body" in asked, false);
    }
  }
});

const memberNames = [
  ...["statusCode", "headers", "multiValueHeaders", "cookies", "body", "isBase64Encoded", "__proto__"],
  ...["isAuthorized", "context", "principalId", "policyDocument"],
];
const values = ["200", '"201"', "true", "false", '{"a":"1"}', '{"a":["1"]}', '["a=1"]', '"aGk="', '"b\\r\\nc"', "null"];

function answer(): string {
  if (random() < 0.2) return random() < 0.5 ? randomJson(3) : text();
  const names = Array.from({ length: upTo(5) }, () => oneOf(memberNames));
  return `{${names.map((name) => `"${name}":${random() < 0.8 ? oneOf(values) : randomJson(2)}`).join(",")}}`;
}

test(`fuzz: answers of HTTP APIs' functions (PORTICO_FUZZ_SEED=${seed})`, () => {
  const isTimeLeft = within(durationMs / 3);
  const seen: Record<string, number> = { response: 0, malformed: 0 };
  while (seen["response"] === 0 || seen["malformed"] === 0 || isTimeLeft()) {
    const payload = answer();
    for (const format of formats) {
      const read = responseParsers[format](Buffer.from(payload));
      seen[read.kind]!++;
      if (read.kind === "malformed") continue;
      assert.ok(read.status >= 200 && read.status < 600, payload);
      assert.ok(read.headers.length % 2 === 0 && read.headers.every((each) => typeof each === "string"), payload);
    }
  }
});

test(`fuzz: results of HTTP APIs' authorizers (PORTICO_FUZZ_SEED=${seed})`, () => {
  const isTimeLeft = within(durationMs / 3);
  const seen = { allowed: 0, denied: 0, problem: 0 };
  while (Object.values(seen).includes(0) || isTimeLeft()) {
    const payload = answer();
    const read = parseSimpleResult(payload);
    if ("problem" in read) {
      seen.problem++;
      continue;
    }
    seen[read.isDenied === true ? "denied" : "allowed"]++;
    const { isAuthorized } = JSON.parse(payload) as { isAuthorized: unknown };
    assert.equal(isAuthorized, read.isDenied !== true, payload);
    for (const value of Object.values(read.context)) assert.equal(typeof value, "string", payload);
    if (read.contextText !== undefined) assert.equal(typeof JSON.parse(read.contextText), "object", payload);
    const policy = parseAuthorizerResult(payload, "values");
    assert.ok("problem" in policy, payload);
  }
});
