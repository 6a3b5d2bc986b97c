import type { MockPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import type { RunStep } from "../program.ts";
import {
  chooseResponseTemplate,
  linkSelection,
  type SelectResponse,
  writeResponseHeaders,
} from "./integration-response.ts";
import { linkRequestTemplates } from "./request-template.ts";

/**
 * A MOCK integration: the request template's `statusCode` selects the integration response, whose template is the body.
 * AWS: API Gateway Developer Guide, "Set up mock integrations in API Gateway".
 */
export function linkMock(plan: MockPlan): RunStep {
  const chooseBody = linkRequestTemplates(plan.request);
  const select = linkSelection(plan.responses);
  // Templates are literal text, so what they say is known before any request.
  const statuses = new Map<string, string | undefined>();
  for (const text of Object.values(plan.request.templates))
    if (text !== null) statuses.set(text, parseStatusCode(text));
  return (exchange) => {
    const body = chooseBody(exchange);
    if (body.kind === "refuse") return exchange.program.responses.finish(exchange, "UNSUPPORTED_MEDIA_TYPE");
    if (body.kind === "pass") return answer(exchange, select, "");
    const status = statuses.get(body.text);
    if (status === undefined) {
      return exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", {
        hint: "Execution failed due to configuration error: Unable to parse statusCode. It should be an integer",
      });
    }
    return answer(exchange, select, status);
  };
}

function answer(exchange: Exchange, select: SelectResponse, status: string): false {
  const { responses } = exchange.program;
  const response = select(status);
  if (response === undefined) {
    return responses.finish(exchange, "API_CONFIGURATION_ERROR", {
      hint: `No match for output mapping and no default endpoint response configured. Endpoint Response Status Code: ${status}`,
    });
  }
  const { plan } = response;
  if (!plan.isDeclared) {
    return responses.finish(exchange, "API_CONFIGURATION_ERROR", {
      hint: `Output mapping refers to an invalid method response: ${plan.statusCode}`,
    });
  }
  const template = chooseResponseTemplate(exchange, plan);
  exchange.respond(plan.statusCode, writeResponseHeaders(exchange, response, template), template.text ?? undefined);
  return false;
}

/**
 * The `statusCode` of a request template's output. AWS reads names without quotes, too: `{statusCode: 200}` is what
 * widespread tools write for CORS.
 */
export function parseStatusCode(text: string): string | undefined {
  const code = statusCodeOf(text) ?? statusCodeOf(text.replace(/([{,]\s*)'?([A-Za-z_]\w*)'?\s*:/g, '$1"$2":'));
  if (typeof code === "number" && Number.isInteger(code)) return String(code);
  return typeof code === "string" && /^\d+$/.test(code) ? code : undefined;
}

function statusCodeOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as { statusCode?: unknown }).statusCode : undefined;
  } catch {
    return undefined;
  }
}
