import { bounds } from "../base/bounds.ts";
import { requireOne } from "./inspection.ts";
import { InvalidRules, NotEvaluable, type StatementPlace, type ValidationContext } from "./statement-type.ts";
import { typeOf } from "./statements.ts";
import type {
  BlockAction,
  CustomHeader,
  CustomResponseBodies,
  DefaultAction,
  Rule,
  RuleAction,
  RuleGroup,
  Statement,
  WebAclParts,
} from "./web-acl.ts";

/** What a list of rules belongs to. */
export interface RulesOwner {
  readonly kind: "web-acl" | "rule-group";
  readonly parts: WebAclParts;
  /** CheckCapacity has no bodies to look keys up in, so there it is "any". */
  readonly customResponseBodies: CustomResponseBodies | "any" | undefined;
}

/**
 * Checks the rules of a web ACL or a rule group. Throws {@link InvalidRules} for what AWS refuses, and
 * {@link NotEvaluable} for what Portico can't even store.
 */
export function validateRules(rules: readonly Rule[], owner: RulesOwner): void {
  requireUnique(
    rules.map(({ Name }) => Name),
    "Name",
  );
  requireUnique(
    rules.map(({ Priority }) => String(Priority)),
    "Priority",
  );
  for (const rule of rules) validateRule(rule, owner);
}

function requireUnique(values: readonly string[], what: string): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice === undefined) return;
  throw new InvalidRules("RULE", twice, `The ${what === "Name" ? "names" : "priorities"} of rules must be unique.`);
}

function validateRule(rule: Rule, owner: RulesOwner): void {
  const { Action, OverrideAction, Statement, RuleLabels = [] } = rule;
  const typed = typeOf(Statement);
  if (typed.kind === "group") {
    if (owner.kind === "rule-group") {
      throw new InvalidRules("STATEMENT", typed.name, "A rule group can't contain a reference to another rule group.");
    }
    if (Action !== undefined)
      throw new InvalidRules(
        "RULE_ACTION",
        rule.Name,
        "A rule with a rule group has an override action in place of an action.",
      );
    requireOne(OverrideAction ?? {}, "OVERRIDE_ACTION", "OverrideAction");
    if (RuleLabels.length > 0) throw new InvalidRules("RULE", rule.Name, "A rule with a rule group can't add labels.");
  } else {
    if (OverrideAction !== undefined)
      throw new InvalidRules("OVERRIDE_ACTION", rule.Name, "Only a rule with a rule group has an override action.");
    validateAction(Action ?? {}, owner);
  }
  for (const { ActionToUse } of (typed.kind === "group" ? typed.body.RuleActionOverrides : undefined) ?? []) {
    validateAction(ActionToUse, owner);
  }
  for (const { Name } of RuleLabels) {
    // AWS: AWS WAF Developer Guide, "Label syntax and naming requirements": reserved words.
    if (/(?:^|:)(?:awswaf|aws|waf|rulegroup|webacl|regexpatternset|ipset|managed)(?::|$)/.test(Name)) {
      throw new InvalidRules("RULE", Name, "The label has a reserved word in it.");
    }
  }
  validateStatement(Statement, owner, { isTop: true });
}

function validateStatement(statement: Statement, owner: RulesOwner, place: StatementPlace): void {
  const typed = typeOf(statement);
  if (typed.kind === "group" && !place.isTop) {
    throw new InvalidRules("STATEMENT", typed.name, "A rule group can't be nested in another statement.");
  }
  const context: ValidationContext = {
    place,
    parts: owner.parts,
    nested: (inner) => validateStatement(inner, owner, { isTop: false }),
  };
  if (typed.kind === "group") {
    typed.type.validate(typed.body, context);
    const scopeDown = typed.type.scopeDown?.(typed.body);
    if (scopeDown !== undefined) context.nested(scopeDown);
  } else typed.type.validate(typed.body, context);
}

function validateAction(action: RuleAction, owner: RulesOwner): void {
  const kind = requireOne(action, "RULE_ACTION", "RuleAction");
  if (kind === "Captcha" || kind === "Challenge") throw new NotEvaluable(`the rule action ${kind}`);
  if (action.Block !== undefined) validateBlock(action.Block, owner);
  validateInserted(action);
}

