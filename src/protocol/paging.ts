import { bounds } from "../base/bounds.ts";
import { ApiError } from "./errors.ts";

/** How a service pages: its bounds and its errors. */
export interface Paging {
  readonly limitDefault: number;
  readonly limitMax: number;
  readonly code: string;
  readonly invalidToken: string;
  readonly invalidLimit: string;
}

/** API Gateway v1: `position` and `limit`. AWS: API Gateway REST API reference, "GetRestApis" and its like. */
export const restPaging: Paging = {
  limitDefault: 25,
  limitMax: 500,
  code: "BadRequestException",
  // Unconfirmed: the wording of both; see docs/compatibility.md, "REST control plane, words".
  invalidToken: "Invalid position parameter specified",
  invalidLimit: "Invalid limit parameter specified",
};

/** Lambda: `Marker` and `MaxItems`. AWS: Lambda API reference, "ListFunctions": a page has 50 at most. */
export const lambdaPaging: Paging = {
  limitDefault: 50,
  limitMax: 50,
  code: "InvalidParameterValueException",
  // Unconfirmed: the wording of both; see docs/compatibility.md, "REST control plane, words".
  invalidToken: "Invalid marker",
  invalidLimit: "Invalid MaxItems",
};

export interface PageRequest {
  /** How many the caller wants; a number above the maximum means the maximum. */
  readonly limit?: number | undefined;
  /** The token of the page before. */
  readonly token?: string | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** The token of the next page; undefined: this is the last. */
  readonly next: string | undefined;
}

/**
 * One page of items that are sorted by their keys (by code units, as the store sorts). The token holds the last key
 * that was given out, so a page goes on correctly whatever was created or deleted in between.
 */
export function page<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  request: PageRequest,
  paging: Paging,
): Page<T> {
  const limit = limitOf(request.limit, paging);
  const after = request.token ? decodeToken(request.token, paging) : undefined;
  const start = after === undefined ? 0 : firstAfter(items, keyOf, after);
  const chosen = items.slice(start, start + limit);
  const last = chosen.at(-1);
  const isLast = start + limit >= items.length || last === undefined;
  return { items: chosen, next: isLast ? undefined : encodeToken(keyOf(last)) };
}

/** What a store has to be asked for: the ids after `after`, one more than `limit` of them to know whether there are more. */
export function pageWindow(request: PageRequest, paging: Paging): { readonly limit: number; readonly after?: string } {
  const limit = limitOf(request.limit, paging);
  return request.token ? { limit, after: decodeToken(request.token, paging) } : { limit };
}

function limitOf(limit: number | undefined, paging: Paging): number {
  if (limit === undefined) return paging.limitDefault;
  if (limit < 1) throw new ApiError(paging.code, paging.invalidLimit);
  return Math.min(limit, paging.limitMax);
}

/** The index of the first item whose key is greater: binary search. */
function firstAfter<T>(items: readonly T[], keyOf: (item: T) => string, after: string): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOf(items[middle] as T) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Marks our tokens, so that another text is not taken for one. */
const tokenPrefix = "1:";
const tokenLengthMax = bounds.pageTokenLengthMax.value;

const encodeToken = (key: string): string => Buffer.from(tokenPrefix + key).toString("base64url");

function decodeToken(token: string, paging: Paging): string {
  const text = token.length <= tokenLengthMax ? Buffer.from(token, "base64url").toString("utf8") : "";
  // A token that is not what we would write for the same key was not made by us.
  if (!text.startsWith(tokenPrefix) || encodeToken(text.slice(tokenPrefix.length)) !== token) {
    throw new ApiError(paging.code, paging.invalidToken);
  }
  return text.slice(tokenPrefix.length);
}
