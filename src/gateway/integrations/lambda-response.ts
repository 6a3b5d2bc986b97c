import { isObject } from "../../base/json-object.ts";
import { isHeaderName, remappedName, responseHeaderFates } from "../responses/header-remapping.ts";

/** A function's answer after reading it, or what is wrong with it. */
export type LambdaResponse =
  | {
      readonly kind: "response";
      readonly status: number;
      /** Names and values in turn, already remapped. */
      readonly headers: string[];
      readonly body: string | undefined;
      readonly isBase64Encoded: boolean;
    }
  | MalformedResponse;

interface MalformedResponse {
  readonly kind: "malformed";
  readonly detail: string;
}

/** The metadata that a function sends before the body of a streamed answer, or what is wrong with it. */
export type LambdaMetadata =
  | {
      readonly kind: "metadata";
      readonly status: number;
      /** Names and values in turn, already remapped. */
      readonly headers: string[];
      /** The number of bytes that the headers announce. */
      readonly contentLength: number | undefined;
    }
  | MalformedResponse;

const keys: ReadonlySet<string> = new Set([
  "statusCode",
  "headers",
  "multiValueHeaders",
  "body",
  "isBase64Encoded",
  "base64Encoded",
]);

/**
 * Reads the output of a Lambda proxy integration.
 * AWS: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway", output format.
 */
export function parseLambdaResponse(payload: Buffer): LambdaResponse {
  const output = parseObject(payload, keys);
  if (typeof output === "string") return malformed(output);
  const { statusCode, headers, multiValueHeaders, body, ...rest } = output;
  const status = parseStatus(statusCode);
  if (status === undefined)
    return malformed(`its statusCode is ${JSON.stringify(statusCode)}, not a whole number from 200 to 999`);
  const written = writeHeaders(headers, multiValueHeaders);
  if (typeof written === "string") return malformed(written);
  addContentType(written);
  if (body !== undefined && body !== null && typeof body !== "string") {
    return malformed(`its body is ${withArticle(body)}, not text (JSON.stringify it)`);
  }
  const isBase64Encoded = rest["isBase64Encoded"] ?? rest["base64Encoded"] ?? false;
  if (typeof isBase64Encoded !== "boolean") return malformed("its isBase64Encoded is no boolean");
  return { kind: "response", status, headers: written, body: body ?? undefined, isBase64Encoded };
}

/**
 * Reads the metadata of a streamed answer.
 * AWS: API Gateway Developer Guide, "Set up a Lambda proxy integration with payload response streaming in API Gateway".
 */
export function parseLambdaMetadata(text: Buffer): LambdaMetadata {
  const metadata = parseObject(text, metadataKeys);
  if (typeof metadata === "string") return malformed(metadata);
  const { statusCode, headers, multiValueHeaders, cookies } = metadata;
  const status = parseStatus(statusCode);
  if (status === undefined) return malformed(`its statusCode is ${JSON.stringify(statusCode)}`);
  const written = writeHeaders(headers, multiValueHeaders);
  if (typeof written === "string") return malformed(written);
  const given = cookies ?? [];
  if (!Array.isArray(given)) return malformed("its cookies is no list");
  for (const cookie of given) {
    if (typeof cookie !== "string") return malformed("its cookies has what is no text");
    written.push("Set-Cookie", cookie);
  }
  addContentType(written);
  return { kind: "metadata", status, headers: written, contentLength: declaredLength(headers) };
}

/** Returns the declared Content-Length. A value that is not a number, or several values, count as undeclared. */
function declaredLength(headers: unknown): number | undefined {
  const declared = Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() === "content-length");
  const value = declared.length === 1 ? String(declared[0]![1]) : "";
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

const metadataKeys: ReadonlySet<string> = new Set(["statusCode", "headers", "multiValueHeaders", "cookies"]);

/** Returns an object that has no other keys than these, or what is wrong. */
function parseObject(text: Buffer, known: ReadonlySet<string>): Record<string, unknown> | string {
  let output: unknown;
  try {
    output = JSON.parse(text.toString("utf8"));
  } catch {
    return "it is not JSON";
  }
  if (!isObject(output)) {
    return `it is ${output === null ? "null" : withArticle(output)}, not an object`;
  }
  for (const key in output)
    if (!known.has(key)) return `it has the unknown key ${key}: it may have ${[...known].join(", ")}`;
  return output;
}

/** Returns `a list`, `an object`, `a number` and the like. */
function withArticle(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}

const malformed = (detail: string): MalformedResponse => ({ kind: "malformed", detail });

/** Reads an integer, or a text with an integer; absent means 200. Returns undefined for anything else. */
function parseStatus(statusCode: unknown): number | undefined {
  if (statusCode === undefined || statusCode === null) return 200;
  const status = typeof statusCode === "string" && /^\d{3}$/.test(statusCode) ? Number(statusCode) : statusCode;
  return typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 999 ? status : undefined;
}

/**
 * Returns both maps as one list, in which a pair that is in both maps appears once, or what is wrong.
 * AWS: "Support for multi-value headers and query string parameters".
 */
function writeHeaders(headers: unknown, multiValueHeaders: unknown): string[] | string {
  const list: string[] = [];
  const multi = multiValueHeaders ?? {};
  if (typeof multi !== "object" || Array.isArray(multi)) return "its multiValueHeaders is no object";
  for (const [name, values] of Object.entries(multi)) {
    if (values === null) continue;
    if (!Array.isArray(values)) return `its multiValueHeaders ${name} is no list`;
    for (const value of values) {
      const problem = addHeader(list, name, value);
      if (problem !== undefined) return problem;
    }
  }
  const single = headers ?? {};
  if (typeof single !== "object" || Array.isArray(single)) return "its headers is no object";
  const multiValues = multi as Record<string, unknown[]>;
  for (const [name, value] of Object.entries(single)) {
    if (value === null || (Object.hasOwn(multiValues, name) && multiValues[name]!.includes(value))) continue;
    const problem = addHeader(list, name, value);
    if (problem !== undefined) return problem;
  }
  return list;
}

function addHeader(list: string[], name: string, value: unknown): string | undefined {
  if (typeof value === "object" || value === undefined) return `its header ${name} is no text`;
  if (!isHeaderName(name)) return `${JSON.stringify(name)} is no header name`;
  const fate = responseHeaderFates.get(name.toLowerCase());
  if (fate === "drop") return undefined;
  list.push(fate === "remap" ? remappedName(name) : name, String(value).trim());
  return undefined;
}

function addContentType(list: string[]): void {
  for (let index = 0; index < list.length; index += 2) {
    if (list[index]!.length === 12 && list[index]!.toLowerCase() === "content-type") return;
  }
  list.push("Content-Type", "application/json");
}
