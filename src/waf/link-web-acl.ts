import { createHash } from "node:crypto";
import { assert } from "../base/assert.ts";
import { Evaluation, type InspectedRequest } from "./evaluation.ts";
import { InspectorTable } from "./inspectors.ts";
import {
  type GeoDatabase,
  type Matches,
  NotEvaluable,
  type RateCounter,
  type StatementLinking,
} from "./statement-type.ts";
import { typeOf } from "./statements.ts";
import type {
  BlockAction,
  CustomHeader,
  CustomResponseBodies,
  GroupOverrides,
  Rule,
  RuleAction,
  Statement,
  VisibilityConfig,
  WebAcl,
  WebAclParts,
} from "./web-acl.ts";

/** What a web ACL says of a request. */
export interface WafVerdict {
  readonly action: "ALLOW" | "BLOCK";
  /** The name of the rule that decided, or `Default_Action`. */
  readonly rule: string;
  readonly ruleType: RuleType;
  readonly ruleWithinGroup: string | undefined;
  /** The answer in place of a plain 403. */
  readonly response: BlockResponse | undefined;
  /** Headers to add to the request, names and values in turn. */
  readonly insertedHeaders: readonly string[];
  readonly labels: readonly string[];
  /** The rules that matched, the one that decided as the last; the default action if none did. */
  readonly matches: readonly RuleMatch[];
}

/** AWS: AWS WAF Developer Guide, "Log fields for web ACL traffic", terminatingRuleType. */
export type RuleType = "REGULAR" | "RATE_BASED" | "GROUP" | "MANAGED_RULE_GROUP";

export interface RuleMatch {
  /** The rule's name. */
  readonly rule: string;
  readonly visibility: VisibilityConfig;
  readonly action: "ALLOW" | "BLOCK" | "COUNT";
  readonly ruleWithinGroup: string | undefined;
}

export interface BlockResponse {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string | undefined;
}

/** A web ACL as a thread runs it. */
export interface LinkedWebAcl {
  readonly arn: string;
  readonly readsBody: boolean;
  /** Throws `InspectionTooLong`. */
  evaluate(request: InspectedRequest, nowMs: number): WafVerdict;
}

export interface WebAclLinking {
  readonly parts: WebAclParts;
  readonly rates: RateCounter;
  readonly geo: GeoDatabase | undefined;
}

interface LinkedAction {
  readonly kind: "ALLOW" | "BLOCK" | "COUNT";
  readonly insertedHeaders: readonly string[];
  readonly response: BlockResponse | undefined;
}

interface LinkedRule {
  readonly name: string;
  readonly type: RuleType;
  readonly matches: Matches;
  readonly labels: readonly string[];
  readonly visibility: VisibilityConfig;
  /** What the rule does; undefined for a rule that runs a group. */
  readonly action: LinkedAction | undefined;
  readonly group: LinkedGroup | undefined;
}

interface LinkedGroup {
  readonly rules: readonly LinkedRule[];
  /** What the group decides is only counted. */
  readonly isCounted: boolean;
  readonly counts: LinkedAction | undefined;
}

/** AWS: WAFV2 API reference, "RequestBodyAssociatedResourceTypeConfig". */
const bodyLimits: Readonly<Record<string, number>> = { KB_16: 16_384, KB_32: 32_768, KB_48: 49_152, KB_64: 65_536 };

/**
 * Prepares a web ACL: patterns are compiled, sets are sorted, and what several statements inspect is read once. Throws
 * `NotEvaluable` for what can't be evaluated: no request may pass then.
 */
export function linkWebAcl(webAcl: WebAcl, options: WebAclLinking): LinkedWebAcl {
  const limit = webAcl.AssociationConfig?.RequestBody?.["API_GATEWAY"]?.DefaultSizeInspectionLimit ?? "KB_16";
  const bodyBytesMax = bodyLimits[limit];
  if (bodyBytesMax === undefined) throw new NotEvaluable(`the inspection limit ${limit}`);
  const inspectors = new InspectorTable(bodyBytesMax);
  const linker = new RuleLinker(webAcl, options, inspectors);
  const rules = linker.linkRules(webAcl.Rules, webAcl.LabelNamespace, webAcl.CustomResponseBodies, {});
  const defaultAction = linkAction(webAcl.DefaultAction, webAcl.CustomResponseBodies);
  const { VisibilityConfig: visibility } = webAcl;
  return {
    arn: webAcl.ARN,
    readsBody: inspectors.readsBody,
    evaluate(request, nowMs) {
      const run = new Run(new Evaluation(request, nowMs, inspectors.slots));
      for (const rule of rules) if (run.apply(rule)) return run.verdict(rule.name, rule.type);
      run.decide(defaultAction, {
        rule: "Default_Action",
        visibility,
        action: defaultAction.kind,
        ruleWithinGroup: undefined,
      });
      return run.verdict("Default_Action", "REGULAR");
    },
  };
}

