import { bounds } from "../base/bounds.ts";
import type { Job, RunJob } from "../base/job.ts";
import type { Surroundings } from "../compiler/surroundings.ts";
import type { RestApiDefinition, Stage } from "../definition/rest-api.ts";
import type { RestPlan } from "../plan/rest-plan.ts";
import type { Scope } from "../store/store.ts";
import type { CompileSettings } from "./compile-stage.ts";

interface CompileInput {
  readonly definition: RestApiDefinition;
  readonly stage: Stage;
  readonly scope: Scope;
  readonly surroundings: Surroundings;
}

/** The job that compiles a definition and a stage to a plan. */
export const compileJob: Job<CompileInput, RestPlan> = {
  name: "compile",
  weightMaxHere: bounds.compileWeightMaxHere.value,
  async run({ definition, stage, scope, surroundings }) {
    const { compileRest } = await import("../compiler/compile-rest.ts");
    return compileRest(definition, stage, scope, surroundings);
  },
};

/**
 * Returns the compilers. Each definition is compiled in the thread that suits its size. Deployments wait for compilers,
 * so these jobs go before imports and exports.
 */
export const makeCompilers = (run: RunJob): CompileSettings["compilers"] => ({
  rest: (definition, stage, scope, surroundings) =>
    run(compileJob, { definition, stage, scope, surroundings }, { isUrgent: true }),
});
