import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../../base/bounds.ts";
import { listMetrics } from "./list-metrics.ts";
import { MetricStore } from "./metric-store.ts";

test("a page looks at a bounded number of metrics, and all pages together find the few that are wanted", () => {
  const store = new MetricStore({ path: undefined, bytesMax: 67_108_864 });
  const scope = { account: "000000000000", region: "us-east-1" };
  const none = new Float64Array(0);
  const count = 2 * bounds.metricsLookedAtMax.value + 10;
  const wanted = new Set([3, bounds.metricsLookedAtMax.value, count - 1]);
  store.add(
    Array.from({ length: count }, (_, index) => ({
      metric: {
        ...{ ...scope, namespace: "n", name: "m", unit: "None" },
        dimensions: [[wanted.has(index) ? "wanted" : "other", `${index}`]] as const,
      },
      ...{ minute: 1_000, sampleCount: 1, sum: 1, minimum: 1, maximum: 1, values: none, counts: none },
    })),
  );
  const call = { ...scope, nowMs: 1_001 * 60_000 };
  const found: (string | undefined)[] = [];
  const sizes: number[] = [];
  for (let NextToken: string | undefined, isMore = true; isMore; isMore = NextToken !== undefined) {
    const input = { Namespace: "n", Dimensions: [{ Name: "wanted" }], ...(NextToken !== undefined && { NextToken }) };
    const answer = listMetrics(store, input, call) as {
      readonly Metrics: readonly { readonly Dimensions: readonly { readonly Value: string }[] }[];
      readonly NextToken?: string;
    };
    found.push(...answer.Metrics.map(({ Dimensions }) => Dimensions[0]?.Value));
    sizes.push(answer.Metrics.length);
    NextToken = answer.NextToken;
  }
  assert.deepEqual(found, [...wanted].map(String));
  assert.deepEqual(sizes, [1, 1, 1]);
  store.close();
});
