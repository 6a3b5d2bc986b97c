import { type HttpApi, httpApiKinds } from "../../definition/http-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { documents } from "./work.ts";

/** The documents of HTTP APIs, which are the parents of everything that belongs to an API. */
export const httpApis = documents({
  kind: httpApiKinds.api,
  member: "ApiId",
  idOf: (api: HttpApi) => api.ApiId,
  order: creationOrder,
  // AWS: as users quote it; a REST API's id is not known here either.
  missing: (id, { account }) => notFound(`Invalid API identifier specified ${account}:${id}`),
});
