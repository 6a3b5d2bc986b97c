import assert from "node:assert/strict";
import { test } from "node:test";
import type { Integration } from "../../src/definition/rest-api.ts";
import type { EventClient, EventOutcome, InvokeOutcome, InvokeRequest } from "../../src/functions/function-client.ts";
import { aLambdaProxy, aMethod, aRestApi } from "./a-rest-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { type CallOptions, type GatewayUnderTest, startGateway } from "./start-gateway.ts";

/** Lambda's custom integration. */
const aLambda = (overrides: Partial<Integration> = {}): Integration => ({
  ...aLambdaProxy(),
  type: "AWS",
  integrationResponses: { "200": { statusCode: "200" } },
  ...overrides,
});

const methodResponses = Object.fromEntries(
  ["200", "202", "400", "404"].map((statusCode) => [statusCode, { statusCode }]),
);

async function start(
  integration: Integration,
  options: { functions?: FakeFunctions; events?: EventClient } = {},
): Promise<GatewayUnderTest & { readonly functions: FakeFunctions }> {
  const functions = options.functions ?? new FakeFunctions();
  const gateway = await startGateway({
    functions,
    ...(options.events === undefined ? {} : { events: options.events }),
  });
  gateway.deploy(aRestApi({ "/pets/{id}": { ANY: aMethod(integration, { methodResponses }) } }));
  return Object.assign(gateway, { functions });
}

/** A function that throws. */
const throws =
  (errorMessage: string, more: Record<string, unknown> = {}) =>
  (): Promise<InvokeOutcome> =>
    Promise.resolve({
      kind: "function-error",
      payload: Buffer.from(JSON.stringify({ errorMessage, errorType: "Error", ...more })),
      errorMessage,
      requestId: "lambda-id",
    });

test("the function gets what the template makes, and its output is mapped", async () => {
  await using gateway = await start(
    aLambda({
      requestTemplates: { "application/json": `{"id": "$input.params('id')", "body": $input.json('$')}` },
      integrationResponses: {
        "200": {
          statusCode: "200",
          responseParameters: { "method.response.header.X-Kind": "integration.response.body.kind" },
          responseTemplates: { "application/json": `{"pet": $input.json('$')}` },
        },
      },
    }),
  );
  gateway.functions.answer = (event) => ({ kind: "dog", event });
  const reply = await gateway.call("/pets/7", { method: "POST", body: '{"a": 1.0}' });
  assert.equal(reply.text, '{"pet": {"kind":"dog","event":{"id":"7","body":{"a":1}}}}');
  assert.deepEqual([reply.headers["x-kind"], reply.headers["content-type"]], ["dog", "application/json"]);
  assert.equal(String(gateway.functions.requests[0]?.payload), '{"id": "7", "body": {"a":1.0}}');
});

test("without templates the body is the event, and the output the answer", async () => {
  await using gateway = await start(aLambda());
  gateway.functions.answer = (event) => event;
  assert.equal((await gateway.call("/pets/7", { method: "POST", body: '{"a":1}' })).text, '{"a":1}');
  assert.equal((await gateway.call("/pets/7")).text, "{}");
  gateway.functions.answer = () => ({ errorMessage: "a success may say so" });
  assert.equal((await gateway.call("/pets/7")).status, 200);
});

