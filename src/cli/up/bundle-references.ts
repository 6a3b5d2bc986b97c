import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { bounds } from "../../base/bounds.ts";
import { isObject, type JsonObject } from "../../base/json-object.ts";
import { decodeFragmentSegment } from "../../base/json-pointer.ts";
import { locate, readYaml } from "./read-yaml.ts";
import { ProblemsError, problemAt } from "./source-text.ts";

/** A document whose `$ref`s all point into itself, and the other files that it was made from. */
export interface Bundle {
  readonly document: unknown;
  readonly files: readonly string[];
}

const filesMax = bounds.projectReferencedFilesMax.value;
const fileBytesMax = bounds.projectReferencedFileBytesMax.value;
const depthMax = bounds.projectReferenceDepthMax.value;
/** Files that are inserted as text: mapping templates. */
const templateFile = /\.(vtl|vm)$/i;

/**
 * Bundles a document with the files that it refers to, since API Gateway accepts no references to other files. Schemas
 * become named models; everything else replaces its reference.
 */
export async function bundleReferences(document: unknown, file: string, text: string): Promise<Bundle> {
  if (!/\$ref["']?\s*:\s*["']?[^#"'\s]/.test(text)) return { document, files: [] };
  const bundler = new Bundler(document, file);
  const bundled = await bundler.bundle(document, { file, path: [], depth: 0, isSchema: false, inlined: [] });
  if (bundler.models.size > 0 && isObject(bundled)) bundler.addModels(bundled as Record<string, unknown>);
  return { document: bundled, files: bundler.files };
}

interface Position {
  readonly file: string;
  /** The keys in the root document, for messages. For a part of another file they are those of the reference to it. */
  readonly path: readonly (string | number)[];
  readonly depth: number;
  readonly isSchema: boolean;
  /** `file#pointer` of the parts that are being inserted around this one. */
  readonly inlined: readonly string[];
}

class Bundler {
  readonly #isSwagger: boolean;
  readonly #root: string;
  /** The document's own models. Their names are taken. */
  readonly #ownModels: ReadonlySet<string>;
  readonly #values = new Map<string, unknown>();
  readonly #modelNames = new Map<string, string>();
  readonly models = new Map<string, unknown>();

