import { type JsonSchema, parseJsonSchema } from "../language/json-schema/json-schema.ts";

/** A stage's models, linked to validators. Each is linked once, however many methods validate with it. */
export class LinkedModels {
  /** The schemas as text, by name. */
  readonly texts: Readonly<Record<string, string>>;
  readonly #linked = new Map<string, JsonSchema>();

  constructor(texts: Readonly<Record<string, string>>) {
    this.texts = texts;
  }

  /**
   * Returns a model's validator. Throws for a model that can't be linked, which is a bug: the compiler has closed the
   * methods that use such models.
   */
  link(name: string): JsonSchema {
    const known = this.#linked.get(name);
    if (known !== undefined) return known;
    const text = this.#textOf(name);
    const parsed = text === undefined ? undefined : parseJsonSchema(text, (other) => this.#textOf(other));
    if (parsed?.kind !== "schema")
      throw new Error(`the model ${name} can't be linked: ${parsed?.detail ?? "it is not there"}`);
    this.#linked.set(name, parsed.schema);
    return parsed.schema;
  }

  #textOf(name: string): string | undefined {
    return Object.hasOwn(this.texts, name) ? this.texts[name] : undefined;
  }
}
