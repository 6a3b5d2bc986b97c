import type { HttpIntegration, Route } from "../../definition/http-api.ts";
import type { PayloadFormat } from "../../plan/payload-format.ts";
import type { HttpApiLambdaPlan } from "../../plan/steps.ts";
import { compileInvokerOf, fillStageVariables, functionNamed } from "../compile-integration.ts";
import { closed } from "../refusal.ts";
import { compileRequestMappings, compileResponseMappings } from "./compile-parameter-mapping.ts";
import type { RouteContext } from "./compile-route.ts";

/**
 * Compiles the call of a Lambda function.
 * AWS: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway".
 */
export function compileRouteFunction(
  integration: HttpIntegration,
  { AuthorizationType: authorizationType }: Route,
  context: RouteContext,
): HttpApiLambdaPlan {
  const { CredentialsArn, PayloadFormatVersion, RequestParameters, ResponseParameters } = integration;
  if (integration.ConnectionType !== "INTERNET") throw closed("connectionType VPC_LINK of a Lambda integration");
  const functionArn = functionNamed(fillStageVariables(integration.IntegrationUri, context.variables));
  const credentials = CredentialsArn === undefined ? {} : { credentials: CredentialsArn };
  const requestMappings = compileRequestMappings(RequestParameters, context.variables);
  const responseMappings = compileResponseMappings(ResponseParameters, context.variables);
  return {
    kind: "http-api-lambda",
    functionArn,
    payloadFormat: compilePayloadFormat(PayloadFormatVersion),
    ...compileInvokerOf(functionArn, credentials, { authorizationType }, context),
    timeoutMs: integration.TimeoutInMillis,
    ...(requestMappings === undefined ? {} : { requestMappings }),
    ...(responseMappings === undefined ? {} : { responseMappings }),
  };
}

/** AWS: CreateIntegration, payloadFormatVersion: 1.0 if it is not given. Throws a refusal. */
export function compilePayloadFormat(version = "1.0"): PayloadFormat {
  if (version === "1.0" || version === "2.0") return version;
  throw closed(`payloadFormatVersion ${version}`);
}