export function validateDefaultAction(action: DefaultAction, owner: RulesOwner): void {
  requireOne(action, "DEFAULT_ACTION", "DefaultAction");
  if (action.Block !== undefined) validateBlock(action.Block, owner);
  validateInserted(action);
}

const validateInserted = ({ Allow, Count }: RuleAction): void =>
  requireUniqueHeaders((Allow ?? Count)?.CustomRequestHandling?.InsertHeaders ?? [], "CUSTOM_REQUEST_HANDLING");

/** AWS: AWS WAF Developer Guide, "Supported status codes for custom response". */
const responseCodes: ReadonlySet<number> = new Set([
  200, 201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 411, 412, 413, 414,
  415, 416, 421, 429, 500, 501, 502, 503, 504,
]);

function validateBlock({ CustomResponse: custom }: BlockAction, { customResponseBodies: bodies }: RulesOwner): void {
  if (custom === undefined) return;
  const { ResponseCode: code, CustomResponseBodyKey: key, ResponseHeaders = [] } = custom;
  if (!responseCodes.has(code)) {
    throw new InvalidRules("CUSTOM_RESPONSE", String(code), "The response code is not supported.");
  }
  if (key !== undefined && bodies !== "any" && !(bodies !== undefined && Object.hasOwn(bodies, key))) {
    throw new InvalidRules("CUSTOM_RESPONSE_BODY", key, "The referenced custom response body does not exist.");
  }
  requireUniqueHeaders(ResponseHeaders, "CUSTOM_RESPONSE");
  for (const { Name } of ResponseHeaders) {
    if (reservedHeaders.has(Name.toLowerCase())) {
      throw new InvalidRules("CUSTOM_RESPONSE", Name, "The header can't be set by a custom response.");
    }
  }
}

/** AWS names content-type; with the others an answer could not be framed. */
const reservedHeaders: ReadonlySet<string> = new Set([
  "content-type",
  "content-length",
  "transfer-encoding",
  "connection",
  "trailer",
  "upgrade",
]);

function requireUniqueHeaders(headers: readonly CustomHeader[], field: string): void {
  const seen = new Set<string>();
  for (const { Name, Value } of headers) {
    const name = Name.toLowerCase();
    if (seen.has(name)) throw new InvalidRules(field, Name, "Duplicate header names are not allowed.");
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(Name) || !/^[\x20-\x7e\x80-\xff\t]*$/.test(Value)) {
      throw new InvalidRules(field, Name, "The header is not valid.");
    }
    seen.add(name);
  }
}

/**
 * Returns the web ACL capacity units of rules. AWS may count an inspection that several rules share once, and says not
 * when. Unconfirmed: each is counted here; see docs/compatibility.md, "WAF, capacity".
 */
export function capacityOf(
  rules: readonly Rule[],
  ruleGroups: Readonly<Record<string, Pick<RuleGroup, "Capacity">>>,
): number {
  const nested = (statement: Statement): number => {
    const { type, body } = typeOf(statement);
    return type.capacity(body, { ruleGroups, nested });
  };
  return rules.reduce((total, { Statement }) => total + nested(Statement), 0);
}

/** Returns the ARNs of the sets and groups that rules refer to. Throws {@link InvalidRules} for too deep statements. */
export function referencesOf(rules: readonly Rule[]): readonly string[] {
  const found = new Set<string>();
  const visit = (statement: Statement, depth: number): void => {
    const max = bounds.wafStatementDepthMax.value;
    if (depth > max) throw new InvalidRules("STATEMENT", "Statement", `Statements may be nested ${max} deep.`);
    const { ManagedRuleGroupStatement, RateBasedStatement, NotStatement, AndStatement, OrStatement } = statement;
    const { IPSetReferenceStatement, RegexPatternSetReferenceStatement, RuleGroupReferenceStatement } = statement;
    for (const one of [IPSetReferenceStatement, RegexPatternSetReferenceStatement, RuleGroupReferenceStatement]) {
      if (one !== undefined) found.add(one.ARN);
    }
    const inner = [
      ...(AndStatement?.Statements ?? []),
      ...(OrStatement?.Statements ?? []),
      NotStatement?.Statement,
      RateBasedStatement?.ScopeDownStatement,
      ManagedRuleGroupStatement?.ScopeDownStatement,
    ];
    for (const one of inner) if (one !== undefined) visit(one, depth + 1);
  };
  for (const { Statement } of rules) visit(Statement, 0);
  return [...found];
}
