import { bounds } from "../base/bounds.ts";
import { ApiError } from "./errors.ts";

/** How a service pages: its bounds and its errors. */
export interface Paging {
  readonly limitDefault: number;
  readonly limitMax: number;
  readonly code: string;
  readonly invalidToken: string;
  readonly invalidLimit: string;
  /** A limit below 1 means the default, instead of being refused. */
  readonly lowLimitIsDefault?: boolean;
}

/** A service's paging with its members in input and output, as its interface model names them (its `paginator`s). */
export interface PagingDialect extends Paging {
  readonly members: {
    /** The input's members for the number of items, and for the token of the page before. */
    readonly limit: string;
    readonly token: string;
    /** The output's members for the items, unless the family names them, and for the token of the next page. */
    readonly items?: string;
    readonly next: string;
    /** The output's member that says whether there are more. */
    readonly more?: string;
  };
}

/** API Gateway v1: `position` and `limit`. AWS: API Gateway REST API reference, "GetRestApis" and its like. */
export const restPaging: PagingDialect = {
  limitDefault: 25,
  limitMax: bounds.restPageItemsMax.value,
  code: "BadRequestException",
  // Unconfirmed: the wording of both; see docs/compatibility.md, "REST control plane, words".
  invalidToken: "Invalid position parameter specified",
  invalidLimit: "Invalid limit parameter specified",
  // Recorded for -1.
  lowLimitIsDefault: true,
  members: { limit: "limit", token: "position", items: "items", next: "position" },
};

/**
 * API Gateway v2: `nextToken`, and `maxResults` as text. Unconfirmed: the bounds and the words; see docs/compatibility.md,
 * "management of the second version, pages".
 */
export const v2Paging: PagingDialect = {
  limitDefault: 25,
  limitMax: bounds.restPageItemsMax.value,
  code: "BadRequestException",
  invalidToken: "Invalid nextToken parameter specified",
  invalidLimit: "Invalid maxResults parameter specified",
  members: { limit: "MaxResults", token: "NextToken", items: "Items", next: "NextToken" },
};

/** Lambda: `Marker` and `MaxItems`. AWS: Lambda API reference, "ListFunctions": a page has 50 at most. */
export const lambdaPaging: PagingDialect = {
  limitDefault: 50,
  limitMax: bounds.lambdaPageItemsMax.value,
  code: "InvalidParameterValueException",
  // Unconfirmed: the wording of both; see docs/compatibility.md, "REST control plane, words".
  invalidToken: "Invalid marker",
  invalidLimit: "Invalid MaxItems",
  members: { limit: "MaxItems", token: "Marker", next: "NextMarker" },
};

/** IAM. AWS: IAM API reference, "ListRoles" and its like: 100 of 1,000 at most. */
export const iamPaging: PagingDialect = {
  limitDefault: 100,
  limitMax: bounds.iamPageItemsMax.value,
  code: "ValidationError",
  invalidToken: "Invalid Marker.",
  invalidLimit: "Invalid MaxItems.",
  members: { limit: "MaxItems", token: "Marker", next: "Marker", more: "IsTruncated" },
};

/** WAF: `NextMarker` and `Limit`. AWS: WAFV2 API reference, "ListWebACLs" and its like: 100 at most. */
export const wafPaging: PagingDialect = {
  limitDefault: 100,
  limitMax: bounds.wafPageItemsMax.value,
  code: "WAFInvalidParameterException",
  // Unconfirmed: the wording of both; see docs/compatibility.md, "WAF, words".
  invalidToken: "Error reason: The NextMarker is not valid., field: ENTITY_LIMIT, parameter: NextMarker",
  invalidLimit: "Error reason: The limit is not valid., field: ENTITY_LIMIT, parameter: Limit",
  members: { limit: "Limit", token: "NextMarker", next: "NextMarker" },
};

/** CloudWatch's alarms. AWS: CloudWatch API reference, "DescribeAlarms": 50 of 100 at most. */
export const alarmPaging: PagingDialect = {
  limitDefault: 50,
  limitMax: bounds.alarmPageItemsMax.value,
  code: "InvalidNextToken",
  // Unconfirmed: the wording of both; see docs/compatibility.md, "alarms, words".
  invalidToken: "The value for parameter NextToken is invalid.",
  invalidLimit: "The value for parameter MaxRecords is invalid.",
  members: { limit: "MaxRecords", token: "NextToken", next: "NextToken" },
};

export interface PageRequest {
  /**
   * The number of items that the caller wants. A number above the maximum means the maximum. API Gateway v2 sends it as
   * text.
   */
  readonly limit?: number | string | undefined;
  /** The token of the page before. */
  readonly token?: string | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** The token of the next page; undefined on the last page. */
  readonly next: string | undefined;
}

/**
 * Returns one page of items that are sorted by their keys (by code units, as the store sorts). The token contains the
 * last key of the page, so the next page is right whatever was created or deleted in between.
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

/** Returns a page as a service's operations answer it. `items` is the member for the items, if the dialect has none. */
export function pageAnswer<T>({ items, next }: Page<T>, { members }: PagingDialect, name = members.items): object {
  if (name === undefined) throw new Error("a page's items need the name of their member");
  return {
    [name]: items,
    ...(next === undefined ? {} : { [members.next]: next }),
    ...(members.more === undefined ? {} : { [members.more]: next !== undefined }),
  };
}

/**
 * Returns what to read from the store: ids after `after`, and one more than `limit`, to know whether there are more.
 */
export function pageWindow(request: PageRequest, paging: Paging): { readonly limit: number; readonly after?: string } {
  const limit = limitOf(request.limit, paging);
  return request.token ? { limit, after: decodeToken(request.token, paging) } : { limit };
}

function limitOf(wanted: number | string | undefined, paging: Paging): number {
  if (wanted === undefined) return paging.limitDefault;
  const limit = typeof wanted === "number" || /^\d{1,9}$/.test(wanted) ? Number(wanted) : 0;
  if (typeof wanted === "number" && limit < 1 && paging.lowLimitIsDefault === true) return paging.limitDefault;
  if (limit < 1) throw new ApiError(paging.code, paging.invalidLimit);
  return Math.min(limit, paging.limitMax);
}

/** Returns the index of the first item whose key is greater, by binary search. */
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

/** Begins our tokens, so that another text is not taken for one. */
const tokenPrefix = "1:";
const tokenLengthMax = bounds.pageTokenLengthMax.value;

/** Returns the token of the page behind an item with that key. */
export const encodeToken = (key: string): string => Buffer.from(tokenPrefix + key).toString("base64url");

function decodeToken(token: string, paging: Paging): string {
  const text = token.length <= tokenLengthMax ? Buffer.from(token, "base64url").toString("utf8") : "";
  // A token that differs from the one we would write for the same key was not made by us.
  if (!text.startsWith(tokenPrefix) || encodeToken(text.slice(tokenPrefix.length)) !== token) {
    throw new ApiError(paging.code, paging.invalidToken);
  }
  return text.slice(tokenPrefix.length);
}
