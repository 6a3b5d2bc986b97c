import { type HttpApi, v2Kinds } from "../../definition/http-api.ts";
import { isWebSocketApi, type V2Api } from "../../definition/v2-api.ts";
import type { Parent } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { documents, type V2Service, type Work } from "./work.ts";

/** The documents of HTTP and WebSocket APIs, which are the parents of everything that belongs to an API. */
export const v2Apis = documents({
  kind: v2Kinds.api,
  member: "ApiId",
  idOf: (api: V2Api) => api.ApiId,
  order: creationOrder,
  // AWS: as users quote it; a REST API's id is not known here either.
  missing: (id, { account }) => notFound(`Invalid API identifier specified ${account}:${id}`),
});

/** Finds the API that an input names, for items that are not its own children. */
export const apiOf = (work: Work<never> & { readonly input: { readonly ApiId: string } }): Promise<V2Api> =>
  v2Apis.find({ ...work, parent: undefined });

/** HTTP APIs as parents, for operations that WebSocket APIs don't have. */
export const httpApis: Parent<V2Service, HttpApi> = {
  async locate(work) {
    const { item, id } = await v2Apis.locate(work);
    // Unconfirmed: the words; see docs/compatibility.md, "WebSocket APIs, words of management".
    if (isWebSocketApi(item)) throw badRequest("This operation is not supported on protocolType WEBSOCKET");
    return { item: item as HttpApi, id };
  },
};
