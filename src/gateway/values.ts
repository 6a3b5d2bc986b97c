import { JsonPathFailure } from "../language/json-path/evaluation.ts";
import { parseJsonPath } from "../language/json-path/json-path.ts";
import { JsonTooDeep, printJson } from "../language/json-text.ts";
import type { BodyValuePlan, TextPlan, ValuePlan } from "../plan/values.ts";
import { linkVariable } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { Payload } from "./templates/payload.ts";

/** Returns a value of a request: several if the expression asks for all of them, undefined if there is none. */
export type ReadValue = (exchange: Exchange) => string | readonly string[] | undefined;

/** Links a value. AWS: "Amazon API Gateway API request and response data mapping reference". */
export function linkValue(plan: ValuePlan): ReadValue {
  switch (plan.kind) {
    case "literal":
      return () => plan.text;
    case "context":
      return linkVariable(plan.name);
    case "request":
      return linkRequestValue(plan);
    case "response-header": {
      const name = plan.name.toLowerCase();
      return (exchange) => pick(headerValues(exchange.integrationHeaders, name), plan.isMultiValue);
    }
    case "body":
      return linkBodyValue(plan);
  }
}

/** Returns a value as a mapping expression. */
export function describeValue(plan: ValuePlan): string {
  switch (plan.kind) {
    case "literal":
      return plan.variable === undefined ? `'${plan.text}'` : `stageVariables.${plan.variable}`;
    case "context":
      return `context.${plan.name}`;
    case "request":
      return `method.request.${plan.isMultiValue ? "multivalue" : ""}${plan.place}.${plan.name}`;
    case "response-header":
      return `integration.response.${plan.isMultiValue ? "multivalue" : ""}header.${plan.name}`;
    case "body": {
      const body = plan.of === "request" ? "method.request.body" : "integration.response.body";
      return plan.jsonPath === undefined ? body : `${body}.${plan.jsonPath}`;
    }
  }
}

/**
 * Links a body's JSONPath: a text that it finds is used as it is, everything else as JSON. A body that is not JSON has
 * no value.
 */
function linkBodyValue({ of, jsonPath }: BodyValuePlan): ReadValue {
  const payloadOf = (exchange: Exchange): Payload | undefined =>
    of === "request" ? exchange.requestPayload : exchange.integrationPayload;
  if (jsonPath === undefined) return (exchange) => payloadOf(exchange)?.text;
  const parsed = parseJsonPath(jsonPath);
  // The compiler closes methods with paths that can't be parsed.
  if (parsed.kind === "invalid") return () => undefined;
  return (exchange) => {
    try {
      const found = payloadOf(exchange)?.find(parsed.path);
      if (found === undefined || found === null || typeof found === "string") return found ?? undefined;
      return printJson(found);
    } catch (error) {
      if (error instanceof JsonPathFailure || error instanceof JsonTooDeep) return undefined;
      throw error;
    }
  };
}

/** Returns whether one of these values comes from a body, which must then be read whole. */
export const readsBody = (values: readonly { readonly value: ValuePlan }[]): boolean =>
  values.some(({ value }) => value.kind === "body");

function linkRequestValue(plan: Extract<ValuePlan, { kind: "request" }>): ReadValue {
  const { name, isMultiValue } = plan;
  switch (plan.place) {
    case "path":
      return (exchange) => exchange.pathParameter(name);
    case "querystring":
      return (exchange) => pick(exchange.query.get(name) ?? [], isMultiValue);
    case "header": {
      const lower = name.toLowerCase();
      if (!isMultiValue) return (exchange) => exchange.request.header(lower);
      return (exchange) => pick(headerValues(exchange.request.rawHeaders, lower), true);
    }
  }
}

/** Returns the last value of a repeated parameter, or all of them. */
function pick(values: readonly string[], isMultiValue: boolean): string | readonly string[] | undefined {
  return isMultiValue && values.length > 0 ? values : values.at(-1);
}

function headerValues(headers: readonly string[], lowerName: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]!.toLowerCase() === lowerName) values.push(headers[index + 1]!);
  }
  return values;
}

/** Returns a value as one text. */
export function asText(value: string | readonly string[] | undefined): string | undefined {
  return value === undefined || typeof value === "string" ? value : value.join(",");
}

/** Links a text with values in it; a value that is missing is empty, or what `unresolved` returns. */
export function linkText(
  plan: TextPlan,
  options: { readonly unresolved?: string; readonly escape?: (value: string, plan: ValuePlan) => string } = {},
): (exchange: Exchange) => string {
  const { unresolved = "" } = options;
  const parts = plan.map((part) => (typeof part === "string" ? part : { plan: part, read: linkValue(part) }));
  return (exchange) => {
    let text = "";
    for (const part of parts) {
      if (typeof part === "string") text += part;
      else {
        const value = asText(part.read(exchange));
        text += value === undefined ? unresolved : (options.escape?.(value, part.plan) ?? value);
      }
    }
    return text;
  };
}
