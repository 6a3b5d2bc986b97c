/**
 * Decides whether a caller may make a call, from all policies that have a say. Pure and synchronous; policies are parsed
 * before (`parsePolicy`), once for many decisions.
 * AWS: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic"; API Gateway Developer Guide,
 * "How API Gateway resource policies affect authorization workflow", tables A and B.
 */
import { type Policy, type PolicyDecision, type PolicyRequest, parsePolicy } from "./policy.ts";
import type { NamedPolicy, Principal } from "./principal.ts";
import { allowSteps } from "./wildcards.ts";

/** A policy, and what explanations call it: its name or ARN. */
export interface ParsedPolicy {
  readonly name: string;
  readonly policy: Policy;
}

/**
 * Who calls. `anonymous` has no signature; a user pool's user is anonymous, too. `authorized` is a caller who is
 * known by policies alone, to a resource's policy anonymous: one whom a Lambda authorizer knows, whose policy stands for
 * the identity's. Its account is that of the API: AWS's table A holds for it.
 */
export type Requester =
  | { readonly kind: "anonymous" }
  | { readonly kind: "authorized"; readonly account: string }
  | { readonly kind: "service"; readonly name: string }
  | { readonly kind: "principal"; readonly principal: Principal };

/**
 * A caller with the policies of its own account. For a method without an authorizer, and for one with a user pool, it is
 * `anonymous`: the resource's policy alone decides.
 */
export interface CallerAccess {
  readonly requester: Requester;
  /** A user's inline, attached and groups' policies; a role's; a Lambda authorizer's. A root needs none. */
  readonly identityPolicies: readonly ParsedPolicy[];
  readonly permissionsBoundary?: ParsedPolicy | undefined;
  /** The policies given when the session was made, which limit it together. An empty list allows nothing. */
  readonly sessionPolicies?: readonly ParsedPolicy[] | undefined;
}

/** What is called: the account that owns it, and its policy if it has one. */
export interface CalledResource {
  readonly account: string;
  readonly policy?: ParsedPolicy | undefined;
  /**
   * The policy has to grant the call, to the caller's account at least: a role's trust policy, a key's policy.
   */
  readonly isPolicyDecisive?: boolean;
}

/** The call itself. */
export type AccessRequest = Pick<PolicyRequest, "action" | "resource" | "isResourcePrefix" | "context">;

export type PolicySource = "identity" | "permissions-boundary" | "session" | "resource";

/** The statement that decided. */
export interface DecidingStatement {
  readonly source: PolicySource;
  readonly policyName: string;
  /** Its place in the policy, from 0. */
  readonly statement: number;
  readonly sid: string | undefined;
}

export type AccessDecision =
  /** `by` is undefined for a root, who needs no policy. */
  | { readonly kind: "allowed"; readonly by: DecidingStatement | undefined }
  /** `by` is undefined if the policy could not be read, which `detail` says. */
  | {
      readonly kind: "explicitly-denied";
      readonly source: PolicySource;
      readonly by: DecidingStatement | undefined;
      readonly policyName: string;
      readonly detail?: string;
    }
  /** The kind of policy that had to allow the call and did not. */
  | { readonly kind: "implicitly-denied"; readonly source: PolicySource };

const parsedPolicies = new WeakMap<object, readonly ParsedPolicy[]>();

/** Parses policies once for all decisions about the list that they stand in. */
function parseAll(policies: readonly NamedPolicy[]): readonly ParsedPolicy[] {
  let parsed = parsedPolicies.get(policies);
  if (parsed === undefined) {
    parsed = policies.map(({ name, arn, document }) => ({
      name: arn ?? name,
      policy: parsePolicy(document, "identity"),
    }));
    parsedPolicies.set(policies, parsed);
  }
  return parsed;
}

const boundaries = new WeakMap<NamedPolicy, readonly NamedPolicy[]>();

/** Returns what decides about a principal. Its policies are parsed once, as long as its identity is kept. */
export function accessOf(principal: Principal): CallerAccess {
  const { identity, sessionPolicies } = principal;
  const { permissionsBoundary: boundary } = identity;
  if (boundary !== undefined && !boundaries.has(boundary)) boundaries.set(boundary, [boundary]);
  return {
    requester: { kind: "principal", principal },
    identityPolicies: parseAll(identity.policies),
    permissionsBoundary: boundary && parseAll(boundaries.get(boundary)!)[0],
    sessionPolicies: sessionPolicies && parseAll(sessionPolicies),
  };
}

/** A caller without credentials. */
export const anonymousAccess: CallerAccess = { requester: { kind: "anonymous" }, identityPolicies: [] };

