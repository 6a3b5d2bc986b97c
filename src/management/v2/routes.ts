import { v2Kinds } from "../../definition/http-api.ts";
import type { V2Route } from "../../definition/v2-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { v2Apis } from "./apis.ts";
import { documents } from "./work.ts";

/** The documents of routes. */
export const routes = documents({
  kind: v2Kinds.route,
  parent: v2Apis,
  member: "RouteId",
  idOf: (route: V2Route) => route.RouteId,
  order: creationOrder,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid Route identifier specified"),
});
