import { isObject, type JsonObject } from "../base/json-object.ts";
import type { HttpIntegration, IntegrationResponse } from "../definition/http-api.ts";
import { checkWebSocketIntegrationResponse } from "../definition/websocket-integration-rules.ts";
import { member, membersOf, scalarText, textMember } from "./json-value.ts";

type ReadTemplates = Pick<HttpIntegration, "PassthroughBehavior" | "RequestParameters" | "RequestTemplates">;

export type ReadResponse = Omit<IntegrationResponse, "IntegrationId" | "IntegrationResponseId">;

/** Returns a map of texts, undefined for none, or "wrong" for anything else. */
export function textMap(value: unknown): Readonly<Record<string, string>> | "wrong" | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) return "wrong";
  const entries = membersOf(value).map(([name, one]) => [name, scalarText(one)] as const);
  return entries.some(([, one]) => one === undefined)
    ? "wrong"
    : (Object.fromEntries(entries) as Record<string, string>);
}

const behaviors = ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"] as const;

/** Reads what only integrations of the types AWS, HTTP and MOCK have, or returns what is wrong with its form. */
export function readTemplates(
  source: JsonObject,
  parameters: ReadTemplates["RequestParameters"],
): ReadTemplates | string {
  const templates = textMap(member(source, "requestTemplates"));
  if (templates === "wrong") return "requestTemplates has to be a map of strings";
  const given = textMember(source, "passthroughBehavior")?.toUpperCase();
  const PassthroughBehavior = given === undefined ? "WHEN_NO_MATCH" : behaviors.find((each) => each === given);
  if (PassthroughBehavior === undefined) return `passthroughBehavior has to be one of ${behaviors.join(", ")}`;
  // Documents of REST APIs name the request after its method.
  const renamed = Object.entries(parameters ?? {}).map(([target, value]) => [
    target,
    value.replace(/^method\.request\./, "route.request."),
  ]);
  return {
    PassthroughBehavior,
    ...(templates !== undefined && { RequestTemplates: templates }),
    ...(renamed.length > 0 && { RequestParameters: Object.fromEntries(renamed) as Record<string, string> }),
  };
}

/** Reads the integration responses of the extension, by pattern or `default`, or returns what can't be kept of it. */
export function readResponses(source: JsonObject): readonly ReadResponse[] | string {
  if (member(source, "contentHandling") !== undefined) return "contentHandling is not supported by HTTP APIs";
  const given = member(source, "responses") ?? {};
  if (!isObject(given)) return "responses has to be an object";
  const made: ReadResponse[] = [];
  for (const [key, value] of membersOf(given)) {
    const response = isObject(value) ? readResponse(key, value) : `the response ${key} has to be an object`;
    if (typeof response === "string") return response;
    const problem = checkWebSocketIntegrationResponse(response);
    if (problem !== undefined) return problem;
    made.push(response);
  }
  return made;
}

function readResponse(key: string, source: JsonObject): ReadResponse | string {
  // Neither is ignored: the route would answer otherwise than the document says.
  if (member(source, "statusCode") !== undefined) {
    return `the response ${key} has a statusCode, which HTTP APIs take from the integration: a template may set $context.responseOverride.status`;
  }
  if (member(source, "contentHandling") !== undefined) return "contentHandling is not supported by HTTP APIs";
  const parameters = textMap(member(source, "responseParameters"));
  const templates = textMap(member(source, "responseTemplates"));
  if (parameters === "wrong" || templates === "wrong") {
    return `responseParameters and responseTemplates of the response ${key} have to be maps of strings`;
  }
  return {
    IntegrationResponseKey: keyOf(key),
    ...(parameters !== undefined && { ResponseParameters: parameters }),
    ...(templates !== undefined && { ResponseTemplates: templates }),
  };
}

/** REST APIs write patterns without slashes, and `default`. */
function keyOf(key: string): string {
  if (key === "default" || key === "$default") return "$default";
  return /^\/.+\/$/s.test(key) ? key : `/${key}/`;
}
