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

/** Definition and stage → plan. */
export const compileJob: Job<CompileInput, RestPlan> = {
  name: "compile",
  weightMaxHere: bounds.compileWeightMaxHere.value,
  async run({ definition, stage, scope, surroundings }) {
    const { compileRest } = await import("../compiler/compile-rest.ts");
    return compileRest(definition, stage, scope, surroundings);
  },
};

/** The compilers, in the thread that suits the definition. A deployment waits for them: they go before imports and exports. */
export const makeCompilers = (run: RunJob): CompileSettings["compilers"] => ({
  rest: (definition, stage, scope, surroundings) =>
    run(compileJob, { definition, stage, scope, surroundings }, { isUrgent: true }),
});
