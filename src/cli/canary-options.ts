import { UserError } from "../base/user-error.ts";
import { type GuardSettings, readGuardSettings } from "../server/canaries/canary-guard.ts";

/** Returns the stage variables of options in the form `NAME=VALUE`. */
export function readVariables(given: unknown): Readonly<Record<string, string>> {
  const texts = Array.isArray(given) ? given.map(String) : [];
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new UserError({
        what: `--variable ${text} names no value.`,
        why: "A stage variable is given as NAME=VALUE.",
        next: "For example --variable backend=blue.",
      });
    }),
  );
}

/** Returns a percentage of an option, or undefined if it is not given. The server knows decimals only, too. */
export function readPercent(given: unknown): number | undefined {
  if (given === undefined) return undefined;
  const percent = Number(given);
  if (/^\d*\.?\d+$/.test(String(given)) && percent <= 100) return percent;
  throw new UserError({
    what: `--percent ${String(given)} is no share of the traffic.`,
    why: "It is a number from 0 to 100.",
    next: "For example --percent 10, or --percent 0.5.",
  });
}

/** The options of `portico canary start` that say how the canary is guarded. */
const guardNumbers = {
  stepSeconds: "stepSeconds",
  stepRequests: "stepRequests",
  confidence: "confidencePercent",
  errorTolerance: "errorTolerance",
  latencyTolerance: "latencyTolerance",
} as const;

/**
 * Returns what the options say of a guard, as the server takes it; undefined if they want none. It is checked here, too: what
 * the server refuses once the canary takes requests leaves a canary without its guard.
 */
export function readGuard(options: Readonly<Record<string, unknown>>): GuardSettings | undefined {
  const { steps, metric } = options;
  if (options["guard"] !== true) {
    const stray = [...Object.keys(guardNumbers), "steps", "metric"].find((name) => options[name] !== undefined);
    if (stray === undefined) return undefined;
    throw wrongGuard(`${stray} says how a canary is guarded, and --guard is not there.`);
  }
  if (options["percent"] !== undefined)
    throw wrongGuard("--percent and --guard exclude each other: the first step is the share.");
  const numbers: [string, number | null][] = [];
  for (const [option, name] of Object.entries(guardNumbers)) {
    const given = options[option];
    if (given === undefined) continue;
    const isNone = given === "none" && name.endsWith("Tolerance");
    numbers.push([name, isNone ? null : readNumber(String(given), option)]);
  }
  const settings = readGuardSettings({
    steps: String(steps ?? "5,25,50")
      .split(",")
      .map((step) => readNumber(step, "steps")),
    ...Object.fromEntries(numbers),
    ...(metric !== undefined && { metric: readMetric(String(metric)) }),
  });
  if (typeof settings === "string") throw wrongGuard(`${settings}.`);
  return settings;
}

function readNumber(text: string, option: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return number;
  throw wrongGuard(`${option} ${text.slice(0, 50)} is no number.`);
}

const metricParts = ["Namespace", "MetricName", "Statistic", "Side", "Stable", "Canary", "Worse"] as const;

/** Reads a metric in the short form of AWS's CLI: `Namespace=Shop,MetricName=Failures,…`. Other names are dimensions. */
function readMetric(text: string): object {
  const parts = new Map(
    text.split(",").map((part) => {
      const at = part.indexOf("=");
      if (at < 1) throw wrongGuard(`${part.slice(0, 50)} in --metric is not of the form NAME=VALUE.`);
      return [part.slice(0, at), part.slice(at + 1)] as const;
    }),
  );
  const part = (name: (typeof metricParts)[number], otherwise?: string): string => {
    const value = parts.get(name) ?? otherwise;
    if (value === undefined) throw wrongGuard(`--metric names no ${name}.`);
    return value;
  };
  return {
    namespace: part("Namespace"),
    metricName: part("MetricName"),
    statistic: part("Statistic", "Average"),
    worse: part("Worse", "higher"),
    side: { name: part("Side"), stable: part("Stable"), canary: part("Canary") },
    dimensions: Object.fromEntries([...parts].filter(([name]) => !metricParts.some((known) => known === name))),
  };
}

const wrongGuard = (why: string): UserError =>
  new UserError({
    what: "The canary can't be guarded so.",
    why,
    next: "For example --guard --steps 5,25,50 --step-seconds 600, with --metric Namespace=Shop,MetricName=Failures,Side=Colour,Stable=blue,Canary=green.",
    isUsage: true,
  });
