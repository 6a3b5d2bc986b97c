// What belongs to an account and not to an API – keys, usage plans, certificates, VPC links – over the wire's form:
// requests as clients send them, through the protocol layer, on a store in memory.
import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { after, beforeEach, describe, it } from "node:test";
import { rerunningStore } from "../../../test/contract/rerunning-store.ts";
import { ManualClock } from "../../base/clock.ts";
import { randomIds } from "../../base/ids.ts";
import { keyKinds, type UsageMonth } from "../../definition/api-key.ts";
import { type ClientCertificateKey, certificateKinds } from "../../definition/client-certificate.ts";
import { definitionIndexes } from "../../definition/indexes.ts";
import { vpcLinkKind } from "../../definition/vpc-link.ts";
import { makeManagement } from "../../protocol/management.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { type ControlLimits, makeControlLimits } from "../control-limits.ts";
import { makeRestOperations } from "./operations.ts";

const store = rerunningStore(openSqliteStore({ indexes: definitionIndexes }));
after(() => store.close());
beforeEach(() => store.reset());

const scope = { account: "123456789012", region: "eu-west-1" };
/** A Wednesday. */
const clock = new ManualClock(Date.UTC(2026, 10, 18, 12));

const manage = (limits: Partial<ControlLimits> = {}) =>
  makeManagement(
    [{ model: "apigateway", operations: makeRestOperations({ store, limits: makeControlLimits(limits) }) }],
    {
      clock,
      ids: randomIds,
      bodyBytesMax: 1_000_000,
      logger: { warn: () => {}, error: (message, fields) => assert.fail(`${message} ${JSON.stringify(fields)}`) },
      onUndeclaredError: (operation, code) => assert.fail(`${operation} does not declare ${code}`),
    },
  );
const management = manage();

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member.
type Answer = any;
interface Reply {
  readonly status: number;
  readonly body: Answer;
}

async function send(method: string, target: string, body?: unknown, over = management): Promise<Reply> {
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope.account}/20261118/${scope.region}/apigateway/aws4_request, SignedHeaders=host, Signature=0`;
  const answer = await over.handle({
    method,
    target,
    headers: { host: "localhost:4566", authorization },
    body: Buffer.from(typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body)),
  });
  const text = answer.body.toString();
  return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** Sends what has to succeed. */
async function ok(method: string, target: string, body?: unknown): Promise<Answer> {
  const answer = await send(method, target, body);
  assert(answer.status < 300, `${method} ${target}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function refused(call: Promise<Reply>, status: number, message: string | RegExp): Promise<void> {
  const answer = await call;
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  if (typeof message === "string") assert.equal(answer.body.message, message);
  else assert.match(answer.body.message, message);
}

const patch = (target: string, ...patchOperations: readonly object[]) => send("PATCH", target, { patchOperations });
const change = async (target: string, ...patchOperations: readonly object[]) =>
  ok("PATCH", target, { patchOperations });

/** An API with a method, deployed to stages. */
async function anApi(...stages: readonly string[]): Promise<{ id: string; root: string }> {
  const { id, rootResourceId: root } = await ok("POST", "/restapis", { name: "pets" });
  await ok("PUT", `/restapis/${id}/resources/${root}/methods/GET`, { authorizationType: "NONE" });
  await ok("PUT", `/restapis/${id}/resources/${root}/methods/GET/integration`, { type: "MOCK" });
  for (const stageName of stages) await ok("POST", `/restapis/${id}/deployments`, { stageName });
  return { id, root };
}

const aPlan = (over: object = {}) => ok("POST", "/usageplans", { name: "gold", ...over });
const aKey = (over: object = {}) => ok("POST", "/apikeys", { name: "key", enabled: true, ...over });
const join = (plan: { id: string }, key: { id: string }) =>
  send("POST", `/usageplans/${plan.id}/keys`, { keyId: key.id, keyType: "API_KEY" });

const value = "an-api-key-of-thirty-characters";
const documentsOf = async (kind: string) => (await store.all(kind)).length;

