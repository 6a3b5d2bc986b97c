/**
 * Which condition keys a policy may ask for, and who knows their values. A key that is in no row is known to nobody here: a
 * statement that asks for it never allows, and denies if it is a Deny, whatever its operator.
 * AWS: IAM User Guide, "AWS global condition context keys", the availability of each key.
 */

/**
 * Returns a key's value, or its values if it may have several: null if the call is known to lack the key, undefined if
 * nobody here can know it. Keys are in lower case.
 */
export type ConditionContext = (key: string) => string | readonly string[] | null | undefined;

/** API Gateway, as a service principal, invokes a function or assumes a role; or another service does. */
export interface ServiceCall {
  readonly kind: "service";
  /** The service, if it is not API Gateway. */
  readonly servicePrincipal?: string;
  /** The ARN of the method or authorizer, and the account of its API. */
  readonly sourceArn: string;
  readonly sourceAccount: string;
  /** The function's or the role's ARN. */
  readonly resource: string;
}

/** A role's session that API Gateway holds calls a service. */
export interface SessionCall {
  readonly kind: "session";
  readonly roleArn: string;
  readonly userId: string;
  readonly roleTags: Readonly<Record<string, string>>;
  readonly resource: string;
  /** Only the beginning of the ARN is known. */
  readonly isResourcePrefix: boolean;
  /** The region that the call goes to. */
  readonly region: string;
}

type PolicyCall = ServiceCall | SessionCall;
type Provide<Call> = (call: Call) => string | null | undefined;
type KeyRow = { readonly [Kind in PolicyCall["kind"]]?: Provide<Extract<PolicyCall, { readonly kind: Kind }>> };

const always = (value: string | null) => (): string | null => value;
const absent = always(null);
const everywhere = (value: string | null): KeyRow => ({
  service: always(value),
  session: always(value),
});
const ofSessions = (value: string | null): KeyRow => ({ session: always(value) });

const keys: Readonly<Record<string, KeyRow>> = {
  "aws:sourcearn": { service: ({ sourceArn }) => sourceArn, ...ofSessions(null) },
  "aws:sourceaccount": { service: ({ sourceAccount }) => sourceAccount, ...ofSessions(null) },
  "aws:principalisawsservice": { service: always("true"), ...ofSessions("false") },
  "aws:principalservicename": {
    service: ({ servicePrincipal = "apigateway.amazonaws.com" }) => servicePrincipal,
    ...ofSessions(null),
  },
  // AWS: "aws:ViaAWSService" is false if a service uses a role that it was given.
  "aws:viaawsservice": everywhere("false"),
  "aws:calledvia": everywhere(null),
  "aws:calledviafirst": everywhere(null),
  "aws:calledvialast": everywhere(null),
  // API Gateway calls services by TLS only. How a caller reached this server's STS is not told to policies.
  "aws:securetransport": { service: always("true"), session: always("true") },
  "aws:requestedregion": {
    service: ({ resource }) => regionOf(resource),
    session: ({ region }) => region,
  },
  "aws:resourceaccount": {
    service: ({ resource }) => accountOf(resource),
    session: ({ resource, isResourcePrefix }) => accountOf(resource, isResourcePrefix),
  },
  "aws:principalarn": { session: ({ roleArn }) => roleArn },
  "aws:principalaccount": { session: ({ roleArn }) => accountOf(roleArn) },
  "aws:principaltype": {
    session: always("AssumedRole"),
  },
  "aws:userid": { session: ({ userId }) => userId },
  "aws:username": { session: always(null) },
  "aws:federatedprovider": ofSessions(null),
  "aws:sourceidentity": { session: absent },
  "aws:multifactorauthpresent": {
    session: always("false"),
  },
  "aws:multifactorauthage": ofSessions(null),
  "sts:externalid": { service: absent },
  // AWS: Lambda Developer Guide, function URLs and Alexa skills: API Gateway is neither.
  "lambda:functionurlauthtype": { service: absent },
  "lambda:eventsourcetoken": { service: absent },
};

const principalTag = "aws:principaltag/";

/** Returns a function that looks up the condition keys of a call. */
export function makeConditionContext(call: PolicyCall): ConditionContext {
  return (key) => {
    if (key.startsWith(principalTag)) return principalTagOf(call, key.slice(principalTag.length));
    const row = Object.hasOwn(keys, key) ? keys[key]! : undefined;
    // The row's type says that a kind's function takes that kind's call; TypeScript can't follow that through the union.
    return (row?.[call.kind] as Provide<PolicyCall> | undefined)?.(call);
  };
}

/** AWS: "Tags for AWS IAM resources": names of tags that differ only in case are the same. */
function principalTagOf(call: PolicyCall, name: string): string | null | undefined {
  if (call.kind !== "session") return undefined;
  return Object.entries(call.roleTags).find(([tag]) => tag.toLowerCase() === name)?.[1] ?? null;
}

/** Returns the account in an ARN; undefined if the ARN has none, as a bucket's, or is cut before it. */
function accountOf(arn: string, isPrefix = false): string | undefined {
  const parts = arn.split(":");
  return parts.length < (isPrefix ? 6 : 5) || !/^\d{12}$/.test(parts[4]!) ? undefined : parts[4];
}

const regionOf = (arn: string): string | undefined => arn.split(":")[3] || undefined;
