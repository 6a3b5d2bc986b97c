import { randomBytes } from "node:crypto";
import { makeAccessKeyId } from "../access/access-key-id.ts";
import { accessOf } from "../access/authorize.ts";
import {
  type Identity,
  type Principal,
  principalOfIdentity,
  principalOfSession,
  rootByArn,
  type Session,
} from "../access/principal.ts";
import type { Credentials } from "../access/request-signer.ts";
import { gatewaySessionName } from "../access/role-access.ts";
import { SessionSeal } from "../access/session-seal.ts";
import type { SignatureProblem } from "../access/sigv4-signature.ts";
import { expiredSession, unknownKey } from "../access/sigv4-verify.ts";
import { bounds } from "../base/bounds.ts";
import type { IamIdentity, Signer } from "./caller.ts";

/** An access key of a user or a root, as control publishes it. */
export interface PublishedAccessKey {
  /** Never logged or traced. */
  readonly secret: string;
  readonly isActive: boolean;
  /** The ARN of a user, who is published as well, or of an account's root. */
  readonly ownerArn: string;
}

/** A managed policy that sessions may be limited to. */
export interface PublishedPolicy {
  readonly arn: string;
  readonly document: string;
}

/** Who an access key says that the caller is. It is proven by a signature with the secret. */
export interface ClaimedCaller {
  readonly accessKeyId: string;
  readonly secret: string;
  /** `$context.identity` */
  readonly iam: IamIdentity & { readonly signer: Signer };
  /** When control was told of a use of the key, in milliseconds since 1970. */
  toldAtMs: number;
}

export type CallerLookup =
  | { readonly kind: "found"; readonly caller: ClaimedCaller }
  | { readonly kind: "refused"; readonly problem: SignatureProblem };

/** A caller, with what it was made of: it counts as long as the identity is the same. */
interface CallerOfIdentity {
  readonly identity: Identity;
  readonly caller: ClaimedCaller;
}

interface OpenedSession {
  readonly accessKeyId: string;
  readonly session: Session;
  remembered: CallerOfIdentity | undefined;
}

export interface KnownCallersOptions {
  /** Finds AWS's own policies by their ARNs. */
  readonly managedPolicyOf: (arn: string) => string | undefined;
  /** Told of keys that are in use. */
  readonly onUse: (accessKeyId: string, region: string) => void;
}

/**
 * The callers that a gateway thread knows, by access key: users, roots and sessions of the embedded IAM and STS, as control
 * publishes them. What is withdrawn or changed counts from the next request on.
 */
export class KnownCallers {
  readonly #managedPolicyOf: KnownCallersOptions["managedPolicyOf"];
  readonly #onUse: KnownCallersOptions["onUse"];
  readonly #keys = new Map<string, PublishedAccessKey>();
  readonly #remembered = new Map<string, CallerOfIdentity>();
  readonly #identities = new Map<string, Identity>();
  readonly #identitiesByArn = new Map<string, Identity>();
  readonly #roots = new Map<string, Identity>();
  readonly #policies = new Map<string, PublishedPolicy>();
  readonly #policiesByArn = new Map<string, PublishedPolicy>();
  /** Sessions that were opened before, by their tokens; a bounded number. */
  readonly #sessions = new Map<string, OpenedSession>();
  /** Sessions that were made here, for the callers that are remembered and for roles. */
  #made = new WeakMap<Signer | Identity, { readonly credentials: Credentials; readonly untilMs: number }>();
  #seal: SessionSeal | undefined;

  constructor({ managedPolicyOf, onUse }: KnownCallersOptions) {
    this.#managedPolicyOf = managedPolicyOf;
    this.#onUse = onUse;
  }

  /** Tells control, at most once in a minute for each key, that a request was signed with a key of a user or a root. */
  noteUse(caller: ClaimedCaller, nowMs: number, region: string): void {
    if (Math.abs(nowMs - caller.toldAtMs) < bounds.accessKeyUseToldMs.value) return;
    caller.toldAtMs = nowMs;
    const { iam, accessKeyId } = caller;
    if (iam.signer.principal.session === undefined) this.#onUse(accessKeyId, region);
  }

