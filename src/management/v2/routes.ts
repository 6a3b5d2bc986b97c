import { httpApiKinds, type Route } from "../../definition/http-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { httpApis } from "./apis.ts";
import { documents } from "./work.ts";

/** The documents of routes. */
export const routes = documents({
  kind: httpApiKinds.route,
  parent: httpApis,
  member: "RouteId",
  idOf: (route: Route) => route.RouteId,
  order: creationOrder,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid Route identifier specified"),
});
