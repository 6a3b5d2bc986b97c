// Guarded canaries as their user sees them, on a started server: traffic decides whether they are promoted or rolled back.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { type Portico, startPortico } from "../portico.ts";
import { call, MockApi, send } from "../server/mock-api.ts";
import { type Ran, run } from "../tool.ts";
import { until } from "../until.ts";

const bin = join(import.meta.dirname, "../../bin/portico.js");

const tool = (portico: Portico, ...args: string[]): Promise<Ran> =>
  run(process.execPath, [bin, ...args, "--endpoint", portico.url], { env: { NO_COLOR: "1" } });

interface Status {
  readonly deploymentId: string;
  readonly canarySettings?: { readonly percentTraffic: number };
  readonly sides?: Readonly<Record<"stable" | "canary", { readonly requests: number; readonly errors: number }>>;
  readonly guard: {
    readonly canaryId: string;
    readonly state: string;
    readonly step: number;
    readonly waitsFor?: string;
    readonly report: readonly {
      readonly outcome: string;
      readonly percent: number;
      readonly reasons: readonly string[];
    }[];
  };
}

const statusOf = async (portico: Portico): Promise<Status> =>
  JSON.parse((await tool(portico, "canary", "status", "shop", "--json")).stdout);

const advance = (portico: Portico, advanceMs: number) => call(portico.url, "POST", "/_portico/clock", { advanceMs });

