import { compileRest } from "../../src/compiler/compile-rest.ts";
import type { RestApiDefinition } from "../../src/definition/rest-api.ts";
import type { Plan } from "../../src/plan/kinds.ts";
import { stageKey } from "../../src/plan/plan.ts";
import { aStage } from "./a-rest-api.ts";
import type { GatewayUnderTest } from "./start-gateway.ts";

/** Deploys an API whose streams may be idle for another time than AWS's minutes. */
export function withIdleMs({ gateway }: GatewayUnderTest, definition: RestApiDefinition, idleMs: number): void {
  const plan = compileRest(definition, aStage(), { account: "000000000000", region: "us-east-1" });
  const setIdle = (key: string, value: unknown): unknown => (key === "idleMs" ? idleMs : value);
  gateway.setPlan(stageKey(plan.apiId, plan.stageName), JSON.parse(JSON.stringify(plan, setIdle)) as Plan);
}
