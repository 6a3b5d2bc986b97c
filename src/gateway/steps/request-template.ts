import type { RequestTemplatesPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { mediaTypeOf } from "../integrations/media-types.ts";

/** What is sent to the integration: a template's text, the request's own body, or nothing because AWS refuses with 415. */
export type RequestBody =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "pass" }
  | { readonly kind: "refuse" };

const pass: RequestBody = { kind: "pass" };
const refuse: RequestBody = { kind: "refuse" };

/** Chooses by the request's content type. AWS: API Gateway Developer Guide, "Integration passthrough behaviors". */
export function linkRequestTemplates(plan: RequestTemplatesPlan): (exchange: Exchange) => RequestBody {
  const bodies = new Map<string, RequestBody>(
    Object.entries(plan.templates).map(([mediaType, text]) => [
      mediaType,
      text === null ? pass : { kind: "text", text },
    ]),
  );
  const isRefusedUnmatched =
    plan.passthrough === "NEVER" || (plan.passthrough === "WHEN_NO_TEMPLATES" && bodies.size > 0);
  const unmatched = isRefusedUnmatched ? refuse : pass;
  return (exchange) => {
    const contentType = exchange.request.header("content-type");
    return bodies.get(contentType === undefined ? "application/json" : mediaTypeOf(contentType)) ?? unmatched;
  };
}
