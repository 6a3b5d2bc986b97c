import type { V2Model } from "../definition/http-api.ts";
import { referencedModels } from "../definition/model-schema.ts";
import type { Model } from "../definition/rest-api.ts";
import { parseJsonSchema } from "../language/json-schema/json-schema.ts";
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

/** Returns the models of an API of the second version. */
export const modelSetOf = (models: readonly V2Model[], apiId: string): ModelSet =>
  new ModelSet(
    models.map(({ ModelId: id, Name: name, Schema: schema }) => ({ id, name, schema, contentType: "" })),
    apiId,
  );