describe("ApiKey", () => {
  it("is made, shows its value only where it is asked for, is changed, and goes", async () => {
    const made = await ok("POST", "/apikeys", { name: "first", value, customerId: "c", tags: { a: "1" } });
    assert.match(made.id, /^[a-z0-9]{10}$/);
    const now = clock.now() / 1000;
    const shown = {
      id: made.id,
      name: "first",
      customerId: "c",
      enabled: false,
      createdDate: now,
      lastUpdatedDate: now,
      stageKeys: [],
      tags: { a: "1" },
    };
    assert.deepEqual(made, { ...shown, value });
    assert.deepEqual(await ok("GET", `/apikeys/${made.id}`), shown);
    assert.deepEqual(await ok("GET", `/apikeys/${made.id}?includeValue=true`), made);
    assert.deepEqual(await ok("GET", "/apikeys"), { item: [shown] });
    assert.deepEqual(await ok("GET", "/apikeys?includeValues=true"), { item: [made] });
    clock.advance(5_000);
    const changed = await change(
      `/apikeys/${made.id}`,
      { op: "replace", path: "/enabled", value: "true" },
      { op: "replace", path: "/name", value: "second" },
      { op: "replace", path: "/description", value: "text" },
      { op: "replace", path: "/customerId", value: "" },
      { op: "add", path: "/labels", value: "legacy" },
    );
    const { customerId: _, ...rest } = shown;
    assert.deepEqual(changed, {
      ...rest,
      name: "second",
      description: "text",
      enabled: true,
      lastUpdatedDate: now + 5,
    });
    await refused(
      patch(`/apikeys/${made.id}`, { op: "replace", path: "/value", value }),
      400,
      "Invalid patch path  '/value' specified for op 'replace'. Must be one of: [/description, /enabled, /name, /customerId]",
    );
    assert.deepEqual(await send("DELETE", `/apikeys/${made.id}`), { status: 202, body: undefined });
    await refused(send("GET", `/apikeys/${made.id}`), 404, "Invalid API Key identifier specified");
    assert.equal(await documentsOf(keyKinds.apiKeyValue), 0);
  });

  it("has a value of its own: one given of 20 to 128 characters, or one made", async () => {
    const made = await aKey();
    assert.match(made.value, /^[A-Za-z0-9]{40}$/);
    await aKey({ value });
    await refused(send("POST", "/apikeys", { value }), 409, "API Key already exists");
    const short = send("POST", "/apikeys", { value: "a".repeat(19) });
    await refused(short, 400, "API Key value should be at least 20 characters");
    const long = send("POST", "/apikeys", { value: "a".repeat(129) });
    await refused(long, 400, "API Key value exceeds maximum size of 128 characters");
    for (const odd of ["no line\nbreaks in headers", " blanks at its ends are lost ", "ключ ключ ключ ключ ключ"]) {
      await refused(send("POST", "/apikeys", { value: odd }), 400, /invalid characters/);
    }
    await refused(send("POST", "/apikeys", { name: "n".repeat(1025) }), 400, /^Invalid API Key name/);
    assert.equal(await documentsOf(keyKinds.apiKey), 2);
  });

  it("is its own id without a distinct one, as of old", async () => {
    const id = "a1B2c3D4e5F6g7H8i9J0k";
    assert.equal((await aKey({ value: id, generateDistinctId: false })).id, id);
    await refused(send("POST", "/apikeys", { value: id, generateDistinctId: false }), 409, "API Key already exists");
    await refused(send("POST", "/apikeys", { value, generateDistinctId: false }), 400, /alphanumeric/);
    const generated = await aKey({ generateDistinctId: false });
    assert.equal(generated.id, generated.value);
  });

  it("may name stages, as of old, for as long as they are there", async () => {
    const { id } = await anApi("dev", "prod");
    const stageKeys = [{ restApiId: id, stageName: "dev" }];
    const key = await aKey({ stageKeys });
    assert.deepEqual(key.stageKeys, [`${id}/dev`]);
    const added = await change(`/apikeys/${key.id}`, { op: "add", path: "/stages", value: `${id}/prod` });
    assert.deepEqual(added.stageKeys, [`${id}/dev`, `${id}/prod`]);
    await refused(patch(`/apikeys/${key.id}`, { op: "add", path: "/stages", value: "a/b" }), 404, /stage/);
    await refused(send("POST", "/apikeys", { stageKeys: [{ restApiId: id, stageName: "gone" }] }), 404, /gone/);
    await ok("DELETE", `/restapis/${id}/stages/dev`);
    assert.deepEqual((await ok("GET", `/apikeys/${key.id}`)).stageKeys, [`${id}/prod`]);
    await ok("DELETE", `/restapis/${id}`);
    assert.deepEqual((await ok("GET", `/apikeys/${key.id}`)).stageKeys, []);
    assert.equal(await documentsOf(keyKinds.keyOfStage), 0);
    const again = await anApi("dev");
    const other = await aKey({ stageKeys: [{ restApiId: again.id, stageName: "dev" }] });
    await change(`/apikeys/${other.id}`, { op: "remove", path: "/stages", value: `${again.id}/dev` });
    assert.equal(await documentsOf(keyKinds.keyOfStage), 0);
    await change(`/apikeys/${other.id}`, { op: "add", path: "/stages", value: `${again.id}/dev` });
    await ok("DELETE", `/apikeys/${other.id}`);
    assert.equal(await documentsOf(keyKinds.keyOfStage), 0);
  });

  it("is found by the beginning of its name and by its customer, in pages", async () => {
    for (const name of ["a1", "a2", "a3", "b1"]) await aKey({ name, customerId: name.slice(1) });
    const names = (page: Answer) => page.item.map((key: Answer) => key.name).toSorted();
    assert.deepEqual(names(await ok("GET", "/apikeys?name=a")), ["a1", "a2", "a3"]);
    assert.deepEqual(names(await ok("GET", "/apikeys?customerId=1")), ["a1", "b1"]);
    const quoted = 'q"ü\\n%_';
    await aKey({ name: `${quoted} rest`, customerId: quoted });
    // Another member's text is not the name.
    await aKey({ name: "c", description: `"name":"${quoted}` });
    for (const filter of ["name", "customerId"]) {
      const found = await ok("GET", `/apikeys?${filter}=${encodeURIComponent(quoted)}`);
      assert.deepEqual(names(found), [`${quoted} rest`]);
    }
    assert.deepEqual(names(await ok("GET", "/apikeys?name=%25")), []);
    assert.deepEqual(names(await ok("GET", "/apikeys?name=a&customerId=1")), ["a1"]);
    const first = await ok("GET", "/apikeys?name=a&limit=2");
    assert.equal(first.item.length, 2);
    const second = await ok("GET", `/apikeys?name=a&limit=2&position=${encodeURIComponent(first.position)}`);
    assert.deepEqual(names({ item: [...first.item, ...second.item] }), ["a1", "a2", "a3"]);
    assert.equal(second.position, undefined);
  });

  it("is counted: no more than the account may have", async () => {
    const few = manage({ apiKeys: 2 });
    for (const _ of [1, 2]) assert.equal((await send("POST", "/apikeys", {}, few)).status, 201);
    await refused(send("POST", "/apikeys", {}, few), 429, /^Maximum number of API Keys for this account/);
    const file = `Name,Key\na,${value}`;
    const imported = send("POST", "/apikeys?mode=import&format=csv", file, few);
    await refused(imported, 429, /^Maximum number of API Keys/);
    const [first] = (await ok("GET", "/apikeys")).item;
    await ok("DELETE", `/apikeys/${first.id}`);
    assert.equal((await send("POST", "/apikeys", {}, few)).status, 201);
  });
});

