import { bounds } from "../base/bounds.ts";

/**
 * Counters in shared memory. Every thread writes to a slot of its own, so that counting is one addition to a Float64,
 * without atomics or messages. Rendering sums the slots. Slot 0 is control's, slot 1 + n is gateway thread n's.
 *
 *   header (Int32 × 2): slots, reserved
 *   stage names: bounds.metricsStagesMax × (Int32 state: 0 free, 1 being written, 2 ready; Int32 length; 248 bytes text)
 *   slots: slot count × (globals, then per stage: stageCounters)
 */
const headerBytes = 8;
const stageNameBytes = 248;
const stageEntryBytes = 8 + stageNameBytes;
const stagesMax = bounds.metricsStagesMax.value;

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
const histograms = ["portico_request_duration_seconds", "portico_integration_duration_seconds"] as const;
const histogramLength = latencyBuckets.length + 2; // buckets, +Inf, sum
const histogramsAt = counterNames.length;
const requestHistogram = histogramsAt;
const integrationHistogram = histogramsAt + histogramLength;
const globalsLength = histogramsAt + histograms.length * histogramLength;
/** Per stage: requests by status class 1xx…5xx, then the sum of their durations in seconds. */
const stageCounters = 6;
const slotLength = globalsLength + stagesMax * stageCounters;
/** The stage label of requests for which no stage was left in the table, or none was found. */
const unlabelled = stagesMax - 1;

const stagesBytes = headerBytes + stagesMax * stageEntryBytes;

/** Allocates the memory that all threads count in: `gatewayThreads` slots, and one for control. */
export function allocateMetrics(gatewayThreads: number): SharedArrayBuffer {
  const slots = gatewayThreads + 1;
  const buffer = new SharedArrayBuffer(stagesBytes + slots * slotLength * 8);
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
    this.#values = new Float64Array(buffer, stagesBytes + slot * slotLength * 8, slotLength);
    // A thread that replaces a dead one inherits its counters. What the dead thread had open is no longer open.
    for (const name of counterNames) if (counters[name][1] === "gauge") this.#values[counterIndex[name]] = 0;
  }

  add(counter: Counter, amount = 1): void {
    this.#values[counterIndex[counter]]! += amount;
  }

  set(gauge: Counter, value: number): void {
    this.#values[counterIndex[gauge]] = value;
  }

  /** Returns a stage's index for {@link request}. All stages beyond the table's end share one. */
  stage(key: string): number {
    const text = Buffer.from(key, "utf8");
    if (text.length > stageNameBytes) return unlabelled;
    for (let index = 0; index < unlabelled; index++) {
      const at = headerBytes + index * stageEntryBytes;
      const state = new Int32Array(this.#buffer, at, 2);
      const name = Buffer.from(this.#buffer, at + 8, stageNameBytes);
      if (Atomics.compareExchange(state, 0, 0, 1) === 0) {
        text.copy(name);
        state[1] = text.length;
        Atomics.store(state, 0, 2);
        Atomics.notify(state, 0);
        return index;
      }
      // Another thread is writing this name. That takes a few hundred nanoseconds, once for each stage.
      if (Atomics.load(state, 0) === 1) Atomics.wait(state, 0, 1, 100);
      if (state[1] === text.length && name.subarray(0, text.length).equals(text)) return index;
    }
    return unlabelled;
  }

  /** Counts an answered request. */
  request(stage: number, status: number, durationMs: number): void {
    const values = this.#values;
    const seconds = durationMs / 1000;
    values[requestHistogram + bucketOf(seconds)]! += 1;
    values[requestHistogram + histogramLength - 1]! += seconds;
    const at = globalsLength + stage * stageCounters;
    const statusClass = status >= 100 && status < 600 ? Math.floor(status / 100) - 1 : 4;
    values[at + statusClass]! += 1;
    values[at + 5]! += seconds;
  }

  /** Counts a call of a backend or function. */
  integration(durationMs: number): void {
    const seconds = durationMs / 1000;
    this.#values[integrationHistogram + bucketOf(seconds)]! += 1;
    this.#values[integrationHistogram + histogramLength - 1]! += seconds;
  }

  /** The stage index of requests that belong to no stage. */
  get noStage(): number {
    return unlabelled;
  }
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
    const values = new Float64Array(buffer, stagesBytes + slot * slotLength * 8, slotLength);
    for (let index = 0; index < slotLength; index++) sums[index]! += values[index]!;
  }
  const lines: string[] = [];
  for (const name of counterNames) {
    const [metric, type, help] = counters[name];
    lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} ${type}`, `${metric} ${sums[counterIndex[name]]}`);
  }
  renderHistogram(lines, sums, requestHistogram, histograms[0], "From the request's head to the end of its answer.");
  renderHistogram(
    lines,
    sums,
    integrationHistogram,
    histograms[1],
    "From calling a backend or function to its answer, or the head of a streamed one.",
  );
  renderStages(lines, sums, buffer);
  return `${lines.join("\n")}\n`;
}

function renderHistogram(lines: string[], sums: Float64Array, at: number, metric: string, help: string): void {
  lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} histogram`);
  let count = 0;
  for (let index = 0; index < latencyBuckets.length; index++) {
    count += sums[at + index]!;
    lines.push(`${metric}_bucket{le="${latencyBuckets[index]}"} ${count}`);
  }
  count += sums[at + latencyBuckets.length]!;
  lines.push(
    `${metric}_bucket{le="+Inf"} ${count}`,
    `${metric}_sum ${sums[at + histogramLength - 1]}`,
    `${metric}_count ${count}`,
  );
}

function renderStages(lines: string[], sums: Float64Array, buffer: SharedArrayBuffer): void {
  const requests = "portico_requests_total";
  const seconds = "portico_requests_seconds_total";
  lines.push(`# HELP ${requests} Requests answered, by stage and status class.`, `# TYPE ${requests} counter`);
  const durations = [`# HELP ${seconds} Seconds spent on requests, by stage.`, `# TYPE ${seconds} counter`];
  for (let index = 0; index < stagesMax; index++) {
    const labels = stageLabels(buffer, index);
    if (labels === undefined) continue;
    const at = globalsLength + index * stageCounters;
    for (let statusClass = 0; statusClass < 5; statusClass++) {
      const count = sums[at + statusClass]!;
      if (count > 0) lines.push(`${requests}{${labels},class="${statusClass + 1}xx"} ${count}`);
    }
    if (sums[at + 5]! > 0) durations.push(`${seconds}{${labels}} ${sums[at + 5]}`);
  }
  lines.push(...durations);
}

function stageLabels(buffer: SharedArrayBuffer, index: number): string | undefined {
  if (index === unlabelled) return 'api="",stage=""';
  const at = headerBytes + index * stageEntryBytes;
  const state = new Int32Array(buffer, at, 2);
  if (Atomics.load(state, 0) !== 2) return undefined;
  const text = Buffer.from(buffer, at + 8, state[1]!).toString("utf8");
  const slash = text.indexOf("/");
  return `api="${labelValue(text.slice(0, slash))}",stage="${labelValue(text.slice(slash + 1))}"`;
}

const labelValue = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
