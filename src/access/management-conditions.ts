import type { ConditionContext } from "./condition-keys.ts";
import type { Principal } from "./principal.ts";
import { findTag, principalCondition, timeOf } from "./principal-conditions.ts";

/** A call of a management API, with what policies may ask of it. */
export interface ManagementCall {
  readonly principal: Principal;
  readonly region: string;
  /** Undefined if nobody knows it. */
  readonly sourceAddress: string | undefined;
  readonly userAgent: string | undefined;
  /** Seconds since 1970. */
  readonly now: number;
  /** The account of the resource. */
  readonly account: string;
  /** The tags that the call gives. */
  readonly requestTags: Readonly<Record<string, string>>;
  /** The names of the tags that the call gives or takes. */
  readonly tagKeys: readonly string[];
  /**
   * Looks up a tag of the resource by its name in lower case: null if the resource lacks it, undefined if nobody knows.
   */
  readonly resourceTag: (name: string) => string | null | undefined;
  /** The same for `iam:ResourceTag/…`, which only IAM's resources have. */
  readonly iamResourceTag: (name: string) => string | null | undefined;
  /** The keys of the action itself, in lower case. */
  readonly keys: Readonly<Record<string, string | readonly string[] | null>>;
}

type Provide = (call: ManagementCall) => ReturnType<ConditionContext>;
const absent: Provide = () => null;

/**
 * AWS: IAM User Guide, "AWS global condition context keys". A key that is in no row is unknown: a statement that asks for it
 * never allows, and denies if it is a Deny.
 */
const keys: Readonly<Record<string, Provide>> = {
  "aws:sourceip": ({ sourceAddress }) => sourceAddress,
  "aws:useragent": ({ userAgent }) => userAgent ?? null,
  "aws:requestedregion": ({ region }) => region,
  "aws:resourceaccount": ({ account }) => account,
  "aws:currenttime": ({ now }) => timeOf(now),
  "aws:epochtime": ({ now }) => String(now),
  "aws:tagkeys": ({ tagKeys }) => (tagKeys.length === 0 ? null : tagKeys),
  "aws:viaawsservice": () => "false",
  "aws:calledvia": absent,
  "aws:calledviafirst": absent,
  "aws:calledvialast": absent,
  "aws:sourcearn": absent,
  "aws:sourceaccount": absent,
  "aws:sourcevpc": absent,
  "aws:sourcevpce": absent,
  "aws:vpcsourceip": absent,
  // Management is served without TLS.
  "aws:securetransport": () => "false",
};

const requestTag = "aws:requesttag/";
const resourceTag = "aws:resourcetag/";
const iamResourceTag = "iam:resourcetag/";

/** Returns a function that looks up the condition keys of a management call. */
export const makeManagementContext =
  (call: ManagementCall): ConditionContext =>
  (key) => {
    if (Object.hasOwn(call.keys, key)) return call.keys[key];
    if (key.startsWith(requestTag)) return findTag(call.requestTags, key.slice(requestTag.length));
    if (key.startsWith(resourceTag)) return call.resourceTag(key.slice(resourceTag.length));
    if (key.startsWith(iamResourceTag)) return call.iamResourceTag(key.slice(iamResourceTag.length));
    return Object.hasOwn(keys, key) ? keys[key]!(call) : principalCondition(call.principal, key);
  };
