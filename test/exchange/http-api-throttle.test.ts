// Throttles of an HTTP API's stage, its routes, and the account, which REST APIs share.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import type { RouteSettings } from "../../src/definition/http-api.ts";
import { aMethod, aMock, aRestApi } from "./a-rest-api.ts";
import { anHttpApi, anHttpStage, answeringKeys, aUrl, host } from "./an-http-api.ts";
import { type GatewayUnderTest, type Reply, startGateway } from "./start-gateway.ts";

const account = { ratePerSecond: 20, burst: 9 };
const backend = { integration: aUrl("https://backend.example/") };
const clock = new ManualClock(1_700_000_000_000);
let gateway: GatewayUnderTest;

before(async () => {
  gateway = await startGateway({ clock, accountThrottle: account });
});
after(() => gateway[Symbol.asyncDispose]());

type Settings = Readonly<Record<string, RouteSettings>>;

/** Serves the routes with buckets that are full again. */
function serve(others: RouteSettings, settings: Settings = {}): void {
  clock.advance(3_600_000);
  const stage = anHttpStage({ DefaultRouteSettings: others, RouteSettings: settings });
  const routes = { "GET /pets": backend, "ANY /pets": backend, $default: backend };
  const { plan } = gateway.deployHttp(anHttpApi(routes, { integrations: [] }), stage);
  gateway.gateway.setPlan("http123/$default", answeringKeys(plan));
}

const call = (path: string, method = "GET"): Promise<Reply> => gateway.call(path, { host, isWhole: true, method });

/** Calls twelve times, and returns how many requests were served; all others have to be throttled. */
async function served(path: string, method = "GET"): Promise<number> {
  let count = 0;
  for (let request = 0; request < 12; request++) {
    const { status, text } = await call(path, method);
    if (status === 200) count++;
    else assert.deepEqual([status, text], [429, '{"message":"Too Many Requests"}']);
  }
  return count;
}

const limit = (rate?: number, burst?: number): RouteSettings => ({
  ...(rate !== undefined && { ThrottlingRateLimit: rate }),
  ...(burst !== undefined && { ThrottlingBurstLimit: burst }),
});

const rows: Readonly<Record<string, readonly [others: RouteSettings, settings: Settings, served: number]>> = {
  "no settings: the account's": [{}, {}, 9],
  "the stage's default": [limit(5, 3), {}, 3],
  "a route's own": [limit(5, 3), { "GET /pets": limit(5, 2) }, 2],
  "a route's own above the default": [limit(5, 3), { "GET /pets": limit(5, 4) }, 4],
  "an entry without a burst: the account's, not the default's": [limit(5, 3), { "GET /pets": limit(5) }, 9],
  "an entry without a rate": [limit(0, 0), { "GET /pets": limit(undefined, 4) }, 4],
  "an empty entry": [limit(5, 3), { "GET /pets": {} }, 9],
  "an entry about metrics": [limit(5, 3), { "GET /pets": { DetailedMetricsEnabled: true } }, 9],
  "the account's caps a route": [limit(1_000, 1_000), {}, 9],
  "a rate of zero": [limit(0, 3), {}, 0],
  "a burst of zero": [limit(5, 0), {}, 0],
  "a route's zero": [{}, { "GET /pets": limit(0, 0) }, 0],
  "less than zero": [limit(-1, 5), {}, 0],
  "another route's": [{}, { "ANY /pets": limit(0, 0), $default: limit(0, 0) }, 9],
};

for (const [name, [others, settings, expected]] of Object.entries(rows)) {
  test(`throttled: ${name}`, async () => {
    serve(others, settings);
    assert.equal(await served("/pets"), expected);
  });
}

test("each route has a bucket of its own, with its key, ANY and $default too", async () => {
  serve({}, { "GET /pets": limit(1, 1), "ANY /pets": limit(1, 2), $default: limit(1, 3) });
  assert.deepEqual([await served("/pets"), await served("/pets", "PUT"), await served("/other")], [1, 2, 3]);
  const { headers } = await call("/other");
  assert.equal(
    headers["x-portico-hint"],
    "The stage's route settings give $default 1 requests a second, and 3 at once",
  );
  clock.advance(1_000);
  assert.equal((await call("/other")).status, 200);
});

test("REST and HTTP APIs share the account's throttle", async () => {
  serve({});
  gateway.deploy(aRestApi({ "/pets": { GET: aMethod(aMock()) } }));
  for (let request = 0; request < 5; request++) assert.equal((await gateway.call("/pets")).status, 200);
  assert.equal(await served("/pets"), 4);
  assert.equal((await gateway.call("/pets")).status, 429);
});

test("a throttle that is no number closes the route", async () => {
  serve({ ThrottlingRateLimit: "5" } as unknown as RouteSettings);
  const { status, text } = await call("/pets");
  assert.deepEqual([status, text.includes('throttling limit ThrottlingRateLimit \\"5\\"')], [501, true]);
});

test("the stage says which settings hold for no route", () => {
  const settings = { "GET /gone": limit(1, 1), "GET /pets": limit(1, 1) };
  const stage = anHttpStage({ RouteSettings: settings });
  assert.deepEqual(gateway.deployHttp(anHttpApi({ "GET /pets": backend }), stage).plan.withoutEffect, [
    "RouteSettings GET /gone, which names no deployed route",
  ]);
});
