import { bounds } from "../../base/bounds.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { MetricPoint } from "../../telemetry/metric-sink.ts";
import { invalidCombination, invalidValue, missingParameter } from "./errors.ts";
import type { MetricCall } from "./metric-call.ts";
import type { MetricStore } from "./metric-store.ts";
import { type DimensionInput, sortedDimensions } from "./read-periods.ts";

interface MetricDatum {
  readonly MetricName: string;
  readonly Dimensions?: readonly DimensionInput[];
  /** Seconds since 1970. */
  readonly Timestamp?: number;
  readonly Value?: number;
  readonly Values?: readonly number[];
  readonly Counts?: readonly number[];
  readonly StatisticValues?: {
    readonly SampleCount: number;
    readonly Sum: number;
    readonly Minimum: number;
    readonly Maximum: number;
  };
  readonly Unit?: string;
  readonly StorageResolution?: number;
}

interface PutMetricDataInput {
  readonly Namespace: string;
  readonly MetricData?: readonly MetricDatum[];
  /** Metrics of an entity. They are stored like others. */
  readonly EntityMetricData?: readonly { readonly MetricData?: readonly MetricDatum[] }[];
}

/** AWS: CloudWatch API reference, "PutMetricData", "MetricDatum". Unconfirmed: its words; see docs/compatibility.md, "metrics, words". */
export function putMetricData(store: MetricStore, input: PutMetricDataInput, call: MetricCall): object {
  if (/^AWS\//i.test(input.Namespace)) {
    throw invalidValue("The value AWS/ for parameter Namespace is invalid: it is reserved for AWS.");
  }
  if (input.Namespace.startsWith(":")) throw invalidValue("The value for parameter Namespace is invalid.");
  requireAscii(input.Namespace, "Namespace");
  const data = [...(input.MetricData ?? []), ...(input.EntityMetricData ?? []).flatMap((of) => of.MetricData ?? [])];
  if (data.length === 0) throw missingParameter("The parameter MetricData is required.");
  if (data.length > bounds.metricDataMax.value) {
    throw invalidValue(
      `The collection MetricData must not have a size greater than ${bounds.metricDataMax.value.toLocaleString("en")}.`,
    );
  }
  const points = data.map((datum, index) => toPoint(datum, `MetricData.member.${index + 1}`, input.Namespace, call));
  const dropped = store.add(points);
  if (dropped > 0) {
    // AWS has no bound here. A success would hide that the points are gone.
    throw new ApiError("LimitExceeded", `${dropped} of ${points.length} metrics were not stored.`, {
      status: 400,
      hint: `An account has ${bounds.metricsPerAccountMax.value} metrics at most: fewer different dimensions are wanted.`,
    });
  }
  return {};
}

function toPoint(datum: MetricDatum, at: string, namespace: string, call: MetricCall): MetricPoint {
  const { account, region, nowMs } = call;
  const { MetricName: name, Dimensions = [], Timestamp, Unit: unit = "None", StorageResolution = 60 } = datum;
  if (new Set(Dimensions.map(({ Name }) => Name)).size < Dimensions.length) {
    throw invalidValue(`The value for parameter ${at}.Dimensions is invalid: a dimension is named twice.`);
  }
  for (const [index, { Name, Value }] of Dimensions.entries()) {
    const dimension = `${at}.Dimensions.member.${index + 1}`;
    if (Name.startsWith(":")) throw invalidValue(`The value for parameter ${dimension}.Name starts with a colon.`);
    for (const [member, text] of Object.entries({ Name, Value })) {
      requireAscii(text, `${dimension}.${member}`);
      if (text.trim() === "") throw invalidValue(`The value for parameter ${dimension}.${member} is blank.`);
    }
  }
  if (StorageResolution !== 1 && StorageResolution !== 60) {
    throw invalidValue(`The value ${StorageResolution} for parameter ${at}.StorageResolution is invalid.`);
  }
  const ms = Timestamp === undefined ? nowMs : Timestamp * 1_000;
  if (ms < nowMs - bounds.metricPastMsMax.value || ms > nowMs + bounds.metricFutureMsMax.value) {
    throw invalidValue(
      `The parameter ${at}.Timestamp must specify a time no more than two weeks in the past and two hours in the future.`,
    );
  }
  return {
    metric: { account, region, namespace, name, dimensions: sortedDimensions(Dimensions), unit },
    minute: Math.floor(ms / 60_000),
    ...samplesOf(datum, at),
  };
}

