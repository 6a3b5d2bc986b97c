import { joinPolicies, type Policy, type PolicyRequest, parsePolicy } from "./policy.ts";

/** The parts of a role that say who may assume it and what it may do. */
export interface RoleAccess {
  readonly arn: string;
  /** The role's id, `AROA…`. The ids of its sessions begin with it. */
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Policies as JSON text. */
  readonly trustPolicy: string;
  readonly policies: readonly string[];
  readonly permissionsBoundary?: string;
}

/** Undefined if the call is allowed; else the reason, worded as the end of AWS's sentence. */
export type AccessProblem = string | undefined;

/** Who wants to assume a role, with the call's condition keys. */
export type AssumeRequest = Pick<PolicyRequest, "servicePrincipal" | "awsPrincipal" | "context">;

/** A role's parsed policies. */
export class Role {
  readonly arn: string;
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly #trust: Policy;
  readonly #policies: Policy;
  readonly #boundary: Policy | undefined;

  constructor({ arn, id, tags, trustPolicy, policies, permissionsBoundary }: RoleAccess) {
    this.arn = arn;
    this.id = id;
    this.tags = tags;
    this.#trust = parsePolicy(trustPolicy, "trust");
    this.#policies = joinPolicies(policies.map((text) => parsePolicy(text, "identity")));
    this.#boundary = permissionsBoundary === undefined ? undefined : parsePolicy(permissionsBoundary, "identity");
  }

  /** Returns whether the trust policy lets the caller assume the role. AWS: STS API reference, "AssumeRole". */
  canBeAssumed(request: AssumeRequest): boolean {
    return this.#trust.decide({ ...request, action: "sts:AssumeRole", resource: this.arn }).kind === "allowed";
  }

  /**
   * Returns why the role may not make a call, or undefined.
   * AWS: IAM User Guide, "Troubleshoot access denied error messages".
   */
  problemWith(request: Pick<PolicyRequest, "action" | "resource" | "isResourcePrefix" | "context">): AccessProblem {
    const limits: readonly [string, Policy | undefined][] = [
      ["an identity-based policy", this.#policies],
      ["a permissions boundary", this.#boundary],
    ];
    const decisions = limits.flatMap(([name, policy]) => (policy ? [{ name, kind: policy.decide(request).kind }] : []));
    const denied = decisions.find(({ kind }) => kind === "denied" || kind === "unreadable");
    if (denied !== undefined) return `with an explicit deny in ${denied.name}`;
    const missing = decisions.find(({ kind }) => kind !== "allowed");
    if (missing === undefined) return undefined;
    return `because no ${missing.name.replace(/^an? /, "")} allows the ${request.action} action`;
  }
}

/** Returns the parts of a role's ARN, or undefined if the text is not one. AWS: IAM User Guide, "IAM identifiers". */
export function parseRoleArn(
  arn: string,
): { readonly account: string; readonly path: string; readonly name: string } | undefined {
  const parts = /^arn:aws[a-z-]*:iam::(\d{12}):role(\/|\/[\x21-\x7e]{1,510}\/)([\w+=,.@-]{1,64})$/.exec(arn);
  return parts === null ? undefined : { account: parts[1]!, path: parts[2]!, name: parts[3]! };
}

/** The name that API Gateway gives its sessions, as CloudTrail shows it. */
export const gatewaySessionName = "BackplaneAssumeRoleSession";
