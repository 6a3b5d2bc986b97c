import type { Integration, IntegrationResponse, Method } from "../../definition/rest-api.ts";
import {
  checkIntegration,
  checkIntegrationResponse,
  completeIntegration,
  defaultPatternTaken,
} from "../../definition/rules.ts";
import {
  entry,
  flag,
  member,
  memberInPath,
  nameMistake,
  nullableText,
  oneOf,
  text,
  wholeNumber,
} from "../../families/patch.ts";
import { present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { refuseForeignRole } from "../apis/pass-role.ts";
import { problemOfTarget } from "../vpc-links/vpc-links.ts";
import {
  insideMethod,
  missingContentType,
  missingMethod,
  missingParameter,
  own,
  type ResourceMethod,
  withEntry,
} from "./method.ts";
import { type Change, defineResource, type Work } from "./work.ts";

const missingIntegration = "Invalid Integration identifier specified";

/** An empty template is stored as null. */
const templatesOf = (templates: Readonly<Record<string, string>> | undefined) =>
  templates &&
  Object.fromEntries(Object.entries(templates).map(([mediaType, template]) => [mediaType, template || null]));

async function checked(integration: Integration, work: Work<never, ResourceMethod>): Promise<Integration> {
  const { parent, limits, call } = work;
  const message =
    checkIntegration(parent.method, integration, { timeoutInMillisMax: limits.integrationTimeoutMs }) ??
    (await problemOfTarget(integration, work));
  if (message !== undefined) throw badRequest(message);
  refuseForeignRole(integration.credentials, call);
  return completeIntegration(integration, parent.resource.id);
}

async function putIntegration(work: Change<"PutIntegration", ResourceMethod>): Promise<Integration> {
  const { input, parent } = work;
  const integration = present<Integration>({
    type: input.type as Integration["type"],
    httpMethod: input.integrationHttpMethod || undefined,
    uri: input.uri || undefined,
    connectionType: input.connectionType,
    connectionId: input.connectionId || undefined,
    credentials: input.credentials || undefined,
    requestParameters: input.requestParameters,
    requestTemplates: templatesOf(input.requestTemplates),
    passthroughBehavior: (input.passthroughBehavior || undefined) as Integration["passthroughBehavior"],
    contentHandling: input.contentHandling,
    timeoutInMillis: input.timeoutInMillis,
    cacheNamespace: input.cacheNamespace || undefined,
    cacheKeyParameters: input.cacheKeyParameters,
    tlsConfig: input.tlsConfig as Integration["tlsConfig"],
    responseTransferMode: input.responseTransferMode,
    integrationTarget: input.integrationTarget || undefined,
    // An integration that replaces another keeps the integration responses.
    integrationResponses: parent.method.methodIntegration?.integrationResponses,
  });
  return checked(integration, work);
}

/** AWS: API Gateway REST API reference, "Integration". */
export const integration = defineResource({
  operations: {
    create: "PutIntegration",
    get: "GetIntegration",
    update: "UpdateIntegration",
    delete: "DeleteIntegration",
  },
  place: insideMethod({
    read: (method, _: object) => method.methodIntegration,
    write: (method, item) => ({ ...method, methodIntegration: item }),
    without: ({ methodIntegration: _, ...method }) => method,
    missing: missingIntegration,
  }),
  create: putIntegration,
  patch: {
    refuse: nameMistake,
    rules: {
      "/type": member("type", oneOf("HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY")),
      "/uri": member("uri", text, { clears: true }),
      "/httpMethod": member("httpMethod", text, { clears: true }),
      "/credentials": member("credentials", text, { clears: true }),
      "/connectionType": member("connectionType", oneOf("INTERNET", "VPC_LINK"), { clears: true }),
      "/connectionId": member("connectionId", text, { clears: true }),
      "/contentHandling": member("contentHandling", oneOf("CONVERT_TO_BINARY", "CONVERT_TO_TEXT"), { clears: true }),
      "/passthroughBehavior": member("passthroughBehavior", text, { clears: true }),
      "/timeoutInMillis": member("timeoutInMillis", wholeNumber(0, Number.MAX_SAFE_INTEGER), { clears: true }),
      "/cacheNamespace": member("cacheNamespace", text, { clears: true }),
      "/cacheKeyParameters/{name}": memberInPath("cacheKeyParameters", ["add", "remove"], true),
      "/requestParameters/{name}": entry("requestParameters", text, missingParameter),
      "/requestTemplates/{mediaType}": entry("requestTemplates", nullableText, missingContentType),
      "/tlsConfig/insecureSkipVerification": member("tlsConfig.insecureSkipVerification", flag),
      "/responseTransferMode": member("responseTransferMode", oneOf("BUFFERED", "STREAM"), { clears: true }),
      "/integrationTarget": member("integrationTarget", text, { clears: true }),
    },
  },
  complete: (item, _, work) => checked(item, work),
});

function checkedResponse(method: Method, response: IntegrationResponse): IntegrationResponse {
  const message = checkIntegrationResponse(method, response);
  if (message === defaultPatternTaken) throw conflict(message);
  if (message !== undefined) throw badRequest(message);
  return response;
}

async function putIntegrationResponse(
  work: Change<"PutIntegrationResponse", ResourceMethod>,
): Promise<IntegrationResponse> {
  const { input } = work;
  const { method } = work.parent;
  if (method.methodIntegration === undefined) throw notFound(missingIntegration);
  const response = present<IntegrationResponse>({
    statusCode: input.statusCode,
    selectionPattern: input.selectionPattern,
    responseParameters: input.responseParameters,
    responseTemplates: templatesOf(input.responseTemplates),
    contentHandling: input.contentHandling,
  });
  return checkedResponse(method, response);
}

function withResponse(method: Method, statusCode: string, response: IntegrationResponse | undefined): Method {
  const before = method.methodIntegration!;
  const integrationResponses = withEntry(before.integrationResponses, statusCode, response);
  return { ...method, methodIntegration: present<Integration>({ ...before, integrationResponses } as Integration) };
}

/** AWS: API Gateway REST API reference, "IntegrationResponse". */
export const integrationResponse = defineResource({
  operations: {
    create: "PutIntegrationResponse",
    get: "GetIntegrationResponse",
    update: "UpdateIntegrationResponse",
    delete: "DeleteIntegrationResponse",
  },
  place: insideMethod({
    read(method, input: { readonly statusCode: string }) {
      if (method.methodIntegration === undefined) throw notFound(missingIntegration);
      return own(method.methodIntegration.integrationResponses, input.statusCode);
    },
    write: (method, item) => withResponse(method, item.statusCode, item),
    without: (method, item) => withResponse(method, item.statusCode, undefined),
    missing: "Invalid Response status code specified",
  }),
  // AWS quirk, as recorded: a missing method is called a missing integration here.
  missingParent: {
    delete: (missing) => (missing.message === missingMethod ? notFound(missingIntegration) : missing),
  },
  create: putIntegrationResponse,
  patch: {
    refuse: nameMistake,
    rules: {
      "/selectionPattern": member("selectionPattern", text, { clears: true }),
      "/contentHandling": member("contentHandling", oneOf("CONVERT_TO_BINARY", "CONVERT_TO_TEXT"), { clears: true }),
      "/responseParameters/{name}": entry("responseParameters", text, missingParameter),
      "/responseTemplates/{mediaType}": entry("responseTemplates", nullableText, missingContentType),
    },
  },
  complete: (item, _, work) => checkedResponse(work.parent.method, item),
});