describe("ImportApiKeys", () => {
  const importKeys = (file: string, failOnWarnings?: boolean) =>
    send(
      "POST",
      `/apikeys?mode=import&format=csv${failOnWarnings === undefined ? "" : `&failonwarnings=${failOnWarnings}`}`,
      file,
    );
  const other = `${value}-2`;

  it("makes keys that are enabled, and puts them into usage plans", async () => {
    const [one, two] = [await aPlan(), await aPlan()];
    const file = `Name,Key,Description,Enabled,UsagePlanIds\nfirst,${value},d,,"${one.id},${two.id}"\nsecond,${other},,FALSE,${one.id}\n`;
    const { status, body } = await importKeys(file, true);
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(body.ids.length, 2);
    assert.deepEqual(body.warnings, []);
    const [first, second] = await Promise.all(
      body.ids.map((id: string) => ok("GET", `/apikeys/${id}?includeValue=true`)),
    );
    assert.deepEqual([first.name, first.value, first.description, first.enabled], ["first", value, "d", true]);
    assert.deepEqual([second.name, second.value, second.enabled], ["second", other, false]);
    assert.equal((await ok("GET", `/usageplans?keyId=${first.id}`)).item.length, 2);
    assert.equal((await ok("GET", `/usageplans/${one.id}/keys`)).item.length, 2);
  });

  it("writes over the key that has the value, and keeps its id", async () => {
    const key = await aKey({ name: "old", value, tags: { a: "1" } });
    const { body } = await importKeys(`Name,Key\nnew,${value}\nnewest,${value}`);
    assert.deepEqual(body, { ids: [key.id], warnings: [] });
    const after = await ok("GET", `/apikeys/${key.id}`);
    assert.deepEqual([after.name, after.tags], ["newest", { a: "1" }]);
  });

  it("warns of rows that it can't take, or takes nothing at all if warnings fail", async () => {
    const plan = await aPlan();
    const rows = [
      `short,tooshort`,
      `,${value}`,
      `odd,${value},maybe`,
      `lost,${value},true,gone`,
      `good,${other},,${plan.id}`,
    ];
    const file = `Name,Key,Enabled,UsagePlanIds\n${rows.join("\n")}`;
    await refused(
      importKeys(file, true),
      400,
      /^Warnings found during import:\n\tLine 2: API Key value should be at least 30/,
    );
    assert.equal(await documentsOf(keyKinds.apiKey), 0);
    const { body } = await importKeys(file, false);
    assert.deepEqual(body.warnings, [
      "Line 2: API Key value should be at least 30 characters",
      "Line 3: Name must not be blank",
      "Line 4: Enabled must be true or false: maybe",
      "Line 5: usage plan gone: Invalid Usage Plan ID specified",
    ]);
    assert.equal(body.ids.length, 2);
  });

  it("refuses what is no such file", async () => {
    await refused(importKeys("Name,Value\na,b"), 400, "Invalid API Key file: the column Key is missing");
    assert.equal((await send("POST", "/apikeys?mode=import&format=xml", "a")).status, 400);
  });
});

