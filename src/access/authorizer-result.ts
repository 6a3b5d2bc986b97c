import { bounds } from "../base/bounds.ts";
import { duplicateMembers } from "../base/duplicate-members.ts";
import { isObject } from "../base/json-object.ts";
import { type Policy, parsePolicy } from "./policy.ts";

/** What a Lambda authorizer's function says about a caller. */
export interface AuthorizerResult {
  readonly principalId: string;
  readonly policy: Policy;
  /** The policy document, as JSON. */
  readonly policyText: string;
  /** The values of `$context.authorizer.{name}`. AWS turns all of them into strings. */
  readonly context: Readonly<Record<string, string>>;
  /** The context as a JSON object, where values keep their types; absent if the result has none. */
  readonly contextText?: string;
  /** The caller's API key, if `apiKeySource` is AUTHORIZER. */
  readonly usageIdentifierKey: string | undefined;
}

/** What a Lambda authorizer of an HTTP API says with a simple response. */
export interface SimpleResult extends Pick<AuthorizerResult, "context" | "contextText"> {
  /** `isAuthorized` is false. */
  readonly isDenied?: true;
}

/** Why an answer is not a result, in the words of AWS's execution log as far as users quote them. `hint` says more. */
export interface InvalidResult {
  readonly problem: string;
  readonly hint?: string;
}

/** What the values of a context are: texts, or JSON of any kind. */
export type ContextKind = "texts" | "values";

/**
 * Reads the answer of an authorizer's function. It never throws, and refuses an answer that it does not understand.
 * AWS: API Gateway Developer Guide, "Output from an API Gateway Lambda authorizer".
 */
// Unconfirmed: AWS's words for all but null, unknown members, nested contexts and malformed policies;
// see docs/compatibility.md, "Lambda authorizers, results".
export const parseAuthorizerResult = (text: string, kind: ContextKind = "texts"): AuthorizerResult | InvalidResult =>
  parseResult(text, members, (result) => readMembers(result, text, kind));

/**
 * Reads a simple response, likewise: only a result that says `isAuthorized: true` lets anybody through.
 * AWS: API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers".
 */
// Unconfirmed: other members are refused; see docs/compatibility.md, "HTTP APIs, results of authorizers".
export const parseSimpleResult = (text: string): SimpleResult | InvalidResult =>
  parseResult(text, simpleMembers, ({ isAuthorized, context }) => {
    if (typeof isAuthorized !== "boolean") return { problem: "Authorizer result's isAuthorized is no boolean" };
    const values = readContext(context, text, "values");
    if ("problem" in values) return values;
    return isAuthorized ? values : { ...values, isDenied: true };
  });

function parseResult<Result>(
  text: string,
  known: ReadonlySet<string>,
  read: (result: Record<string, unknown>) => Result | InvalidResult,
): Result | InvalidResult {
  if (text.length > bounds.authorizerResultCharsMax.value) {
    return { problem: `Authorizer result is longer than ${bounds.authorizerResultCharsMax.value} characters` };
  }
  let result: unknown;
  try {
    result = JSON.parse(text);
  } catch (error) {
    return { problem: `Invalid JSON in response: ${(error as Error).message}` };
  }
  const [twice] = duplicateMembers(text);
  // AWS reads the last one. Here a result that can be read in two ways is none.
  if (twice !== undefined) return { problem: "Invalid JSON in response: a member stands there twice" };
  if (result === null) return noPolicy;
  if (!isObject(result))
    return { problem: `Invalid JSON in response: ${cannotRead(result, "an authorizer's result")}` };
  // AWS quirk: an unknown member makes an answer invalid. A function's error is therefore invalid as well.
  const unknown = Object.keys(result).find((name) => !known.has(name));
  if (unknown !== undefined) {
    return { problem: `Invalid JSON in response: Unrecognized field "${unknown}" , not marked as ignorable` };
  }
  try {
    return read(result);
  } catch {
    // The policy, or the context, is nested too deeply to be written as JSON again.
    return { problem: "Unable to parse given policy" };
  }
}

const members: ReadonlySet<string> = new Set(["principalId", "policyDocument", "context", "usageIdentifierKey"]);
const simpleMembers: ReadonlySet<string> = new Set(["isAuthorized", "context"]);
const noPolicy: InvalidResult = { problem: "Could not parse policy", hint: "the result has no policyDocument" };

