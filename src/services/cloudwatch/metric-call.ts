import type { SlicedWork } from "../../base/slices.ts";
import type { MetricStore } from "./metric-store.ts";

/** The facts of a call that an operation gets besides its input. */
export interface MetricCall {
  readonly account: string;
  readonly region: string;
  readonly nowMs: number;
}

/** An operation over the store, in the metrics' thread. What may take long is done in slices. */
// biome-ignore lint/suspicious/noExplicitAny: a table of operations with different inputs; each is typed where it is made.
export type MetricOperation = (store: MetricStore, input: any, call: MetricCall) => object | SlicedWork<object>;
