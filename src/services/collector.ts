import type { OtlpTarget } from "../telemetry/otlp-exporter.ts";

/** The OpenTelemetry collector that the thread of a service sends to. */
export interface Collector {
  readonly target: OtlpTarget;
  /** Portico's own version. */
  readonly version: string;
}

/** What the server's log calls it. */
export const collectorName = "the OpenTelemetry collector";