/** One request on its way through the rules. */
class Run {
  readonly #evaluation: Evaluation;
  readonly #matches: RuleMatch[] = [];
  readonly #headers: string[] = [];
  #decision: LinkedAction | undefined;

  constructor(evaluation: Evaluation) {
    this.#evaluation = evaluation;
  }

  /** Runs a rule. Returns whether it decided. */
  apply(rule: LinkedRule): boolean {
    if (!rule.matches(this.#evaluation)) return false;
    if (rule.group !== undefined) return this.#applyGroup(rule, rule.group);
    this.#evaluation.labels.push(...rule.labels);
    return this.decide(rule.action!, {
      rule: rule.name,
      visibility: rule.visibility,
      action: rule.action!.kind,
      ruleWithinGroup: undefined,
    });
  }

  #applyGroup({ name, visibility }: LinkedRule, { rules, isCounted, counts }: LinkedGroup): boolean {
    for (const rule of rules) {
      if (!rule.matches(this.#evaluation)) continue;
      this.#evaluation.labels.push(...rule.labels);
      const action = rule.action!;
      this.#matches.push({
        rule: rule.name,
        visibility: rule.visibility,
        action: action.kind,
        ruleWithinGroup: undefined,
      });
      if (action.kind === "COUNT") this.#headers.push(...action.insertedHeaders);
      else {
        const result = isCounted ? counts! : action;
        return this.decide(result, { rule: name, visibility, action: result.kind, ruleWithinGroup: rule.name });
      }
    }
    return false;
  }

  /** Takes an action. Returns whether it decides. */
  decide(action: LinkedAction, match: RuleMatch): boolean {
    this.#matches.push(match);
    this.#headers.push(...action.insertedHeaders);
    if (action.kind === "COUNT") return false;
    this.#decision = action;
    return true;
  }

  verdict(rule: string, ruleType: RuleType): WafVerdict {
    const { kind, response } = this.#decision!;
    return {
      action: kind === "ALLOW" ? "ALLOW" : "BLOCK",
      rule,
      ruleType,
      ruleWithinGroup: this.#matches.at(-1)?.ruleWithinGroup,
      response,
      insertedHeaders: this.#headers,
      labels: this.#evaluation.labels,
      matches: this.#matches,
    };
  }
}

/** The types of rules by their statement. */
const ruleTypes: Readonly<Record<string, RuleType>> = {
  RateBasedStatement: "RATE_BASED",
  RuleGroupReferenceStatement: "GROUP",
  ManagedRuleGroupStatement: "MANAGED_RULE_GROUP",
};

class RuleLinker {
  readonly #webAcl: WebAcl;
  readonly #options: WebAclLinking;
  readonly #inspectors: InspectorTable;

  constructor(webAcl: WebAcl, options: WebAclLinking, inspectors: InspectorTable) {
    this.#webAcl = webAcl;
    this.#options = options;
    this.#inspectors = inspectors;
  }