  constructor(document: unknown, root: string) {
    this.#isSwagger = isObject(document) && document["swagger"] !== undefined;
    this.#root = root;
    const holder = isObject(document) ? (this.#isSwagger ? document : document["components"]) : undefined;
    const schemas = isObject(holder) ? holder[this.#isSwagger ? "definitions" : "schemas"] : undefined;
    this.#ownModels = new Set(isObject(schemas) ? Object.keys(schemas) : []);
  }

  get files(): readonly string[] {
    return [...this.#values.keys()];
  }

  async bundle(value: unknown, at: Position): Promise<unknown> {
    if (at.depth > depthMax) throw await this.#refuse(at, "This is nested too deeply, or refers to itself");
    if (Array.isArray(value)) {
      const items: unknown[] = [];
      for (const [index, item] of value.entries()) items.push(await this.bundle(item, this.#below(at, index)));
      return items;
    }
    if (!isObject(value)) return value;
    if (typeof value["$ref"] === "string") return this.#reference(value["$ref"], value, at);
    const result: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) result[key] = await this.bundle(member, this.#below(at, key));
    return result;
  }

  #below(at: Position, key: string | number): Position {
    const isSchema =
      at.isSchema || key === "schema" || (at.path.length < 3 && (key === "schemas" || key === "definitions"));
    const path = at.file === this.#root ? [...at.path, key] : at.path;
    return { ...at, path, depth: at.depth + 1, isSchema };
  }

  async #reference(reference: string, value: JsonObject, at: Position): Promise<unknown> {
    const [filePart = "", pointer = ""] = reference.split("#", 2);
    const isLocal = filePart === "";
    if (isLocal && at.file === this.#root) return value;
    if (/^[a-z][a-z0-9+.-]+:/i.test(filePart))
      throw await this.#refuse(
        at,
        `${reference} is on the network: API Gateway does not load it, and neither does Portico`,
      );
    const file = isLocal ? at.file : resolve(dirname(at.file), decodeFragmentSegment(filePart));
    // A part of another file may refer back to the document itself.
    if (file === this.#root) return { ...value, $ref: `#${pointer}` };
    const key = `${file}#${pointer}`;
    const known = this.#modelNames.get(key);
    if (known) return { $ref: this.#modelPointer(known) };
    if (at.inlined.includes(key)) throw await this.#refuse(at, `${reference} refers to itself`);
    const target = this.#find(await this.#load(file, reference, at), pointer);
    if (target === undefined) throw await this.#refuse(at, `${reference} points at nothing`);
    const inside: Position = { ...at, file, depth: at.depth + 1, inlined: [...at.inlined, key] };
    if (!at.isSchema) return this.bundle(target, inside);
    // `Pet: {$ref: ./pet.yaml}` among the document's own models: the file's content is that model.
    const own = at.file === this.#root && at.path.length === (this.#isSwagger ? 2 : 3) ? String(at.path.at(-1)) : "";
    const isOwn = at.path[0] !== "paths" && this.#ownModels.has(own);
    const name = isOwn ? own : this.#nameModel(file, pointer);
    this.#modelNames.set(key, name);
    if (isOwn) return this.bundle(target, { ...inside, inlined: [] });
    this.models.set(name, await this.bundle(target, { ...inside, inlined: [] }));
    return { $ref: this.#modelPointer(name) };
  }

  #modelPointer(name: string): string {
    return this.#isSwagger ? `#/definitions/${name}` : `#/components/schemas/${name}`;
  }

  /** A model's name is alphanumeric (AWS: API Gateway REST API reference, "CreateModel"). */
  #nameModel(file: string, pointer: string): string {
    const last =
      pointer.split("/").filter(Boolean).at(-1) ??
      file
        .split("/")
        .at(-1)
        ?.replace(/\.[^.]*$/, "");
    const stem = decodeFragmentSegment(last ?? "").replace(/[^A-Za-z0-9]/g, "") || "Model";
    let name = stem;
    const taken = new Set([...this.#ownModels, ...this.#modelNames.values()]);
    for (let i = 2; taken.has(name); i++) name = `${stem}${i}`;
    return name;
  }

  addModels(document: Record<string, unknown>): void {
    const components = isObject(document["components"]) ? document["components"] : {};
    const holder = this.#isSwagger ? document["definitions"] : components["schemas"];
    const schemas: Record<string, unknown> = { ...(isObject(holder) ? holder : {}) };
    for (const [name, schema] of this.models) schemas[name] = schema;
    if (this.#isSwagger) document["definitions"] = schemas;
    else document["components"] = { ...components, schemas };
  }

  #find(value: unknown, pointer: string): unknown {
    return pointer
      .split("/")
      .filter((part, index) => index > 0 || part !== "")
      .map(decodeFragmentSegment)
      .reduce<unknown>((at, part) => {
        if (Array.isArray(at)) return at[Number(part)];
        return isObject(at) && Object.hasOwn(at, part) ? at[part] : undefined;
      }, value);
  }

  async #load(file: string, reference: string, at: Position): Promise<unknown> {
    if (this.#values.has(file)) return this.#values.get(file);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (!stats?.isFile()) throw await this.#refuse(at, `${reference}: there is no such file`);
    if (stats.size > fileBytesMax || this.#values.size >= filesMax)
      throw await this.#refuse(at, `${reference}: the referenced files are too large or too many`);
    const text = readFileSync(file, "utf8");
    const value = templateFile.test(file) ? text : (await readYaml({ file, text })).value;
    this.#values.set(file, value);
    return value;
  }

  async #refuse(at: Position, message: string): Promise<ProblemsError> {
    const source = { file: this.#root, text: readFileSync(this.#root, "utf8") };
    return new ProblemsError([problemAt("error", message, source, await locate(source, [...at.path, "$ref"]))]);
  }
}
