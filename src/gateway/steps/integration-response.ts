import { parseJavaPattern } from "../../language/java-pattern.ts";
import type { IntegrationResponsePlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { mediaTypeOf } from "../integrations/media-types.ts";
import { setHeader } from "../responses/gateway-responses.ts";
import { linkValue, type ReadValue } from "../values.ts";

/** One integration response, linked. */
export interface IntegrationResponse {
  readonly plan: IntegrationResponsePlan;
  readonly headers: readonly { readonly name: string; readonly read: ReadValue }[];
}

/** Finds the integration response for what the integration answered; undefined if there is none, not even a default. */
export type SelectResponse = (status: string) => IntegrationResponse | undefined;

/**
 * AWS: API Gateway Developer Guide, "Set up an integration response in API Gateway": the first whose selection pattern
 * matches the whole status, else the one without a pattern. Answers are remembered: a status is one of 900 numbers.
 */
export function linkSelection(plans: readonly IntegrationResponsePlan[]): SelectResponse {
  const responses = plans.map((plan) => ({
    plan,
    headers: plan.headers.map(({ name, value }) => ({ name, read: linkValue(value) })),
    pattern: plan.selectionPattern === undefined ? undefined : linkPattern(plan.selectionPattern),
  }));
  const byDefault = responses.find(({ pattern }) => pattern === undefined);
  const known = new Map<string, IntegrationResponse | undefined>();
  return (status) => {
    if (known.has(status)) return known.get(status);
    const selected = responses.find(({ pattern }) => pattern?.matches(status)) ?? byDefault;
    if (known.size < 1_000) known.set(status, selected);
    return selected;
  };
}

function linkPattern(source: string): { matches(text: string): boolean } {
  const parsed = parseJavaPattern(source);
  // The compiler closes methods with patterns that can't be parsed; one that gets here matches nothing.
  return parsed.kind === "pattern" ? parsed.pattern : { matches: () => false };
}

/** What the client gets of an integration's body: what a template makes of it, or the body itself. */
export interface ChosenTemplate {
  readonly mediaType: string | undefined;
  /** null: the body as it is. */
  readonly text: string | null;
}

const passBody: ChosenTemplate = { mediaType: undefined, text: null };

/**
 * The response template: under the first media type that the request accepts, else the first one there is.
 * AWS: "Integration passthrough behaviors"; fact sheet §4.1.
 */
export function chooseResponseTemplate(exchange: Exchange, plan: IntegrationResponsePlan): ChosenTemplate {
  const accept = exchange.request.header("accept");
  const wanted = accept === undefined ? "application/json" : mediaTypeOf(accept.split(",", 1)[0]!);
  const { templates } = plan;
  if (Object.hasOwn(templates, wanted)) return { mediaType: wanted, text: templates[wanted]! };
  for (const mediaType in templates) return { mediaType, text: templates[mediaType]! };
  return passBody;
}

/** The headers of a method's response: those that are mapped, and the content type. */
export function writeResponseHeaders(
  exchange: Exchange,
  response: IntegrationResponse,
  template: ChosenTemplate,
): string[] {
  const headers = ["Content-Type", template.mediaType ?? "application/json"];
  for (const { name, read } of response.headers) {
    const value = read(exchange);
    if (value === undefined) continue;
    if (typeof value === "string") setHeader(headers, name, value);
    else for (const each of value) headers.push(name, each);
  }
  return headers;
}
