import { allowSteps, compilePattern, patternParts, type TextTest } from "../access/wildcards.ts";
import { bounds } from "../base/bounds.ts";
import type { Clock } from "../base/clock.ts";
import type { Plan } from "../plan/kinds.ts";
import { defaultSamplingRule, type Reservoirs, type SamplingRule } from "../telemetry/sampling-rule.ts";
import type { CallTarget } from "../telemetry/traced-exchange.ts";
import type { Exchange } from "./exchange.ts";
import { makeTraceParent } from "./request-ids.ts";

/** Decides whether an exchange is recorded as a trace. It is called before anything of the exchange runs. */
export type SampleExchange = (exchange: Exchange) => SampledTrace | undefined;

interface SampledOptions {
  readonly parentId: string | undefined;
  readonly ruleName: string | undefined;
  readonly isForXray: boolean;
  readonly isForOtlp: boolean;
}

/** What an exchange that is recorded as a trace knows of it. */
export class SampledTrace implements SampledOptions {
  readonly spanId: string = makeTraceParent();
  readonly authorizerId: string = makeTraceParent();
  readonly integrationId: string = makeTraceParent();
  readonly parentId: string | undefined;
  readonly ruleName: string | undefined;
  readonly isForXray: boolean;
  readonly isForOtlp: boolean;
  /** Whom the gateway called. */
  readonly targets: { authorizer?: CallTarget; integration?: CallTarget } = {};

  constructor({ parentId, ruleName, isForXray, isForOtlp }: SampledOptions) {
    this.parentId = parentId;
    this.ruleName = ruleName;
    this.isForXray = isForXray;
    this.isForOtlp = isForOtlp;
  }
}

/** AWS: X-Ray Developer Guide, "Tracing header". */
interface TraceHeader {
  readonly parentId: string | undefined;
  /** What the caller decided; undefined if it left that to others. */
  readonly isSampled: boolean | undefined;
}

function readTraceHeader(value: string | undefined): TraceHeader | undefined {
  if (value === undefined || value.length > traceHeaderCharsMax) return undefined;
  const parentId = /(?:^|;)\s*Parent=([0-9a-f]{16})(?:;|$)/.exec(value)?.[1];
  const sampled = /(?:^|;)\s*Sampled=([01])(?:;|$)/.exec(value)?.[1];
  return { parentId, isSampled: sampled === undefined ? undefined : sampled === "1" };
}

const traceHeaderCharsMax = bounds.traceHeaderCharsMax.value;

/** W3C: "Trace Context", traceparent. */
interface TraceParent extends TraceHeader {
  /** As X-Ray writes it. */
  readonly root: string;
}

function readTraceParent(value: string | undefined): TraceParent | undefined {
  const match =
    value === undefined ? null : /^[0-9a-e][0-9a-f]-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(value);
  if (match === null) return undefined;
  const [, traceId = "", parentId = "", flags = ""] = match;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return {
    root: `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`,
    parentId,
    isSampled: (Number.parseInt(flags, 16) & 1) === 1,
  };
}

interface CompiledRule {
  readonly rule: SamplingRule;
  readonly slot: number;
  /** Undefined if every host, verb or path matches, which most rules say. */
  readonly host: TextTest | undefined;
  readonly verb: TextTest | undefined;
  readonly path: TextTest | undefined;
  readonly headers: readonly (readonly [name: string, test: TextTest])[];
}

/** The service type of a stage. X-Ray's documentation spells it in two ways. */
const stageType = "aws::apigateway::stage";

/**
 * Who decides what is recorded: X-Ray's rules for stages that trace, and a share of everything for the operator's own
 * collector.
 */
export class TraceSampling {
  /** Undefined if nothing is recorded. */
  readonly #reservoirs: Reservoirs | undefined;
  readonly #clock: Clock;
  readonly #otlpShare: number | undefined;
  readonly #rules = new Map<string, Map<string, SamplingRule>>();
  /** Counts changes of rules: stages compile them again when it has grown. */
  #revision = 0;

  constructor(
    options: { readonly reservoirs: Reservoirs; readonly otlpShare: number | undefined } | undefined,
    clock: Clock,
  ) {
    this.#reservoirs = options?.reservoirs;
    this.#clock = clock;
    this.#otlpShare = options?.otlpShare;
  }

  /** Takes in a rule by `account/region/name`, or that it is gone. */
  setRule(key: string, rule: SamplingRule | null): void {
    const [account = "", region = "", name = ""] = splitKey(key);
    const scope = `${account}/${region}`;
    const rules = this.#rules.get(scope) ?? new Map<string, SamplingRule>();
    if (rule === null) rules.delete(name);
    else rules.set(name, rule);
    this.#rules.set(scope, rules);
    this.#revision++;
  }

