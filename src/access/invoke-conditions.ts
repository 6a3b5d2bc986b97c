import type { ConditionContext } from "./condition-keys.ts";
import type { Principal } from "./principal.ts";
import { isPrincipalKey, principalCondition } from "./principal-conditions.ts";

/** A call of an API's method, with what is known of it when a policy is asked. */
export interface InvokeCall {
  readonly sourceAddress: string;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
  readonly isEncrypted: boolean;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** The API's. */
  readonly account: string;
  readonly region: string;
  /** The VPC endpoint that the call came through; only calls of private APIs do. */
  readonly vpcEndpoint: { readonly id: string; readonly vpcId: string | undefined } | undefined;
  /** Undefined for an anonymous caller, and for one whom an authorizer knows. */
  readonly principal: Principal | undefined;
}

type Provide = (call: InvokeCall) => ReturnType<ConditionContext>;
const absent: Provide = () => null;
const always =
  (value: string): Provide =>
  () =>
    value;

/**
 * The condition keys of calls of methods. A key that is in no row is known to nobody here, and a resource policy that asks
 * for it closes its stage.
 * AWS: API Gateway Developer Guide, "AWS condition keys that can be used in API Gateway resource policies"; IAM User Guide,
 * "AWS global condition context keys".
 */
const keys: Readonly<Record<string, Provide>> = {
  // AWS: "For private APIs, aws:VpcSourceIp should be used."
  "aws:sourceip": ({ sourceAddress, vpcEndpoint }) => (vpcEndpoint === undefined ? sourceAddress : null),
  "aws:vpcsourceip": ({ sourceAddress, vpcEndpoint }) => (vpcEndpoint === undefined ? null : sourceAddress),
  "aws:sourcevpce": ({ vpcEndpoint }) => vpcEndpoint?.id ?? null,
  // Of an endpoint whose VPC the operator does not name, nobody here knows it.
  "aws:sourcevpc": ({ vpcEndpoint }) => (vpcEndpoint === undefined ? null : vpcEndpoint.vpcId),
  "aws:useragent": ({ userAgent }) => userAgent ?? null,
  "aws:referer": ({ referer }) => referer ?? null,
  "aws:securetransport": ({ isEncrypted }) => String(isEncrypted),
  "aws:currenttime": ({ nowMs }) => `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
  "aws:epochtime": ({ nowMs }) => String(Math.floor(nowMs / 1000)),
  "aws:requestedregion": ({ region }) => region,
  "aws:resourceaccount": ({ account }) => account,
  // No AWS service calls methods of this server.
  "aws:sourcearn": absent,
  "aws:sourceaccount": absent,
  "aws:viaawsservice": always("false"),
  "aws:calledvia": absent,
  "aws:calledviafirst": absent,
  "aws:calledvialast": absent,
  // A call of a method can't bring tags to be set.
  "aws:tagkeys": absent,
};

/** What a caller without credentials has of the keys that say who calls. */
const anonymous: Readonly<Record<string, string>> = {
  "aws:principaltype": "Anonymous",
  "aws:userid": "anonymous",
  "aws:principalisawsservice": "false",
};

const requestTag = "aws:requesttag/";

/** Returns whether calls of methods have the key or are known to lack it. `key` is in lower case. */
export const isInvokeKey = (key: string): boolean =>
  Object.hasOwn(keys, key) || isPrincipalKey(key) || key.startsWith(requestTag);

/** Returns a function that looks up the condition keys of a call of a method. */
export const makeInvokeContext =
  (call: InvokeCall): ConditionContext =>
  (key) => {
    if (Object.hasOwn(keys, key)) return keys[key]!(call);
    if (key.startsWith(requestTag)) return null;
    if (call.principal !== undefined) return principalCondition(call.principal, key);
    return isPrincipalKey(key) ? (anonymous[key] ?? null) : undefined;
  };
