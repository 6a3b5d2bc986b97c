import { duplicateMembers } from "../base/duplicate-members.ts";
import { isObject } from "../base/json-object.ts";
import type { ConditionContext } from "./condition-keys.ts";
import { compileCondition } from "./condition-operators.ts";
import { compilePrincipal, type PrincipalTest } from "./policy-principals.ts";
import { compileTemplate, type Match, variableKeys } from "./policy-variables.ts";
import { allowSteps, compilePattern, hasSteps, patternParts } from "./wildcards.ts";

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
 * How a resource's policy names the caller whom it allows, the strongest last: its account, which leaves the decision to
 * the account's own policies; what it acts for (the role of a session, the user of a federated session); or the caller
 * itself (its own ARN, or everybody). An identity's policy grants to its own.
 * AWS: IAM User Guide, "Policy evaluation logic", Determining whether a request is allowed or denied within an account.
 */
export type Grantee = "account" | "principal" | "caller";

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
   * The caller: an AWS service, such as `apigateway.amazonaws.com`, an account's root, user, role or session, or whoever
   * has the token of an identity provider. A caller without any of them is anonymous. Identity policies ignore it.
   */
  readonly servicePrincipal?: string;
  readonly awsPrincipal?: AwsPrincipal;
  readonly federatedPrincipal?: string;
  /** Looks up the call's condition keys. */
  readonly context: ConditionContext;
  /** The policy is one of several that share the steps of one evaluation: `allowSteps` was called before. */
  readonly sharesSteps?: boolean;
}

export interface AwsPrincipal {
  readonly account: string;
  /**
   * The ARNs by which a policy may name the principal, its own first (a session's before its role's); empty for an
   * account's root.
   */
  readonly arns: readonly string[];
  /** The unique ids (`AIDA…`) that stand for the ARNs, in the same order; a session has none. */
  readonly ids?: readonly (string | undefined)[];
}

/**
 * Which elements a policy has. A trust policy has no resource, since that is its role; an identity's policy has no
 * principal.
 */
export type PolicyKind = "resource" | "identity" | "trust";

/** What a statement makes of a call, element by element. */
export interface StatementReport {
  /** The statement's place in the policy, from 0. */
  readonly statement: number;
  readonly sid: string | undefined;
  readonly effect: "Allow" | "Deny";
  readonly match: Match;
  readonly elements: readonly ElementReport[];
}

export interface ElementReport {
  /** `Action`, `NotResource`, …; a condition is named with its operator and key. */
  readonly element: string;
  /** The element's values. */
  readonly values: readonly string[];
  readonly match: Match;
  /** The condition keys that it asks for, its own first and then those of variables, as they are written. */
  readonly keys: readonly string[];
}

/** A parsed policy. It is parsed once and decides often. */
export interface Policy {
  /** Why the document is not a policy. It then allows nothing. */
  readonly problem?: string;
  /** The condition keys that it asks for, in conditions and variables, as they are first written. */
  readonly conditionKeys: readonly string[];
  decide(request: PolicyRequest): PolicyDecision;
  /** Says what each statement makes of a call. Slower than `decide`, which says the same. */
  report(request: PolicyRequest): readonly StatementReport[];
}

/** A call with what all statements want of it. */
interface PolicyCall {
  readonly request: PolicyRequest;
  readonly foldedAction: string;
  /** Tells calls apart, so that what several statements ask for is found out once for each call. */
  readonly number: number;
}
type Test = (call: PolicyCall) => Match;

/** One element of a statement. */
interface Element {
  readonly element: string;
  readonly values: readonly string[];
  /** As in reports. */
  readonly keys?: readonly string[];
  readonly test: Test;
}

interface Statement {
  readonly sid: string | undefined;
  readonly isAllow: boolean;
  readonly elements: readonly Element[];
  readonly tests: readonly Test[];
  readonly principal: PrincipalTest | undefined;
}

/** Reads a policy. One that can't be read decides `unreadable`. */
export function parsePolicy(text: string, kind: PolicyKind = "resource"): Policy {
  try {
    const document: unknown = JSON.parse(text);
    if (!isObject(document)) return unreadable("it is not a JSON object");
    // AWS: IAM User Guide, "Troubleshoot IAM policies", More than one Effect, Action, or Resource element.
    const [twice] = duplicateMembers(text);
    if (twice !== undefined) return unreadable(`an object has the member ${quoted(twice)} twice`);
    refuseUnknownElements(document, documentElements);
    const { Version: version, Statement: given } = document;
    if (version !== undefined && version !== "2012-10-17" && version !== "2008-10-17") {
      return unreadable("its Version is unknown");
    }
    const options = {
      kind,
      hasVariables: version === "2012-10-17",
      keys: new Map<string, string>(),
      shared: new Map(),
    };
    const statements = (Array.isArray(given) ? given : [given]).map((one) => parseStatement(one, options));
    return {
      conditionKeys: [...options.keys.values()],
      decide: (request) => decide(statements, request),
      report: (request) => report(statements, request),
    };
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error));
  }
}