  linkRules(
    rules: readonly Rule[],
    labelNamespace: string,
    bodies: CustomResponseBodies | undefined,
    { ExcludedRules = [], RuleActionOverrides = [] }: GroupOverrides,
  ): readonly LinkedRule[] {
    // A text can be spread, too: an empty one would be a web ACL without rules.
    assert(typeof rules === "object", "the rules are a list");
    const excluded = new Set(ExcludedRules.map(({ Name }) => Name));
    const overrides = new Map(RuleActionOverrides.map(({ Name, ActionToUse }) => [Name, ActionToUse]));
    return [...rules]
      .sort((left, right) => left.Priority - right.Priority)
      .map((rule): LinkedRule => {
        const override: RuleAction | undefined = excluded.has(rule.Name) ? { Count: {} } : overrides.get(rule.Name);
        const typed = typeOf(rule.Statement);
        const group = typed.kind === "group" ? typed : undefined;
        const action =
          group !== undefined
            ? undefined
            : override !== undefined
              ? linkAction(override, this.#webAcl.CustomResponseBodies)
              : linkAction(rule.Action ?? {}, bodies);
        return {
          name: rule.Name,
          type: ruleTypes[typed.name] ?? "REGULAR",
          matches:
            group === undefined
              ? this.#link(rule.Statement, rule, labelNamespace)
              : this.#scope(group.type.scopeDown?.(group.body), rule, labelNamespace),
          labels: (rule.RuleLabels ?? []).map(({ Name }) => labelNamespace + Name),
          visibility: rule.VisibilityConfig,
          action,
          group: group === undefined ? undefined : this.#linkGroup(rule, group),
        };
      });
  }

  #linkGroup(
    { OverrideAction }: Rule,
    { type, body }: Extract<ReturnType<typeof typeOf>, { kind: "group" }>,
  ): LinkedGroup {
    const { rules, labelNamespace, customResponseBodies } = type.find(body, this.#options.parts);
    const count = OverrideAction?.Count;
    return {
      rules: this.linkRules(rules, labelNamespace, customResponseBodies, body),
      isCounted: count !== undefined,
      counts: count === undefined ? undefined : linkAction({ Count: count }, undefined),
    };
  }

  #scope(statement: Statement | undefined, rule: Rule, labelNamespace: string): Matches {
    return statement === undefined ? () => true : this.#link(statement, rule, labelNamespace);
  }

  #link(statement: Statement, rule: Rule, labelNamespace: string): Matches {
    const { parts, rates, geo } = this.#options;
    // A changed statement counts anew. AWS: WAFV2 API reference, "RateBasedStatement".
    const digest = createHash("sha256").update(JSON.stringify(rule.Statement)).digest("base64url").slice(0, 16);
    const linking: StatementLinking = {
      parts,
      rates,
      geo,
      labelNamespace,
      ruleKey: `${this.#webAcl.ARN} ${labelNamespace}${rule.Name} ${digest}`,
      inspect: (field, transformations) => this.#inspectors.inspect(field, transformations),
      nested: (inner) => link(inner),
    };
    const link = (one: Statement): Matches => {
      const typed = typeOf(one);
      if (typed.kind === "group") throw new NotEvaluable(`${typed.name} inside another statement`);
      return typed.type.link(typed.body, linking);
    };
    return link(statement);
  }
}

function linkAction(action: RuleAction, bodies: CustomResponseBodies | undefined): LinkedAction {
  if (action.Block !== undefined) {
    return { kind: "BLOCK", insertedHeaders: [], response: linkResponse(action.Block, bodies) };
  }
  const kind = action.Allow !== undefined ? "ALLOW" : action.Count !== undefined ? "COUNT" : undefined;
  if (kind === undefined) throw new NotEvaluable(`the rule action ${Object.keys(action)[0] ?? "none"}`);
  const inserted = (action.Allow ?? action.Count)?.CustomRequestHandling?.InsertHeaders ?? [];
  // AWS: WAFV2 API reference, "CustomHTTPHeader": the name gets this prefix.
  const insertedHeaders = inserted.flatMap(({ Name, Value }) => [`x-amzn-waf-${Name}`, Value]);
  return { kind, insertedHeaders, response: undefined };
}

const contentTypes: Readonly<Record<string, string>> = {
  TEXT_PLAIN: "text/plain",
  TEXT_HTML: "text/html",
  APPLICATION_JSON: "application/json",
};

function linkResponse(
  { CustomResponse: custom }: BlockAction,
  bodies: CustomResponseBodies | undefined,
): BlockResponse | undefined {
  if (custom === undefined) return undefined;
  const { ResponseCode: status, CustomResponseBodyKey: key, ResponseHeaders = [] } = custom;
  const headers = ResponseHeaders.flatMap(({ Name, Value }: CustomHeader) => [Name, Value]);
  if (key === undefined) return { status, headers, body: undefined };
  const body = bodies !== undefined && Object.hasOwn(bodies, key) ? bodies[key] : undefined;
  if (body === undefined) throw new NotEvaluable(`the custom response body ${key}, which does not exist`);
  return { status, headers: [...headers, "Content-Type", contentTypes[body.ContentType]!], body: body.Content };
}
