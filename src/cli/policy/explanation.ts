/** What policies make of a call, statement by statement: what `portico policy explain` says, as data. */
import {
  type AccessDecision,
  authorize,
  type CalledResource,
  type CallerAccess,
  namesOf,
  type ParsedPolicy,
  type PolicySource,
  problemOf,
} from "../../access/authorize.ts";
import type { ConditionContext } from "../../access/condition-keys.ts";
import { parsePolicy, type StatementReport } from "../../access/policy.ts";
import { statementPositions } from "../../access/statement-positions.ts";
import { UserError } from "../../base/user-error.ts";

/** A policy with the text that was read, and what the user calls it: a file, or a policy's name. */
export interface PolicyText {
  readonly name: string;
  readonly document: string;
}

export interface ExplainedCall {
  readonly action: string;
  readonly resource: string;
  readonly context: ConditionContext;
  readonly requester: CallerAccess["requester"];
  readonly resourceAccount: string;
  readonly policies: Readonly<Record<PolicySource, readonly PolicyText[]>>;
  /** Policies of a session limit it, even if there are none. */
  readonly hasSessionPolicies: boolean;
}

export interface StatementExplanation extends Omit<StatementReport, "elements"> {
  /** Where it begins in its policy, from 1. */
  readonly line: number;
  /** Why it does not match, or can't be decided; absent if it matches. */
  readonly why?: string;
}

export interface PolicyExplanation {
  readonly source: PolicySource;
  readonly name: string;
  readonly statements: readonly StatementExplanation[];
}

export interface Explanation {
  readonly decision: "allowed" | "explicitDeny" | "implicitDeny";
  /** The statement that decided, if one did. */
  readonly by?: {
    readonly source: PolicySource;
    readonly policy: string;
    readonly statement: number;
    readonly line: number;
    readonly sid?: string;
  };
  /** The end of AWS's sentence for a refusal. */
  readonly problem?: string;
  readonly policies: readonly PolicyExplanation[];
  /** Condition keys for want of which a statement can't be decided. */
  readonly missing: readonly string[];
}

interface ReadPolicy extends PolicyText {
  readonly source: PolicySource;
  readonly parsed: ParsedPolicy;
  readonly lines: readonly number[];
}

/** Throws a UserError for a policy that can't be read. */
export function explainPolicies(call: ExplainedCall): Explanation {
  const { action, resource, context, requester } = call;
  const read = (Object.keys(call.policies) as PolicySource[]).flatMap((source) =>
    call.policies[source].map((text) => readPolicy(source, text)),
  );
  const of = (source: PolicySource): readonly ParsedPolicy[] =>
    read.filter((policy) => policy.source === source).map(({ parsed }) => parsed);
  const caller: CallerAccess = {
    requester,
    identityPolicies: of("identity"),
    permissionsBoundary: of("permissions-boundary")[0],
    sessionPolicies: call.hasSessionPolicies ? of("session") : undefined,
  };
  const called: CalledResource = { account: call.resourceAccount, policy: of("resource")[0] };
  const decision = authorize({ action, resource, context }, caller, called);
  const request = { action, resource, context, ...namesOf(requester) };
  const problem = problemOf(decision, action);
  const by = byOf(decision, read);
  const missing = new Map<string, string>();
  const explained = read.map(({ source, name, parsed, lines }) => {
    const reports = parsed.policy.report(request);
    for (const key of keysMissingIn(reports, context)) missing.set(key.toLowerCase(), key);
    return { source, name, statements: reports.map((report) => explainStatement(report, lines, context)) };
  });
  return {
    decision: words[decision.kind],
    ...(by && { by }),
    ...(problem !== undefined && { problem }),
    policies: explained,
    missing: [...missing.values()],
  };
}

const keysMissingIn = (reports: readonly StatementReport[], context: ConditionContext): readonly string[] =>
  reports
    .filter(({ match }) => match === "unknown")
    .flatMap(({ elements }) => elements.filter(({ match }) => match === "unknown").flatMap(({ keys }) => keys))
    .filter((key) => context(key.toLowerCase()) === undefined);

const words: Readonly<Record<AccessDecision["kind"], Explanation["decision"]>> = {
  allowed: "allowed",
  "explicitly-denied": "explicitDeny",
  "implicitly-denied": "implicitDeny",
};

function readPolicy(source: PolicySource, { name, document }: PolicyText): ReadPolicy {
  const policy = parsePolicy(document, source === "resource" ? "resource" : "identity");
  if (policy.problem !== undefined) {
    throw new UserError({
      what: `${name} is not a policy that can be read: ${policy.problem}.`,
      why: "Whatever it says, it denies every call.",
      next: "Correct it.",
    });
  }
  const lines = statementPositions(document).map(({ StartPosition }) => StartPosition.Line);
  return { source, name, document, parsed: { name, policy }, lines };
}

function byOf(decision: AccessDecision, read: readonly ReadPolicy[]): Explanation["by"] {
  if (decision.kind === "implicitly-denied" || decision.by === undefined) return undefined;
  const { source, policyName, statement, sid } = decision.by;
  const policy = read.find((one) => one.source === source && one.name === policyName);
  return {
    ...{ source, policy: policyName, statement, line: policy?.lines[statement] ?? 1 },
    ...(sid !== undefined && { sid }),
  };
}

function explainStatement(
  { elements, ...report }: StatementReport,
  lines: readonly number[],
  context: ConditionContext,
): StatementExplanation {
  const line = lines[report.statement] ?? 1;
  if (report.match === "yes") return { ...report, line };
  const first = elements.find(({ match }) => match === report.match) ?? elements.find(({ match }) => match !== "yes");
  if (first === undefined) return { ...report, line, why: "it takes too many steps to evaluate" };
  const { element, values, keys } = first;
  const what = `${element} is ${shorten(values.join(", "))}`;
  return { ...report, line, why: [what, ...keys.map((key) => saysOf(key, context))].join("; ") };
}

function saysOf(key: string, context: ConditionContext): string {
  const value = context(key.toLowerCase());
  if (value === undefined) return `--context ${key}=… was not given`;
  if (value === null) return `the call has no ${key}`;
  return `${key} is ${shorten([value].flat().join(", "))}`;
}

const shorten = (text: string): string => (text.length > 120 ? `${text.slice(0, 119)}…` : text);
