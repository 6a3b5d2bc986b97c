/**
 * Who calls, as data: what the `iam` service knows of users, roles and roots, and what a session adds to it. The policy
 * engine decides by a `Principal`; gateway threads are told `Identity`s and make principals of them.
 * AWS: IAM User Guide, "IAM identities", "AWS JSON policy elements: Principal".
 */

/** A policy that decides what a principal may do, with the name by which AWS speaks of it. */
export interface NamedPolicy {
  readonly name: string;
  /** The ARN of a managed policy. Inline policies have none. */
  readonly arn?: string;
  /** The name of the group through which a user has the policy. */
  readonly group?: string;
  /** JSON as it was sent. A managed policy that does not exist any more is the empty text, which denies everything. */
  readonly document: string;
}

/** A user, a role or the root of an account, with everything that decides what it may do. Plain data. */
export interface Identity {
  readonly kind: "root" | "user" | "role";
  readonly account: string;
  readonly arn: string;
  /** `AIDA…`, `AROA…`; the account's number for its root. */
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Inline and attached policies, and those of a user's groups. A root has none, and may do everything. */
  readonly policies: readonly NamedPolicy[];
  readonly permissionsBoundary?: NamedPolicy;
  /** Who may assume the role; only roles have it. */
  readonly trustPolicy?: string;
}

/** What a session token says: a session of an identity. Times are seconds since 1970. */
export interface Session {
  /** `user` is a session that GetSessionToken made, of a user or of a root. */
  readonly kind: "assumed-role" | "user" | "federated-user";
  /** The identity whose session it is. One with another id but the same ARN is another identity: the session is void. */
  readonly issuerArn: string;
  readonly issuerId: string;
  /** The session's name; a session of kind `user` has none. */
  readonly name?: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The session policy that was passed inline, and the ARNs of the managed ones. */
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly transitiveTagKeys?: readonly string[];
  readonly sourceIdentity?: string;
  /** The identity provider whose token the session was made by (AssumeRoleWithWebIdentity). */
  readonly federatedProvider?: string;
}

/** Who calls. */
export interface Principal {
  readonly identity: Identity;
  /** Undefined for an access key of the identity's own. */
  readonly session: Session | undefined;
  readonly account: string;
  /** The caller's ARN, as GetCallerIdentity says it: that of the session, if it has one of its own. */
  readonly arn: string;
  /** `aws:userid`: `AIDA…`, `AROA…:session`, the account's number, or `account:federated-name`. */
  readonly userId: string;
  /** `aws:PrincipalArn`: the role's ARN for its sessions. */
  readonly principalArn: string;
  /** `aws:PrincipalType`. */
  readonly type: "Account" | "User" | "AssumedRole" | "FederatedUser";
  /** `aws:username`, which only users have. */
  readonly userName: string | undefined;
  /** `aws:PrincipalTag/…`: the identity's tags, in whose place come those of the session. */
  readonly tags: Readonly<Record<string, string>>;
  /** What the session is limited to. Undefined: by nothing. An empty list allows nothing. */
  readonly sessionPolicies: readonly NamedPolicy[] | undefined;
}

/** Returns an account's root. Every account has one. */
export const rootOf = (account: string, arn = `arn:aws:iam::${account}:root`): Identity => ({
  kind: "root",
  account,
  arn,
  id: account,
  name: "root",
  path: "/",
  tags: {},
  policies: [],
});

/** Returns the root of an account by its ARN, or undefined for another ARN. */
export function rootByArn(arn: string): Identity | undefined {
  const account = /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(arn)?.[1];
  return account === undefined ? undefined : rootOf(account, arn);
}

/** Makes the principal of an identity's own access key. */
export function principalOfIdentity(identity: Identity): Principal {
  const { account, arn, id, kind, name, tags } = identity;
  return {
    identity,
    session: undefined,
    account,
    arn,
    userId: id,
    principalArn: arn,
    type: kind === "root" ? "Account" : kind === "user" ? "User" : "AssumedRole",
    userName: kind === "user" ? name : undefined,
    tags,
    sessionPolicies: undefined,
  };
}

