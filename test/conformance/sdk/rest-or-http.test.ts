// AWS: API Gateway Developer Guide, "Choose between REST APIs and HTTP APIs": each row of its tables on a started server. What a
// kind of API has is set up by AWS's SDK and tried; what it has not is refused, or is nowhere to be set.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { TLSSocket } from "node:tls";
import { APIGateway, APIGatewayServiceException, type PatchOperation } from "@aws-sdk/client-api-gateway";
import {
  ApiGatewayV2,
  ApiGatewayV2ServiceException,
  type CreateIntegrationCommandInput,
} from "@aws-sdk/client-apigatewayv2";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { IAM } from "@aws-sdk/client-iam";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { WAFV2, WAFV2ServiceException } from "@aws-sdk/client-wafv2";
import { XRay } from "@aws-sdk/client-xray";
import { type Portico, startPortico } from "../../portico.ts";
import { signWithSdk } from "../../sdk-signer.ts";
import { makeAuthority } from "../../tls-authority.ts";
import { until } from "../../until.ts";
import { functionOf, makeClient, permissionOf, refusal } from "./sdk-client.ts";

const account = "000000000000";
const poolId = "us-east-1_Rows00001";
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: object): string => {
  const text = `${encode({ alg: "RS256", kid: "one" })}.${encode({ sub: "me", exp: 9_999_999_999, ...claims })}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
};

/** What the delivery stream was sent. */
const streamed: string[] = [];
/** How often `/number` was asked. */
let count = 0;
/** Ends the answer of `/pieces`. */
let goOn = (): void => {};

/** The backend, the issuer of tokens, the user pools, SQS and Firehose: whatever is called. */
const outside = createServer((incoming, outgoing) => {
  const { url = "", headers } = incoming;
  if (url.endsWith("/.well-known/openid-configuration")) {
    outgoing.end(JSON.stringify({ issuer: origin, jwks_uri: `${origin}/keys` }));
  } else if (url === "/keys" || url.endsWith("/.well-known/jwks.json")) {
    outgoing.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256" }] }));
  } else if (url === "/number") {
    outgoing.end(`${++count}`);
  } else if (url === "/pieces") {
    outgoing.write("first");
    goOn = () => outgoing.end("second");
  } else if (url === "/go-on") {
    goOn();
    outgoing.end();
  } else {
    let body = "";
    incoming.on("data", (chunk) => {
      body += chunk;
    });
    incoming.on("end", () => {
      if (String(headers["x-amz-target"]).endsWith(".PutRecordBatch")) {
        const records: readonly { Data: string }[] = JSON.parse(body).Records;
        streamed.push(...records.map(({ Data }) => Buffer.from(Data, "base64").toString()));
        const RequestResponses = records.map(() => ({ RecordId: "r" }));
        return outgoing.end(JSON.stringify({ FailedPutCount: 0, RequestResponses }));
      }
      outgoing.setHeader("content-type", "application/json");
      outgoing.end(JSON.stringify({ url, host: headers.host, tenant: headers["x-tenant"], body }));
    });
  }
});
/** A backend by TLS, which answers with the fingerprint of its caller's certificate. */
const strict = createTlsServer(
  { ...makeAuthority().issue("IP:127.0.0.1"), requestCert: true, rejectUnauthorized: false },
  (incoming, outgoing) => {
    outgoing.end((incoming.socket as TLSSocket).getPeerCertificate().fingerprint256 ?? "none");
  },
);
let origin = "";
let portico: Portico;
let rest: APIGateway;
let v2: ApiGatewayV2;
let waf: WAFV2;
let logs: CloudWatchLogs;
let cloudwatch: CloudWatch;
let iam: IAM;
let xray: XRay;
let lambda: LambdaClient;

const balancer = `arn:aws:elasticloadbalancing:us-east-1:${account}:loadbalancer/net/orders/0123456789abcdef`;
const applicationBalancer = balancer.replace("/net/", "/app/");
const listenerOf = (kind: "app" | "net"): string =>
  `arn:aws:elasticloadbalancing:us-east-1:${account}:listener/${kind}/orders/0123456789abcdef/fedcba9876543210`;
const cloudMap = `arn:aws:servicediscovery:us-east-1:${account}:service/srv-orders`;
/** Answers requests, and says of "yes" that it may call: by a policy to REST APIs, simply to HTTP APIs. */
const handler = `exports.handler = async (event) => {
  if (event.type === "REQUEST") return { isAuthorized: event.headers.authorization === "yes" };
  const Effect = event.authorizationToken === "yes" ? "Allow" : "Deny";
  const Statement = [{ Action: "execute-api:Invoke", Effect, Resource: event.methodArn }];
  if (event.type === "TOKEN") return { principalId: "me", policyDocument: { Version: "2012-10-17", Statement } };
  return { statusCode: 200, body: "from the function" };
};`;
const functionUri = (name: string): string =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:${account}:function:${name}/invocations`;
const role = `arn:aws:iam::${account}:role/gateway`;

const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: { Service: "apigateway.amazonaws.com" }, Action: "sts:AssumeRole" },
});

