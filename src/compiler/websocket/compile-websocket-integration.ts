import type { IntegrationResponse } from "../../definition/http-api.ts";
import type { WebSocketIntegration, WebSocketRoute } from "../../definition/websocket-api.ts";
import type { IntegrationResponsePlan, RequestTemplatesPlan, StepPlan } from "../../plan/steps.ts";
import type { TextPlan } from "../../plan/values.ts";
import { connectKey, defaultKey } from "../../plan/websocket-plan.ts";
import { compileIntegration } from "../compile-integration.ts";
import { compileTemplates } from "../compile-template.ts";
import { asRestIntegration, compileV2Responses, unchangedResponse } from "../v2-integration.ts";
import { compileSelection } from "./compile-selection.ts";
import type { WebSocketRouteContext } from "./compile-websocket-route.ts";
import { isTwoWay } from "./route-answers.ts";

/**
 * Compiles an integration to the step that REST APIs have for it; only the choice of templates and responses, and a
 * function's events, are WebSocket's own. Throws a refusal for one that can't be run.
 * AWS: API Gateway Developer Guide, "Integrations for WebSocket APIs in API Gateway".
 */
export function compileWebSocketIntegration(
  integration: WebSocketIntegration,
  route: WebSocketRoute,
  context: WebSocketRouteContext,
): StepPlan {
  const method = { httpMethod: "ANY", authorizationType: route.AuthorizationType, apiKeyRequired: false };
  const step = compileIntegration(asRestIntegration(integration), method, context);
  if (step.kind === "lambda-proxy") {
    const { kind: _, stream: __, ...call } = step;
    return { kind: "websocket-lambda", ...call };
  }
  if (step.kind === "http-proxy") return { ...step, ...compileRequestContent(integration) };
  if (!("request" in step)) return step;
  return {
    ...step,
    request: {
      ...step.request,
      templates: compileTemplates(integration.RequestTemplates, asWritten),
      selection: compileTemplateSelection(integration.RequestTemplates, integration.TemplateSelectionExpression),
      ...compileRequestContent(integration),
    },
    responses: compileResponses(context.responses.get(integration.IntegrationId) ?? [], route, context),
  };
}

/** What an expression yields is compared letter by letter. */
const asWritten = (key: string): string => key;

/**
 * A message is text: base64 of it becomes bytes, and as text it is what it is. Unconfirmed: the latter; see
 * docs/compatibility.md, "WebSocket APIs, content handling".
 */
const compileRequestContent = ({
  ContentHandlingStrategy: strategy,
}: WebSocketIntegration): Pick<RequestTemplatesPlan, "contentHandling"> =>
  strategy === "CONVERT_TO_BINARY" ? { contentHandling: strategy } : {};

/**
 * Without an expression the template `$default` is taken; where there is none, `application/json` is in its place, as an
 * example of the guide has it for requests, and an integration test of AWS's CDK for responses.
 */
function compileTemplateSelection(
  templates: Readonly<Record<string, string>> = {},
  expression: string | undefined,
): TextPlan {
  if (expression !== undefined) return compileSelection("TemplateSelectionExpression", expression);
  const isByType = !Object.hasOwn(templates, defaultKey) && Object.hasOwn(templates, "application/json");
  return [isByType ? "application/json" : defaultKey];
}

/**
 * Compiles the integration responses. Where nobody is told what the integration answers, none is needed; whoever connects is
 * told its status. Unconfirmed: see docs/compatibility.md, "WebSocket APIs, integration responses".
 */
function compileResponses(
  responses: readonly IntegrationResponse[],
  route: WebSocketRoute,
  { variables, answering }: WebSocketRouteContext,
): IntegrationResponsePlan[] {
  const isHeard = isTwoWay(route, answering) && route.RouteKey !== connectKey;
  if (responses.length === 0 && !isHeard) return [unchangedResponse];
  return compileV2Responses(responses, variables, asWritten).map(({ response, plan }) => ({
    ...plan,
    selection: compileTemplateSelection(response.ResponseTemplates, response.TemplateSelectionExpression),
  }));
}
