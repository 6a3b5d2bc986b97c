import type { HttpAuthorizer, Route } from "../../definition/http-api.ts";
import type { StepPlan } from "../../plan/steps.ts";
import { closed } from "../refusal.ts";
import type { RouteContext } from "./compile-route.ts";

type CompileAuthorization = (route: Route, context: RouteContext) => StepPlan[];

/** The steps of each `AuthorizationType`. */
const compilers: Readonly<Record<string, CompileAuthorization>> = {
  NONE: () => [],
  AWS_IAM: () => [{ kind: "iam" }],
  CUSTOM: (route, context) => [{ kind: "authorizer", authorizerId: use(route, context, ["REQUEST"]) }],
  JWT: (route, context) => {
    const { AuthorizationScopes: scopes = [] } = route;
    const authorizerId = use(route, context, ["JWT"]);
    return [{ kind: "authorizer", authorizerId, ...(scopes.length === 0 ? {} : { scopes }) }];
  },
};

const use = (
  { AuthorizationType: authorizationType, AuthorizerId: authorizerId }: Route,
  { authorizers }: RouteContext,
  types: readonly HttpAuthorizer["AuthorizerType"][],
): string => authorizers.use({ authorizationType, authorizerId }, types);

/** Returns the steps that decide whether the caller may call the route. Throws a refusal. */
export function compileRouteAuthorization(route: Route, context: RouteContext): StepPlan[] {
  const { AuthorizationType: type } = route;
  const compile = Object.hasOwn(compilers, type) ? compilers[type] : undefined;
  if (compile === undefined) throw closed(`AuthorizationType ${type}`);
  return compile(route, context);
}
