import { isObject } from "../base/json-object.ts";
import type { ConditionContext } from "./condition-keys.ts";

/**
 * The result of evaluating a resource's, an identity's or a role's trust policy: a decision with its reason. Evaluation
 * never throws. A policy or statement that is not understood never allows.
 * AWS: IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements".
 */
export type PolicyDecision =
  | {
      readonly kind: "allowed";
      readonly sid: string | undefined;
      /** The statement's place in the policy, from 0. */
      readonly statement: number;
      readonly grantee: Grantee;
    }
  /** No statement allows the call. */
  | { readonly kind: "not-allowed" }
  | { readonly kind: "denied"; readonly sid: string | undefined; readonly statement: number }
  /** The document is not a valid policy. */
  | { readonly kind: "unreadable"; readonly detail: string };

/**
 * How a resource's policy names the caller whom it allows, the strongest first: the caller itself (its own ARN, or
 * everybody), what it acts for (the role of a session, the user of a federated session), or its account, which leaves
 * the decision to the account's own policies. An identity's policy grants to its own.
 * AWS: IAM User Guide, "Policy evaluation logic", Determining whether a request is allowed or denied within an account.
 */
export type Grantee = "caller" | "principal" | "account";

/** The call that a policy decides on. */
export interface PolicyRequest {
  /** `service:Action` */
  readonly action: string;
  readonly resource: string;
  /**
   * Only the beginning of the resource's ARN is known; it may be empty. A statement that allows the action on some
   * resource with that beginning allows the call, and one that may deny it on such a resource denies it.
   */
  readonly isResourcePrefix?: boolean;
  /**
   * The caller: an AWS service, such as `apigateway.amazonaws.com`, or an account's user or role. Identity policies
   * ignore it.
   */
  readonly servicePrincipal?: string;
  readonly awsPrincipal?: AwsPrincipal;
  /** Looks up the call's condition keys. */
  readonly context: ConditionContext;
}

export interface AwsPrincipal {
  readonly account: string;
  /**
   * The ARNs by which a policy may name the principal, its own first (a session's before its role's); empty for an
   * account's root.
   */
  readonly arns: readonly string[];
}

type Values = readonly string[];
/**
 * Which elements a policy has. A trust policy has no resource, since that is its role; an identity's policy has no
 * principal.
 */
export type PolicyKind = "resource" | "identity" | "trust";
interface Statement {
  readonly sid: string | undefined;
  readonly isAllow: boolean;
  readonly matches: (request: PolicyRequest) => Match;
  readonly grantee: (request: PolicyRequest) => Grantee;
}
/**
 * `unknown` says that the statement has an element that can't be evaluated here. Such a statement never allows, and
 * denies if it is a Deny.
 */
type Match = "yes" | "no" | "unknown";

/** A parsed policy. */
export interface Policy {
  /** Why the document is not a policy. It then allows nothing. */
  readonly problem?: string;
  decide(request: PolicyRequest): PolicyDecision;
}

export function parsePolicy(text: string, kind: PolicyKind = "resource"): Policy {
  try {
    const document: unknown = JSON.parse(text);
    if (!isObject(document)) return unreadable("it is not a JSON object");
    refuseUnknownElements(document, documentElements);
    const { Statement: given } = document;
    const statements = (Array.isArray(given) ? given : [given]).map((one) => parseStatement(one, kind));
    return { decide: (request) => decide(statements, request) };
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error));
  }
}

/** Joins the policies of one identity into one. A Deny in any of them counts before every Allow. */
export function joinPolicies(policies: readonly Policy[]): Policy {
  return {
    decide(request) {
      const decisions = policies.map((policy) => policy.decide(request));
      return (
        decisions.find(({ kind }) => kind === "denied" || kind === "unreadable") ??
        decisions.find(({ kind }) => kind === "allowed") ?? { kind: "not-allowed" }
      );
    },
  };
}

const unreadable = (problem: string): Policy => ({
  problem,
  decide: () => ({ kind: "unreadable", detail: problem }),
});

const strength: Readonly<Record<Grantee, number>> = { account: 0, principal: 1, caller: 2 };

function decide(statements: readonly Statement[], request: PolicyRequest): PolicyDecision {
  let allowed: Extract<PolicyDecision, { readonly kind: "allowed" }> | undefined;
  for (const [index, statement] of statements.entries()) {
    const match = statement.matches(request);
    if (!statement.isAllow && match !== "no") return { kind: "denied", sid: statement.sid, statement: index };
    if (!statement.isAllow || match !== "yes") continue;
    const grantee = statement.grantee(request);
    if (allowed === undefined || strength[grantee] > strength[allowed.grantee]) {
      allowed = { kind: "allowed", sid: statement.sid, statement: index, grantee };
    }
  }
  return allowed ?? { kind: "not-allowed" };
}

