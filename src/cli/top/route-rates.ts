import type { MetricsSample, RouteSample } from "./metrics-sample.ts";

/** What happened to a route between two samples. */
export interface RouteRates {
  readonly api: string;
  readonly stage: string;
  readonly route: string;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly clientErrorsPerSecond: number;
  readonly serverErrorsPerSecond: number;
  /** Absent if there was no request, as are the next ones. Within the buckets of the server's histogram. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly throttledPerSecond: number;
  /** The share of what the cache was asked for; absent if it was not asked. */
  readonly cacheHitShare?: number;
}

/** What happened between two samples, the busiest route first; routes without a request come last. */
export interface Rates {
  readonly seconds: number;
  readonly connectionsOpen: number;
  readonly routes: readonly RouteRates[];
}

/** Compares two samples of a server. Counters that went back were of a server that has restarted, and count from 0. */
export function compareSamples(before: MetricsSample, after: MetricsSample): Rates {
  const seconds = Math.max(0.001, (after.atMs - before.atMs) / 1_000);
  const routes = [...after.routes].map(([key, route]) => ratesOf(before.routes.get(key), route, seconds));
  routes.sort(
    (one, other) =>
      other.requests - one.requests ||
      compareTexts(one.api, other.api) ||
      compareTexts(one.stage, other.stage) ||
      compareTexts(one.route, other.route),
  );
  return { seconds, connectionsOpen: after.connectionsOpen, routes };
}

const compareTexts = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);

function ratesOf(known: RouteSample | undefined, after: RouteSample, seconds: number): RouteRates {
  const before = known === undefined || sum(known.requests.values()) > sum(after.requests.values()) ? undefined : known;
  const counted = (statusClass: string): number =>
    (after.requests.get(statusClass) ?? 0) - (before?.requests.get(statusClass) ?? 0);
  const requests = sum([...after.requests.keys()].map(counted));
  const buckets = after.buckets.map(({ seconds: upTo, count }, index) => ({
    upTo,
    count: count - (before?.buckets[index]?.count ?? 0),
  }));
  const hits = after.cacheHits - (before?.cacheHits ?? 0);
  const asked = hits + after.cacheMisses - (before?.cacheMisses ?? 0);
  const { api, stage, route } = after;
  return {
    ...{ api, stage, route, requests },
    requestsPerSecond: requests / seconds,
    clientErrorsPerSecond: counted("4xx") / seconds,
    serverErrorsPerSecond: counted("5xx") / seconds,
    ...(requests > 0 && { p50Ms: quantileMs(buckets, 0.5), p99Ms: quantileMs(buckets, 0.99) }),
    throttledPerSecond: (after.throttled - (before?.throttled ?? 0)) / seconds,
    ...(asked > 0 && { cacheHitShare: hits / asked }),
  };
}

/** Estimates a quantile as Prometheus does: evenly between the bounds of its bucket, and the last bound beyond it. */
export function quantileMs(
  buckets: readonly { readonly upTo: number; readonly count: number }[],
  quantile: number,
): number {
  const rank = quantile * (buckets.at(-1)?.count ?? 0);
  let [low, below] = [0, 0];
  for (const { upTo, count } of buckets) {
    if (upTo === Number.POSITIVE_INFINITY) break;
    if (count >= rank && count > below) return (low + ((upTo - low) * (rank - below)) / (count - below)) * 1_000;
    [low, below] = [upTo, count];
  }
  return low * 1_000;
}
