import { bounds } from "../base/bounds.ts";
import type { Job, RunJob } from "../base/job.ts";
import type { Surroundings } from "../compiler/surroundings.ts";
import type { HttpApiDefinition, HttpStage } from "../definition/http-api.ts";
import type { RestApiDefinition, Stage } from "../definition/rest-api.ts";
import type { WebSocketApiDefinition, WebSocketStage } from "../definition/websocket-api.ts";
import type { HttpApiPlan } from "../plan/http-api-plan.ts";
import type { RestPlan } from "../plan/rest-plan.ts";
import type { WebSocketPlan } from "../plan/websocket-plan.ts";
import type { Scope } from "../store/store.ts";
import type { CompileSettings } from "./compile-stage.ts";

interface CompileInput<Definition, OfStage> {
  readonly definition: Definition;
  readonly stage: OfStage;
  readonly scope: Scope;
  readonly surroundings: Surroundings;
}

/** The job that compiles a definition and a stage to a plan. */
export const compileJob: Job<CompileInput<RestApiDefinition, Stage>, RestPlan> = {
  name: "compile",
  weightMaxHere: bounds.compileWeightMaxHere.value,
  async run({ definition, stage, scope, surroundings }) {
    const { compileRest } = await import("../compiler/compile-rest.ts");
    return compileRest(definition, stage, scope, surroundings);
  },
};

/** The same for HTTP APIs. */
export const compileHttpApiJob: Job<CompileInput<HttpApiDefinition, HttpStage>, HttpApiPlan> = {
  name: "compile-http-api",
  weightMaxHere: bounds.compileWeightMaxHere.value,
  async run({ definition, stage, scope, surroundings }) {
    const { compileHttpApi } = await import("../compiler/http-api/compile-http-api.ts");
    return compileHttpApi(definition, stage, scope, surroundings);
  },
};

/** The same for WebSocket APIs. */
export const compileWebSocketJob: Job<CompileInput<WebSocketApiDefinition, WebSocketStage>, WebSocketPlan> = {
  name: "compile-websocket",
  weightMaxHere: bounds.compileWeightMaxHere.value,
  async run({ definition, stage, scope, surroundings }) {
    const { compileWebSocket } = await import("../compiler/websocket/compile-websocket.ts");
    return compileWebSocket(definition, stage, scope, surroundings);
  },
};

/**
 * Returns the compilers. Each definition is compiled in the thread that suits its size. Deployments wait for compilers,
 * so these jobs go before imports and exports.
 */
export const makeCompilers = (run: RunJob): CompileSettings["compilers"] => ({
  rest: (definition, stage, scope, surroundings) =>
    run(compileJob, { definition, stage, scope, surroundings }, { isUrgent: true }),
  http: (definition, stage, scope, surroundings) =>
    run(compileHttpApiJob, { definition, stage, scope, surroundings }, { isUrgent: true }),
  websocket: (definition, stage, scope, surroundings) =>
    run(compileWebSocketJob, { definition, stage, scope, surroundings }, { isUrgent: true }),
});