describe("UsagePlan", () => {
  it("is made, listed, changed in every way that AWS's table has, and goes", async () => {
    const { id: apiId } = await anApi("dev", "prod");
    const plan = await aPlan({
      description: "d",
      apiStages: [{ apiId, stage: "dev", throttle: { "//GET": { rateLimit: 1.5, burstLimit: 2 } } }],
      throttle: { rateLimit: 10, burstLimit: 20 },
      quota: { limit: 100, period: "WEEK" },
      tags: { a: "1" },
    });
    assert.deepEqual(plan, {
      id: plan.id,
      name: "gold",
      description: "d",
      apiStages: [{ apiId, stage: "dev", throttle: { "//GET": { rateLimit: 1.5, burstLimit: 2 } } }],
      throttle: { rateLimit: 10, burstLimit: 20 },
      quota: { limit: 100, offset: 0, period: "WEEK" },
      tags: { a: "1" },
    });
    const target = `/usageplans/${plan.id}`;
    assert.deepEqual(await ok("GET", target), plan);
    assert.deepEqual(await ok("GET", "/usageplans"), { item: [plan] });
    const throttle = `/apiStages/${apiId}:prod/throttle`;
    const changed = await change(
      target,
      { op: "replace", path: "/name", value: "silver" },
      { op: "replace", path: "/description", value: "e" },
      { op: "add", path: "/productCode", value: "p" },
      { op: "replace", path: "/throttle/rateLimit", value: "5.5" },
      { op: "add", path: "/throttle/burstLimit", value: "7" },
      { op: "replace", path: "/quota/limit", value: "50" },
      { op: "replace", path: "/quota/offset", value: "3" },
      { op: "replace", path: "/quota/period", value: "MONTH" },
      { op: "remove", path: "/apiStages", value: `${apiId}:dev` },
      { op: "add", path: "/apiStages", value: `${apiId}:prod` },
      {
        op: "replace",
        path: throttle,
        value: '{"/pets/GET":{"rateLimit":1.0,"burstLimit":1},"//GET":{"rateLimit":2}}',
      },
      { op: "replace", path: `${throttle}/~1pets~1{id}/PUT/rateLimit`, value: "3" },
      // As Terraform's provider sends it.
      { op: "replace", path: `${throttle}//pets/{id}/PUT/burstLimit`, value: "4" },
      { op: "remove", path: `${throttle}/~1pets/GET` },
    );
    assert.deepEqual(changed, {
      id: plan.id,
      name: "silver",
      description: "e",
      productCode: "p",
      apiStages: [
        {
          apiId,
          stage: "prod",
          throttle: { "//GET": { rateLimit: 2 }, "/pets/{id}/PUT": { rateLimit: 3, burstLimit: 4 } },
        },
      ],
      throttle: { rateLimit: 5.5, burstLimit: 7 },
      quota: { limit: 50, offset: 3, period: "MONTH" },
      tags: { a: "1" },
    });
    const emptied = await change(
      target,
      { op: "remove", path: throttle },
      { op: "remove", path: "/throttle" },
      { op: "remove", path: "/quota" },
      { op: "remove", path: "/productCode" },
    );
    assert.deepEqual(emptied, {
      id: plan.id,
      name: "silver",
      description: "e",
      apiStages: [{ apiId, stage: "prod" }],
      tags: { a: "1" },
    });
    await refused(
      send("DELETE", target),
      400,
      `Cannot delete Usage Plan ${plan.id} because there are API Stages associated with it, including ${apiId}:prod`,
    );
    await change(target, { op: "remove", path: "/apiStages", value: `${apiId}:prod` });
    assert.equal((await send("DELETE", target)).status, 202);
    await refused(send("GET", target), 404, "Invalid Usage Plan ID specified");
  });

  it("refuses stages, throttles and quotas that can't be, in AWS's words where they are known", async () => {
    const { id: apiId } = await anApi("dev");
    const create = (over: object) => send("POST", "/usageplans", { name: "gold", ...over });
    const unfilled = "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s";
    await refused(create({ apiStages: [{ apiId, stage: "" }] }), 400, unfilled);
    await refused(create({ apiStages: [{}] }), 400, unfilled);
    const unknown = `Invalid API Stage {api: ${apiId}, stage: gone} specified for usageplan gold`;
    await refused(create({ apiStages: [{ apiId, stage: "gone" }] }), 400, unknown);
    const twice = { apiId, stage: "dev" };
    await refused(create({ apiStages: [twice, twice] }), 400, /more than once/);
    await refused(create({ name: " " }), 400, /blank/);
    await refused(create({ throttle: { rateLimit: -1 } }), 400, /rate limit/);
    await refused(create({ quota: { limit: 1 } }), 400, /period must be specified/);
    await refused(create({ quota: { period: "DAY" } }), 400, /limit must be specified/);
    const offsetDay = "Usage Plan quota offset must be zero in the DAY period";
    await refused(create({ quota: { limit: 1, offset: 1, period: "DAY" } }), 400, offsetDay);
    const throttle = { "pets/GET": { rateLimit: 1 } };
    await refused(create({ apiStages: [{ apiId, stage: "dev", throttle }] }), 400, /pets\/GET/);
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`/p${n}/GET`, { rateLimit: 1 }]));
    await refused(create({ apiStages: [{ apiId, stage: "dev", throttle: many }] }), 429, /^Maximum number of method/);
    assert.equal(await documentsOf(keyKinds.usagePlan), 0);

    const plan = await aPlan();
    const target = `/usageplans/${plan.id}`;
    await refused(patch(target, { op: "remove", path: "/apiStages" }), 400, "Invalid API Stage specified");
    const added = patch(target, { op: "add", path: "/apiStages", value: `${apiId}:gone:more` });
    await refused(added, 404, `API Stage not found: ${apiId}:gone`);
    await refused(patch(target, { op: "add", path: "/quota/limit", value: "1" }), 400, /period must be specified/);
    const list =
      "Must be one of: [/apiStages, /quota, /throttle, /productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, /apiStages/<apidId:stageName>/throttle]";
    for (const path of ["/quota/limit", "/throttle/rateLimit", "/nonsense", "/apiStages/a:b"]) {
      const message = `Invalid patch path  '${path}' specified for op 'remove'. ${list}`;
      await refused(patch(target, { op: "remove", path }), 400, message);
    }
    await change(target, { op: "add", path: "/apiStages", value: `${apiId}:dev` });
    const path = `/apiStages/${apiId}:dev/throttle`;
    for (const bad of [
      "",
      "[]",
      "{",
      '{"/a/GET":1}',
      '{"/a/GET":{"rateLimit":"1"}}',
      '{"/a/GET":{"burstLimit":1.5}}',
      '{"a":{}}',
      '{"__proto__":{"rateLimit":1}}',
    ]) {
      assert.equal((await patch(target, { op: "replace", path, value: bad })).status, 400, bad);
    }
    await refused(patch(target, { op: "add", path: `${path}/nonsense/rateLimit`, value: "1" }), 400, /nonsense/);
    await refused(
      patch(target, { op: "add", path: "/apiStages/a:b/throttle/~1/GET/rateLimit", value: "1" }),
      404,
      "API Stage not found: a:b",
    );
    assert.deepEqual((await ok("GET", target)).apiStages, [{ apiId, stage: "dev" }]);
  });

  it("lets go of stages and APIs that go", async () => {
    const [one, two] = [await anApi("dev", "prod"), await anApi("dev")];
    const stages = [
      { apiId: one.id, stage: "dev" },
      { apiId: one.id, stage: "prod" },
      { apiId: two.id, stage: "dev" },
    ];
    const plan = await aPlan({ apiStages: stages });
    await ok("DELETE", `/restapis/${one.id}/stages/dev`);
    assert.deepEqual((await ok("GET", `/usageplans/${plan.id}`)).apiStages, stages.slice(1));
    await ok("DELETE", `/restapis/${one.id}`);
    assert.deepEqual((await ok("GET", `/usageplans/${plan.id}`)).apiStages, stages.slice(2));
  });
});