const unreadable = (problem: string): Policy => ({
  problem,
  conditionKeys: [],
  decide: () => ({ kind: "unreadable", detail: problem }),
  report: () => [],
});

let calls = 0;

const callOf = (request: PolicyRequest): PolicyCall => ({
  request,
  foldedAction: request.action.toLowerCase(),
  number: ++calls,
});

/** Finds out once for each call what several statements ask for. */
function once<Result>(find: (call: PolicyCall) => Result): (call: PolicyCall) => Result {
  let number = 0;
  let result: Result;
  return (call) => {
    if (call.number !== number) {
      result = find(call);
      number = call.number;
    }
    return result;
  };
}

const strength: Readonly<Record<Grantee, number>> = { account: 0, principal: 1, caller: 2 };

function decide(statements: readonly Statement[], request: PolicyRequest): PolicyDecision {
  if (request.sharesSteps !== true) allowSteps();
  const call = callOf(request);
  let allowed: Statement | undefined;
  let allowedAt = 0;
  let grantee: Grantee = "account";
  for (let index = 0; index < statements.length; index++) {
    const statement = statements[index]!;
    const { isAllow, principal, sid } = statement;
    const match = matchOf(statement.tests, call);
    if (match === "no") continue;
    if (!isAllow) return { kind: "denied", sid, statement: index };
    if (match === "unknown") continue;
    const granted = principal === undefined ? "caller" : principal.granteeOf(request);
    if (allowed === undefined || strength[granted] > strength[grantee]) {
      allowed = statement;
      allowedAt = index;
      grantee = granted;
    }
  }
  return allowed === undefined
    ? { kind: "not-allowed" }
    : { kind: "allowed", sid: allowed.sid, statement: allowedAt, grantee };
}

/** An element that does not match decides, whatever is unknown beside it. What is not evaluated to its end is unknown. */
function matchOf(tests: readonly Test[], call: PolicyCall): Match {
  if (!hasSteps()) return "unknown";
  let isUnknown = false;
  for (let index = 0; index < tests.length; index++) {
    const match = tests[index]!(call);
    if (match === "no") return hasSteps() ? "no" : "unknown";
    if (match === "unknown") isUnknown = true;
  }
  return isUnknown || !hasSteps() ? "unknown" : "yes";
}

