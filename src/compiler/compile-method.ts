import { bounds } from "../base/bounds.ts";
import type { Method, RequestValidator, Stage } from "../definition/rest-api.ts";
import type { StepPlan } from "../plan/steps.ts";
import { compileIntegration, type IntegrationContext } from "./compile-integration.ts";
import { methodSettingFor } from "./method-setting.ts";
import { closed, misconfigured, Refusal } from "./refusal.ts";

export interface MethodContext extends IntegrationContext {
  readonly stage: Stage;
  readonly resourcePath: string;
  readonly requestValidators: readonly RequestValidator[];
}

/** A method's steps: only those that it has configured, or the one that refuses. */
export function compileMethod(method: Method, context: MethodContext): StepPlan[] {
  try {
    checkGuards(method, context);
    if (method.methodIntegration === undefined) throw misconfigured("No integration defined for method");
    return [compileIntegration(method.methodIntegration, method, context)];
  } catch (error) {
    if (error instanceof Refusal) return [error.step];
    throw error;
  }
}

/** What guards a method and is not enforced yet closes it. */
function checkGuards(method: Method, context: MethodContext): void {
  if (method.authorizationType !== "NONE") throw closed(`authorizationType ${method.authorizationType}`);
  if (method.apiKeyRequired) throw closed("apiKeyRequired");
  checkValidator(method, context.requestValidators);
  const setting = methodSettingFor(context.stage, context.resourcePath, method.httpMethod);
  if (setting === undefined) return;
  if (isStricter(setting.throttlingRateLimit, bounds.throttlingRatePerSecond.value)) {
    throw closed(`throttlingRateLimit ${setting.throttlingRateLimit}`);
  }
  if (isStricter(setting.throttlingBurstLimit, bounds.throttlingBurst.value)) {
    throw closed(`throttlingBurstLimit ${setting.throttlingBurstLimit}`);
  }
}

/** -1 inherits the account's limit. */
const isStricter = (limit: number | undefined, ofAccount: number): boolean =>
  limit !== undefined && limit >= 0 && limit < ofAccount;

/** A validator that has nothing to check lets everything pass, on AWS too. */
function checkValidator(method: Method, validators: readonly RequestValidator[]): void {
  if (method.requestValidatorId === undefined || method.requestValidatorId === "") return;
  const validator = validators.find(({ id }) => id === method.requestValidatorId);
  if (validator === undefined) throw closed(`request validator ${method.requestValidatorId}`);
  const hasRequired = Object.values(method.requestParameters ?? {}).includes(true);
  if (validator.validateRequestParameters && hasRequired) throw closed("request validator (validateRequestParameters)");
  const hasModels = Object.keys(method.requestModels ?? {}).length > 0;
  if (validator.validateRequestBody && hasModels) throw closed("request validator (validateRequestBody)");
}
