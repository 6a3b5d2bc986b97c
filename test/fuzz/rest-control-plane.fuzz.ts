// Calls made from the interface model, sound ones and broken ones, against the real operations of REST APIs on a store
// that fills up with what they make.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import { randomIds } from "../../src/base/ids.ts";
import { definitionIndexes } from "../../src/definition/indexes.ts";
import { makeControlLimits } from "../../src/management/control-limits.ts";
import { makeRestOperations } from "../../src/management/rest/operations.ts";
import { makeManagement } from "../../src/protocol/management.ts";
import { loadModel, shapeOf } from "../../src/protocol/model.ts";
import type { ManagementResponse } from "../../src/protocol/operation.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import { seed } from "../random.ts";
import { within } from "../until.ts";
import { brokenRequest, durationMs, oneOf, random, soundValue, texts } from "./from-models.ts";

const store = openSqliteStore({ indexes: definitionIndexes });
const unexpected: unknown[] = [];
const undeclared = new Set<string>();
const management = makeManagement(
  [{ model: "apigateway", operations: makeRestOperations({ store, limits: makeControlLimits() }) }],
  {
    clock: new ManualClock(Date.UTC(2026, 10, 20)),
    ids: randomIds,
    bodyBytesMax: 1_000_000,
    logger: { warn: () => {}, error: (message, fields) => unexpected.push(message, fields) },
    onUndeclaredError: (operation, code) => undeclared.add(`${operation} ${code}`),
  },
);
const model = loadModel("apigateway");
const authorization =
  "AWS4-HMAC-SHA256 Credential=123456789012/20261120/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0";

const send = (method: string, target: string, body: Buffer): Promise<ManagementResponse> =>
  management.handle({ method, target, headers: { host: "localhost:4566", authorization }, body });

/** Names that operations take in their paths or bodies, and what ties calls to what earlier ones made. */
const meaningful = [
  "GET",
  "ANY",
  "MOCK",
  "/description",
  "/variables/a",
  "/*/*/throttling/rateLimit",
  "/requestParameters/method.request.header.x",
  "/binaryMediaTypes/image~1png",
  "/name",
  "/endpointConfiguration/types",
  "/mutualTlsAuthentication/truststoreUri",
  "/regionalCertificateArn",
  "REGIONAL",
  "s3://bucket/ca.pem",
  "/properties",
  "/basePath",
  "method.request.querystring.q",
  "application/json",
  "Empty",
  "pets",
  "{petId}",
  "{proxy+}",
  "https://example.com/{petId}",
  '{"type":"object"}',
  "API_KEY",
  "/apiStages",
  "/quota/limit",
  "/throttle/rateLimit",
  "/remaining",
  "/enabled",
  "2026-11-20",
  "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/my-nlb/50dc6c495c0c9188",
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations",
];

/** A call whose input fits the model. */
function soundCall(): { operation: string; method: string; target: string; body: Buffer } {
  const operation = oneOf(Object.keys(model.operations));
  const { http, input } = model.operations[operation] ?? assert.fail();
  // Most of what is made should live long enough to be used.
  if (http.method === "DELETE" && random() < 0.8) return soundCall();
  // Each finds a pair of RSA keys, which takes as long as hundreds of other calls.
  if (operation === "GenerateClientCertificate" && random() < 0.9) return soundCall();
  const value = (input && (soundValue(model, input.shape) as Record<string, unknown> | undefined)) ?? {};
  const members = Object.entries(input ? (shapeOf(model, input.shape).members ?? {}) : {});
  const payload = input && shapeOf(model, input.shape).payload;
  const body: Record<string, unknown> = {};
  const query = new URLSearchParams();
  for (const [name, { location, locationName }] of members) {
    const given = value[name];
    if (location === undefined && given !== undefined) body[locationName ?? name] = likely(name, given);
    if (location === "querystring" && typeof given !== "object" && given !== undefined) {
      query.append(locationName ?? name, String(given));
    }
  }
  const path = http.requestUri.replaceAll(/\{[^}]+\}/g, (label) => encodeURIComponent(fillLabel(label)));
  return {
    operation,
    method: http.method,
    target: query.size === 0 ? path : `${path}${path.includes("?") ? "&" : "?"}${query}`,
    body: payload ? Buffer.from(oneOf(documents)) : Buffer.from(JSON.stringify(body)),
  };
}

/** Members for which a text that fits the model hardly ever fits the rest. */
function likely(name: string, given: unknown): unknown {
  if (random() < 0.3) return given;
  if (name === "pathPart") return oneOf(["pets", "{petId}", "{proxy+}"]);
  if (name === "deploymentId") return labels.get("deployment_id") ?? given;
  if (name === "type" && typeof given === "string") return oneOf([given, "MOCK"]);
  if (name === "authorizationType") return "NONE";
  if (name === "name") return oneOf(["pets", "Pet", "other"]);
  if (name === "keyId") return labels.get("api_Key") ?? given;
  if (name === "keyType") return "API_KEY";
  if (name === "targetArns") return [meaningful.find((text) => text.includes("/net/"))];
  if (name === "domainName") return oneOf(["api.example.com", "private.example.com", "*.example.com"]);
  if (name.endsWith("ertificateArn")) return "arn:aws:acm:us-east-1:123456789012:certificate/a";
  if (name.startsWith("certificate") || name === "mutualTlsAuthentication" || name === "policy") return undefined;
  if (name === "endpointConfiguration") return { types: [oneOf(["EDGE", "EDGE", "REGIONAL", "PRIVATE"])] };
  if (name === "restApiId") return labels.get("restapi_id") ?? given;
  if (name === "location") return { type: oneOf(["API", "METHOD", "RESPONSE"]) };
  if (name === "properties") return oneOf(['{"description":"d"}', "{}"]);
  if (name === "basePath") return oneOf(["v1", "(none)", ""]);
  if (name === "domainNameArn") return labels.get("domain_name_arn") ?? given;
  if (name === "accessAssociationSource") return "vpce-0a1b2c3d";
  if (name === "stageName") return oneOf(["prod", "dev"]);
  return given;
}

