import type { IdentitySourcePlan } from "../../plan/authorizers.ts";
import type { ValuePlan } from "../../plan/values.ts";
import { maskValue } from "../../telemetry/secrets.ts";
import type { Exchange } from "../exchange.ts";
import { asText, linkValue } from "../values.ts";

/**
 * Returns the values of all identity sources, which say who the caller claims to be, or undefined if one source has no
 * value.
 */
export type ReadIdentity = (exchange: Exchange) => readonly string[] | undefined;

/**
 * Links the identity sources. If not all of them are `required`, those without a value are empty texts.
 * AWS: CreateAuthorizer, identitySource: with caching, "if any specified identity source is missing, null or empty, API
 * Gateway returns a 401 Unauthorized response without calling the authorizer".
 */
export function linkIdentity(
  sources: readonly IdentitySourcePlan[],
  kind: keyof typeof linkersOfText,
  { required }: { readonly required: boolean } = { required: true },
): ReadIdentity {
  const readOf = linkersOfText[kind];
  const readers = sources.map(({ expression, value }) => ({
    expression,
    read: value === undefined ? () => "" : readOf(value),
  }));
  return (exchange) => {
    const values = readers.map(({ read }) => read(exchange));
    if (required && values.includes("")) return undefined;
    const { trace } = exchange;
    if (trace !== undefined) {
      // Whatever the header is called, its value is the caller's secret.
      trace.learnSecrets(values.flatMap((value) => ["token", value]));
      const masked = values.map(maskValue);
      const pairs = readers.map(({ expression }, index) => `${expression}=${masked[index]}`);
      trace.add({ kind: "authorizer-identity", identity: kind === "one" ? masked[0]! : `{${pairs.join(", ")}}` });
    }
    return values;
  };
}

const linkLast = (value: ValuePlan): ((exchange: Exchange) => string) => {
  const read = linkValue(value);
  return (exchange) => asText(read(exchange)) ?? "";
};

/**
 * Links a value of which an authorizer of an HTTP API gets all occurrences, with commas. AWS: API Gateway Developer Guide,
 * "Transform API requests and responses for HTTP APIs in API Gateway", `$request.header.name`.
 */
function linkJoined(value: ValuePlan): (exchange: Exchange) => string {
  const read = linkValue(value.kind === "request" ? { ...value, isMultiValue: true } : value);
  return (exchange) => {
    const found = read(exchange) ?? "";
    if (typeof found === "string") return found;
    return found.every((one) => one === "") ? "" : found.join();
  };
}

/**
 * Links a token. Of different ones in one request none counts: a backend that gets all of them could read another one than
 * was verified.
 */
function linkOne(value: ValuePlan): (exchange: Exchange) => string {
  const read = linkValue(value.kind === "request" ? { ...value, isMultiValue: true } : value);
  return (exchange) => {
    const found = read(exchange) ?? "";
    if (typeof found === "string") return found;
    return found.every((one) => one === found[0]) ? (found[0] ?? "") : "";
  };
}

/** How the text of a source is read: of a token, of a source of a REST API's or an HTTP API's authorizer. */
const linkersOfText = { one: linkOne, several: linkLast, joined: linkJoined } as const;

/**
 * Links the text under which a result is remembered: no two identities have the same. AWS: the values of all identity
 * sources together. Of a header or parameter that is there several times it has all values, because the function sees all.
 */
export function linkIdentityText(sources: readonly IdentitySourcePlan[]): (exchange: Exchange) => string {
  const readers = sources.map(({ value }) => {
    if (value === undefined) return () => undefined;
    return linkValue(value.kind === "request" ? { ...value, isMultiValue: true } : value);
  });
  return (exchange) => {
    let text = "";
    for (const read of readers) {
      const found = read(exchange) ?? [];
      const values = typeof found === "string" ? [found] : found;
      text += `${values.length};`;
      for (const value of values) text += `${value.length}:${value}`;
    }
    return text;
  };
}
