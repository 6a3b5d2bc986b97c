import { planVersion } from "./plan.ts";
import type { RestPlan } from "./rest-plan.ts";

/** Returns a plan without a method: for stages that serve nothing, for exchanges that nobody sends, and for tests. */
export const emptyPlan = (overrides: Partial<RestPlan> = {}): RestPlan => ({
  version: planVersion,
  kind: "rest",
  account: "000000000000",
  region: "us-east-1",
  apiId: "none",
  apiName: "none",
  stageName: "none",
  deploymentId: "none",
  stageVariables: {},
  binaryMediaTypes: [],
  isDefaultEndpointDisabled: false,
  gatewayResponses: {},
  withoutEffect: [],
  routes: {},
  methods: [],
  ...overrides,
});
