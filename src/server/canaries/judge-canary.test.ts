import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRandom, seedOr } from "../../../test/random.ts";
import { allocateCanaryCounts, CanaryCounts, type CanaryTally } from "../../telemetry/canary-counts.ts";
import { type CanaryGuard, type GuardSettings, guardDefaults, readGuardSettings } from "./canary-guard.ts";
import { type Judgement, judgeCanary, type MetricMinutes } from "./judge-canary.ts";

const settings: GuardSettings = { ...guardDefaults, errorTolerance: 0, stepSeconds: 60 };

/** How a side answers: its share of 5XX, and its median time. */
interface SideTraits {
  readonly errors: number;
  readonly ms: number;
}

/** Runs a step request by request, judging after every 20, as long as it takes to be decided. */
function runStep(
  sides: { readonly stable: SideTraits; readonly canary: SideTraits },
  {
    requests,
    share,
    random,
    given = settings,
  }: { requests: number; share: number; random: () => number; given?: GuardSettings },
): Judgement & { readonly counts: CanaryTally } {
  const counts = new CanaryCounts(allocateCanaryCounts());
  let looks: CanaryGuard["looks"] = {};
  for (let request = 1; ; request++) {
    const isCanary = random() < share;
    const side = isCanary ? sides.canary : sides.stable;
    counts.add(
      isCanary,
      random() < side.errors ? 502 : 200,
      side.ms * Math.exp(1.2 * (random() + random() + random() - 1.5)),
    );
    if (request % 20 !== 0 && request !== requests) continue;
    const tally = counts.read();
    const stepMs = request === requests ? 60_000 : 0;
    const judged = judgeCanary({ settings: given, counts: tally, looks, stepMs });
    looks = judged.looks;
    if (judged.verdict === "roll back" || request === requests) return { ...judged, counts: tally };
  }
}

test("a canary like the stable side is rolled back as seldom as the confidence says, however often it is judged", () => {
  const random = makeRandom(seedOr(4));
  const same = { errors: 0.05, ms: 80 };
  let rolledBack = 0;
  for (let run = 0; run < 300; run++) {
    const { verdict, reasons } = runStep({ stable: same, canary: same }, { requests: 3_000, share: 0.2, random });
    if (verdict === "roll back") rolledBack++;
    else assert.deepEqual([verdict, reasons.length], ["go on", 2], reasons.join());
  }
  // 1 percent are allowed; 10 of 300 would be nine times the deviation of that.
  assert.ok(rolledBack < 10, `${rolledBack} of 300`);
});

test("more 5XX, or a slower tenth, roll a canary back soon, and the reason says by how much", () => {
  const random = makeRandom(seedOr(5));
  const stable = { errors: 0.01, ms: 80 };
  const broken = runStep({ stable, canary: { errors: 0.9, ms: 80 } }, { requests: 3_000, share: 0.1, random });
  assert.equal(broken.verdict, "roll back");
  assert.ok(broken.counts.canary.requests < 20, "after a few requests");
  assert.match(broken.reasons[0]!, /^5XX: \d+ of \d+ \(\d+\.\d\d %\) on the canary, .*\(Fisher's exact test\)/);
  const worse = runStep({ stable, canary: { errors: 0.06, ms: 80 } }, { requests: 20_000, share: 0.1, random });
  assert.equal(worse.verdict, "roll back");
  const slower = runStep({ stable, canary: { errors: 0.01, ms: 160 } }, { requests: 20_000, share: 0.1, random });
  assert.equal(slower.verdict, "roll back");
  assert.match(slower.reasons[0]!, /^Latency: p90 of \d+ ms on the canary, \d+ ms on the stable side; /);
  const better = runStep(
    { stable: { errors: 0.06, ms: 160 }, canary: stable },
    { requests: 3_000, share: 0.5, random },
  );
  assert.equal(better.verdict, "go on");
});

test("what is borne is borne, however sure it is", () => {
  const random = makeRandom(seedOr(6));
  const given = { ...settings, errorTolerance: 5, latencyTolerance: 400 };
  const sides = { stable: { errors: 0.01, ms: 80 }, canary: { errors: 0.03, ms: 160 } };
  assert.equal(runStep(sides, { requests: 30_000, share: 0.5, random, given }).verdict, "go on");
});

test("a step waits for its time, and for requests on both sides", () => {
  const of = (stable: number, canary: number): CanaryTally => {
    const counts = new CanaryCounts(allocateCanaryCounts());
    for (let request = 0; request < stable; request++) counts.add(false, 200, 5);
    for (let request = 0; request < canary; request++) counts.add(true, 200, 5);
    return counts.read();
  };
  const judge = (counts: CanaryTally, stepMs: number, minutes?: MetricMinutes, given = settings) =>
    judgeCanary({ settings: given, counts, stepMs, minutes, looks: {} });
  assert.deepEqual(judge(of(500, 500), 10_000).reasons, ["The step lasts 50 more seconds."]);
  assert.deepEqual(judge(of(500, 7), 60_000).reasons, ["The canary has had 7 of 200 requests."]);
  assert.deepEqual(judge(of(7, 500), 60_000).reasons, ["The stable side has had 7 of 200 requests."]);
  assert.equal(judge(of(0, 0), 1e9).verdict, "wait");
  assert.equal(judge(of(500, 500), 60_000).verdict, "go on");
  const metric = {
    ...{ namespace: "Shop", metricName: "Failures", statistic: "Average", dimensions: {}, worse: "higher" as const },
    side: { name: "Side", stable: "blue", canary: "green" },
  };
  const watching = { ...settings, metric };
  assert.equal(judge(of(500, 500), 60_000, undefined, watching).verdict, "wait", "no value is no good value");
  const low = [1, 2, 1, 3, 2, 1, 2, 1, 2, 2];
  const high = low.map((value) => value + 20);
  const rolled = judge(of(500, 500), 60_000, { stable: low, canary: high }, watching);
  assert.equal(rolled.verdict, "roll back");
  assert.match(rolled.reasons[0]!, /^Failures, Average a minute: a median of 22 on the canary, 2 on the stable side/);
  assert.equal(judge(of(500, 500), 60_000, { stable: high, canary: low }, watching).verdict, "go on");
  const lower = { ...watching, metric: { ...metric, worse: "lower" as const } };
  assert.equal(judge(of(500, 500), 60_000, { stable: high, canary: low }, lower).verdict, "roll back");
});

test("settings that make no sense are refused", () => {
  assert.deepEqual(readGuardSettings({}), guardDefaults);
  const wrong: readonly unknown[] = [
    ...[undefined, null, [], "yes", { step: [1] }],
    ...[[], [0], [100], [5, 5], [25, 5], ["5"], [Number.NaN], Array.from({ length: 200 }, (_, at) => at / 2 + 0.1)].map(
      (steps) => ({ steps }),
    ),
    ...[
      { stepSeconds: 0 },
      { stepSeconds: "60" },
      { stepRequests: 1 },
      { stepRequests: 50.5 },
      { confidencePercent: 100 },
    ],
    ...[{ errorTolerance: -1 }, { latencyTolerance: "25" }, { errorTolerance: null, latencyTolerance: null }],
    ...[{ metric: {} }, { metric: null }, { metric: { namespace: "a", metricName: "b", statistic: "Sum" } }],
  ];
  for (const given of wrong) assert.equal(typeof readGuardSettings(given), "string", JSON.stringify(given));
});
