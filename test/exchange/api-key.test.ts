// API keys, usage plans and quotas in front of a method: who passes, who is refused, and how.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import type { Method, MethodSetting } from "../../src/definition/rest-api.ts";
import type { ApiKeyTable } from "../../src/limits/api-key-table.ts";
import { dayOf } from "../../src/limits/quota-period.ts";
import { allocateThrottles, openThrottles, type Throttles } from "../../src/limits/throttles.ts";
import type { UsagePlanFacts } from "../../src/plan/usage-plan.ts";
import { aLambdaProxy, aMethod, aMock, aRestApi, aStage, functionArn } from "./a-rest-api.ts";
import { allowAll, FakeFunctions } from "./fake-functions.ts";
import { addKey, aKeyTable, scope } from "./fake-keys.ts";
import { type ExecutionLogEntry, type GatewayUnderTest, type Reply, startGateway } from "./start-gateway.ts";

const noon = Date.UTC(2026, 10, 18, 12);
const value = "goodKeyOfTwentyOrMore1";

interface KeyedGateway extends AsyncDisposable {
  readonly gateway: GatewayUnderTest;
  readonly table: ApiKeyTable;
  readonly throttles: Throttles;
  readonly clock: ManualClock;
  readonly logs: ExecutionLogEntry[];
  readonly functions: FakeFunctions;
  setPlan(facts?: Partial<UsagePlanFacts>): void;
  call(headers?: Record<string, string | string[]>, path?: string): Promise<Reply>;
}

