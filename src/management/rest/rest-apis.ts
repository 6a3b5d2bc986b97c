import { type RestApi, restKinds } from "../../definition/rest-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { documents } from "./work.ts";

/** Where REST APIs are kept: the parent of everything that belongs to one. */
export const restApis = documents({
  kind: restKinds.restApi,
  member: "restApiId",
  idOf: (api: RestApi) => api.id,
  missing: (id, { account }) => notFound(`Invalid API identifier specified ${account}:${id}`),
});