test("an event that is no JSON is AWS's 400 and invokes nothing", async () => {
  await using gateway = await start(aLambda());
  const reply = await gateway.call("/pets/7", { method: "POST", body: "a=b" });
  assert.equal(reply.status, 400);
  assert.match(
    (JSON.parse(reply.text) as { message: string }).message,
    /^Could not parse request body into json: Could not parse payload into json: Unrecognized token 'a'/,
  );
  assert.match(String(reply.headers["x-portico-hint"]), /^the request's body has to be JSON here/);
  assert.equal(gateway.functions.requests.length, 0);
});

test("a template whose output is no JSON is named by the hint, with the place and the output, secrets masked", async () => {
  const hintOf = async (template: string, options: CallOptions = {}): Promise<string> => {
    await using gateway = await start(aLambda({ requestTemplates: { "application/json": template } }));
    const reply = await gateway.call("/pets/7", { method: "POST", body: "{}", ...options });
    assert.equal(reply.status, 400);
    assert.equal(gateway.functions.requests.length, 0);
    return String(reply.headers["x-portico-hint"]);
  };
  assert.equal(
    await hintOf('{\n  "id": $input.params("none")\n}'),
    'the output of the request template for application/json is not JSON (line 3, column 2): {; "id":; }',
  );
  assert.match(
    await hintOf("{oops}"),
    /^the request template for application\/json is not JSON \(line 1, column 3\): \{oops\}$/,
  );
  const secret = "Bearer 0123456789abcdef";
  const masked = await hintOf('{"a": $input.params("Authorization")}', { headers: { Authorization: secret } });
  assert.match(masked, /\{"a": \*+\w{0,6}\}/);
  assert.ok(!masked.includes("0123456789"), masked);
  // One that is cut is masked, too: what is shown begins 120 characters before the place.
  const cut = `{"a": "${"x".repeat(500)} $input.params("Authorization")${"y".repeat(105)}" oops}`;
  assert.ok(!(await hintOf(cut, { headers: { Authorization: secret } })).includes("abcdef"));
  // A long output is shown around the place.
  const long = await hintOf(`{"a": [#foreach($i in [1..400])$i, #end oops]}`);
  assert.match(long, /: \.\.\..{0,240}400, {1,2}oops\]\}$/);
  assert.ok(long.length < 400, long);
});

test("a selection pattern on an endless error message is given up, and the default response goes out", async () => {
  const responses = { "200": { statusCode: "200" }, "400": { statusCode: "400", selectionPattern: "(a|aa)*b?" } };
  await using gateway = await start(aLambda({ integrationResponses: responses }));
  gateway.functions.outcome = throws("a".repeat(100_000));
  assert.equal((await gateway.call("/pets/7")).status, 400);
  gateway.functions.outcome = throws("a".repeat(2_000_000));
  assert.equal((await gateway.call("/pets/7")).status, 200);
});

test("error messages select the integration response; those that match nothing go out by the default one", async () => {
  await using gateway = await start(
    aLambda({
      integrationResponses: {
        "200": { statusCode: "200" },
        "400": {
          statusCode: "400",
          selectionPattern: "^\\[BadRequest\\].*",
          responseTemplates: {
            "application/json": `{"state": "error", "message": "$util.escapeJavaScript($input.path('$.errorMessage'))"}`,
          },
        },
        "404": {
          statusCode: "404",
          selectionPattern: '.*"code":\\s?"NotFound".*',
          responseParameters: { "method.response.header.X-Trace": "integration.response.body.errorMessage.trace.line" },
          responseTemplates: {
            "application/json": "#set($error = $util.parseJson($input.path('$.errorMessage')))$error.code",
          },
        },
      },
    }),
  );
  gateway.functions.outcome = throws("[BadRequest] no id");
  const bad = await gateway.call("/pets/7");
  assert.deepEqual([bad.status, bad.text], [400, '{"state": "error", "message": "[BadRequest] no id"}']);
  gateway.functions.outcome = throws('{"code": "NotFound", "trace": {"line": 12}}');
  const missing = await gateway.call("/pets/7");
  assert.deepEqual([missing.status, missing.text, missing.headers["x-trace"]], [404, "NotFound", "12"]);
  gateway.functions.outcome = throws("other");
  const unmapped = await gateway.call("/pets/7");
  assert.deepEqual([unmapped.status, unmapped.text], [200, '{"errorMessage":"other","errorType":"Error"}']);
});

