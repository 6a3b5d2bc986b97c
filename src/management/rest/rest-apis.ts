import { type RestApi, restKinds } from "../../definition/rest-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { documents } from "./work.ts";

/** The documents of REST APIs, which are the parents of everything that belongs to an API. */
export const restApis = documents({
  kind: restKinds.restApi,
  member: "restApiId",
  idOf: (api: RestApi) => api.id,
  order: creationOrder,
  missing: (id, { account }) => notFound(`Invalid API identifier specified ${account}:${id}`),
});
