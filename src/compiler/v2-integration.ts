/** Integrations of the second version that are not proxies, in the terms of REST APIs, whose steps they have. */
import type { HttpIntegration, IntegrationResponse } from "../definition/http-api.ts";
import type { Integration } from "../definition/rest-api.ts";
import type { WebSocketIntegration } from "../definition/websocket-api.ts";
import { parseJavaPattern } from "../language/java/java-pattern.ts";
import type { IntegrationResponsePlan } from "../plan/steps.ts";
import { defaultKey } from "../plan/websocket-plan.ts";
import { compileTemplates } from "./compile-template.ts";
import { compileParameters } from "./compile-values.ts";
import { closed } from "./refusal.ts";

/** Returns a mapping's source as REST APIs name it, whose expressions are otherwise the same. */
export const asRestSource = (source: string): string => source.replace(/^route\.request\./, "method.request.");

/** Returns the integration as one of a REST API, without its responses. */
export function asRestIntegration(integration: HttpIntegration | WebSocketIntegration): Integration {
  const { IntegrationUri, IntegrationMethod, ConnectionId, CredentialsArn, RequestParameters } = integration;
  return {
    type: integration.IntegrationType,
    ...(IntegrationUri === undefined ? {} : { uri: IntegrationUri }),
    ...(IntegrationMethod === undefined ? {} : { httpMethod: IntegrationMethod }),
    connectionType: integration.ConnectionType,
    ...(ConnectionId === undefined ? {} : { connectionId: ConnectionId }),
    ...(CredentialsArn === undefined ? {} : { credentials: CredentialsArn }),
    ...(RequestParameters === undefined ? {} : { requestParameters: asRestParameters(RequestParameters) }),
    requestTemplates: integration.RequestTemplates ?? {},
    passthroughBehavior: integration.PassthroughBehavior ?? "WHEN_NO_MATCH",
    timeoutInMillis: integration.TimeoutInMillis,
  };
}

const asRestParameters = (parameters: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(parameters).map(([target, source]) => [target, asRestSource(source)]));

const asMethodResponses = (parameters: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(parameters).map(([target, source]) => [
      target.replace(/^route\.response\./, "method.response."),
      source,
    ]),
  );

/** An integration answers with what it got, and no response changes it. */
export const unchangedResponse: IntegrationResponsePlan = { isDeclared: true, headers: [], templates: {} };

/** Compiles integration responses in the order of their keys; `keyOf` makes the keys of their templates. */
export const compileV2Responses = (
  responses: readonly IntegrationResponse[],
  variables: Readonly<Record<string, string>>,
  keyOf?: (key: string) => string,
): { readonly response: IntegrationResponse; readonly plan: IntegrationResponsePlan }[] =>
  responses
    .toSorted((left, right) => (left.IntegrationResponseKey < right.IntegrationResponseKey ? -1 : 1))
    .map((response) => {
      const { IntegrationResponseKey: key, ContentHandlingStrategy: contentHandling } = response;
      return {
        response,
        plan: {
          ...(key === defaultKey ? {} : { selectionPattern: patternOf(key) }),
          isDeclared: true,
          ...(contentHandling === undefined ? {} : { contentHandling }),
          headers: compileParameters(asMethodResponses(response.ResponseParameters), "method.response.header.", {
            side: "response",
            variables,
          }),
          templates: compileTemplates(response.ResponseTemplates, keyOf),
        },
      };
    });

/** A key is `/pattern/`; anything else is the very text, of which a status is its own pattern, as users read it in traces. */
function patternOf(key: string): string {
  const pattern = /^\/(.*)\/$/s.exec(key)?.[1] ?? (/^\d+$/.test(key) ? key : RegExp.escape(key));
  const parsed = parseJavaPattern(pattern);
  if (parsed.kind === "unsupported") throw closed(`IntegrationResponseKey ${key} (${parsed.detail})`);
  return pattern;
}
