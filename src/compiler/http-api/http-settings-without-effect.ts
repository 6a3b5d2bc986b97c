import type { HttpApiDefinition, HttpStage, Route } from "../../definition/http-api.ts";
import { defaultRouteKey, splitRouteKey } from "../../definition/route-key.ts";

/**
 * Returns the settings of an HTTP API that are stored and have no effect, by AWS's names, sorted. None of them guards
 * anything.
 */
export function httpSettingsWithoutEffect({ api, routes }: HttpApiDefinition, stage: HttpStage): string[] {
  const names = new Set<string>();
  const keys = new Set(routes.map(({ RouteKey }) => RouteKey));
  for (const key of Object.keys(stage.RouteSettings)) {
    // A throttle that holds for nothing should not go unnoticed.
    if (!keys.has(key)) names.add(`RouteSettings ${key}, which names no deployed route`);
  }
  if (api.CorsConfiguration !== undefined) {
    for (const route of routes.filter((each) => refusesPreflights(each, routes))) {
      names.add(
        `CorsConfiguration for ${route.RouteKey}, whose ${guardOf(route)} refuses preflights ` +
          `(a route ${openRouteKey(route)} without authorization takes them)`,
      );
    }
  }
  return [...names].sort();
}

/**
 * AWS: API Gateway Developer Guide, "Configure CORS for HTTP APIs in API Gateway": a route that takes OPTIONS takes
 * preflights as well, and browsers send no credentials with them.
 */
function refusesPreflights(route: Route, routes: readonly Route[]): boolean {
  if (isOpen(route)) return false;
  const { httpMethod } = splitRouteKey(route.RouteKey);
  if (httpMethod === "OPTIONS") return true;
  if (httpMethod !== "ANY") return false;
  const open = openShape(route);
  return !routes.some((each) => isOpen(each) && shapeOf(each.RouteKey) === open);
}

const isOpen = ({ AuthorizationType, ApiKeyRequired }: Route): boolean =>
  AuthorizationType === "NONE" && !ApiKeyRequired;

const guardOf = ({ AuthorizationType }: Route): string =>
  AuthorizationType === "NONE" ? "API key" : `${AuthorizationType} authorization`;

/** The key of the route that takes the preflights of another one. */
const openRouteKey = ({ RouteKey }: Route): string =>
  RouteKey === defaultRouteKey ? "OPTIONS /{proxy+}" : `OPTIONS ${splitRouteKey(RouteKey).path}`;

const openShape = (route: Route): string => shapeOf(openRouteKey(route));

/** A route's key without the names of its parameters. */
const shapeOf = (routeKey: string): string => routeKey.replaceAll(/\{[^{}]+?(\+?)\}/g, "{$1}");
