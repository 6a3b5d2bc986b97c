import { isObject } from "../../base/json-object.ts";
import { type CanaryTally, quantileOf, type SideCounts } from "../../telemetry/canary-counts.ts";
import type { HistoryQuestion } from "../deployment-history.ts";
import { type CanaryGuard, readGuardSettings } from "./canary-guard.ts";
import type { CanaryGuards, GuardedStage } from "./canary-guards.ts";
import type { CountsOfStages } from "./counts-of-stages.ts";

/** A stage, and what is wanted of its canary's guard: new settings, null to end it, or nothing but to see it. */
export interface CanaryQuestion extends HistoryQuestion {
  readonly stageName: string;
  readonly guard?: unknown;
}

/** What the requests of one side have counted, as people read it. */
interface SideFacts {
  readonly requests: number;
  readonly errors: number;
  readonly p50Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
}

export interface CanaryFacts {
  readonly guard?: Omit<CanaryGuard, "counts" | "looks"> & { readonly waitsFor?: string };
  /** Since both sides have their deployments, or the server runs. Absent of a stage without a canary. */
  readonly sides?: { readonly stable: SideFacts; readonly canary: SideFacts };
}

/** Answers `/_portico/canary`: how a stage's canary does, and who guards it. Returns why that is not possible otherwise. */
export async function answerCanary(
  { account, region, apiId, stageName, guard }: CanaryQuestion,
  { guards, counts }: { readonly guards: CanaryGuards; readonly counts: CountsOfStages },
): Promise<CanaryFacts | string> {
  const stage: GuardedStage = { scope: { account, region }, key: `${apiId}/${stageName}` };
  if (guard === null) {
    const problem = await guards.release(stage);
    if (problem !== undefined) return problem;
  } else if (guard !== undefined) {
    const settings = isObject(guard) ? readGuardSettings(guard) : "guard is an object";
    const problem = typeof settings === "string" ? settings : await guards.guard(stage, settings);
    if (problem !== undefined) return problem;
  }
  const found = await guards.find(stage);
  const { counts: _, looks: __, ...view } = found ?? { counts: undefined, looks: undefined };
  const tally = counts.read(stage.key);
  return {
    ...(found !== undefined && { guard: view as CanaryFacts["guard"] & object }),
    ...(tally && { sides: describe(tally) }),
  };
}

const describe = ({ stable, canary }: CanaryTally): NonNullable<CanaryFacts["sides"]> => ({
  stable: describeSide(stable),
  canary: describeSide(canary),
});

const describeSide = (side: SideCounts): SideFacts => ({
  requests: side.requests,
  errors: side.errors,
  p50Ms: quantileOf(side, 0.5),
  p99Ms: quantileOf(side, 0.99),
});
