import { bounds } from "../../base/bounds.ts";
import type { HttpIntegration } from "../../definition/http-api.ts";
import { checkHttpIntegration, isFunctionUri } from "../../definition/http-integration-rules.ts";
import type { Integration } from "../../definition/rest-api.ts";
import type { Obstacle, PartConversion } from "./conversion-loss.ts";
import { sharedContext } from "./shared-context.ts";

/** What of an integration is the same whatever its type. */
type IntegrationDraft = Omit<HttpIntegration, "IntegrationId">;

const timeoutMax = bounds.httpIntegrationTimeoutMsDefault.value;

/**
 * Converts a method's integration. What would send the backend another request has no counterpart. `pathVariables` are
 * those of the method's path.
 * AWS: API Gateway Developer Guide, "Choose between REST APIs and HTTP APIs".
 */
export function convertIntegration(
  integration: Integration | undefined,
  pathVariables: ReadonlySet<string>,
): PartConversion<IntegrationDraft> {
  const none = whyNone(integration);
  if (integration === undefined || none !== undefined) {
    return { kind: "impossible", obstacles: [none ?? withoutIntegration] };
  }
  const obstacles = obstaclesOf(integration);
  if (obstacles.length > 0) return { kind: "impossible", obstacles };
  const made =
    integration.type === "AWS_PROXY" ? convertFunction(integration) : convertBackend(integration, pathVariables);
  if (typeof made === "string") {
    return {
      kind: "impossible",
      obstacles: [{ what: made, advice: "Let the backend read it from the request itself" }],
    };
  }
  const problem = checkHttpIntegration(made, { hasVpcLink: () => false });
  return problem === undefined
    ? { kind: "converted", value: made, changes: changesOf(integration) }
    : { kind: "impossible", obstacles: [{ what: problem, advice: "Make the integration of the HTTP API by hand" }] };
}

const withoutIntegration: Obstacle = { what: "it has no integration", advice: "Give it one, and convert again" };

const subtypes: Readonly<Record<string, string>> = {
  events: "EventBridge-PutEvents",
  sqs: "SQS-SendMessage and its like",
  kinesis: "Kinesis-PutRecord",
  states: "StepFunctions-StartExecution and its like",
  appconfig: "AppConfig-GetConfiguration",
};

function whyNone(integration: Integration | undefined): Obstacle | undefined {
  switch (integration?.type) {
    case undefined:
      return withoutIntegration;
    case "MOCK":
      return { what: "MOCK integration", advice: "Let a function or a backend answer" };
    case "HTTP":
      return {
        what: "HTTP custom integration with its templates",
        advice: "Make it HTTP_PROXY, if the backend can take the request as it is",
      };
    case "AWS": {
      const service = /^arn:aws[a-z-]*:apigateway:[^:]*:(?:[^.:]+\.)?([^.:]+):/.exec(integration.uri ?? "")?.[1] ?? "";
      if (service === "lambda") {
        return {
          what: "AWS custom integration with its templates",
          advice: "Make it AWS_PROXY, and let the function do what the templates did",
        };
      }
      const subtype = Object.hasOwn(subtypes, service) ? subtypes[service] : undefined;
      return {
        what: `AWS integration${service === "" ? "" : ` with ${service}`}`,
        advice:
          subtype === undefined
            ? "Call the service from a function"
            : `Make an integration with the subtype ${subtype}, which maps parameters and has no templates`,
      };
    }
    case "AWS_PROXY":
    case "HTTP_PROXY":
      return undefined;
  }
}

function obstaclesOf(integration: Integration): Obstacle[] {
  const obstacles: Obstacle[] = [];
  const { contentHandling, tlsConfig, connectionType, responseTransferMode } = integration;
  if (connectionType === "VPC_LINK") {
    obstacles.push({
      what: "private integration",
      advice: "Make a VPC link of HTTP APIs, and an integration with the ARN of a listener or of a Cloud Map service",
    });
  }
  if (responseTransferMode === "STREAM" || integration.uri?.endsWith("/response-streaming-invocations") === true) {
    obstacles.push({ what: "response streaming", advice: "HTTP APIs buffer answers: keep the method in a REST API" });
  }
  if (contentHandling !== undefined) {
    obstacles.push({ what: `contentHandling ${contentHandling}`, advice: "Let the backend convert the body" });
  }
  if (tlsConfig?.insecureSkipVerification === true) {
    obstacles.push({
      what: "tlsConfig.insecureSkipVerification",
      advice: "HTTP APIs always verify: give the backend a certificate that is trusted",
    });
  }
  if (/^arn:aws[a-z-]*:iam::\*:/.test(integration.credentials ?? "")) {
    obstacles.push({
      what: "credentials of the caller",
      advice: "Call the function with a role, and let it ask who calls",
    });
  }
  return obstacles;
}

