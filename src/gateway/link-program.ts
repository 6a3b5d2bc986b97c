import { assert } from "../base/assert.ts";
import { emptyPlan } from "../plan/empty-plan.ts";
import type { Plan, PlanKind, PlanOf } from "../plan/kinds.ts";
import { planVersion } from "../plan/plan.ts";
import type { CanaryPlan, RestPlan } from "../plan/rest-plan.ts";
import { linkHttpApiProgram } from "./http-api/link-http-api-program.ts";
import { type LinkedStage, linkStage } from "./linked-stage.ts";
import type { Program } from "./program.ts";
import { ProgramLife, type ProgramUse } from "./program-life.ts";
import { linkRestProgram } from "./rest/link-rest-program.ts";
import { SplitProgram } from "./split-program.ts";
import type { ThreadContext } from "./thread-context.ts";
import { linkWebSocketProgram } from "./websocket/link-websocket-program.ts";

type LinkProgram<Kind extends PlanKind> = (plan: PlanOf<Kind>, stage: LinkedStage) => Program;

/** The linker of each kind of API. */
const linkers: { readonly [Kind in PlanKind]: LinkProgram<Kind> } = {
  rest: linkRestProgram,
  http: linkHttpApiProgram,
  websocket: linkWebSocketProgram,
};

/** Thrown for a plan that this thread can't run because it does not know its kind or version. */
export class UnknownPlan extends Error {}

/**
 * Links a stage's plan: everything that can be known before a request comes is computed here. If this throws
 * `UnknownPlan`, or another error because of a bug, the stage is closed. A stage whose canary takes traffic has a program
 * for each side.
 */
export function linkProgram(plan: Plan, thread: ThreadContext, use: ProgramUse = "serve"): Program {
  const program = linkSide(plan, thread, use);
  const canary = "canary" in plan ? plan.canary : undefined;
  if (canary === undefined) return program;
  try {
    const { percentTraffic: percent } = canary;
    assert(percent > 0 && percent <= 100, "a canary that takes traffic takes more than 0 and at most 100 %");
    return new SplitProgram(program, percent, linkCanary(plan as RestPlan, canary, thread, use));
  } catch (error) {
    program.life.retire();
    throw error;
  }
}

/** Links a canary's plan. One that can't be linked closes the canary, and not the stage. */
function linkCanary(
  stage: RestPlan,
  { plan }: CanaryPlan,
  thread: ThreadContext,
  use: ProgramUse,
): { readonly program: Program; readonly problem?: string } {
  try {
    assert(plan.isCanary === true, "a canary's plan says that it is one");
    return { program: linkSide(plan, thread, use) };
  } catch (error) {
    thread.logger.error("A canary's plan can't be linked: the canary is closed.", {
      stage: `${stage.apiId}/${stage.stageName}`,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    const reason = error instanceof UnknownPlan ? error.message : "its plan can't be linked, Portico's log says why";
    const { canary: _, ...common } = stage;
    const closed = `the canary: ${reason}`;
    const program = linkSide({ ...common, isCanary: true, routes: {}, methods: [], closed }, thread, use);
    return { program, problem: closed };
  }
}

function linkSide(plan: Plan, thread: ThreadContext, use: ProgramUse): Program {
  if (plan.version !== planVersion) {
    throw new UnknownPlan(`plans of the version ${plan.version} (this thread runs the version ${planVersion})`);
  }
  if (!Object.hasOwn(linkers, plan.kind)) throw new UnknownPlan(`plans of the kind ${plan.kind}`);
  // The table's type says that a kind's linker takes that kind's plan; TypeScript can't follow that through the union.
  const link = linkers[plan.kind] as (plan: Plan, stage: LinkedStage) => Program;
  const life = new ProgramLife(plan, thread, use);
  try {
    return link(plan, linkStage(plan, thread, life));
  } catch (error) {
    life.retire();
    throw error;
  }
}

/** Returns the program of a stage that can't be linked: it answers every request with 501 and the reason. */
export function linkClosedProgram(apiId: string, stageName: string, reason: string, thread: ThreadContext): Program {
  return linkProgram(emptyPlan({ apiId, apiName: apiId, stageName, closed: reason }), thread);
}
