import { bounds } from "../../base/bounds.ts";
import type { SlicedWork } from "../../base/slices.ts";
import { ApiError } from "../../protocol/errors.ts";
import { periodMinutesOf } from "./get-metric-statistics.ts";
import { evaluateMath, type MathScope } from "./math-functions.ts";
import { MathError, type MathNode, parseMath } from "./math-parser.ts";
import { isList, type MathValue, type Series, sizeOf } from "./math-values.ts";
import type { MetricCall } from "./metric-call.ts";
import type { MetricStore } from "./metric-store.ts";
import { accumulate, type MetricSummary } from "./metric-summary.ts";
import { type DimensionInput, type ReadBudget, readPeriods, sortedDimensions } from "./read-periods.ts";
import { findStatistic, statisticsHint } from "./statistics.ts";

/** One query of GetMetricData, or of an alarm. AWS: CloudWatch API reference, "MetricDataQuery". */
export interface MetricDataQuery {
  readonly Id: string;
  readonly MetricStat?: MetricStat;
  readonly Expression?: string;
  readonly Label?: string;
  readonly ReturnData?: boolean;
  readonly Period?: number;
  readonly AccountId?: string;
}

export interface MetricStat {
  readonly Metric: {
    readonly Namespace?: string;
    readonly MetricName?: string;
    readonly Dimensions?: readonly DimensionInput[];
  };
  readonly Period: number;
  readonly Stat: string;
  readonly Unit?: string;
}

const invalid = (message: string, hint?: string): ApiError => new ApiError("ValidationException", message, { hint });

/**
 * Checks queries of an account, and parses their expressions. Throws AWS's ValidationException. Unconfirmed: its words; see
 * docs/compatibility.md, "metrics, words".
 */
export function checkQueries(
  queries: readonly MetricDataQuery[],
  { name, account }: { readonly name: string; readonly account: string },
): ReadonlyMap<string, MathNode> {
  const max = bounds.metricQueriesMax.value;
  if (queries.length > max) throw invalid(`The collection ${name} must not have a size greater than ${max}.`);
  const expressions = new Map<string, MathNode>();
  const ids = new Set<string>();
  for (const [index, { Id, MetricStat, Expression, AccountId = account }] of queries.entries()) {
    const at = `${name}.member.${index + 1}`;
    if (!/^[a-z][a-zA-Z0-9_]{0,254}$/.test(Id)) {
      throw invalid(
        `The value ${Id.slice(0, 255)} for parameter ${at}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`,
      );
    }
    if (ids.has(Id)) throw invalid(`The values for parameter Id in ${name} are not unique.`);
    ids.add(Id);
    if ((MetricStat === undefined) === (Expression === undefined)) {
      throw invalid(`Exactly one of ${at}.MetricStat and ${at}.Expression must be specified.`);
    }
    // The account's own metrics in the place of another's would be another answer.
    if (AccountId !== account)
      throw invalid(`${at}.AccountId: metrics of other accounts are not shared with ${account}.`);
    if (MetricStat !== undefined) checkStat(MetricStat, at);
    if (Expression !== undefined) expressions.set(Id, parseQuery(Id, Expression));
  }
  return expressions;
}

function checkStat({ Metric, Period, Stat }: MetricStat, at: string): void {
  if (Metric.Namespace === undefined || Metric.MetricName === undefined) {
    throw invalid(`The parameters ${at}.MetricStat.Metric.Namespace and MetricName are required.`);
  }
  periodMinutesOf(Period);
  if (findStatistic(Stat) === undefined) {
    throw invalid(`The value ${Stat.slice(0, 64)} for parameter ${at}.MetricStat.Stat is invalid.`, statisticsHint);
  }
}

function parseQuery(id: string, expression: string): MathNode {
  if (/^\s*select\s/i.test(expression)) {
    throw invalid(`Error in expression '${id}': Portico has no Metrics Insights queries.`);
  }
  return ofExpression(id, () => parseMath(expression));
}

function ofExpression<T>(id: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MathError)) throw error;
    throw invalid(`Error in expression '${id}': ${error.message}`);
  }
}

/** The time that queries are about, in whole minutes since 1970; the end is exclusive. */
export interface QueryRange {
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** Evaluates queries: first `read`, then `seriesOf`. Everything is read and computed once. */
export class QueryEvaluation {
  readonly #queries: ReadonlyMap<string, MetricDataQuery>;
  readonly #expressions: ReadonlyMap<string, MathNode>;
  readonly #range: QueryRange;
  readonly #source: MetricSource;
  readonly #values = new Map<string, MathValue>();
  readonly #underWay = new Set<string>();
  readonly #scope: MathScope;
  #left = bounds.metricMathValuesMax.value;

