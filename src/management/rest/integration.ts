import type { PutIntegrationRequest, PutIntegrationResponseRequest } from "@aws-sdk/client-api-gateway";
import type { Integration, IntegrationResponse, Method } from "../../definition/rest-api.ts";
import {
  checkIntegration,
  checkIntegrationResponse,
  completeIntegration,
  defaultPatternTaken,
} from "../../definition/rules.ts";
import { entry, flag, member, memberInPath, nullableText, oneOf, text, wholeNumber } from "../../families/patch.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { defineResource } from "./define-resource.ts";
import { insideMethod, own, requireMethod, withEntry } from "./method.ts";
import { type Change, nonEmpty, present, type Work } from "./work.ts";

const missingIntegration = "Invalid Integration identifier specified";

/** A template that is set to nothing is there, as null. */
const templatesOf = (templates: Readonly<Record<string, string>> | undefined) =>
  nonEmpty(
    Object.fromEntries(Object.entries(templates ?? {}).map(([mediaType, template]) => [mediaType, template || null])),
  );

function checked(method: Method, integration: Integration, work: Work): Integration {
  const message = checkIntegration(method, integration, { timeoutInMillisMax: work.limits.integrationTimeoutMs });
  if (message !== undefined) throw badRequest(message);
  return completeIntegration(integration, work.input["resourceId"] as string);
}

async function putIntegration(work: Change): Promise<Integration> {
  const input = work.input as unknown as PutIntegrationRequest;
  const method = await requireMethod(work);
  const integration = present<Integration>({
    type: input.type as Integration["type"],
    httpMethod: input.integrationHttpMethod || undefined,
    uri: input.uri || undefined,
    connectionType: input.connectionType,
    connectionId: input.connectionId || undefined,
    credentials: input.credentials || undefined,
    requestParameters: nonEmpty(input.requestParameters),
    requestTemplates: templatesOf(input.requestTemplates),
    passthroughBehavior: (input.passthroughBehavior || undefined) as Integration["passthroughBehavior"],
    contentHandling: input.contentHandling,
    timeoutInMillis: input.timeoutInMillis,
    cacheNamespace: input.cacheNamespace || undefined,
    cacheKeyParameters: input.cacheKeyParameters,
    tlsConfig: input.tlsConfig as Integration["tlsConfig"],
    responseTransferMode: input.responseTransferMode,
    integrationTarget: input.integrationTarget || undefined,
    // A new integration in the old one's place keeps what maps its answers.
    integrationResponses: method.methodIntegration?.integrationResponses,
  });
  return checked(method, integration, work);
}

/** AWS: API Gateway REST API reference, "Integration". */
export const integration = defineResource<Integration>({
  operations: {
    create: "PutIntegration",
    get: "GetIntegration",
    update: "UpdateIntegration",
    delete: "DeleteIntegration",
  },
  place: insideMethod<Integration>({
    read: (method) => method.methodIntegration,
    write: (method, _, item) => present<Method>({ ...method, methodIntegration: item } as Method),
    missing: missingIntegration,
  }),
  create: putIntegration,
  patch: {
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
      "/requestParameters/{name}": entry("requestParameters", text),
      "/requestTemplates/{mediaType}": entry("requestTemplates", nullableText),
      "/tlsConfig/insecureSkipVerification": member("tlsConfig.insecureSkipVerification", flag),
      "/responseTransferMode": member("responseTransferMode", oneOf("BUFFERED", "STREAM"), { clears: true }),
      "/integrationTarget": member("integrationTarget", text, { clears: true }),
    },
  },
  complete: async (item, _, work) => checked(await requireMethod(work), item, work),
});

function checkedResponse(method: Method, response: IntegrationResponse): IntegrationResponse {
  const message = checkIntegrationResponse(method, response);
  if (message === defaultPatternTaken) throw conflict(message);
  if (message !== undefined) throw badRequest(message);
  return response;
}

async function putIntegrationResponse(work: Change): Promise<IntegrationResponse> {
  const input = work.input as unknown as PutIntegrationResponseRequest;
  const method = await requireMethod(work);
  if (method.methodIntegration === undefined) throw notFound(missingIntegration);
  const response = present<IntegrationResponse>({
    statusCode: input.statusCode!,
    selectionPattern: input.selectionPattern || undefined,
    responseParameters: nonEmpty(input.responseParameters),
    responseTemplates: templatesOf(input.responseTemplates),
    contentHandling: input.contentHandling,
  });
  return checkedResponse(method, response);
}

/** AWS: API Gateway REST API reference, "IntegrationResponse". */
export const integrationResponse = defineResource<IntegrationResponse>({
  operations: {
    create: "PutIntegrationResponse",
    get: "GetIntegrationResponse",
    update: "UpdateIntegrationResponse",
    delete: "DeleteIntegrationResponse",
  },
  place: insideMethod<IntegrationResponse>({
    read(method, input) {
      if (method.methodIntegration === undefined) throw notFound(missingIntegration);
      return own(method.methodIntegration.integrationResponses, input["statusCode"] as string);
    },
    write(method, input, item) {
      const { methodIntegration } = method;
      const integrationResponses = withEntry(
        methodIntegration!.integrationResponses,
        input["statusCode"] as string,
        item,
      );
      return {
        ...method,
        methodIntegration: present<Integration>({ ...methodIntegration!, integrationResponses } as Integration),
      };
    },
    missing: "Invalid Response status code specified",
  }),
  create: putIntegrationResponse,
  patch: {
    rules: {
      "/selectionPattern": member("selectionPattern", text, { clears: true }),
      "/contentHandling": member("contentHandling", oneOf("CONVERT_TO_BINARY", "CONVERT_TO_TEXT"), { clears: true }),
      "/responseParameters/{name}": entry("responseParameters", text),
      "/responseTemplates/{mediaType}": entry("responseTemplates", nullableText),
    },
  },
  complete: async (item, _, work) => checkedResponse(await requireMethod(work), item),
});