function readMembers(
  result: Record<string, unknown>,
  text: string,
  kind: ContextKind,
): AuthorizerResult | InvalidResult {
  const { principalId, policyDocument, context, usageIdentifierKey } = result;
  const wrong = [principalId, usageIdentifierKey].find((value) => typeof value === "object" && value !== null);
  if (wrong !== undefined) return { problem: `Invalid JSON in response: ${cannotRead(wrong, "java.lang.String")}` };
  if (policyDocument === undefined || policyDocument === null) return noPolicy;
  if (principalId === undefined || principalId === null) {
    return { problem: "Authorizer result has no principalId" };
  }
  const texts = readContext(context, text, kind);
  if ("problem" in texts) return texts;
  const policyText = JSON.stringify(policyDocument);
  const policy = parsePolicy(policyText, "identity");
  const hint = policy.problem ?? checkDocument(policyDocument as Record<string, unknown>);
  if (hint !== undefined)
    return { problem: "Unable to parse given policy", hint: `the policyDocument of the authorizer's result: ${hint}` };
  return {
    principalId: String(principalId),
    policy,
    policyText,
    ...texts,
    usageIdentifierKey:
      usageIdentifierKey === undefined || usageIdentifierKey === null ? undefined : String(usageIdentifierKey),
  };
}

/**
 * Reads a context. Without types, AWS takes no JSON object or array for a value, and all others become strings, numbers as
 * they are written.
 */
function readContext(
  given: unknown,
  text: string,
  kind: ContextKind,
): Pick<AuthorizerResult, "context" | "contextText"> | InvalidResult {
  if (given === undefined || given === null) return { context: {} };
  if (!isObject(given)) return { problem: `Invalid JSON in response: ${cannotRead(given, "java.util.LinkedHashMap")}` };
  const nested = Object.values(given).find((value) => typeof value === "object" && value !== null);
  if (nested !== undefined && kind === "texts")
    return { problem: `Invalid JSON in response: ${cannotRead(nested, "java.lang.String")}` };
  const values = Object.entries(given).filter(([, value]) => value !== null);
  const numbers = values.some(([, value]) => typeof value === "number") ? readNumbers(text) : undefined;
  const textOf = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));
  const context = Object.fromEntries(values.map(([name, value]) => [name, numbers?.get(name) ?? textOf(value)]));
  return kind === "texts" ? { context } : { context, contextText: JSON.stringify(given) };
}

/**
 * Returns the numbers of a result's context as they are written. A JavaScript number would lose the end of a long one.
 */
function readNumbers(text: string): ReadonlyMap<string, string> {
  const holders = new Map<unknown, Map<string, string>>();
  const result = JSON.parse(text, function (this: unknown, name: string, value: unknown, parsed?: { source?: string }) {
    if (typeof value === "number" && parsed?.source !== undefined) {
      let numbers = holders.get(this);
      if (numbers === undefined) {
        numbers = new Map();
        holders.set(this, numbers);
      }
      numbers.set(name, parsed.source);
    }
    return value;
  });
  return holders.get(result.context) ?? new Map();
}

function checkDocument({ Version, Statement }: Record<string, unknown>): string | undefined {
  if (Version !== undefined && Version !== "2012-10-17" && Version !== "2008-10-17") return "its Version is unknown";
  const statements = (Array.isArray(Statement) ? Statement : [Statement]) as readonly Record<string, unknown>[];
  const max = bounds.authorizerPolicyResourceCharsMax.value;
  for (const statement of statements) {
    // It may have been meant to narrow the statement, which is about whoever the function was asked about.
    if (statement["NotPrincipal"] !== undefined || !isEverybody(statement["Principal"])) {
      return "a statement names a principal";
    }
    for (const name of ["Action", "NotAction", "Resource", "NotResource"]) {
      const values: unknown[] = [statement[name] ?? []].flat();
      if (!values.every((value) => typeof value === "string")) return `a statement's ${name} is no text`;
      if (name.endsWith("Resource") && values.some((value) => (value as string).length > max)) {
        return `a statement's ${name} has more than ${max} characters`;
      }
    }
  }
  return undefined;
}

const isEverybody = (principal: unknown): boolean =>
  principal === undefined ||
  principal === "*" ||
  (isObject(principal) && Object.keys(principal).length === 1 && principal["AWS"] === "*");

/** Words the refusal as Jackson does, which reads these results on AWS. */
function cannotRead(value: unknown, type: string): string {
  const token = Array.isArray(value)
    ? "START_ARRAY"
    : typeof value === "object"
      ? "START_OBJECT"
      : typeof value === "string"
        ? "VALUE_STRING"
        : "VALUE_NUMBER_INT";
  return `Can not deserialize instance of ${type} out of ${token} token`;
}