  setAccessKey(id: string, key: PublishedAccessKey | null): void {
    this.#remembered.delete(id);
    replace(this.#keys, id, key);
  }

  /** Sets a user or a role under its publication's key. */
  setIdentity(key: string, identity: Identity | null): void {
    const before = this.#identities.get(key);
    if (before !== undefined && this.#identitiesByArn.get(before.arn) === before)
      this.#identitiesByArn.delete(before.arn);
    replace(this.#identities, key, identity);
    if (identity !== null) this.#identitiesByArn.set(identity.arn, identity);
  }

  setPolicy(key: string, policy: PublishedPolicy | null): void {
    const before = this.#policies.get(key);
    if (before !== undefined) this.#policiesByArn.delete(before.arn);
    replace(this.#policies, key, policy);
    if (policy !== null) this.#policiesByArn.set(policy.arn, policy);
    this.#sessions.clear();
  }

  /** Sets the key that session tokens are sealed with: 32 bytes in base64. */
  setSessionKey(key: string | null): void {
    this.#seal = key === null ? undefined : new SessionSeal(Buffer.from(key, "base64"));
    this.#sessions.clear();
    this.#made = new WeakMap();
  }

  /** Returns whom the access key, with the token of its session, belongs to, or AWS's refusal. */
  find(accessKeyId: string, token: string | undefined, nowMs: number): CallerLookup {
    return token === undefined ? this.#findKey(accessKeyId) : this.#findSession(accessKeyId, token, nowMs);
  }

  /**
   * Returns credentials of a session of the caller, for calls that are made in its name; undefined if no session can be
   * made. They count for as long as the caller's own session does, and for a quarter of an hour at most without one.
   */
  credentialsOf(signer: Signer, nowMs: number): Credentials | undefined {
    const { principal } = signer;
    const { identity } = principal;
    return this.#makeSession(
      signer,
      principal.account,
      nowMs,
      (issuedAt) =>
        principal.session ?? {
          kind: "user",
          issuerArn: identity.arn,
          issuerId: identity.id,
          issuedAt,
          expiresAt: issuedAt + ownSessionSeconds,
        },
    );
  }

  /**
   * Returns credentials of API Gateway's session of a role of this server; undefined if there is no such role, or no session
   * can be made. Whether API Gateway may assume the role was decided when the plan that names it was compiled.
   */
  credentialsOfRole(roleArn: string, nowMs: number): Credentials | undefined {
    const role = this.#identitiesByArn.get(roleArn);
    if (role?.kind !== "role") return undefined;
    return this.#makeSession(role, role.account, nowMs, (issuedAt) => ({
      kind: "assumed-role",
      issuerArn: role.arn,
      issuerId: role.id,
      name: gatewaySessionName,
      issuedAt,
      expiresAt: issuedAt + ownSessionSeconds,
    }));
  }

