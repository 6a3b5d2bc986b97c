import type { RouteNode } from "../../plan/plan.ts";

/** A route that matched: the node's methods, and the values of its path parameters as received. */
export interface RouteMatch {
  /** The index of each method by its verb, or `ANY`. */
  readonly methods: ReadonlyMap<string, number>;
  readonly names: readonly string[];
  readonly values: readonly string[];
}

interface Node {
  readonly statics: ReadonlyMap<string, Node> | undefined;
  readonly param: { readonly name: string; readonly node: Node } | undefined;
  readonly greedy: { readonly name: string; readonly node: Node } | undefined;
  readonly methods: ReadonlyMap<string, number> | undefined;
}

/**
 * How a kind of API chooses among the routes that fit a path. All compare static segments after decoding; `%2F` does not
 * end a segment, `.` and `..` are names like any other, and an empty segment (`//`) fits only inside a greedy parameter.
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
 * Matches paths with AWS's priorities. It visits one node per segment, whatever the number of routes, and no node twice.
 */
export class Router {
  readonly #root: Node;
  readonly #find: Find;

  constructor(routes: RouteNode, order: RouteOrder = "by-segment") {
    this.#root = makeNode(routes);
    this.#find = finders[order];
  }

  /**
   * Returns the route of a path, which is empty or begins with a slash, or undefined. If a verb is given, only resources
   * that have it, or `ANY`, are considered.
   */
  match(path: string, verb?: string): RouteMatch | undefined {
    const names: string[] = [];
    const values: string[] = [];
    const node = this.#find(this.#root, path, { verb, names, values });
    return node === undefined ? undefined : { methods: node.methods!, names, values };
  }
}

function makeNode(route: RouteNode): Node {
  const statics = Object.entries(route.statics ?? {}).map(([part, node]) => [part, makeNode(node)] as const);
  return {
    statics: statics.length === 0 ? undefined : new Map(statics),
    param: route.param && { name: route.param.name, node: makeNode(route.param.node) },
    greedy: route.greedy && { name: route.greedy.name, node: makeNode(route.greedy.node) },
    methods: route.methods && new Map(Object.entries(route.methods)),
  };
}

interface Search {
  readonly verb: string | undefined;
  readonly names: string[];
  readonly values: string[];
}

/** Returns the node that a path leads to, and fills in the path's parameters. */
type Find = (root: Node, path: string, search: Search) => Node | undefined;

const finders: Readonly<Record<RouteOrder, Find>> = {
  "by-segment": (root, path, search) => find(root, path, 1, search),
  "exact-first": findExactFirst,
};

/** `at` is where the next segment begins; beyond the path's end there is none left. */
function find(node: Node, path: string, at: number, search: Search): Node | undefined {
  if (at >= path.length) return serves(node, search.verb) ? node : undefined;
  const { names, values } = search;
  const slash = path.indexOf("/", at);
  const end = slash < 0 ? path.length : slash;
  if (end === at) return undefined;
  const segment = path.slice(at, end);
  const next = node.statics?.get(segment.includes("%") ? decodeLeniently(segment) : segment);
  if (next !== undefined) {
    const found = find(next, path, end + 1, search);
    if (found !== undefined) return found;
  }
  if (node.param !== undefined) {
    const depth = names.push(node.param.name);
    values.push(segment);
    const found = find(node.param.node, path, end + 1, search);
    if (found !== undefined) return found;
    names.length = depth - 1;
    values.length = depth - 1;
  }
  if (node.greedy !== undefined && serves(node.greedy.node, search.verb)) {
    names.push(node.greedy.name);
    values.push(withoutSlashes(path.slice(at)));
    return node.greedy.node;
  }
  return undefined;
}

/** A search that remembers the longest greedy route on its way, and where its parameter begins. */
interface ExactSearch extends Search {
  greedyAt: number;
  greedy: Node | undefined;
  greedyNames: readonly string[];
  greedyValues: readonly string[];
}

function findExactFirst(root: Node, path: string, { verb, names, values }: Search): Node | undefined {
  const search: ExactSearch = {
    verb,
    names,
    values,
    greedyAt: -1,
    greedy: undefined,
    greedyNames: names,
    greedyValues: values,
  };
  const exact = path === "/" ? servingNode(root, verb) : findExact(root, path, 1, search);
  if (exact !== undefined || search.greedy === undefined) return exact;
  names.push(...search.greedyNames);
  values.push(...search.greedyValues);
  return search.greedy;
}

function findExact(node: Node, path: string, at: number, search: ExactSearch): Node | undefined {
  if (at > path.length) return servingNode(node, search.verb);
  const { names, values, verb } = search;
  const slash = path.indexOf("/", at);
  const end = slash < 0 ? path.length : slash;
  if (node.greedy !== undefined && at > search.greedyAt && end > at && serves(node.greedy.node, verb)) {
    search.greedyAt = at;
    search.greedy = node.greedy.node;
    search.greedyNames = [...names, node.greedy.name];
    search.greedyValues = [...values, path.slice(at)];
  }
  const segment = path.slice(at, end);
  const next = node.statics?.get(segment.includes("%") ? decodeLeniently(segment) : segment);
  if (next !== undefined) {
    const found = findExact(next, path, end + 1, search);
    if (found !== undefined) return found;
  }
  if (node.param === undefined || end === at) return undefined;
  const depth = names.push(node.param.name);
  values.push(segment);
  const found = findExact(node.param.node, path, end + 1, search);
  if (found !== undefined) return found;
  names.length = depth - 1;
  values.length = depth - 1;
  return undefined;
}

const servingNode = (node: Node, verb: string | undefined): Node | undefined => (serves(node, verb) ? node : undefined);

const serves = ({ methods }: Node, verb: string | undefined): boolean =>
  methods !== undefined && (verb === undefined || methods.has(verb) || methods.has("ANY"));

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
