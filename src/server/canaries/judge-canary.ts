import { type CanaryTally, quantileOf, type SideCounts, slowerThan } from "../../telemetry/canary-counts.ts";
import type { CanaryGuard, CheckName, GuardMetric, GuardSettings, Looks } from "./canary-guard.ts";
import { chanceOfRanks, chanceOfShare, greatestDifference, type Share } from "./statistics.ts";

/** The values of the user's metric, one a minute of the step. */
export interface MetricMinutes {
  readonly stable: readonly number[];
  readonly canary: readonly number[];
}

/** What a guard is told to do, with the reasons in sentences. */
export interface Judgement {
  readonly verdict: "wait" | "go on" | "roll back";
  readonly reasons: readonly string[];
  readonly looks: CanaryGuard["looks"];
}

interface Question {
  readonly settings: GuardSettings;
  /** What this step counted. Earlier steps had another share at another time of day, and would mix up the two. */
  readonly counts: CanaryTally;
  readonly minutes?: MetricMinutes | undefined;
  readonly looks: CanaryGuard["looks"];
  /** How long the step has lasted. */
  readonly stepMs: number;
}

/** What a check found. */
interface Finding {
  readonly chance: number;
  /** The difference is greater than what is borne. */
  readonly isFelt: boolean;
  /** What was seen, as a sentence without its end. */
  readonly seen: string;
  readonly test: string;
  /** What is known if there is no difference to be sure of. */
  readonly atMost?: string | undefined;
}

/** A first look makes sense with so many requests of the canary, or minutes of the metric. */
const firstLook: Readonly<Record<CheckName, number>> = { errors: 10, latency: 30, metric: 6 };
/** The next look comes when there is so much more. */
const growth = 1.25;

/**
 * Judges a canary by its side and the stable one. A check that looks again and again would find a difference sooner or
 * later, by chance alone. So the k-th look has to be surer than the one before it: it may err with the probability
 * alpha / (k · (k + 1)). These add up to alpha over however many looks, and the checks share alpha.
 */
export function judgeCanary({ settings, counts, minutes, looks, stepMs }: Question): Judgement {
  const checks = checksOf(settings, counts, minutes);
  const alpha = (1 - settings.confidencePercent / 100) / checks.length;
  const missing = missingOf(settings, counts, minutes, stepMs);
  const after: Partial<Record<CheckName, Looks>> = { ...looks };
  const fine: string[] = [];
  for (const { name, size, find } of checks) {
    const { taken, size: before } = looks[name] ?? { taken: 0, size: 0 };
    const isDue = size >= firstLook[name] && (missing === undefined || size >= before * growth);
    if (!isDue) continue;
    const look = taken + 1;
    after[name] = { taken: look, size };
    const asked = alpha / (look * (look + 1));
    const { chance, isFelt, seen, test, atMost } = find();
    if (isFelt && chance < asked) {
      const reason = `${seen}. By chance alone that has the probability ${shown(chance)} (${test}); the guard acts below ${shown(asked)}.`;
      return { verdict: "roll back", reasons: [reason], looks: after };
    }
    fine.push(
      `${seen}. That is no difference to be sure of, or one that is borne (p = ${shown(chance)}, ${test}${atMost === undefined ? "" : `; ${atMost}`}).`,
    );
  }
  if (missing !== undefined) return { verdict: "wait", reasons: [missing], looks: after };
  return { verdict: "go on", reasons: fine, looks: after };
}

interface Check {
  readonly name: CheckName;
  readonly size: number;
  readonly find: () => Finding;
}

function checksOf(settings: GuardSettings, counts: CanaryTally, minutes: MetricMinutes | undefined): readonly Check[] {
  const { errorTolerance, latencyTolerance, metric } = settings;
  const { requests } = counts.canary;
  return [
    ...(errorTolerance === null
      ? []
      : [{ name: "errors" as const, size: requests, find: () => findErrors(counts, errorTolerance) }]),
    ...(latencyTolerance === null
      ? []
      : [{ name: "latency" as const, size: requests, find: () => findLatency(counts, latencyTolerance) }]),
    ...(metric === undefined
      ? []
      : [
          {
            name: "metric" as const,
            size: Math.min(minutes?.canary.length ?? 0, minutes?.stable.length ?? 0),
            find: () => findMetric(metric, minutes ?? { stable: [], canary: [] }),
          },
        ]),
  ];
}

