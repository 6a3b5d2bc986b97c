import { v2Kinds } from "../../definition/http-api.ts";
import { isHttpApi, type V2Api } from "../../definition/v2-api.ts";
import type { PublicationSource } from "./publication-source.ts";

/** Publishes of each API that is no REST API what it is, so that an address without a stage is answered by its kind. */
export const apiKindSource: PublicationSource<"api-kind"> = {
  extent: { kind: "each", documents: [v2Kinds.api] },
  madeFrom: [],
  isAwaited: true,
  failure: "The kind of an API can't be told.",
  async read(tx, { key, scope }) {
    const source = { scope, kind: v2Kinds.api, id: key };
    const api = await tx.get<V2Api>(v2Kinds.api, key);
    if (api === undefined) return undefined;
    const kind = isHttpApi(api.body) ? "http" : "websocket";
    return {
      sources: [{ ...source, isThere: true }],
      fingerprint: kind,
      make: () => ({ value: kind }),
    };
  },
};
