/** The ids of APIs of every kind. An id is a host name, so it is claimed in all accounts and regions, for ever. */
import { type ApiIdClaim, restKinds } from "../../definition/rest-api.ts";
import { badRequest, conflict } from "../../protocol/errors.ts";
import { everywhere } from "../../store/store.ts";
import type { ControlChange, ControlWork } from "../control-service.ts";
import { customIdTag } from "../tags/tag-rules.ts";

/** An id becomes a host's first label (RFC 1123 §2.1), so it has lower-case letters, digits and, inside, hyphens. */
const customId = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const claimOf = (work: ControlWork, apiId: string) => work.tx.in(everywhere).get(restKinds.apiIdClaim, apiId);

/** Returns an id that no API has: the one that the tag `_custom_id_` asks for, or a new one. */
export async function freeApiId(work: ControlWork, wanted: string | undefined): Promise<string> {
  if (wanted === undefined) {
    let id = work.call.ids.id(10);
    while ((await claimOf(work, id)) !== undefined) id = work.call.ids.id(10);
    return id;
  }
  if (!customId.test(wanted)) {
    throw badRequest(
      `Invalid API identifier in the tag ${customIdTag}: '${wanted}'. Use 1 to 63 lower-case letters, digits and inner hyphens.`,
    );
  }
  await refuseClaimed(work, wanted);
  return wanted;
}

async function refuseClaimed(work: ControlWork, id: string): Promise<void> {
  if ((await claimOf(work, id)) !== undefined) throw conflict(`An API with the identifier '${id}' already exists`);
}

/** Claims a new API's id; `kind` is that of its document. */
export async function claimApiId(work: ControlChange, id: string, kind: string): Promise<void> {
  await refuseClaimed(work, id);
  const claim: ApiIdClaim = { account: work.call.account, region: work.call.region, kind };
  await work.tx.in(everywhere).put(restKinds.apiIdClaim, id, claim);
}

/** Gives the id of a deleted API up. */
export const releaseApiId = (work: ControlChange, id: string): Promise<void> =>
  work.tx.in(everywhere).delete(restKinds.apiIdClaim, id);
