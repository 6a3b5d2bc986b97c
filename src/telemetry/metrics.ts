import { bounds } from "../base/bounds.ts";

/**
 * Counters in shared memory. Every thread writes to a slot of its own, so that counting is one addition to a Float64,
 * without atomics or messages. Rendering sums the slots. Slot 0 is control's, slot 1 + n is gateway thread n's.
 *
 *   header (Int32 × 2): slots, reserved
 *   routes: routesMax × (Int32 state: 0 free, 1 being written, 2 ready; Int32 length; 248 bytes text)
 *   slots: slot count × (globals, then per route: routeLength)
 *
 * The route table is a hash table of fixed size, so that no number of stages and routes makes it grow.
 */
const headerBytes = 8;
const routeNameBytes = 248;
const routeEntryBytes = 8 + routeNameBytes;
const routesMax = bounds.metricsRoutesMax.value;
/** So many places of the table are tried for a name. Looking one up stays short, and nearly all places are used. */
const placesTried = 32;

/** Upper bounds of the latency histograms, in seconds. */
const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Every counter of a slot that is not a histogram: its Prometheus name and labels, type and help. */
const counters = {
  connectionsOpen: ["portico_connections_open", "gauge", "Client connections that are open."],
  connectionsTotal: ["portico_connections_total", "counter", "Client connections accepted."],
  connectionsRefused: [
    "portico_connections_refused_total",
    "counter",
    "Client connections closed because they had no PROXY header, or none that can be believed.",
  ],
  webSocketsOpen: ["portico_websockets_open", "gauge", "WebSockets that are open."],
  webSocketsTotal: ["portico_websockets_total", "counter", "WebSockets opened."],
  webSocketMessagesReceived: [
    "portico_websocket_messages_received_total",
    "counter",
    "Text messages received from clients by WebSocket.",
  ],
  webSocketMessagesSent: [
    "portico_websocket_messages_sent_total",
    "counter",
    "Text messages sent to clients by WebSocket: answers, callbacks and messages to groups.",
  ],
  requestBytes: ["portico_request_bytes_total", "counter", "Bytes of request bodies received by the data plane."],
  responseBytes: ["portico_response_bytes_total", "counter", "Bytes of response bodies sent by the data plane."],
  requestsUnmatched: [
    "portico_requests_unmatched_total",
    "counter",
    "Data plane requests that named no API, stage or route that there is.",
  ],
  wafAllowed: ["portico_waf_allowed_requests_total", "counter", "Requests that a web ACL let pass."],
  wafBlocked: ["portico_waf_blocked_requests_total", "counter", "Requests that a web ACL blocked."],
  wafCounted: ["portico_waf_counted_requests_total", "counter", "Matches of a web ACL's rules that only count."],
  requestsThrottled: [
    "portico_requests_throttled_total",
    "counter",
    "Requests for which the throttle of a method or account had no token.",
  ],
  integrationErrors: ["portico_integration_errors_total", "counter", "Backend calls that failed or timed out."],
  backendConnectionsTotal: ["portico_backend_connections_total", "counter", "Connections opened to backends."],
  managementRequests: ["portico_management_requests_total", "counter", "Requests handed to the management API."],
  functionInvocations: ["portico_function_invocations_total", "counter", "Function invocations by the data plane."],
  functionErrors: [
    "portico_function_errors_total",
    "counter",
    "Invocations by the data plane that failed in the function.",
  ],
  functionServiceErrors: [
    "portico_function_service_errors_total",
    "counter",
    "Invocations by the data plane that Lambda refused: throttled, not found, not startable.",
  ],
  functionStarts: ["portico_function_starts_total", "counter", "Environments of functions started: cold starts."],
  functionStartsFailed: [
    "portico_function_starts_failed_total",
    "counter",
    "Environments of functions that did not come up.",
  ],
  accessLogLines: ["portico_access_log_lines_total", "counter", "Access log lines written."],
  accessLogLinesDropped: [
    "portico_access_log_lines_dropped_total",
    "counter",
    "Access log lines dropped because the log could not be written fast enough.",
  ],
  tracesDropped: [
    "portico_traces_dropped_total",
    "counter",
    "Sampled requests that are in no trace because they came faster than they can be stored.",
  ],
  logLines: ["portico_log_lines_total", "counter", "Lines sent to the embedded CloudWatch Logs."],
  logLinesDropped: [
    "portico_log_lines_dropped_total",
    "counter",
    "Lines for the embedded CloudWatch Logs dropped because they came faster than they can be stored.",
  ],
  metricPoints: ["portico_metric_points_total", "counter", "Points of metrics sent to the embedded CloudWatch."],
  metricPointsDropped: [
    "portico_metric_points_dropped_total",
    "counter",
    "Points of metrics for the embedded CloudWatch dropped because they came faster than they can be stored.",
  ],
} as const satisfies Record<string, readonly [string, "counter" | "gauge", string]>;

/** A counter's name in {@link Metrics.add}. */
export type Counter = keyof typeof counters;

