import type { Authorizer, Method, RestApi, Stage } from "../definition/rest-api.ts";
import type { StepPlan } from "../plan/steps.ts";
import type { AuthorizerSet } from "./authorizer-set.ts";
import { compileApiKey, compileQuota } from "./compile-api-key.ts";
import { compileAuthorization } from "./compile-authorization.ts";
import { compileIntegration, type IntegrationContext } from "./compile-integration.ts";
import { compileResponseCache } from "./compile-response-cache.ts";
import { compileThrottles } from "./compile-throttles.ts";
import { compileValidation, type ValidationContext } from "./compile-validation.ts";
import { misconfigured, Refusal } from "./refusal.ts";

export interface MethodContext extends IntegrationContext, ValidationContext {
  readonly stage: Stage;
  readonly resourcePath: string;
  readonly apiKeySource: RestApi["apiKeySource"];
  readonly hasResourcePolicy: boolean;
  readonly isPrivate: boolean;
  readonly authorizers: AuthorizerSet<Authorizer>;
  /** `minimumCompressionSize`; undefined if answers are not compressed. */
  readonly compressionBytesMin: number | undefined;
}

/**
 * Returns a method's steps in AWS's order: only those that it has configured, or the one step that refuses.
 * See docs/internals/architecture.md, "The request path".
 */
export function compileMethod(method: Method, context: MethodContext): StepPlan[] {
  try {
    const guards = [
      ...compileAuthorization(method, context),
      ...compileApiKey(method, context),
      ...compileThrottles(method, context),
      ...compileQuota(method),
    ];
    const integration = compileLast(method, context);
    return [
      ...compileCompression(integration, context),
      ...guards,
      ...compileValidation(method, context),
      ...compileResponseCache(method, integration, context),
      integration,
    ];
  } catch (error) {
    if (error instanceof Refusal) return [error.step];
    throw error;
  }
}

/**
 * Compiles the integration, or the step that answers for one that can't work. As on AWS, that happens after request
 * validation.
 */
function compileLast(method: Method, context: MethodContext): StepPlan {
  try {
    if (method.methodIntegration === undefined) throw misconfigured("No integration defined for method");
    return compileIntegration(method.methodIntegration, method, context);
  } catch (error) {
    if (error instanceof Refusal && error.step.kind === "misconfigured") return error.step;
    throw error;
  }
}

/**
 * Compiles the compression. It comes first, so that all answers of the method are compressed. AWS: streamed ones
 * (`responseTransferMode` STREAM) never are.
 */
function compileCompression(integration: StepPlan, { compressionBytesMin }: MethodContext): StepPlan[] {
  if (compressionBytesMin === undefined) return [];
  if ("stream" in integration) return [];
  return [{ kind: "response-compression", bytesMin: compressionBytesMin }];
}
