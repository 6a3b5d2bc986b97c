import { assert } from "../base/assert.ts";
import { bounds } from "../base/bounds.ts";
import type { Model } from "./model.ts";

/** The operation of a method and path, with the decoded labels of its template. */
export interface RoutedOperation {
  readonly operation: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type Router = (method: string, path: string, query: URLSearchParams) => RoutedOperation | undefined;

interface Node {
  readonly fixed: Map<string, Node>;
  label: Node | undefined;
  /** The candidates by method, those with more fixed query parameters first. */
  readonly routes: Map<string, Route[]>;
}

interface Route {
  readonly operation: string;
  readonly labels: readonly string[];
  readonly query: readonly (readonly [string, string])[];
}

/** A path that is longer than any template matches none. The bound keeps hostile paths from being walked. */
const segmentsMax = bounds.managementPathSegmentsMax.value;

/**
 * Makes a router by method, path template and fixed query (`POST /restapis?mode=import`). A fixed segment counts before
 * a label, a fixed query before none. A slash at the end is ignored, since only some templates have one. The router
 * returns undefined for an unknown operation, and throws `URIError` for malformed percent-encoding.
 */
export function makeRouter(model: Model): Router {
  const root = makeNode();
  for (const [operation, { http }] of Object.entries(model.operations)) {
    addRoute(root, operation, http.method, http.requestUri);
  }
  return (method, path, query) => {
    const raw = segmentsOf(path);
    if (raw.length > segmentsMax) return undefined;
    // Each segment is decoded once, after splitting, because a label may contain encoded slashes (tag ARNs).
    const segments = raw.map((segment) => (segment.includes("%") ? decodeURIComponent(segment) : segment));
    return find(root, segments, 0, { method, query, values: [] });
  };
}

const makeNode = (): Node => ({ fixed: new Map(), label: undefined, routes: new Map() });

function addRoute(root: Node, operation: string, method: string, requestUri: string): void {
  const [path = "", query = ""] = requestUri.split("?", 2) as [string, string?];
  const labels: string[] = [];
  let node = root;
  for (const segment of segmentsOf(path)) {
    // No template of our models is greedy (`{key+}`), and a future one must not be taken for a plain label.
    assert(!segment.endsWith("+}"), `the template ${requestUri} has no greedy label`);
    if (segment.startsWith("{")) {
      labels.push(segment.slice(1, -1));
      node.label ??= makeNode();
      node = node.label;
    } else {
      let next = node.fixed.get(segment);
      if (!next) {
        next = makeNode();
        node.fixed.set(segment, next);
      }
      node = next;
    }
  }
  const routes = node.routes.get(method) ?? [];
  routes.push({ operation, labels, query: [...new URLSearchParams(query)] });
  routes.sort((a, b) => b.query.length - a.query.length);
  node.routes.set(method, routes);
}

function segmentsOf(path: string): string[] {
  const segments = path.split("/");
  segments.shift();
  if (segments.at(-1) === "") segments.pop();
  return segments;
}

interface Search {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly values: string[];
}

function find(node: Node, segments: readonly string[], at: number, search: Search): RoutedOperation | undefined {
  const segment = segments[at];
  if (segment === undefined) {
    const route = node.routes
      .get(search.method)
      ?.find(({ query }) => query.every(([name, value]) => search.query.get(name) === value));
    if (!route) return undefined;
    const labels: Record<string, string> = {};
    route.labels.forEach((label, index) => {
      labels[label] = search.values[index] ?? "";
    });
    return { operation: route.operation, labels };
  }
  const fixed = node.fixed.get(segment);
  const found = fixed && find(fixed, segments, at + 1, search);
  if (found || !node.label || segment === "") return found;
  search.values.push(segment);
  const labelled = find(node.label, segments, at + 1, search);
  if (!labelled) search.values.pop();
  return labelled;
}