describe("UsagePlanKey", () => {
  it("puts keys into plans and takes them out", async () => {
    const [plan, key] = [await aPlan(), await aKey({ name: "one", value })];
    const shown = { id: key.id, type: "API_KEY", value, name: "one" };
    assert.deepEqual(await join(plan, key), { status: 201, body: shown });
    assert.deepEqual(await ok("GET", `/usageplans/${plan.id}/keys/${key.id}`), shown);
    assert.deepEqual(await ok("GET", `/usageplans/${plan.id}/keys`), { item: [shown] });
    assert.deepEqual(await ok("GET", `/usageplans/${plan.id}/keys?name=on`), { item: [shown] });
    assert.deepEqual(await ok("GET", `/usageplans/${plan.id}/keys?name=two`), { item: [] });
    assert.deepEqual(await ok("GET", `/usageplans?keyId=${key.id}`), { item: [plan] });
    await refused(send("GET", "/usageplans?keyId=gone"), 404, "Invalid API Key identifier specified");
    await refused(join(plan, key), 409, `API Key ${key.id} is already in usage plan ${plan.id}`);
    await refused(join({ id: "gone" }, key), 404, "Invalid Usage Plan ID specified");
    await refused(join(plan, { id: "gone" }), 404, "Invalid API Key identifier specified");
    await refused(send("POST", `/usageplans/${plan.id}/keys`, { keyId: key.id, keyType: "OTHER" }), 400, /OTHER/);
    assert.equal((await send("DELETE", `/usageplans/${plan.id}/keys/${key.id}`)).status, 202);
    await refused(send("GET", `/usageplans/${plan.id}/keys/${key.id}`), 404, "Invalid API Key identifier specified");
    assert.deepEqual(await ok("GET", `/usageplans?keyId=${key.id}`), { item: [] });
  });

  it("goes with its key and with its plan", async () => {
    const [one, two, key, other] = [await aPlan(), await aPlan(), await aKey(), await aKey()];
    for (const plan of [one, two]) for (const member of [key, other]) await join(plan, member);
    await ok("DELETE", `/apikeys/${key.id}`);
    assert.equal((await ok("GET", `/usageplans/${one.id}/keys`)).item.length, 1);
    await ok("DELETE", `/usageplans/${one.id}`);
    assert.equal(await documentsOf(keyKinds.usagePlanKey), 1);
    assert.equal(await documentsOf(keyKinds.planOfKey), 1);
  });

  it("is in one plan at most for each stage, and in ten at most", async () => {
    const { id: apiId } = await anApi("dev", "prod");
    const stage = (name: string) => ({ apiStages: [{ apiId, stage: name }] });
    const [dev, also, prod, key] = [
      await aPlan(stage("dev")),
      await aPlan(stage("dev")),
      await aPlan(stage("prod")),
      await aKey(),
    ];
    await join(dev, key);
    const taken = `API Key ${key.id} is already subscribed to API Stage ${apiId}:dev through usage plan ${dev.id}`;
    await refused(join(also, key), 409, taken);
    assert.equal((await join(prod, key)).status, 201);
    await refused(
      patch(`/usageplans/${prod.id}`, { op: "add", path: "/apiStages", value: `${apiId}:dev` }),
      409,
      taken,
    );
    for (let count = 2; count < 10; count += 1) await join(await aPlan(), key);
    await refused(join(await aPlan(), key), 429, /^Maximum number of Usage Plans for this API Key/);
  });
});