type Samples = Omit<MetricPoint, "metric" | "minute">;

function samplesOf(datum: MetricDatum, at: string): Samples {
  const { Value, Values, Counts, StatisticValues } = datum;
  const given = { Value, Values, StatisticValues };
  const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`${at}.${name}`]));
  if (names.length === 0) {
    throw missingParameter(
      `At least one of the parameters must be specified: ${at}.Value, ${at}.Values or ${at}.StatisticValues.`,
    );
  }
  if (names.length > 1) {
    throw invalidCombination(
      `The parameters ${names.join(" and ")} are mutually exclusive and you have specified more than one of them.`,
    );
  }
  if (Counts !== undefined && Values === undefined) {
    throw invalidCombination(`The parameter ${at}.Counts is only allowed with ${at}.Values.`);
  }
  if (StatisticValues !== undefined) return statisticSet(StatisticValues, `${at}.StatisticValues`);
  return valueList(Values ?? [Value as number], Counts, at);
}

function statisticSet(set: NonNullable<MetricDatum["StatisticValues"]>, at: string): Samples {
  for (const [name, value] of Object.entries(set)) requireValue(value, `${at}.${name}`);
  const { SampleCount: sampleCount, Sum: sum, Minimum: minimum, Maximum: maximum } = set;
  if (sampleCount < 0) throw invalidValue(`The value ${sampleCount} for parameter ${at}.SampleCount is invalid.`);
  if (minimum > maximum) {
    throw invalidCombination(`The parameter ${at}.Maximum must be greater than the parameter ${at}.Minimum.`);
  }
  const none = new Float64Array(0);
  return { sampleCount, sum, minimum, maximum, values: none, counts: none };
}

function valueList(values: readonly number[], counts: readonly number[] | undefined, at: string): Samples {
  const max = bounds.metricDatumValuesMax.value;
  if (values.length === 0 || values.length > max) {
    throw invalidValue(`The collection ${at}.Values must have a size between 1 and ${max}.`);
  }
  if (counts !== undefined && counts.length !== values.length) {
    throw invalidValue(`The parameters ${at}.Values and ${at}.Counts must be of the same size.`);
  }
  let sampleCount = 0;
  let sum = 0;
  for (const [index, value] of values.entries()) {
    requireValue(value, `${at}.Value`);
    const count = counts?.[index] ?? 1;
    requireValue(count, `${at}.Counts`);
    if (count < 0) throw invalidValue(`The value ${count} for parameter ${at}.Counts is invalid.`);
    sampleCount += count;
    sum += value * count;
  }
  requireValue(sum, `${at}.Values`);
  return {
    sampleCount,
    sum,
    minimum: Math.min(...values),
    maximum: Math.max(...values),
    values: Float64Array.from(values),
    counts: Float64Array.from(counts ?? values.map(() => 1)),
  };
}

/** AWS: CloudWatch API reference, "Dimension", "PutMetricData". The first message is AWS's, as users quote it. */
function requireAscii(text: string, parameter: string): void {
  if (/[^\p{ASCII}]/u.test(text)) {
    throw invalidValue(`The value for parameter ${parameter} contains non-ASCII characters.`);
  }
  if (/\p{Cc}/u.test(text)) throw invalidValue(`The value for parameter ${parameter} contains control characters.`);
}

function requireValue(value: number, parameter: string): void {
  if (Math.abs(value) <= bounds.metricValueMax.value) return;
  throw invalidValue(`The value ${value} for parameter ${parameter} is invalid.`);
}
