import { type IssuerKey, readToken, type UnverifiedToken } from "../../access/json-web-token.ts";
import { parsePolicy } from "../../access/policy.ts";
import { assumedRoleArn, type Identity, type Session } from "../../access/principal.ts";
import { parseRoleArn } from "../../access/role-access.ts";
import { makeSessionContext } from "../../access/sts-conditions.ts";
import { decideToken } from "../../access/user-pool-token.ts";
import { isObject } from "../../base/json-object.ts";
import { nowSeconds, present } from "../../families/work.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import type { Reader, Store } from "../../store/store.ts";
import { iamKinds, iamScope, type OpenIdProviderDocument } from "../iam/documents.ts";
import { loadIdentity } from "../iam/load-principal.ts";
import { actionsOf, durationOf } from "./assume-role.ts";
import { invalid, packedSizeOf, readSessionLimits, type SessionInput } from "./session-policies.ts";
import type { Sessions } from "./sessions.ts";

/** A public key of an OpenID provider, by the issuer's URL and the key's id. The promise never rejects. */
export type FindProviderKey = (issuer: string, keyId: string) => Promise<ProviderKey>;

export type ProviderKey =
  | { readonly kind: "key"; readonly key: IssuerKey }
  /** The provider has no key of that id. */
  | { readonly kind: "unknown" }
  /** The provider's keys can't be fetched. */
  | { readonly kind: "unavailable"; readonly problem: string };

export interface WebIdentityInput {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
  readonly WebIdentityToken: string;
  readonly ProviderId?: string;
  readonly Policy?: string;
  readonly PolicyArns?: SessionInput["PolicyArns"];
  readonly DurationSeconds?: number;
}

/** What a token says of whoever has it. */
interface WebIdentity {
  readonly provider: OpenIdProviderDocument;
  readonly issuer: string;
  readonly subject: string;
  /** What a condition on the audience means: the party that the token was issued to, if it says so. */
  readonly audience: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Gives a session of a role for the token of an OpenID provider that the role's account has. The call needs no other
 * credentials. AWS: STS API reference, "AssumeRoleWithWebIdentity"; IAM User Guide, "OIDC federation".
 */
export async function assumeRoleWithWebIdentity(
  {
    store,
    sessions,
    findKey,
  }: { readonly store: Store; readonly sessions: Sessions; readonly findKey: FindProviderKey },
  input: WebIdentityInput,
  call: CallContext,
): Promise<object> {
  const { RoleArn: roleArn, RoleSessionName: name } = input;
  if (input.ProviderId !== undefined) {
    throw notImplemented("Portico has no OAuth 2.0 providers (ProviderId), only those of OpenID Connect.");
  }
  const account = parseRoleArn(roleArn)?.account;
  if (account === undefined) throw invalid(`${roleArn.slice(0, 256)} is invalid`);
  const identity = await verifyToken(store, { account, findKey, token: input.WebIdentityToken }, call);
  const session = await store.read(iamScope(account), (tx) => makeSession(tx, input, identity, call, account));
  const packedSize = packedSizeOf(session);
  return present({
    Credentials: await sessions.issue(account, session),
    SubjectFromWebIdentityToken: identity.subject,
    AssumedRoleUser: { AssumedRoleId: `${session.issuerId}:${name}`, Arn: assumedRoleArn(roleArn, name) },
    PackedPolicySize: packedSize,
    Provider: identity.issuer,
    Audience: identity.audience,
    SourceIdentity: session.sourceIdentity,
  });
}

const invalidToken = (message: string, hint?: string): ApiError =>
  new ApiError("InvalidIdentityTokenException", message, { hint });

const noKey =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

async function verifyToken(
  store: Store,
  { account, findKey, token }: { readonly account: string; readonly findKey: FindProviderKey; readonly token: string },
  call: CallContext,
): Promise<WebIdentity> {
  const read = readToken(token);
  if (typeof read === "string") throw noJwt(read);
  // Only a provider that the account has is asked for its keys.
  const provider = await store.read(iamScope(account), (tx) => findProvider(tx, read.issuer));
  if (provider === undefined) {
    throw invalidToken(`No OpenIDConnect provider found in your account for ${read.issuer.slice(0, 256)}`);
  }
  const found = await findKey(read.issuer, read.keyId);
  if (found.kind === "unavailable") {
    throw new ApiError("IDPCommunicationErrorException", noKey, { hint: found.problem });
  }
  if (found.kind === "unknown") throw invalidToken(noKey, "the provider has no key of the token's kid");
  const isClient = (audience: unknown): boolean => provider.clientIds.some((id) => id === audience);
  const decision = decideToken(read, found.key, {
    nowMs: call.clock.now(),
    use: "id",
    isOpenId: true,
    isAudience: () => true,
  });
  const { claims } = read;
  if (decision.kind === "expired") throw expired(claims["exp"] as number, call);
  if (decision.kind === "refused") throw noJwt(decision.reason);
  const { sub: subject, azp, iat } = claims;
  if (typeof subject !== "string" || subject === "") throw invalidToken("Missing a required claim: sub");
  if (typeof iat !== "number") throw invalidToken("Missing a required claim: iat");
  const audience = audienceOf(claims, isClient);
  if (audience === undefined || (azp !== undefined && !isClient(azp))) throw invalidToken("Incorrect token audience");
  return {
    provider,
    issuer: read.issuer,
    subject,
    audience: typeof azp === "string" ? azp : audience,
    claims,
  };
}

const noJwt = (hint: string): ApiError =>
  invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)", hint);

const expired = (exp: number, call: CallContext): ApiError =>
  new ApiError(
    "ExpiredTokenException",
    `Token expired: current date/time ${nowSeconds(call)} must be before the expiration date/time ${exp}`,
  );

