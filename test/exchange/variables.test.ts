// Row by row what AWS documents that templates and access logs can ask for: which of it is there, and which waits for what.
// AWS: API Gateway Developer Guide, "Variables for data transformations for API Gateway", "Variables for access logging for
// API Gateway".
import assert from "node:assert/strict";
import { test } from "node:test";
import { aWebAcl, noParts } from "../waf/a-web-acl.ts";
import { aMethod, aRestApi, aStage } from "./a-rest-api.ts";
import { startBackend, startGateway } from "./start-gateway.ts";

/** The value, or what fills it later: until then it is nothing in templates, and `-` in logs. */
type Expectation = string | RegExp | { readonly filledBy: LaterFeature };
type LaterFeature = "authorizers" | "usage plans" | "IAM" | "TLS" | "private APIs" | "domain names" | "canaries";

const later = (filledBy: LaterFeature): Expectation => ({ filledBy });
const webAcl = aWebAcl([]);
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const milliseconds = /^\d+$/;

/** In templates of both sides and in access logs. */
const everywhere: Readonly<Record<string, Expectation>> = {
  accountId: "000000000000",
  apiId: "abc123",
  "authorizer.claims.sub": later("authorizers"),
  "authorizer.principalId": later("authorizers"),
  "authorizer.property": later("authorizers"),
  deploymentId: "dep1",
  domainName: "abc123.execute-api.us-east-1.localhost",
  domainPrefix: "abc123",
  extendedRequestId: /^[\w-]{15}=$/,
  httpMethod: "POST",
  "identity.accessKey": later("IAM"),
  "identity.accountId": later("IAM"),
  "identity.apiKey": later("usage plans"),
  "identity.apiKeyId": later("usage plans"),
  "identity.caller": later("IAM"),
  "identity.clientCert.clientCertPem": later("TLS"),
  "identity.clientCert.issuerDN": later("TLS"),
  "identity.clientCert.serialNumber": later("TLS"),
  "identity.clientCert.subjectDN": later("TLS"),
  "identity.clientCert.validity.notAfter": later("TLS"),
  "identity.clientCert.validity.notBefore": later("TLS"),
  "identity.cognitoAuthenticationProvider": later("IAM"),
  "identity.cognitoAuthenticationType": later("IAM"),
  "identity.cognitoIdentityId": later("IAM"),
  "identity.cognitoIdentityPoolId": later("IAM"),
  "identity.principalOrgId": later("IAM"),
  "identity.sourceIp": "127.0.0.1",
  "identity.user": later("IAM"),
  "identity.userAgent": "tests/1",
  "identity.userArn": later("IAM"),
  "identity.vpcId": later("private APIs"),
  "identity.vpceId": later("private APIs"),
  isCanaryRequest: later("canaries"),
  path: "/prod/pets/7",
  protocol: "HTTP/1.1",
  requestId: uuid,
  requestTime: "04/Mar/2020:19:15:17 +0000",
  requestTimeEpoch: "1583349317000",
  resourceId: "r0",
  resourcePath: "/pets/{id}",
  stage: "prod",
  wafResponseCode: "WAF_ALLOW",
  webaclArn: webAcl.ARN,
  xrayTraceId: /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/,
};

/** In access logs; templates see nothing of them. */
const inLogsOnly: Readonly<Record<string, Expectation>> = {
  "authenticate.error": later("IAM"),
  "authenticate.latency": later("IAM"),
  "authenticate.status": later("IAM"),
  "authorize.error": later("IAM"),
  "authorize.latency": later("IAM"),
  "authorize.status": later("IAM"),
  "authorizer.error": later("authorizers"),
  "authorizer.integrationLatency": later("authorizers"),
  "authorizer.integrationStatus": later("authorizers"),
  "authorizer.latency": later("authorizers"),
  "authorizer.requestId": later("authorizers"),
  "authorizer.status": later("authorizers"),
  cipherSuite: later("TLS"),
  "customDomain.basePathMatched": later("domain names"),
  // Of an exchange without an error: nothing.
  "error.message": "-",
  "error.messageString": "-",
  "error.responseType": "-",
  "error.validationErrorString": "-",
  "integration.error": "-",
  "integration.integrationStatus": "201",
  "integration.latency": milliseconds,
  "integration.status": "201",
  integrationErrorMessage: "-",
  integrationLatency: milliseconds,
  integrationStatus: "201",
  responseLatency: milliseconds,
  responseLength: milliseconds,
  status: "200",
  tlsVersion: later("TLS"),
  // Of a web ACL that could be asked: nothing.
  "waf.error": "-",
  "waf.latency": milliseconds,
  "waf.status": "200",
};

/** One value for both sides: a backend's own id for the request, which this one does not give. */
const ofTheBackend = ["awsEndpointRequestId", "integration.requestId"];

function check(got: string, expected: Expectation, { nothing, what }: { nothing: string; what: string }): void {
  if (expected instanceof RegExp) assert.match(got, expected, what);
  else assert.equal(got, typeof expected === "string" ? expected : nothing, what);
}

