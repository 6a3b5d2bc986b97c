import { bounds } from "../../base/bounds.ts";
import { textOf, writeJson } from "../../language/java/text-of.ts";
import {
  type HostMethod,
  HostObject,
  type HostType,
  nothing,
  TemplateMap,
  type TemplateValue,
} from "../../language/java/values.ts";
import { JsonPathFailure } from "../../language/json-path/evaluation.ts";
import { type JsonPath, parseJsonPath } from "../../language/json-path/json-path.ts";
import { type Meter, TemplateFailure } from "../../language/meter.ts";
import { eventHeaders } from "../integrations/lambda-event.ts";
import { droppedFromLambdaEvent, isGatewaySignature, nameBehindFront } from "../responses/header-remapping.ts";
import type { Rendering } from "./rendering.ts";

/**
 * `$input`. In a response template, body, json and path refer to the integration's answer, and params to the request.
 * AWS: API Gateway Developer Guide, "Variables for data transformations for API Gateway", `$input` variables.
 */
interface Input {
  readonly rendering: Rendering;
  params: TemplateMap | undefined;
}

const methods: ReadonlyMap<string, HostMethod<Input>> = new Map<string, HostMethod<Input>>([
  [
    "json",
    (input, [path], meter) => {
      const found = find(input, path, meter);
      // AWS quirk: a value that is missing is an empty JSON string.
      return found === undefined ? '""' : writeJson(found, meter);
    },
  ],
  ["path", (input, [path], meter) => find(input, path, meter) ?? nothing],
  ["params", (input, args, meter) => (args.length === 0 ? allParams(input) : param(input, args[0]!, meter))],
  ["getBody", ({ rendering }) => body(rendering)],
]);

const inputType: HostType<Input> = {
  name: "$input",
  methods,
  property: ({ rendering }, name) => (name === "body" ? body(rendering) : null),
  text: () => "$input",
};

/** AWS quirk: the body of a request without one is `{}`, even as text, as observed. */
const body = ({ side, payload }: Rendering): string =>
  side === "request" && payload.text === "" ? "{}" : payload.text;

export const inputObject = (rendering: Rendering): HostObject =>
  HostObject.of(inputType, { rendering, params: undefined });

/** Returns what a path finds in the payload. */
function find({ rendering }: Input, argument: TemplateValue | undefined, meter: Meter): TemplateValue | undefined {
  const text = argument === undefined ? undefined : textOf(argument, meter);
  if (typeof text !== "string") throw new TemplateFailure("The JSONPath is null");
  const path = jsonPathOf(text, meter);
  const { json } = rendering.payload;
  if (json.kind === "malformed") {
    rendering.malformed = json.detail;
    throw new TemplateFailure(`Could not parse request body into json: ${json.detail}`);
  }
  try {
    return path.evaluate(json.value, meter);
  } catch (error) {
    if (error instanceof JsonPathFailure) throw new TemplateFailure(`JSONPath ${text}: ${error.message}`);
    throw error;
  }
}

/** Parsed paths. They are nearly always literals of templates, so there are few. */
const jsonPaths = new Map<string, JsonPath>();

function jsonPathOf(text: string, meter: Meter): JsonPath {
  const known = jsonPaths.get(text);
  if (known !== undefined) return known;
  meter.step(text.length);
  const parsed = parseJsonPath(text);
  if (parsed.kind === "invalid") {
    throw new TemplateFailure(`Invalid JSONPath ${text.slice(0, 128)}, column ${parsed.column}: ${parsed.detail}`);
  }
  if (jsonPaths.size >= bounds.jsonPathsCachedMax.value) jsonPaths.clear();
  jsonPaths.set(text, parsed.path);
  return parsed.path;
}

/**
 * Returns a parameter of the first of path, query and headers that has it, or an empty text. Names are compared with
 * their case, as on AWS.
 */
function param(input: Input, argument: TemplateValue, meter: Meter): TemplateValue {
  const name = textOf(argument, meter);
  if (name === null) return "";
  const { exchange } = input.rendering;
  // Making all headers takes longer than looking for one.
  meter.step(exchange.request.headerNames.length >> (gatewayHeaders.has(name) ? 0 : 4));
  const path = exchange.pathParameter(name);
  if (path !== undefined) return path;
  const query = exchange.rawQuery === "" ? undefined : exchange.query.get(name)?.at(-1);
  if (query !== undefined) return query;
  if (gatewayHeaders.has(name)) return eventHeaders(exchange).get(name)?.at(-1) ?? "";
  const { rawHeaders, headerNames } = exchange.request;
  const isEdgeOptimized = exchange.program.plan.isEdgeOptimized === true;
  for (let index = headerNames.length - 1; index >= 0; index--) {
    const lowerName = headerNames[index]!;
    const sent = rawHeaders[2 * index]!;
    if ((isEdgeOptimized ? nameBehindFront(sent, lowerName) : sent) !== name) continue;
    const value = rawHeaders[2 * index + 1]!;
    return droppedFromLambdaEvent.has(lowerName) || isGatewaySignature(lowerName, value) ? "" : value;
  }
  return "";
}

/** The headers that the gateway itself adds to a request. */
const gatewayHeaders: ReadonlySet<string> = new Set([
  "X-Amzn-Trace-Id",
  "X-Forwarded-For",
  "X-Forwarded-Port",
  "X-Forwarded-Proto",
]);

function allParams(input: Input): TemplateMap {
  if (input.params !== undefined) return input.params;
  const { exchange } = input.rendering;
  const path = new TemplateMap();
  for (const [index, name] of exchange.pathNames.entries()) path.set(name, exchange.pathValues[index]!);
  const params = new TemplateMap();
  params.set("path", path);
  params.set("querystring", lastValues(exchange.query));
  params.set("header", lastValues(eventHeaders(exchange)));
  input.params = params;
  return params;
}

function lastValues(all: ReadonlyMap<string, readonly string[]>): TemplateMap {
  const map = new TemplateMap();
  for (const [name, values] of all) map.set(name, values[values.length - 1]!);
  return map;
}