function changesOf({
  type,
  timeoutInMillis = 0,
  cacheKeyParameters = [],
  requestParameters = {},
}: Integration): Obstacle[] {
  const changes: Obstacle[] = [];
  if (timeoutInMillis > timeoutMax) {
    changes.push({
      what: `timeout of ${timeoutInMillis} ms`,
      advice: `An HTTP API waits ${timeoutMax} ms at most, and then answers 503`,
    });
  }
  if (cacheKeyParameters.length > 0) changes.push({ what: "cache keys", advice: "HTTP APIs have no cache" });
  if (type === "AWS_PROXY" && Object.keys(requestParameters).length > 0) {
    changes.push({ what: "request parameters", advice: "The function reads the request itself" });
  }
  return changes;
}

const timeoutOf = ({ timeoutInMillis = bounds.integrationTimeoutMsDefault.value }: Integration): number =>
  Math.min(timeoutInMillis, timeoutMax);

function convertFunction(integration: Integration): IntegrationDraft | string {
  const { uri = "", credentials } = integration;
  if (!isFunctionUri(uri)) return "an AWS_PROXY integration that calls no function by its ARN";
  // An invocation as an event is not awaited.
  const isEvent = Object.keys(integration.requestParameters ?? {}).some(
    (target) => target.toLowerCase() === "integration.request.header.x-amz-invocation-type",
  );
  if (isEvent) return "asynchronous invocation (X-Amz-Invocation-Type)";
  return {
    IntegrationType: "AWS_PROXY",
    IntegrationUri: uri,
    IntegrationMethod: "POST",
    PayloadFormatVersion: "1.0",
    ConnectionType: "INTERNET",
    ...(credentials !== undefined && { CredentialsArn: credentials }),
    TimeoutInMillis: timeoutOf(integration),
  };
}

function convertBackend(integration: Integration, pathVariables: ReadonlySet<string>): IntegrationDraft | string {
  const { uri = "", httpMethod, requestParameters = {} } = integration;
  const inPath = new Map<string, string>();
  const mappings: Record<string, string> = {};
  for (const [target, source] of Object.entries(requestParameters)) {
    const [, place, name] = /^integration\.request\.(path|querystring|header)\.(.+)$/.exec(target) ?? [];
    if (place === undefined || name === undefined) return `request parameter ${target}`;
    if (place === "path") inPath.set(name, source);
    else {
      const value = mappedValue(source, pathVariables);
      if (value === undefined) return `request parameter ${target} from ${source}`;
      mappings[`overwrite:${place}.${name}`] = value;
    }
  }
  const missing: string[] = [];
  const filled = uri.replaceAll(/(\$?)\{([^{}]+)\}/g, (whole, dollar: string, name: string) => {
    if (dollar !== "") return whole;
    const part = pathPart(inPath.get(name), pathVariables);
    if (part === undefined) missing.push(name);
    return part ?? whole;
  });
  if (missing.length > 0)
    return `{${missing[0]}} in the URI, which is filled from ${inPath.get(missing[0]!) ?? "nothing"}`;
  return {
    IntegrationType: "HTTP_PROXY",
    IntegrationUri: filled,
    ...(httpMethod !== undefined && { IntegrationMethod: httpMethod }),
    PayloadFormatVersion: "1.0",
    ConnectionType: "INTERNET",
    ...(Object.keys(mappings).length > 0 && { RequestParameters: mappings }),
    TimeoutInMillis: timeoutOf(integration),
  };
}

/** An HTTP API fills a URI's variables from those of the route's path, by name. */
function pathPart(source: string | undefined, pathVariables: ReadonlySet<string>): string | undefined {
  const [, name] = /^method\.request\.path\.(.+)$/.exec(source ?? "") ?? [];
  if (name !== undefined) return pathVariables.has(name) ? `{${name}}` : undefined;
  return /^'([\w.~-]+)'$/.exec(source ?? "")?.[1];
}

/** Returns a mapping's value as HTTP APIs write it; undefined if there is none. */
function mappedValue(source: string, pathVariables: ReadonlySet<string>): string | undefined {
  const [, text] = /^'([^'$]+)'$/.exec(source) ?? [];
  if (text !== undefined) return text;
  const [, place, name] = /^method\.request\.(header|querystring|path)\.([\w-]+)$/.exec(source) ?? [];
  if (place !== undefined)
    return place === "path" && !pathVariables.has(name!) ? undefined : `$request.${place}.${name}`;
  const [, variable] = /^stageVariables\.(\w+)$/.exec(source) ?? [];
  if (variable !== undefined) return `$stageVariables.${variable}`;
  const [, context] = /^context\.([\w.-]+)$/.exec(source) ?? [];
  if (context === undefined) return undefined;
  return sharedContext.has(context) || /^authorizer\.(?:claims\.)?[\w-]+$/.test(context)
    ? `$context.${context}`
    : undefined;
}
