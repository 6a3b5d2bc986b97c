import { bounds } from "../base/bounds.ts";
import type { IdSource } from "../base/ids.ts";
import type { Method, Resource } from "../definition/rest-api.ts";
import { checkPathPart, checkSiblings } from "../definition/rules.ts";
import type { ImportLog } from "./import-log.ts";

/**
 * The length of all paths together. Each resource stores its whole path, so a few paths of thousands of segments would
 * take gigabytes; 3,000 real resources have 0.2 million characters.
 */
const pathCharactersMax = bounds.importPathsCharsMax.value;
/** AWS: "Amazon API Gateway quotas and important notes", URL length of regional APIs. */
const pathLengthMax = bounds.requestTargetBytesMax.value;

interface Node {
  readonly id: string;
  readonly parent: Node | undefined;
  readonly pathPart: string | undefined;
  readonly path: string;
  readonly children: Map<string, Node>;
  /** The one child that is a variable. */
  variable: Node | undefined;
  readonly methods: Map<string, Method>;
}

/** A resource of the tree, and the names of its path's variables. */
export interface Place {
  readonly id: string;
  readonly methods: Map<string, Method>;
  /** The tree's names for path variables that the document names otherwise; only with `--profile relaxed`. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** The resources of an import, by path. Existing ones keep their ids. */
export class ResourceTree {
  readonly #root: Node;
  readonly #ids: IdSource;
  readonly #existingIds: ReadonlyMap<string, string>;
  readonly #log: ImportLog;
  readonly #isRelaxed: boolean;
  readonly #failed = new Set<string>();
  #pathCharacters = 0;

  constructor(
    existing: readonly Resource[],
    rootId: string,
    options: { readonly ids: IdSource; readonly log: ImportLog; readonly isRelaxed: boolean },
  ) {
    this.#root = {
      id: rootId,
      parent: undefined,
      pathPart: undefined,
      path: "/",
      children: new Map(),
      variable: undefined,
      methods: new Map(),
    };
    this.#ids = options.ids;
    this.#log = options.log;
    this.#isRelaxed = options.isRelaxed;
    this.#existingIds = new Map(existing.map((resource) => [resource.path, resource.id]));
  }

  /** Adds an existing resource with its methods. */
  keep(resource: Resource): void {
    const node = segmentsOf(resource.path).reduce((parent, part) => this.#childOf(parent, part), this.#root);
    for (const [verb, method] of Object.entries(resource.resourceMethods ?? {})) node.methods.set(verb, method);
  }

  /**
   * Returns the resource at a path, and makes it with its parents if necessary. Logs an error and returns undefined if
   * it can't be made.
   */
  at(path: string): Place | undefined {
    if (path.length > pathLengthMax) {
      this.#log.error(
        `Unable to create resource at path '${path}': the path is longer than ${pathLengthMax} characters`,
      );
      return undefined;
    }
    const renamed = new Map<string, string>();
    let node = this.#root;
    for (const part of segmentsOf(path)) {
      const next = node.children.get(part) ?? this.#make(node, part, renamed);
      if (next === undefined) return undefined;
      node = next;
    }
    return { id: node.id, methods: node.methods, renamed };
  }

  /** The resources, sorted by path. */
  get resources(): readonly Resource[] {
    const found: Resource[] = [];
    const nodes = [this.#root];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      found.push(asResource(node));
      for (const child of node.children.values()) nodes.push(child);
    }
    return found.sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  #make(parent: Node, part: string, renamed: Map<string, string>): Node | undefined {
    const path = childPath(parent, part);
    this.#pathCharacters += path.length;
    if (this.#pathCharacters > pathCharactersMax) {
      this.#log.error(`Unable to create resources: their paths have more than ${pathCharactersMax} characters`);
      return undefined;
    }
    if (this.#failed.has(path)) return undefined;
    const variable = isVariable(part) ? parent.variable?.pathPart : undefined;
    const siblings = variable === undefined ? [] : [variable];
    const flaw = checkPathPart(part);
    const problem = flaw ?? checkSiblings(part, siblings, parent.pathPart);
    if (problem === undefined) return this.#childOf(parent, part);
    const line = `Unable to create resource at path '${path}': ${problem}`;
    if (this.#isRelaxed && flaw === undefined && variable !== undefined && isGreedy(variable) === isGreedy(part)) {
      this.#log.warn(`${line}; used ${variable} for ${part}.`);
      renamed.set(nameOf(part), nameOf(variable));
      return parent.children.get(variable);
    }
    this.#failed.add(path);
    if (this.#isRelaxed) this.#log.warn(`${line} Left out.`);
    else this.#log.error(line);
    return undefined;
  }

  #childOf(parent: Node, part: string): Node {
    const known = parent.children.get(part);
    if (known !== undefined) return known;
    const path = childPath(parent, part);
    const id = this.#existingIds.get(path) ?? this.#ids.id(6);
    const node: Node = {
      id,
      parent,
      pathPart: part,
      path,
      children: new Map(),
      variable: undefined,
      methods: new Map(),
    };
    parent.children.set(part, node);
    if (isVariable(part)) parent.variable = node;
    return node;
  }
}

/** `/pets/` is the same resource as `/pets`. */
function segmentsOf(path: string): string[] {
  const inner = path.replace(/^\//, "").replace(/\/$/, "");
  return inner === "" ? [] : inner.split("/");
}

function childPath(parent: Node, part: string): string {
  return parent.path === "/" ? `/${part}` : `${parent.path}/${part}`;
}

function asResource(node: Node): Resource {
  return {
    id: node.id,
    ...(node.parent !== undefined && { parentId: node.parent.id }),
    ...(node.pathPart !== undefined && { pathPart: node.pathPart }),
    path: node.path,
    ...(node.methods.size > 0 && { resourceMethods: Object.fromEntries(node.methods) }),
  };
}

const isVariable = (part: string): boolean => part.startsWith("{");
const isGreedy = (part: string): boolean => part.endsWith("+}");
const nameOf = (part: string): string => part.replace(/^\{/, "").replace(/\+?\}$/, "");