function report(statements: readonly Statement[], request: PolicyRequest): readonly StatementReport[] {
  if (request.sharesSteps !== true) allowSteps();
  const call = callOf(request);
  return statements.map(({ sid, isAllow, elements, tests }, index) => ({
    statement: index,
    sid,
    effect: isAllow ? "Allow" : "Deny",
    match: matchOf(tests, call),
    elements: elements.map(({ element, values, keys = [], test }) => ({ element, values, keys, match: test(call) })),
  }));
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

const quoted = (text: string): string => JSON.stringify(text.slice(0, 64));

/** A misspelt element may have been meant to narrow the statement. */
function refuseUnknownElements(object: object, elements: ReadonlySet<string>): void {
  const unknown = Object.keys(object).find((name) => !elements.has(name));
  if (unknown !== undefined) throw new Error(`it has the element ${quoted(unknown)}, which is none`);
}

interface StatementOptions {
  readonly kind: PolicyKind;
  readonly hasVariables: boolean;
  /** Collects condition keys, by their names in lower case. */
  readonly keys: Map<string, string>;
  /** Tests and values of condition keys that several statements share, by what they are written as. */
  readonly shared: Map<string, (call: PolicyCall) => unknown>;
}

/** Prepares a test; one that is written like another is the same. */
function share<Result>(
  shared: StatementOptions["shared"],
  written: unknown,
  find: (call: PolicyCall) => Result,
): (call: PolicyCall) => Result {
  const name = JSON.stringify(written);
  const known = shared.get(name) ?? once(find);
  shared.set(name, known);
  return known as (call: PolicyCall) => Result;
}

function parseStatement(statement: unknown, options: StatementOptions): Statement {
  if (!isObject(statement)) throw new Error("a statement is no object");
  refuseUnknownElements(statement, statementElements);
  const effect = statement["Effect"];
  if (effect !== "Allow" && effect !== "Deny") throw new Error("a statement's Effect is neither Allow nor Deny");
  const isAllow = effect === "Allow";
  const { kind } = options;
  const principal = kind === "identity" ? undefined : compilePrincipal(statement, { isAllow, valuesOf: asValues });
  const elements = [
    actionElement(statement, options),
    ...(kind === "trust" ? [] : [resourceElement(statement, isAllow, options)]),
    ...(principal === undefined ? [] : [principalElement(statement, principal, options)]),
    ...conditionElements(statement["Condition"], options),
  ];
  return {
    sid: typeof statement["Sid"] === "string" ? statement["Sid"] : undefined,
    isAllow,
    elements,
    tests: elements.map(({ test }) => test),
    principal,
  };
}

function principalElement(
  statement: Readonly<Record<string, unknown>>,
  { matches }: PrincipalTest,
  { shared }: StatementOptions,
): Element {
  const element = statement["Principal"] === undefined ? "NotPrincipal" : "Principal";
  const principals = statement[element];
  const values = isObject(principals) ? Object.values(principals).flatMap(asValues) : ["*"];
  const written = [element, principals, statement["Effect"]];
  return { element, values, test: share(shared, written, ({ request }) => matches(request)) };
}

function actionElement(statement: Readonly<Record<string, unknown>>, { shared }: StatementOptions): Element {
  const { element, values, isNegated } = valuesOf(statement, "Action");
  const tests = values.map((value) => compilePattern(patternParts(value.toLowerCase())));
  const ifMatched: Match = isNegated ? "no" : "yes";
  const ifNot: Match = isNegated ? "yes" : "no";
  return {
    element,
    values,
    test: share(shared, [element, values], ({ foldedAction }) => {
      for (let index = 0; index < tests.length; index++) if (tests[index]!(foldedAction)) return ifMatched;
      return ifNot;
    }),
  };
}

function resourceElement(
  statement: Readonly<Record<string, unknown>>,
  isAllow: boolean,
  { hasVariables, keys, shared }: StatementOptions,
): Element {
  const { element, values, isNegated } = valuesOf(statement, "Resource");
  const asked = hasVariables ? values.flatMap(variableKeys) : [];
  collectKeys(asked, keys);
  const templates = values.map((value) => {
    // Without a compiler of its own, no text is refused.
    return compileTemplate(value, { hasVariables, partsOf: patternParts, colonsBefore: 5 })!;
  });
  const isAny = values.includes("*");
  const isOpen = templates.some((template) => template.hasVariables);
  const ifMatched: Match = isNegated ? "no" : "yes";
  const ifNot: Match = isNegated ? "yes" : "no";
  return {
    element,
    values,
    keys: asked,
    test: share(shared, [element, isAllow, values], ({ request: { resource, isResourcePrefix, context } }) => {
      if (isAny) return ifMatched;
      if (isResourcePrefix === true) {
        if (!isNegated && !templates.some((template) => template.mayMatch(resource))) return "no";
        return isAllow && !isOpen ? "yes" : "unknown";
      }
      let isUnknown = false;
      for (let index = 0; index < templates.length; index++) {
        const match = templates[index]!.matches(resource, context);
        if (match === "yes") return ifMatched;
        if (match === "unknown") isUnknown = true;
      }
      return isUnknown ? "unknown" : ifNot;
    }),
  };
}

/** Returns the values of an element, in its plain or in its negated form. */
function valuesOf(
  statement: Readonly<Record<string, unknown>>,
  name: "Action" | "Resource",
): { readonly element: string; readonly values: readonly string[]; readonly isNegated: boolean } {
  const negated = statement[`Not${name}`];
  if (negated !== undefined && statement[name] !== undefined) {
    throw new Error(`a statement has both ${name} and Not${name}`);
  }
  const values = asValues(negated ?? statement[name]);
  if (values.length === 0) throw new Error(`a statement has no ${name}`);
  return { element: negated === undefined ? name : `Not${name}`, values, isNegated: negated !== undefined };
}

function conditionElements(condition: unknown, { hasVariables, keys, shared }: StatementOptions): readonly Element[] {
  if (condition === undefined) return [];
  if (!isObject(condition)) throw new Error("a statement's Condition is no object");
  const operators = Object.keys(condition);
  refuseTwice(operators);
  return operators.flatMap((operator) => {
    const wanted = condition[operator];
    if (!isObject(wanted)) throw new Error("a condition has no keys");
    refuseTwice(Object.keys(wanted));
    return Object.entries(wanted).map(([name, value]): Element => {
      const key = name.toLowerCase();
      const values = asValues(value);
      const asked = [name, ...(hasVariables ? values.flatMap(variableKeys) : [])];
      collectKeys(asked, keys);
      const actual = share(shared, key, ({ request }) => request.context(key));
      const test = compileCondition(operator, values, hasVariables);
      return {
        ...{ element: `Condition ${operator} ${name}`, values, keys: asked },
        test: share(shared, [operator, key, values], (call) => test(actual(call), call.request.context)),
      };
    });
  });
}

/** AWS looks at the case of neither operators nor keys. Of two that differ by it only, one was not meant. */
function refuseTwice(names: readonly string[]): void {
  const known = new Set<string>();
  for (const name of names) {
    const folded = name.toLowerCase();
    if (known.has(folded)) throw new Error(`a condition has ${quoted(name)} twice`);
    known.add(folded);
  }
}

function collectKeys(names: readonly string[], keys: Map<string, string>): void {
  for (const name of names) if (!keys.has(name.toLowerCase())) keys.set(name.toLowerCase(), name);
}

/**
 * Returns one or several scalars as strings. Throws for anything else: a list within a list must not be read as its
 * items.
 */
function asValues(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!values.every((one) => ["string", "number", "boolean"].includes(typeof one))) {
    throw new Error("a value is neither text, number nor boolean");
  }
  return values.map(String);
}