/** Returns what the step still waits for. */
function missingOf(
  { stepSeconds, stepRequests, metric }: GuardSettings,
  { stable, canary }: CanaryTally,
  minutes: MetricMinutes | undefined,
  stepMs: number,
): string | undefined {
  const seconds = Math.ceil(stepSeconds - stepMs / 1_000);
  if (seconds > 0) return `The step lasts ${seconds} more seconds.`;
  for (const [side, { requests }] of [
    ["canary", canary],
    ["stable side", stable],
  ] as const) {
    if (requests < stepRequests) return `The ${side} has had ${requests} of ${stepRequests} requests.`;
  }
  const few = Math.min(minutes?.stable.length ?? 0, minutes?.canary.length ?? 0);
  if (metric !== undefined && few < firstLook.metric)
    return `${metric.metricName} has ${few} of ${firstLook.metric} minutes with values on both sides.`;
  return undefined;
}

function findErrors({ stable, canary }: CanaryTally, tolerance: number): Finding {
  const [mine, others] = [errorShare(canary), errorShare(stable)];
  return {
    chance: chanceOfShare(mine, others),
    isFelt: percentOf(mine) - percentOf(others) > tolerance,
    seen: `5XX: ${described(mine)} on the canary, ${described(others)} on the stable side`,
    test: "Fisher's exact test",
    atMost: atMostOf(mine, others),
  };
}

const errorShare = ({ errors, requests }: SideCounts): Share => ({ count: errors, of: requests });

const atMostOf = (mine: Share, others: Share): string | undefined =>
  mine.of === 0 || others.of === 0
    ? undefined
    : `at most ${(greatestDifference(mine, others) * 100).toFixed(2)} points more, with 95 % confidence`;

/** The slowest tenth of the stable side, and as much slower as is borne, is a line. More of the canary's requests may not pass it. */
function findLatency({ stable, canary }: CanaryTally, tolerance: number): Finding {
  const [mine, others] = [quantileOf(canary, 0.9), quantileOf(stable, 0.9)];
  if (mine === undefined || others === undefined) {
    return { chance: 1, isFelt: false, seen: "Latency: one side has no requests", test: "Fisher's exact test" };
  }
  const line = others * (1 + tolerance / 100);
  const passed = (side: SideCounts): Share => ({ count: slowerThan(side, line), of: side.requests });
  return {
    chance: chanceOfShare(passed(canary), passed(stable)),
    isFelt: mine > line,
    seen:
      `Latency: p90 of ${ms(mine)} on the canary, ${ms(others)} on the stable side; ` +
      `${described(passed(canary))} and ${described(passed(stable))} took longer than ${ms(line)}`,
    test: "Fisher's exact test",
  };
}

function findMetric({ metricName, statistic, worse }: GuardMetric, { stable, canary }: MetricMinutes): Finding {
  const sign = worse === "higher" ? 1 : -1;
  const signed = (values: readonly number[]): readonly number[] => values.map((value) => sign * value);
  return {
    chance: chanceOfRanks(signed(canary), signed(stable)),
    isFelt: true,
    seen:
      `${metricName}, ${statistic} a minute: a median of ${number(median(canary))} on the canary, ` +
      `${number(median(stable))} on the stable side, in ${canary.length} and ${stable.length} minutes`,
    test: "rank-sum test of Mann and Whitney",
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const percentOf = ({ count, of }: Share): number => (of === 0 ? 0 : (100 * count) / of);
const described = (share: Share): string => `${share.count} of ${share.of} (${percentOf(share).toFixed(2)} %)`;
const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
const number = (value: number): string => String(Number(value.toPrecision(4)));
const shown = (chance: number): string => (chance >= 0.001 ? chance.toFixed(4) : chance.toExponential(1));
