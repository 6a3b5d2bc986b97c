import { isObject } from "../../base/json-object.ts";
import { beyondAwsFlag } from "../../definition/beyond-aws.ts";
import type { Route } from "../../definition/http-api.ts";
import type { RequestValidationPlan } from "../../plan/steps.ts";
import { modelsByMediaType, validationOf } from "../compile-validation.ts";
import { closed } from "../refusal.ts";
import { requiredRouteParameters } from "../route-parameters.ts";
import type { RouteContext } from "./compile-route.ts";

/**
 * Returns the step that checks what a route demands of requests, beyond AWS: that of REST APIs, with models by the request's
 * media type. Throws a refusal.
 */
export function compileRouteValidation(
  route: Route,
  { models, surroundings: { beyondAws } }: RouteContext,
): RequestValidationPlan[] {
  const parameters = requiredRouteParameters(route);
  const named: unknown = route.RequestModels ?? {};
  if (!isObject(named)) throw closed(`RequestModels ${JSON.stringify(named)}`);
  const [setting] = [
    ...(Object.keys(named).length > 0 ? ["RequestModels"] : []),
    ...(parameters.length > 0 ? ["RequestParameters"] : []),
  ];
  if (setting === undefined) return [];
  if (!beyondAws.includes("http-request-validation")) {
    throw closed(`${setting}, without ${beyondAwsFlag("http-request-validation")}`);
  }
  return validationOf(parameters, modelsByMediaType(route.RequestModels ?? {}, models));
}
