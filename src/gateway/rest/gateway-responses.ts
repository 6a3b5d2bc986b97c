import type { GatewayResponsePlan } from "../../plan/steps.ts";
import type { ValuePlan } from "../../plan/values.ts";
import type { Exchange } from "../exchange.ts";
import { setHeader } from "../header-list.ts";
import { addHint, type Failure, type FailureResponses, type FailureType, failureLine } from "../responses/failure.ts";
import { asText, linkText, linkValue, type ReadValue } from "../values.ts";
import { type GatewayResponseFacts, gatewayResponseTypes } from "./gateway-response-types.ts";

interface CustomResponse {
  readonly statusCode: number | undefined;
  readonly headers: readonly { readonly name: string; readonly read: ReadValue }[];
  /** The templates by media type; the first one is for callers who accept none of the types. */
  readonly templates: ReadonlyMap<string, (exchange: Exchange) => string>;
}

/**
 * An API's gateway responses. The type's own customisation applies; without one, DEFAULT_4XX or DEFAULT_5XX; without
 * those, the built-in response.
 * AWS: API Gateway Developer Guide, "Gateway responses for REST APIs in API Gateway".
 */
export class GatewayResponses implements FailureResponses {
  readonly #customised: ReadonlyMap<string, CustomResponse>;

  constructor(plans: Readonly<Record<string, GatewayResponsePlan>>) {
    this.#customised = new Map(Object.entries(plans).map(([type, plan]) => [type, link(plan)]));
  }

  /** Answers the exchange with a gateway response. */
  finish(exchange: Exchange, type: FailureType, failure: Failure): false {
    if (exchange.isComplete) return false;
    const facts: GatewayResponseFacts = gatewayResponseTypes[type];
    const message = failure.message ?? facts.message;
    const builtInStatus = failure.status ?? facts.status;
    exchange.error = { type, message, validationErrorString: failure.validationErrorString, builtInStatus };
    const fallback = this.#customised.get(facts.parent);
    const customised = this.#customised.get(type) ?? fallback;
    if (failure.isPlain === true && customised === undefined) return answerPlainly(exchange, facts.status, failure);
    const status = customised?.statusCode ?? fallback?.statusCode ?? builtInStatus;
    const headers: string[] = [];
    const phase = failure.phase ?? facts.phase;
    const body = writeBody(exchange, { ...facts, phase, message }, { customised, headers });
    headers.push("x-amzn-ErrorType", failure.errorType ?? facts.errorType);
    for (const { name, read } of customised?.headers ?? []) {
      const value = asText(read(exchange));
      if (value !== undefined) setHeader(headers, name, value);
    }
    exchange.trace?.addFailure(failure.log ?? [failureLine(type, message, failure.detail)], {
      type,
      status,
      headers,
      body,
      hint: failure.hint,
    });
    if (failure.hint !== undefined) addHint(exchange.request, headers, failure.hint);
    exchange.respond(status, headers, body);
    return false;
  }
}

/** Answers as AWS's front end does, before any API sees the request. */
function answerPlainly(exchange: Exchange, status: number, { message, hint }: Failure): false {
  const headers = ["Content-Type", "text; charset=utf-8"];
  if (hint !== undefined) addHint(exchange.request, headers, hint);
  exchange.status = status;
  exchange.trace?.addFailure([`Execution failed: ${message}`]);
  exchange.answer.respond(status, headers, message);
  exchange.complete();
  return false;
}

function writeBody(
  exchange: Exchange,
  { phase, message, member = "message" }: Pick<GatewayResponseFacts, "phase" | "message" | "member">,
  options: { readonly customised: CustomResponse | undefined; readonly headers: string[] },
): string {
  const templates = options.customised?.templates;
  if (templates === undefined || templates.size === 0) {
    options.headers.push("Content-Type", "application/json");
    const text = JSON.stringify(message);
    return phase === "front" ? `{"${member}":${text}}` : `{"${member}": ${text}}`;
  }
  const mediaType = chooseMediaType(exchange, templates);
  options.headers.push("Content-Type", mediaType);
  return templates.get(mediaType)!(exchange);
}

/**
 * Returns the first media type that the request accepts and that has a template; otherwise JSON; otherwise the first
 * template's type.
 */
function chooseMediaType(exchange: Exchange, templates: ReadonlyMap<string, unknown>): string {
  const accepted = exchange.request.header("accept")?.slice(0, 1_024).split(",") ?? [];
  for (const range of accepted) {
    const mediaType = range.split(";", 1)[0]!.trim().toLowerCase();
    if (templates.has(mediaType)) return mediaType;
  }
  return templates.has("application/json") ? "application/json" : [...templates.keys()][0]!;
}

/**
 * Unconfirmed: the value contains quotes and templates put quotes around it, so they are escaped in JSON;
 * see docs/compatibility.md, "$context.error.validationErrorString".
 */
const escapeValidationError = (value: string, plan: ValuePlan): string =>
  plan.kind === "context" && plan.name === "error.validationErrorString" ? JSON.stringify(value).slice(1, -1) : value;

function link(plan: GatewayResponsePlan): CustomResponse {
  return {
    statusCode: plan.statusCode,
    headers: plan.headers.map(({ name, value }) => ({ name, read: linkValue(value) })),
    templates: new Map(
      Object.entries(plan.templates).map(([mediaType, text]) => {
        const isJson = mediaType.endsWith("json");
        return [mediaType, linkText(text, isJson ? { escape: escapeValidationError } : {})];
      }),
    ),
  };
}
