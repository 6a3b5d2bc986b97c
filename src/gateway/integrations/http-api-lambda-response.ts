import { isObject } from "../../base/json-object.ts";
import type { PayloadFormat } from "../../plan/payload-format.ts";
import { droppedFromHttpApiAnswer, isHeaderName } from "../responses/header-remapping.ts";

/** A function's answer after reading it, or what is wrong with it. */
export type HttpApiLambdaResponse =
  | {
      readonly kind: "response";
      readonly status: number;
      /** Names and values in turn. */
      readonly headers: string[];
      readonly body: Buffer | string | undefined;
    }
  | {
      readonly kind: "malformed";
      /** The member that has the wrong type, as AWS names it in `$context.integrationErrorMessage`. */
      readonly field: string;
      readonly detail: string;
    };

type Parse = (payload: Buffer) => HttpApiLambdaResponse;

/**
 * The readers of functions' answers by their format. They never throw.
 * AWS: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway", "Lambda function
 * response format".
 */
// Unconfirmed: what the page does not say; see docs/compatibility.md, "HTTP APIs, answers of functions".
export const responseParsers: Readonly<Record<PayloadFormat, Parse>> = {
  "1.0": parseFirst,
  "2.0": parseSecond,
};

function parseFirst(payload: Buffer): HttpApiLambdaResponse {
  const output = parseJson(payload);
  if (!isObject(output)) return malformed("statusCode", `it is ${typeName(output)}, not an object`);
  return readResponse(output, addAllHeaders);
}

/** An answer without `statusCode` is a body. */
function parseSecond(payload: Buffer): HttpApiLambdaResponse {
  const output = parseJson(payload);
  if (output === undefined) return malformed("body", "it is not JSON");
  if (isObject(output) && Object.hasOwn(output, "statusCode")) return readResponse(output, addHeadersAndCookies);
  // AWS: a text is the body itself, and all else is sent as the function wrote it.
  const body = typeof output === "string" ? output : payload;
  return { kind: "response", status: 200, headers: ["Content-Type", "application/json"], body };
}

/** Returns undefined for what is not JSON. */
function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString("utf8"));
  } catch {
    return undefined;
  }
}

type AddHeaders = (list: string[], output: Record<string, unknown>) => Problem | undefined;
type Problem = Extract<HttpApiLambdaResponse, { readonly kind: "malformed" }>;

function readResponse(output: Record<string, unknown>, addHeaders: AddHeaders): HttpApiLambdaResponse {
  const { statusCode, body, isBase64Encoded } = output;
  const status = parseStatus(statusCode);
  if (status === undefined) return malformed("statusCode", `its statusCode is ${JSON.stringify(statusCode)}`);
  const headers: string[] = [];
  const problem = addHeaders(headers, output);
  if (problem !== undefined) return problem;
  if (body !== undefined && body !== null && typeof body !== "string") {
    return malformed("body", `its body is ${typeName(body)}, not text (JSON.stringify it)`);
  }
  if (isBase64Encoded !== undefined && isBase64Encoded !== null && typeof isBase64Encoded !== "boolean") {
    return malformed("isBase64Encoded", "its isBase64Encoded is no boolean");
  }
  const text = body ?? undefined;
  if (text !== undefined && isBase64Encoded === true && !isBase64(text)) {
    return malformed("body", "isBase64Encoded is true, and its body is not base64");
  }
  if (status !== 204 && status !== 304) addContentType(headers);
  const content = text !== undefined && isBase64Encoded === true ? Buffer.from(text, "base64") : text;
  return { kind: "response", status, headers, body: content };
}

/**
 * Reads an integer, or a text with an integer. A status of 1xx would announce another answer, and HTTP knows none from 600 on.
 */
function parseStatus(statusCode: unknown): number | undefined {
  const status = typeof statusCode === "string" && /^\d{3}$/.test(statusCode) ? Number(statusCode) : statusCode;
  return typeof status === "number" && Number.isInteger(status) && status >= 200 && status < 600 ? status : undefined;
}

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

function addHeadersAndCookies(list: string[], { headers, cookies }: Record<string, unknown>): Problem | undefined {
  const problem = addSingleHeaders(list, headers, undefined);
  if (problem !== undefined || cookies === undefined || cookies === null) return problem;
  if (!Array.isArray(cookies)) return malformed("cookies", "its cookies is no list");
  for (const cookie of cookies as unknown[]) {
    if (typeof cookie !== "string") return malformed("cookies", "its cookies has what is no text");
    list.push("Set-Cookie", cookie.trim());
  }
  return undefined;
}

/** Adds both maps; a pair that is in both is added once. */
function addAllHeaders(list: string[], { headers, multiValueHeaders }: Record<string, unknown>): Problem | undefined {
  if (multiValueHeaders === undefined || multiValueHeaders === null) return addSingleHeaders(list, headers, undefined);
  if (!isObject(multiValueHeaders)) return malformed("multiValueHeaders", "its multiValueHeaders is no object");
  for (const [name, values] of Object.entries(multiValueHeaders)) {
    if (values === null) continue;
    if (!Array.isArray(values)) return malformed("multiValueHeaders", `its multiValueHeaders ${name} is no list`);
    for (const value of values) {
      const problem = addHeader(list, name, value);
      if (problem !== undefined) return malformed("multiValueHeaders", problem);
    }
  }
  return addSingleHeaders(list, headers, multiValueHeaders as Readonly<Record<string, readonly unknown[]>>);
}

function addSingleHeaders(
  list: string[],
  headers: unknown,
  known: Readonly<Record<string, readonly unknown[]>> | undefined,
): Problem | undefined {
  if (headers === undefined || headers === null) return undefined;
  if (!isObject(headers)) return malformed("headers", "its headers is no object");
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === null || (known !== undefined && Object.hasOwn(known, name) && known[name]?.includes(value))) continue;
    const problem = addHeader(list, name, value);
    if (problem !== undefined) return malformed("headers", problem);
  }
  return undefined;
}

function addHeader(list: string[], name: string, value: unknown): string | undefined {
  if (typeof value === "object" || value === undefined) return `its header ${name} is no text`;
  if (!isHeaderName(name)) return `${JSON.stringify(name)} is no header name`;
  if (!droppedFromHttpApiAnswer.has(name.toLowerCase())) list.push(name, String(value).trim());
  return undefined;
}

/** The type of a body for which a function names none, as users report it. */
function addContentType(list: string[]): void {
  for (let index = 0; index < list.length; index += 2) {
    if (list[index]!.length === 12 && list[index]!.toLowerCase() === "content-type") return;
  }
  list.push("Content-Type", "text/plain; charset=utf-8");
}

const malformed = (field: string, detail: string): Problem => ({ kind: "malformed", field, detail });

const typeName = (value: unknown): string => {
  if (value === undefined) return "not JSON";
  return value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
};