describe("Usage", () => {
  const record = (planId: string, keyId: string, day: string, used: number) =>
    store.write(scope, async (tx) => {
      const id = `${day.slice(0, 7)}/${planId}/${keyId}`;
      const { days = [] } = (await tx.get<UsageMonth>(keyKinds.usageMonth, id))?.body ?? {};
      await tx.put(keyKinds.usageMonth, id, {
        days: Array.from({ length: 31 }, (_, at) => (at + 1 === Number(day.slice(8)) ? used : (days[at] ?? 0))),
      });
    });
  const usage = (planId: string, startDate: string, endDate: string, more = "") =>
    send("GET", `/usageplans/${planId}/usage?startDate=${startDate}&endDate=${endDate}${more}`);

  it("is what was recorded, and what is left of each period", async () => {
    clock.advance(Date.UTC(2026, 10, 18, 12) - clock.now());
    const plan = await aPlan({ quota: { limit: 100, offset: 5, period: "WEEK" } });
    const key = await aKey();
    await join(plan, key);
    // 2026-11-15 is a Sunday.
    const used = { "2026-11-13": 30, "2026-11-16": 10, "2026-11-18": 20, "2026-11-22": 200 };
    for (const [day, count] of Object.entries(used)) await record(plan.id, key.id, day, count);
    const { body } = await usage(plan.id, "2026-11-14", "2026-11-23");
    assert.deepEqual(body, {
      usagePlanId: plan.id,
      startDate: "2026-11-14",
      endDate: "2026-11-23",
      values: {
        [key.id]: [
          [0, 70],
          [0, 95],
          [10, 85],
          [0, 85],
          [20, 65],
          [0, 65],
          [0, 65],
          [0, 65],
          [200, 0],
          [0, 0],
        ],
      },
    });
    assert.deepEqual((await usage(plan.id, "2026-11-18", "2026-11-18", `&keyId=${key.id}`)).body.values, {
      [key.id]: [[20, 65]],
    });
  });

  it("is zero with the whole quota left where nothing was counted, and without a quota nothing ends", async () => {
    const [plan, free, key] = [await aPlan({ quota: { limit: 9, period: "DAY" } }), await aPlan(), await aKey()];
    for (const one of [plan, free]) await join(one, key);
    assert.deepEqual((await usage(plan.id, "2026-11-18", "2026-11-19")).body.values, {
      [key.id]: [
        [0, 9],
        [0, 9],
      ],
    });
    const unlimited = Number.MAX_SAFE_INTEGER;
    assert.deepEqual((await usage(free.id, "2026-11-18", "2026-11-18")).body.values, { [key.id]: [[0, unlimited]] });
    await refused(
      patch(`/usageplans/${free.id}/keys/${key.id}/usage`, { op: "replace", path: "/remaining", value: "1" }),
      400,
      /no quota/,
    );
  });

  it("is extended for the rest of its period, and not for the next", async () => {
    clock.advance(Date.UTC(2026, 10, 18, 12) - clock.now());
    const [plan, key] = [await aPlan({ quota: { limit: 100, period: "MONTH" } }), await aKey()];
    await join(plan, key);
    await record(plan.id, key.id, "2026-11-02", 90);
    const target = `/usageplans/${plan.id}/keys/${key.id}/usage`;
    const today = { usagePlanId: plan.id, startDate: "2026-11-18", endDate: "2026-11-18" };
    assert.deepEqual(await change(target), { ...today, values: { [key.id]: [[0, 10]] } });
    const extended = await change(target, { op: "replace", path: "/remaining", value: "40" });
    assert.deepEqual(extended, { ...today, values: { [key.id]: [[0, 40]] } });
    await record(plan.id, key.id, "2026-11-18", 3);
    assert.deepEqual((await change(target)).values, { [key.id]: [[3, 37]] });
    assert.deepEqual((await change(target, { op: "replace", path: "/remaining", value: "0" })).values, {
      [key.id]: [[3, 0]],
    });
    clock.advance(Date.UTC(2026, 11, 1) - clock.now());
    assert.deepEqual((await change(target)).values, { [key.id]: [[0, 100]] });
    const add = patch(target, { op: "add", path: "/remaining", value: "1" });
    await refused(
      add,
      400,
      "Invalid patch path  '/remaining' specified for op 'add'. Please choose supported operations",
    );
    for (const bad of ["-1", "many", ""]) {
      assert.equal((await patch(target, { op: "replace", path: "/remaining", value: bad })).status, 400);
    }
    await ok("DELETE", `/usageplans/${plan.id}/keys/${key.id}`);
    await refused(patch(target), 404, "Invalid API Key identifier specified");
  });

  it("is asked for by days that there are, at most ninety, in pages of keys", async () => {
    const plan = await aPlan();
    for (const _ of [1, 2, 3]) await join(plan, await aKey());
    for (const [start, end] of [
      ["2026-02-30", "2026-03-01"],
      ["yesterday", "2026-03-01"],
      ["2026-03-02", "2026-03-01"],
      ["2026-01-01", "2026-04-01"],
    ]) {
      await refused(usage(plan.id, start!, end!), 400, /^Invalid date/);
    }
    assert.equal((await send("GET", `/usageplans/${plan.id}/usage`)).status, 400);
    await refused(usage("gone", "2026-03-01", "2026-03-01"), 404, "Invalid Usage Plan ID specified");
    await refused(
      usage(plan.id, "2026-03-01", "2026-03-01", "&keyId=gone"),
      404,
      "Invalid API Key identifier specified",
    );
    const first = (await usage(plan.id, "2026-03-01", "2026-03-01", "&limit=2")).body;
    assert.equal(Object.keys(first.values).length, 2);
    const second = (await usage(plan.id, "2026-03-01", "2026-03-01", `&limit=2&position=${first.position}`)).body;
    assert.equal(Object.keys(second.values).length, 1);
  });
});

