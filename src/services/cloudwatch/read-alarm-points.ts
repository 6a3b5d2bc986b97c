import { bounds } from "../../base/bounds.ts";
import type { SlicedWork } from "../../base/slices.ts";
import type { MetricCall } from "./metric-call.ts";
import { checkQueries, type MetricDataQuery, QueryEvaluation } from "./metric-queries.ts";
import type { MetricStore } from "./metric-store.ts";
import { ReadBudget } from "./read-periods.ts";

/** What an alarm looks at. */
export interface AlarmQuestion {
  readonly queries: readonly MetricDataQuery[];
  /** The query whose values are wanted. */
  readonly id: string;
  /** In seconds. */
  readonly period: number;
  readonly periods: number;
  /** The samples that a period needs; those of the first query's metric are counted. */
  readonly samplesNeeded?: number | undefined;
  /** Where the newest period ends; whole minutes since 1970. */
  readonly endMinute: number;
}

/** The values, the newest first; null where there is none. Or why there are none. */
export type AlarmAnswer =
  | {
      readonly kind: "values";
      readonly values: readonly (number | null)[];
      /** The ages of the periods that have fewer samples than needed: 0 is the newest. */
      readonly fewSamples?: readonly number[];
    }
  | { readonly kind: "failed"; readonly why: string };

/** Reads the values of several alarms. One that can't be evaluated spoils no other. */
export function* readAlarmPoints(
  store: MetricStore,
  { questions }: { readonly questions: readonly AlarmQuestion[] },
  call: MetricCall,
): SlicedWork<object> {
  const answers: AlarmAnswer[] = [];
  for (const question of questions) {
    try {
      const values = yield* readValues(store, question, call);
      answers.push({ kind: "values", values, ...(yield* readFewSamples(store, question, call)) });
    } catch (error) {
      answers.push({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
    }
  }
  return { answers };
}

function* readValues(
  store: MetricStore,
  { queries, id, period, periods, endMinute }: AlarmQuestion,
  call: MetricCall,
): SlicedWork<readonly (number | null)[]> {
  const range = { fromMinute: endMinute - (periods * period) / 60, toMinute: endMinute };
  const expressions = checkQueries(queries, { name: "Metrics", account: call.account });
  const budget = new ReadBudget(bounds.alarmReadBytesMax.value);
  const evaluation = new QueryEvaluation(queries, expressions, range, { store, call, budget });
  yield* evaluation.read();
  const [series, ...others] = evaluation.seriesOf(id);
  if (others.length > 0) throw new Error(`The expression '${id}' is several time series: an alarm watches one.`);
  return Array.from({ length: periods }, (_, age) => {
    const time = endMinute * 60 - (age + 1) * period;
    return series?.values.get(time) ?? null;
  });
}

function* readFewSamples(
  store: MetricStore,
  question: AlarmQuestion,
  call: MetricCall,
): SlicedWork<{ fewSamples?: number[] }> {
  const { samplesNeeded, queries } = question;
  const MetricStat = queries[0]?.MetricStat;
  if (samplesNeeded === undefined || MetricStat === undefined) return {};
  const counting = { Id: "samples", MetricStat: { ...MetricStat, Stat: "SampleCount" } };
  const counts = yield* readValues(store, { ...question, queries: [counting], id: "samples" }, call);
  return { fewSamples: counts.flatMap((count, age) => (count !== null && count < samplesNeeded ? [age] : [])) };
}
