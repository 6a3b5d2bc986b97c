import { bounds } from "../base/bounds.ts";
import type { Authorizer } from "./rest-api.ts";
import { invalidArn, isRoleArn } from "./rules.ts";

/** AWS: CreateAuthorizer, authorizerResultTtlInSeconds: default 300, at most 3600. Recorded: only a given one is shown. */
export const authorizerTtlDefault = 300;
export const authorizerTtlMax = bounds.authorizerTtlSecondsMax.value;

/** Recorded: blanks are accepted. */
const functionUri = /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path\/[^\x00-\x1f\x7f]+$/;
const userPool = /^arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:\d{12}:userpool\/\S+$|^\$\{stageVariables\.\w+\}$/;
const identityOf =
  /^(method\.request\.(header|querystring|multivalueheader|multivaluequerystring)|stageVariables|context)\.[\w.$-]+$/;

/**
 * Checks that an authorizer has all that its type needs; returns AWS's message or undefined. Recorded: an import accepts
 * one whose identity source is an empty text (`needsIdentity` is false). AWS: CreateAuthorizer, the notes on each member.
 */
// Unconfirmed: how AWS words all but the name and the ARN; see docs/compatibility.md, "REST control plane, words".
export function checkAuthorizer(authorizer: Omit<Authorizer, "id">, needsIdentity = true): string | undefined {
  const { type, identitySource, authorizerCredentials } = authorizer;
  const ttl = authorizer.authorizerResultTtlInSeconds ?? authorizerTtlDefault;
  if (ttl < 0 || ttl > authorizerTtlMax)
    return `Authorizer result TTL must be between 0 and ${authorizerTtlMax} seconds`;
  if (authorizer.name.trim() === "") return "Authorizer name must not be blank";
  if (authorizerCredentials !== undefined && !isRoleArn(authorizerCredentials)) return invalidArn;
  if (type === "COGNITO_USER_POOLS") {
    if (authorizer.providerARNs === undefined)
      return "ProviderARNs must be specified for COGNITO_USER_POOLS authorizers";
    if (!authorizer.providerARNs.every((arn) => userPool.test(arn))) return invalidArn;
  } else if (!functionUri.test(authorizer.authorizerUri ?? "")) {
    return "Invalid Authorizer URI: it must be of the form arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{functionArn}/invocations";
  }
  if (identitySource === undefined) {
    return type === "REQUEST" && (ttl === 0 || !needsIdentity) ? undefined : "Identity source must be specified";
  }
  const sources = identitySource.split(",").map((source) => source.trim());
  const isHeader = (source: string) => /^method\.request\.header\.[\w.$-]+$/.test(source);
  const isValid =
    type === "REQUEST" ? sources.every((one) => identityOf.test(one)) : sources.length === 1 && sources.every(isHeader);
  return isValid ? undefined : `Invalid identity source specified: ${identitySource}`;
}