/** Returns the first audience of the token that is a client of the provider. */
function audienceOf({ aud }: UnverifiedToken["claims"], isClient: (audience: unknown) => boolean): string | undefined {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return audiences.find((one): one is string => typeof one === "string" && isClient(one));
}

/** A provider is found by the token's issuer: its URL, with https and without a slash at the end. */
async function findProvider(tx: Reader, issuer: string): Promise<OpenIdProviderDocument | undefined> {
  const url = /^https:\/\/([^?#]{1,255}?)\/?$/.exec(issuer)?.[1];
  return url === undefined ? undefined : (await tx.get<OpenIdProviderDocument>(iamKinds.openIdProvider, url))?.body;
}

/** AWS: IAM User Guide, "Pass session tags in AWS STS", Passing session tags using AssumeRoleWithWebIdentity. */
const tagsClaim = "https://aws.amazon.com/tags";
const sourceIdentityClaim = "https://aws.amazon.com/source_identity";

async function makeSession(
  tx: Reader,
  input: WebIdentityInput,
  identity: WebIdentity,
  call: CallContext,
  account: string,
): Promise<Session> {
  const { claims, provider } = identity;
  const tagging = readTagging(claims[tagsClaim]);
  const limits = await readSessionLimits(tx, account, { ...input, ...tagging });
  const sourceIdentity = readSourceIdentity(claims[sourceIdentityClaim]);
  const { identity: role } = await loadIdentity(tx, input.RoleArn);
  // A role that does not exist looks like one that may not be assumed.
  if (role === undefined) throw notAuthorized("AssumeRoleWithWebIdentity", "There is no such role.");
  const context = makeContext({ input, identity, role, limits, sourceIdentity }, call);
  const trust = parsePolicy(role.trustPolicy ?? "", "trust");
  for (const operation of actionsOf("AssumeRoleWithWebIdentity", limits, sourceIdentity)) {
    const request = { action: `sts:${operation}`, resource: role.arn, federatedPrincipal: provider.arn, context };
    if (trust.decide(request).kind === "allowed") continue;
    throw notAuthorized(operation, `The role's trust policy does not allow it to the provider ${provider.arn}.`);
  }
  const issuedAt = nowSeconds(call);
  return present<Session>({
    kind: "assumed-role",
    issuerArn: role.arn,
    issuerId: role.id,
    name: input.RoleSessionName,
    issuedAt,
    expiresAt: issuedAt + (await durationOf(tx, input, role)),
    ...limits,
    sourceIdentity,
    federatedProvider: provider.arn,
  });
}

const notAuthorized = (operation: string, hint: string): ApiError =>
  new ApiError("AccessDenied", `Not authorized to perform sts:${operation}`, { hint });

interface AskedSession {
  readonly input: WebIdentityInput;
  readonly identity: WebIdentity;
  readonly role: Identity;
  readonly limits: Pick<Session, "tags" | "transitiveTagKeys">;
  readonly sourceIdentity: string | undefined;
}

/** AWS: IAM User Guide, "IAM and AWS STS condition context keys", Available keys for AWS OIDC federation. */
function makeContext({ input, identity, role, limits, sourceIdentity }: AskedSession, call: CallContext) {
  const { provider, audience, subject, claims } = identity;
  const { aud, amr, email } = claims;
  const prefix = `${provider.url.toLowerCase()}:`;
  const own: Readonly<Record<string, string | readonly string[] | null>> = {
    aud: audience,
    sub: subject,
    oaud: claims["azp"] === undefined || typeof aud !== "string" ? null : aud,
    amr: Array.isArray(amr) && amr.every((one) => typeof one === "string") ? amr : null,
    email: typeof email === "string" ? email : null,
  };
  const others = makeSessionContext({
    principal: undefined,
    region: call.region,
    userAgent: call.userAgent,
    sourceAddress: call.sourceAddress,
    now: nowSeconds(call),
    resource: role.arn,
    resourceTags: role.tags,
    sessionName: input.RoleSessionName,
    sourceIdentity,
    tags: limits.tags ?? {},
    transitiveTagKeys: limits.transitiveTagKeys ?? [],
  });
  return (key: string): ReturnType<typeof others> => {
    if (key === "aws:federatedprovider") return provider.arn;
    if (!key.startsWith(prefix)) return others(key);
    const name = key.slice(prefix.length);
    return Object.hasOwn(own, name) ? own[name] : undefined;
  };
}

/** A claim that can't be read is refused: it may have been meant to narrow what the session may do. */
function readTagging(claim: unknown): Pick<SessionInput, "Tags" | "TransitiveTagKeys"> {
  if (claim === undefined) return {};
  if (!isObject(claim)) throw rejected();
  const { principal_tags: tags = {}, transitive_tag_keys: keys = [] } = claim;
  if (!isObject(tags) || !Array.isArray(keys) || !keys.every((key) => typeof key === "string")) throw rejected();
  const Tags = Object.entries(tags).map(([Key, given]) => {
    const [Value, ...more] = Array.isArray(given) ? given : [given];
    if (typeof Value !== "string" || more.length > 0 || Value.length > 256 || Key === "" || Key.length > 128) {
      throw rejected();
    }
    return { Key, Value };
  });
  return { Tags, TransitiveTagKeys: keys };
}

function readSourceIdentity(claim: unknown): string | undefined {
  if (claim === undefined) return undefined;
  if (typeof claim !== "string" || !/^[\w+=,.@-]{2,64}$/.test(claim)) throw rejected();
  return claim;
}

const rejected = (): ApiError =>
  new ApiError("IDPRejectedClaimException", "The token's claims of session tags or source identity can't be read.");
