// Requests for custom domain names against a started server: REST and HTTP APIs behind mappings and rules of both versions.
import assert from "node:assert/strict";
import { request } from "node:http";
import { before, describe, it } from "node:test";
import { APIGateway } from "@aws-sdk/client-api-gateway";
import { ApiGatewayV2 } from "@aws-sdk/client-apigatewayv2";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { functionOf, permissionOf, startForSuite } from "./sdk-client.ts";

describe("custom domain names, as clients call them", () => {
  const portico = startForSuite({ args: ["--domain", "corp.example"], exitCode: 0 });
  const v2 = portico.client(ApiGatewayV2);
  const rest = portico.client(APIGateway);
  const lambda = portico.client(LambdaClient);

  const CertificateArn = "arn:aws:acm:us-east-1:000000000000:certificate/a";
  const functionArn = "arn:aws:lambda:us-east-1:000000000000:function:echo";
  /** Answers what the event says of the way that the request came. */
  const echo = `exports.handler = async ({ version, path, rawPath, requestContext: { domainName, stage, path: inContext, http } }) => ({
  statusCode: 200,
  body: JSON.stringify({ version, path: path ?? rawPath, inContext: inContext ?? http?.path, domainName, stage }),
});`;

  interface Reply {
    readonly status: number | undefined;
    readonly body: string;
    readonly hint: string | undefined;
  }

  /** What a plain client gets that takes the name for its host. */
  const call = (host: string, path: string, headers: Record<string, string> = {}): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const sent = request(`${portico.url}${path}`, { headers: { host, ...headers } }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode,
            body: Buffer.concat(chunks).toString(),
            hint: answer.headers["x-portico-hint"]?.toString(),
          }),
        );
      });
      sent.on("error", reject).end();
    });

  const forbidden = '{"message":"Forbidden"}';
  let first = "";
  let http = "";

  /** A REST API whose every path is the function's, in stages that have it. */
  async function aRestApi(stageName: string): Promise<string> {
    const { id: restApiId, rootResourceId: parentId } = await rest.createRestApi({ name: stageName });
    const { id: resourceId } = await rest.createResource({ restApiId, parentId, pathPart: "{proxy+}" });
    const method = { restApiId, resourceId, httpMethod: "ANY" };
    await rest.putMethod({ ...method, authorizationType: "NONE" });
    const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
    await rest.putIntegration({ ...method, type: "AWS_PROXY", integrationHttpMethod: "POST", uri });
    await rest.createDeployment({ restApiId, stageName });
    return restApiId!;
  }

  const domain = (DomainName: string, more: object = {}) =>
    v2.createDomainName({ DomainName, DomainNameConfigurations: [{ CertificateArn }], ...more });

  before(async () => {
    await lambda.send(functionOf("echo", echo));
    await lambda.send(permissionOf("echo"));
    first = await aRestApi("prod");
    const { ApiId } = await v2.createApi({ Name: "http", ProtocolType: "HTTP", Target: functionArn });
    http = ApiId!;
    const { IntegrationId } = await v2.createIntegration({
      ApiId,
      IntegrationType: "AWS_PROXY",
      IntegrationUri: functionArn,
      PayloadFormatVersion: "1.0",
    });
    await v2.createRoute({ ApiId, RouteKey: "GET /first/{proxy+}", Target: `integrations/${IntegrationId}` });
    await v2.createStage({ ApiId, StageName: "dev", AutoDeploy: true });
  });

  const shown = async (host: string, path: string, headers?: Record<string, string>): Promise<unknown> => {
    const reply = await call(host, path, headers);
    assert.equal(reply.status, 200, `${host}${path}: ${reply.body} ${reply.hint}`);
    return JSON.parse(reply.body);
  };

  it("a mapping leads to a stage as soon as its call is answered, and nowhere when it is gone", async () => {
    const DomainName = "api.example.com";
    await domain(DomainName);
    const nowhere = await call(DomainName, "/pets");
    assert.deepEqual([nowhere.status, nowhere.body], [403, forbidden]);
    assert.match(nowhere.hint ?? "", /no API mapping of api\.example\.com/);
    const { ApiMappingId } = await v2.createApiMapping({
      DomainName,
      ApiId: http,
      Stage: "dev",
      ApiMappingKey: "orders/v1",
    });
    const domainName = DomainName;
    assert.deepEqual(await shown(DomainName, "/orders/v1/pets"), {
      version: "2.0",
      path: "/dev/pets",
      inContext: "/dev/pets",
      domainName,
      stage: "dev",
    });
    assert.deepEqual(await shown(DomainName, "/orders/v1/first/pets"), {
      version: "1.0",
      path: "/orders/v1/first/pets",
      inContext: "/orders/v1/first/pets",
      domainName,
      stage: "dev",
    });
    await v2.createApiMapping({ DomainName, ApiId: http, Stage: "$default" });
    assert.deepEqual(await shown(DomainName, "/pets"), {
      version: "2.0",
      path: "/pets",
      inContext: "/pets",
      domainName,
      stage: "$default",
    });
    await v2.updateApiMapping({ DomainName, ApiId: http, ApiMappingId, ApiMappingKey: "orders" });
    assert.equal(((await shown(DomainName, "/orders/pets")) as { stage: string }).stage, "dev");
    await v2.deleteApiMapping({ DomainName, ApiMappingId });
    assert.equal(((await shown(DomainName, "/orders/pets")) as { stage: string }).stage, "$default");
    await v2.deleteDomainName({ DomainName });
    assert.match((await call(DomainName, "/pets")).body, /does not answer management calls for the host/);
  });

  it("base path mappings lead to REST APIs, whose functions see the path that was called", async () => {
    const domainName = "rest.example.com";
    await rest.createDomainName({
      domainName,
      regionalCertificateArn: CertificateArn,
      endpointConfiguration: { types: ["REGIONAL"] },
    });
    await rest.createBasePathMapping({ domainName, basePath: "v1", restApiId: first, stage: "prod" });
    await rest.createBasePathMapping({ domainName, basePath: "any", restApiId: first });
    const called = { domainName, stage: "prod" };
    assert.deepEqual(await shown(domainName, "/v1/pets/7"), { path: "/v1/pets/7", inContext: "/v1/pets/7", ...called });
    const named = await shown(`${domainName}:80`, "/any/prod/pets");
    assert.deepEqual(named, { path: "/any/prod/pets", inContext: "/any/prod/pets", ...called });
    assert.deepEqual((await call(domainName, "/any/gone/pets")).body, forbidden);
    assert.deepEqual((await call(domainName, "/v1")).status, 403);
    assert.deepEqual((await call(domainName, "/ping")).body, "healthy");
    // The API's own host is shut, and its custom domain name is not.
    await rest.updateRestApi({
      restApiId: first,
      patchOperations: [{ op: "replace", path: "/disableExecuteApiEndpoint", value: "true" }],
    });
    await rest.createDeployment({ restApiId: first, stageName: "prod" });
    assert.equal((await call(`${first}.execute-api.localhost`, "/prod/pets")).status, 403);
    assert.deepEqual(await shown(domainName, "/v1/pets"), { path: "/v1/pets", inContext: "/v1/pets", ...called });
  });

  it("rules decide before mappings, a name before its wildcard, and each change is in effect at once", async () => {
    const DomainName = "rules.example.com";
    await domain(DomainName, { RoutingMode: "ROUTING_RULE_THEN_API_MAPPING" });
    await domain("*.example.com");
    await v2.createApiMapping({ DomainName: "*.example.com", ApiId: http, Stage: "$default" });
    await v2.createApiMapping({ DomainName, ApiId: http, Stage: "dev" });
    const second = await aRestApi("beta");
    const rule = { DomainName, Priority: 5, Actions: [{ InvokeApi: { ApiId: second, Stage: "beta" } }] };
    const { RoutingRuleId } = await v2.createRoutingRule({
      ...rule,
      Conditions: [{ MatchHeaders: { AnyOf: [{ Header: "X-Version", ValueGlob: "beta*" }] } }],
    });
    const stageOf = async (host: string, headers = {}) =>
      ((await shown(host, "/pets", headers)) as { readonly stage: string }).stage;
    assert.equal(await stageOf(DomainName), "dev");
    assert.equal(await stageOf(DomainName, { "x-version": "beta2" }), "beta");
    assert.equal(await stageOf("other.example.com"), "$default");
    await v2.putRoutingRule({ ...rule, RoutingRuleId, Conditions: [] });
    assert.equal(await stageOf(DomainName), "beta");
    await v2.deleteRoutingRule({ DomainName, RoutingRuleId });
    assert.equal(await stageOf(DomainName), "dev");
    await v2.updateDomainName({ DomainName, RoutingMode: "ROUTING_RULE_ONLY" });
    assert.equal((await call(DomainName, "/pets")).body, forbidden);
  });

  it("portico explain tells of requests for them, also with other stage variables", async () => {
    const DomainName = "explained.example.com";
    await domain(DomainName);
    await v2.createApiMapping({ DomainName, ApiId: http, Stage: "dev", ApiMappingKey: "v1" });
    const explain = async (path: string, stageVariables?: Record<string, string>) => {
      const body = JSON.stringify({ method: "GET", url: `http://${DomainName}:4566${path}`, stageVariables });
      const answer = await fetch(`${portico.url}/_portico/explain`, { method: "POST", body });
      return (await answer.json()) as {
        readonly status?: number;
        readonly events?: readonly { readonly body?: string }[];
      };
    };
    const told = await explain("/v1/pets");
    assert.deepEqual([told.status, JSON.stringify(told.events).includes("/dev/pets")], [200, true]);
    assert.equal((await explain("/v1/pets", { a: "b" })).status, 200);
    const nowhere = await explain("/v2/pets");
    assert.equal(nowhere.status, 403);
    assert.match(JSON.stringify(nowhere.events), /no API mapping of explained\.example\.com takes this path/);
    assert.equal((await explain("/v2/pets", { a: "b" })).status, 403);
  });

  it("a name that asks for certificates of clients is closed, and says so", async () => {
    const DomainName = "mutual.example.com";
    await domain(DomainName);
    await v2.createApiMapping({ DomainName, ApiId: http, Stage: "dev" });
    await v2.updateDomainName({ DomainName, MutualTlsAuthentication: { TruststoreUri: "s3://bucket/ca.pem" } });
    const closed = await call(DomainName, "/pets");
    assert.equal(closed.status, 501);
    assert.match(closed.body, /the custom domain name mutual\.example\.com has mutualTlsAuthentication/);
    await v2.updateDomainName({ DomainName, MutualTlsAuthentication: { TruststoreUri: "" } });
    await shown(DomainName, "/pets");
  });

  it("no name takes the place of the server's own", async () => {
    for (const DomainName of ["corp.example", "api.corp.example", "*.corp.example", "127.0.0.1"]) {
      await domain(DomainName);
      await v2.createApiMapping({ DomainName, ApiId: http, Stage: "dev" });
      const host = DomainName.replace("*", "any");
      assert.equal((await call(host, "/_portico/health")).status, 200, host);
      assert.doesNotMatch((await call(host, "/pets")).body, /"stage"/, host);
    }
  });

  it("an API's id that another account has now is not served by the old one's name", async () => {
    const ours = portico.client(ApiGatewayV2, { accountId: "111111111111" });
    const theirs = portico.client(ApiGatewayV2, { accountId: "222222222222" });
    const firsts = portico.client(APIGateway, { accountId: "111111111111" });
    const tags = { _custom_id_: "moved" };
    const DomainName = "moved.example.org";
    await ours.createDomainName({
      DomainName,
      DomainNameConfigurations: [{ CertificateArn: CertificateArn.replace("000000000000", "111111111111") }],
      RoutingMode: "ROUTING_RULE_ONLY",
    });
    const { id: restApiId, rootResourceId: resourceId } = await firsts.createRestApi({ name: "moved", tags });
    const method = { restApiId, resourceId, httpMethod: "GET" };
    await firsts.putMethod({ ...method, authorizationType: "NONE" });
    await firsts.putIntegration({ ...method, type: "MOCK" });
    await firsts.createDeployment({ restApiId, stageName: "prod" });
    await ours.createRoutingRule({
      DomainName,
      Priority: 1,
      Conditions: [],
      Actions: [{ InvokeApi: { ApiId: restApiId, Stage: "prod" } }],
    });
    assert.equal((await call(DomainName, "/")).status, 500);
    await firsts.deleteRestApi({ restApiId });
    const { ApiId } = await theirs.createApi({ Name: "moved", ProtocolType: "HTTP", Tags: tags });
    assert.equal(ApiId, "moved");
    await theirs.createStage({ ApiId, StageName: "prod", AutoDeploy: true });
    const reply = await call(DomainName, "/");
    assert.deepEqual([reply.status, reply.body], [403, forbidden]);
    assert.match(reply.hint ?? "", /no deployed stage of its account/);
  });
});
