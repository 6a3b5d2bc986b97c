import { referencedModels } from "../definition/model-schema.ts";
import type { Method, Model, RequestValidator } from "../definition/rest-api.ts";
import { parseJsonSchema } from "../language/json-schema/json-schema.ts";
import type { RequestValidationPlan, RequiredParameterPlan } from "../plan/steps.ts";
import { closed } from "./refusal.ts";

/** The models of an API while its methods are compiled. Each is checked once, and the used ones go into the plan. */
export class ModelSet {
  readonly #restApiId: string;
  readonly #models: ReadonlyMap<string, Model>;
  /** Why a model can't be used; undefined if it can. */
  readonly #problems = new Map<string, string | undefined>();
  readonly #used = new Map<string, string>();

  constructor(models: readonly Model[], restApiId: string) {
    this.#restApiId = restApiId;
    this.#models = new Map(models.map((model) => [model.name, model]));
  }

  /** Adds a model to the plan, with all models that it refers to. Throws a refusal if it can't be linked. */
  use(name: string): void {
    if (!this.#problems.has(name)) this.#problems.set(name, this.#check(name));
    const problem = this.#problems.get(name);
    if (problem !== undefined) throw closed(`model ${name} (${problem})`);
    this.#collect(name);
  }

  /** The schemas of all used models, by name; undefined if none was used. */
  get used(): Readonly<Record<string, string>> | undefined {
    if (this.#used.size === 0) return undefined;
    return Object.fromEntries([...this.#used].sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  #check(name: string): string | undefined {
    const text = this.#textOf(name);
    if (text === undefined) return "it is not there, or has no schema";
    const parsed = parseJsonSchema(text, (other, api) => (api === this.#restApiId ? this.#textOf(other) : undefined));
    return parsed.kind === "invalid" ? parsed.detail : undefined;
  }

  #collect(name: string): void {
    const text = this.#textOf(name);
    if (text === undefined || this.#used.has(name)) return;
    this.#used.set(name, text);
    for (const other of referencedModels(text)) this.#collect(other);
  }

  #textOf(name: string): string | undefined {
    return this.#models.get(name)?.schema;
  }
}

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
  const models = validator.validateRequestBody ? usedModels(method, context.models) : {};
  if (parameters.length === 0 && Object.keys(models).length === 0) return [];
  return [{ kind: "request-validation", parameters, models }];
}

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

function usedModels(method: Method, models: ModelSet): Record<string, string> {
  const byMediaType = Object.entries(method.requestModels ?? {}).sort(([left], [right]) => (left < right ? -1 : 1));
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
