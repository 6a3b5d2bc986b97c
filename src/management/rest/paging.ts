import { badRequest } from "../../protocol/errors.ts";
import type { Reader, Stored } from "../../store/store.ts";
import type { Input } from "./work.ts";

/** AWS: GetRestApis, limit: "The default value is 25 and the maximum value is 500." */
const limitDefault = 25;
const limitMax = 500;

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; absent on the last one. */
  readonly position?: string;
}

/**
 * One page of a kind's documents, in the order of their ids. A position is the last id of the page before, encoded, so
 * it stays good while documents come and go.
 */
export async function pageOf<Item>(tx: Reader, kind: string, prefix: string, input: Input): Promise<Page<Item>> {
  const limit = Math.min(limitMax, (input["limit"] as number | undefined) ?? limitDefault);
  // Unconfirmed: how AWS words both; see docs/compatibility.md.
  if (limit < 1) throw badRequest(`Invalid limit specified: ${limit}. Must be between 1 and ${limitMax}`);
  const after = input["position"] === undefined ? undefined : decodePosition(input["position"] as string, prefix);
  const documents: readonly Stored<Item>[] = await tx.list<Item>(kind, {
    prefix,
    limit: limit + 1,
    ...(after === undefined ? {} : { after }),
  });
  const items = documents.slice(0, limit).map((document) => document.body);
  if (documents.length <= limit) return { items };
  return { items, position: encodePosition(documents[limit - 1]!.id, prefix) };
}

const encodePosition = (id: string, prefix: string): string =>
  Buffer.from(id.slice(prefix.length)).toString("base64url");

function decodePosition(position: string, prefix: string): string {
  const bytes = Buffer.from(position, "base64url");
  const isOurs = bytes.length > 0 && bytes.toString("base64url") === position;
  if (!isOurs) throw badRequest("Invalid position parameter");
  return prefix + bytes.toString();
}