before(async () => {
  await once(outside.listen(0, "127.0.0.1"), "listening");
  await once(strict.listen(0, "127.0.0.1"), "listening");
  const { port } = outside.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  const links = ["orders", applicationBalancer, listenerOf("app"), listenerOf("net"), cloudMap].flatMap((name) => [
    "--vpc-link",
    `${name}=127.0.0.1:${port}`,
  ]);
  portico = await startPortico({
    args: [
      "--threads",
      "1",
      "--vpc-endpoint",
      "vpce-rows=127.0.0.1",
      "--endpoints",
      `sqs=${origin},firehose=${origin}`,
      ...links,
    ],
    env: { AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: origin },
  });
  rest = makeClient(APIGateway, portico);
  v2 = makeClient(ApiGatewayV2, portico);
  waf = makeClient(WAFV2, portico);
  logs = makeClient(CloudWatchLogs, portico);
  cloudwatch = makeClient(CloudWatch, portico);
  iam = makeClient(IAM, portico);
  xray = makeClient(XRay, portico);
  lambda = makeClient(LambdaClient, portico);
  await lambda.send(functionOf("rows", handler));
  await lambda.send(permissionOf("rows"));
  const allow = { Effect: "Allow", Action: ["sqs:SendMessage", "logs:*"], Resource: "*" };
  for (const RoleName of ["gateway", "logs"]) {
    await iam.createRole({ RoleName, AssumeRolePolicyDocument: trust });
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: allow });
    await iam.putRolePolicy({ RoleName, PolicyName: "calls", PolicyDocument });
  }
  const value = `arn:aws:iam::${account}:role/logs`;
  await rest.updateAccount({ patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value }] });
});
after(async () => {
  for (const client of [rest, v2, waf, logs, cloudwatch, iam, xray, lambda]) client?.destroy();
  const code = await portico?.stop();
  for (const server of [outside, strict]) {
    server.closeAllConnections();
    server.close();
  }
  assert.equal(code, 0);
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A deployed API; `call` asks below its stage. */
interface Api {
  readonly id: string;
  call(path?: string, init?: RequestInit): Promise<Answer>;
}

const at = (id: string, base: string): Api => ({
  id,
  async call(path = "/", init = {}) {
    const answer = await fetch(portico.url + base + path, init);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  },
});

const mock = {
  type: "mock",
  requestTemplates: { "application/json": '{"statusCode": 200}' },
  responses: { default: { statusCode: "200", responseTemplates: { "application/json": '{"by":"mock"}' } } },
};
const responses = { "200": { description: "ok" } };

/** Imports a REST API of one method, and deploys it to the stage `prod`. */
async function aRest({
  verb = "get",
  operation = {},
  integration = mock,
  ...document
}: {
  verb?: string;
  operation?: object;
  integration?: object;
  [member: string]: unknown;
} = {}): Promise<Api> {
  const path = { [verb]: { responses, "x-amazon-apigateway-integration": integration, ...operation } };
  const body = Buffer.from(
    JSON.stringify({ openapi: "3.0.1", info: { title: "rows", version: "1" }, paths: { "/": path }, ...document }),
  );
  const { id = "" } = await rest.importRestApi({ body });
  await rest.createDeployment({ restApiId: id, stageName: "prod" });
  return at(id, `/_aws/execute-api/${id}/prod`);
}

const proxy = (more: Partial<CreateIntegrationCommandInput> = {}) =>
  ({
    IntegrationType: "HTTP_PROXY",
    IntegrationMethod: "ANY",
    IntegrationUri: `${origin}/pets`,
    PayloadFormatVersion: "1.0",
    ...more,
  }) as const;

/** Makes an HTTP API of one route, on the stage `$default`, which deploys by itself. */
async function anHttp(integration: object = {}, route: object = {}, api: object = {}): Promise<Api> {
  const { ApiId = "" } = await v2.createApi({ Name: "rows", ProtocolType: "HTTP", ...api });
  const { IntegrationId } = await v2.createIntegration({ ApiId, ...proxy(integration) });
  await v2.createRoute({ ApiId, RouteKey: "GET /", Target: `integrations/${IntegrationId}`, ...route });
  await v2.createStage({ ApiId, StageName: "$default", AutoDeploy: true });
  return at(ApiId, `/_aws/execute-api/${ApiId}`);
}

const statusOf = async (api: Api, path?: string, init?: RequestInit): Promise<number> =>
  (await api.call(path, init)).status;
const patch = (restApiId: string, operations: Record<string, string>) =>
  rest.updateStage({
    restApiId,
    stageName: "prod",
    patchOperations: Object.entries(operations).map(
      ([path, value]): PatchOperation => ({ op: "replace", path, value }),
    ),
  });

/** API Gateway's second version refuses the call with this message. */
async function refused(call: Promise<unknown>, message: RegExp): Promise<void> {
  const error = await refusal(call, ApiGatewayV2ServiceException);
  assert.match(`${error.name}: ${error.message}`, message);
}

/** What the second version's own API has no operation or member for, sent as text: it is not kept. */
async function isUnknown(path: string, body: object, members: readonly string[]): Promise<void> {
  const headers = { "content-type": "application/json", authorization: signedBy("apigateway") };
  const answer = await fetch(portico.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (answer.status >= 300) return assert.ok(answer.status < 500, text);
  const kept = JSON.parse(text);
  for (const member of members) assert.ok(!(member in kept), text);
}
const signedBy = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=${account}/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;

const newHttp = async (): Promise<string> => (await v2.createApi({ Name: "rows", ProtocolType: "HTTP" })).ApiId!;

/** Importing a document with what only REST APIs have says so. */
async function warns(member: string, value: unknown): Promise<void> {
  const document = { openapi: "3.0.1", info: { title: "rows", version: "1" }, paths: {}, [member]: value };
  const { Warnings = [], ImportInfo = [] } = await v2.importApi({ Body: JSON.stringify(document) });
  assert.match([...Warnings, ...ImportInfo].join("\n"), new RegExp(`${member} is not supported by HTTP APIs`));
}

const withKey = async (usagePlan: object): Promise<{ api: Api; headers: Record<string, string> }> => {
  const schemes = { key: { type: "apiKey", name: "x-api-key", in: "header" } };
  const api = await aRest({ operation: { security: [{ key: [] }] }, components: { securitySchemes: schemes } });
  const { id: keyId, value = "" } = await rest.createApiKey({ name: api.id, enabled: true });
  const plan = { name: api.id, apiStages: [{ apiId: api.id, stage: "prod" }], ...usagePlan };
  const { id: usagePlanId } = await rest.createUsagePlan(plan);
  await rest.createUsagePlanKey({ usagePlanId, keyId, keyType: "API_KEY" });
  return { api, headers: { "x-api-key": value } };
};

/** A usage plan may not have the stage of an HTTP API. */
async function hasNoPlan(usagePlan: object): Promise<void> {
  const { id: apiId } = await anHttp();
  const made = rest.createUsagePlan({ name: apiId, apiStages: [{ apiId, stage: "$default" }], ...usagePlan });
  assert.match((await refusal(made, APIGatewayServiceException)).message, /^Invalid API Stage/);
}

const isLogged = (logGroupName: string, pattern: RegExp): Promise<void> =>
  until(async () => {
    // The group is made with its first line.
    const { events = [] } = await logs.filterLogEvents({ logGroupName }).catch(() => ({ events: [] }));
    return pattern.test(events.map(({ message }) => message).join("\n"));
  });

const group = (name: string): string => `arn:aws:logs:us-east-1:${account}:log-group:${name}`;
const firehose = `arn:aws:firehose:us-east-1:${account}:deliverystream/amazon-apigateway-rows`;
const preflight = {
  method: "OPTIONS",
  headers: { origin: "https://app.example", "access-control-request-method": "GET" },
};

type Try = () => Promise<void>;

/** AWS's word on a row; `later` is a yes that is not here yet, and what stands in its place is tried. */
interface Row {
  readonly rest: readonly ["yes" | "no" | "later", Try];
  readonly http: readonly ["yes" | "no" | "later", Try];
}

const mutualTls = { truststoreUri: "s3://bucket/truststore.pem" };
const certificate = `arn:aws:acm:us-east-1:${account}:certificate/12345678-1234-1234-1234-123456789012`;

const tables: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  "Endpoint type": {
    "Edge-optimized": {
      rest: [
        "yes",
        async () => {
          const api = await rest.createRestApi({ name: "edge", endpointConfiguration: { types: ["EDGE"] } });
          assert.deepEqual(api.endpointConfiguration?.types, ["EDGE"]);
        },
      ],
      http: [
        "no",
        () => {
          const body = { name: "rows", protocolType: "HTTP", endpointConfiguration: { types: ["EDGE"] } };
          return isUnknown("/v2/apis", body, ["endpointConfiguration"]);
        },
      ],
    },
    Regional: {
      rest: [
        "yes",
        async () => {
          const configuration = { endpointConfiguration: { types: ["REGIONAL"] } };
          const api = await aRest({
            "x-amazon-apigateway-endpoint-configuration": configuration.endpointConfiguration,
          });
          assert.equal(await statusOf(api), 200);
        },
      ],
      http: ["yes", async () => assert.equal(await statusOf(await anHttp()), 200)],
    },
    Private: {
      rest: [
        "yes",
        async () => {
          const allow = { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "*" };
          const { id: restApiId } = await aRest({
            "x-amazon-apigateway-policy": { Version: "2012-10-17", Statement: [allow] },
          });
          await rest.updateRestApi({
            restApiId,
            patchOperations: [{ op: "replace", path: "/endpointConfiguration/types/EDGE", value: "PRIVATE" }],
          });
          assert.equal(await statusOf(at(restApiId, `/_aws/execute-api/${restApiId}/prod`)), 200);
        },
      ],
      http: [
        "no",
        () => {
          const body = { name: "rows", protocolType: "HTTP", endpointConfiguration: { types: ["PRIVATE"] } };
          return isUnknown("/v2/apis", body, ["endpointConfiguration"]);
        },
      ],
    },
  },
  Security: {
    "Mutual TLS authentication": {
      rest: [
        "later",
        async () => {
          const domainName = "mtls-rest.example";
          await rest.createDomainName({
            domainName,
            regionalCertificateArn: certificate,
            endpointConfiguration: { types: ["REGIONAL"] },
            mutualTlsAuthentication: mutualTls,
            securityPolicy: "TLS_1_2",
          });
          const { id: restApiId } = await aRest();
          await rest.createBasePathMapping({ domainName, restApiId, stage: "prod" });
          assert.equal((await byHost(domainName)).status, 501);
        },
      ],
      http: [
        "later",
        async () => {
          const DomainName = "mtls-http.example";
          await v2.createDomainName({
            DomainName,
            DomainNameConfigurations: [{ CertificateArn: certificate, EndpointType: "REGIONAL" }],
            MutualTlsAuthentication: { TruststoreUri: mutualTls.truststoreUri },
          });
          const { id: ApiId } = await anHttp();
          await v2.createApiMapping({ DomainName, ApiId, Stage: "$default" });
          assert.equal((await byHost(DomainName)).status, 501);
        },
      ],
    },
    "Certificates for backend authentication": {
      rest: [
        "yes",
        async () => {
          const { clientCertificateId = "", pemEncodedCertificate = "" } = await rest.generateClientCertificate({});
          const uri = `https://127.0.0.1:${(strict.address() as AddressInfo).port}/`;
          const integration = {
            type: "http_proxy",
            httpMethod: "GET",
            uri,
            tlsConfig: { insecureSkipVerification: true },
          };
          const { id, call } = await aRest({ integration });
          assert.equal((await call()).text, "none");
          await patch(id, { "/clientCertificateId": clientCertificateId });
          assert.equal((await call()).text, new X509Certificate(pemEncodedCertificate).fingerprint256);
        },
      ],
      http: [
        "no",
        async () => {
          const stage = { ApiId: await newHttp(), StageName: "prod", ClientCertificateId: "abcdef" };
          await refused(v2.createStage(stage), /ClientCertificateId cannot be set for HTTP protocol Apis/);
        },
      ],
    },
    "AWS WAF": {
      rest: [
        "yes",
        async () => {
          const { id } = await aRest();
          const api = at(id, `/_aws/execute-api/${id}/prod`);
          await guard(`arn:aws:apigateway:us-east-1::/restapis/${id}/stages/prod`);
          assert.deepEqual([await statusOf(api), await statusOf(api, "/?x=attack")], [200, 403]);
        },
      ],
      http: [
        "no",
        async () => {
          const { id } = await anHttp();
          const call = guard(`arn:aws:apigateway:us-east-1::/apis/${id}/stages/$default`);
          assert.equal((await refusal(call, WAFV2ServiceException)).name, "WAFInvalidParameterException");
        },
      ],
    },
  },
  Authorization: {
    IAM: {
      rest: [
        "yes",
        async () => {
          const sigv4 = {
            type: "apiKey",
            name: "Authorization",
            in: "header",
            "x-amazon-apigateway-authtype": "awsSigv4",
          };
          const operation = { security: [{ sigv4: [] }] };
          await asksForSignature(await aRest({ operation, components: { securitySchemes: { sigv4 } } }), "/prod/");
        },
      ],
      http: ["yes", async () => asksForSignature(await anHttp({}, { AuthorizationType: "AWS_IAM" }), "/")],
    },
    "Resource policies": {
      rest: [
        "yes",
        async () => {
          const every = { Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" };
          const deny = { Effect: "Deny", ...every, Condition: { IpAddress: { "aws:SourceIp": "127.0.0.1" } } };
          const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", ...every }, deny] };
          assert.equal(await statusOf(await aRest({ "x-amazon-apigateway-policy": policy })), 403);
        },
      ],
      http: ["no", () => warns("x-amazon-apigateway-policy", { Version: "2012-10-17", Statement: [] })],
    },
    "Amazon Cognito": {
      rest: [
        "yes",
        async () => {
          const { id: restApiId } = await aRest();
          const { items = [] } = await rest.getResources({ restApiId });
          const { id: authorizerId } = await rest.createAuthorizer({
            restApiId,
            name: "users",
            type: "COGNITO_USER_POOLS",
            providerARNs: [`arn:aws:cognito-idp:us-east-1:${account}:userpool/${poolId}`],
            identitySource: "method.request.header.Authorization",
          });
          await rest.updateMethod({
            restApiId,
            resourceId: items[0]!.id,
            httpMethod: "GET",
            patchOperations: [
              { op: "replace", path: "/authorizationType", value: "COGNITO_USER_POOLS" },
              { op: "replace", path: "/authorizerId", value: authorizerId },
            ],
          });
          await rest.createDeployment({ restApiId, stageName: "prod" });
          const iss = `https://cognito-idp.us-east-1.amazonaws.com/${poolId}`;
          const token = jwt({ iss, token_use: "id", aud: "client" });
          await asksForToken(at(restApiId, `/_aws/execute-api/${restApiId}/prod`), token);
        },
      ],
      // By a JWT authorizer, whose issuer is the user pool.
      http: ["yes", () => hasJwtAuthorizer()],
    },
    "Custom authorization with an AWS Lambda function": {
      rest: [
        "yes",
        async () => {
          const authorizer = { type: "token", authorizerUri: functionUri("rows"), authorizerResultTtlInSeconds: 0 };
          const custom = {
            type: "apiKey",
            name: "Authorization",
            in: "header",
            "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": authorizer,
          };
          const operation = { security: [{ custom: [] }] };
          const api = await aRest({ operation, components: { securitySchemes: { custom } } });
          const statuses = ["yes", "no"].map((authorization) => statusOf(api, "/", { headers: { authorization } }));
          assert.deepEqual([await statusOf(api), ...(await Promise.all(statuses))], [401, 200, 403]);
        },
      ],
      http: [
        "yes",
        async () => {
          const api = await anHttp();
          const { AuthorizerId } = await v2.createAuthorizer({
            ApiId: api.id,
            Name: "function",
            AuthorizerType: "REQUEST",
            AuthorizerUri: functionUri("rows"),
            AuthorizerPayloadFormatVersion: "2.0",
            EnableSimpleResponses: true,
            IdentitySource: ["$request.header.Authorization"],
          });
          await updateRoute(api, { AuthorizationType: "CUSTOM", AuthorizerId });
          const statuses = ["yes", "no"].map((authorization) => statusOf(api, "/", { headers: { authorization } }));
          assert.deepEqual([await statusOf(api), ...(await Promise.all(statuses))], [401, 200, 403]);
        },
      ],
    },
    "JSON Web Token (JWT)": {
      // AWS: "You can use a Lambda authorizer to validate JWTs for REST APIs": there is no type of authorizer for it.
      rest: [
        "no",
        async () => {
          const { id: restApiId } = await rest.createRestApi({ name: "rows" });
          const made = rest.createAuthorizer({ restApiId, name: "jwt", type: "JWT" as never });
          assert.match((await refusal(made, APIGatewayServiceException)).message, /enum value set/);
        },
      ],
      http: ["yes", () => hasJwtAuthorizer()],
    },
  },
  "API management": {
    "Custom domains": {
      rest: [
        "yes",
        async () => {
          const domainName = "rest.rows.example";
          const endpointConfiguration = { types: ["REGIONAL" as const] };
          await rest.createDomainName({ domainName, regionalCertificateArn: certificate, endpointConfiguration });
          const { id: restApiId } = await aRest();
          await rest.createBasePathMapping({ domainName, restApiId, stage: "prod" });
          assert.equal((await byHost(domainName)).status, 200);
        },
      ],
      http: [
        "yes",
        async () => {
          const DomainName = "http.rows.example";
          const DomainNameConfigurations = [{ CertificateArn: certificate, EndpointType: "REGIONAL" as const }];
          await v2.createDomainName({ DomainName, DomainNameConfigurations });
          const { id: ApiId } = await anHttp();
          await v2.createApiMapping({ DomainName, ApiId, Stage: "$default" });
          assert.equal((await byHost(DomainName)).status, 200);
        },
      ],
    },
    "API keys": {
      rest: [
        "yes",
        async () => {
          const { api, headers } = await withKey({});
          assert.deepEqual([await statusOf(api), await statusOf(api, "/", { headers })], [403, 200]);
        },
      ],
      http: [
        "no",
        async () => {
          const { id: ApiId } = await anHttp();
          const route = { ApiId, RouteKey: "GET /keyed", ApiKeyRequired: true };
          await refused(v2.createRoute(route), /ApiKeyRequired cannot be set for HTTP protocol Apis/);
        },
      ],
    },
    "Per-client rate limiting": {
      rest: [
        "yes",
        async () => {
          const { api, headers } = await withKey({ throttle: { rateLimit: 0.001, burstLimit: 1 } });
          const statuses = [await statusOf(api, "/", { headers }), await statusOf(api, "/", { headers })];
          assert.deepEqual(statuses, [200, 429]);
        },
      ],
      http: ["no", () => hasNoPlan({ throttle: { rateLimit: 1, burstLimit: 1 } })],
    },
    "Per-client usage throttling": {
      rest: [
        "yes",
        async () => {
          const { api, headers } = await withKey({ quota: { limit: 1, period: "DAY" } });
          const statuses = [await statusOf(api, "/", { headers }), await statusOf(api, "/", { headers })];
          assert.deepEqual(statuses, [200, 429]);
        },
      ],
      http: ["no", () => hasNoPlan({ quota: { limit: 1, period: "DAY" } })],
    },
    "Developer portal": {
      rest: ["yes", async () => void (await hasEndpointPage(await aRest(), "prod"))],
      http: [
        "no",
        async () => {
          const error = await refusal(hasEndpointPage(await anHttp(), "$default"), ApiGatewayV2ServiceException);
          assert.ok(error.$metadata.httpStatusCode! < 500, error.message);
        },
      ],
    },
  },
  Development: {
    "CORS configuration": {
      rest: [
        "yes",
        async () => {
          const header = "method.response.header.Access-Control-Allow-Origin";
          const answered = { ...mock.responses.default, responseParameters: { [header]: "'https://app.example'" } };
          const api = await aRest({
            verb: "options",
            integration: { ...mock, responses: { default: answered } },
            operation: {
              responses: {
                "200": {
                  description: "ok",
                  headers: { "Access-Control-Allow-Origin": { schema: { type: "string" } } },
                },
              },
            },
          });
          const { headers } = await api.call("/", preflight);
          assert.equal(headers.get("access-control-allow-origin"), "https://app.example");
        },
      ],
      http: [
        "yes",
        async () => {
          const CorsConfiguration = { AllowOrigins: ["https://app.example"], AllowMethods: ["GET"] };
          const { status, headers } = await (await anHttp({}, {}, { CorsConfiguration })).call("/", preflight);
          const { "access-control-allow-origin": allowed } = Object.fromEntries(headers);
          assert.deepEqual([status, allowed], [204, "https://app.example"]);
        },
      ],
    },
    "Test invocations": {
      rest: [
        "yes",
        async () => {
          const { id: restApiId } = await aRest();
          const { items = [] } = await rest.getResources({ restApiId });
          const of = { restApiId, resourceId: items[0]!.id, httpMethod: "GET" };
          const { status, log } = await rest.testInvokeMethod(of);
          assert.equal(status, 200);
          assert.match(log ?? "", /Execution log for request/);
        },
      ],
      http: [
        "no",
        async () => {
          const { id: restApiId } = await anHttp();
          const tried = rest.testInvokeMethod({ restApiId, resourceId: "a", httpMethod: "GET" });
          assert.equal((await refusal(tried, APIGatewayServiceException)).name, "NotFoundException");
        },
      ],
    },
    Caching: {
      rest: [
        "yes",
        async () => {
          const api = await aRest({ integration: { type: "http_proxy", httpMethod: "GET", uri: `${origin}/number` } });
          await patch(api.id, {
            "/cacheClusterEnabled": "true",
            "/cacheClusterSize": "0.5",
            "/*/*/caching/enabled": "true",
          });
          const { text: first } = await api.call();
          assert.deepEqual([(await api.call()).text, (await api.call()).text], [first, first]);
        },
      ],
      http: [
        "no",
        async () => {
          const path = `/v2/apis/${await newHttp()}/stages`;
          await isUnknown(path, { stageName: "prod", cacheClusterEnabled: true }, ["cacheClusterEnabled"]);
        },
      ],
    },
    "User-controlled deployments": {
      rest: [
        "yes",
        async () => {
          const { id: restApiId, call } = await aRest();
          const { items = [] } = await rest.getResources({ restApiId });
          await rest.deleteMethod({ restApiId, resourceId: items[0]!.id, httpMethod: "GET" });
          assert.equal((await call()).status, 200);
          await putMock(restApiId, items[0]!.id!, "POST");
          await rest.createDeployment({ restApiId, stageName: "prod" });
          assert.deepEqual([(await call()).status, (await call("/", { method: "POST" })).status], [403, 200]);
        },
      ],
      http: [
        "yes",
        async () => {
          const { id: ApiId } = await anHttp();
          await v2.createStage({ ApiId, StageName: "manual" });
          await v2.createDeployment({ ApiId, StageName: "manual" });
          const api = at(ApiId, `/_aws/execute-api/${ApiId}/manual`);
          await updateRoute(api, { RouteKey: "GET /moved" });
          assert.equal((await api.call()).status, 200);
          await v2.createDeployment({ ApiId, StageName: "manual" });
          assert.equal((await api.call()).status, 404);
        },
      ],
    },
    "Automatic deployments": {
      rest: [
        "no",
        async () => {
          const { id } = await aRest();
          const error = await refusal(patch(id, { "/autoDeploy": "true" }), APIGatewayServiceException);
          assert.match(error.message, /^Invalid method setting path: \/autoDeploy/);
        },
      ],
      http: [
        "yes",
        async () => {
          const api = await anHttp();
          await updateRoute(api, { RouteKey: "GET /moved" });
          assert.deepEqual([await statusOf(api), await statusOf(api, "/moved")], [404, 200]);
        },
      ],
    },
    "Custom gateway responses": {
      rest: [
        "yes",
        async () => {
          const responseTemplates = { "application/json": '{"mine":true}' };
          const gatewayResponses = { MISSING_AUTHENTICATION_TOKEN: { statusCode: 404, responseTemplates } };
          const api = await aRest({ "x-amazon-apigateway-gateway-responses": gatewayResponses });
          const { status, text } = await api.call("/nowhere");
          assert.deepEqual([status, text], [404, '{"mine":true}']);
        },
      ],
      http: ["no", () => warns("x-amazon-apigateway-gateway-responses", {})],
    },
    "Canary release deployments": {
      rest: [
        "yes",
        async () => {
          const { id: restApiId, call } = await aRest();
          const { items = [] } = await rest.getResources({ restApiId });
          await putMock(restApiId, items[0]!.id!, "POST");
          const post = { method: "POST" };
          const canarySettings = { percentTraffic: 100 };
          assert.equal((await call("/", post)).status, 403);
          await rest.createDeployment({ restApiId, stageName: "prod", canarySettings });
          assert.equal((await call("/", post)).status, 200);
          await patch(restApiId, { "/canarySettings/percentTraffic": "0" });
          assert.equal((await call("/", post)).status, 403);
        },
      ],
      http: [
        "no",
        async () => {
          const path = `/v2/apis/${await newHttp()}/stages`;
          await isUnknown(path, { stageName: "prod", canarySettings: { percentTraffic: 50 } }, ["canarySettings"]);
        },
      ],
    },
    "Request validation": {
      rest: [
        "yes",
        async () => {
          const parameters = [{ name: "page", in: "query", required: true, schema: { type: "string" } }];
          const api = await aRest({
            operation: { parameters, "x-amazon-apigateway-request-validator": "all" },
            "x-amazon-apigateway-request-validators": { all: { validateRequestParameters: true } },
          });
          assert.deepEqual([await statusOf(api), await statusOf(api, "/?page=1")], [400, 200]);
        },
      ],
      http: [
        "no",
        async () => {
          const { id: ApiId } = await anHttp();
          const parameters = { "route.request.querystring.page": { Required: true } };
          const route = { ApiId, RouteKey: "GET /valid", RequestParameters: parameters };
          await refused(v2.createRoute(route), /RequestParameters cannot be set for HTTP protocol Apis/);
          await refused(v2.createModel({ ApiId, Name: "Pet", Schema: "{}" }), /Models are not supported/);
        },
      ],
    },
    "Request parameter transformation": {
      rest: [
        "yes",
        async () => {
          const requestParameters = { "integration.request.header.x-tenant": "'acme'" };
          const integration = { type: "http_proxy", httpMethod: "GET", uri: `${origin}/pets`, requestParameters };
          assert.equal(JSON.parse((await (await aRest({ integration })).call()).text).tenant, "acme");
        },
      ],
      http: [
        "yes",
        async () => {
          const api = await anHttp({
            RequestParameters: { "overwrite:header.x-tenant": "acme", "append:querystring.a": "b" },
          });
          const { tenant, url } = JSON.parse((await api.call()).text);
          assert.deepEqual([tenant, url], ["acme", "/pets?a=b"]);
        },
      ],
    },
    "Request body transformation": {
      rest: [
        "yes",
        async () => {
          const requestTemplates = { "application/json": '{"pet":$input.json("$.name")}' };
          const integration = {
            type: "http",
            httpMethod: "POST",
            uri: `${origin}/pets`,
            requestTemplates,
            responses: { default: { statusCode: "200" } },
          };
          const api = await aRest({ verb: "post", integration });
          const headers = { "content-type": "application/json" };
          const { text } = await api.call("/", { method: "POST", headers, body: '{"name":"Rex"}' });
          assert.equal(JSON.parse(text).body, '{"pet":"Rex"}');
        },
      ],
      http: [
        "no",
        async () => {
          const integration = { ApiId: await newHttp(), ...proxy(), RequestTemplates: { "application/json": "{}" } };
          await refused(v2.createIntegration(integration), /RequestTemplates cannot be set for HTTP protocol Apis/);
        },
      ],
    },
  },
  Monitoring: {
    "Amazon CloudWatch metrics": {
      rest: [
        "yes",
        async () => isMetered(await aRest({ info: { title: "metered", version: "1" } }), { ApiName: "metered" }),
      ],
      http: [
        "yes",
        async () => {
          const api = await anHttp();
          await isMetered(api, { ApiId: api.id });
        },
      ],
    },
    "Access logs to Amazon CloudWatch Logs": {
      rest: [
        "yes",
        async () => {
          const { id, call } = await aRest();
          const settings = { destinationArn: group("/rest/access"), format: "rest $context.requestId $context.status" };
          await patch(id, {
            "/accessLogSettings/destinationArn": settings.destinationArn,
            "/accessLogSettings/format": settings.format,
          });
          await call();
          await isLogged("/rest/access", /^rest \S+ 200$/m);
        },
      ],
      http: [
        "yes",
        async () => {
          const { id: ApiId, call } = await anHttp();
          const AccessLogSettings = {
            DestinationArn: group("/http/access"),
            Format: "http $context.requestId $context.status",
          };
          await v2.updateStage({ ApiId, StageName: "$default", AccessLogSettings });
          await call();
          await isLogged("/http/access", /^http \S+ 200$/m);
        },
      ],
    },
    "Access logs to Amazon Data Firehose": {
      rest: [
        "yes",
        async () => {
          const { id, call } = await aRest();
          await patch(id, {
            "/accessLogSettings/destinationArn": firehose,
            "/accessLogSettings/format": "row $context.requestId $context.status",
          });
          await call();
          await until(() => streamed.some((line) => /^row \S+ 200\n$/.test(line)));
        },
      ],
      http: [
        "no",
        async () => {
          const { id: ApiId } = await anHttp();
          const AccessLogSettings = { DestinationArn: firehose, Format: "$context.requestId" };
          await refused(v2.updateStage({ ApiId, StageName: "$default", AccessLogSettings }), /BadRequestException/);
        },
      ],
    },
    "Execution logs": {
      rest: [
        "yes",
        async () => {
          const { id, call } = await aRest();
          await patch(id, { "/*/*/logging/loglevel": "INFO" });
          await call();
          await isLogged(`API-Gateway-Execution-Logs_${id}/prod`, /Starting execution for request/);
        },
      ],
      http: [
        "no",
        async () => {
          const { id: ApiId } = await anHttp();
          const DefaultRouteSettings = { LoggingLevel: "INFO" } as const;
          await refused(v2.updateStage({ ApiId, StageName: "$default", DefaultRouteSettings }), /BadRequestException/);
        },
      ],
    },
    "AWS X-Ray tracing": {
      rest: [
        "yes",
        async () => {
          const { id, call } = await aRest();
          await patch(id, { "/tracingEnabled": "true" });
          const root = `1-${Math.floor(Date.now() / 1_000).toString(16)}-0123456789abcdef01234567`;
          await call("/", { headers: { "x-amzn-trace-id": `Root=${root};Sampled=1` } });
          await until(async () => (await xray.batchGetTraces({ TraceIds: [root] })).Traces?.length === 1);
        },
      ],
      http: [
        "no",
        async () => {
          const path = `/v2/apis/${await newHttp()}/stages`;
          await isUnknown(path, { stageName: "prod", tracingEnabled: true }, ["tracingEnabled"]);
        },
      ],
    },
  },
  Integrations: {
    "Public HTTP endpoints": {
      rest: [
        "yes",
        async () => {
          const api = await aRest({ integration: { type: "http_proxy", httpMethod: "GET", uri: `${origin}/pets` } });
          assert.equal(JSON.parse((await api.call()).text).url, "/pets");
        },
      ],
      http: ["yes", async () => assert.equal(JSON.parse((await (await anHttp()).call()).text).url, "/pets")],
    },
    "AWS services": {
      rest: [
        "yes",
        async () => {
          const uri = `arn:aws:apigateway:us-east-1:sqs:path/${account}/orders`;
          const integration = {
            type: "aws",
            httpMethod: "POST",
            uri,
            credentials: role,
            requestParameters: { "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'" },
            requestTemplates: { "application/json": "Action=SendMessage&MessageBody=hello" },
            responses: { default: { statusCode: "200" } },
          };
          const { status, text } = await (await aRest({ verb: "post", integration })).call("/", { method: "POST" });
          assert.deepEqual([status, JSON.parse(text).body], [200, "Action=SendMessage&MessageBody=hello"]);
        },
      ],
      http: [
        "yes",
        async () => {
          const { ApiId = "" } = await v2.createApi({ Name: "rows", ProtocolType: "HTTP" });
          const { IntegrationId } = await v2.createIntegration({
            ApiId,
            IntegrationType: "AWS_PROXY",
            IntegrationSubtype: "SQS-SendMessage",
            PayloadFormatVersion: "1.0",
            CredentialsArn: role,
            RequestParameters: { QueueUrl: `https://sqs.example/${account}/orders`, MessageBody: "hello" },
          });
          await v2.createRoute({ ApiId, RouteKey: "GET /", Target: `integrations/${IntegrationId}` });
          await v2.createStage({ ApiId, StageName: "$default", AutoDeploy: true });
          const { status, text } = await at(ApiId, `/_aws/execute-api/${ApiId}`).call();
          assert.equal(status, 200, text);
          assert.match(JSON.parse(text).body, /^Action=SendMessage&.*MessageBody=hello/);
        },
      ],
    },
    "AWS Lambda functions": {
      rest: [
        "yes",
        async () => {
          const integration = { type: "aws_proxy", httpMethod: "POST", uri: functionUri("rows") };
          assert.equal((await (await aRest({ integration })).call()).text, "from the function");
        },
      ],
      http: [
        "yes",
        async () => {
          const IntegrationUri = `arn:aws:lambda:us-east-1:${account}:function:rows`;
          const integration = { IntegrationType: "AWS_PROXY", IntegrationMethod: "POST", PayloadFormatVersion: "2.0" };
          const api = await anHttp({ ...integration, IntegrationUri });
          assert.equal((await api.call()).text, "from the function");
        },
      ],
    },
    "Private integrations with Network Load Balancers": {
      rest: [
        "yes",
        async () => {
          const { id: connectionId } = await rest.createVpcLink({ name: "orders", targetArns: [balancer] });
          const uri = "http://orders.internal/list";
          const integration = { type: "http_proxy", httpMethod: "GET", connectionType: "VPC_LINK", connectionId, uri };
          assert.equal(JSON.parse((await (await aRest({ integration })).call()).text).url, "/list");
        },
      ],
      http: ["yes", () => goesThroughLink(listenerOf("net"))],
    },
    "Private integrations with Application Load Balancers": {
      rest: [
        "yes",
        async () => {
          const { VpcLinkId: connectionId } = await v2.createVpcLink({ Name: "albs", SubnetIds: ["subnet-1"] });
          const uri = "http://orders.internal/list";
          for (const integrationTarget of [applicationBalancer, listenerOf("app")]) {
            const link = { connectionType: "VPC_LINK", connectionId, integrationTarget };
            const api = await aRest({ integration: { type: "http_proxy", httpMethod: "GET", uri, ...link } });
            assert.equal(JSON.parse((await api.call()).text).url, "/list");
          }
        },
      ],
      http: ["yes", () => goesThroughLink(listenerOf("app"))],
    },
    "Private integrations with AWS Cloud Map": {
      rest: [
        "no",
        async () => {
          const { id: restApiId, rootResourceId: resourceId } = await rest.createRestApi({ name: "rows" });
          const method = { restApiId, resourceId, httpMethod: "GET" };
          await rest.putMethod({ ...method, authorizationType: "NONE" });
          const { id: connectionId } = await rest.createVpcLink({ name: "map", targetArns: [balancer] });
          const link = { connectionType: "VPC_LINK", connectionId } as const;
          const put = rest.putIntegration({
            ...method,
            type: "HTTP_PROXY",
            integrationHttpMethod: "GET",
            uri: cloudMap,
            ...link,
          });
          assert.equal((await refusal(put, APIGatewayServiceException)).name, "BadRequestException");
        },
      ],
      http: ["yes", () => goesThroughLink(cloudMap)],
    },
    "Mock integrations": {
      rest: ["yes", async () => assert.equal((await (await aRest()).call()).text, '{"by":"mock"}')],
      http: [
        "no",
        async () => {
          const made = v2.createIntegration({ ApiId: await newHttp(), IntegrationType: "MOCK" });
          await refused(made, /may only be associated with proxy integrations/);
        },
      ],
    },
    "Response streaming": {
      rest: [
        "yes",
        async () => {
          const integration = {
            type: "http_proxy",
            httpMethod: "GET",
            uri: `${origin}/pieces`,
            responseTransferMode: "STREAM",
          };
          const { id } = await aRest({ integration });
          const answer = await fetch(`${portico.url}/_aws/execute-api/${id}/prod/`);
          const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
          assert.equal((await reader.read()).value, "first");
          // The backend says no more before this.
          await fetch(`${origin}/go-on`);
          assert.equal((await reader.read()).value, "second");
        },
      ],
      http: [
        "no",
        async () => {
          const path = `/v2/apis/${await newHttp()}/integrations`;
          const integration = {
            integrationType: "HTTP_PROXY",
            integrationMethod: "GET",
            integrationUri: origin,
            payloadFormatVersion: "1.0",
          };
          await isUnknown(path, { ...integration, responseTransferMode: "STREAM" }, ["responseTransferMode"]);
        },
      ],
    },
  },
};

/** Calls the root of a custom domain name. */
async function byHost(host: string): Promise<{ readonly status: number }> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const outgoing = request(`${portico.url}/`, { headers: { host }, agent: false }, (incoming) => {
      incoming.resume();
      resolve({ status: incoming.statusCode ?? 0 });
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** Puts a web ACL that blocks attacks in front of a stage. */
async function guard(ResourceArn: string): Promise<void> {
  const Name = `rows${ResourceArn.replaceAll(/[^a-z0-9]/g, "")}`.slice(0, 100);
  const VisibilityConfig = { SampledRequestsEnabled: false, CloudWatchMetricsEnabled: false, MetricName: "rows" };
  const { Summary } = await waf.createWebACL({
    Name,
    Scope: "REGIONAL",
    DefaultAction: { Allow: {} },
    VisibilityConfig,
    Rules: [
      {
        Name: "attack",
        Priority: 1,
        Action: { Block: {} },
        VisibilityConfig,
        Statement: {
          ByteMatchStatement: {
            SearchString: Buffer.from("attack"),
            FieldToMatch: { QueryString: {} },
            TextTransformations: [{ Priority: 0, Type: "NONE" }],
            PositionalConstraint: "CONTAINS",
          },
        },
      },
    ],
  });
  await waf.associateWebACL({ WebACLArn: Summary!.ARN, ResourceArn });
}

/** Nobody calls without a signature; the account's root does with one. */
async function asksForSignature({ id, call }: Api, path: string): Promise<void> {
  assert.equal((await call()).status, 403);
  await iam.createUser({ UserName: id });
  const { AccessKey } = await iam.createAccessKey({ UserName: id });
  const Statement = {
    Effect: "Allow",
    Action: "execute-api:Invoke",
    Resource: `arn:aws:execute-api:us-east-1:${account}:${id}/*`,
  };
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await iam.putUserPolicy({ UserName: id, PolicyName: "invoke", PolicyDocument });
  const host = new URL(portico.url).host;
  const target = `/_aws/execute-api/${id}${path}`;
  const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  const { headers } = await signWithSdk({ method: "GET", host, path: target }, { credentials });
  assert.equal((await fetch(portico.url + target, { headers })).status, 200);
}

/** Nobody calls without the token. */
async function asksForToken(api: Api, token: string): Promise<void> {
  const authorization = (value: string): RequestInit => ({ headers: { authorization: value } });
  const statuses = [await statusOf(api), await statusOf(api, "/", authorization(`${token}x`))];
  assert.deepEqual([...statuses, await statusOf(api, "/", authorization(token))], [401, 401, 200]);
}

async function updateRoute({ id: ApiId }: Api, members: object): Promise<void> {
  const { Items = [] } = await v2.getRoutes({ ApiId });
  await v2.updateRoute({ ApiId, RouteId: Items[0]!.RouteId, ...members });
}

async function hasJwtAuthorizer(): Promise<void> {
  const api = await anHttp();
  const { AuthorizerId } = await v2.createAuthorizer({
    ApiId: api.id,
    Name: "jwt",
    AuthorizerType: "JWT",
    IdentitySource: ["$request.header.Authorization"],
    JwtConfiguration: { Issuer: origin, Audience: ["client"] },
  });
  await updateRoute(api, { AuthorizationType: "JWT", AuthorizerId });
  await asksForToken(api, jwt({ iss: origin, aud: "client" }));
}

/** Makes a portal's product with a page of the API's method. */
async function hasEndpointPage({ id: RestApiId }: Api, Stage: string): Promise<void> {
  const { PortalProductId } = await v2.createPortalProduct({ DisplayName: "rows" });
  await v2.createProductRestEndpointPage({
    PortalProductId,
    RestEndpointIdentifier: { IdentifierParts: { RestApiId, Stage, Path: "/", Method: "GET" } },
  });
}

async function putMock(restApiId: string, resourceId: string, httpMethod: string): Promise<void> {
  const method = { restApiId, resourceId, httpMethod };
  await rest.putMethod({ ...method, authorizationType: "NONE" });
  await rest.putMethodResponse({ ...method, statusCode: "200" });
  await rest.putIntegration({ ...method, type: "MOCK", requestTemplates: mock.requestTemplates });
  await rest.putIntegrationResponse({ ...method, statusCode: "200" });
}

/** CloudWatch's metrics, and the server's own, count the API's requests. */
async function isMetered(api: Api, dimensions: Readonly<Record<string, string>>): Promise<void> {
  await api.call();
  const text = await (await fetch(`${portico.url}/_portico/metrics`)).text();
  assert.match(text, new RegExp(`^portico_requests_total\\{api="${api.id}",[^}]*class="2xx"\\} 1$`, "m"));
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const now = Date.now();
  const range = { StartTime: new Date(now - 600_000), EndTime: new Date(now + 600_000), Period: 60 };
  await until(async () => {
    const asked = { Namespace: "AWS/ApiGateway", MetricName: "Count", Dimensions, ...range };
    const { Datapoints = [] } = await cloudwatch.getMetricStatistics({ ...asked, Statistics: ["SampleCount"] });
    return Datapoints.length === 1 && Datapoints[0]?.SampleCount === 1;
  });
}

async function goesThroughLink(IntegrationUri: string): Promise<void> {
  const { VpcLinkId: ConnectionId } = await v2.createVpcLink({ Name: "orders", SubnetIds: ["subnet-1"] });
  const api = await anHttp({ IntegrationUri, ConnectionType: "VPC_LINK", ConnectionId });
  assert.equal(JSON.parse((await api.call("/")).text).url, "/");
}

for (const [section, rows] of Object.entries(tables)) {
  describe(section, () => {
    for (const [row, kinds] of Object.entries(rows)) {
      for (const kind of ["rest", "http"] as const) {
        const [word, run] = kinds[kind];
        const said = { yes: "has it", no: "has it not", later: "has it on AWS, and not here yet" }[word];
        it(`${row}: ${kind === "rest" ? "a REST API" : "an HTTP API"} ${said}`, run);
      }
    }
  });
}