describe("ClientCertificate", () => {
  it("is a certificate of a year, whose key is kept and never shown", async () => {
    const { status, body: made } = await send("POST", "/clientcertificates", { description: "d", tags: { a: "1" } });
    assert.equal(status, 201);
    assert.deepEqual(Object.keys(made).toSorted(), [
      "clientCertificateId",
      "createdDate",
      "description",
      "expirationDate",
      "pemEncodedCertificate",
      "tags",
    ]);
    assert.equal(made.expirationDate - made.createdDate, 365 * 86_400);
    const certificate = new X509Certificate(made.pemEncodedCertificate);
    assert(certificate.verify(certificate.publicKey));
    assert.equal(certificate.validToDate.getTime() / 1000, made.expirationDate);
    const id = made.clientCertificateId;
    const [stored] = await store.all<ClientCertificateKey>(certificateKinds.clientCertificateKey);
    assert(certificate.checkPrivateKey(createPrivateKey(stored!.body.privateKey)));
    assert.deepEqual(await ok("GET", `/clientcertificates/${id}`), made);
    assert.deepEqual(await ok("GET", "/clientcertificates"), { item: [made] });
    const changed = await change(`/clientcertificates/${id}`, { op: "replace", path: "/description", value: "e" });
    assert.deepEqual(changed, { ...made, description: "e" });
    assert.equal((await send("DELETE", `/clientcertificates/${id}`)).status, 202);
    assert.equal(await documentsOf(certificateKinds.clientCertificateKey), 0);
    await refused(send("GET", `/clientcertificates/${id}`), 404, "Invalid Client Certificate identifier specified");
    const few = manage({ clientCertificates: 0 });
    await refused(send("POST", "/clientcertificates", {}, few), 429, /^Maximum number of Client Certificates/);
  });

  it("can be a stage's, and does not go while it is", async () => {
    const { id } = await anApi("dev");
    const { clientCertificateId: value } = await ok("POST", "/clientcertificates", {});
    const stage = `/restapis/${id}/stages/dev`;
    const set = { op: "replace", path: "/clientCertificateId", value };
    await refused(patch(stage, { ...set, value: "gone" }), 400, "Invalid Client Certificate identifier specified");
    assert.equal((await change(stage, set)).clientCertificateId, value);
    await refused(send("DELETE", `/clientcertificates/${value}`), 400, new RegExp(`in stage: ${id}:dev$`));
    await change(stage, { ...set, value: "" });
    await ok("DELETE", `/clientcertificates/${value}`);
  });
});

