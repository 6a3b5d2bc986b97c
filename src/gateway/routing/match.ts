import type { RouteNode } from "../../plan/plan.ts";

/** A route that matched: the verbs that it has, and the values of its path parameters as received. */
export interface RouteMatch {
  /** The route's verbs, of which `ANY` may be one. */
  readonly verbs: readonly string[];
  readonly names: readonly string[];
  readonly values: readonly string[];
  /** Returns the index of the method that serves a verb: its own, or else that of `ANY`. */
  methodFor(verb: string): number | undefined;
}

/**
 * A part of a route tree. Parts that look alike are one object, so that a large API's routes stay in the processor's cache:
 * 10,000 routes of a few shapes have a few nodes. What tells them apart is `from`: the methods of a part stand together in the
 * router's list, the node's own first, and a branch says how far behind the node's first its own begin.
 */
interface Node {
  readonly verbs: readonly string[];
  /** The only static child, which is compared without a look-up. */
  readonly single: NamedBranch | undefined;
  readonly statics: StaticBranches | undefined;
  readonly param: NamedBranch | undefined;
  readonly greedy: NamedBranch | undefined;
}

interface Branch {
  readonly node: Node;
  readonly from: number;
}

/** Several branches by name. Their nodes are few, so that a name leads to a number and not to an object of its own. */
class StaticBranches {
  readonly #nodes: readonly Node[];
  readonly #codes = new Map<string, number>();

  constructor(branches: readonly NamedBranch[]) {
    const nodes = [...new Set(branches.map(({ node }) => node))];
    const places = new Map(nodes.map((node, place) => [node, place]));
    this.#nodes = nodes;
    for (const { name, node, from } of branches) this.#codes.set(name, from * nodes.length + places.get(node)!);
  }

  get(name: string): Branch | undefined {
    const code = this.#codes.get(name);
    if (code === undefined) return undefined;
    const place = code % this.#nodes.length;
    return { node: this.#nodes[place]!, from: (code - place) / this.#nodes.length };
  }
}

interface NamedBranch extends Branch {
  readonly name: string;
}

/**
 * How a kind of API chooses among the routes that fit a path. All compare static segments after decoding; `%2F` does not
 * end a segment, `.` and `..` are names like any other, and an empty segment (`//`) fits only in a greedy parameter. It may be
 * its first one: backends may read two slashes as one, so `/admin//x` must not pass by the guards of `/admin/{proxy+}` on
 * a wider route.
 * Unconfirmed: where two slashes go; see docs/compatibility.md, "routing", "HTTP APIs, routing".
 */
export type RouteOrder =
  /**
   * REST APIs decide segment by segment from the root: static, then `{param}`, then `{proxy+}`, going back if a branch lacks
   * the rest of the path or the verb. One trailing slash is ignored.
   * AWS: API Gateway Developer Guide, "Set up a proxy integration with a proxy resource".
   * Unconfirmed: a slash at the end is ignored; a resource without methods is not a route; see docs/compatibility.md,
   * "routing".
   */
  | "by-segment"
  /**
   * HTTP APIs take a route without a greedy parameter before every greedy one, and the longest greedy one. Among equals a
   * static segment goes before a `{param}`, from the left.
   * AWS: API Gateway Developer Guide, "Create routes for HTTP APIs in API Gateway", "Routing API requests".
   * Unconfirmed: a slash at the end makes another path; see docs/compatibility.md, "HTTP APIs, routing".
   */
  | "exact-first";

/**
 * Matches paths with AWS's priorities. It visits one node per segment, whatever the number of routes, and no place of the tree twice.
 */
export class Router {
  readonly #root: Node;
  readonly #find: Find;
  /** The indexes of methods, in the order of the tree. */
  readonly #methods: readonly number[];

  constructor(routes: RouteNode, order: RouteOrder = "by-segment") {
    const builder = new TreeBuilder();
    this.#root = builder.add(routes);
    this.#methods = builder.methods;
    this.#find = finders[order];
  }

