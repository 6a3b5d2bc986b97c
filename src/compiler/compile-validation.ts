import type { Method, RequestValidator } from "../definition/rest-api.ts";
import type { RequestValidationPlan, RequiredParameterPlan } from "../plan/steps.ts";
import type { ModelSet } from "./model-set.ts";
import { closed } from "./refusal.ts";

export interface ValidationContext {
  readonly requestValidators: readonly RequestValidator[];
  readonly models: ModelSet;
}

/**
 * Compiles a method's validator to its step. Returns no step if there is nothing to check; everything then passes, as
 * on AWS.
 * AWS: API Gateway Developer Guide, "Request validation for REST APIs in API Gateway".
 */
export function compileValidation(method: Method, context: ValidationContext): RequestValidationPlan[] {
  if (method.requestValidatorId === undefined || method.requestValidatorId === "") return [];
  const validator = context.requestValidators.find(({ id }) => id === method.requestValidatorId);
  if (validator === undefined) throw closed(`request validator ${method.requestValidatorId}`);
  const parameters = validator.validateRequestParameters ? requiredParameters(method) : [];
  const models = validator.validateRequestBody ? modelsByMediaType(method.requestModels ?? {}, context.models) : {};
  return validationOf(parameters, models);
}

/** Returns the step that validates with these, or none if there is nothing to check. */
export const validationOf = (
  parameters: readonly RequiredParameterPlan[],
  models: Readonly<Record<string, string>>,
): RequestValidationPlan[] =>
  parameters.length === 0 && Object.keys(models).length === 0
    ? []
    : [{ kind: "request-validation", parameters, models }];

const places = ["header", "path", "querystring"] as const;

/** In the order of places, which is recorded, and then of names, for which nothing is known. */
function requiredParameters(method: Method): RequiredParameterPlan[] {
  const names = Object.entries(method.requestParameters ?? {})
    .filter(([, isRequired]) => isRequired)
    .map(([key]) => key)
    .sort();
  return places.flatMap((place) => {
    const prefix = `method.request.${place}.`;
    return names.filter((key) => key.startsWith(prefix)).map((key) => ({ place, name: key.slice(prefix.length) }));
  });
}

/** Returns the models of requests by media type, as requests name it. Throws a refusal for one that can't be used. */
export function modelsByMediaType(
  requestModels: Readonly<Record<string, string>>,
  models: ModelSet,
): Record<string, string> {
  const byMediaType = Object.entries(requestModels).sort(([left], [right]) => (left < right ? -1 : 1));
  const used = new Map<string, string>();
  for (const [key, name] of byMediaType) {
    models.use(name);
    const mediaType = mediaTypeOf(key);
    const other = used.get(mediaType);
    if (other !== undefined && other !== name)
      throw closed(`model ${name} (${mediaType} has the model ${other} as well)`);
    used.set(mediaType, name);
  }
  return Object.fromEntries(used);
}

/** A request's media type is looked up without its parameters and in lower case, so a key with either would never count. */
const mediaTypeOf = (key: string): string => key.split(";", 1)[0]!.trim().toLowerCase();
