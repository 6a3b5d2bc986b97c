/**
 * Decides whether a caller may make a call, from all policies that have a say. Pure and synchronous; policies are parsed
 * before (`parsePolicy`), once for many decisions.
 * AWS: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic"; API Gateway Developer Guide,
 * "How API Gateway resource policies affect authorization workflow", tables A and B.
 */
import type { Policy, PolicyDecision, PolicyRequest } from "./policy.ts";
import type { Principal } from "./principal.ts";

/** A policy, and what explanations call it: its name or ARN. */
export interface NamedPolicy {
  readonly name: string;
  readonly policy: Policy;
}

/**
 * A caller with the policies of its own account. For a method without an authorizer, and for one with a user pool, it is
 * `anonymous`: the resource's policy alone decides.
 */
export interface CallerAccess {
  readonly principal: Principal;
  /** A user's inline, attached and groups' policies; a role's; a Lambda authorizer's. None for a root. */
  readonly identityPolicies: readonly NamedPolicy[];
  readonly permissionsBoundary?: NamedPolicy | undefined;
  /**
   * The policies given when the session was made, which limit it together. A federated user's session without any may
   * do nothing but what resources' policies grant to it.
   */
  readonly sessionPolicies?: readonly NamedPolicy[] | undefined;
}

/** What is called: the account that owns it, and its policy if it has one. */
export interface CalledResource {
  readonly account: string;
  readonly policy?: NamedPolicy | undefined;
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

/** Returns whether the caller may make the call, and what decided. */
export function authorize(request: AccessRequest, caller: CallerAccess, resource: CalledResource): AccessDecision {
  const asked: PolicyRequest = { ...request, ...namesOf(caller.principal) };
  const { sessionPolicies, permissionsBoundary: boundary } = caller;
  const identity = decideAll("identity", caller.identityPolicies, asked);
  const resourceSide = decideAll("resource", resource.policy === undefined ? [] : [resource.policy], asked);
  const boundarySide = boundary && decideAll("permissions-boundary", [boundary], asked);
  const sessionSide =
    sessionPolicies === undefined && caller.principal.kind !== "federated-user"
      ? undefined
      : decideAll("session", sessionPolicies ?? [], asked);
  const sides = [identity, resourceSide, boundarySide, sessionSide];
  const denied = sides.find((side) => side?.kind === "explicitly-denied");
  if (denied?.kind === "explicitly-denied") return denied;
  const limit = [boundarySide, sessionSide].find((side) => side?.kind === "implicitly-denied");
  const own =
    caller.principal.kind === "root" ? rootAllowed : identity.kind === "allowed" ? (limit ?? identity) : identity;
  if (accountOf(caller.principal) !== resource.account) {
    // Without an account, nobody but the resource's owner has a say.
    if (accountOf(caller.principal) === undefined) return resourceSide;
    return own.kind === "allowed" ? resourceSide : own;
  }
  // What a policy grants to the caller by its own ARN is limited by nothing; what it grants to a session's role, or to
  // the user of a federated session, is limited by the boundary and the session's policies.
  if (resourceSide.kind === "allowed" && resourceSide.grantee === "caller") return resourceSide;
  if (resourceSide.kind === "allowed" && resourceSide.grantee === "principal") return limit ?? resourceSide;
  if (resource.isPolicyDecisive === true && resourceSide.kind !== "allowed") return resourceSide;
  return own;
}

const rootAllowed: AccessDecision = { kind: "allowed", by: undefined };

/** Undefined for a caller that has no account whose policies could allow the call. */
const accountOf = (principal: Principal): string | undefined =>
  "account" in principal ? principal.account : undefined;

function namesOf(principal: Principal): Pick<PolicyRequest, "servicePrincipal" | "awsPrincipal"> {
  switch (principal.kind) {
    case "anonymous":
    case "authorized":
      return {};
    case "service":
      return { servicePrincipal: principal.name };
    case "root":
      return { awsPrincipal: { account: principal.account, arns: [] } };
    case "user":
      return { awsPrincipal: { account: principal.account, arns: [principal.arn] } };
    case "role-session":
      return { awsPrincipal: { account: principal.account, arns: [principal.arn, principal.roleArn] } };
    case "federated-user": {
      const { account, arn, userArn } = principal;
      return { awsPrincipal: { account, arns: userArn === undefined ? [arn] : [arn, userArn] } };
    }
  }
}

type Side = AccessDecision & { readonly grantee?: Extract<PolicyDecision, { kind: "allowed" }>["grantee"] };

/** Decides by the policies of one kind: a Deny in any of them counts before every Allow. */
function decideAll(source: PolicySource, policies: readonly NamedPolicy[], request: PolicyRequest): Side {
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
