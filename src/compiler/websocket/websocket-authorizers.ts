import { bounds } from "../../base/bounds.ts";
import type { WebSocketAuthorizer } from "../../definition/websocket-api.ts";
import type { AuthorizerPlan, IdentitySourcePlan } from "../../plan/authorizers.ts";
import { AuthorizerSet } from "../authorizer-set.ts";
import { compileServedInvoker } from "../compile-authorizer.ts";
import type { RoleAsker } from "../compile-credentials.ts";
import { compileValue } from "../compile-values.ts";
import { closed } from "../refusal.ts";
import { asRestSource } from "../v2-integration.ts";

export type WebSocketAuthorizers = AuthorizerSet<WebSocketAuthorizer>;

/** Returns the authorizers of a WebSocket API, of which none is compiled yet. */
export const makeWebSocketAuthorizers = (
  authorizers: readonly WebSocketAuthorizer[],
  apiArn: string,
  asker: Omit<RoleAsker, "methodArn">,
): WebSocketAuthorizers =>
  new AuthorizerSet({
    byId: new Map(authorizers.map((authorizer) => [authorizer.AuthorizerId, authorizer])),
    typeOf: ({ AuthorizerType }) => AuthorizerType,
    compile: (authorizer) =>
      compileAuthorizer(authorizer, { ...asker, methodArn: `${apiArn}/authorizers/${authorizer.AuthorizerId}` }),
  });

/**
 * AWS: API Gateway Developer Guide, "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers". Results are not
 * remembered: authorizerResultTtlInSeconds is a setting of HTTP APIs.
 */
function compileAuthorizer(
  { AuthorizerId: id, IdentitySource = [], AuthorizerUri, AuthorizerCredentialsArn }: WebSocketAuthorizer,
  context: RoleAsker,
): AuthorizerPlan {
  const invoking = {
    ...(AuthorizerUri === undefined ? {} : { authorizerUri: AuthorizerUri }),
    ...(AuthorizerCredentialsArn === undefined ? {} : { authorizerCredentials: AuthorizerCredentialsArn }),
  };
  return {
    kind: "request",
    id,
    identitySources: IdentitySource.map((source) => compileIdentitySource(source, context)),
    ...compileServedInvoker(invoking, context),
    timeoutMs: bounds.integrationTimeoutMsDefault.value,
    resultTtlSeconds: 0,
  };
}

/** Compiles `route.request.header.X`, `route.request.querystring.X`, `stageVariables.X` or `context.X`. */
function compileIdentitySource(expression: string, { variables }: Pick<RoleAsker, "variables">): IdentitySourcePlan {
  if (!/^(?:route\.request\.(?:header|querystring)|stageVariables|context)\./.test(expression)) {
    throw closed(`mapping expression ${expression}: it is no identity source`);
  }
  const value = compileValue(asRestSource(expression), { side: "request", variables });
  // One that is known to have no value is an identity source without one.
  return { expression, ...(value === undefined ? {} : { value }) };
}
