import { bounds } from "../../base/bounds.ts";
import type { KeyFinding } from "../../limits/api-key-finder.ts";
import type { ApiKeyPlan } from "../../plan/steps.ts";
import { maskValue } from "../../telemetry/secrets.ts";
import type { Exchange } from "../exchange.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import type { KeyThrottle, PlanOfStage } from "../usage-plans.ts";

type Finding = "absent" | "ambiguous" | KeyFinding;

/** What a request says of its key: a value, `undefined` for none, or null if it says two things. */
type ReadKey = (exchange: Exchange) => string | undefined | null;

const readers: Readonly<Record<ApiKeyPlan["source"], ReadKey>> = {
  HEADER: readHeader,
  AUTHORIZER: ({ caller }) => caller.grant?.usageIdentifierKey,
};

/**
 * Returns the value of `X-API-Key`. Unconfirmed: a request with two of them has no key, even if they are equal; see
 * docs/compatibility.md, "X-API-Key".
 */
function readHeader({ request: { headerNames, rawHeaders } }: Exchange): string | undefined | null {
  let value: string | undefined;
  for (let index = 0; index < headerNames.length; index++) {
    if (headerNames[index] !== "x-api-key") continue;
    if (value !== undefined) return null;
    value = rawHeaders[2 * index + 1];
  }
  return value;
}

/**
 * Links the check of the caller's API key, and the throttles of its usage plan.
 * AWS: API Gateway Developer Guide, "Usage plans and API keys for REST APIs in API Gateway".
 */
export function linkApiKey({ source }: ApiKeyPlan, context: LinkContext): RunStep {
  const { stage, thread } = context;
  const { clock, keys, throttles } = thread;
  const { finder } = keys;
  const { plans, release } = keys.plans.hold(stage);
  context.onRetire(release);
  const prefix = finder.prefix(stage);
  const read = readers[source];
  const throttleOf = linkThrottleOf(context);
  const joint = { set: 0, otherSet: 0, low: 0, high: 0 };
  return (exchange) => {
    // AWS: TestInvokeMethod skips what a stage checks.
    if (exchange.isTest) return true;
    const value = read(exchange);
    if (value === undefined || value === "") return refuse(exchange, "absent", { source, value: "", keyId: "" });
    if (value === null) return refuse(exchange, "ambiguous", { source, value: "", keyId: "" });
    const finding = finder.find(prefix, value, plans);
    const { keyId } = finder;
    const ofStage = finding === "found" ? plans.get(finder.plan) : undefined;
    if (ofStage === undefined) return refuse(exchange, finding, { source, value, keyId });
    const { plan } = ofStage;
    const { membership, generation, bucket } = finder;
    exchange.caller.apiKey = { id: keyId, value, usage: { plan, membership, generation } };
    if (exchange.trace !== undefined) {
      // A key of an authorizer's is masked as one of a header's is.
      exchange.trace.learnSecrets(["x-api-key", value]);
      exchange.trace.add({ kind: "api-key", finding, key: mask(value), planId: plan.id });
    }
    const throttle = throttleOf(ofStage, exchange);
    if (throttle === undefined) return true;
    const { ratePerSecond, burst, method } = throttle;
    const taken = method === undefined ? bucket : throttles.clients.combine(bucket, method, joint);
    if (throttles.clients.take(taken, ratePerSecond, burst, clock.now())) return true;
    exchange.trace?.add({ kind: "throttled", level: "client" });
    const of = method === undefined ? "" : ` for ${exchange.method?.plan.routeKey}`;
    return exchange.program.responses.finish(exchange, "THROTTLED", {
      hint:
        `The usage plan ${plan.id} gives each API key ${ratePerSecond} requests a second, and ${burst} at once,` +
        `${of}: the key ${keyId} has sent more`,
    });
  };
}

/**
 * Returns the function that finds the limit of each key for the method in a plan: its own, in place of the plan's. A limit
 * for one verb is for the requests with that verb, whatever method serves them.
 */
function linkThrottleOf({ method }: LinkContext): (plan: PlanOfStage, exchange: Exchange) => KeyThrottle | undefined {
  const { httpMethod } = method;
  // Usage plans name the route `$default` as `/$default/ANY`.
  const resourcePath = method.resourcePath.startsWith("/") ? method.resourcePath : `/${method.resourcePath}`;
  const own = `${resourcePath}/${httpMethod}`;
  const all = `${resourcePath}/*`;
  const isAny = httpMethod === "ANY";
  return ({ throttle, throttles }, exchange) => {
    if (throttles.size === 0) return throttle;
    const ofVerb = isAny ? throttles.get(`${resourcePath}/${exchange.httpMethod}`) : undefined;
    return ofVerb ?? throttles.get(own) ?? throttles.get(all) ?? throttle;
  };
}

/** A text that is longer than any key fills no log. */
const mask = (value: string): string => maskValue(value.slice(-bounds.apiKeyCharsMax.value));

function refuse(
  exchange: Exchange,
  finding: Finding,
  { source, value, keyId }: { readonly source: ApiKeyPlan["source"]; readonly value: string; readonly keyId: string },
): false {
  const { apiId, stageName } = exchange.program.plan;
  const { routeKey } = exchange.method!.plan;
  const key = mask(value);
  exchange.trace?.add({ kind: "api-key", finding, key });
  return exchange.program.responses.finish(exchange, "INVALID_API_KEY", {
    log: [
      `API Key ${key} not authorized because method '${routeKey}' requires API Key and API Key is not associated with a ` +
        `usage plan for API Stage ${apiId}/${stageName}: ${reasons[finding]}`,
    ],
    hint: hints[finding]({ source, keyId, stage: `${apiId}:${stageName}`, routeKey }),
  });
}

/**
 * What AWS's line ends with. Unconfirmed: all but the first; see docs/compatibility.md, "execution logs, lines".
 */
const reasons: Readonly<Record<Finding, string>> = {
  absent: "No API Key",
  ambiguous: "More than one API Key",
  unknown: "Invalid API Key",
  disabled: "API Key is disabled",
  unassociated: "No Usage Plan for API Key and API Stage",
  found: "No Usage Plan for API Key and API Stage",
};

interface HintFacts {
  readonly source: ApiKeyPlan["source"];
  readonly keyId: string;
  /** `apiId:stageName` */
  readonly stage: string;
  readonly routeKey: string;
}

const unassociated = ({ keyId, stage }: HintFacts): string =>
  `The API key ${keyId} is in no usage plan that has the stage ${stage}: add it by CreateUsagePlanKey, or the stage to its ` +
  "plan by UpdateUsagePlan";

/** A shell would take `$default` for a variable, and the command finds an API's only stage by itself. */
const makeKey = (stage: string): string =>
  `portico keys ${stage.replace(":$default", "").replace(":", " ")} --make NAME makes one`;

const hints: Readonly<Record<Finding, (facts: HintFacts) => string>> = {
  absent: ({ source, routeKey, stage }) =>
    source === "HEADER"
      ? `${routeKey} needs an API key in the header X-API-Key, and the request has none: ${makeKey(stage)}`
      : `${routeKey} needs an API key from its authorizer (apiKeySource AUTHORIZER), and its result has no usageIdentifierKey`,
  ambiguous: () => "The request has the header X-API-Key more than once",
  unknown: ({ stage }) => `No API key of the API's account and region has this value: ${makeKey(stage)}`,
  disabled: ({ keyId }) => `The API key ${keyId} is disabled: UpdateApiKey with /enabled true enables it`,
  unassociated,
  found: unassociated,
};
