import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "../plan/kinds.ts";
import type { ParameterPlan, StepPlan } from "../plan/steps.ts";
import { sharedAnswers } from "./shared-answers.ts";

const cache = (...key: readonly ParameterPlan[]): StepPlan => ({
  kind: "response-cache",
  keyStart: "",
  key,
  verbs: {},
});
const inPath = (name: string): ParameterPlan => ({
  name,
  value: { kind: "request", place: "path", name, isMultiValue: false },
});

/** The routes with what is said of each, cut to what tells the reasons apart. */
const told = (routes: Readonly<Record<string, readonly StepPlan[]>>): readonly string[] =>
  sharedAnswers({
    methods: Object.entries(routes).map(([routeKey, steps]) => ({ routeKey, steps })),
  } as unknown as Plan).map(
    ({ route, reason }) => `${route}: ${/method\.request\.path\.\S+(?=:)|the caller/.exec(reason)?.[0]}`,
  );

test("a cached route is named with each parameter of its path that is not in the key", () => {
  assert.deepEqual(
    told({
      "GET /pets": [cache()],
      "GET /pets/{id}": [cache()],
      "GET /owners/{owner}/pets/{id}": [cache(inPath("owner"))],
      "ANY /{proxy+}": [cache()],
      "GET /shops/{id}": [cache(inPath("id"))],
      "GET /toys/{id}": [cache({ name: "p", value: { kind: "context", name: "path" } } as ParameterPlan)],
      "GET /uncached/{id}": [],
    }),
    [
      "GET /pets/{id}: method.request.path.id",
      "GET /owners/{owner}/pets/{id}: method.request.path.id",
      "ANY /{proxy+}: method.request.path.proxy",
    ],
  );
});

test("a cached route that asks who calls is named unless the caller is in the key", () => {
  const caller = { name: "u", value: { kind: "context", name: "identity.userArn" } } as ParameterPlan;
  const guard = { kind: "iam" } as StepPlan;
  assert.deepEqual(told({ "GET /mine": [guard, cache()], "GET /own": [guard, cache(caller)] }), [
    "GET /mine: the caller",
  ]);
});
