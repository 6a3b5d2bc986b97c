/**
 * The rules that make an authorizer of an HTTP API valid. A check returns undefined, or AWS's message. The operations of
 * the management API and the OpenAPI import use the same checks.
 * AWS: API Gateway version 2 API reference, "Authorizer".
 */
import { bounds } from "../base/bounds.ts";
import type { HttpAuthorizer } from "./http-api.ts";
import { invalidArn, isRoleArn } from "./rules.ts";
import { checkLengths } from "./text-lengths.ts";

export interface AuthorizerCheckOptions {
  /** Whether an issuer may have any `http:` URL. By default, only one on this machine may. */
  readonly acceptsPlainIssuers?: boolean;
}

const lengths = {
  Name: [1, 128],
  AuthorizerUri: [1, 2048],
  AuthorizerPayloadFormatVersion: [1, 64],
  IdentityValidationExpression: [0, 1024],
} as const;

const ttlMax = bounds.authorizerTtlSecondsMax.value;
const audiencesMax = bounds.jwtAudiencesMax.value;
const audienceLengthMax = bounds.jwtAudienceCharsMax.value;
const identitySourceCharsMax = bounds.identitySourceCharsMax.value;
const identitySourcesMax = bounds.identitySourcesMax.value;

const functionUri =
  /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path\/+2015-03-31\/functions\/[^\s\x00-\x1f\x7f]+\/invocations$/;
const source = /^\$(?:request\.(?:header|querystring)|context|stageVariables)\.[^${}\s\x00-\x1f\x7f]+$/;
const tokenSource = /^\$request\.(?:header|querystring)\.[^${}\s\x00-\x1f\x7f]+$/;

// Unconfirmed: all words without a source; see docs/compatibility.md, "HTTP APIs, words of management".
/** Checks that an authorizer has all that its type needs, and nothing of another type. */
export function checkHttpAuthorizer(
  authorizer: Omit<HttpAuthorizer, "AuthorizerId">,
  options: AuthorizerCheckOptions = {},
): string | undefined {
  return (
    checkAuthorizerTexts(authorizer) ??
    (authorizer.AuthorizerType === "JWT" ? checkJwt(authorizer, options) : checkRequest(authorizer))
  );
}

/** Checks the name and the sizes of an authorizer of either kind of API. */
export function checkAuthorizerTexts(authorizer: Omit<HttpAuthorizer, "AuthorizerId">): string | undefined {
  const { Name, IdentitySource: sources = [] } = authorizer;
  const size = checkLengths(authorizer, lengths);
  if (size !== undefined) return size;
  if (Name.trim() === "") return "Authorizer name must not be blank";
  if (sources.length > identitySourcesMax) {
    return `Invalid identity source specified: at most ${identitySourcesMax} are allowed`;
  }
  const long = sources.find((each) => each.length > identitySourceCharsMax);
  return long === undefined ? undefined : invalidIdentitySource(long);
}

/** Checks the function of an authorizer of either kind of API, and the role that calls it. */
export function checkAuthorizerUri({
  AuthorizerUri: uri,
  AuthorizerCredentialsArn: credentials,
}: Pick<HttpAuthorizer, "AuthorizerUri" | "AuthorizerCredentialsArn">): string | undefined {
  if (uri === undefined) return "AuthorizerUri is a required parameter for REQUEST authorizer";
  if (!functionUri.test(uri)) {
    return "Invalid Authorizer URI: it must be of the form arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{functionArn}/invocations";
  }
  return credentials === undefined || isRoleArn(credentials) ? undefined : invalidArn;
}

function checkRequest(authorizer: Omit<HttpAuthorizer, "AuthorizerId">): string | undefined {
  const { AuthorizerPayloadFormatVersion: version, AuthorizerResultTtlInSeconds: ttl = 0 } = authorizer;
  const { IdentitySource: sources = [] } = authorizer;
  if (authorizer.JwtConfiguration !== undefined) return "JwtConfiguration is only supported for JWT authorizers";
  const uri = checkAuthorizerUri(authorizer);
  if (uri !== undefined) return uri;
  // AWS's words, as users quote them.
  if (version === undefined) return "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer";
  if (version !== "1.0" && version !== "2.0") {
    return `Invalid AuthorizerPayloadFormatVersion specified: ${version}. Must be one of: [1.0, 2.0]`;
  }
  if (authorizer.EnableSimpleResponses === true && version !== "2.0") {
    return "EnableSimpleResponses is only supported for AuthorizerPayloadFormatVersion 2.0";
  }
  if (ttl < 0 || ttl > ttlMax) return `Authorizer result TTL must be between 0 and ${ttlMax} seconds`;
  // AWS's words, as users quote them.
  if (ttl > 0 && sources.length === 0) {
    return "Identity source must be set if authorizer caching is enabled (TTL is greater than 0)";
  }
  const wrong = sources.find((each) => !source.test(each));
  return wrong === undefined ? undefined : invalidIdentitySource(wrong);
}

/** The refusal of an identity source. */
export const invalidIdentitySource = (expression: string): string =>
  `Invalid identity source specified: ${expression.slice(0, 128)}`;

function checkJwt(
  authorizer: Omit<HttpAuthorizer, "AuthorizerId">,
  { acceptsPlainIssuers = false }: AuthorizerCheckOptions,
): string | undefined {
  const { JwtConfiguration: { Issuer: issuer, Audience: audiences = [] } = {}, IdentitySource: sources = [] } =
    authorizer;
  for (const member of onlyOfRequests) {
    if (authorizer[member]) return `${member} is only supported for REQUEST authorizers`;
  }
  if (issuer === undefined || issuer === "") return "Issuer is a required parameter for JWT authorizer";
  if (!isIssuer(issuer, acceptsPlainIssuers)) return invalidIssuer(issuer);
  if (audiences.length === 0) return "Audience is a required parameter for JWT authorizer";
  if (audiences.length > audiencesMax) return `Invalid audience specified: at most ${audiencesMax} are allowed`;
  if (audiences.some((each) => each === "" || each.length > audienceLengthMax)) {
    return `Invalid audience specified: each must have 1 to ${audienceLengthMax} characters`;
  }
  const [only = "", ...others] = sources;
  if (others.length > 0 || only === "") return "JWT authorizers must have exactly one identity source";
  return tokenSource.test(only) ? undefined : invalidIdentitySource(only);
}

const onlyOfRequests = [
  "AuthorizerUri",
  "AuthorizerCredentialsArn",
  "AuthorizerPayloadFormatVersion",
  "AuthorizerResultTtlInSeconds",
  "EnableSimpleResponses",
] as const;

const issuerLengthMax = bounds.issuerCharsMax.value;

/** Returns whether a text is the URL of an OpenID provider. OpenID Connect Discovery 1.0 §3: no query, no fragment. */
function isIssuer(issuer: string, acceptsPlain: boolean): boolean {
  if (issuer.length > issuerLengthMax || /[\s\x00-\x1f\x7f\\?#]/.test(issuer)) return false;
  const url = URL.parse(issuer);
  if (url === null || url.username !== "" || url.password !== "") return false;
  // No such address exists on AWS, and none leaves this machine.
  const isHere = /^(?:localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && (acceptsPlain || isHere));
}

/** AWS's words for an issuer that can't be asked, as users quote them. */
export const invalidIssuer = (issuer: string): string => {
  const shown = issuer.slice(0, issuerLengthMax);
  return `Caught exception when connecting to ${shown.replace(/\/$/, "")}/.well-known/openid-configuration for issuer ${shown}. Please try again later. Error: Invalid issuer: ${shown}. Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'`;
};
