import type { AwsServices } from "../integrations/aws-services.ts";
import { discoveryOf } from "./user-pool-keys.ts";

/** Who signs tokens. */
export interface LinkedIssuer {
  /** Whether a token that names this issuer is one of its tokens. */
  readonly isIssuer: (issuer: string) => boolean;
  /** An OpenID provider, whose tokens are not Cognito's. */
  readonly isOpenId: boolean;
  /** The address of its key set, or of the configuration that names that. */
  readonly address: string;
}

/**
 * Links a user pool of AWS, of an OpenID provider that stands for it, or of the server that the settings name for Cognito.
 * Such servers name themselves as issuer by whatever address they know of themselves. `host` is Cognito's on AWS.
 */
export function linkPoolIssuer(id: string, host: string, services: AwsServices): LinkedIssuer {
  const provider = services.issuerOf(id);
  if (provider !== undefined) {
    return { isIssuer: (issuer) => issuer === provider, isOpenId: true, address: discoveryOf(provider) };
  }
  const own = `https://${host}`;
  const origin = services.originOf({ names: ["cognito-idp", "Cognito Identity Provider"], host }) ?? own;
  const isIssuer = (issuer: string): boolean =>
    issuer === `${own}/${id}` || (origin !== own && /^https?:\/\/[^/?#\s]+\/(.+)$/.exec(issuer)?.[1] === id);
  return { isIssuer, isOpenId: false, address: `${origin}/${id}/.well-known/jwks.json` };
}

/** Links any issuer by its URL. One that is a user pool's is whatever stands for the pool here. */
export function linkIssuer(url: string, services: AwsServices): LinkedIssuer {
  const [, host, id] = /^https:\/\/(cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)\/([\w-]+)$/.exec(url) ?? [];
  if (host !== undefined && id !== undefined) return linkPoolIssuer(id, host, services);
  return { isIssuer: (issuer) => issuer === url, isOpenId: true, address: discoveryOf(url) };
}
