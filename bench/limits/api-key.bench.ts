import { makeKeyAccess } from "../../src/gateway/key-access.ts";
import { linkApiKey } from "../../src/gateway/steps/api-key.ts";
import { linkQuota } from "../../src/gateway/steps/quota.ts";
import { ApiKeyFinder } from "../../src/limits/api-key-finder.ts";
import { ApiKeyTable } from "../../src/limits/api-key-table.ts";
import { allocateThrottles, openThrottles } from "../../src/limits/throttles.ts";
import type { Bench, Figures } from "../bench.ts";

const scope = { account: "000000000000", region: "us-east-1" };
const stage = { ...scope, apiId: "abc123", stageName: "prod" };
const now = Date.now();
const clock = { now: () => Date.now() };
const throttles = openThrottles(allocateThrottles(now), { ratePerSecond: 1e9, burst: 1e9 });
const idOf = (key: number): string => `k${key.toString(36).padStart(9, "0")}`;
const keyValueOf = (key: number): string => `${key.toString(36)}-`.padEnd(40, "abcdefghijklmnopqrstuvwxyz0123456789");

function fill(count: number): ApiKeyTable {
  const table = new ApiKeyTable("bench");
  const plan = table.planSlot(scope, "plan");
  for (let key = 0; key < count; key++) {
    table.put(scope, { id: idOf(key), value: keyValueOf(key), isEnabled: true });
    const bucket = throttles.clients.bucket(idOf(key));
    table.link(scope, { keyId: idOf(key), plan, share: { firstDay: 0 }, bucket });
  }
  return table;
}

/** The steps of a request with a key of a plan that has a throttle and a quota, on values that come in turn. */
function stepsOf(table: ApiKeyTable, values: readonly string[], hasMethodThrottle: boolean): () => void {
  const saving = { hurry() {}, save: () => Promise.resolve(true) };
  const keys = makeKeyAccess(table.records, throttles, saving);
  keys.plans.set("plan", {
    slot: 0,
    ...scope,
    id: "plan",
    stages: [{ ...stage, throttles: hasMethodThrottle ? { "/pets/GET": { burst: 1e8 } } : {} }],
    throttle: { ratePerSecond: 1e8, burst: 1e8 },
    quota: { limit: 2_000_000_000, offset: 0, period: "MONTH" },
  });
  const context = {
    thread: { clock, throttles, keys },
    stage,
    method: { resourcePath: "/pets", httpMethod: "GET", routeKey: "GET /pets" },
    onRetire: () => undefined,
  } as unknown as Parameters<typeof linkApiKey>[1];
  const [find, count] = [
    linkApiKey({ kind: "api-key", source: "HEADER" }, context),
    linkQuota({ kind: "quota" }, context),
  ];
  const headerNames = ["host", "user-agent", "accept", "x-api-key"];
  const rawHeaders = ["Host", "h", "User-Agent", "u", "Accept", "*/*", "X-API-Key", ""];
  const exchange = {
    isTest: false,
    httpMethod: "GET",
    request: { headerNames, rawHeaders },
    caller: { apiKey: undefined },
    wait: (_: unknown, goOn: () => void) => goOn(),
    run: () => undefined,
  } as unknown as Parameters<typeof find>[0];
  let at = 0;
  return () => {
    if (++at === values.length) at = 0;
    rawHeaders[7] = values[at]!;
    if (!find(exchange) || !count(exchange)) throw new Error("the key passes");
    // Control saves meanwhile.
    if (at === 0)
      for (const membership of table.takeUnsaved(1_000_000)) table.setSaved(membership, table.periodOf(membership));
  };
}

const megabytes = (): number => process.memoryUsage().rss / 1e6;

/** Issue: 1,000,000 API keys under 500 MB with a look-up of constant cost; key, plan, throttle and quota in 3 µs. */
export const bench: Bench = {
  title: "API keys: memory of a million, and nanoseconds of a request",
  needs: [],
  async run(): Promise<Figures> {
    const few = fill(1_000);
    const fewValues = Array.from({ length: 500 }, (_, key) => keyValueOf(key));
    const before = megabytes();
    const start = performance.now();
    const many = fill(1_000_000);
    const fillMs = performance.now() - start;
    const table = megabytes() - before;
    const manyValues = Array.from({ length: 500 }, (_, key) => keyValueOf(key * 1_999));
    const look = (of: ApiKeyTable, values: readonly string[]): number => {
      const finder = new ApiKeyFinder(of.records);
      const [prefix, plans] = [finder.prefix(scope), new Set([0])];
      let at = 0;
      return nanoseconds(() => {
        if (++at === values.length) at = 0;
        finder.find(prefix, values[at]!, plans);
      });
    };
    const unknown = Array.from({ length: 1_000_000 }, (_, key) => `unknown-${key}`);
    return {
      "MB of a million keys, each in a plan": table,
      "µs to take in a key and its plan": fillMs / 1_000,
      "ns a look-up, of 1,000 keys": look(few, fewValues),
      "ns a look-up, of 1,000,000 keys": look(many, manyValues),
      "ns a look-up of an unknown key, 1,000,000 of them": look(many, unknown),
      "ns a request: key, plan, throttle, quota; of 1,000 keys": nanoseconds(stepsOf(few, fewValues, false)),
      "ns a request: key, plan, throttle, quota; of 1,000,000 keys": nanoseconds(stepsOf(many, manyValues, false)),
      "ns a request with a method's throttle": nanoseconds(stepsOf(many, manyValues, true)),
    };
  },
};

/** The best of many short runs: others use this machine, too. */
function nanoseconds(work: () => unknown): number {
  const count = 100_000;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 30; round++) {
    const start = performance.now();
    for (let call = 0; call < count; call++) work();
    best = Math.min(best, performance.now() - start);
  }
  return (best * 1e6) / count;
}
