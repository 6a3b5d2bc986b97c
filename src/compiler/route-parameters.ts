import type { Route } from "../definition/http-api.ts";
import type { RequiredParameterPlan } from "../plan/steps.ts";
import { closed } from "./refusal.ts";

/**
 * Returns the parameters that a route of the second version requires, in the order of places and names. Throws a refusal for
 * one that can't be checked.
 */
export function requiredRouteParameters({
  RequestParameters = {},
}: Pick<Route, "RequestParameters">): RequiredParameterPlan[] {
  return Object.keys(RequestParameters)
    .sort()
    .flatMap((key) => {
      const [, place, name] = /^route\.request\.(header|querystring)\.(.+)$/s.exec(key) ?? [];
      const isRequired: unknown = RequestParameters[key]?.Required ?? false;
      if (name === undefined || typeof isRequired !== "boolean") throw closed(`RequestParameters ${key}`);
      return isRequired ? [{ place: place as RequiredParameterPlan["place"], name }] : [];
    });
}