/**
 * Makes the principal of a session. Returns undefined if the identity is not the one that the session was made for, such
 * as a role that was deleted and made again. `policyOf` finds the document of a managed policy by its ARN.
 */
export function principalOfSession(
  identity: Identity,
  session: Session,
  policyOf: (arn: string) => string | undefined,
): Principal | undefined {
  if (identity.arn !== session.issuerArn || identity.id !== session.issuerId) return undefined;
  const own = principalOfIdentity(identity);
  const facts = sessionFacts[session.kind](identity, session.name ?? "");
  return {
    ...own,
    ...facts,
    session,
    tags: withSessionTags(identity.tags, session.tags),
    sessionPolicies: sessionPoliciesOf(session, policyOf),
  };
}

type SessionFacts = Pick<Principal, "arn" | "userId" | "principalArn" | "type" | "userName">;

/** AWS: IAM User Guide, "AWS global condition context keys", "aws:PrincipalArn", "aws:userid"; "IAM policy elements: Variables and tags". */
const sessionFacts: Readonly<Record<Session["kind"], (identity: Identity, name: string) => SessionFacts>> = {
  "assumed-role": ({ arn, id }, name) => ({
    arn: assumedRoleArn(arn, name),
    userId: `${id}:${name}`,
    principalArn: arn,
    type: "AssumedRole",
    userName: undefined,
  }),
  user: (identity) => {
    const { arn, userId, principalArn, type, userName } = principalOfIdentity(identity);
    return { arn, userId, principalArn, type, userName };
  },
  "federated-user": ({ account, arn }, name) => {
    const own = `arn:${arn.split(":")[1]}:sts::${account}:federated-user/${name}`;
    return { arn: own, userId: `${account}:${name}`, principalArn: own, type: "FederatedUser", userName: undefined };
  },
};

/** Returns the ARN of a role's session. */
export function assumedRoleArn(roleArn: string, sessionName: string): string {
  const [, partition, , , account, role = ""] = roleArn.split(":");
  return `arn:${partition}:sts::${account}:assumed-role/${role.slice(role.lastIndexOf("/") + 1)}/${sessionName}`;
}

/**
 * A federated user may do nothing that its session policies don't allow, and nothing at all without any.
 * AWS: STS API reference, "GetFederationToken".
 */
function sessionPoliciesOf(
  { kind, policy, policyArns }: Session,
  policyOf: (arn: string) => string | undefined,
): readonly NamedPolicy[] | undefined {
  if (policy === undefined && policyArns === undefined) return kind === "federated-user" ? [] : undefined;
  return [
    ...(policy === undefined ? [] : [{ name: "session policy", document: policy }]),
    ...(policyArns ?? []).map((arn) => ({
      name: arn.slice(arn.lastIndexOf("/") + 1),
      arn,
      document: policyOf(arn) ?? "",
    })),
  ];
}

/** AWS: IAM User Guide, "Pass session tags in AWS STS": keys are compared without their case; the session's tag wins. */
function withSessionTags(
  tags: Readonly<Record<string, string>>,
  added: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  if (added === undefined) return tags;
  const replaced = new Set(Object.keys(added).map((key) => key.toLowerCase()));
  return { ...Object.fromEntries(Object.entries(tags).filter(([key]) => !replaced.has(key.toLowerCase()))), ...added };
}

/**
 * Returns whether a caller may call a service at all, whatever its policies say. AWS: IAM User Guide, "Compare AWS STS
 * credentials": sessions that GetSessionToken and GetFederationToken made can't call IAM, as long as no device vouches
 * for them.
 */
export const canCallService = ({ session }: Principal, service: string): boolean =>
  service !== "iam" || session === undefined || session.kind === "assumed-role";
