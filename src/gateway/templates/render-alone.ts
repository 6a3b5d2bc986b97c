import { textOf } from "../../language/java/text-of.ts";
import { TemplateList, TemplateMap } from "../../language/java/values.ts";
import { type ParsedJson, parseJsonText } from "../../language/json-text.ts";
import { Meter } from "../../language/meter.ts";
import { compileTemplate } from "../../language/vtl/compile-template.ts";
import { parseTemplate } from "../../language/vtl/parse-template.ts";
import { apiGatewayPolicy } from "../../language/vtl/template-policy.ts";
import { mediaTypeOf } from "../integrations/media-types.ts";
import { makeUnsentExchange, type NamedValues } from "../unsent-exchange.ts";
import type { OverriddenValues, Overrides } from "./overrides.ts";
import { Payload } from "./payload.ts";
import { Rendering, type Side } from "./rendering.ts";
import { stageVariablesObject } from "./stage-variables-object.ts";
import { templateScope } from "./template-scope.ts";

/** What a template is rendered with. JSON is given as text, so that an error in it has a line and column. */
export interface AloneInput {
  readonly template: string;
  readonly side: Side;
  /** The request's body, or the integration's answer. */
  readonly body?: Buffer | undefined;
  /** `$context` as a JSON object; variables that it does not name have made-up values. */
  readonly context?: string | undefined;
  /**
   * The parameters as `$input.params()` returns them: `{"path": {}, "querystring": {}, "header": {}}`; several values
   * are a list.
   */
  readonly params?: string | undefined;
  readonly stageVariables?: string | undefined;
  /** The media type that the output should have; application/json by default. */
  readonly contentType?: string | undefined;
  readonly nowMs: number;
}

/** Where a problem is: in one of the inputs, or in the output. */
export type AloneSource = "template" | "body" | "context" | "params" | "stageVariables" | "output";

