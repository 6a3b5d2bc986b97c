/**
 * The rules that make an authorizer of a WebSocket API valid. It returns undefined, or AWS's message.
 * AWS: API Gateway version 2 API reference, "Authorizer".
 */
import type { HttpAuthorizer } from "./http-api.ts";
import { checkAuthorizerTexts, checkAuthorizerUri, invalidIdentitySource } from "./http-authorizer-rules.ts";
import { notForWebSocket } from "./v2-members.ts";

const onlyOfHttp = [
  "AuthorizerPayloadFormatVersion",
  "AuthorizerResultTtlInSeconds",
  "EnableSimpleResponses",
  "JwtConfiguration",
] as const;

const source = /^(?:route\.request\.(?:header|querystring)|context|stageVariables)\.[^${}\s\x00-\x1f\x7f]+$/;

// Unconfirmed: all words without a source; see docs/compatibility.md, "WebSocket APIs, words of management".
export function checkWebSocketAuthorizer(authorizer: Omit<HttpAuthorizer, "AuthorizerId">): string | undefined {
  const { AuthorizerType: type, IdentitySource: sources = [] } = authorizer;
  const texts = checkAuthorizerTexts(authorizer);
  if (texts !== undefined) return texts;
  if (type !== "REQUEST") return notForWebSocket(`Authorizer type ${type}`);
  // AWS's words, as users quote them.
  const foreign = onlyOfHttp.find((member) => authorizer[member] !== undefined && authorizer[member] !== false);
  if (foreign !== undefined) return notForWebSocket(foreign);
  const uri = checkAuthorizerUri(authorizer);
  if (uri !== undefined) return uri;
  const wrong = sources.find((each) => !source.test(each));
  return wrong === undefined ? undefined : invalidIdentitySource(wrong);
}
