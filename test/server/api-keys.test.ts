// API keys on a running server with two gateway threads: what a management call has answered is in effect in both, and no
// call too many passes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { until } from "../until.ts";
import { call, MockApi, send } from "./mock-api.ts";

let portico: Portico;
let api: MockApi;
before(async () => {
  portico = await startPortico();
  api = await MockApi.create(portico.url);
  await api.requireKey();
  await api.deploy("hello");
});
after(() => portico.stop());

const manage = (method: string, path: string, input?: unknown): Promise<Record<string, unknown>> =>
  call(portico.url, method, path, input);
const patch = (path: string, op: string, at: string, value?: string): Promise<Record<string, unknown>> =>
  manage("PATCH", path, { patchOperations: [{ op, path: at, value }] });

interface KeyInPlan {
  readonly keyId: string;
  readonly planId: string;
  readonly value: string;
}

let made = 0;
async function aKey(plan: object = {}, url = portico.url): Promise<KeyInPlan> {
  const value = `a-key-of-twenty-characters-${made++}`;
  const { id: keyId } = await call(url, "POST", "/apikeys", { name: "k", value, enabled: true });
  const apiStages = [{ apiId: api.id, stage: "prod" }];
  const { id: planId } = await call(url, "POST", "/usageplans", { name: "p", apiStages, ...plan });
  await call(url, "POST", `/usageplans/${planId}/keys`, { keyId, keyType: "API_KEY" });
  return { keyId: String(keyId), planId: String(planId), value };
}

/** The statuses of calls over connections of their own, which the kernel deals out to both threads. */
const statuses = async (value: string, count: number, path = api.path): Promise<number[]> => {
  const answers = Array.from({ length: count }, () => send(portico.url + path, { headers: { "X-API-Key": value } }));
  return (await Promise.all(answers)).map(({ status }) => status).sort();
};
const all = (status: number, count = 16): number[] => Array.from({ length: count }, () => status);

test("each change of keys and plans is in effect in all threads when it is answered", async () => {
  const value = "a-key-that-is-made-alone";
  const { id: keyId } = await manage("POST", "/apikeys", { name: "alone", value, enabled: true });
  const [plans, keyPath] = ["/usageplans", `/apikeys/${keyId}`];
  assert.deepEqual(await statuses(value, 16), all(403));
  const { id: planId } = await manage("POST", plans, { name: "p" });
  const keys = `${plans}/${planId}/keys`;
  await manage("POST", keys, { keyId, keyType: "API_KEY" });
  assert.deepEqual(await statuses(value, 16), all(403));
  const stage = `${api.id}:prod`;
  for (let round = 0; round < 5; round++) {
    await patch(`${plans}/${planId}`, "add", "/apiStages", stage);
    assert.deepEqual(await statuses(value, 16), all(200), `${round}`);
    await patch(keyPath, "replace", "/enabled", "false");
    assert.deepEqual(await statuses(value, 16), all(403));
    await patch(keyPath, "replace", "/enabled", "true");
    assert.deepEqual(await statuses(value, 16), all(200));
    await patch(`${plans}/${planId}`, "remove", "/apiStages", stage);
    assert.deepEqual(await statuses(value, 16), all(403));
    await patch(`${plans}/${planId}`, "add", "/apiStages", stage);
    await manage("DELETE", `${keys}/${keyId}`);
    assert.deepEqual(await statuses(value, 16), all(403));
    await manage("POST", keys, { keyId, keyType: "API_KEY" });
    assert.deepEqual(await statuses(value, 16), all(200));
    await patch(`${plans}/${planId}`, "remove", "/apiStages", stage);
  }
  await patch(`${plans}/${planId}`, "add", "/apiStages", stage);
  await manage("DELETE", keyPath);
  assert.deepEqual(await statuses(value, 16), all(403));
});

test("a plan that is deleted, and a stage that is deleted and made again, leave no key that passes", async () => {
  const { planId, value } = await aKey();
  assert.deepEqual(await statuses(value, 4), all(200, 4));
  const { deploymentId } = await manage("GET", `/restapis/${api.id}/stages/prod`);
  await manage("DELETE", `/restapis/${api.id}/stages/prod`);
  assert.deepEqual(await statuses(value, 4), all(403, 4));
  await manage("POST", `/restapis/${api.id}/stages`, { stageName: "prod", deploymentId });
  // AWS removes a deleted stage from its plans.
  assert.deepEqual(await statuses(value, 4), all(403, 4));
  await patch(`/usageplans/${planId}`, "add", "/apiStages", `${api.id}:prod`);
  assert.deepEqual(await statuses(value, 4), all(200, 4));
  await patch(`/usageplans/${planId}`, "remove", "/apiStages", `${api.id}:prod`);
  await manage("DELETE", `/usageplans/${planId}`);
  assert.deepEqual(await statuses(value, 4), all(403, 4));
});