export interface AloneProblem {
  readonly source: AloneSource;
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** Values by name, by place: `header`, `querystring`, `path`. */
type ByPlace = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** The values that the template set in `$context.requestOverride` and `$context.responseOverride`. */
export interface TemplateOverrides {
  readonly request: ByPlace;
  readonly response: ByPlace;
  readonly status?: number;
}

export type AloneOutcome =
  | { readonly kind: "failure"; readonly problem: AloneProblem }
  | {
      readonly kind: "text";
      readonly text: string;
      readonly overrides: TemplateOverrides;
      /** Set if the output should be JSON and is not. */
      readonly warning: AloneProblem | undefined;
    };

/** Renders a mapping template without a server, with the engine, the variables and the bounds of a gateway thread. */
export function renderAlone(input: AloneInput): AloneOutcome {
  try {
    return render(input);
  } catch (error) {
    if (error instanceof WrongInput) return { kind: "failure", problem: error.problem };
    throw error;
  }
}

/** Returns why a mapping template can't be parsed, and where in it; undefined if it can be. */
export function findTemplateProblem(template: string): Omit<AloneProblem, "source"> | undefined {
  // Without these Velocity has nothing to evaluate.
  if (!/[$#]/.test(template)) return undefined;
  const parsed = parseTemplate(template);
  if (parsed.kind === "template") return undefined;
  const { message, line, column } = parsed;
  return { message, line, column };
}

class WrongInput extends Error {
  readonly problem: AloneProblem;
  constructor(problem: AloneProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

function render(input: AloneInput): AloneOutcome {
  const { template, side, contentType, nowMs } = input;
  const context = readObject(input, "context");
  const params = readObject(input, "params");
  const headers = readTexts(params, "params", "header");
  const exchange = makeUnsentExchange({
    method: readTexts(context, "context").find(({ name }) => name === "httpMethod")?.values[0] ?? "POST",
    path: readTexts(params, "params", "path"),
    query: readTexts(params, "params", "querystring"),
    headers:
      side === "request" && contentType !== undefined
        ? [...headers, { name: "Content-Type", values: [contentType] }]
        : headers,
    nowMs,
  });
  const variables = readTexts(readObject(input, "stageVariables"), "stageVariables");
  const stageVariables = stageVariablesObject(
    Object.fromEntries(variables.map(({ name, values }) => [name, values[0] ?? ""])),
  );
  const payload = new Payload(input.body);
  const rendering = new Rendering(exchange, side, payload, context);
  const parsed = parseTemplate(template);
  if (parsed.kind === "problem") return failure("template", parsed);
  const rendered = compileTemplate(parsed, apiGatewayPolicy).render(templateScope(rendering, stageVariables));
  if (rendered.kind === "failure") {
    const { json } = payload;
    if (rendering.malformed === undefined || json.kind !== "malformed") return failure("template", rendered);
    throw new WrongInput(malformed("body", "The template asks for JSON", json));
  }
  const { text } = rendered;
  const overridden = exchange.overrides?.of(side, "header").get("content-type")?.values.at(-1);
  return {
    kind: "text",
    text,
    overrides: overridesMade(exchange.overrides),
    warning: checkOutput(text, overridden ?? contentType ?? "application/json"),
  };
}

const failure = (source: AloneSource, { message, line, column }: Omit<AloneProblem, "source">): AloneOutcome => ({
  kind: "failure",
  problem: { source, message, line, column },
});

function checkOutput(text: string, contentType: string): AloneProblem | undefined {
  if (!/[/+]json$/.test(mediaTypeOf(contentType)) || text.trim() === "") return undefined;
  const parsed = parseJsonText(text);
  return parsed.kind === "value" ? undefined : malformed("output", "The output is not JSON", parsed);
}

/**
 * Makes a problem of the parser's message, without the part that it adds for AWS. The parser's column is one behind the
 * character that it failed at.
 */
function malformed(source: AloneSource, what: string, { detail, line, column }: MalformedJson): AloneProblem {
  return { source, message: `${what}: ${detail.split("\n", 1)[0]}`, line, column: Math.max(1, column - 1) };
}

type MalformedJson = Extract<ParsedJson, { readonly kind: "malformed" }>;

function overridesMade(overrides: Overrides | undefined): TemplateOverrides {
  const of = (side: Side): ByPlace => {
    const places = (["header", "querystring", "path"] as const).map(
      (place) => [place, valuesByName(overrides?.of(side, place))] as const,
    );
    return Object.fromEntries(places.filter(([, values]) => Object.keys(values).length > 0));
  };
  const status = overrides?.status;
  return { request: of("request"), response: of("response"), ...(status !== undefined && { status }) };
}

const valuesByName = (values: OverriddenValues | undefined): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries([...(values?.values() ?? [])].map((one) => [one.name, one.values]));

/** Reads an input that must be a JSON object. */
function readObject(input: AloneInput, source: "context" | "params" | "stageVariables"): TemplateMap | undefined {
  const text = input[source];
  if (text === undefined) return undefined;
  const parsed = parseJsonText(text);
  if (parsed.kind === "malformed") throw new WrongInput(malformed(source, "This is not JSON", parsed));
  if (parsed.value instanceof TemplateMap) return parsed.value;
  throw new WrongInput({ source, message: "This is not a JSON object", line: 1, column: 1 });
}

/** Returns the members of an object, or of an object in it, as texts. */
function readTexts(map: TemplateMap | undefined, source: AloneSource, member?: string): NamedValues[] {
  const found = member === undefined ? map : map?.member(member);
  if (found === undefined) return [];
  if (!(found instanceof TemplateMap)) {
    throw new WrongInput({ source, message: `"${member}" is not a JSON object`, line: 1, column: 1 });
  }
  const meter = new Meter();
  return [...found.entries()].map(([name, value]) => ({
    name: String(name),
    values: (value instanceof TemplateList ? value.items : [value]).map((item) => textOf(item, meter) ?? ""),
  }));
}
