import type { Plan } from "../plan/kinds.ts";
import type { ResponseCachePlan, StepPlan } from "../plan/steps.ts";
import type { ValuePlan } from "../plan/values.ts";

/**
 * Returns the routes whose cached answers one request may get of another that asks for something else: the method asks who
 * calls, or its path has a parameter, and the cache's key does not have it. AWS: "Cache settings for REST APIs in API Gateway"
 * leaves that to the user.
 */
export const sharedAnswers = (plan: Plan | undefined): readonly { readonly route: string; readonly reason: string }[] =>
  (plan?.methods ?? []).flatMap(({ routeKey, steps }) => {
    const cache = steps.find((step) => step.kind === "response-cache");
    if (cache === undefined) return [];
    const guard = steps.find(({ kind }) => kind === "authorizer" || kind === "iam");
    const reasons = [];
    if (guard !== undefined && !hasCaller(cache, identitiesOf(guard, plan))) {
      reasons.push("is cached, and cacheKeyParameters do not name the caller: all callers share answers");
    }
    for (const [, name] of routeKey.matchAll(/\{([^}+]+)\+?\}/g)) {
      if (hasPathParameter(cache, name!)) continue;
      reasons.push(
        `is cached, and cacheKeyParameters do not have method.request.path.${name}: its paths share one answer`,
      );
    }
    return reasons.map((reason) => ({ route: routeKey, reason }));
  });

const hasPathParameter = ({ key }: ResponseCachePlan, name: string): boolean =>
  key.some(
    ({ value }) =>
      (value.kind === "request" && value.place === "path" && value.name === name) ||
      (value.kind === "context" && value.name === "path"),
  );

/** Returns the places in which the guard looks for who calls. */
function identitiesOf(guard: StepPlan, plan: Plan | undefined): readonly ValuePlan[] {
  if (guard.kind !== "authorizer") return [];
  const sources = plan?.authorizers?.[guard.authorizerId]?.identitySources ?? [];
  return sources.flatMap(({ value }) => value ?? []);
}

/** A signature differs from request to request, so its header names no caller; what the guard found out does. */
const hasCaller = ({ key }: ResponseCachePlan, identities: readonly ValuePlan[]): boolean =>
  key.some(
    ({ value }) =>
      (value.kind === "context" && /^(?:authorizer|identity)\./.test(value.name)) ||
      identities.some((identity) => isSame(identity, value)),
  );

const isSame = (left: ValuePlan, right: ValuePlan): boolean =>
  left.kind === "request" &&
  right.kind === "request" &&
  left.place === right.place &&
  (left.place === "header" ? left.name.toLowerCase() === right.name.toLowerCase() : left.name === right.name);