async function traffic(portico: Portico, api: MockApi, requests: number): Promise<void> {
  let left = requests;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await send(portico.url + api.path);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

/** Makes the deployed answer a failure of the integration. */
const breakApi = (api: MockApi) => api.answer("#set($context.responseOverride.status = 503)broken");

const guarded = (portico: Portico, ...more: string[]) =>
  tool(portico, "canary", "start", "shop", "--guard", "--step-requests", "30", ...more);

test("a good canary is raised step by step and promoted, with a report", async () => {
  const portico = await startPortico();
  try {
    const api = await MockApi.create(portico.url, "shop");
    await api.deploy("old");
    await api.answer("new");
    const started = await guarded(portico, "--steps", "30,60", "--step-seconds", "600", "--latency-tolerance", "none");
    assert.match(started.stdout, /The server guards it\./, started.stderr);
    assert.match(started.stdout, /Guard: running, step 1 of 2 \(30, 60 %\)/);
    await traffic(portico, api, 300);
    const { sides, canarySettings } = await statusOf(portico);
    assert.equal(canarySettings?.percentTraffic, 30);
    assert.equal(sides!.stable.requests + sides!.canary.requests, 300);
    assert.match((await statusOf(portico)).guard.waitsFor!, /^The step lasts \d+ more seconds/);
    await advance(portico, 600_000);
    await until(async () => (await statusOf(portico)).canarySettings?.percentTraffic === 60, {
      what: "the second step",
    });
    await advance(portico, 600_000);
    await until(async () => /requests\.$/.test((await statusOf(portico)).guard.waitsFor ?? ""), {
      what: "the wait for requests of the second step",
    });
    await traffic(portico, api, 300);
    await until(async () => (await statusOf(portico)).guard.state === "promoted", { what: "the promotion" });
    const { guard, canarySettings: none } = await statusOf(portico);
    assert.equal(none, undefined);
    assert.deepEqual(
      guard.report.map(({ outcome, percent }) => [outcome, percent]),
      [
        ["started", 30],
        ["raised", 60],
        ["promoted", 60],
      ],
    );
    assert.match(
      guard.report[2]!.reasons[0]!,
      /^5XX: 0 of \d+ \(0\.00 %\) on the canary.*at most \d+\.\d\d points more/,
    );
    assert.equal(await api.get(), "new");
    assert.match((await tool(portico, "canary", "status", "shop")).stdout, /Guard: promoted/);
    await api.answer("newer");
    const next = await tool(portico, "canary", "start", "shop");
    assert.match(next.stdout, new RegExp(`Guard of the earlier canary ${guard.canaryId}: promoted`), next.stderr);
  } finally {
    await portico.stop();
  }
});

test("a bad canary is rolled back after a few requests, by the counts of before a restart, too", async () => {
  const data = mkdtempSync(join(tmpdir(), "portico-guard-"));
  let portico = await startPortico({ args: ["--data", data] });
  try {
    let api = await MockApi.create(portico.url, "shop");
    await api.deploy("old");
    await breakApi(api);
    // Sure only after more failures than there are before the restart.
    const started = await guarded(portico, "--steps", "50", "--confidence", "99.9999", "--latency-tolerance", "none");
    assert.match(started.stdout, /The server guards it\./, started.stderr);
    await traffic(portico, api, 12);
    const before = (await statusOf(portico)).sides!;
    assert.equal(await portico.stop(), 0);
    portico = await startPortico({ args: ["--data", data] });
    api = api.at(portico.url);
    assert.equal((await statusOf(portico)).guard.state, "running");
    await traffic(portico, api, 60);
    await until(async () => (await statusOf(portico)).guard.state === "rolled back", { what: "the rollback" });
    const { guard, canarySettings } = await statusOf(portico);
    assert.equal(canarySettings, undefined);
    const [reason = ""] = guard.report.at(-1)!.reasons;
    const [, errors, requests] = /^5XX: (\d+) of (\d+) \(100\.00 %\) on the canary/.exec(reason)!;
    assert.equal(errors, requests);
    assert.ok(Number(requests) >= before.canary.requests, reason);
    assert.equal(await api.get(), "old");
  } finally {
    await portico.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

test("a metric of the user's that is worse on the canary rolls it back", async () => {
  const portico = await startPortico();
  const credentials = { accessKeyId: "portico", secretAccessKey: "portico" };
  const client = new CloudWatchClient({ endpoint: portico.url, region: "us-east-1", credentials });
  try {
    const api = await MockApi.create(portico.url, "shop");
    await api.deploy("old");
    await api.answer("new");
    const metric = "Namespace=Shop,MetricName=FailedOrders,Side=Colour,Stable=blue,Canary=green,Shop=north";
    const started = await guarded(portico, "--steps", "50", "--step-seconds", "1", "--metric", metric);
    assert.match(started.stdout, /The server guards it\./, started.stderr);
    await traffic(portico, api, 200);
    await until(async () => /FailedOrders has 0 of 6 minutes/.test((await statusOf(portico)).guard.waitsFor ?? ""), {
      what: "the wait for the metric",
    });
    for (let minute = 0; minute < 12; minute++) {
      const { now } = await advance(portico, 60_000);
      const values = { blue: 1 + (minute % 3), green: 20 + (minute % 4) };
      const MetricData = Object.entries(values).map(([colour, Value]) => ({
        ...{ MetricName: "FailedOrders", Value, Timestamp: new Date(Number(now)) },
        Dimensions: [
          { Name: "Colour", Value: colour },
          { Name: "Shop", Value: "north" },
        ],
      }));
      await client.send(new PutMetricDataCommand({ Namespace: "Shop", MetricData }));
    }
    await advance(portico, 60_000);
    await until(async () => (await statusOf(portico)).guard.state !== "running", { what: "the rollback" });
    const { state, report } = (await statusOf(portico)).guard;
    assert.equal(state, "rolled back");
    assert.match(
      report.at(-1)!.reasons[0]!,
      /^FailedOrders, Average a minute: a median of 2\d(\.5)? on the canary, 2 on the stable side/,
    );
    assert.equal(await api.get(), "old");
  } finally {
    client.destroy();
    await portico.stop();
  }
});

test("whoever changes the canary takes it over; what makes no sense is refused", async () => {
  const portico = await startPortico();
  try {
    const api = await MockApi.create(portico.url, "shop");
    await api.deploy("old");
    await api.answer("new");
    const wrong: readonly (readonly [string[], RegExp])[] = [
      [["--steps", "50,10"], /rising percentages/],
      [["--steps", "x"], /is no number/],
      [["--steps", "200"], /rising percentages/],
      [["--percent", "5"], /exclude each other/],
      [["--confidence", "100"], /confidencePercent is 80 to/],
      [["--metric", "Namespace"], /NAME=VALUE/],
      [["--metric", "Namespace=Shop"], /names no/],
    ];
    for (const [args, message] of wrong)
      assert.match((await guarded(portico, ...args)).stderr, message, args.join(" "));
    assert.match((await tool(portico, "canary", "start", "shop", "--steps", "5")).stderr, /--guard is not there/);
    const { canarySettings: none, deploymentId } = await statusOf(portico);
    assert.equal(none, undefined, "what was refused has left no canary without a guard");
    const ungainly = await guarded(portico, "--steps", "10", "--deployment", deploymentId);
    assert.match(ungainly.stderr, /10 % of the requests, and nobody guards it\.\n.*the stage's own deployment/);
    assert.match((await tool(portico, "canary", "unguard", "shop")).stderr, /No guard was ended\.\n.*no guard watches/);
    await guarded(portico, "--steps", "10,50");
    await tool(portico, "canary", "start", "shop", "--percent", "40", "--deployment", await canaryOf(portico, api));
    await until(async () => (await statusOf(portico)).guard.state === "ended", { what: "the end" });
    const { guard, canarySettings } = await statusOf(portico);
    assert.match(guard.report.at(-1)!.reasons[0]!, /40 % of the requests instead of 10 %/);
    assert.equal(canarySettings?.percentTraffic, 40, "nobody undoes it");
    await guarded(portico, "--steps", "10,50");
    assert.match((await tool(portico, "canary", "unguard", "shop")).stdout, /The guard ended/);
    assert.equal((await statusOf(portico)).canarySettings?.percentTraffic, 10);
  } finally {
    await portico.stop();
  }
});

async function canaryOf(portico: Portico, api: MockApi): Promise<string> {
  const { canarySettings } = await call(portico.url, "GET", `/restapis/${api.id}/stages/prod`);
  return (canarySettings as { readonly deploymentId: string }).deploymentId;
}