test("no default for a success, an undeclared status, a refusal of Lambda's and no permission are AWS's 500", async () => {
  await using gateway = await start(
    aLambda({ integrationResponses: { "400": { statusCode: "400", selectionPattern: "x" } } }),
  );
  const none = await gateway.call("/pets/7");
  assert.deepEqual([none.status, none.text], [500, '{"message": "Internal server error"}']);
  assert.match(String(none.headers["x-portico-hint"]), /No match for output mapping/);
  gateway.functions.outcome = () =>
    Promise.resolve({
      kind: "service-error",
      code: "TooManyRequestsException",
      status: 429,
      message: "Rate",
      requestId: "",
    });
  const throttled = await gateway.call("/pets/7");
  assert.deepEqual([throttled.status, throttled.text], [500, '{"message": "Internal server error"}']);
  gateway.functions.facts = { ...gateway.functions.facts!, policy: undefined, policyRevision: "2" };
  const count = gateway.functions.requests.length;
  const denied = await gateway.call("/pets/7");
  assert.equal(denied.status, 500);
  assert.match(String(denied.headers["x-portico-hint"]), /add-permission/);
  gateway.functions.facts = undefined;
  assert.equal((await gateway.call("/pets/7")).status, 500);
  assert.equal(gateway.functions.requests.length, count);
});

test("a pattern that matches an empty text is a success's response, too, where there is no default one", async () => {
  for (const [selectionPattern, status] of [
    [".*", 404],
    ["(.|\\n)*", 404],
    [".+", 500],
  ] as const) {
    await using gateway = await start(
      aLambda({ integrationResponses: { "404": { statusCode: "404", selectionPattern } } }),
    );
    assert.equal((await gateway.call("/pets/7")).status, status, selectionPattern);
  }
});

test("a function that is too slow is AWS's 504", async () => {
  await using gateway = await start(aLambda({ timeoutInMillis: 60 }));
  gateway.functions.outcome = () => new Promise(() => {});
  const reply = await gateway.call("/pets/7");
  assert.deepEqual([reply.status, reply.text], [504, '{"message": "Endpoint request timed out"}']);
});

class FakeEvents implements EventClient {
  readonly requests: InvokeRequest[] = [];
  outcome: EventOutcome = { kind: "accepted", requestId: "event-id" };
  accept(event: InvokeRequest): Promise<EventOutcome> {
    this.requests.push(event);
    return Promise.resolve(this.outcome);
  }
}

test("X-Amz-Invocation-Type Event hands the event over and answers at once", async () => {
  const events = new FakeEvents();
  await using gateway = await start(
    aLambda({
      requestParameters: { "integration.request.header.X-Amz-Invocation-Type": "'Event'" },
      integrationResponses: {
        "200": {
          statusCode: "200",
          responseParameters: { "method.response.header.X-Id": "integration.response.header.x-amzn-requestid" },
        },
      },
    }),
    { events },
  );
  const reply = await gateway.call("/pets/7", { method: "POST", body: '{"a":1}' });
  assert.deepEqual([reply.status, reply.text, reply.headers["x-id"]], [200, "", "event-id"]);
  assert.equal(gateway.functions.requests.length, 0);
  assert.equal(String(events.requests[0]?.payload), '{"a":1}');
  events.outcome = { kind: "service-error", code: "RequestTooLargeException", status: 413, message: "", requestId: "" };
  assert.equal((await gateway.call("/pets/7")).status, 413);
  gateway.functions.facts = { ...gateway.functions.facts!, policy: undefined, policyRevision: "2" };
  assert.equal((await gateway.call("/pets/7")).status, 500);
  assert.equal(events.requests.length, 2);
});

test("the invocation type may come from the caller or the template; an unknown one is AWS's 500", async () => {
  const events = new FakeEvents();
  await using gateway = await start(
    aLambda({
      requestParameters: { "integration.request.header.X-Amz-Invocation-Type": "method.request.header.X-Type" },
      requestTemplates: {
        "application/json": `{}#if($input.params('async') == "1")#set($context.requestOverride.header.X-Amz-Invocation-Type = "Event")#end`,
      },
    }),
    { events },
  );
  const call = async (path: string, type?: string): Promise<number> =>
    (await gateway.call(path, type === undefined ? {} : { headers: { "X-Type": type } })).status;
  assert.equal(await call("/pets/7"), 200);
  assert.equal(await call("/pets/7", "Event"), 200);
  assert.equal(await call("/pets/7?async=1"), 200);
  assert.equal(await call("/pets/7", "Nonsense"), 500);
  assert.deepEqual([gateway.functions.requests.length, events.requests.length], [1, 2]);
});
