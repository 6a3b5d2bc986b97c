import { bounds } from "../base/bounds.ts";
import type { Authorizer } from "../definition/rest-api.ts";
import { parseJavaPattern } from "../language/java/java-pattern.ts";
import { substituteStageVariables } from "../language/substitution.ts";
import type { AuthorizerPlan, IdentitySourcePlan, UserPoolPlan } from "../plan/authorizers.ts";
import type { StepPlan } from "../plan/steps.ts";
import { compileInvoker, type RoleAsker } from "./compile-credentials.ts";
import { fillStageVariables, functionAt } from "./compile-integration.ts";
import { compileValue } from "./compile-values.ts";
import { closed, misconfigured, Refusal } from "./refusal.ts";

/** The authorizer has an ARN, as methods have, which its role's trust policy may ask for. */
interface AuthorizerContext extends RoleAsker {
  /** Values of `$context` in place of the request's: `additionalContext` of TestInvokeAuthorizer. */
  readonly additionalContext?: Readonly<Record<string, string>>;
}

/** Returns the one step of TestInvokeAuthorizer, or the step that refuses. */
export function compileAuthorizerTest(authorizer: Authorizer, context: AuthorizerContext): StepPlan {
  try {
    return { kind: "authorizer-test", authorizer: compileAuthorizer(authorizer, context) };
  } catch (error) {
    if (error instanceof Refusal) return error.step;
    throw error;
  }
}

/** AWS: API Gateway REST API reference, "Authorizer". Throws a refusal for an authorizer that can't be run. */
function compileAuthorizer(authorizer: Authorizer, context: AuthorizerContext): AuthorizerPlan {
  const { id, type } = authorizer;
  const identity = {
    id,
    identitySources: compileIdentitySources(authorizer, context),
    ...compileValidation(authorizer),
  };
  if (type === "COGNITO_USER_POOLS") {
    const pools = (authorizer.providerARNs ?? []).map((arn) => compileUserPool(arn, context));
    return { kind: "user-pool", ...identity, pools };
  }
  const functionArn = functionAt(fillStageVariables(authorizer.authorizerUri, context.variables));
  const invoker = compileInvoker(functionArn, authorizer.authorizerCredentials, context);
  const timeoutMs = bounds.integrationTimeoutMsDefault.value;
  return { kind: type === "TOKEN" ? "token" : "request", ...identity, functionArn, ...invoker, timeoutMs };
}

function compileIdentitySources(authorizer: Authorizer, context: AuthorizerContext): IdentitySourcePlan[] {
  const sources = authorizer.identitySource?.split(",") ?? [];
  // AWS: CreateAuthorizer: a TOKEN and a user pool have one; Cognito's tokens are in Authorization by default.
  if (sources.length === 0 && authorizer.type !== "REQUEST") sources.push("method.request.header.Authorization");
  return sources.map((source) => compileIdentitySource(source.trim(), context));
}

function compileIdentitySource(
  expression: string,
  { variables, additionalContext = {} }: AuthorizerContext,
): IdentitySourcePlan {
  if (expression.startsWith("context.")) {
    const name = expression.slice("context.".length);
    // Unconfirmed: how additionalContext names them; see docs/compatibility.md, "TestInvokeAuthorizer, additionalContext".
    const given = [name, expression, `$${expression}`].find((key) => Object.hasOwn(additionalContext, key));
    if (given !== undefined) return { expression, value: { kind: "literal", text: additionalContext[given]! } };
  }
  const value = compileValue(expression, { side: "request", variables });
  return { expression, ...(value === undefined ? {} : { value }) };
}

function compileValidation({ type, identityValidationExpression: expression }: Authorizer): {
  readonly identityValidationExpression?: string;
} {
  if (expression === undefined || type === "REQUEST") return {};
  const parsed = parseJavaPattern(expression);
  if (parsed.kind === "unsupported") throw closed(`identityValidationExpression ${expression} (${parsed.detail})`);
  return { identityValidationExpression: expression };
}

function compileUserPool(given: string, { variables }: AuthorizerContext): UserPoolPlan {
  const { text: arn } = substituteStageVariables(given, variables);
  const parts = /^arn:(aws[a-z-]*):cognito-idp:([a-z0-9-]+):\d{12}:userpool\/([\w-]+)$/.exec(arn);
  if (parts === null) throw misconfigured(`Invalid user pool: ${given}`);
  const [, partition, region, id] = parts;
  return { id: id!, host: `cognito-idp.${region}.${partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"}` };
}