/** A gateway with the method GET /pets, which needs a key, and one key in one plan of its stage. */
async function startKeyed(
  options: { method?: Partial<Method>; saved?: () => Promise<boolean>; setting?: Partial<MethodSetting> } = {},
): Promise<KeyedGateway> {
  const table = aKeyTable();
  const clock = new ManualClock(noon);
  const memory = allocateThrottles(noon);
  const throttles = openThrottles(memory, { ratePerSecond: 1e9, burst: 1e9 });
  const logs: ExecutionLogEntry[] = [];
  const functions = new FakeFunctions();
  const gateway = await startGateway({
    apiKeys: table,
    throttles: memory,
    clock,
    functions,
    onExecutionLog: (entry) => logs.push(entry),
    ...(options.saved && { usageSaving: { hurry() {}, save: options.saved } }),
  });
  const setPlan = (facts: Partial<UsagePlanFacts> = {}): void =>
    gateway.gateway.setUsagePlan("000000000000/us-east-1/plan", {
      slot: table.planSlot(scope, "plan"),
      ...scope,
      id: "plan",
      stages: [{ apiId: "abc123", stageName: "prod", throttles: {} }],
      ...facts,
    });
  setPlan();
  addKey(table, { id: "key", value, plans: ["plan"] }, throttles.clients);
  const method = aMethod(aMock(), { apiKeyRequired: true, ...options.method });
  const stage = aStage({
    methodSettings: { "*/*": { loggingLevel: "INFO", dataTraceEnabled: false, ...options.setting } as MethodSetting },
  });
  gateway.deploy(aRestApi({ "/pets": { GET: method }, "/open": { GET: aMethod(aMock()) } }), stage);
  return {
    gateway,
    table,
    throttles,
    clock,
    logs,
    functions,
    setPlan,
    call: (headers = { "X-API-Key": value }, path = "/pets") => gateway.call(path, { headers }),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

const forbidden = [403, '{"message":"Forbidden"}', "ForbiddenException"];
const throttled = [429, '{"message":"Too Many Requests"}', "TooManyRequestsException"];
const exceeded = [429, '{"message":"Limit Exceeded"}', "LimitExceededException"];
const answerOf = ({ status, text, headers }: Reply): unknown[] => [status, text, headers["x-amzn-errortype"]];

test("a key in a usage plan of the stage passes, whatever the case of the header's name", async () => {
  await using keyed = await startKeyed();
  for (const name of ["x-api-key", "X-API-Key", "X-Api-Key", "X-API-KEY"]) {
    assert.equal((await keyed.call({ [name]: value })).status, 200, name);
  }
});

const other = { account: "111111111111", region: "us-east-1" };
const elsewhere = { account: "000000000000", region: "eu-west-1" };

/** What is sent, or what was changed before, and what the hint says. */
const refused: readonly [string, Record<string, string | string[]>, RegExp, ((keyed: KeyedGateway) => void)?][] = [
  ["absent", {}, /has none: portico keys abc123 prod --make NAME makes one$/],
  ["empty", { "X-API-Key": "" }, /has none/],
  ["blank", { "X-API-Key": "   " }, /has none/],
  ["sent twice", { "X-API-Key": [value, value] }, /more than once/],
  ["sent twice, one good and one not", { "X-API-Key": ["another", value] }, /more than once/],
  ["unknown", { "X-API-Key": "goodKeyOfTwentyOrMore2" }, /No API key/],
  ["in another case", { "X-API-Key": value.toUpperCase() }, /No API key/],
  ["a beginning of it", { "X-API-Key": value.slice(0, -1) }, /No API key/],
  ["with more behind it", { "X-API-Key": `${value}1` }, /No API key/],
  ["with a control character", { "X-API-Key": `${value}\tx` }, /No API key/],
  ["with letters beyond ASCII", { "X-API-Key": `${value}\xe9` }, /No API key/],
  ["far too long", { "X-API-Key": value.repeat(200) }, /No API key/],
  ["the id instead of the value", { "X-API-Key": "key" }, /No API key/],
  ["in Authorization", { Authorization: value }, /has none/],
  ["disabled", {}, /disabled/, ({ table }) => table.put(scope, { id: "key", value, isEnabled: false })],
  ["deleted", {}, /No API key/, ({ table }) => table.delete(scope, "key")],
  [
    "taken out of the plan",
    {},
    /in no usage plan/,
    ({ table }) => table.unlink(scope, "key", table.planSlot(scope, "plan")),
  ],
  ["of a plan without stages", {}, /in no usage plan/, (keyed) => keyed.setPlan({ stages: [] })],
  [
    "of a plan for another stage",
    {},
    /in no usage plan/,
    (keyed) => keyed.setPlan({ stages: [{ apiId: "abc123", stageName: "Prod", throttles: {} }] }),
  ],
  [
    "of a plan for another API's stage",
    {},
    /in no usage plan/,
    (keyed) => keyed.setPlan({ stages: [{ apiId: "abc124", stageName: "prod", throttles: {} }] }),
  ],
  [
    "of a plan that is deleted",
    {},
    /in no usage plan/,
    ({ gateway }) => gateway.gateway.setUsagePlan("000000000000/us-east-1/plan", null),
  ],
  ["of a plan of another account with that stage", {}, /in no usage plan/, (keyed) => keyed.setPlan({ ...other })],
  [
    "of another account",
    { "X-API-Key": "anotherAccountsKey12345" },
    /No API key/,
    ({ table, throttles }) =>
      addKey(table, { id: "theirs", value: "anotherAccountsKey12345", plans: ["plan"] }, throttles.clients, {
        of: other,
      }),
  ],
  [
    "of another region",
    { "X-API-Key": "anotherRegionsKey123456" },
    /No API key/,
    ({ table, throttles }) =>
      addKey(table, { id: "far", value: "anotherRegionsKey123456", plans: ["plan"] }, throttles.clients, {
        of: elsewhere,
      }),
  ],
];

for (const [name, sent, hint, change] of refused) {
  test(`an API key is refused with AWS's 403: ${name}`, async () => {
    await using keyed = await startKeyed();
    assert.equal((await keyed.call()).status, 200);
    change?.(keyed);
    const headers = change === undefined || Object.keys(sent).length > 0 ? sent : { "X-API-Key": value };
    const reply = await keyed.call(headers);
    assert.deepEqual(answerOf(reply), forbidden);
    assert.match(String(reply.headers["x-portico-hint"]), hint);
    assert.ok(!JSON.stringify(reply.headers).includes(value), "the hint does not tell the key");
    const log = JSON.stringify(keyed.logs);
    assert.ok(!log.includes(value), "the log does not tell the key");
    assert.match(log, /API Key (\*|[^ ]{0,7} )*not authorized because method 'GET \/pets' requires API Key/);
    assert.doesNotMatch(JSON.stringify(keyed.logs.at(-1)), /Starting execution/);
  });
}

test("a key passes again when it is enabled, and when its plan has the stage again", async () => {
  await using keyed = await startKeyed();
  keyed.table.put(scope, { id: "key", value, isEnabled: false });
  assert.equal((await keyed.call()).status, 403);
  keyed.table.put(scope, { id: "key", value, isEnabled: true });
  assert.equal((await keyed.call()).status, 200);
  keyed.setPlan({ stages: [] });
  assert.equal((await keyed.call()).status, 403);
  keyed.setPlan();
  assert.equal((await keyed.call()).status, 200);
});

test("a stage that is deployed anew, or deleted and made again, keeps its plans' keys", async () => {
  await using keyed = await startKeyed();
  const api = aRestApi({ "/pets": { GET: aMethod(aMock(), { apiKeyRequired: true }) } });
  keyed.gateway.deploy(api);
  assert.equal((await keyed.call()).status, 200);
  keyed.gateway.gateway.setPlan("abc123/prod", null);
  assert.equal((await keyed.call()).status, 403);
  keyed.gateway.deploy(api);
  assert.equal((await keyed.call()).status, 200);
  keyed.setPlan({ stages: [] });
  assert.equal((await keyed.call()).status, 403);
});

test("a method that needs no key takes none, counts nothing, and says so in AWS's words", async () => {
  await using keyed = await startKeyed();
  keyed.setPlan({ quota: { limit: 1, offset: 0, period: "DAY" }, throttle: { ratePerSecond: 1, burst: 1 } });
  for (let call = 0; call < 5; call++) assert.equal((await keyed.call({ "X-API-Key": value }, "/open")).status, 200);
  assert.equal((await keyed.call({}, "/open")).status, 200);
  assert.equal((await keyed.call()).status, 200);
  const texts = keyed.logs[0]!.lines.map(({ text }) => text.replace(keyed.logs[0]!.requestId, "ID"));
  const masked = `${"*".repeat(17)}More1`;
  assert.deepEqual(texts.slice(1, 5), [
    `Verifying Usage Plan for request: ID. API Key: ${masked} API Stage: abc123/prod`,
    `API Key ${masked} authorized because method 'GET /open' does not require API Key. Request will not contribute to throttle or quota limits`,
    `Usage Plan check succeeded for API Key ${masked} and API Stage abc123/prod`,
    "Starting execution for request: ID",
  ]);
});

test("the log of a request with a key has AWS's lines before the execution, with the key masked", async () => {
  await using keyed = await startKeyed();
  await keyed.call();
  const [{ lines, requestId }] = keyed.logs as [ExecutionLogEntry];
  const masked = `${"*".repeat(17)}More1`;
  assert.deepEqual(
    lines.slice(1, 5).map(({ text }) => text.replace(requestId, "ID")),
    [
      `Verifying Usage Plan for request: ID. API Key: ${masked} API Stage: abc123/prod`,
      `API Key ${masked} authorized because method 'GET /pets' requires API Key and API Key is associated with usage plan plan for API Stage abc123/prod`,
      `Usage Plan check succeeded for API Key ${masked} and API Stage abc123/prod`,
      "Starting execution for request: ID",
    ],
  );
});

test("a function sees the key and its id", async () => {
  await using keyed = await startKeyed();
  keyed.gateway.deploy(aRestApi({ "/pets": { GET: aMethod(aLambdaProxy(), { apiKeyRequired: true }) } }), aStage());
  await keyed.call();
  const event = JSON.parse(keyed.functions.requests.at(-1)!.payload.toString());
  assert.equal(event.requestContext.identity.apiKey, value);
  assert.equal(event.requestContext.identity.apiKeyId, "key");
});

test("a key whose id is its value passes as well", async () => {
  await using keyed = await startKeyed();
  const legacy = "aLegacyKeyWhoseIdIsItsValue";
  addKey(keyed.table, { id: legacy, value: legacy, plans: ["plan"] }, keyed.throttles.clients);
  keyed.gateway.deploy(aRestApi({ "/pets": { GET: aMethod(aLambdaProxy(), { apiKeyRequired: true }) } }), aStage());
  await keyed.call({ "X-API-Key": legacy });
  const event = JSON.parse(keyed.functions.requests.at(-1)!.payload.toString());
  assert.equal(event.requestContext.identity.apiKeyId, legacy);
  keyed.table.delete(scope, legacy);
  assert.equal((await keyed.call({ "X-API-Key": legacy })).status, 403);
});

test("with apiKeySource AUTHORIZER, a header is no key", async () => {
  await using keyed = await startKeyed();
  const api = aRestApi({ "/pets": { GET: aMethod(aMock(), { apiKeyRequired: true }) } });
  keyed.gateway.deploy({ ...api, restApi: { ...api.restApi, apiKeySource: "AUTHORIZER" } });
  const reply = await keyed.call();
  assert.deepEqual(answerOf(reply), forbidden);
  assert.match(String(reply.headers["x-portico-hint"]), /usageIdentifierKey/);
});

test("an apiKeySource that nobody knows closes the methods that need a key, and no others", async () => {
  await using keyed = await startKeyed();
  const api = aRestApi({
    "/pets": { GET: aMethod(aMock(), { apiKeyRequired: true }) },
    "/open": { GET: aMethod(aMock()) },
  });
  keyed.gateway.deploy({ ...api, restApi: { ...api.restApi, apiKeySource: "COOKIE" as "HEADER" } });
  assert.equal((await keyed.call()).status, 501);
  assert.equal((await keyed.call({}, "/open")).status, 200);
});

test("the plan's throttle is for each key in all stages; a refused call is not counted", async () => {
  await using keyed = await startKeyed();
  keyed.setPlan({
    throttle: { ratePerSecond: 1, burst: 2 },
    quota: { limit: 3, offset: 0, period: "DAY" },
    stages: [
      { apiId: "abc123", stageName: "prod", throttles: {} },
      { apiId: "abc123", stageName: "dev", throttles: {} },
    ],
  });
  const api = aRestApi({ "/pets": { GET: aMethod(aMock(), { apiKeyRequired: true }) } });
  keyed.gateway.deploy(api, aStage({ stageName: "dev" }));
  const onDev = (): Promise<Reply> =>
    keyed.gateway.call("/dev/pets", { headers: { "X-API-Key": value }, isWhole: true });
  assert.equal((await keyed.call()).status, 200);
  assert.equal((await onDev()).status, 200);
  for (let call = 0; call < 5; call++) assert.deepEqual(answerOf(await keyed.call()), throttled);
  assert.deepEqual(answerOf(await onDev()), throttled);
  addKey(keyed.table, { id: "second", value: "anotherKeyOfTwentyChars", plans: ["plan"] }, keyed.throttles.clients);
  assert.equal((await keyed.call({ "X-API-Key": "anotherKeyOfTwentyChars" })).status, 200);
  keyed.clock.advance(2_000);
  // Two calls were counted, so there is one left, and then the quota speaks.
  assert.equal((await keyed.call()).status, 200);
  assert.deepEqual(answerOf(await keyed.call()), exceeded);
});

test("a method's own throttle takes the place of the plan's, and each key has its own", async () => {
  await using keyed = await startKeyed();
  const stages = (throttles: UsagePlanFacts["stages"][number]["throttles"]) => [
    { apiId: "abc123", stageName: "prod", throttles },
  ];
  const api = aRestApi({
    "/pets": { ANY: aMethod(aMock(), { apiKeyRequired: true, httpMethod: "ANY" }) },
    "/dogs": { GET: aMethod(aMock(), { apiKeyRequired: true }) },
  });
  keyed.gateway.deploy(api);
  const passing = async (path: string, method = "GET", key = value): Promise<number> => {
    for (let count = 0; ; count++) {
      const { status } = await keyed.gateway.call(path, { method, headers: { "X-API-Key": key } });
      if (status !== 200 || count === 20) return count;
    }
  };
  addKey(keyed.table, { id: "second", value: "anotherKeyOfTwentyChars", plans: ["plan"] }, keyed.throttles.clients);
  keyed.setPlan({
    throttle: { ratePerSecond: 1, burst: 1 },
    stages: stages({ "/pets/ANY": { ratePerSecond: 1, burst: 3 }, "/pets/DELETE": { burst: 2 } }),
  });
  assert.equal(await passing("/dogs"), 1);
  assert.equal(await passing("/pets"), 3);
  assert.equal(await passing("/pets", "DELETE"), 2);
  assert.equal(await passing("/pets", "GET", "anotherKeyOfTwentyChars"), 3);
  assert.equal(await passing("/dogs", "GET", "anotherKeyOfTwentyChars"), 1);
  keyed.setPlan({ stages: stages({ "/pets/*": { ratePerSecond: 1, burst: 0 } }) });
  keyed.clock.advance(60_000);
  assert.equal(await passing("/pets"), 0);
  assert.equal(await passing("/dogs"), 20);
});

test("a rate or burst of nothing lets nothing pass", async () => {
  await using keyed = await startKeyed();
  for (const throttle of [{ ratePerSecond: 0, burst: 5 }, { ratePerSecond: 5, burst: 0 }, { burst: 0 }]) {
    keyed.setPlan({ throttle });
    assert.deepEqual(answerOf(await keyed.call()), throttled);
  }
  keyed.setPlan({ throttle: { ratePerSecond: 5 } });
  assert.equal((await keyed.call()).status, 200);
});

test("a quota is used up, renewed with its period, and has more for who is given more", async () => {
  await using keyed = await startKeyed();
  keyed.setPlan({ quota: { limit: 2, offset: 0, period: "DAY" } });
  const statuses = async (count: number): Promise<number[]> => {
    const found: number[] = [];
    for (let call = 0; call < count; call++) found.push((await keyed.call()).status);
    return found;
  };
  assert.deepEqual(await statuses(4), [200, 200, 429, 429]);
  assert.deepEqual(answerOf(await keyed.call()), exceeded);
  const today = dayOf(noon);
  const bucket = keyed.throttles.clients.bucket("plan/key");
  const plan = keyed.table.planSlot(scope, "plan");
  const extension = { start: today, requests: 1 };
  keyed.table.link(scope, { keyId: "key", plan, share: { firstDay: 0, extension }, bucket });
  assert.deepEqual(await statuses(2), [200, 429]);
  keyed.setPlan({ quota: { limit: 5, offset: 0, period: "DAY" } });
  assert.deepEqual(await statuses(4), [200, 200, 200, 429]);
  keyed.clock.advance(86_400_000);
  assert.deepEqual(await statuses(6), [200, 200, 200, 200, 200, 429]);
});

test("no more calls of a key are counted than may be unsaved, and they wait until they are saved", async () => {
  let saves = 0;
  const keyed = await startKeyed({
    saved: () => {
      saves++;
      if (saves > 2) return Promise.resolve(false);
      const [membership] = keyed.table.takeUnsaved(10);
      keyed.table.setSaved(membership!, keyed.table.periodOf(membership!));
      return Promise.resolve(true);
    },
  });
  await using _ = keyed;
  keyed.setPlan({ quota: { limit: 1e9, offset: 0, period: "DAY" } });
  const counts = new Map<number, number>();
  for (let call = 0; call < 3_200; call++) {
    const { status } = await keyed.call();
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  // 1,000 without a save, two saves for 1,000 each, and nothing beyond when no save succeeds any more.
  assert.deepEqual(
    [...counts],
    [
      [200, 3_000],
      [500, 200],
    ],
  );
  keyed.setPlan({});
  assert.equal((await keyed.call()).status, 200);
});

test("a gateway response customises what each refusal says", async () => {
  await using keyed = await startKeyed();
  const api = aRestApi({ "/pets": { GET: aMethod(aMock(), { apiKeyRequired: true }) } });
  keyed.gateway.deploy({
    ...api,
    gatewayResponses: [
      { responseType: "INVALID_API_KEY", statusCode: "401", responseTemplates: { "application/json": "no key" } },
      { responseType: "QUOTA_EXCEEDED", statusCode: "402", responseTemplates: { "application/json": "no more" } },
      { responseType: "THROTTLED", statusCode: "420", responseTemplates: { "application/json": "slowly" } },
    ],
  });
  const texts: unknown[] = [];
  const call = async (headers?: Record<string, string>): Promise<void> => {
    const { status, text } = await keyed.call(headers);
    texts.push([status, text]);
  };
  await call({});
  keyed.setPlan({ throttle: { ratePerSecond: 0 } });
  await call();
  keyed.setPlan({ quota: { limit: 0, offset: 0, period: "MONTH" } });
  await call();
  assert.deepEqual(texts, [
    [401, "no key"],
    [420, "slowly"],
    [402, "no more"],
  ]);
});

test("with apiKeySource AUTHORIZER, the authorizer's usageIdentifierKey is the key, whatever the client sends", async () => {
  await using keyed = await startKeyed();
  const { functions, gateway } = keyed;
  functions.facts = { functionArn, policy: allowAll, policyRevision: "1" };
  let said: unknown;
  const statement = { Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" };
  functions.answer = (event) =>
    "methodArn" in event
      ? {
          principalId: "me",
          policyDocument: { Version: "2012-10-17", Statement: [statement] },
          ...(said === undefined ? {} : { usageIdentifierKey: said }),
        }
      : { statusCode: 200, body: "ok" };
  const authorizer = {
    id: "a1b2c3",
    name: "tokens",
    type: "TOKEN" as const,
    authorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
    identitySource: "method.request.header.Authorization",
    authorizerResultTtlInSeconds: 0,
  };
  const method = aMethod(aLambdaProxy(), {
    apiKeyRequired: true,
    authorizationType: "CUSTOM",
    authorizerId: authorizer.id,
  });
  const api = aRestApi({ "/pets": { GET: method } }, { authorizers: [authorizer] });
  const methodSettings = { "*/*": { loggingLevel: "INFO", dataTraceEnabled: true } as MethodSetting };
  gateway.deploy({ ...api, restApi: { ...api.restApi, apiKeySource: "AUTHORIZER" } }, aStage({ methodSettings }));
  const policy = allowAll.replace(/,"Condition":\{[^}]*\}\}/, "");
  functions.facts = { functionArn, policy, policyRevision: "2" };
  const call = (): Promise<Reply> => keyed.call({ Authorization: "who", "X-API-Key": value });
  const unknown: readonly unknown[] = [undefined, "", "another", value.toUpperCase(), ` ${value}`, `${value}\n`];
  for (said of unknown) assert.deepEqual(answerOf(await call()), forbidden, JSON.stringify(said));
  said = value;
  assert.equal((await call()).status, 200);
  const event = functions.event() as { requestContext: { identity: { apiKey: string; apiKeyId: string } } };
  assert.deepEqual([event.requestContext.identity.apiKey, event.requestContext.identity.apiKeyId], [value, "key"]);
  keyed.table.put(scope, { id: "key", value, isEnabled: false });
  assert.deepEqual(answerOf(await call()), forbidden);
  // The key of a header is no secret of this API's, but is masked all the same.
  assert.ok(!JSON.stringify(keyed.logs).includes(value));
});

test("an access log has the key's id, and its value masked", async () => {
  const lines: string[] = [];
  const table = aKeyTable();
  const memory = allocateThrottles(noon);
  const throttles = openThrottles(memory, { ratePerSecond: 1e9, burst: 1e9 });
  addKey(table, { id: "key", value, plans: ["plan"] }, throttles.clients);
  await using gateway = await startGateway({
    apiKeys: table,
    throttles: memory,
    onLog: (_group, message) => lines.push(message),
    accessLog: mkdtempSync(join(tmpdir(), "portico-keys-")),
  });
  gateway.gateway.setUsagePlan("000000000000/us-east-1/plan", {
    slot: table.planSlot(scope, "plan"),
    ...scope,
    id: "plan",
    stages: [{ apiId: "abc123", stageName: "prod", throttles: {} }],
  });
  const accessLogSettings = {
    destinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:access",
    format: "$context.identity.apiKeyId $context.identity.apiKey $context.status",
  };
  gateway.deploy(
    aRestApi({ "/pets": { GET: aMethod(aMock(), { apiKeyRequired: true }) } }),
    aStage({ accessLogSettings }),
  );
  await gateway.call("/pets", { headers: { "X-API-Key": value } });
  await gateway.call("/pets");
  assert.deepEqual(
    lines.map((line) => line.trim()),
    [`key ${"*".repeat(17)}More1 200`, "- - 403"],
  );
});