  /**
   * Returns the route of a path, which is empty or begins with a slash, or undefined. If a verb is given, only resources
   * that have it, or `ANY`, are considered.
   */
  match(path: string, verb?: string): RouteMatch | undefined {
    const search: Search = {
      path,
      isEscaped: path.includes("%"),
      verb,
      names: [],
      values: [],
      from: 0,
      greedy: undefined,
    };
    const node = this.#find(this.#root, search);
    return node === undefined ? undefined : new FoundRoute(node.verbs, search, this.#methods);
  }
}

class FoundRoute implements RouteMatch {
  readonly verbs: readonly string[];
  readonly names: readonly string[];
  readonly values: readonly string[];
  readonly #from: number;
  readonly #methods: readonly number[];

  constructor(verbs: readonly string[], { names, values, from }: Search, methods: readonly number[]) {
    this.verbs = verbs;
    this.names = names;
    this.values = values;
    this.#from = from;
    this.#methods = methods;
  }

  methodFor(verb: string): number | undefined {
    const own = this.verbs.indexOf(verb);
    const at = own < 0 ? this.verbs.indexOf("ANY") : own;
    return at < 0 ? undefined : this.#methods[this.#from + at];
  }
}

/** Builds nodes from the leaves up, one for all parts that look alike. */
class TreeBuilder {
  readonly methods: number[] = [];
  readonly #shared = new Map<string, Node>();
  readonly #ids = new Map<Node, number>();

  add(route: RouteNode): Node {
    const start = this.methods.length;
    const verbs = Object.keys(route.methods ?? {});
    this.methods.push(...Object.values(route.methods ?? {}));
    const branch = (child: RouteNode): Branch => {
      const from = this.methods.length - start;
      return { node: this.add(child), from };
    };
    const named = (child: { readonly name: string; readonly node: RouteNode } | undefined): NamedBranch | undefined =>
      child && { name: child.name, ...branch(child.node) };
    const statics = Object.entries(route.statics ?? {}).map(([name, child]) => ({ name, ...branch(child) }));
    return this.#share({
      verbs,
      single: statics.length === 1 ? statics[0] : undefined,
      statics: statics.length > 1 ? new StaticBranches(statics) : undefined,
      param: named(route.param),
      greedy: named(route.greedy),
    });
  }

  #share(node: Node): Node {
    // Only small parts come twice.
    if (node.statics !== undefined) return node;
    const shapes = [node.single, node.param, node.greedy].map(
      (each) => each && [each.name, each.from, this.#id(each.node)],
    );
    const key = JSON.stringify([node.verbs, shapes]);
    const shared = this.#shared.get(key) ?? node;
    this.#shared.set(key, shared);
    return shared;
  }

  #id(node: Node): number {
    const id = this.#ids.get(node) ?? this.#ids.size;
    this.#ids.set(node, id);
    return id;
  }
}

interface Search {
  readonly path: string;
  readonly isEscaped: boolean;
  readonly verb: string | undefined;
  readonly names: string[];
  readonly values: string[];
  /** Where the methods of the found node begin. */
  from: number;
  /** The longest greedy route on the way, where greedy routes come last. */
  greedy: GreedyRoute | undefined;
}

/** A greedy route, and where its parameter begins. */
interface GreedyRoute {
  readonly at: number;
  readonly node: Node;
  readonly from: number;
  readonly names: readonly string[];
  readonly values: readonly string[];
}

/** Returns the node that a path leads to, and fills in the path's parameters and where the node's methods begin. */
type Find = (root: Node, search: Search) => Node | undefined;

const finders: Readonly<Record<RouteOrder, Find>> = {
  "by-segment": (root, search) => find(root, 1, 0, search),
  "exact-first": findExactFirst,
};