/** AWS: IAM User Guide, "Grammar of the IAM JSON policy language". */
export const documentElements: ReadonlySet<string> = new Set(["Version", "Id", "Statement"]);
export const statementElements: ReadonlySet<string> = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

const principalKinds: ReadonlySet<string> = new Set(["AWS", "CanonicalUser", "Federated", "Service"]);

/** A misspelt element may have been meant to narrow the statement. */
function refuseUnknownElements(object: object, elements: ReadonlySet<string>): void {
  const unknown = Object.keys(object).find((name) => !elements.has(name));
  if (unknown !== undefined)
    throw new Error(`it has the element ${JSON.stringify(unknown.slice(0, 64))}, which is none`);
}

function parseStatement(statement: unknown, kind: PolicyKind): Statement {
  if (!isObject(statement)) throw new Error("a statement is no object");
  refuseUnknownElements(statement, statementElements);
  const effect = statement["Effect"];
  if (effect !== "Allow" && effect !== "Deny") throw new Error("a statement's Effect is neither Allow nor Deny");
  const tests = [
    ...(kind === "identity" ? [] : [principalTest(statement)]),
    actionTest(statement),
    ...(kind === "trust" ? [] : [resourceTest(statement, effect)]),
    conditionTest(statement["Condition"]),
  ];
  return {
    sid: typeof statement["Sid"] === "string" ? statement["Sid"] : undefined,
    isAllow: effect === "Allow",
    matches: allOf(tests),
    grantee: kind === "identity" ? () => "caller" : granteeOf(statement["Principal"]),
  };
}

/** Returns how a statement's principal, which matches, names the caller. */
function granteeOf(principal: unknown): (request: PolicyRequest) => Grantee {
  const identities = isObject(principal) ? asValues(principal["AWS"]) : [];
  return ({ awsPrincipal }) => {
    if (awsPrincipal === undefined || principal === "*" || identities.includes("*")) return "caller";
    const { arns } = awsPrincipal;
    if (arns[0] === undefined || identities.includes(arns[0])) return "caller";
    return identities.some((one) => arns.includes(one)) ? "principal" : "account";
  };
}

type Test = (request: PolicyRequest) => Match;

function principalTest(statement: Record<string, unknown>): Test {
  if (statement["NotPrincipal"] !== undefined) return () => "unknown";
  const principal = statement["Principal"];
  if (principal === "*") return () => "yes";
  if (!isObject(principal) || Object.keys(principal).length === 0) throw new Error("a statement has no Principal");
  refuseUnknownElements(principal, principalKinds);
  const identities = asValues(principal["AWS"]);
  if (identities.includes("*")) return () => "yes";
  const services = asValues(principal["Service"]);
  return ({ servicePrincipal, awsPrincipal }) => {
    // AWS: a service is named whole. Whoever writes a wildcard in a Deny means all services.
    if (servicePrincipal !== undefined && services.some((one) => /[*?]/.test(one))) return "unknown";
    if (servicePrincipal !== undefined && services.includes(servicePrincipal)) return "yes";
    return awsPrincipal !== undefined && identities.some((one) => namesPrincipal(one, awsPrincipal)) ? "yes" : "no";
  };
}

/**
 * An account's number and the ARN of its root name every principal of the account. AWS: "AWS JSON policy elements:
 * Principal".
 */
const namesPrincipal = (named: string, { account, arns }: AwsPrincipal): boolean =>
  named === account || /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(named)?.[1] === account || arns.includes(named);

function actionTest(statement: Record<string, unknown>): Test {
  const { patterns, isNegated } = patternsOf(statement, "Action");
  const folded = patterns.map((pattern) => pattern.toLowerCase());
  return (request) => {
    const action = request.action.toLowerCase();
    return folded.some((pattern) => matchesWildcards(pattern, action)) !== isNegated ? "yes" : "no";
  };
}

function resourceTest(statement: Record<string, unknown>, effect: "Allow" | "Deny"): Test {
  const { patterns, isNegated } = patternsOf(statement, "Resource");
  // AWS: "IAM policy elements: Variables and tags". No variable is known here.
  const hasVariables = patterns.some((pattern) => pattern.includes("${"));
  return ({ resource, isResourcePrefix }) => {
    if (isResourcePrefix === true) {
      if (patterns.includes("*")) return isNegated ? "no" : "yes";
      if (!isNegated && !patterns.some((pattern) => mayMatch(pattern, resource))) return "no";
      return effect === "Allow" && !hasVariables ? "yes" : "unknown";
    }
    if (patterns.some((pattern) => matchesWildcards(pattern, resource))) return isNegated ? "no" : "yes";
    return hasVariables ? "unknown" : isNegated ? "yes" : "no";
  };
}

