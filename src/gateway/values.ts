import { bounds } from "../base/bounds.ts";
import type { RunJob } from "../base/job.ts";
import { type JsonPath, parseJsonPath } from "../language/json-path/json-path.ts";
import { Meter, TemplateFailure } from "../language/meter.ts";
import type { PlanKind } from "../plan/kinds.ts";
import type { BodyValuePlan, TextPlan, ValuePlan } from "../plan/values.ts";
import { linkVariable } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { forwardingHeader, isForwardingHeader } from "./forwarding-headers.ts";
import { runExchangeJob } from "./run-exchange-job.ts";
import { mappedText } from "./templates/mapped-text.ts";
import { FunctionErrorPayload, type Payload } from "./templates/payload.ts";
import { findJob } from "./templates/payload-jobs.ts";

/** Returns a value of a request: several if the expression asks for all of them, undefined if there is none. */
export type ReadValue = (exchange: Exchange) => string | readonly string[] | undefined;

/** Links a value, of any kind of API or of one. AWS: "Amazon API Gateway API request and response data mapping reference". */
export function linkValue(plan: ValuePlan, kind?: PlanKind): ReadValue {
  switch (plan.kind) {
    case "literal":
      return () => plan.text;
    case "unset":
      return () => undefined;
    case "context":
      return linkVariable(plan.name, kind);
    case "request":
      return linkRequestValue(plan);
    case "input-parameter":
      return linkInputParameter(plan.name);
    case "request-path":
      return ({ pathAsSent }) => pathAsSent;
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
    case "unset":
      return `stageVariables.${plan.variable}`;
    case "context":
      return `context.${plan.name}`;
    case "request":
      return `method.request.${plan.isMultiValue ? "multivalue" : ""}${plan.place}.${plan.name}`;
    case "input-parameter":
      return `method.input.params.${plan.name}`;
    case "request-path":
      return "request.path";
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
function linkBodyValue({ of, jsonPath, bytesMax }: BodyValuePlan): ReadValue {
  const payloadOf = (exchange: Exchange): Payload | undefined =>
    of === "request" ? exchange.requestPayload : exchange.integrationPayload;
  if (jsonPath === undefined) return (exchange) => payloadOf(exchange)?.text;
  const parsed = parseJsonPath(jsonPath);
  // The compiler closes methods with paths that can't be parsed.
  if (parsed.kind === "invalid") return () => undefined;
  const { path } = parsed;
  return (exchange) => {
    const payload = payloadOf(exchange);
    if (payload === undefined || (bytesMax !== undefined && payload.source.length > bytesMax)) return undefined;
    return payload.found?.has(jsonPath) === true ? payload.found.get(jsonPath) : mappedText(payload, path);
  };
}

/** The JSONPaths that values look for in a body, each once. */
export interface BodyPaths {
  readonly texts: readonly string[];
  /** Those of them that look at more than one value on each level. */
  readonly costly: readonly { readonly text: string; readonly path: JsonPath }[];
}

export function linkBodyPaths(values: readonly (ValuePlan | string)[]): BodyPaths {
  const texts = new Set<string>();
  for (const value of values) {
    if (typeof value === "object" && value.kind === "body" && value.jsonPath !== undefined) texts.add(value.jsonPath);
  }
  const costly = [...texts].flatMap((text) => {
    const parsed = parseJsonPath(text);
    return parsed.kind === "path" && !parsed.path.isPlain ? [{ text, path: parsed.path }] : [];
  });
  return { texts: [...texts], costly };
}

/**
 * Finds what values look for in a body before they are read: of a large body, and where it takes many steps, outside of the
 * gateway thread. Goes on at once if there is nothing of that kind.
 */
export function findInBody(
  exchange: Exchange,
  {
    payload,
    paths,
    runJob,
  }: { readonly payload: Payload | undefined; readonly paths: BodyPaths; readonly runJob: RunJob },
  goOn: () => void,
): void {
  const { texts, costly } = paths;
  const isHere = payload === undefined || texts.length === 0 || (!payload.isLarge && isFoundHere(payload, costly));
  if (isHere) {
    goOn();
    return;
  }
  const isFunctionError = payload instanceof FunctionErrorPayload;
  runExchangeJob(
    exchange,
    { runJob, job: findJob, input: { payload: payload.source, isFunctionError, paths: texts } },
    (found) => {
      payload.found = new Map(texts.map((text, index) => [text, found[index]]));
      goOn();
    },
  );
}

function isFoundHere(payload: Payload, costly: BodyPaths["costly"]): boolean {
  if (costly.length === 0) return true;
  const meter = new Meter(bounds.templateStepsMaxHere.value);
  try {
    payload.found = new Map(costly.map(({ text, path }) => [text, mappedText(payload, path, meter)]));
    return true;
  } catch (error) {
    if (error instanceof TemplateFailure) return false;
    throw error;
  }
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
      // AWS's front end adds these before the method sees the request, so no client chooses them.
      if (isForwardingHeader(lower)) return (exchange) => forwardingHeader(exchange, lower);
      if (!isMultiValue) return (exchange) => exchange.request.header(lower);
      return (exchange) => pick(headerValues(exchange.request.rawHeaders, lower), true);
    }
  }
}

const inputPlaces = ["path", "querystring", "header"] as const;

/**
 * Links `method.input.params.{name}`. AWS: API Gateway Developer Guide, "Set up gateway response customization in OpenAPI"
 * shows it; the order is that of `$input.params(x)`.
 */
function linkInputParameter(name: string): ReadValue {
  const reads = inputPlaces.map((place) => linkRequestValue({ kind: "request", place, name, isMultiValue: false }));
  return (exchange) => {
    for (const read of reads) {
      const value = read(exchange);
      if (value !== undefined) return value;
    }
    return undefined;
  };
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
  options: {
    readonly unresolved?: string;
    readonly escape?: (value: string, plan: ValuePlan) => string;
    readonly kind?: PlanKind;
  } = {},
): (exchange: Exchange) => string {
  const { unresolved = "" } = options;
  const parts = plan.map((part) =>
    typeof part === "string" ? part : { plan: part, read: linkValue(part, options.kind) },
  );
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
