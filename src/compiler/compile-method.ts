import { bounds } from "../base/bounds.ts";
import { methodSettingsOf } from "../definition/method-settings.ts";
import type { Method, Stage } from "../definition/rest-api.ts";
import type { StepPlan } from "../plan/steps.ts";
import { compileIntegration, type IntegrationContext } from "./compile-integration.ts";
import { compileValidation, type ValidationContext } from "./compile-validation.ts";
import { closed, misconfigured, Refusal } from "./refusal.ts";

export interface MethodContext extends IntegrationContext, ValidationContext {
  readonly stage: Stage;
  readonly resourcePath: string;
  /** `minimumCompressionSize`; undefined if answers are not compressed. */
  readonly compressionBytesMin: number | undefined;
}

/** Returns a method's steps: only those that it has configured, or the one step that refuses. */
export function compileMethod(method: Method, context: MethodContext): StepPlan[] {
  try {
    checkGuards(method, context);
    const integration = compileLast(method, context);
    return [...compileCompression(integration, context), ...compileValidation(method, context), integration];
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

/** Closes a method that has a guard which is not enforced yet. */
function checkGuards(method: Method, context: MethodContext): void {
  if (method.authorizationType !== "NONE") throw closed(`authorizationType ${method.authorizationType}`);
  if (method.apiKeyRequired) throw closed("apiKeyRequired");
  const { methodSettings } = context.stage;
  for (const setting of methodSettingsOf(methodSettings, context.resourcePath, method.httpMethod)) {
    if (isStricter(setting.throttlingRateLimit, bounds.throttlingRatePerSecond.value)) {
      throw closed(`throttlingRateLimit ${setting.throttlingRateLimit}`);
    }
    if (isStricter(setting.throttlingBurstLimit, bounds.throttlingBurst.value)) {
      throw closed(`throttlingBurstLimit ${setting.throttlingBurstLimit}`);
    }
  }
}

/** -1 inherits the account's limit. */
const isStricter = (limit: number | undefined, ofAccount: number): boolean =>
  limit !== undefined && limit >= 0 && limit < ofAccount;
