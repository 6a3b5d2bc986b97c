import { bounds } from "../../base/bounds.ts";
import type { Job } from "../../base/job.ts";
import { TemplateMap, type TemplateValue } from "../../language/java/values.ts";
import { parsePermissiveJson } from "../../language/json-path/permissive-json.ts";
import type { MockPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { linkRequestContent } from "../integrations/content-handling.ts";
import { requestMediaType } from "../integrations/media-types.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { configurationError } from "../responses/failure.ts";
import { runExchangeJob } from "../run-exchange-job.ts";
import { describeOutput, type TextOrigin } from "../templates/describe-output.ts";
import { parseJsonBounded } from "../templates/payload.ts";
import {
  checkResponse,
  chooseResponseTemplate,
  linkSelection,
  ofMock,
  respondMapped,
  type SelectResponse,
} from "./integration-response.ts";
import { linkRequestTemplates, refuseRequest, renderRequest, withPayload } from "./request-template.ts";

/**
 * A MOCK integration: the request template's `statusCode` selects the integration response, whose template is the body.
 * AWS: API Gateway Developer Guide, "Set up mock integrations in API Gateway".
 */
export function linkMock(plan: MockPlan, context: LinkContext): RunStep {
  const { stage, thread } = context;
  const chooseBody = linkRequestTemplates(plan.request, context);
  const select = linkSelection(plan.responses, context, ofMock);
  const contentOf = linkRequestContent(plan.request.contentHandling, stage.binaryMediaTypes);
  // The status that a literal template names is known before any request.
  const statuses = new Map<string, string | undefined>();
  for (const text of Object.values(plan.request.templates))
    if (typeof text === "string") statuses.set(text, parseStatusCode(text));
  const readStatusCode = (exchange: Exchange, text: string, goOn: (status: string | undefined) => void): void => {
    if (text.length <= bounds.payloadBytesMaxHere.value) goOn(parseStatusCode(text));
    else runExchangeJob(exchange, { runJob: thread.runJob, job: statusCodeJob, input: text }, goOn);
  };
  return (exchange) => {
    const body = chooseBody(exchange);
    switch (body.kind) {
      case "refuse":
        return refuseRequest(exchange, body);
      // Without a template, the request's own body names the status. As observed: without a body, the answer is the 500
      // below, although the guide promises another.
      case "pass":
        withPayload(exchange, { thread, conversion: "none" }, () => {
          readStatusCode(exchange, exchange.requestPayload!.text, (status) => {
            if (status === undefined) refuseStatus(exchange, noTemplateFor(exchange));
            else answer(exchange, select, status);
          });
        });
        return false;
      case "text": {
        const status = statuses.get(body.text);
        return status === undefined
          ? refuseStatus(exchange, lacking(exchange, "text", body.text))
          : answer(exchange, select, status);
      }
      case "template": {
        const render = (): void => {
          renderRequest(exchange, body.template, (text) => {
            readStatusCode(exchange, text, (status) => {
              if (status === undefined) refuseStatus(exchange, lacking(exchange, "template", text));
              else answer(exchange, select, status);
            });
          });
        };
        const conversion = contentOf?.(exchange).conversion ?? "none";
        if (body.template.readsPayload) withPayload(exchange, { thread, conversion }, render);
        else render();
        return false;
      }
    }
  };
}

/** Reads the status code in a long text. */
export const statusCodeJob: Job<string, string | undefined> = {
  name: "status-code",
  weightMaxHere: 0,
  run: async (text) => parseStatusCode(text),
};

const unparsable = "Unable to parse statusCode. It should be an integer";

function refuseStatus(exchange: Exchange, why: string): false {
  const failure = configurationError(unparsable, `: ${why}`);
  return exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", failure);
}

const noTemplateFor = ({ request }: Exchange): string =>
  `no request template is for ${requestMediaType(request)} and makes {"statusCode": 200}`;

const lacking = (exchange: Exchange, origin: TextOrigin, output: string): string =>
  describeOutput(exchange, origin, { output, lacks: "has no integer statusCode" }) ?? "";

function answer(exchange: Exchange, select: SelectResponse, status: string): false {
  const response = select(status);
  // Unconfirmed: see docs/compatibility.md, "WebSocket APIs, mocks".
  if (exchange.connection !== undefined) exchange.integrationPayload = exchange.requestPayload;
  if (checkResponse(exchange, response, status)) {
    const template = chooseResponseTemplate(exchange, response, status);
    respondMapped(exchange, response, { template, body: undefined, status: Number(status) });
  }
  return false;
}

/**
 * Returns the `statusCode` of a request template's output, or of the body that passes without a template; undefined if
 * it names none. AWS's parser is lenient: widespread tools write `{statusCode: 200}` for CORS, and a trailing comma is
 * allowed. A text ("200") is not an integer, as observed.
 */
export function parseStatusCode(text: string): string | undefined {
  const strict = parseJsonBounded(text);
  const lenient = (): TemplateValue | undefined =>
    text.length <= bounds.lenientJsonCharsMax.value ? parsePermissiveJson(text) : undefined;
  const value = strict.kind === "value" ? strict.value : lenient();
  const code = value instanceof TemplateMap ? value.get("statusCode") : undefined;
  return typeof code === "number" ? String(code) : undefined;
}
