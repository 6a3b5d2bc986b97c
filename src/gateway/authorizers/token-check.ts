import { type IssuerKey, readToken, type UnverifiedToken } from "../../access/json-web-token.ts";
import { bounds } from "../../base/bounds.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";
import type { LinkedIssuer } from "./issuers.ts";
import type { TakeGrant } from "./link-authorizer.ts";
import type { FoundKey } from "./user-pool-keys.ts";
import type { VerifiedToken } from "./verified-tokens.ts";

/** What a kind of authorizer asks of tokens for one method, and its words. Whatever refuses answers the exchange. */
export interface TokenRules {
  /** Stands before a token where its name is made. Kinds that write claims in other ways have prefixes of their own. */
  readonly prefix: string;
  readonly issuers: readonly LinkedIssuer[];
  readonly tooLong: string;
  readonly otherIssuer: string;
  refuse(exchange: Exchange, problem: string): undefined;
  refuseKey(exchange: Exchange, found: Exclude<FoundKey, { readonly kind: "key" }>): undefined;
  /** Returns the claims as texts if the signature is right and the claims are accepted, otherwise refuses. */
  verify(
    exchange: Exchange,
    token: UnverifiedToken,
    key: IssuerKey,
    issuer: LinkedIssuer,
  ): VerifiedToken["texts"] | undefined;
  /** Returns whether the claims of a token whose signature is right are accepted, otherwise refuses. */
  accepts(exchange: Exchange, token: VerifiedToken, issuer: LinkedIssuer): boolean;
  grantOf(texts: VerifiedToken["texts"], claims: UnverifiedToken["claims"]): Grant;
}

/** A token as a caller sent it, and what it says, verified earlier or not. */
interface PresentedToken {
  readonly text: string;
  /** Its name among the verified tokens. */
  readonly name: string;
  readonly says: VerifiedToken | UnverifiedToken;
  readonly issuer: LinkedIssuer;
}

/**
 * Links what a token grants whom an `Authorization` header names it. A token is verified once, and again when its issuer has
 * another key of that name; its claims are looked at for each request.
 */
export function linkTokenCheck(
  { userPoolKeys, verifiedTokens }: Pick<ThreadContext, "userPoolKeys" | "verifiedTokens">,
  rules: TokenRules,
  takeGrant: TakeGrant,
): (exchange: Exchange, identity: string) => Grant | undefined {
  const conclude = (exchange: Exchange, found: FoundKey, presented: PresentedToken): Grant | undefined => {
    if (found.kind !== "key") return rules.refuseKey(exchange, found);
    const { key } = found;
    const { text, name, says, issuer: linked } = presented;
    if ("key" in says && says.key === key) {
      return rules.accepts(exchange, says, linked) ? rules.grantOf(says.texts, says.claims) : undefined;
    }
    const token = "key" in says ? readToken(text) : says;
    if (typeof token === "string") return rules.refuse(exchange, token);
    const texts = rules.verify(exchange, token, key, linked);
    if (texts === undefined) return undefined;
    const { keyId, issuer, type, claims } = token;
    verifiedTokens.keep(name, { keyId, issuer, type, claims, key, texts }, text.length);
    return rules.grantOf(texts, claims);
  };
  return (exchange, identity) => {
    const text = identity.replace(/^Bearer +/i, "");
    if (text.length > bounds.tokenCharsMax.value) return rules.refuse(exchange, rules.tooLong);
    const name = verifiedTokens.nameOf(rules.prefix + text);
    const says = verifiedTokens.find(name) ?? readToken(text);
    if (typeof says === "string") return rules.refuse(exchange, says);
    const issuer = rules.issuers.find(({ isIssuer }) => isIssuer(says.issuer));
    if (issuer === undefined) return rules.refuse(exchange, rules.otherIssuer);
    const found = userPoolKeys.find(issuer.address, says.keyId);
    if (!(found instanceof Promise)) return conclude(exchange, found, { text, name, says, issuer });
    exchange.wait(found, (later) => {
      const grant = conclude(exchange, later, { text, name, says, issuer });
      if (grant !== undefined) takeGrant(exchange, grant);
    });
    return undefined;
  };
}