/** `at` is where the next segment begins; beyond the path's end there is none left. `from` is where the node's methods begin. */
function find(node: Node, at: number, from: number, search: Search): Node | undefined {
  const { path, names, values } = search;
  if (at >= path.length) return take(node, from, search);
  const end = segmentEnd(path, at);
  const next = staticChild(node, at, end, search);
  if (next !== undefined) {
    const found = find(next.node, end + 1, from + next.from, search);
    if (found !== undefined) return found;
  }
  const { param, greedy } = node;
  if (param !== undefined && end > at) {
    const depth = names.push(param.name);
    values.push(path.slice(at, end));
    const found = find(param.node, end + 1, from + param.from, search);
    if (found !== undefined) return found;
    names.length = depth - 1;
    values.length = depth - 1;
  }
  if (greedy !== undefined && hasSegment(path, at) && serves(greedy.node, search.verb)) {
    names.push(greedy.name);
    values.push(withoutSlashes(path.slice(at)));
    return take(greedy.node, from + greedy.from, search);
  }
  return undefined;
}

function findExactFirst(root: Node, search: Search): Node | undefined {
  const exact = search.path === "/" ? take(root, 0, search) : findExact(root, 1, 0, search);
  const { greedy } = search;
  if (exact !== undefined || greedy === undefined) return exact;
  search.names.push(...greedy.names);
  search.values.push(...greedy.values);
  return take(greedy.node, greedy.from, search);
}

function findExact(node: Node, at: number, from: number, search: Search): Node | undefined {
  const { path, names, values, verb } = search;
  if (at > path.length) return take(node, from, search);
  const end = segmentEnd(path, at);
  const { greedy, param } = node;
  if (greedy !== undefined && at > (search.greedy?.at ?? -1) && hasSegment(path, at) && serves(greedy.node, verb)) {
    search.greedy = {
      at,
      node: greedy.node,
      from: from + greedy.from,
      names: [...names, greedy.name],
      values: [...values, path.slice(at)],
    };
  }
  const next = staticChild(node, at, end, search);
  if (next !== undefined) {
    const found = findExact(next.node, end + 1, from + next.from, search);
    if (found !== undefined) return found;
  }
  if (param === undefined || end === at) return undefined;
  const depth = names.push(param.name);
  values.push(path.slice(at, end));
  const found = findExact(param.node, end + 1, from + param.from, search);
  if (found !== undefined) return found;
  names.length = depth - 1;
  values.length = depth - 1;
  return undefined;
}

function segmentEnd(path: string, at: number): number {
  const slash = path.indexOf("/", at);
  return slash < 0 ? path.length : slash;
}

/** Returns whether there is anything but slashes from here on. */
function hasSegment(path: string, from: number): boolean {
  let at = from;
  while (path.charCodeAt(at) === 0x2f) at++;
  return at < path.length;
}

function staticChild(
  { single, statics }: Node,
  at: number,
  end: number,
  { path, isEscaped }: Search,
): Branch | undefined {
  if (single !== undefined && !isEscaped) {
    return single.name.length === end - at && path.startsWith(single.name, at) ? single : undefined;
  }
  if (single === undefined && statics === undefined) return undefined;
  const segment = path.slice(at, end);
  const name = isEscaped && segment.includes("%") ? decodeLeniently(segment) : segment;
  return single === undefined ? statics?.get(name) : single.name === name ? single : undefined;
}

/** Ends a search at a node, if it serves the verb. */
function take(node: Node, from: number, search: Search): Node | undefined {
  if (!serves(node, search.verb)) return undefined;
  search.from = from;
  return node;
}

const serves = ({ verbs }: Node, verb: string | undefined): boolean =>
  verbs.length > 0 && (verb === undefined || verbs.includes(verb) || verbs.includes("ANY"));

/** Removes the slashes at the end of a greedy parameter. As recorded: docs/internals/aws-facts/recorded.md, row 2. */
function withoutSlashes(value: string): string {
  let end = value.length;
  while (value.charCodeAt(end - 1) === 0x2f) end--;
  return end === value.length ? value : value.slice(0, end);
}

/** Percent-decodes a text; a text with a broken escape or with bytes that are not UTF-8 stays as it is. */
export function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