function patternsOf(
  statement: Record<string, unknown>,
  element: "Action" | "Resource",
): { readonly patterns: Values; readonly isNegated: boolean } {
  const negated = statement[`Not${element}`];
  if (negated !== undefined && statement[element] !== undefined) {
    throw new Error(`a statement has both ${element} and Not${element}`);
  }
  const patterns = asValues(negated ?? statement[element]);
  if (patterns.length === 0) throw new Error(`a statement has no ${element}`);
  return { patterns, isNegated: negated !== undefined };
}

/** Returns whether the pattern matches some text with this beginning. */
function mayMatch(pattern: string, beginning: string): boolean {
  for (let index = 0; index < beginning.length; index++) {
    if (pattern[index] === "*") return true;
    if (pattern[index] !== "?" && pattern[index] !== beginning[index]) return false;
  }
  return true;
}

type Operator = (wanted: string, actual: string) => boolean;

/** The condition operators that are implemented. AWS: "IAM JSON policy elements: Condition operators". */
const operators: Readonly<Record<string, Operator>> = {
  stringequals: (wanted, actual) => wanted === actual,
  stringequalsignorecase: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
  stringlike: matchesWildcards,
  arnequals: matchesArn,
  arnlike: matchesArn,
  bool: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
};
const negations: Readonly<Record<string, string>> = {
  stringnotequals: "stringequals",
  stringnotequalsignorecase: "stringequalsignorecase",
  stringnotlike: "stringlike",
  arnnotequals: "arnequals",
  arnnotlike: "arnlike",
};

function conditionTest(condition: unknown): Test {
  if (condition === undefined) return () => "yes";
  if (!isObject(condition)) throw new Error("a statement's Condition is no object");
  const tests = Object.entries(condition).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw new Error("a condition has no keys");
    return Object.entries(keys).map(([key, values]) => operatorTest(operator, key.toLowerCase(), asValues(values)));
  });
  return allOf(tests);
}

/** A test that fails decides, whatever is unknown beside it. */
const allOf =
  (tests: readonly Test[]): Test =>
  (request) => {
    const matches = tests.map((test) => test(request));
    return matches.includes("no") ? "no" : matches.includes("unknown") ? "unknown" : "yes";
  };

function operatorTest(operator: string, key: string, wanted: Values): Test {
  const lower = operator.toLowerCase();
  const isIfExists = lower.endsWith("ifexists");
  const base = isIfExists ? lower.slice(0, -"ifexists".length) : lower;
  // AWS: "Condition operator to check existence of condition keys": "true" wants the key to be absent.
  if (base === "null" && !isIfExists) {
    return ({ context }) => {
      const actual = context(key);
      if (actual === undefined || !wanted.every((value) => /^(true|false)$/i.test(value))) return "unknown";
      return wanted.some((value) => value.toLowerCase() === String(actual === null)) ? "yes" : "no";
    };
  }
  const isNegated = Object.hasOwn(negations, base);
  const name = isNegated ? negations[base]! : base;
  const test = Object.hasOwn(operators, name) ? operators[name]! : undefined;
  if (test === undefined || wanted.some((value) => value.includes("${"))) return () => "unknown";
  return ({ context }) => {
    const actual = context(key);
    if (actual === undefined) return "unknown";
    if (actual === null) return isIfExists || isNegated ? "yes" : "no";
    return wanted.some((value) => test(value, actual)) !== isNegated ? "yes" : "no";
  };
}

/** Matches each of an ARN's six parts by itself. A wildcard does not reach over a colon, except in the last part. */
function matchesArn(pattern: string, arn: string): boolean {
  const wanted = splitArn(pattern);
  const actual = splitArn(arn);
  if (wanted === undefined || actual === undefined) return pattern === "*";
  return wanted.every((part, index) => matchesWildcards(part, actual[index]!));
}

function splitArn(arn: string): string[] | undefined {
  const parts = arn.split(":");
  return parts.length < 6 || parts[0] !== "arn" ? undefined : [...parts.slice(0, 5), parts.slice(5).join(":")];
}

/**
 * Matches `*` with any text and `?` with any character. Time is at most pattern × text, because only the last `*` is
 * retried.
 */
export function matchesWildcards(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let starAt = 0;
  for (let index = 0; index < text.length; ) {
    const wanted = pattern[at];
    if (wanted === "*") {
      star = at++;
      starAt = index;
    } else if (wanted === "?" || (wanted !== undefined && wanted === text[index])) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++starAt;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

/**
 * Returns one or several scalars as strings. Throws for anything else: a list within a list must not be read as its
 * items.
 */
function asValues(value: unknown): Values {
  if (value === undefined) return [];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!values.every((one) => ["string", "number", "boolean"].includes(typeof one))) {
    throw new Error("a value is neither text, number nor boolean");
  }
  return values.map(String);
}
