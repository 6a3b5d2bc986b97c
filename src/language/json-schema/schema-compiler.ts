import { bounds } from "../../base/bounds.ts";
import { unescapeSegment } from "../../base/json-pointer.ts";
import { TemplateList, TemplateMap, type TemplateValue } from "../java/values.ts";
import { parseJsonText } from "../json-text.ts";
import { formats } from "./formats.ts";
import { keywords } from "./keywords.ts";
import { SchemaNode } from "./schema-node.ts";

/**
 * Returns the schema text of another model, by `api` and `name` in its address; undefined if there is no such model.
 */
export type ResolveModel = (name: string, api: string) => string | undefined;

/** Thrown for a schema that can't be used; the message says why. */
export class WrongSchema extends Error {}

const modelAddress = /^https:\/\/apigateway\.amazonaws\.com\/restapis\/([^/]+)\/models\/([A-Za-z0-9]+)(#.*)?$/;

/** A JSON document that contains schemas: the model's own, or another model's. */
interface Document {
  readonly root: TemplateValue;
  /** The compiled schemas, by their place, so that references may form cycles. */
  readonly nodes: Map<TemplateMap, SchemaNode>;
}

/** Compiles the parts of keywords. */
export interface KeywordContext {
  /**
   * Compiles a schema within this one. `isInPlace` says that it is for the same value (`allOf`), not for a part of it.
   */
  schema(value: TemplateValue, isInPlace: boolean): SchemaNode;
  wrong(detail: string): WrongSchema;
}

export class SchemaCompiler {
  readonly #resolveModel: ResolveModel;
  readonly #documents = new Map<string, Document>();
  #nesting = 0;

  constructor(resolveModel: ResolveModel) {
    this.#resolveModel = resolveModel;
  }

  compile(root: TemplateValue): SchemaNode {
    const node = this.#schema(root, { root, nodes: new Map() });
    refuseLoops(node);
    return node;
  }

  #schema(value: TemplateValue, document: Document): SchemaNode {
    if (!(value instanceof TemplateMap)) throw new WrongSchema("A schema must be an object");
    const known = document.nodes.get(value);
    if (known !== undefined) return known;
    const node = new SchemaNode();
    document.nodes.set(value, node);
    if (++this.#nesting > bounds.schemaNestingMax.value) {
      throw new WrongSchema(`Schemas are nested more than ${bounds.schemaNestingMax.value} deep`);
    }
    const reference = value.get("$ref");
    if (typeof reference === "string") {
      // Keywords beside a reference are ignored.
      const target = this.#reference(reference, document);
      node.reference = target;
      node.inPlace.push(target);
    } else this.#keywords(value, node, document);
    this.#nesting--;
    return node;
  }

  #keywords(schema: TemplateMap, node: SchemaNode, document: Document): void {
    // fge applies keywords in the order of their names, and the format last.
    for (const name of [...schema.keys()].map(String).sort()) {
      const keyword = keywords.get(name);
      if (keyword === undefined) continue;
      const context: KeywordContext = {
        schema: (value, isInPlace) => {
          const inner = this.#schema(value, document);
          if (isInPlace) node.inPlace.push(inner);
          return inner;
        },
        wrong: (detail) => new WrongSchema(`${name} ${detail}`),
      };
      keyword(schema.get(name) ?? null, { node, schema, context });
    }
    const format = formats.get(String(schema.get("format")));
    if (format !== undefined) {
      node.add(["string"], (value, report) => {
        report.step((value as string).length >> 2);
        format(value as string, report);
      });
    }
  }

  #reference(reference: string, document: Document): SchemaNode {
    if (reference.startsWith("#")) return this.#schema(pointedAt(reference, document.root), document);
    const [, api = "", name = "", fragment = "#"] = modelAddress.exec(reference) ?? [];
    if (name === "") throw new WrongSchema(`The reference ${reference} leads to no model of this API`);
    const key = `${api}/${name}`;
    let other = this.#documents.get(key);
    if (other === undefined) {
      const text = this.#resolveModel(name, api);
      if (text === undefined) throw new WrongSchema(`The model ${name} of ${reference} does not exist`);
      const parsed = parseJsonText(text);
      if (parsed.kind === "malformed") throw new WrongSchema(`The model ${name} is not JSON: ${parsed.detail}`);
      other = { root: parsed.value, nodes: new Map() };
      this.#documents.set(key, other);
    }
    return this.#schema(pointedAt(fragment, other.root), other);
  }
}

/** Returns the value that a JSON Pointer in a fragment leads to. RFC 6901 §6. */
function pointedAt(fragment: string, root: TemplateValue): TemplateValue {
  let value: TemplateValue | undefined = root;
  let pointer: string;
  try {
    pointer = decodeURIComponent(fragment.slice(1));
  } catch {
    throw new WrongSchema(`The reference ${fragment} is wrongly encoded`);
  }
  if (pointer !== "" && !pointer.startsWith("/"))
    throw new WrongSchema(`The reference ${fragment} is not a JSON Pointer`);
  for (const part of pointer.split("/").slice(1)) {
    const name = unescapeSegment(part);
    if (value instanceof TemplateMap) value = value.get(name);
    else if (value instanceof TemplateList && /^(0|[1-9]\d*)$/.test(name)) value = value.items[Number(name)];
    else value = undefined;
    if (value === undefined) throw new WrongSchema(`The reference ${fragment} leads nowhere`);
  }
  return value;
}

/** Refuses a schema that leads back to itself without a step into the value: it would be applied without end. */
function refuseLoops(root: SchemaNode): void {
  const heights = new Map<SchemaNode, number>();
  const open = new Set<SchemaNode>();
  const tooDeep = (): WrongSchema =>
    new WrongSchema(`Schemas refer to one another more than ${bounds.schemaNestingMax.value} deep`);
  const heightOf = (node: SchemaNode): number => {
    const known = heights.get(node);
    if (known !== undefined) return known;
    if (open.has(node)) throw new WrongSchema("A schema refers to itself for the same value");
    if (open.size > bounds.schemaNestingMax.value) throw tooDeep();
    open.add(node);
    let height = 1;
    for (const inner of node.inPlace) height = Math.max(height, heightOf(inner) + 1);
    open.delete(node);
    if (height > bounds.schemaNestingMax.value) throw tooDeep();
    heights.set(node, height);
    return height;
  };
  const all = new Set<SchemaNode>([root]);
  for (const node of all) {
    heightOf(node);
    for (const inner of node.all()) all.add(inner);
  }
}