  /** Returns the session that was made for somebody before, or makes one. */
  #makeSession(
    owner: Signer | Identity,
    account: string,
    nowMs: number,
    sessionOf: (issuedAt: number) => Session,
  ): Credentials | undefined {
    const made = this.#made.get(owner);
    if (made !== undefined && nowMs < made.untilMs) return made.credentials;
    const seal = this.#seal;
    if (seal === undefined) return undefined;
    const session = sessionOf(Math.floor(nowMs / 1000));
    const accessKeyId = makeAccessKeyId("ASIA", account, randomBytes(8));
    const credentials = {
      accessKeyId,
      secretAccessKey: seal.secretOf(accessKeyId),
      sessionToken: seal.sealSession(accessKeyId, session),
    };
    // A request takes time to arrive.
    this.#made.set(owner, { credentials, untilMs: (session.expiresAt - marginSeconds) * 1000 });
    return credentials;
  }

  #findKey(id: string): CallerLookup {
    const key = this.#keys.get(id);
    if (key === undefined) return refused(hintOfUnknown(id));
    if (key.isActive !== true) return refused("the access key is inactive");
    const identity = this.#identityOf(key.ownerArn);
    if (identity === undefined) return refused("the access key's user does not exist any more");
    let known = this.#remembered.get(id);
    if (known?.identity !== identity) {
      const principal = principalOfIdentity(identity);
      known = { identity, caller: makeCaller(id, key.secret, principal) };
      this.#remembered.set(id, known);
    }
    return { kind: "found", caller: known.caller };
  }

  #findSession(accessKeyId: string, token: string, nowMs: number): CallerLookup {
    const opened = this.#open(accessKeyId, token);
    if (opened === undefined) return refused("the session token was not made here for this access key");
    const { session } = opened;
    if (nowMs >= session.expiresAt * 1000) return { kind: "refused", problem: expiredSession };
    const identity = this.#identityOf(session.issuerArn);
    if (identity === undefined) return refused("the session's role or user does not exist any more");
    if (opened.remembered?.identity !== identity) {
      const principal = principalOfSession(identity, session, (arn) => this.#policyOf(arn));
      if (principal === undefined) return refused("the session's role or user was deleted, and made again since");
      const caller = makeCaller(accessKeyId, this.#seal!.secretOf(accessKeyId), principal);
      opened.remembered = { identity, caller };
    }
    return { kind: "found", caller: opened.remembered.caller };
  }

  #open(accessKeyId: string, token: string): OpenedSession | undefined {
    const known = this.#sessions.get(token);
    if (known !== undefined) return known.accessKeyId === accessKeyId ? known : undefined;
    const session = this.#seal?.openSession(accessKeyId, token);
    if (session === undefined) return undefined;
    const opened: OpenedSession = { accessKeyId, session, remembered: undefined };
    if (this.#sessions.size >= bounds.openedSessionsMax.value) this.#sessions.clear();
    this.#sessions.set(token, opened);
    return opened;
  }

  #identityOf(arn: string): Identity | undefined {
    const known = this.#identitiesByArn.get(arn);
    if (known !== undefined || !arn.endsWith(":root")) return known;
    let root = this.#roots.get(arn);
    if (root === undefined) {
      root = rootByArn(arn);
      if (root !== undefined) this.#roots.set(arn, root);
    }
    return root;
  }

  #policyOf(arn: string): string | undefined {
    return this.#policiesByArn.get(arn)?.document ?? this.#managedPolicyOf(arn);
  }
}

const ownSessionSeconds = 900;
const marginSeconds = 60;

/** AWS: API Gateway Developer Guide, "Variables for data transformations for API Gateway": `identity.caller`, `identity.user`. */
const makeCaller = (accessKey: string, secret: string, principal: Principal): ClaimedCaller => {
  const { account: accountId, userId, arn: userArn } = principal;
  const signer = { principal, access: accessOf(principal) };
  return {
    accessKeyId: accessKey,
    secret,
    iam: { accessKey, accountId, caller: userId, user: userId, userArn, signer },
    toldAtMs: Number.NEGATIVE_INFINITY,
  };
};

function replace<Value>(map: Map<string, Value>, key: string, value: Value | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}

const refused = (hint: string): CallerLookup => ({ kind: "refused", problem: unknownKey(hint) });

function hintOfUnknown(id: string): string {
  if (/^\d{12}$/.test(id)) {
    return (
      "a twelve-digit key names an account and has no secret, so it opens no method with AWS_IAM: make a key with " +
      "aws iam create-user --user-name NAME && aws iam create-access-key --user-name NAME"
    );
  }
  if (id.startsWith("ASIA")) return "the access key is a session's, and the request has no session token";
  return "there is no such access key here: make one with aws iam create-access-key --user-name NAME";
}