/** Returns whether the caller may make the call, and what decided. */
export function authorize(request: AccessRequest, caller: CallerAccess, resource: CalledResource): AccessDecision {
  const { requester, sessionPolicies, permissionsBoundary: boundary } = caller;
  const asked: PolicyRequest = { ...request, ...namesOf(requester), sharesSteps: true };
  allowSteps();
  const identity = decideAll("identity", caller.identityPolicies, asked);
  const resourceSide = decideAll("resource", resource.policy === undefined ? [] : [resource.policy], asked);
  const boundarySide = boundary && decideAll("permissions-boundary", [boundary], asked);
  const sessionSide = sessionPolicies && decideAll("session", sessionPolicies, asked);
  const sides = [identity, resourceSide, boundarySide, sessionSide];
  const denied = sides.find((side) => side?.kind === "explicitly-denied");
  if (denied !== undefined) return denied;
  const limit = [boundarySide, sessionSide].find((side) => side?.kind === "implicitly-denied");
  const granted = isRoot(requester) ? rootAllowed : identity;
  const own = granted.kind === "allowed" ? (limit ?? granted) : granted;
  const account = accountOf(requester);
  // Of a caller without an account nobody but the resource's owner has a say.
  if (account === undefined) return resourceSide;
  if (account !== resource.account) return own.kind === "allowed" ? resourceSide : own;
  // What a policy grants to the caller by its own ARN is limited by nothing; what it grants to a session's role, or to
  // the user of a federated session, is limited by the boundary and the session's policies.
  if (resourceSide.kind === "allowed" && resourceSide.grantee === "caller") return resourceSide;
  if (resourceSide.kind === "allowed" && resourceSide.grantee === "principal") return limit ?? resourceSide;
  if (resource.isPolicyDecisive === true && resourceSide.kind !== "allowed") return resourceSide;
  return own;
}

const rootAllowed: AccessDecision = { kind: "allowed", by: undefined };

const isRoot = (requester: Requester): boolean =>
  requester.kind === "principal" && requester.principal.identity.kind === "root";

/** Undefined for a caller that has no account whose policies could allow the call. */
function accountOf(requester: Requester): string | undefined {
  if (requester.kind === "principal") return requester.principal.account;
  return requester.kind === "authorized" ? requester.account : undefined;
}

/** Returns the names by which a resource's policy may name the caller. */
export function namesOf(requester: Requester): Pick<PolicyRequest, "servicePrincipal" | "awsPrincipal"> {
  if (requester.kind === "service") return { servicePrincipal: requester.name };
  if (requester.kind !== "principal") return {};
  const { account, arn, identity } = requester.principal;
  if (identity.kind === "root") return { awsPrincipal: { account, arns: arn === identity.arn ? [] : [arn] } };
  return arn === identity.arn
    ? { awsPrincipal: { account, arns: [arn], ids: [identity.id] } }
    : { awsPrincipal: { account, arns: [arn, identity.arn], ids: [undefined, identity.id] } };
}

type Side = AccessDecision & { readonly grantee?: Extract<PolicyDecision, { kind: "allowed" }>["grantee"] };

/** Decides by the policies of one kind: a Deny in any of them counts before every Allow. */
function decideAll(source: PolicySource, policies: readonly ParsedPolicy[], request: PolicyRequest): Side {
  let allowed: Side | undefined;
  for (const { name: policyName, policy } of policies) {
    const decision = policy.decide(request);
    switch (decision.kind) {
      case "unreadable":
        return { kind: "explicitly-denied", source, by: undefined, policyName, detail: decision.detail };
      case "denied":
        return { kind: "explicitly-denied", source, by: { source, policyName, ...placeOf(decision) }, policyName };
      case "allowed":
        allowed ??= { kind: "allowed", by: { source, policyName, ...placeOf(decision) }, grantee: decision.grantee };
        break;
      case "not-allowed":
        break;
    }
  }
  return allowed ?? { kind: "implicitly-denied", source };
}

const placeOf = ({ statement, sid }: { readonly statement: number; readonly sid: string | undefined }) => ({
  statement,
  sid,
});

const sourceNames: Readonly<Record<PolicySource, readonly [article: string, name: string]>> = {
  identity: ["an", "identity-based policy"],
  "permissions-boundary": ["a", "permissions boundary"],
  session: ["a", "session policy"],
  resource: ["a", "resource-based policy"],
};

/**
 * Returns the end of AWS's sentence `User: … is not authorized to perform: … on resource: …` for a refusal; undefined for
 * an allowed call. AWS: IAM User Guide, "Troubleshoot access denied error messages".
 */
export function problemOf(decision: AccessDecision, action: string): string | undefined {
  if (decision.kind === "allowed") return undefined;
  const [article, name] = sourceNames[decision.source];
  return decision.kind === "explicitly-denied"
    ? `with an explicit deny in ${article} ${name}`
    : `because no ${name} allows the ${action} action`;
}