  constructor(
    queries: readonly MetricDataQuery[],
    expressions: ReadonlyMap<string, MathNode>,
    range: QueryRange,
    source: MetricSource,
  ) {
    this.#queries = new Map(queries.map((query) => [query.Id, query]));
    this.#expressions = expressions;
    this.#range = range;
    this.#source = source;
    const metrics = queries.filter(({ MetricStat }) => MetricStat !== undefined);
    this.#scope = {
      valueOf: (id) => this.#valueOf(id),
      metrics: (part) => metrics.filter(({ Id }) => Id.includes(part)).map(({ Id }) => this.#valueOf(Id) as Series),
      timeline: (period) => this.#timeline(period),
      spend: (values) => this.#spend(values),
      period: smallestPeriod(queries),
    };
  }

  /** Reads the metrics of all queries. */
  *read(): SlicedWork<void> {
    for (const [id, query] of this.#queries) {
      if (query.MetricStat !== undefined) this.#values.set(id, yield* readSeries(query, this.#range, this.#source));
    }
  }

  /** Returns what a query is. A number becomes a series of it, since AWS answers no numbers. */
  seriesOf(id: string): readonly Series[] {
    return ofExpression(id, () => {
      const value = this.#valueOf(id);
      if (typeof value === "number") throw new MathError("It is a number; AWS takes TIME_SERIES(…) around it.");
      const { Label } = this.#queries.get(id)!;
      if (isList(value)) {
        this.#spend(sizeOf(value));
        // AWS: "Using metric math": the expression's label stands before those of the metrics, unless it is empty.
        return Label ? value.map((series) => ({ ...series, label: `${Label} ${series.label}` })) : value;
      }
      return [{ ...value, label: Label ?? (this.#expressions.has(id) ? id : value.label) }];
    });
  }

  #valueOf(id: string): MathValue {
    const known = this.#values.get(id);
    if (known !== undefined) return known;
    const query = this.#queries.get(id);
    if (query === undefined) throw new MathError(`There is no query '${id.slice(0, 64)}'.`);
    if (this.#underWay.has(id)) throw new MathError(`'${id}' depends on itself.`);
    if (this.#underWay.size > bounds.metricExpressionDepthMax.value)
      throw new MathError("Expressions nest too deeply.");
    this.#underWay.add(id);
    const value = evaluateMath(this.#expressions.get(id)!, this.#scope);
    this.#underWay.delete(id);
    this.#values.set(id, value);
    return value;
  }

  /** An expression may use others, and each series many times over: what it costs is seen while it is computed. */
  #spend(values: number): void {
    this.#left -= values;
    if (this.#left >= 0) return;
    throw new MathError(
      `Portico computes ${bounds.metricMathValuesMax.value} values of a request: ask for less time, fewer metrics or longer periods.`,
    );
  }

  #timeline(period: number): readonly number[] {
    const { fromMinute, toMinute } = this.#range;
    const length = periodsIn(this.#range, period);
    this.#spend(length);
    return Array.from({ length }, (_, index) => fromMinute * 60 + index * period).filter(
      (time) => time < toMinute * 60,
    );
  }
}

/** Returns the smallest period of the metrics among queries, in seconds: 60 if there are none. */
export function smallestPeriod(queries: readonly MetricDataQuery[]): number {
  const periods = queries.flatMap(({ MetricStat }) => MetricStat?.Period ?? []);
  return periods.length === 0 ? 60 : Math.min(...periods);
}

/** Returns how many periods begin in a range. */
export const periodsIn = ({ fromMinute, toMinute }: QueryRange, period: number): number =>
  Math.max(0, Math.ceil((toMinute - fromMinute) / (period / 60)));

/** Where the metrics of queries are read. */
export interface MetricSource {
  readonly store: MetricStore;
  readonly call: MetricCall;
  readonly budget: ReadBudget;
}

function* readSeries(
  { MetricStat, Label }: MetricDataQuery,
  range: QueryRange,
  { store, call: { account, region }, budget }: MetricSource,
): SlicedWork<Series> {
  const { Metric, Period, Stat, Unit } = MetricStat!;
  const { Namespace: namespace = "", MetricName: name = "", Dimensions } = Metric;
  const address = { account, region, namespace, name, dimensions: sortedDimensions(Dimensions) };
  const merged = new Map<number, MetricSummary>();
  const units = yield* readPeriods(store, address, { ...range, periodMinutes: Period / 60 }, budget);
  for (const [unit, periods] of units ?? []) {
    if (Unit !== undefined && unit !== Unit) continue;
    for (const [minute, summary] of periods) merged.set(minute, accumulate(merged.get(minute), summary));
  }
  const statistic = findStatistic(Stat)!;
  const values = [...merged]
    .sort(([a], [b]) => a - b)
    .flatMap(([minute, summary]): [number, number][] => {
      const value = statistic(summary);
      return value === undefined ? [] : [[minute * 60, value]];
    });
  return { label: Label ?? name, period: Period, values: new Map(values) };
}