const counterNames = Object.keys(counters) as Counter[];
const counterIndex = Object.fromEntries(counterNames.map((name, index) => [name, index])) as Record<Counter, number>;
const histogramLength = latencyBuckets.length + 2; // buckets, +Inf, sum
const integrationHistogram = counterNames.length;
const globalsLength = integrationHistogram + histogramLength;

/** What is counted of a route beside statuses and latencies: its Prometheus name and help. */
const routeEvents = {
  throttled: ["portico_route_throttled_total", "Requests that were answered as one too many, by route."],
  cacheHits: ["portico_cache_hits_total", "Requests answered from the stage's cache, by route."],
  cacheMisses: ["portico_cache_misses_total", "Requests that the stage's cache had no answer to, by route."],
} as const;

export type RouteEvent = keyof typeof routeEvents;

const routeEventNames = Object.keys(routeEvents) as RouteEvent[];
/** Requests by status class 1xx…5xx, then the events, then the histogram of durations. */
const statusClasses = 5;
const eventsAt = Object.fromEntries(routeEventNames.map((name, index) => [name, statusClasses + index])) as Record<
  RouteEvent,
  number
>;
const routeHistogram = statusClasses + routeEventNames.length;
const routeLength = routeHistogram + histogramLength;
const slotLength = globalsLength + routesMax * routeLength;
/** The row of requests for which the table has no room, or which no stage took. */
const unlabelled = routesMax - 1;

const routesBytes = headerBytes + routesMax * routeEntryBytes;

/** Allocates the memory that all threads count in: `gatewayThreads` slots, and one for control. */
export function allocateMetrics(gatewayThreads: number): SharedArrayBuffer {
  const slots = gatewayThreads + 1;
  const buffer = new SharedArrayBuffer(routesBytes + slots * slotLength * 8);
  new Int32Array(buffer, 0, 1)[0] = slots;
  return buffer;
}

/** One thread's counters. */
export class Metrics {
  readonly #buffer: SharedArrayBuffer;
  readonly #values: Float64Array;

  /** `slot` is 0 for control, and 1 + its index for a gateway thread. */
  constructor(buffer: SharedArrayBuffer, slot: number) {
    this.#buffer = buffer;
    this.#values = new Float64Array(buffer, routesBytes + slot * slotLength * 8, slotLength);
    // A thread that replaces a dead one inherits its counters. What the dead thread had open is no longer open.
    for (const name of counterNames) if (counters[name][1] === "gauge") this.#values[counterIndex[name]] = 0;
  }

  add(counter: Counter, amount = 1): void {
    this.#values[counterIndex[counter]]! += amount;
  }

  set(gauge: Counter, value: number): void {
    this.#values[counterIndex[gauge]] = value;
  }

  /**
   * Returns the row of a route for {@link request}; `routeKey` is empty for requests of the stage that no route took. A route
   * that finds no room, or has too long a name, shares its stage's row, and a stage that finds none a row with all such.
   */
  route(stageKey: string, routeKey = ""): number {
    const row = this.#find(`${stageKey}\n${routeKey}`);
    if (row !== undefined) return row;
    return routeKey === "" ? unlabelled : this.route(stageKey);
  }

