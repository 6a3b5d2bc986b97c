import { iamPaging, page, pageAnswer } from "../../protocol/paging.ts";

export interface ListInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/** Returns a page of a list, in the order of the keys. */
export function listPage<T>(member: string, items: readonly T[], keyOf: (item: T) => string, input: ListInput): object {
  const sorted = [...items].sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
  return pageAnswer(page(sorted, keyOf, { limit: input.MaxItems, token: input.Marker }, iamPaging), iamPaging, member);
}
