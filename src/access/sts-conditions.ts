import type { ConditionContext } from "./condition-keys.ts";
import type { Principal } from "./principal.ts";
import { findTag, principalCondition, timeOf } from "./principal-conditions.ts";

/** A call of STS for a session, with what policies may ask of it. */
export interface SessionRequest {
  /** Undefined for a caller without credentials, of whom nothing is known. */
  readonly principal: Principal | undefined;
  readonly region: string;
  readonly userAgent: string | undefined;
  readonly sourceAddress: string | undefined;
  /** Seconds since 1970. */
  readonly now: number;
  /** The role that is asked for, or the federated user. */
  readonly resource: string;
  readonly resourceTags: Readonly<Record<string, string>>;
  readonly sessionName?: string | undefined;
  readonly externalId?: string | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
}

type Provide = (call: SessionRequest) => ReturnType<ConditionContext>;

/**
 * AWS: IAM User Guide, "AWS global condition context keys", "IAM and AWS STS condition context keys". A key that is in no
 * row is unknown: such a statement never allows.
 */
const keys: Readonly<Record<string, Provide>> = {
  "sts:rolesessionname": ({ sessionName }) => sessionName ?? null,
  "sts:externalid": ({ externalId }) => externalId ?? null,
  "sts:sourceidentity": ({ sourceIdentity }) => sourceIdentity ?? null,
  "sts:transitivetagkeys": ({ transitiveTagKeys }) => listOf(transitiveTagKeys),
  "aws:tagkeys": ({ tags }) => listOf(Object.keys(tags)),
  "aws:requestedregion": ({ region }) => region,
  "aws:resourceaccount": ({ resource }) => resource.split(":")[4] || undefined,
  "aws:sourceip": ({ sourceAddress }) => sourceAddress,
  "aws:useragent": ({ userAgent }) => userAgent ?? null,
  "aws:currenttime": ({ now }) => timeOf(now),
  "aws:epochtime": ({ now }) => String(now),
  "aws:viaawsservice": () => "false",
  "aws:calledvia": () => null,
  "aws:calledviafirst": () => null,
  "aws:calledvialast": () => null,
  "aws:sourcearn": () => null,
  "aws:sourceaccount": () => null,
};

const listOf = (values: readonly string[]): readonly string[] | null => (values.length === 0 ? null : values);

const tagged: Readonly<Record<string, (call: SessionRequest) => Readonly<Record<string, string>>>> = {
  "aws:requesttag/": ({ tags }) => tags,
  "aws:resourcetag/": ({ resourceTags }) => resourceTags,
  "iam:resourcetag/": ({ resourceTags }) => resourceTags,
};

/** Returns a function that looks up the condition keys of a call of STS. */
export const makeSessionContext =
  (call: SessionRequest): ConditionContext =>
  (key) => {
    const slashAt = key.indexOf("/") + 1;
    const prefix = key.slice(0, slashAt);
    if (Object.hasOwn(tagged, prefix)) return findTag(tagged[prefix]!(call), key.slice(slashAt));
    if (Object.hasOwn(keys, key)) return keys[key]!(call);
    return call.principal && principalCondition(call.principal, key);
  };
