import { listMember, membersOf, objectMember } from "./json-value.ts";
import { verbs } from "./read-document.ts";

type Node = Record<string, unknown>;

/**
 * Returns an OpenAPI 3.0 document with only the methods of `shown` (`GET /pets`), and of its components only those that
 * these methods lead to, so that who reads it learns of nothing else.
 */
export function onlyShown(document: Readonly<Node>, shown: ReadonlySet<string>): Node {
  const paths: Node = {};
  const schemes = new Set<string>();
  for (const [path, item] of membersOf(document["paths"])) {
    const methods = membersOf(item).filter(([name]) => shown.has(`${verbs[name]} ${path}`));
    if (methods.length > 0) paths[path] = Object.fromEntries(methods);
    for (const [, operation] of methods) {
      for (const one of listMember(operation, "security")) for (const [name] of membersOf(one)) schemes.add(name);
    }
  }
  const { components } = document;
  const schemas = reachable(paths, objectMember(components, "schemas") ?? {});
  const securitySchemes = pick(objectMember(components, "securitySchemes") ?? {}, schemes);
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
