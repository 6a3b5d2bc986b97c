import type { Route } from "../../definition/http-api.ts";
import type { StepPlan } from "../../plan/steps.ts";
import { closed } from "../refusal.ts";
import type { RouteContext } from "./compile-route.ts";

type CompileAuthorization = (route: Route, context: RouteContext) => StepPlan[];

/** The steps of each `AuthorizationType`. */
const compilers: Readonly<Record<string, CompileAuthorization>> = {
  NONE: () => [],
};

/** Returns the steps that decide whether the caller may call the route. Throws a refusal. */
export function compileRouteAuthorization(route: Route, context: RouteContext): StepPlan[] {
  const { AuthorizationType: type } = route;
  const compile = Object.hasOwn(compilers, type) ? compilers[type] : undefined;
  if (compile === undefined) throw closed(`AuthorizationType ${type}`);
  return compile(route, context);
}
