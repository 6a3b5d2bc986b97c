import { iamPaging, page, pageAnswer } from "../../protocol/paging.ts";
import type { Reader } from "../../store/store.ts";

export interface ListInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/** Returns a page of a list, in the order of the keys. The items are shown as `view` makes them; without it, as they are. */
export function listPage<T>(
  member: string,
  items: readonly T[],
  keyOf: (item: T) => string,
  input: ListInput,
  view: (item: T) => unknown = (item) => item,
): object {
  const sorted = [...items].sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
  const found = page(sorted, keyOf, { limit: input.MaxItems, token: input.Marker }, iamPaging);
  return pageAnswer({ ...found, items: found.items.map(view) }, iamPaging, member);
}

/** Returns an account's users, groups or roles whose paths begin with `PathPrefix`. */
export async function entitiesBelow<Entity extends { readonly path: string }>(
  tx: Reader,
  kind: string,
  { PathPrefix: prefix = "/" }: { readonly PathPrefix?: string | undefined },
): Promise<readonly Entity[]> {
  const all = await tx.list<Entity>(kind);
  return all.map(({ body }) => body).filter(({ path }) => path.startsWith(prefix));
}
