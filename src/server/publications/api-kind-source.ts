import { httpApiKinds } from "../../definition/http-api.ts";
import type { PublicationSource } from "./publication-source.ts";

/** Publishes of each API that is no REST API what it is, so that an address without a stage is answered by its kind. */
export const apiKindSource: PublicationSource<"api-kind"> = {
  extent: { kind: "each", documents: [httpApiKinds.api] },
  madeFrom: [],
  isAwaited: true,
  failure: "The kind of an API can't be told.",
  async read(tx, { key, scope }) {
    const source = { scope, kind: httpApiKinds.api, id: key };
    if ((await tx.get(httpApiKinds.api, key)) === undefined) return undefined;
    return {
      sources: [{ ...source, isThere: true }],
      fingerprint: "http",
      make: () => ({ value: "http" }),
    };
  },
};
