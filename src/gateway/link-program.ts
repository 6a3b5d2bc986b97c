import { emptyPlan } from "../plan/empty-plan.ts";
import type { Plan, PlanKind, PlanOf } from "../plan/kinds.ts";
import { planVersion } from "../plan/plan.ts";
import { linkHttpApiProgram } from "./http-api/link-http-api-program.ts";
import { type LinkedStage, linkStage } from "./linked-stage.ts";
import type { Program } from "./program.ts";
import { ProgramLife, type ProgramUse } from "./program-life.ts";
import { linkRestProgram } from "./rest/link-rest-program.ts";
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
 * `UnknownPlan`, or another error because of a bug, the stage is closed.
 */
export function linkProgram(plan: Plan, thread: ThreadContext, use: ProgramUse = "serve"): Program {
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
