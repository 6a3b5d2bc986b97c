import { isObject } from "../base/json-object.ts";

type Node = Record<string, unknown>;

const membersOf = (value: unknown): Node => (isObject(value) ? (value as Node) : {});

/** Returns the method's name as {@link onlyShown} takes it. */
const methodOf = (member: string): string =>
  member === "x-amazon-apigateway-any-method" ? "ANY" : member.toUpperCase();

/**
 * Returns an OpenAPI 3.0 document with only the methods of `shown` (`GET /pets`), and of its components only those that
 * these methods lead to, so that who reads it learns of nothing else.
 */
export function onlyShown(document: Readonly<Node>, shown: ReadonlySet<string>): Node {
  const paths: Node = {};
  const schemes = new Set<string>();
  for (const [path, item] of Object.entries(membersOf(document["paths"]))) {
    const methods = Object.entries(membersOf(item)).filter(([member]) => shown.has(`${methodOf(member)} ${path}`));
    if (methods.length > 0) paths[path] = Object.fromEntries(methods);
    for (const [, operation] of methods) {
      const { security } = membersOf(operation);
      for (const one of Array.isArray(security) ? security : [])
        for (const name of Object.keys(membersOf(one))) schemes.add(name);
    }
  }
  const components = membersOf(document["components"]);
  const schemas = reachable(paths, membersOf(components["schemas"]));
  const securitySchemes = pick(membersOf(components["securitySchemes"]), schemes);
  return {
    openapi: document["openapi"],
    info: document["info"],
    paths,
    components: { schemas, securitySchemes },
  };
}

const pick = (from: Node, names: ReadonlySet<string>): Node =>
  Object.fromEntries(Object.entries(from).filter(([name]) => names.has(name)));

const schemaPrefix = "#/components/schemas/";

/** Returns the schemas that a value refers to, directly or by other schemas. */
function reachable(value: unknown, schemas: Node): Node {
  const names = new Set<string>();
  const waiting: unknown[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== "object" || next === null) continue;
    for (const [member, inside] of Object.entries(next)) {
      if (member !== "$ref" || typeof inside !== "string" || !inside.startsWith(schemaPrefix)) {
        if (inside !== undefined) waiting.push(inside);
        continue;
      }
      const name = inside.slice(schemaPrefix.length);
      if (names.has(name) || !Object.hasOwn(schemas, name)) continue;
      names.add(name);
      waiting.push(schemas[name]);
    }
  }
  return pick(schemas, names);
}
