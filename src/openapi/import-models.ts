import { createHash } from "node:crypto";
import type { IdSource } from "../base/ids.ts";
import type { Model } from "../definition/rest-api.ts";
import { checkModel } from "../definition/rules.ts";
import type { ImportLog } from "./import-log.ts";
import { member } from "./json-value.ts";
import { modelNameIn, type SchemaConversion, schemaSections, toModelSchema } from "./model-schema.ts";
import type { ApiDocument } from "./read-document.ts";
import { nameInSection, type References } from "./references.ts";

export interface ModelImportOptions {
  readonly restApiId: string;
  readonly references: References;
  readonly ids: IdSource;
  readonly log: ImportLog;
  /** The API's models. They stay if the document does not name them, and keep their ids if it does. */
  readonly existing: readonly Model[];
  readonly kept: (model: Model) => boolean;
  readonly isRelaxed: boolean;
}

interface Draft {
  readonly name: string;
  readonly schema: string;
  readonly references: ReadonlySet<string>;
  /** The model that this one stands for: JSON Schema draft 4 ignores what is beside `$ref`. */
  readonly alias: string | undefined;
}

const alphanumeric = /^[a-zA-Z0-9]+$/;

/** How many names a warning lists; the rest is counted. */
const namesShown = 10;

/** The models of an import: those that the document names, and those made from schemas that are written in place. */
export class ModelImport {
  readonly #document: ApiDocument;
  readonly #options: ModelImportOptions;
  readonly #models = new Map<string, Model>();
  readonly #ids: ReadonlyMap<string, string>;
  readonly #names: ReadonlyMap<string, string>;
  /** Names of schemas in place, which several operations may share by reference. */
  readonly #inline = new Map<unknown, string | undefined>();

  constructor(document: ApiDocument, options: ModelImportOptions) {
    this.#document = document;
    this.#options = options;
    this.#ids = new Map(options.existing.map((model) => [model.name, model.id]));
    for (const model of options.existing) if (options.kept(model)) this.#models.set(model.name, model);
    this.#names = options.isRelaxed ? this.#alphanumericNames() : new Map();
    this.#importNamed();
  }

  /** The models, sorted by name. */
  get models(): readonly Model[] {
    return [...this.#models.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  has(name: string): boolean {
    return this.#models.has(name);
  }

  /**
   * Returns the name of the model for a body's schema. Logs a warning and returns undefined if the schema refers to a
   * model that does not exist.
   */
  nameFor(schema: unknown): string | undefined {
    const reference = member(schema, "$ref");
    if (typeof reference === "string") {
      const named = nameInSection(reference, schemaSections);
      const name = named === undefined ? modelNameIn(reference) : this.#modelName(named);
      if (name !== undefined) {
        if (this.#models.has(name)) return name;
        this.#options.log.warn(`Reference to model '${named ?? name}' not found. Ignoring.`);
        return undefined;
      }
    }
    if (this.#inline.has(schema)) return this.#inline.get(schema);
    const name = this.#importInline(schema);
    this.#inline.set(schema, name);
    return name;
  }

  #modelName(schemaName: string): string {
    return this.#names.get(schemaName) ?? schemaName;
  }

  #importNamed(): void {
    const drafts = new Map<string, Draft>();
    for (const [schemaName, schema] of this.#document.schemas) {
      const name = this.#modelName(schemaName);
      const draft = this.#draft(name, schema);
      if (typeof draft === "string") this.#refuse(`Unable to create model for '${schemaName}': ${draft}`);
      else if (draft === undefined) this.#refuse(unsatisfied(schemaName));
      else drafts.set(name, draft);
    }
    // A model can't be used if a model that it refers to can't.
    for (const name of this.#dangling(drafts)) {
      drafts.delete(name);
      this.#refuse(unsatisfied(name));
    }
    for (const draft of drafts.values()) this.#add(draft);
  }

  /** Returns the models that refer, directly or through others, to a missing model or to nothing but themselves. */
  #dangling(drafts: ReadonlyMap<string, Draft>): readonly string[] {
    const referrers = new Map<string, string[]>();
    const dangling = circularNames(drafts, (name) => this.#models.get(name)?.schema);
    for (const { name, references } of drafts.values()) {
      for (const reference of references) {
        if (!drafts.has(reference) && !this.#models.has(reference)) dangling.add(name);
        const known = referrers.get(reference);
        if (known === undefined) referrers.set(reference, [name]);
        else known.push(name);
      }
    }
    // A set also iterates over members that are added during the loop.
    for (const name of dangling) for (const referrer of referrers.get(name) ?? []) dangling.add(referrer);
    return [...dangling];
  }

  #draft(name: string, schema: unknown): Draft | string | undefined {
    const flaw = checkModel(name, undefined);
    if (flaw !== undefined) return flaw;
    const conversion: SchemaConversion = {
      documentReferences: this.#options.references,
      restApiId: this.#options.restApiId,
      modelName: (schemaName) => this.#modelName(schemaName),
      references: new Set(),
      unresolved: new Set(),
    };
    const converted = toModelSchema(schema, conversion);
    const text = JSON.stringify(converted) ?? "null";
    const isUnsatisfied = [...conversion.references].some((reference) => !alphanumeric.test(reference));
    if (isUnsatisfied || conversion.unresolved.size > 0) return undefined;
    return (
      checkModel(name, text) ?? { name, schema: text, references: conversion.references, alias: aliasOf(converted) }
    );
  }

  #importInline(schema: unknown): string | undefined {
    const draft = this.#draft("Inline", schema);
    if (draft === undefined) {
      this.#options.log.warn(`Reference to model '${String(member(schema, "$ref"))}' not found. Ignoring.`);
      return undefined;
    }
    if (typeof draft === "string") {
      this.#refuse(`Unable to create model for an inline schema: ${draft}`);
      return undefined;
    }
    for (const reference of draft.references) {
      if (this.#models.has(reference)) continue;
      this.#options.log.warn(`Reference to model '${reference}' not found. Ignoring.`);
      return undefined;
    }
    const name = this.#generatedName(draft.schema);
    if (!this.#models.has(name)) this.#add({ ...draft, name });
    return name;
  }

  /**
   * Names a model for a schema that is written in place: `MODEL` and six digits, which come from the schema, so that a
   * second import of one document changes nothing.
   * Unconfirmed: how AWS makes these names; see docs/compatibility.md, "import, inline schemas".
   */
  #generatedName(schema: string): string {
    const digest = createHash("sha256").update(schema).digest("hex");
    for (let length = 6; ; length++) {
      const name = `MODEL${digest.slice(0, length)}`;
      const taken = this.#models.get(name);
      if (taken === undefined || taken.schema === schema || length === digest.length) return name;
    }
  }

  #add({ name, schema }: Draft): void {
    const id = this.#ids.get(name) ?? this.#options.ids.id(6);
    this.#models.set(name, { id, name, schema, contentType: "application/json" });
  }

