import { assert } from "../../base/assert.ts";
import { accountBucket, isLifted, type ThrottleLimit } from "../../limits/throttles.ts";
import type { Bucket, TokenBuckets } from "../../limits/token-buckets.ts";
import type { PlanKind } from "../../plan/kinds.ts";
import type { ThrottleLimitPlan, ThrottlePlan } from "../../plan/steps.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Exchange } from "../exchange.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";

/** A bucket with its limit, and what is said of it. */
interface Throttle extends ThrottleLimit {
  readonly bucket: Bucket;
  readonly level: "method" | "account";
  readonly hint: string;
}

/**
 * Links the throttles of method and account, in that order. A request that the account's throttle refuses has used up a token
 * of its method. Unconfirmed: whether AWS gives it back; see docs/compatibility.md, "throttles, order".
 * AWS: API Gateway Developer Guide, "Throttle requests to your REST APIs for better throughput in API Gateway".
 */
export function linkThrottle(plan: ThrottlePlan, context: LinkContext): RunStep {
  const { clock, metrics, throttles } = context.thread;
  const buckets = throttles.methods;
  const account = isLifted(throttles.account) ? undefined : linkAccount(context);
  const method = plan.method === undefined ? undefined : linkMethod(plan.method, context, "");
  const verbs = new Map<string, Throttle | undefined>();
  for (const [verb, limit] of Object.entries(plan.verbs ?? {})) {
    verbs.set(verb, linkMethod(limit, context, ` (${verb})`));
  }
  const methodOf = (exchange: Exchange): Throttle | undefined =>
    verbs.has(exchange.httpMethod) ? verbs.get(exchange.httpMethod) : method;
  const hasVerbs = verbs.size > 0;
  return (exchange) => {
    // AWS: TestInvokeMethod skips what a stage checks.
    if (exchange.isTest) return true;
    // Not the time at which the request came: it may have waited, and a clock that seems to go back gives tokens back.
    const now = clock.now();
    const own = hasVerbs ? methodOf(exchange) : method;
    if (own !== undefined && !buckets.take(own.bucket, own.ratePerSecond, own.burst, now)) {
      return refuse(exchange, own, { buckets, metrics, now });
    }
    if (account !== undefined && !buckets.take(account.bucket, account.ratePerSecond, account.burst, now)) {
      return refuse(exchange, account, { buckets, metrics, now });
    }
    return true;
  };
}

function linkAccount({ stage, thread }: LinkContext): Throttle {
  const { throttles } = thread;
  return {
    ...throttles.account,
    bucket: accountBucket(throttles, stage),
    level: "account",
    hint:
      `The account ${stage.account} has ${describe(throttles.account)} for all APIs in ${stage.region}; ` +
      "--limit throttleRate=N and --limit throttleBurst=N change that",
  };
}

/** Links a method's own throttle; undefined if the account's refuses no later. */
function linkMethod(plan: ThrottleLimitPlan, context: LinkContext, verb: string): Throttle | undefined {
  const { stage, method, thread } = context;
  const { methods, account } = thread.throttles;
  assert(isLimit(plan), "a throttle's limits are numbers");
  const limit = { ratePerSecond: plan.ratePerSecond ?? account.ratePerSecond, burst: plan.burst ?? account.burst };
  if (limit.ratePerSecond >= account.ratePerSecond && limit.burst >= account.burst) return undefined;
  return {
    ...limit,
    // The bucket is the method's, whichever key of methodSettings limits it: a change of keys doesn't fill it.
    bucket: methods.bucket(`method ${stage.apiId}/${stage.stageName} ${method.routeKey}${verb}`),
    level: "method",
    hint: `The stage's ${settingsOf[stage.kind]} give ${method.routeKey}${verb} ${describe(limit)}`,
  };
}

/** The settings that limit methods, in the words of each kind of API. */
const settingsOf: Readonly<Record<PlanKind, string>> = {
  rest: "methodSettings",
  http: "route settings",
  websocket: "route settings",
};

/** Anything else would be taken for a limit that is inherited. */
function isLimit(plan: unknown): boolean {
  if (typeof plan !== "object" || plan === null || Array.isArray(plan)) return false;
  const { ratePerSecond = 0, burst = 0 } = plan as Readonly<Record<string, unknown>>;
  return typeof ratePerSecond === "number" && typeof burst === "number";
}

const describe = ({ ratePerSecond, burst }: ThrottleLimit): string =>
  `${ratePerSecond} requests a second, and ${burst} at once`;

function refuse(
  exchange: Exchange,
  { bucket, level, hint }: Throttle,
  { buckets, metrics, now }: { readonly buckets: TokenBuckets; readonly metrics: Metrics; readonly now: number },
): false {
  metrics.add("requestsThrottled");
  exchange.trace?.add({ kind: "throttled", level });
  const why = buckets.isCrowdedOut(bucket, now)
    ? `${hint}. It has no place in memory: too many buckets are not full`
    : hint;
  return exchange.program.responses.finish(exchange, "THROTTLED", { hint: why });
}
