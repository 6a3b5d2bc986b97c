import { bounds } from "../base/bounds.ts";
import { textOf } from "../language/java/text-of.ts";
import { TemplateList, TemplateMap, type TemplateValue } from "../language/java/values.ts";
import { JsonPathFailure } from "../language/json-path/evaluation.ts";
import { type JsonPath, parseJsonPath } from "../language/json-path/json-path.ts";
import { Meter, TemplateFailure } from "../language/meter.ts";
import type { BodyValuePlan, TextPlan } from "../plan/values.ts";
import type { Exchange } from "./exchange.ts";
import type { Payload } from "./templates/payload.ts";
import { asText, describeValue, linkValue } from "./values.ts";

/**
 * Returns the key that a selection expression yields; undefined if it can't be evaluated. `status` is the integration's, of
 * an expression for its answer.
 */
export type SelectKey = (exchange: Exchange, status?: string) => string | undefined;

/** The key that stands for all others. */
const defaultKey = "$default";

/**
 * Links a selection expression. What is missing is empty text; lists and objects are written as Java writes them:
 * `[item1, item2]`. It is evaluated once: what it yields is no expression.
 * AWS: API Gateway Developer Guide, "WebSocket selection expressions in API Gateway".
 */
export function linkSelectionKey(plan: TextPlan): SelectKey {
  if (plan.every((part) => typeof part === "string")) {
    const key = plan.join("");
    return () => key;
  }
  const parts = plan.map((part) => (typeof part === "string" ? () => part : linkPart(part)));
  const [only] = parts;
  if (parts.length === 1) return only!;
  return (exchange, status) => {
    let key = "";
    for (const part of parts) {
      const text = part(exchange, status);
      if (text === undefined) return undefined;
      key += text;
    }
    return key;
  };
}

/** Returns a selection expression as users write it. */
export function describeSelection(plan: TextPlan): string {
  const parts = plan.map((part) => (typeof part === "string" ? part : `\${${describeVariable(part)}}`));
  // One variable alone needs no braces.
  return plan.length === 1 ? parts[0]!.replace(/^\$\{(.*)\}$/s, "$$$1") : parts.join("");
}

function describeVariable(plan: Exclude<TextPlan[number], string>): string {
  if (plan.kind === "body") {
    const of = plan.of === "request" ? "request" : "integration.response";
    return `${of}.body${plan.jsonPath?.slice(1) ?? ""}`;
  }
  return plan.kind === "context" ? "integration.response.statuscode" : describeValue(plan);
}

function linkPart(plan: Exclude<TextPlan[number], string>): SelectKey {
  if (plan.kind === "body") return linkBody(plan);
  // A MOCK has no backend whose status the exchange would know.
  if (plan.kind === "context" && plan.name === "integration.status") return (_, status) => status ?? "";
  const read = linkValue(plan);
  return (exchange) => asText(read(exchange)) ?? "";
}

function linkBody({ of, jsonPath }: BodyValuePlan): SelectKey {
  const payloadOf = (exchange: Exchange): Payload | undefined =>
    of === "request" ? exchange.requestPayload : exchange.integrationPayload;
  if (jsonPath === undefined) return (exchange) => payloadOf(exchange)?.text ?? "";
  const parsed = parseJsonPath(jsonPath);
  // The compiler closes routes with paths that can't be parsed.
  if (parsed.kind === "invalid") return () => undefined;
  const { path } = parsed;
  return (exchange) => {
    const payload = payloadOf(exchange);
    return payload === undefined || payload.isLarge ? "" : textAt(payload, path);
  };
}

function textAt(payload: Payload, path: JsonPath): string | undefined {
  try {
    const meter = new Meter(bounds.templateStepsMaxHere.value);
    const found = payload.find(path, meter);
    if (typeof found === "string") return found;
    return found === undefined || found === null ? "" : plainText(found, meter, 0);
  } catch (error) {
    if (error instanceof JsonPathFailure || error instanceof TemplateFailure) return undefined;
    throw error;
  }
}

/** Returns a value as Java's collections write theirs, without the quotes of JSON. */
function plainText(value: TemplateValue, meter: Meter, depth: number): string {
  meter.step(1);
  if (depth > bounds.templateValueDepthMax.value) throw new TemplateFailure("A value is nested too deep");
  const within = (each: TemplateValue): string => plainText(each, meter, depth + 1);
  let text: string;
  if (value instanceof TemplateList) text = `[${value.items.map(within).join(", ")}]`;
  else if (value instanceof TemplateMap) {
    text = `{${[...value.entries()].map(([name, each]) => `${name}=${within(each)}`).join(", ")}}`;
  } else text = textOf(value, meter) ?? "null";
  meter.made(text.length);
  return text;
}

/** Returns what belongs to a key, or to `$default` if there is nothing for the key. */
export function ofKey<Value>(values: ReadonlyMap<string, Value>, key: string | undefined): Value | undefined {
  return (key === undefined ? undefined : values.get(key)) ?? values.get(defaultKey);
}
