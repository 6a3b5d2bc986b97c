/** A method's place: a verb or `ANY`, and a path with `{variables}`. */
export interface RoutePlace {
  readonly httpMethod: string;
  readonly segments: readonly string[];
}

export const segmentsOf = (path: string): readonly string[] => (path === "/" ? [] : path.slice(1).split("/"));

/** 0 for a static segment, 1 for a variable, 2 for a greedy one. Both kinds of API prefer the lower rank. */
const rankOf = (segment = ""): number => (segment.endsWith("+}") ? 2 : segment.startsWith("{") ? 1 : 0);

export const isGreedy = ({ segments }: RoutePlace): boolean => rankOf(segments.at(-1)) === 2;

export const haveVerbInCommon = (one: RoutePlace, other: RoutePlace): boolean =>
  one.httpMethod === other.httpMethod || one.httpMethod === "ANY" || other.httpMethod === "ANY";

/** Returns whether there is a path that both take. */
export function haveRequestsInCommon(one: RoutePlace, other: RoutePlace): boolean {
  if (!haveVerbInCommon(one, other)) return false;
  for (let index = 0; ; index++) {
    const [mine, theirs] = [one.segments[index], other.segments[index]];
    if (mine === undefined || theirs === undefined) return mine === theirs;
    if (rankOf(mine) === 2 || rankOf(theirs) === 2) return true;
    if (rankOf(mine) === 0 && rankOf(theirs) === 0 && mine !== theirs) return false;
  }
}

/** Of two routes with requests in common: negative if the first has the lower rank, segment by segment from the left. */
function compareRanks(one: RoutePlace, other: RoutePlace): number {
  const length = Math.min(one.segments.length, other.segments.length);
  for (let index = 0; index < length; index++) {
    const difference = rankOf(one.segments[index]) - rankOf(other.segments[index]);
    if (difference !== 0) return difference;
  }
  // At the same path a verb goes before ANY.
  return Number(one.httpMethod === "ANY") - Number(other.httpMethod === "ANY");
}

/** Of two with requests in common: whether a REST API gives these to the first. It decides segment by segment. */
export const isFirstInRestApi = (one: RoutePlace, other: RoutePlace): boolean => compareRanks(one, other) < 0;

/**
 * Of two with requests in common: whether an HTTP API gives these to the first. It takes whole matches before greedy ones,
 * and the longest of these.
 * AWS: API Gateway Developer Guide, "Create routes for HTTP APIs in API Gateway", "Routing API requests".
 */
export function isFirstInHttpApi(one: RoutePlace, other: RoutePlace): boolean {
  if (isGreedy(one) !== isGreedy(other)) return isGreedy(other);
  if (isGreedy(one) && one.segments.length !== other.segments.length) {
    return one.segments.length > other.segments.length;
  }
  return compareRanks(one, other) < 0;
}
