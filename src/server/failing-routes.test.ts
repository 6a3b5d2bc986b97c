import assert from "node:assert/strict";
import { test } from "node:test";
import { type MethodPlan, planVersion, type StagePlan } from "../plan/plan.ts";
import type { StepPlan } from "../plan/steps.ts";
import { failingRoutes } from "./failing-routes.ts";

const aPlan = (steps: readonly StepPlan[]): StagePlan => {
  const method: MethodPlan = { resourceId: "r", resourcePath: "/pets", httpMethod: "GET", steps };
  return {
    version: planVersion,
    kind: "rest",
    account: "000000000000",
    region: "us-east-1",
    apiId: "a",
    apiName: "a",
    stageName: "prod",
    deploymentId: "d",
    stageVariables: {},
    binaryMediaTypes: [],
    isDefaultEndpointDisabled: false,
    gatewayResponses: {},
    withoutEffect: [],
    routes: {},
    methods: [method],
  };
};

test("names what a template can't be parsed for, and integrations that can't work", () => {
  const request = {
    passthrough: "WHEN_NO_MATCH",
    templates: { "application/json": { velocity: "#if(", problem: "line 1, column 5: why" }, "text/plain": "literal" },
  } as const;
  const templates = {
    "application/xml": { velocity: "$x" },
    "text/html": { velocity: "#", problem: "line 1, column 2: so" },
  };
  const response = { statusCode: 404, isDeclared: true, headers: [], templates };
  const plan = aPlan([
    { kind: "misconfigured", detail: "No integration defined for method" },
    { kind: "mock", request, responses: [response] },
    { kind: "closed", reason: "not its affair" },
  ]);
  assert.deepEqual(failingRoutes(plan), [
    { route: "GET /pets", reason: "No integration defined for method" },
    { route: "GET /pets", reason: "the request template for application/json, line 1, column 5: why" },
    { route: "GET /pets", reason: "the 404 response template for text/html, line 1, column 2: so" },
  ]);
  assert.deepEqual(failingRoutes(undefined), []);
});
