import { bounds } from "../../base/bounds.ts";
import { encodeToken, type Paging, pageWindow } from "../../protocol/paging.ts";
import { invalidValue } from "./errors.ts";
import type { MetricCall } from "./metric-call.ts";
import type { MetricStore, StoredMetric } from "./metric-store.ts";

interface ListMetricsInput {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value?: string }[];
  readonly NextToken?: string;
  readonly RecentlyActive?: string;
}

/** AWS: CloudWatch API reference, "ListMetrics": 500 a page. */
const paging: Paging = {
  limitDefault: bounds.metricPageItemsMax.value,
  limitMax: bounds.metricPageItemsMax.value,
  code: "InvalidParameterValueException",
  // Unconfirmed: its words; see docs/compatibility.md, "metrics, words".
  invalidToken: "The value for parameter NextToken is invalid.",
  invalidLimit: "",
};

/** AWS: ListMetrics: metrics without points for two weeks are not listed; `PT3H` means those of the last three hours. */
const listedMinutes = 14 * 1_440;
const recentMinutes = 180;

export function listMetrics(store: MetricStore, input: ListMetricsInput, call: MetricCall): object {
  const { Namespace, MetricName, Dimensions = [], NextToken, RecentlyActive } = input;
  const { limit, after = "0" } = pageWindow({ token: NextToken }, paging);
  if (!/^\d{1,15}$/.test(after)) throw invalidValue(paging.invalidToken);
  const minutes = RecentlyActive === undefined ? listedMinutes : recentMinutes;
  const found: StoredMetric[] = [];
  let last = Number(after);
  let lookedAt = 0;
  for (const metric of store.metrics({
    account: call.account,
    region: call.region,
    namespace: Namespace,
    name: MetricName,
    sinceMinute: Math.floor(call.nowMs / 60_000) - minutes,
    afterId: Number(after),
  })) {
    // Few of very many may have the dimensions: a page then has less than it could, and a token for the others.
    if (found.length === limit || lookedAt++ === bounds.metricsLookedAtMax.value) {
      return { ...answer(found), NextToken: encodeToken(String(last)) };
    }
    last = metric.id;
    if (Dimensions.every(({ Name, Value }) => hasDimension(metric, Name, Value))) found.push(metric);
  }
  return answer(found);
}

const hasDimension = ({ dimensions }: StoredMetric, wanted: string, value: string | undefined): boolean =>
  dimensions.some(([name, given]) => name === wanted && (value === undefined || given === value));

const answer = (found: readonly StoredMetric[]): object => ({
  Metrics: found.map(({ namespace, name, dimensions }) => ({
    Namespace: namespace,
    MetricName: name,
    Dimensions: dimensions.map(([Name, Value]) => ({ Name, Value })),
  })),
});
