import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bounds } from "../../src/base/bounds.ts";
import { type Portico, startPortico } from "../portico.ts";
import { call, MockApi, send } from "../server/mock-api.ts";

const rounds = 4;
const callers = 4;
const value = "the-key-that-is-counted-1";
const folder = mkdtempSync(join(tmpdir(), "portico-crash-usage-"));
let server: Portico;
after(async () => {
  // One that a failed test has left.
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
});
const restart = (): Promise<Portico> =>
  startPortico({ args: ["--data", join(folder, "data"), "--threads", "2", "--limit", "throttleRate=1000000"] });

const today = (): string => new Date().toISOString().slice(0, 10);

test(`after kill -9, ${rounds} times: no more calls pass than the quota and what may be forgotten`, async (t) => {
  server = await restart();
  const api = await MockApi.create(server.url);
  const method = await api.requireKey();
  assert.equal(method["apiKeyRequired"], true);
  await api.deploy("hello");
  const key = await call(server.url, "POST", "/apikeys", { name: "k", value, enabled: true });
  const quota = { limit: 6_000, period: "MONTH" };
  const apiStages = [{ apiId: api.id, stage: "prod" }];
  const plan = await call(server.url, "POST", "/usageplans", { name: "p", apiStages, quota });
  await call(server.url, "POST", `/usageplans/${plan["id"]}/keys`, { keyId: key["id"], keyType: "API_KEY" });

  const used = async (): Promise<number> => {
    const asked = `/usageplans/${plan["id"]}/usage?startDate=${today()}&endDate=${today()}`;
    const { values } = await call(server.url, "GET", asked);
    return (values as Record<string, number[][]>)[String(key["id"])]![0]![0]!;
  };
  let passed = 0;
  /** Calls until the quota is used up, the server is gone, or so many have passed. */
  const callUntil = async (most: number): Promise<boolean> => {
    for (;;) {
      if (passed >= most) return false;
      const answer = await send(`${server.url}/_aws/execute-api/${api.id}/prod/`, {
        headers: { "X-API-Key": value },
      }).catch(() => undefined);
      if (answer === undefined) return false;
      if (answer.status === 429) return true;
      assert.equal(answer.status, 200);
      passed++;
    }
  };
  const load = (most: number): Promise<boolean[]> =>
    Promise.all(Array.from({ length: callers }, () => callUntil(most)));

  const forgotten: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = passed;
    await load(before + 1_000);
    await server.kill();
    server = await restart();
    // At most those are unsaved that came after the last save; and those whose answer nobody saw are counted, too.
    forgotten.push(passed - (await used()) - forgotten.reduce((total, one) => total + one, 0));
    assert.ok(forgotten[round]! <= bounds.usageUnsavedMax.value, `${forgotten}`);
  }
  t.diagnostic(`forgotten: ${forgotten.join(", ")}`);
  assert.deepEqual(
    await load(Number.POSITIVE_INFINITY),
    Array.from({ length: callers }, () => true),
  );
  const most = quota.limit + rounds * bounds.usageUnsavedMax.value;
  assert.ok(passed <= most && passed >= quota.limit - rounds * callers, `${passed} calls passed`);
  assert.equal(await used(), quota.limit);
  // A stop forgets nothing.
  assert.equal(await server.stop(), 0);
  server = await restart();
  assert.equal(await used(), quota.limit);
  assert.deepEqual(
    await load(Number.POSITIVE_INFINITY),
    Array.from({ length: callers }, () => true),
  );
  await server.stop();
});
