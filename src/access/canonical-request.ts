/** A request as it was received. Texts hold bytes (latin1), as the codec makes them. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** The same names in lower case: index i names rawHeaders[2i]. */
  readonly headerNames: readonly string[];
}

/** The parts of a signature that the canonical request depends on. */
export interface CanonicalOptions {
  /** The names of the signed headers, in lower case and sorted. */
  readonly signedHeaders: readonly string[];
  /** The text that stands for the body: its hash, or what says that it is not signed. */
  readonly payload: string;
  /** Whether the signature is in the query, where it can't sign itself. */
  readonly isPresigned: boolean;
}

/**
 * Returns the text that the signature of a received request is made of, as latin1, for all services but S3.
 * AWS: IAM User Guide, "Create a signed AWS API request", step 1.
 */
export function canonicalRequest(request: ReceivedRequest, options: CanonicalOptions): string {
  const { method, target } = request;
  const { signedHeaders, payload, isPresigned } = options;
  const queryAt = target.indexOf("?");
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const query = queryAt < 0 ? "" : canonicalQuery(target.slice(queryAt + 1), isPresigned);
  let text = `${method}\n${canonicalPath(path)}\n${query}\n`;
  for (const name of signedHeaders) text += `${name}:${canonicalHeader(request, name)}\n`;
  return `${text}\n${signedHeaders.join(";")}\n${payload}`;
}

const plainPath = /^[A-Za-z0-9\-._~/]*$/;

/** Services other than S3 normalise the path (RFC 3986 §6.2.2.3), and encode the path that was sent once more. */
export function canonicalPath(path: string): string {
  if (plainPath.test(path) && !path.includes("//") && !path.includes("/.")) return path;
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(encodeBytes(segment));
  }
  const joined = `/${segments.join("/")}`;
  return joined !== "/" && path.endsWith("/") ? `${joined}/` : joined;
}

const plainPair = /^[A-Za-z0-9\-._~]*=[A-Za-z0-9\-._~]*$/;

/**
 * Returns the parameters, decoded as API Gateway reads them and encoded in the one canonical way, by name and value. What
 * is read in one way (`+` and `%20`, `;` and `&`, braces in names and none) is signed in one way, so that nobody can
 * exchange one for the other. See `parseQuery` in src/gateway/query.ts.
 */
function canonicalQuery(query: string, isPresigned: boolean): string {
  if (query === "") return "";
  const pairs: string[] = [];
  for (const pair of query.includes(";") ? query.split(/[&;]/) : query.split("&")) {
    if (pair === "") continue;
    const canonical = plainPair.test(pair) ? pair : canonicalPair(pair);
    if (!isPresigned || !canonical.startsWith("X-Amz-Signature=")) pairs.push(canonical);
  }
  return pairs.length < 2 ? pairs.join("") : pairs.sort(byNameThenValue).join("&");
}

function canonicalPair(pair: string): string {
  const equalsAt = pair.indexOf("=");
  const name = equalsAt < 0 ? pair : pair.slice(0, equalsAt);
  const value = equalsAt < 0 ? "" : pair.slice(equalsAt + 1);
  return `${canonicalText(name.replaceAll(/[{}]/g, ""))}=${canonicalText(value)}`;
}

const canonicalText = (text: string): string =>
  encodeBytes(text.replaceAll("+", " ").replaceAll(/%([0-9A-Fa-f]{2})/g, decodeByte));
const decodeByte = (_: string, digits: string): string => String.fromCharCode(Number.parseInt(digits, 16));

/** Encodes all bytes but those of unreserved characters (RFC 3986 §2.3). */
const encodeBytes = (text: string): string => text.replaceAll(/[^A-Za-z0-9\-._~]/g, encodeByte);
const encodeByte = (character: string): string => escapes[character.charCodeAt(0) & 0xff]!;
const escapes = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`);

/** By name, then by value, and not as joined text: "=" sorts after some characters of names. */
export function byNameThenValue(left: string, right: string): number {
  const leftName = left.slice(0, left.indexOf("="));
  const rightName = right.slice(0, right.indexOf("="));
  if (leftName !== rightName) return leftName < rightName ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Returns the values of all headers of that name in the order in which they came; nothing if there are none. */
function canonicalHeader({ rawHeaders, headerNames }: ReceivedRequest, name: string): string {
  let text: string | undefined;
  for (let index = 0; index < headerNames.length; index++) {
    if (headerNames[index] !== name) continue;
    const value = canonicalValue(rawHeaders[2 * index + 1]!);
    text = text === undefined ? value : `${text},${value}`;
  }
  return text ?? "";
}

/** Makes one space of blanks in a row, and none of those around the value. Other white space may be part of a character. */
export function canonicalValue(value: string): string {
  const text = value.includes("  ") || value.includes("\t") ? value.replaceAll(/[ \t]+/g, " ") : value;
  if (!text.startsWith(" ") && !text.endsWith(" ")) return text;
  return text.slice(text.startsWith(" ") ? 1 : 0, text.endsWith(" ") ? -1 : undefined);
}
