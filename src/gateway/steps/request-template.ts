import type { RequestTemplatesPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { requestMediaType } from "../integrations/media-types.ts";
import { collectBody } from "../integrations/request-body.ts";
import { linkTemplate, type Template } from "../templates/link-template.ts";
import { Payload } from "../templates/payload.ts";
import type { ThreadContext } from "../thread-context.ts";

/** What is sent to the integration: a template's text, the request's own body, or nothing because AWS refuses with 415. */
export type RequestBody =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "template"; readonly template: Template }
  | { readonly kind: "pass" }
  | { readonly kind: "refuse" };

const pass: RequestBody = { kind: "pass" };
const refuse: RequestBody = { kind: "refuse" };

/** Chooses by the request's content type. AWS: API Gateway Developer Guide, "Integration passthrough behaviors". */
export function linkRequestTemplates(
  plan: RequestTemplatesPlan,
  stageVariables: Readonly<Record<string, string>>,
): (exchange: Exchange) => RequestBody {
  const bodies = new Map<string, RequestBody>();
  for (const [mediaType, template] of Object.entries(plan.templates)) {
    if (template === null) bodies.set(mediaType, pass);
    else if (typeof template === "string") bodies.set(mediaType, { kind: "text", text: template });
    else {
      const linked = linkTemplate(template, { side: "request", mediaType, stageVariables });
      bodies.set(mediaType, { kind: "template", template: linked });
    }
  }
  const isRefusedUnmatched =
    plan.passthrough === "NEVER" || (plan.passthrough === "WHEN_NO_TEMPLATES" && bodies.size > 0);
  const unmatched = isRefusedUnmatched ? refuse : pass;
  return (exchange) => bodies.get(requestMediaType(exchange.request)) ?? unmatched;
}

/** Has the request's body whole, for templates and mappings, and then goes on; else answers by itself. */
export function withPayload(exchange: Exchange, thread: ThreadContext, goOn: (body: Buffer | undefined) => void): void {
  if (!exchange.request.hasBody) {
    exchange.requestPayload ??= new Payload(undefined);
    goOn(undefined);
    return;
  }
  collectBody(exchange, thread, (body) => {
    exchange.requestPayload ??= new Payload(body);
    goOn(body);
  });
}

/** What a request template makes; undefined: it failed, and the exchange is answered as AWS does. */
export function renderRequest(exchange: Exchange, template: Template): string | undefined {
  const outcome = template.render(exchange, exchange.requestPayload);
  switch (outcome.kind) {
    case "text":
      return outcome.text;
    case "malformed":
      refuseMalformed(exchange, outcome.detail);
      return undefined;
    case "failure":
      exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", {
        hint: `Execution failed due to configuration error: Unable to transform request: ${outcome.detail}`,
      });
      return undefined;
  }
}

/**
 * A body that is no JSON where JSON is needed.
 * Unconfirmed: the gateway response type; the status and the words are AWS's, as users quote them.
 */
export function refuseMalformed(exchange: Exchange, detail: string): void {
  exchange.program.responses.finish(exchange, "DEFAULT_4XX", {
    status: 400,
    message: `Could not parse request body into json: ${detail}`,
    phase: "execution",
  });
}
