import { hash, randomUUID } from "node:crypto";
import type { IssuerKey, UnverifiedToken } from "../../access/json-web-token.ts";
import { bounds } from "../../base/bounds.ts";
import { RecentMap } from "../../base/recent-map.ts";

/** A token whose signature was found to be right. Whether its time is over is found out for each request. */
export interface VerifiedToken extends Pick<UnverifiedToken, "keyId" | "issuer" | "type" | "claims"> {
  /** The key that it was verified with. The token counts only as long as its pool has this key. */
  readonly key: IssuerKey;
  /** The claims as texts, as `$context.authorizer.claims` has them. */
  readonly texts: Readonly<Record<string, string>>;
}

/** The tokens that a gateway thread has verified, by digests: no token is kept. */
export class VerifiedTokens {
  readonly #salt = randomUUID();
  readonly #tokens: RecentMap<VerifiedToken>;

  constructor(
    limits: { readonly entriesMax: number; readonly charsMax: number } = {
      entriesMax: bounds.verifiedTokensMax.value,
      charsMax: bounds.verifiedTokensCharsMax.value,
    },
  ) {
    this.#tokens = new RecentMap(limits);
  }

  /** Returns the name under which a token is kept. No other token has it. */
  nameOf(text: string): string {
    return hash("sha256", this.#salt + text, "base64");
  }

  find(name: string): VerifiedToken | undefined {
    return this.#tokens.get(name);
  }

  /** `chars` is the token's length. */
  keep(name: string, token: VerifiedToken, chars: number): void {
    this.#tokens.set(name, token, chars);
  }
}
