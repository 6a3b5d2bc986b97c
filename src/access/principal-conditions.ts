import type { ConditionContext } from "./condition-keys.ts";
import type { Principal } from "./principal.ts";

type Provide = (principal: Principal) => string | null;

/**
 * The condition keys that say who calls.
 * AWS: IAM User Guide, "AWS global condition context keys", Properties of the principal, Properties of a role session.
 */
const keys: Readonly<Record<string, Provide>> = {
  "aws:principalarn": ({ principalArn }) => principalArn,
  "aws:principalaccount": ({ account }) => account,
  "aws:principaltype": ({ type }) => type,
  "aws:userid": ({ userId }) => userId,
  "aws:username": ({ userName }) => userName ?? null,
  "aws:principalisawsservice": () => "false",
  "aws:principalservicename": () => null,
  "aws:principalservicenameslist": () => null,
  "aws:federatedprovider": ({ session }) => session?.federatedProvider ?? null,
  "aws:sourceidentity": ({ session }) => session?.sourceIdentity ?? null,
  "aws:tokenissuetime": ({ session }) => (session === undefined ? null : timeOf(session.issuedAt)),
  // AWS: only temporary credentials have it. Nobody has a device here.
  "aws:multifactorauthpresent": ({ session }) => (session === undefined ? null : "false"),
  "aws:multifactorauthage": () => null,
};

const tagPrefix = "aws:principaltag/";

/** Returns whether the key says who calls. It is in lower case. */
export const isPrincipalKey = (key: string): boolean => Object.hasOwn(keys, key) || key.startsWith(tagPrefix);

/**
 * Returns the value of a condition key that says who calls: null if the caller lacks it, undefined if the key says something
 * else. The key is in lower case.
 */
export function principalCondition(principal: Principal, key: string): ReturnType<ConditionContext> {
  if (key.startsWith(tagPrefix)) return findTag(principal.tags, key.slice(tagPrefix.length));
  return Object.hasOwn(keys, key) ? keys[key]!(principal) : undefined;
}

/** AWS: IAM User Guide, "Tags for AWS IAM resources": keys that differ only in case are the same. `name` is in lower case. */
export const findTag = (tags: Readonly<Record<string, string>>, name: string): string | null =>
  Object.entries(tags).find(([tag]) => tag.toLowerCase() === name)?.[1] ?? null;

/** Returns a time in seconds since 1970 as conditions compare it. */
export const timeOf = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
