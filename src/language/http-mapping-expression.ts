/**
 * The values of parameter mappings of HTTP APIs: static text, or sources written `$request.header.x` or, where there are
 * several or text between them, `${request.header.x}`.
 * AWS: API Gateway Developer Guide, "Transform API requests and responses for HTTP APIs in API Gateway".
 */
export type HttpMappingSource =
  /** Header and query parameters are all of their values, joined with commas. */
  | { readonly kind: "request"; readonly place: "path" | "querystring" | "header"; readonly name: string }
  /** `$request.path`: the whole path, without the stage. */
  | { readonly kind: "request-path" }
  | { readonly kind: "request-body"; readonly jsonPath: string | undefined }
  | { readonly kind: "response-header"; readonly name: string }
  | { readonly kind: "response-body"; readonly jsonPath: string | undefined }
  | { readonly kind: "context"; readonly name: string }
  | { readonly kind: "stage-variable"; readonly name: string };

/** Static text and sources in turn. */
export type HttpMappingValue = readonly (string | HttpMappingSource)[];

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const anyName = "[^\\s{}$]+";
const forms: readonly (readonly [RegExp, (name: string | undefined) => HttpMappingSource])[] = [
  [new RegExp(`^request\\.header\\.(${token})$`), (name) => ({ kind: "request", place: "header", name: name! })],
  [
    new RegExp(`^request\\.querystring\\.(${anyName})$`),
    (name) => ({ kind: "request", place: "querystring", name: name! }),
  ],
  [/^request\.path$/, () => ({ kind: "request-path" })],
  [/^request\.path\.([\w.-]+)$/, (name) => ({ kind: "request", place: "path", name: name! })],
  [/^request\.body([.[].+)?$/s, (path) => ({ kind: "request-body", jsonPath: path && `$${path}` })],
  [new RegExp(`^response\\.header\\.(${token})$`), (name) => ({ kind: "response-header", name: name! })],
  [/^response\.body([.[].+)?$/s, (path) => ({ kind: "response-body", jsonPath: path && `$${path}` })],
  [new RegExp(`^context\\.(${anyName})$`), (name) => ({ kind: "context", name: name! })],
  [/^stageVariables\.(\w+)$/, (name) => ({ kind: "stage-variable", name: name! })],
];

/**
 * Reads a value; undefined if something in it looks like a source and is none.
 * Unconfirmed: a source without braces within other text, where it ends before what is no word, dot or dash; see
 * docs/compatibility.md, "HTTP APIs, parameter mappings".
 */
export function parseHttpMappingValue(text: string): HttpMappingValue | undefined {
  const alone = text.startsWith("$") ? parseSource(text.slice(1)) : undefined;
  if (alone !== undefined) return [alone];
  const parts: (string | HttpMappingSource)[] = [];
  let at = 0;
  for (const match of text.matchAll(reference)) {
    const source = parseSource(match[1] ?? match[2]!);
    if (source === undefined) return undefined;
    if (match.index > at) parts.push(text.slice(at, match.index));
    parts.push(source);
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts.some((part) => typeof part === "string" && looksLikeSource.test(part)) ? undefined : parts;
}

const roots = "(?:request|response|context|stageVariables)";
const reference = new RegExp(`\\$\\{([^{}]*)\\}|\\$(${roots}(?:\\.\\w+(?:-+\\w+)*)+)`, "g");
const looksLikeSource = new RegExp(`\\$${roots}(?!\\w)`);

function parseSource(text: string): HttpMappingSource | undefined {
  for (const [form, make] of forms) {
    const match = form.exec(text);
    if (match !== null) return make(match[1]);
  }
  return undefined;
}
