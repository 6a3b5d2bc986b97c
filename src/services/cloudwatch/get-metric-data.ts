import { bounds } from "../../base/bounds.ts";
import type { SlicedWork } from "../../base/slices.ts";
import { ApiError } from "../../protocol/errors.ts";
import { encodeToken, type Paging, pageWindow } from "../../protocol/paging.ts";
import type { MetricCall } from "./metric-call.ts";
import { checkQueries, type MetricDataQuery, periodsIn, QueryEvaluation, smallestPeriod } from "./metric-queries.ts";
import type { MetricStore } from "./metric-store.ts";
import { ReadBudget } from "./read-periods.ts";

interface GetMetricDataInput {
  readonly MetricDataQueries: readonly MetricDataQuery[];
  /** Seconds since 1970. */
  readonly StartTime: number;
  readonly EndTime: number;
  readonly ScanBy?: "TimestampAscending" | "TimestampDescending";
  readonly MaxDatapoints?: number;
  readonly NextToken?: string;
}

/** AWS: CloudWatch API reference, "GetMetricData": 100,800 values of an answer. */
const paging: Paging = {
  limitDefault: bounds.metricDataPointsMax.value,
  limitMax: bounds.metricDataPointsMax.value,
  code: "InvalidNextToken",
  // Unconfirmed: its words; see docs/compatibility.md, "metrics, words".
  invalidToken: "The value for parameter NextToken is invalid.",
  invalidLimit: "The value for parameter MaxDatapoints is invalid.",
};

/** AWS: CloudWatch API reference, "GetMetricData". */
export function* getMetricData(store: MetricStore, input: GetMetricDataInput, call: MetricCall): SlicedWork<object> {
  const { MetricDataQueries: queries, StartTime, EndTime, ScanBy, NextToken, MaxDatapoints } = input;
  const { limit, after = "0" } = pageWindow({ limit: MaxDatapoints, token: NextToken }, paging);
  if (!/^\d{1,9}$/.test(after)) throw new ApiError(paging.code, paging.invalidToken);
  if (StartTime >= EndTime) {
    throw new ApiError("ValidationException", "The parameter StartTime must be less than the parameter EndTime.");
  }
  const expressions = checkQueries(queries, { name: "MetricDataQueries", account: call.account });
  const shown = queries.filter(({ ReturnData }) => ReturnData !== false);
  if (shown.length === 0)
    throw new ApiError("ValidationException", "At least one query must have ReturnData set to true.");
  const range = { fromMinute: Math.floor(StartTime / 60), toMinute: Math.ceil(EndTime / 60) };
  requireModest(queries, range);
  const evaluation = new QueryEvaluation(queries, expressions, range, { store, call, budget: new ReadBudget() });
  yield* evaluation.read();
  const results: Result[] = [];
  for (const { Id } of shown) {
    for (const { label, values } of evaluation.seriesOf(Id)) results.push({ id: Id, label, points: [...values] });
    yield;
  }
  return pageOf(results, { limit, from: Number(after), isAscending: ScanBy === "TimestampAscending" });
}

/** Throws for queries of very many values. AWS answers them over many pages, each of which would cost as much here. */
function requireModest(queries: readonly MetricDataQuery[], range: { fromMinute: number; toMinute: number }): void {
  const minutesKept = bounds.metricDaysKept.value * 1_440;
  const smallest = smallestPeriod(queries);
  let points = 0;
  let minutes = 0;
  for (const { MetricStat, Expression } of queries) {
    if (Expression === undefined) minutes += Math.min(minutesKept, range.toMinute - range.fromMinute);
    points += periodsIn(range, MetricStat?.Period ?? smallest);
  }
  if (points <= bounds.metricQueryPointsMax.value && minutes <= bounds.metricQueryMinutesMax.value) return;
  throw new ApiError(
    "ValidationException",
    "The request is for too many datapoints: ask for less time, fewer metrics or longer periods.",
    { hint: `${bounds.metricQueryPointsMax.value} values, made of ${bounds.metricQueryMinutesMax.value} minutes` },
  );
}

interface Result {
  readonly id: string;
  readonly label: string;
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

/** Returns the values from number `from` on, all results being one row. */
function pageOf(
  results: readonly Result[],
  { limit, from, isAscending }: { readonly limit: number; readonly from: number; readonly isAscending: boolean },
): object {
  const to = from + limit;
  let at = 0;
  const page: object[] = [];
  for (const { id, label, points } of results) {
    const [begin, end] = [Math.max(0, from - at), Math.min(points.length, to - at)];
    const isHere = points.length === 0 ? at >= from && at < to : begin < end;
    at += points.length;
    if (!isHere) continue;
    const chosen = (isAscending ? points : points.toReversed()).slice(begin, end);
    page.push({
      Id: id,
      Label: label,
      Timestamps: chosen.map(([seconds]) => seconds),
      Values: chosen.map(([, value]) => value),
      StatusCode: end < points.length ? "PartialData" : "Complete",
    });
  }
  return { MetricDataResults: page, Messages: [], ...(at > to ? { NextToken: encodeToken(String(to)) } : {}) };
}
