import { type Paging, page } from "../../protocol/paging.ts";

export interface ListInput {
  readonly Marker?: string;
  readonly MaxItems?: number;
}

/** AWS: IAM API reference, "ListRoles" and its like: 100 of 1,000 at most. */
const paging: Paging = {
  limitDefault: 100,
  limitMax: 1_000,
  code: "ValidationError",
  invalidToken: "Invalid Marker.",
  invalidLimit: "Invalid MaxItems.",
};

/** A page of a list, in the order of the keys. */
export function listPage<T>(member: string, items: readonly T[], keyOf: (item: T) => string, input: ListInput): object {
  const sorted = [...items].sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
  const { items: chosen, next } = page(sorted, keyOf, { limit: input.MaxItems, token: input.Marker }, paging);
  return { [member]: chosen, IsTruncated: next !== undefined, ...(next === undefined ? {} : { Marker: next }) };
}