test("two threads let exactly the quota pass, and GetUsage has every call", async () => {
  const { planId, keyId, value } = await aKey({ quota: { limit: 150, period: "DAY" } });
  const found = [...(await statuses(value, 100)), ...(await statuses(value, 100))];
  assert.equal(found.filter((status) => status === 200).length, 150);
  assert.equal(found.filter((status) => status === 429).length, 50);
  const today = new Date().toISOString().slice(0, 10);
  const usage = `/usageplans/${planId}/usage?startDate=${today}&endDate=${today}`;
  assert.deepEqual((await manage("GET", usage))["values"], { [keyId]: [[150, 0]] });
  const target = `/usageplans/${planId}/keys/${keyId}/usage`;
  const extended = await patch(target, "replace", "/remaining", "10");
  assert.deepEqual(extended["values"], { [keyId]: [[150, 10]] });
  assert.deepEqual(await statuses(value, 16), [...all(200, 10), ...all(429, 6)]);
  await patch(`/usageplans/${planId}`, "replace", "/quota/limit", "200");
  assert.deepEqual(await statuses(value, 60), [...all(200, 50), ...all(429, 10)]);
  // What was used counts for another period, too.
  await patch(`/usageplans/${planId}`, "replace", "/quota/period", "MONTH");
  await patch(`/usageplans/${planId}`, "replace", "/quota/limit", "213");
  assert.deepEqual((await statuses(value, 16)).filter((status) => status === 200).length, 3);
  // A key that leaves and comes back brings what it used.
  await manage("DELETE", `/usageplans/${planId}/keys/${keyId}`);
  await manage("POST", `/usageplans/${planId}/keys`, { keyId, keyType: "API_KEY" });
  assert.deepEqual(await statuses(value, 4), all(429, 4));
  // A deleted key's usage is reported on.
  await manage("DELETE", `/apikeys/${keyId}`);
  await until(
    async () => JSON.stringify((await manage("GET", usage))["values"]) === JSON.stringify({ [keyId]: [[213, 0]] }),
  );
  assert.deepEqual((await manage("GET", `${usage}&keyId=${keyId}`))["values"], { [keyId]: [[213, 0]] });
});

test("keys of another account and region open nothing, even if their plan names the stage", async () => {
  const { value } = await aKey();
  const credential = (scope: string) => ({
    Authorization: `AWS4-HMAC-SHA256 Credential=${scope}/apigateway/aws4_request, SignedHeaders=host, Signature=a`,
  });
  for (const scope of ["123456789012/20260101/us-east-1", "000000000000/20260101/eu-west-1"]) {
    const headers = { ...credential(scope), "Content-Type": "application/json" };
    const ask = async (path: string, input: object): Promise<{ status: number; id: string }> => {
      const { status, text } = await send(portico.url + path, { method: "POST", headers, body: JSON.stringify(input) });
      return { status, id: String(JSON.parse(text).id) };
    };
    const theirs = `${value}-elsewhere`;
    const { id: keyId } = await ask("/apikeys", { name: "k", value: theirs, enabled: true });
    // The stage is another account's, so it can't be named at all.
    const refused = await ask("/usageplans", { name: "p", apiStages: [{ apiId: api.id, stage: "prod" }] });
    assert.equal(refused.status, 400);
    const { id: planId } = await ask("/usageplans", { name: "p" });
    assert.equal((await ask(`/usageplans/${planId}/keys`, { keyId, keyType: "API_KEY" })).status, 201);
    assert.deepEqual(await statuses(theirs, 4), all(403, 4));
    // The same value as a key here is another key there.
    await ask("/apikeys", { name: "same", value, enabled: false });
    assert.deepEqual(await statuses(value, 4), all(200, 4));
  }
});

test("TestInvokeMethod needs no key, and counts nothing", async () => {
  const { planId, keyId } = await aKey({ quota: { limit: 1, period: "DAY" } });
  const { items } = await manage("GET", `/restapis/${api.id}/resources`).then((answer) => ({
    items: answer["item"] as { id: string }[] | { id: string },
  }));
  const resource = Array.isArray(items) ? items[0]! : items;
  const tested = await manage("POST", `/restapis/${api.id}/resources/${resource.id}/methods/GET`, {});
  assert.equal(tested["status"], 200);
  const today = new Date().toISOString().slice(0, 10);
  const usage = await manage("GET", `/usageplans/${planId}/usage?startDate=${today}&endDate=${today}`);
  assert.deepEqual(usage["values"], { [keyId]: [[0, 1]] });
});

test("the clock that tests move begins new periods, and keeps what was counted before", async () => {
  const { planId, keyId, value } = await aKey({ quota: { limit: 3, period: "DAY" } });
  const day = 86_400_000;
  const nowIs = async (advanceMs: number): Promise<number> =>
    Number((await manage("POST", "/_portico/clock", { advanceMs }))["now"]);
  const textOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const first = await nowIs(0);
  assert.deepEqual(await statuses(value, 5), [...all(200, 3), ...all(429, 2)]);
  await nowIs(day);
  assert.deepEqual(await statuses(value, 5), [...all(200, 3), ...all(429, 2)]);
  await nowIs(3 * day);
  assert.deepEqual(await statuses(value, 2), all(200, 2));
  const asked = `startDate=${textOf(first)}&endDate=${textOf(first + 4 * day)}`;
  const { values } = await manage("GET", `/usageplans/${planId}/usage?${asked}`);
  assert.deepEqual(values, {
    [keyId]: [
      [3, 0],
      [3, 0],
      [0, 3],
      [0, 3],
      [2, 1],
    ],
  });
  // Months that nobody can ask for any more are deleted, with the next count that is saved.
  await nowIs(200 * day);
  assert.deepEqual(await statuses(value, 1), [200]);
  await until(async () => {
    const old = await manage("GET", `/usageplans/${planId}/usage?${asked}`);
    return (old["values"] as Record<string, number[][]>)[keyId]!.every(([used]) => used === 0);
  });
});