  /** Links the decision for a stage; undefined if nothing of it is ever recorded. */
  link(plan: Plan): SampleExchange | undefined {
    const isTraced = plan.kind === "rest" && plan.isTraced === true;
    const share = this.#otlpShare;
    const reservoirs = this.#reservoirs;
    if (reservoirs === undefined || (!isTraced && share === undefined)) return undefined;
    const byRules = isTraced ? this.#linkRules(plan, reservoirs) : undefined;
    return (exchange) => {
      const { request } = exchange;
      const given = readTraceHeader(request.header("x-amzn-trace-id"));
      let ruleName: string | undefined;
      let isForXray = false;
      if (byRules !== undefined) {
        if (given?.isSampled === undefined) ruleName = byRules(exchange);
        isForXray = given?.isSampled ?? ruleName !== undefined;
      }
      let parent: TraceParent | undefined;
      let isForOtlp = false;
      if (share !== undefined) {
        parent = given === undefined ? readTraceParent(request.header("traceparent")) : undefined;
        // tidy-allow: random – which requests are sampled is nobody's secret.
        isForOtlp = parent?.isSampled ?? given?.isSampled ?? (isForXray || Math.random() < share);
        if (parent !== undefined) exchange.traceId = parent.root;
      }
      if (!isForXray && !isForOtlp) return undefined;
      const parentId = given?.parentId ?? parent?.parentId;
      return new SampledTrace({ parentId, ruleName, isForXray, isForOtlp });
    };
  }

  /** Returns the function that asks the rules, and returns the name of the one that sampled the exchange. */
  #linkRules(
    { account, region, apiId, apiName, stageName }: Plan,
    reservoirs: Reservoirs,
  ): (exchange: Exchange) => string | undefined {
    const service = `${apiName}/${stageName}`;
    const arn = `arn:aws:apigateway:${region}::/restapis/${apiId}/stages/${stageName}`;
    const scope = `${account}/${region}`;
    let revision = -1;
    let rules: readonly CompiledRule[] = [];
    return (exchange) => {
      if (revision !== this.#revision) {
        revision = this.#revision;
        rules = this.#compile(scope, { service, arn, reservoirs });
      }
      allowSteps();
      for (const { rule, slot, host, verb, path, headers } of rules) {
        const { request } = exchange;
        if (verb?.(exchange.httpMethod) === false || host?.(request.host) === false) continue;
        // Unconfirmed: the stage's name is part of it; see docs/compatibility.md, "X-Ray, URLPath".
        if (path?.(exchange.fullPath) === false) continue;
        if (!headers.every(([name, test]) => test(request.header(name) ?? ""))) continue;
        return reservoirs.sample(slot, rule, this.#clock.now()) ? rule.name : undefined;
      }
      return undefined;
    };
  }

  /** Returns the rules that can match a stage's requests, in the order of their priorities. */
  #compile(
    scope: string,
    { service, arn, reservoirs }: { readonly service: string; readonly arn: string; readonly reservoirs: Reservoirs },
  ): CompiledRule[] {
    const own = this.#rules.get(scope);
    const [account = "", region = ""] = splitKey(scope);
    const all = [
      ...(own?.values() ?? []),
      ...(own?.has(defaultSamplingRule.name) === true ? [] : [defaultSamplingRule]),
    ];
    allowSteps();
    return all
      .toSorted((one, other) => one.priority - other.priority || (one.name < other.name ? -1 : 1))
      .filter(
        ({ serviceName, serviceType, resourceArn }) =>
          matches(serviceName, service) && matches(serviceType.toLowerCase(), stageType) && matches(resourceArn, arn),
      )
      .map((rule) => ({
        rule,
        slot: reservoirs.slotOf(account, region, rule.name),
        host: rule.host === "*" ? undefined : test(rule.host),
        verb: rule.httpMethod === "*" ? undefined : test(rule.httpMethod),
        path: rule.urlPath === "*" ? undefined : test(rule.urlPath),
        headers: Object.entries(rule.attributes).map(([name, value]) => [name.toLowerCase(), test(value)] as const),
      }));
  }
}

const test = (pattern: string): TextTest => compilePattern(patternParts(pattern));
const matches = (pattern: string, text: string): boolean => test(pattern)(text);

/** Splits `account/region/name`; names have slashes. */
function splitKey(key: string): string[] {
  const first = key.indexOf("/");
  const second = key.indexOf("/", first + 1);
  if (second < 0) return [key.slice(0, first), key.slice(first + 1)];
  return [key.slice(0, first), key.slice(first + 1, second), key.slice(second + 1)];
}
