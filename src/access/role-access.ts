import { type AccessRequest, authorize, type CallerAccess, problemOf } from "./authorize.ts";
import { type Policy, type PolicyRequest, parsePolicy } from "./policy.ts";

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
  readonly #account: string;
  readonly #access: CallerAccess;

  constructor({ arn, id, tags, trustPolicy, policies, permissionsBoundary }: RoleAccess) {
    this.arn = arn;
    this.id = id;
    this.tags = tags;
    this.#trust = parsePolicy(trustPolicy, "trust");
    this.#account = arn.split(":")[4] ?? "";
    const parsed = (name: string, text: string) => ({ name, policy: parsePolicy(text, "identity") });
    this.#access = {
      requester: { kind: "authorized", account: this.#account },
      identityPolicies: policies.map((text, index) => parsed(`policy ${index + 1}`, text)),
      permissionsBoundary:
        permissionsBoundary === undefined ? undefined : parsed("permissions boundary", permissionsBoundary),
    };
  }

  /** Returns whether the trust policy lets the caller assume the role. AWS: STS API reference, "AssumeRole". */
  canBeAssumed(request: AssumeRequest): boolean {
    return this.#trust.decide({ ...request, action: "sts:AssumeRole", resource: this.arn }).kind === "allowed";
  }

  /**
   * Returns why the role may not make a call, or undefined.
   * AWS: IAM User Guide, "Troubleshoot access denied error messages".
   */
  problemWith(request: AccessRequest): AccessProblem {
    return problemOf(authorize(request, this.#access, { account: this.#account }), request.action);
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
