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
  for (const metric of store.metrics({
    account: call.account,
    region: call.region,
    namespace: Namespace,
    name: MetricName,
    sinceMinute: Math.floor(call.nowMs / 60_000) - minutes,
    afterId: Number(after),
  })) {
    if (!Dimensions.every(({ Name, Value }) => hasDimension(metric, Name, Value))) continue;
    if (found.length === limit) return { ...answer(found), NextToken: encodeToken(String(found.at(-1)?.id)) };
    found.push(metric);
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
