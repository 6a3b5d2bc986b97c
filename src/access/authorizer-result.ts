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
  /** The caller's API key, if `apiKeySource` is AUTHORIZER. */
  readonly usageIdentifierKey: string | undefined;
}

/** Why an answer is not a result, in the words of AWS's execution log as far as users quote them. `hint` says more. */
export interface InvalidResult {
  readonly problem: string;
  readonly hint?: string;
}

/**
 * Reads the answer of an authorizer's function. It never throws, and refuses an answer that it does not understand.
 * AWS: API Gateway Developer Guide, "Output from an API Gateway Lambda authorizer".
 */
// Unconfirmed: AWS's words for all but null, unknown members, nested contexts and malformed policies;
// see docs/compatibility.md, "Lambda authorizers, results".
export function parseAuthorizerResult(text: string): AuthorizerResult | InvalidResult {
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
  const unknown = Object.keys(result).find((name) => !members.has(name));
  if (unknown !== undefined) {
    return { problem: `Invalid JSON in response: Unrecognized field "${unknown}" , not marked as ignorable` };
  }
  try {
    return readMembers(result, text);
  } catch {
    // The policy is nested too deeply to be written as JSON again.
    return { problem: "Unable to parse given policy" };
  }
}

const members: ReadonlySet<string> = new Set(["principalId", "policyDocument", "context", "usageIdentifierKey"]);
const noPolicy: InvalidResult = { problem: "Could not parse policy", hint: "the result has no policyDocument" };

function readMembers(result: Record<string, unknown>, text: string): AuthorizerResult | InvalidResult {
  const { principalId, policyDocument, context, usageIdentifierKey } = result;
  const wrong = [principalId, usageIdentifierKey].find((value) => typeof value === "object" && value !== null);
  if (wrong !== undefined) return { problem: `Invalid JSON in response: ${cannotRead(wrong, "java.lang.String")}` };
  if (policyDocument === undefined || policyDocument === null) return noPolicy;
  if (principalId === undefined || principalId === null) {
    return { problem: "Authorizer result has no principalId" };
  }
  const texts = readContext(context, text);
  if ("problem" in texts) return texts;
  const policyText = JSON.stringify(policyDocument);
  const policy = parsePolicy(policyText, "identity");
  const hint = policy.problem ?? checkDocument(policyDocument as Record<string, unknown>);
  if (hint !== undefined) return { problem: "Unable to parse given policy", hint };
  return {
    principalId: String(principalId),
    policy,
    policyText,
    context: texts.context,
    usageIdentifierKey:
      usageIdentifierKey === undefined || usageIdentifierKey === null ? undefined : String(usageIdentifierKey),
  };
}

/** AWS: a JSON object or array is not a valid value; all others become strings, numbers as they are written. */
function readContext(given: unknown, text: string): { readonly context: Record<string, string> } | InvalidResult {
  if (given === undefined || given === null) return { context: {} };
  if (!isObject(given)) return { problem: `Invalid JSON in response: ${cannotRead(given, "java.util.LinkedHashMap")}` };
  const nested = Object.values(given).find((value) => typeof value === "object" && value !== null);
  if (nested !== undefined) return { problem: `Invalid JSON in response: ${cannotRead(nested, "java.lang.String")}` };
  const texts = Object.entries(given).filter(([, value]) => value !== null);
  const numbers = texts.some(([, value]) => typeof value === "number") ? readNumbers(text) : undefined;
  return { context: Object.fromEntries(texts.map(([name, value]) => [name, numbers?.get(name) ?? String(value)])) };
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
