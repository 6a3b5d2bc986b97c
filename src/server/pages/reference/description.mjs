// What the page was given of the stage, and what is in it.

/** The document, an example of each model, and what answers 501: all (`problem`), or routes. */
export const given = { document: {}, examples: {}, closed: { routes: [] } };

/** Why an operation answers 501; undefined if it does not. */
export const closedReason = ({ verb, path }) =>
  given.closed.problem ?? given.closed.routes.find(({ route }) => route === `${verb} ${path}`)?.reason;

const verbs = ["get", "post", "put", "patch", "delete", "head", "x-amazon-apigateway-any-method"];
const verbOf = (key) => (key === "x-amazon-apigateway-any-method" ? "ANY" : key.toUpperCase());

export const schemasOf = () => given.document.components?.schemas ?? {};
export const modelNameOf = (schema) => /^#\/components\/schemas\/(.+)$/.exec(schema?.$ref ?? "")?.[1];
export const modelHash = (name) => `#model:${encodeURIComponent(name)}`;
export const operationHash = ({ verb, path }) => `#${verb}${encodeURI(path)}`;

export function listOperations() {
  const operations = [];
  for (const [path, item] of Object.entries(given.document.paths ?? {}))
    for (const key of verbs) {
      const operation = item[key];
      if (operation === undefined) continue;
      const verb = verbOf(key);
      const group =
        operation.tags?.[0] ?? (path.split("/").find((part) => part !== "" && !part.startsWith("{")) || "/");
      operations.push({ ...operation, verb, path, group: String(group), parameters: operation.parameters ?? [] });
    }
  return operations;
}

export const titleOf = (operation) =>
  operation.summary || words(operation.operationId) || `${operation.verb} ${operation.path}`;

/** `repos/list-for-user` → List for user; `listPets` → List pets */
function words(name) {
  if (name === undefined) return "";
  const text = name
    .split("/")
    .at(-1)
    .replaceAll(/[-_]+/g, " ")
    .replaceAll(/([a-z])([A-Z])/g, (_, one, other) => `${one} ${other.toLowerCase()}`);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
export const basePath = () => given.document.servers?.[0]?.url ?? "";

/** Models of schemas written in place have names that say nothing. */
export const shownName = (name) => (/^MODEL[0-9a-f]{6,}$/.test(name) ? "object" : name);

/** The schemes that an operation asks for, by what a caller has to send. */
export function securityOf(operation) {
  const schemes = given.document.components?.securitySchemes ?? {};
  return (operation.security ?? []).flatMap(Object.keys).map((name) => {
    const scheme = schemes[name] ?? {};
    // The form in which AWS writes a JWT authorizer.
    if (scheme.type === "oauth2") return { name, kind: "token", in: "header", parameter: "Authorization" };
    const kind =
      scheme["x-amazon-apigateway-authtype"] === "awsSigv4"
        ? "iam"
        : scheme.name?.toLowerCase() === "x-api-key"
          ? "key"
          : "authorizer";
    return { name, kind, in: scheme.in, parameter: scheme.name, description: scheme.description };
  });
}