  #find(name: string): number | undefined {
    const text = Buffer.from(name, "utf8");
    if (text.length > routeNameBytes) return undefined;
    const first = hashOf(text);
    for (let probe = 0; probe < placesTried; probe++) {
      const index = (first + probe) % unlabelled;
      const at = headerBytes + index * routeEntryBytes;
      const state = new Int32Array(this.#buffer, at, 2);
      const known = Buffer.from(this.#buffer, at + 8, routeNameBytes);
      if (Atomics.compareExchange(state, 0, 0, 1) === 0) {
        text.copy(known);
        state[1] = text.length;
        Atomics.store(state, 0, 2);
        Atomics.notify(state, 0);
        return index;
      }
      // Another thread is writing this name. That takes a few hundred nanoseconds, once for each route.
      if (Atomics.load(state, 0) === 1) Atomics.wait(state, 0, 1, 100);
      if (state[1] === text.length && known.subarray(0, text.length).equals(text)) return index;
    }
    return undefined;
  }

  /** Counts an answered request. */
  request(route: number, status: number, durationMs: number): void {
    const values = this.#values;
    const seconds = durationMs / 1000;
    const at = globalsLength + route * routeLength;
    const statusClass = status >= 100 && status < 600 ? Math.floor(status / 100) - 1 : 4;
    values[at + statusClass]! += 1;
    values[at + routeHistogram + bucketOf(seconds)]! += 1;
    values[at + routeHistogram + histogramLength - 1]! += seconds;
  }

  /** Counts what became of a request, beside its status. */
  routeEvent(route: number, event: RouteEvent): void {
    this.#values[globalsLength + route * routeLength + eventsAt[event]]! += 1;
  }

  /** Counts a call of a backend or function. */
  integration(durationMs: number): void {
    const seconds = durationMs / 1000;
    this.#values[integrationHistogram + bucketOf(seconds)]! += 1;
    this.#values[integrationHistogram + histogramLength - 1]! += seconds;
  }

  /** The row of requests that belong to no stage. */
  get noStage(): number {
    return unlabelled;
  }
}

/** FNV-1a. */
function hashOf(text: Buffer): number {
  let hash = 0x811c9dc5;
  for (const byte of text) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function bucketOf(seconds: number): number {
  let index = 0;
  while (index < latencyBuckets.length && seconds > latencyBuckets[index]!) index++;
  return index;
}

/** Renders all counters in Prometheus's text format (`GET /_portico/metrics`). */
export function renderMetrics(buffer: SharedArrayBuffer): string {
  const slots = new Int32Array(buffer, 0, 1)[0]!;
  const sums = new Float64Array(slotLength);
  for (let slot = 0; slot < slots; slot++) {
    const values = new Float64Array(buffer, routesBytes + slot * slotLength * 8, slotLength);
    for (let index = 0; index < slotLength; index++) sums[index]! += values[index]!;
  }
  const lines: string[] = [];
  for (const name of counterNames) {
    const [metric, type, help] = counters[name];
    lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} ${type}`, `${metric} ${sums[counterIndex[name]]}`);
  }
  const integration = "portico_integration_duration_seconds";
  const help = "From calling a backend or function to its answer, or the head of a streamed one.";
  lines.push(`# HELP ${integration} ${help}`, `# TYPE ${integration} histogram`);
  renderHistogram(lines, sums.subarray(integrationHistogram), integration, "");
  renderRoutes(lines, sums, buffer);
  return `${lines.join("\n")}\n`;
}

/** `labels` come before `le`, each followed by a comma. */
function renderHistogram(lines: string[], values: Float64Array, metric: string, labels: string): void {
  const own = labels === "" ? "" : `{${labels.slice(0, -1)}}`;
  let count = 0;
  for (let index = 0; index < latencyBuckets.length; index++) {
    count += values[index]!;
    lines.push(`${metric}_bucket{${labels}le="${latencyBuckets[index]}"} ${count}`);
  }
  count += values[latencyBuckets.length]!;
  lines.push(
    `${metric}_bucket{${labels}le="+Inf"} ${count}`,
    `${metric}_sum${own} ${values[histogramLength - 1]}`,
    `${metric}_count${own} ${count}`,
  );
}

/** A route of which something was counted. */
interface RouteRow {
  readonly labels: string;
  readonly values: Float64Array;
}

function renderRoutes(lines: string[], sums: Float64Array, buffer: SharedArrayBuffer): void {
  const rows: RouteRow[] = [];
  for (let index = 0; index < routesMax; index++) {
    const at = globalsLength + index * routeLength;
    const values = sums.subarray(at, at + routeLength);
    const labels = values.some((value) => value !== 0) ? routeLabels(buffer, index) : undefined;
    if (labels !== undefined) rows.push({ labels, values });
  }
  const requests = "portico_requests_total";
  lines.push(`# HELP ${requests} Requests answered, by route and status class.`, `# TYPE ${requests} counter`);
  for (const { labels, values } of rows) {
    for (let statusClass = 0; statusClass < statusClasses; statusClass++) {
      if (values[statusClass]! > 0 || isAlwaysShown(statusClass))
        lines.push(`${requests}{${labels},class="${statusClass + 1}xx"} ${values[statusClass]}`);
    }
  }
  for (const name of routeEventNames) {
    const [metric, help] = routeEvents[name];
    lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} counter`);
    for (const { labels, values } of rows) {
      if (name === "throttled" || hasCache(values)) lines.push(`${metric}{${labels}} ${values[eventsAt[name]]}`);
    }
  }
  const durations = "portico_request_duration_seconds";
  lines.push(`# HELP ${durations} From the request's head to the end of its answer, by route.`);
  lines.push(`# TYPE ${durations} histogram`);
  for (const { labels, values } of rows)
    renderHistogram(lines, values.subarray(routeHistogram), durations, `${labels},`);
}

/** A series that begins at 0 shows its first error as a rise: Prometheus does not know what came before a series' first value. */
const isAlwaysShown = (statusClass: number): boolean => [2, 4, 5].includes(statusClass + 1);

const hasCache = (values: Float64Array): boolean => values[eventsAt.cacheHits]! + values[eventsAt.cacheMisses]! > 0;

function routeLabels(buffer: SharedArrayBuffer, index: number): string | undefined {
  if (index === unlabelled) return 'api="",stage="",route=""';
  const at = headerBytes + index * routeEntryBytes;
  const state = new Int32Array(buffer, at, 2);
  if (Atomics.load(state, 0) !== 2) return undefined;
  const text = Buffer.from(buffer, at + 8, state[1]!).toString("utf8");
  const slash = text.indexOf("/");
  const end = text.indexOf("\n", slash);
  const [api, stage, route] = [text.slice(0, slash), text.slice(slash + 1, end), text.slice(end + 1)].map(labelValue);
  return `api="${api}",stage="${stage}",route="${route}"`;
}

const labelValue = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