test("every variable of AWS's tables has its value where AWS has one, and is empty where it has none", async () => {
  const templated = Object.keys(everywhere);
  const logged = [...templated, ...Object.keys(inLogsOnly), ...ofTheBackend];
  const print = (names: readonly string[]): string => names.map((name) => `$context.${name}`).join("\t");
  const lines: string[] = [];
  await using backend = await startBackend((_, outgoing) => outgoing.writeHead(201).end("{}"));
  await using gateway = await startGateway({
    nowMs: Date.UTC(2020, 2, 4, 19, 15, 17),
    onLog: (_, line) => lines.push(line),
  });
  // What access logs alone know is nothing to a template.
  const hidden = print(Object.keys(inLogsOnly));
  const integration = {
    type: "HTTP" as const,
    httpMethod: "POST",
    uri: backend.origin,
    requestTemplates: { "application/json": `${print(templated)}\n${hidden}` },
    integrationResponses: {
      "200": { statusCode: "200", responseTemplates: { "application/json": `${print(templated)}\n${hidden}` } },
    },
  };
  gateway.gateway.setWebAcl(webAcl.ARN, { kind: "web-acl", webAcl, parts: noParts });
  gateway.deploy(
    aRestApi({ "/pets/{id}": { POST: aMethod(integration) } }),
    aStage({
      webAclArn: webAcl.ARN,
      accessLogSettings: {
        destinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:access",
        format: print(logged),
      },
    }),
  );
  const reply = await gateway.call("/pets/7", { method: "POST", headers: { "User-Agent": "tests/1" } });
  assert.equal(reply.status, 200, reply.text);
  for (const [side, text] of [
    ["request", backend.requests[0]!.body],
    ["response", reply.text],
  ] as const) {
    const [values = "", none = ""] = text.split("\n");
    for (const [index, value] of values.split("\t").entries()) {
      const name = templated[index]!;
      check(value, everywhere[name]!, { nothing: "", what: `$context.${name} in the ${side} template` });
    }
    assert.equal(none.replaceAll("\t", ""), "", side);
  }
  const values = lines[0]!.trimEnd().split("\t");
  assert.equal(values.length, logged.length);
  for (const [index, value] of values.entries()) {
    const name = logged[index]!;
    const expected = everywhere[name] ?? inLogsOnly[name] ?? "-";
    check(value, expected, { nothing: "-", what: `$context.${name} in the access log` });
  }
});

test("every function and form of $input, $util and $stageVariables gives what AWS's table says", async () => {
  const body = '{"pets": [{"id": 1, "type": "dog"}, {"id": 2, "type": "it\'s \\"x\\"/é"}], "text": "{\\"a\\": [1]}"}';
  const rows: readonly (readonly [template: string, expected: string])[] = [
    ["$input.body", body],
    ["$input.json('$.pets[0]')", '{"id":1,"type":"dog"}'],
    ["$input.json('$.pets[*].id')", "[1,2]"],
    ["$input.path('$.pets').count()", "2"],
    ["$input.path('$.pets').size()", "2"],
    ["$input.path('$.pets[0].type')", "dog"],
    ["$input.params('id')$input.params('q')$input.params('H')$input.params('none')", "7yes?"],
    ["$input.params().path.id$input.params().querystring.q$input.params().header.H", "7yes?"],
    ["$input.params().path.keySet()$input.params().querystring.get('q')", "[id]yes"],
    [
      "$stageVariables.color$stageVariables['color']${stageVariables.color}${stageVariables['color']}",
      "blueblueblueblue",
    ],
    ["$util.escapeJavaScript($input.path('$.pets[1].type'))", 'it\\\'s \\"x\\"\\/\\u00E9'],
    ["$util.escapeJavaScript($input.path('$.pets[1].type')).replaceAll(\"\\\\'\",\"'\")", 'it\'s \\"x\\"\\/\\u00E9'],
    ["$util.parseJson($input.path('$.text')).a[0]", "1"],
    ["$util.urlEncode('a b&c=é/~')$util.urlDecode('a+b%26c%3D%C3%A9')", "a+b%26c%3D%C3%A9%2F%7Ea b&c=é"],
    ["$util.base64Encode('é')$util.base64Decode('w6k=')", "w6k=é"],
  ];
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const template = rows.map(([row]) => row).join("\n");
  const integration = {
    type: "HTTP" as const,
    httpMethod: "POST",
    uri: backend.origin,
    requestTemplates: { "application/json": template },
    integrationResponses: { "200": { statusCode: "200" } },
  };
  gateway.deploy(aRestApi({ "/pets/{id}": { POST: aMethod(integration) } }), aStage({ variables: { color: "blue" } }));
  const reply = await gateway.call("/pets/7?q=no&q=yes", { method: "POST", headers: { H: "?" }, body });
  assert.equal(reply.status, 200, String(reply.headers["x-portico-hint"]));
  const printed = backend.requests[0]!.body.split("\n");
  for (const [index, [row, expected]] of rows.entries()) assert.equal(printed[index], expected, row);
});
