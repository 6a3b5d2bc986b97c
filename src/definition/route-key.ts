/** Route keys of HTTP APIs. AWS: API Gateway Developer Guide, "Create routes for HTTP APIs in API Gateway". */

/** The key of the route that takes what no other route does. */
export const defaultRouteKey = "$default";

/** Splits `GET /pets/{id}`; the default route has the verb `ANY` and the path `$default`. */
export function splitRouteKey(routeKey: string): { readonly httpMethod: string; readonly path: string } {
  if (routeKey === defaultRouteKey) return { httpMethod: "ANY", path: defaultRouteKey };
  const space = routeKey.indexOf(" ");
  return { httpMethod: routeKey.slice(0, space), path: routeKey.slice(space + 1) };
}
