import { beyondAwsFlag } from "../../definition/beyond-aws.ts";
import type { HttpIntegration, Route } from "../../definition/http-api.ts";
import type { StepPlan } from "../../plan/steps.ts";
import { compileIntegration } from "../compile-integration.ts";
import { closed } from "../refusal.ts";
import { asRestIntegration, compileV2Responses, unchangedResponse } from "../v2-integration.ts";
import type { RouteContext } from "./compile-route.ts";

/**
 * Compiles an integration of the types AWS, HTTP and MOCK, beyond AWS, to the step that REST APIs have for it. Throws a
 * refusal for one that can't be run.
 */
export function compileRouteTemplates(
  integration: HttpIntegration,
  { AuthorizationType: authorizationType }: Route,
  context: RouteContext,
): StepPlan {
  const { IntegrationId: id, IntegrationType: type, ConnectionType: connection } = integration;
  if (!context.surroundings.beyondAws.includes("http-body-templates")) {
    throw closed(`IntegrationType ${type}, without ${beyondAwsFlag("http-body-templates")}`);
  }
  if (connection !== "INTERNET") throw closed(`ConnectionType ${connection} of IntegrationType ${type}`);
  const method = { httpMethod: "ANY", authorizationType, apiKeyRequired: false };
  const step = compileIntegration(asRestIntegration(integration), method, {
    ...context,
    binaryMediaTypes: [],
    isEdgeOptimized: false,
    clientCertificateId: undefined,
  });
  const responses = compileV2Responses(context.integrationResponses.get(id) ?? [], context.variables);
  return {
    ...step,
    responses: responses.length === 0 ? [unchangedResponse] : responses.map(({ plan }) => plan),
  } as StepPlan;
}
