import type { ConditionContext } from "./condition-keys.ts";
import type { Principal } from "./principal.ts";

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
/** Of a session; null for everybody else. */
const session =
  (read: (session: NonNullable<Principal["session"]>) => string | undefined): Provide =>
  ({ principal }) =>
    principal?.session === undefined ? null : (read(principal.session) ?? null);

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
  "aws:principalisawsservice": always("false"),
  "aws:principalservicename": absent,
  "aws:viaawsservice": always("false"),
  "aws:calledvia": absent,
  "aws:calledviafirst": absent,
  "aws:calledvialast": absent,
  "aws:principalarn": ({ principal }) => principal?.principalArn ?? null,
  "aws:principalaccount": ({ principal }) => principal?.account ?? null,
  "aws:principaltype": ({ principal }) => principal?.type ?? "Anonymous",
  "aws:userid": ({ principal }) => principal?.userId ?? "anonymous",
  "aws:username": ({ principal }) => principal?.userName ?? null,
  "aws:sourceidentity": session(({ sourceIdentity }) => sourceIdentity),
  "aws:federatedprovider": session(({ federatedProvider }) => federatedProvider),
  "aws:tokenissuetime": session(({ issuedAt }) => `${new Date(issuedAt * 1000).toISOString().slice(0, 19)}Z`),
  // Nobody here has a second factor: sessions lack it, and other callers have no such key.
  "aws:multifactorauthpresent": session(() => "false"),
  "aws:multifactorauthage": absent,
};

const principalTag = "aws:principaltag/";

/** Returns whether calls of methods have the key or are known to lack it. `key` is in lower case. */
export const isInvokeKey = (key: string): boolean => Object.hasOwn(keys, key) || key.startsWith(principalTag);

/** Returns a function that looks up the condition keys of a call of a method. */
export const makeInvokeContext =
  (call: InvokeCall): ConditionContext =>
  (key) => {
    if (Object.hasOwn(keys, key)) return keys[key]!(call);
    return key.startsWith(principalTag) ? tagOf(call, key.slice(principalTag.length)) : undefined;
  };

/** AWS: "Tags for AWS IAM resources": names of tags that differ only in case are the same. */
function tagOf({ principal }: InvokeCall, name: string): string | null {
  return Object.entries(principal?.tags ?? {}).find(([tag]) => tag.toLowerCase() === name)?.[1] ?? null;
}
