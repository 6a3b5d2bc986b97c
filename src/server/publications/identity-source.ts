import { certificateKinds } from "../../definition/client-certificate.ts";
import { identityKey } from "../../gateway/integrations/tls-identities.ts";
import { readIdentity } from "../compile-stage.ts";
import type { PublicationSource } from "./publication-source.ts";

/**
 * Publishes the client certificates that stages show to their backends, with their private keys, which no plan
 * contains.
 */
export const identitySource: PublicationSource<"identity"> = {
  extent: { kind: "named" },
  madeFrom: Object.values(certificateKinds),
  isAwaited: true,
  failure: "A client certificate can't be read.",
  async read(tx, { key, scope }) {
    const id = key.slice(identityKey(scope, "").length);
    const named = await readIdentity(tx, scope, id);
    if (named === undefined) return undefined;
    const sources = Object.values(certificateKinds).map((kind) => ({ scope, kind, id }));
    return { sources, make: () => ({ value: named.identity }) };
  },
  isSame: (before, after) => before.certificate === after.certificate && before.privateKey === after.privateKey,
};
