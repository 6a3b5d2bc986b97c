/** What a server had counted of a route when it was asked, since it started. */
export interface RouteSample {
  readonly api: string;
  readonly stage: string;
  /** Empty for requests that no route took, or whose route has no row of its own. */
  readonly route: string;
  /** By class: `2xx`. */
  readonly requests: Map<string, number>;
  throttled: number;
  cacheHits: number;
  cacheMisses: number;
  /** Requests that took at most so many seconds, in ascending order; the last is infinite. */
  readonly buckets: { readonly seconds: number; readonly count: number }[];
}

/** One reading of `/_portico/metrics`. */
export interface MetricsSample {
  readonly atMs: number;
  readonly connectionsOpen: number;
  /** By API, stage and route. */
  readonly routes: ReadonlyMap<string, RouteSample>;
}

/** What a line of a route adds to its sample. */
const seriesOfRoutes: Readonly<
  Record<string, (sample: RouteSample, labels: ReadonlyMap<string, string>, value: number) => void>
> = {
  portico_requests_total: (sample, labels, value) => void sample.requests.set(labels.get("class") ?? "", value),
  portico_request_duration_seconds_bucket: (sample, labels, value) => {
    const le = labels.get("le");
    sample.buckets.push({ seconds: le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le), count: value });
  },
  portico_route_throttled_total: (sample, _, value) => {
    sample.throttled = value;
  },
  portico_cache_hits_total: (sample, _, value) => {
    sample.cacheHits = value;
  },
  portico_cache_misses_total: (sample, _, value) => {
    sample.cacheMisses = value;
  },
};

/** Reads Prometheus's text format, of a server that renders buckets in ascending order. Other series are left out. */
export function readSample(text: string, atMs: number): MetricsSample {
  const routes = new Map<string, RouteSample>();
  let connectionsOpen = 0;
  for (const line of text.split("\n")) {
    const [, name = "", labelled, value = ""] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === "portico_connections_open") connectionsOpen = Number(value);
    if (labelled === undefined || !Object.hasOwn(seriesOfRoutes, name)) continue;
    const labels = readLabels(labelled);
    const [api = "", stage = "", route = ""] = ["api", "stage", "route"].map((label) => labels.get(label));
    const key = JSON.stringify([api, stage, route]);
    let sample = routes.get(key);
    if (sample === undefined) {
      sample = { api, stage, route, requests: new Map(), throttled: 0, cacheHits: 0, cacheMisses: 0, buckets: [] };
      routes.set(key, sample);
    }
    seriesOfRoutes[name]!(sample, labels, Number(value));
  }
  return { atMs, connectionsOpen, routes };
}

function readLabels(text: string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const [, name = "", value = ""] of text.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)) {
    labels.set(
      name,
      value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped)),
    );
  }
  return labels;
}