  #refuse(line: string): void {
    if (this.#options.isRelaxed) this.#options.log.warn(line);
    else this.#options.log.error(line);
  }

  /** Maps `simple-user` to `simpleuser` for `--profile relaxed`, since AWS refuses such names. */
  #alphanumericNames(): ReadonlyMap<string, string> {
    const taken = new Set(this.#document.schemas.map(([name]) => name));
    const numbers = new Map<string, number>();
    const names = new Map<string, string>();
    for (const [name] of this.#document.schemas) {
      if (alphanumeric.test(name)) continue;
      const stripped = name.replaceAll(/[^a-zA-Z0-9]/g, "") || "Model";
      let unique = stripped;
      for (let number = numbers.get(stripped) ?? 2; taken.has(unique); number++) {
        unique = `${stripped}${number}`;
        numbers.set(stripped, number + 1);
      }
      taken.add(unique);
      names.set(name, unique);
    }
    if (names.size > 0) {
      const shown = [...names].slice(0, namesShown).map(([from, to]) => `'${from}' to '${to}'`);
      const rest = names.size > shown.length ? ` and ${names.size - shown.length} more` : "";
      this.#options.log.warn(`Model name must be alphanumeric: renamed ${shown.join(", ")}${rest}.`);
    }
    return names;
  }
}

function unsatisfied(name: string): string {
  return `Unable to insert model '${name}' due to an unsatisfied schema reference.`;
}

/** Returns the model that a schema stands for, if it is a reference as a whole. */
function aliasOf(schema: unknown): string | undefined {
  const target = member(schema, "$ref");
  return typeof target === "string" ? target.slice(target.lastIndexOf("/") + 1) : undefined;
}

/**
 * Returns the names of schemas that are only references that lead back to themselves, by themselves or by models that
 * stay. `kept` returns the schema of such a model.
 */
function circularNames(drafts: ReadonlyMap<string, Draft>, kept: (name: string) => string | undefined): Set<string> {
  const circular = new Set<string>();
  const seen = new Set<string>();
  for (const start of drafts.keys()) {
    const chain = new Set<string>();
    let name: string | undefined = start;
    while (name !== undefined && !seen.has(name)) {
      seen.add(name);
      chain.add(name);
      const draft = drafts.get(name);
      const old: string | undefined = draft === undefined ? kept(name) : undefined;
      name = old?.includes('"$ref"') ? aliasOf(JSON.parse(old)) : draft?.alias;
    }
    // A chain that ends in an earlier circular chain is refused as a referrer of that one.
    if (name !== undefined && chain.has(name)) circular.add(name);
  }
  return circular;
}
