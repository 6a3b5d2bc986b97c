import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inHashOrder } from "./enum-order.ts";
import { loadModel } from "./model.ts";

/** Recorded, by the model's name for the enumeration. */
const recorded: Readonly<Record<string, string>> = {
  Op: "add, remove, move, test, replace, copy",
  EndpointType: "PRIVATE, EDGE, REGIONAL",
  IntegrationType: "HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS",
  DocumentationPartType:
    "RESPONSE_BODY, RESPONSE, METHOD, MODEL, AUTHORIZER, RESPONSE_HEADER, RESOURCE, PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, REQUEST_HEADER",
  GatewayResponseType:
    "REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN",
};

describe("enumerations are listed as AWS lists them:", () => {
  const { shapes } = loadModel("apigateway");
  for (const [name, list] of Object.entries(recorded)) {
    it(name, () => {
      assert.equal(inHashOrder(shapes[name]!.enum!).join(", "), list);
    });
  }
});