const documents = [
  '{"swagger":"2.0","info":{"title":"t","version":"1"},"paths":{"/pets/{id}":{"get":{"responses":{"200":{"description":"d"}},"x-amazon-apigateway-integration":{"type":"mock"}}}}}',
  "openapi: 3.0.1\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {default: {description: d}}}}}",
  '{"openapi":"3.1.0","paths":[]}',
  "Name,Key,UsagePlanIds,Enabled\none,a-value-of-at-least-thirty-characters,'a,b',true\ntwo,short",
  '{"openapi":"3.0.1","info":{"title":"t","version":"1"},"x-amazon-apigateway-documentation":{"documentationParts":[{"location":{"type":"API"},"properties":{"a":1}}]}}',
  "&a [*a]",
  "{",
  "",
];

/** What the labels of paths were last known to be, so that calls reach what earlier ones made. */
const labels = new Map<string, string>([
  ["http_method", "GET"],
  ["status_code", "200"],
]);

const fillLabel = (label: string): string =>
  random() < 0.9 ? (labels.get(label.slice(1, -1)) ?? oneOf(texts)) : oneOf(texts);

/** The members of an answer that name something, and the labels of paths that take it. */
const labelsOfMembers: Readonly<Record<string, readonly string[]>> = {
  CreateRestApi: ["restapi_id"],
  ImportRestApi: ["restapi_id"],
  CreateResource: ["resource_id", "parent_id"],
  CreateDeployment: ["deployment_id"],
  CreateRequestValidator: ["requestvalidator_id"],
  CreateAuthorizer: ["authorizer_id"],
  CreateApiKey: ["api_Key", "keyId"],
  CreateUsagePlan: ["usageplanId"],
  CreateVpcLink: ["vpclink_id"],
  CreateDocumentationPart: ["part_id"],
};

function remember(operation: string | undefined, response: ManagementResponse): void {
  if (response.status >= 300 || response.body.length === 0 || operation === undefined) return;
  const made = JSON.parse(response.body.toString()) as Record<string, unknown>;
  const set = (label: string, text: unknown): void => {
    if (typeof text !== "string" || text === "") return;
    labels.set(label, text);
    if (texts.length < 200) texts.push(text);
  };
  for (const label of labelsOfMembers[operation] ?? []) set(label, made["id"]);
  if (made["rootResourceId"] !== undefined) {
    for (const label of ["resource_id", "parent_id"]) set(label, made["rootResourceId"]);
  }
  if (operation === "CreateStage") set("stage_name", made["stageName"]);
  if (operation === "GenerateClientCertificate") set("clientcertificate_id", made["clientCertificateId"]);
  if (operation === "CreateModel") set("model_name", made["name"]);
  if (operation === "CreateDomainName") {
    set("domain_name", made["domainName"]);
    if (made["domainNameId"] !== undefined) set("domain_name_arn", made["domainNameArn"]);
  }
  if (operation === "CreateBasePathMapping") set("base_path", made["basePath"]);
  if (operation === "CreateDocumentationVersion") set("doc_version", made["version"]);
  if (operation === "CreateDomainNameAccessAssociation") {
    set("domain_name_access_association_arn", made["domainNameAccessAssociationArn"]);
  }
}

describe(`fuzz: the REST control plane (PORTICO_FUZZ_SEED=${seed})`, () => {
  after(() => store.close());

  it("answers whatever it is asked, never with a 500 or an error that AWS does not declare", {
    timeout: 120_000,
  }, async () => {
    texts.push(...meaningful, ...meaningful);
    const isTimeLeft = within(durationMs);
    const succeeded = new Set<string>();
    // Until the calls get further than the first look-up, too, which takes a busy machine longer.
    while (isTimeLeft() || succeeded.size <= 10) {
      const sound = random() < 0.8 ? soundCall() : undefined;
      const request = sound ?? brokenRequest(["apigateway"]);
      const response = await send(request.method, request.target, request.body);
      const shown = () => `${request.method} ${request.target} ${request.body.toString("latin1", 0, 2_000)}`;
      assert.deepEqual(unexpected, [], shown());
      assert.ok(response.status < 500 || response.status === 501, `${response.status}: ${shown()}`);
      remember(sound?.operation, response);
      if (sound && response.status < 300) succeeded.add(sound.operation);
    }
    assert.deepEqual([...undeclared], []);
  });
});