describe("VpcLink", () => {
  const arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/my-nlb/50dc6c495c0c9188";
  const aLink = () => ok("POST", "/vpclinks", { name: "link", targetArns: [arn] });

  it("is pending when it is made and ready when it is read; only its words can be changed", async () => {
    const { status, body: made } = await send("POST", "/vpclinks", {
      name: "link",
      targetArns: [arn],
      tags: { a: "1" },
    });
    assert.equal(status, 202);
    assert.deepEqual(made, { id: made.id, name: "link", targetArns: [arn], status: "PENDING", tags: { a: "1" } });
    const ready = { ...made, status: "AVAILABLE", statusMessage: "Your vpc link is ready for use" };
    assert.deepEqual(await ok("GET", `/vpclinks/${made.id}`), ready);
    assert.deepEqual(await ok("GET", "/vpclinks"), { item: [ready] });
    const changed = await change(
      `/vpclinks/${made.id}`,
      { op: "replace", path: "/name", value: "other" },
      { op: "replace", path: "/description", value: "d" },
    );
    assert.deepEqual(changed, { ...ready, name: "other", description: "d" });
    for (const [op, path] of [
      ["replace", "/targetArns"],
      ["add", "/targetArns"],
      ["remove", "/targetArns/0"],
    ]) {
      const refusal = "Target arns are not allowed to be changed/added.";
      await refused(patch(`/vpclinks/${made.id}`, { op, path, value: arn }), 400, refusal);
    }
    assert.equal((await send("DELETE", `/vpclinks/${made.id}`)).status, 202);
    await refused(send("GET", `/vpclinks/${made.id}`), 404, "Invalid Vpc Link identifier specified");
  });

  it("has one network load balancer and a name", async () => {
    const create = (over: object) => send("POST", "/vpclinks", { name: "link", targetArns: [arn], ...over });
    await refused(create({ targetArns: [arn, arn] }), 400, "More than one target arn specified for vpc link.");
    await refused(create({ targetArns: [] }), 400, "Invalid ARN. ARN is not well formed ");
    const application = arn.replace("/net/", "/app/");
    await refused(create({ targetArns: [application] }), 400, `Invalid ARN. ARN is not well formed ${application}`);
    await refused(create({ name: "" }), 400, "Name cannot be empty");
    assert.equal(await documentsOf(vpcLinkKind), 0);
  });

  it("does not go while an integration refers to it, deployed or not", async () => {
    const link = await aLink();
    const { id, root } = await anApi();
    const integration = `/restapis/${id}/resources/${root}/methods/GET/integration`;
    const http = { type: "HTTP_PROXY", httpMethod: "GET", uri: "http://example.com" };
    const through = (connectionId: string) =>
      ok("PUT", integration, { ...http, connectionType: "VPC_LINK", connectionId });
    const refusal = (stage: string) =>
      `Cannot delete vpc link. Vpc link '${link.id}', is referenced in [${id}:GET:${root}:${stage}] in format of [RESTApiId:Method:Resource:Stage].`;
    await through(link.id);
    await refused(send("DELETE", `/vpclinks/${link.id}`), 400, refusal("null"));
    await through("${stageVariables.link}");
    await ok("POST", `/restapis/${id}/deployments`, { stageName: "dev", variables: { link: link.id } });
    await ok("PUT", integration, { type: "MOCK" });
    await refused(send("DELETE", `/vpclinks/${link.id}`), 400, refusal("dev"));
    await ok("POST", `/restapis/${id}/deployments`, { stageName: "dev" });
    await ok("DELETE", `/vpclinks/${link.id}`);
  });
});

describe("a stage's caches", () => {
  it("are flushed where there is one", async () => {
    const { id } = await anApi("dev");
    const stage = `/restapis/${id}/stages/dev`;
    assert.deepEqual(await send("DELETE", `${stage}/cache/authorizers`), { status: 202, body: undefined });
    await refused(send("DELETE", `${stage}/cache/data`), 400, "Cache cluster is not enabled for stage dev");
    await change(stage, { op: "replace", path: "/cacheClusterEnabled", value: "true" });
    assert.deepEqual(await send("DELETE", `${stage}/cache/data`), { status: 202, body: undefined });
    for (const cache of ["data", "authorizers"]) {
      await refused(
        send("DELETE", `/restapis/${id}/stages/gone/cache/${cache}`),
        404,
        "Invalid stage identifier specified",
      );
    }
  });
});

describe("tags of what belongs to the account", () => {
  it("are put on and taken off by their ARNs", async () => {
    const { clientCertificateId } = await ok("POST", "/clientcertificates", {});
    const arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/my-nlb/50dc6c495c0c9188";
    const link = await ok("POST", "/vpclinks", { name: "link", targetArns: [arn] });
    const paths = [
      `/apikeys/${(await aKey()).id}`,
      `/usageplans/${(await aPlan()).id}`,
      `/clientcertificates/${clientCertificateId}`,
      `/vpclinks/${link.id}`,
    ];
    for (const path of paths) {
      const target = `/tags/${encodeURIComponent(`arn:aws:apigateway:eu-west-1::${path}`)}`;
      assert.equal((await send("PUT", target, { tags: { a: "1", b: "2" } })).status, 204);
      assert.equal((await send("DELETE", `${target}?tagKeys=a`)).status, 204);
      assert.deepEqual(await ok("GET", target), { tags: { b: "2" } });
      assert.deepEqual((await ok("GET", path)).tags, { b: "2" });
      await refused(send("GET", `${target}x`), 404, /^Invalid .* (identifier|ID) specified$/);
    }
  });
});
