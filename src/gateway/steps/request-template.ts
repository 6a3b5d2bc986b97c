import type { RequestTemplatesPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { type Conversion, encodeBase64, linkRequestContent } from "../integrations/content-handling.ts";
import { requestMediaType } from "../integrations/media-types.ts";
import { collectBody } from "../integrations/request-body.ts";
import type { LinkContext } from "../link-context.ts";
import { configurationError } from "../responses/failure.ts";
import { linkSelectionKey, ofKey } from "../selection.ts";
import { linkFailureLog, linkTemplate, type Template } from "../templates/link-template.ts";
import { Payload } from "../templates/payload.ts";
import type { ThreadContext } from "../thread-context.ts";

/**
 * What is sent to the integration: a template's text, the request's own body, or nothing because AWS refuses the
 * request.
 */
export type RequestBody =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "template"; readonly template: Template }
  | { readonly kind: "pass" }
  /** The refusal: 415 because of the passthrough behavior, 500 for bytes where a template wants text. */
  | { readonly kind: "refuse"; readonly type: "UNSUPPORTED_MEDIA_TYPE" | "API_CONFIGURATION_ERROR" };

const pass: RequestBody = { kind: "pass" };
const refuse: RequestBody = { kind: "refuse", type: "UNSUPPORTED_MEDIA_TYPE" };
const refuseOpaque: RequestBody = { kind: "refuse", type: "API_CONFIGURATION_ERROR" };

/**
 * Links the choice of a request template by the request's content type. AWS: API Gateway Developer Guide, "Integration
 * passthrough behaviors".
 */
export function linkRequestTemplates(
  plan: RequestTemplatesPlan,
  { stage, method, thread }: LinkContext,
): (exchange: Exchange) => RequestBody {
  const { stageVariables, binaryMediaTypes } = stage;
  const onFailure = linkFailureLog(stage, method, thread.logger);
  const { runJob } = thread;
  const bodies = new Map<string, RequestBody>();
  for (const [mediaType, template] of Object.entries(plan.templates)) {
    if (template === null) bodies.set(mediaType, pass);
    else if (typeof template === "string") bodies.set(mediaType, { kind: "text", text: template });
    else {
      const linked = linkTemplate(template, { side: "request", mediaType, stageVariables, onFailure, runJob });
      bodies.set(mediaType, { kind: "template", template: linked });
    }
  }
  const isRefusedUnmatched =
    plan.passthrough === "NEVER" || (plan.passthrough === "WHEN_NO_TEMPLATES" && bodies.size > 0);
  const unmatched = isRefusedUnmatched ? refuse : pass;
  const selectKey = plan.selection && linkSelectionKey(plan.selection);
  const choose = (exchange: Exchange): RequestBody => {
    const mediaType = selectKey === undefined ? requestMediaType(exchange.request) : (selectKey(exchange) ?? "");
    const body = (selectKey === undefined ? bodies.get(mediaType) : ofKey(bodies, mediaType)) ?? unmatched;
    exchange.trace?.add({ kind: "request-template", mediaType, choice: body.kind });
    return body;
  };
  const contentOf = linkRequestContent(plan.contentHandling, binaryMediaTypes);
  if (contentOf === undefined) return choose;
  return (exchange) => {
    const body = choose(exchange);
    const isTransformed = body.kind === "text" || body.kind === "template";
    return isTransformed && contentOf(exchange).isOpaque ? refuseOpaque : body;
  };
}

/** Answers a request that AWS does not send to the integration. */
export function refuseRequest(exchange: Exchange, { type }: Extract<RequestBody, { readonly kind: "refuse" }>): false {
  if (type === "UNSUPPORTED_MEDIA_TYPE") {
    return exchange.program.responses.finish(exchange, type, {
      hint: `no request template is for ${requestMediaType(exchange.request)}, and the passthrough behavior refuses others`,
    });
  }
  const detail = `Unable to transform request: ${requestMediaType(exchange.request)} is one of binaryMediaTypes, and the integration's contentHandling is not CONVERT_TO_TEXT`;
  return exchange.program.responses.finish(exchange, type, configurationError(detail));
}

/**
 * Reads the whole request body, for templates and mappings, and continues with it, or answers the exchange if it can't
 * be read. Bytes that are to become text are base64 by then; text that is to become bytes is converted after templates.
 */
export function withPayload(
  exchange: Exchange,
  { thread, conversion }: { readonly thread: ThreadContext; readonly conversion: Conversion },
  goOn: (body: Buffer | undefined) => void,
): void {
  if (!exchange.request.hasBody) {
    exchange.requestPayload ??= new Payload(undefined);
    goOn(undefined);
    return;
  }
  collectBody(exchange, thread, (body) => {
    if (conversion === "encode") {
      const encoded = encodeBase64(body);
      exchange.requestPayload = new Payload(encoded);
      goOn(encoded);
    } else {
      exchange.requestPayload ??= new Payload(body);
      goOn(body);
    }
  });
}

/**
 * Goes on with the result of a request template, now or later, or answers the exchange as AWS does if the template fails.
 */
export function renderRequest(exchange: Exchange, template: Template, goOn: (text: string) => void): void {
  template.render(exchange, exchange.requestPayload, (outcome) => {
    switch (outcome.kind) {
      case "text":
        traceTemplate(exchange, template, outcome.text);
        goOn(outcome.text);
        break;
      case "malformed":
        refuseMalformed(exchange, outcome.detail);
        break;
      case "failure":
        exchange.program.responses.finish(
          exchange,
          "API_CONFIGURATION_ERROR",
          configurationError(`Unable to transform request: ${outcome.detail}`),
        );
    }
  });
}

/** Answers as AWS does where a template set a header that nobody may set; true: it set none. */
export function checkOverrides(exchange: Exchange, reserved: ReadonlySet<string>): boolean {
  for (const lowerName of exchange.overrides?.of("request", "header").keys() ?? []) {
    if (!reserved.has(lowerName)) continue;
    const detail = `Illegal header in the integration request: $context.requestOverride.header.${lowerName}`;
    exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", configurationError(detail));
    return false;
  }
  return true;
}

/** Records a template's result in the trace, if there is one. */
export function traceTemplate(exchange: Exchange, { side, mediaType }: Template, text: string): void {
  exchange.trace?.add({ kind: "template", side, mediaType, output: exchange.trace.body(text) });
}

/**
 * Answers an exchange whose body is not JSON where JSON is needed.
 * Unconfirmed: the gateway response type; status and words are AWS's, as users quote them;
 * see docs/compatibility.md, "templates, a body that is not JSON".
 */
export function refuseMalformed(
  exchange: Exchange,
  detail: string,
  hint = "the request's body has to be JSON here: a template or the function reads it as that",
): void {
  exchange.program.responses.finish(exchange, "DEFAULT_4XX", {
    status: 400,
    message: `Could not parse request body into json: ${detail}`,
    phase: "execution",
    hint,
  });
}
