// Custom domain names, API mappings and routing rules by version 2, and what version 1 sees of them, by the official SDKs.
import assert from "node:assert/strict";
import { after, beforeEach, describe, it } from "node:test";
import { APIGateway, type EndpointType } from "@aws-sdk/client-api-gateway";
import type { CreateRoutingRuleCommandInput } from "@aws-sdk/client-apigatewayv2";
import { bare, makeV2Client, makeV2Management, refusedV2, scope } from "../../../test/v2-management.ts";
import { makeControlLimits } from "../control-limits.ts";
import { makeRestOperations } from "../rest/operations.ts";

const management = makeV2Management({
  limits: { multiLevelMappings: 2, routingRulesPerDomain: 3 },
  others: (store) => [{ model: "apigateway", operations: makeRestOperations({ store, limits: makeControlLimits() }) }],
});
const client = makeV2Client(management);
const rest = management.client(APIGateway as new (options: object) => APIGateway);
after(() => management.store.close());
beforeEach(() => management.store.reset());

const CertificateArn = "arn:aws:acm:eu-west-1:123456789012:certificate/a";
const DomainName = "api.example.com";
const aDomain = (name = DomainName) => ({
  DomainName: name,
  DomainNameConfigurations: [{ CertificateArn, EndpointType: "REGIONAL" as const }],
});
const bad = "BadRequestException";
const missing = "NotFoundException";
const noDomain = "Invalid domain name identifier specified";

/** A REST API with the stage `prod`. */
async function aRestApi(type: EndpointType = "REGIONAL"): Promise<string> {
  const { id: restApiId, rootResourceId: resourceId } = await rest.createRestApi({
    name: "first",
    endpointConfiguration: { types: [type] },
    // No private API is deployed without a policy.
    policy:
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}}',
  });
  const method = { restApiId, resourceId, httpMethod: "GET" };
  await rest.putMethod({ ...method, authorizationType: "NONE" });
  await rest.putIntegration({ ...method, type: "MOCK" });
  await rest.createDeployment({ restApiId, stageName: "prod" });
  return restApiId!;
}

describe("domain names", () => {
  it("live: create, get, list, update, delete", async () => {
    const made = await client.createDomainName({ ...aDomain(), Tags: { team: "pets" } });
    const [{ ApiGatewayDomainName = "" } = {}] = made.DomainNameConfigurations ?? [];
    assert.match(ApiGatewayDomainName, /^d-[a-z0-9]{10}\.execute-api\.eu-west-1\.amazonaws\.com$/);
    const configuration = {
      ApiGatewayDomainName,
      CertificateArn,
      DomainNameStatus: "AVAILABLE",
      EndpointType: "REGIONAL",
      HostedZoneId: "ZLY8HYME6SFDD",
      IpAddressType: "ipv4",
      SecurityPolicy: "TLS_1_2",
    };
    const shown = {
      ApiMappingSelectionExpression: "$request.basepath",
      DomainName,
      DomainNameArn: `arn:aws:apigateway:eu-west-1::/domainnames/${DomainName}`,
      DomainNameConfigurations: [configuration],
      RoutingMode: "API_MAPPING_ONLY",
      Tags: { team: "pets" },
    };
    assert.deepEqual([bare(made), made.$metadata.httpStatusCode], [shown, 201]);
    assert.deepEqual(bare(await client.getDomainName({ DomainName })), shown);
    assert.deepEqual((await client.getDomainNames({})).Items, [shown]);
    const other = CertificateArn.replace(/a$/, "b");
    const updated = await client.updateDomainName({
      DomainName,
      DomainNameConfigurations: [{ CertificateArn: other, IpAddressType: "dualstack" }],
      RoutingMode: "ROUTING_RULE_THEN_API_MAPPING",
      MutualTlsAuthentication: { TruststoreUri: "s3://bucket/ca.pem", TruststoreVersion: "v1" },
    });
    assert.deepEqual(bare(updated), {
      ...shown,
      DomainNameConfigurations: [{ ...configuration, CertificateArn: other, IpAddressType: "dualstack" }],
      MutualTlsAuthentication: { TruststoreUri: "s3://bucket/ca.pem", TruststoreVersion: "v1" },
      RoutingMode: "ROUTING_RULE_THEN_API_MAPPING",
    });
    const open = await client.updateDomainName({ DomainName, MutualTlsAuthentication: { TruststoreUri: "" } });
    assert.equal(open.MutualTlsAuthentication, undefined);
    const deleted = await client.deleteDomainName({ DomainName });
    assert.equal(deleted.$metadata.httpStatusCode, 204);
    await refusedV2(client.getDomainName({ DomainName }), missing, 404, noDomain);
  });

  it("are one document in both versions, but for private ones", async () => {
    await client.createDomainName({ ...aDomain(), RoutingMode: "ROUTING_RULE_ONLY" });
    const first = await rest.getDomainName({ domainName: DomainName });
    assert.deepEqual([first.regionalCertificateArn, first.routingMode], [CertificateArn, "ROUTING_RULE_ONLY"]);
    const edge = { certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/e" };
    await rest.createDomainName({ domainName: "edge.example.com", ...edge });
    const shown = await client.getDomainName({ DomainName: "edge.example.com" });
    assert.deepEqual(
      shown.DomainNameConfigurations?.map(({ EndpointType }) => EndpointType),
      ["EDGE"],
    );
    const domainName = "private.example.com";
    await rest.createDomainName({
      domainName,
      certificateArn: CertificateArn,
      endpointConfiguration: { types: ["PRIVATE"] },
    });
    await refusedV2(client.getDomainName({ DomainName: domainName }), missing, 404, noDomain);
    const names = (await client.getDomainNames({})).Items?.map((item) => item.DomainName);
    assert.deepEqual(names, [DomainName, "edge.example.com"]);
    await rest.deleteDomainName({ domainName: DomainName });
    await refusedV2(client.getDomainName({ DomainName }), missing, 404, noDomain);
  });

  it("refuse what can't be", async () => {
    const create = (input: object) => client.createDomainName({ ...aDomain(), ...input });
    const configured = (configuration: object) =>
      create({ DomainNameConfigurations: [{ CertificateArn, ...configuration }] });
    await refusedV2(create({ DomainName: "no domain" }), bad, 400, /^Invalid domain name specified/);
    await refusedV2(create({ DomainNameConfigurations: [] }), bad, 400, /^Exactly one/);
    await refusedV2(configured({ EndpointType: "EDGE" }), bad, 400, /^Only REGIONAL/);
    await refusedV2(configured({ CertificateArn: undefined }), bad, 400, /^A certificate is required/);
    await refusedV2(
      configured({ CertificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/a" }),
      bad,
      400,
      /must be in 'eu-west-1'/,
    );
    await refusedV2(configured({ SecurityPolicy: "SSL_3" }), bad, 400, /enum value set/);
    await refusedV2(
      create({ MutualTlsAuthentication: { TruststoreUri: "http://a" } }),
      bad,
      400,
      /^Invalid truststore URI/,
    );
    await refusedV2(
      create({ MutualTlsAuthentication: { TruststoreUri: `s3://bucket/${"a".repeat(1_025)}` } }),
      bad,
      400,
      /^Invalid truststore URI specified: .{256}$/,
    );
    await refusedV2(create({ RoutingMode: "ANY" }), bad, 400, /enum value set/);
    await create({});
    await refusedV2(create({}), bad, 400, "The domain name you provided already exists.");
    const moved = client.updateDomainName({ DomainName, DomainNameConfigurations: [{ EndpointType: "EDGE" }] });
    await refusedV2(moved, bad, 400, /has no endpoint of type EDGE/);
    for (const call of [
      client.updateDomainName({ DomainName: "gone.example.com" }),
      client.deleteDomainName({ DomainName: "a+b" }),
    ]) {
      await refusedV2(call, missing, 404, noDomain);
    }
  });
});

describe("API mappings", () => {
  it("live: create, get, list, update, delete, and are base path mappings in version 1", async () => {
    const ApiId = await management.putApi();
    await client.createDomainName(aDomain());
    const Stage = "$default";
    const made = await client.createApiMapping({ DomainName, ApiId, Stage, ApiMappingKey: "orders/v1" });
    const { ApiMappingId } = made;
    assert.match(ApiMappingId ?? "", /^[a-z0-9]{6}$/);
    const shown = { ApiId, ApiMappingId, ApiMappingKey: "orders/v1", Stage };
    assert.deepEqual([bare(made), made.$metadata.httpStatusCode], [shown, 201]);
    assert.deepEqual(bare(await client.getApiMapping({ DomainName, ApiMappingId })), shown);
    const updated = await client.updateApiMapping({ DomainName, ApiId, ApiMappingId, ApiMappingKey: "orders" });
    assert.deepEqual(bare(updated), { ...shown, ApiMappingKey: "orders" });
    const first = await rest.getBasePathMapping({ domainName: DomainName, basePath: "orders" });
    assert.deepEqual(bare(first), { basePath: "orders", restApiId: ApiId, stage: Stage });
    const restApiId = await aRestApi();
    await rest.createBasePathMapping({ domainName: DomainName, basePath: "pets", restApiId, stage: "prod" });
    const { Items = [] } = await client.getApiMappings({ DomainName });
    assert.deepEqual(
      Items.map((item) => [item.ApiMappingKey, item.Stage]),
      [
        ["orders", Stage],
        ["pets", "prod"],
      ],
    );
    const emptied = await client.updateApiMapping({ DomainName, ApiId, ApiMappingId, ApiMappingKey: "" });
    assert.equal(emptied.ApiMappingKey, "");
    for (const item of (await client.getApiMappings({ DomainName })).Items ?? []) {
      await client.deleteApiMapping({ DomainName, ApiMappingId: item.ApiMappingId });
    }
    assert.deepEqual((await rest.getBasePathMappings({ domainName: DomainName })).items ?? [], []);
  });

  it("keep their API and stage from being deleted", async () => {
    const ApiId = await management.putApi({}, { AutoDeploy: false, StageName: "prod" });
    await client.createDomainName(aDomain());
    await client.createApiMapping({ DomainName, ApiId, Stage: "prod" });
    await refusedV2(client.deleteApi({ ApiId }), bad, 400, /Please remove all API mappings/);
    await assert.rejects(client.deleteStage({ ApiId, StageName: "prod" }));
  });

  it("refuse what AWS refuses", async () => {
    const ApiId = await management.putApi();
    const Stage = "$default";
    await client.createDomainName(aDomain());
    const create = (input: object) => client.createApiMapping({ DomainName, ApiId, Stage, ...input });
    const words = "An ApiMapping key may contain only letters, numbers and one of $-_.+!*'()";
    for (const key of ["/", "/a", "a/", "a//b", "a b", "a?b", "ä", "a\r\nb"]) {
      await refusedV2(create({ ApiMappingKey: key }), bad, 400, words);
    }
    await refusedV2(create({ ApiMappingKey: "x".repeat(301) }), bad, 400, /at most 300 characters/);
    await refusedV2(create({ ApiId: "gone" }), missing, 404, `Invalid API identifier specified ${scope.account}:gone`);
    await refusedV2(create({ Stage: "gone" }), bad, 400, "Invalid stage identifier specified");
    const { ApiMappingId } = await create({});
    await refusedV2(create({}), "ConflictException", 409, "ApiMapping key already exists for this domain name");
    await create({ ApiMappingKey: "a/b" });
    const taken = client.updateApiMapping({ DomainName, ApiId, ApiMappingId, ApiMappingKey: "a/b" });
    await refusedV2(taken, "ConflictException", 409, "ApiMapping key already exists for this domain name");
    await create({ ApiMappingKey: "a/c" });
    await refusedV2(create({ ApiMappingKey: "a/d" }), "ConflictException", 429, /multi-level API mappings/);
    await refusedV2(create({ DomainName: "gone.example.com" }), missing, 404, noDomain);
    const noMapping = "Invalid API mapping identifier specified";
    await refusedV2(client.getApiMapping({ DomainName, ApiMappingId: "gone" }), missing, 404, noMapping);
    await refusedV2(client.updateApiMapping({ DomainName, ApiId, ApiMappingId: "gone" }), missing, 404, noMapping);
    await refusedV2(client.deleteApiMapping({ DomainName, ApiMappingId: "gone" }), missing, 404, noMapping);
    await rest.createDomainName({
      domainName: "edge.example.com",
      certificateArn: CertificateArn.replace("eu-west-1", "us-east-1"),
    });
    await refusedV2(
      create({ DomainName: "edge.example.com" }),
      bad,
      400,
      /^Only REGIONAL domain names with a security policy of TLS 1\.2/,
    );
  });

  it("keep their name REGIONAL, with TLS 1.2, if they are of HTTP APIs or have several levels", async () => {
    const [first, http] = [await aRestApi(), await management.putApi()];
    await client.createDomainName(aDomain());
    const downgrade = () =>
      client.updateDomainName({ DomainName, DomainNameConfigurations: [{ SecurityPolicy: "TLS_1_0" }] });
    const replace = (path: string, value: string) => ({ op: "replace" as const, path, value });
    const toEdge = () =>
      rest.updateDomainName({
        domainName: DomainName,
        patchOperations: [
          replace("/endpointConfiguration/types/REGIONAL", "EDGE"),
          replace("/certificateArn", CertificateArn.replace("eu-west-1", "us-east-1")),
        ],
      });
    const words = /^Only REGIONAL domain names with a security policy of TLS 1\.2/;
    for (const [ApiId, Stage, ApiMappingKey] of [
      [http, "$default", "a"],
      [first, "prod", "a/b"],
    ] as const) {
      const { ApiMappingId } = await client.createApiMapping({ DomainName, ApiId, Stage, ApiMappingKey });
      await refusedV2(downgrade(), bad, 400, words);
      await assert.rejects(toEdge(), { name: bad, message: words });
      await client.deleteApiMapping({ DomainName, ApiMappingId });
    }
    await client.createApiMapping({ DomainName, ApiId: first, Stage: "prod", ApiMappingKey: "a" });
    await downgrade();
    assert.deepEqual((await toEdge()).endpointConfiguration?.types, ["EDGE"]);
  });
});

describe("routing rules", () => {
  const aRule = (ApiId: string): CreateRoutingRuleCommandInput => ({
    DomainName,
    Priority: 10,
    Conditions: [
      { MatchHeaders: { AnyOf: [{ Header: "X-Version", ValueGlob: "v2*" }] } },
      { MatchBasePaths: { AnyOf: ["orders", "pets/cats"] } },
    ],
    Actions: [{ InvokeApi: { ApiId, Stage: "prod", StripBasePath: true } }],
  });

  it("live: create, get, list by priority, put, delete", async () => {
    await client.createDomainName(aDomain());
    const ApiId = await aRestApi();
    const { DomainName: _, ...shown } = aRule(ApiId);
    const made = await client.createRoutingRule(aRule(ApiId));
    const { RoutingRuleId, RoutingRuleArn } = made;
    assert.equal(
      RoutingRuleArn,
      `arn:aws:apigateway:eu-west-1:123456789012:/domainnames/${DomainName}/routingrules/${RoutingRuleId}`,
    );
    assert.deepEqual([bare(made), made.$metadata.httpStatusCode], [{ ...shown, RoutingRuleId, RoutingRuleArn }, 201]);
    assert.deepEqual(bare(await client.getRoutingRule({ DomainName, RoutingRuleId })), bare(made));
    await client.createRoutingRule({ ...aRule(ApiId), Priority: 2, Conditions: [] });
    const priorities = async () => {
      const found: (number | undefined)[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.listRoutingRules({ DomainName, MaxResults: 1, NextToken });
        found.push(...(page.RoutingRules ?? []).map(({ Priority }) => Priority));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return found;
    };
    assert.deepEqual(await priorities(), [2, 10]);
    const put = await client.putRoutingRule({ ...aRule(ApiId), RoutingRuleId, Priority: 1, Conditions: [] });
    assert.deepEqual(bare(put), { ...shown, Priority: 1, Conditions: [], RoutingRuleId, RoutingRuleArn });
    assert.deepEqual(await priorities(), [1, 2]);
    const deleted = await client.deleteRoutingRule({ DomainName, RoutingRuleId });
    assert.equal(deleted.$metadata.httpStatusCode, 204);
    await client.deleteDomainName({ DomainName });
    await client.createDomainName(aDomain());
    assert.deepEqual(await priorities(), []);
  });

  it("of private domain names are found by their id, and lead to private APIs only, as those of others do not", async () => {
    const ApiId = await aRestApi("PRIVATE");
    const { domainNameId } = await rest.createDomainName({
      domainName: DomainName,
      certificateArn: CertificateArn,
      endpointConfiguration: { types: ["PRIVATE"] },
    });
    const made = await client.createRoutingRule({ ...aRule(ApiId), DomainNameId: domainNameId });
    assert.match(made.RoutingRuleArn ?? "", new RegExp(`/domainnames/${DomainName}\\+${domainNameId}/routingrules/`));
    await refusedV2(client.listRoutingRules({ DomainName }), missing, 404, noDomain);
    const another = { ...aRule(await aRestApi()), Priority: 11 };
    const onlyPrivate = "Only private REST APIs can be used with PRIVATE domain names";
    await refusedV2(client.createRoutingRule({ ...another, DomainNameId: domainNameId }), bad, 400, onlyPrivate);
    await client.createDomainName(aDomain());
    const ofPrivate = "Private REST APIs can only be used with PRIVATE domain names";
    await refusedV2(client.createRoutingRule(aRule(ApiId)), bad, 400, ofPrivate);
    await refusedV2(client.createApiMapping({ DomainName, ApiId, Stage: "prod" }), bad, 400, ofPrivate);
    const { RoutingRuleId } = await client.createRoutingRule(another);
    await refusedV2(client.putRoutingRule({ ...aRule(ApiId), RoutingRuleId }), bad, 400, ofPrivate);
    const { ApiMappingId } = await client.createApiMapping({ DomainName, ApiId: await aRestApi(), Stage: "prod" });
    await refusedV2(client.updateApiMapping({ DomainName, ApiMappingId, ApiId }), bad, 400, ofPrivate);
  });

  it("are at most as many as the limit says", async () => {
    await client.createDomainName(aDomain());
    const ApiId = await aRestApi();
    for (const Priority of [1, 2, 3]) await client.createRoutingRule({ ...aRule(ApiId), Priority });
    await refusedV2(
      client.createRoutingRule(aRule(ApiId)),
      "ConflictException",
      429,
      /^Maximum number of routing rules/,
    );
  });

  it("are not beside mappings to both REST APIs and HTTP APIs", async () => {
    await client.createDomainName(aDomain());
    const [ApiId, http] = [await aRestApi(), await management.putApi()];
    const mapTo = (ApiMappingKey: string, target: string, Stage: string) =>
      client.createApiMapping({ DomainName, ApiMappingKey, ApiId: target, Stage });
    const both = "Routing rules are not supported beside API mappings to both REST APIs and HTTP APIs";
    const { ApiMappingId } = await mapTo("http", http, "$default");
    const { RoutingRuleId } = await client.createRoutingRule(aRule(ApiId));
    await refusedV2(mapTo("rest", ApiId, "prod"), bad, 400, both);
    const byFirst = rest.createBasePathMapping({ domainName: DomainName, basePath: "rest", restApiId: ApiId });
    await assert.rejects(byFirst, { name: bad, message: both });
    await client.updateApiMapping({ DomainName, ApiMappingId, ApiId, Stage: "prod" });
    await refusedV2(mapTo("http2", http, "$default"), bad, 400, both);
    await client.deleteRoutingRule({ DomainName, RoutingRuleId });
    await mapTo("http2", http, "$default");
    await refusedV2(client.createRoutingRule(aRule(ApiId)), bad, 400, both);
  });

  it("refuse what can't be", async () => {
    await client.createDomainName(aDomain());
    const ApiId = await aRestApi();
    const create = (input: object) => client.createRoutingRule({ ...aRule(ApiId), ...input });
    const conditions = (...Conditions: object[]) => create({ Conditions });
    const header = (Header: string, ValueGlob: string) => ({ MatchHeaders: { AnyOf: [{ Header, ValueGlob }] } });
    const paths = (...AnyOf: string[]) => ({ MatchBasePaths: { AnyOf } });
    await refusedV2(create({ Priority: 0 }), bad, 400, /greater than or equal to 1/);
    await refusedV2(create({ Priority: 1_000_001 }), bad, 400, /less than or equal to 1000000/);
    await refusedV2(create({ Actions: [] }), bad, 400, /exactly one action/);
    await refusedV2(conditions({}), bad, 400, /^Each condition/);
    await refusedV2(conditions({ ...header("a", "b"), ...paths("c") }), bad, 400, /^Each condition/);
    await refusedV2(conditions(paths("a"), paths("b")), bad, 400, /at most 2 MatchHeaders and 1 MatchBasePaths/);
    await refusedV2(conditions(header("a", "b"), header("c", "d"), header("e", "f")), bad, 400, /at most 2/);
    await refusedV2(conditions({ MatchHeaders: { AnyOf: [] } }), bad, 400, /1 to 32 values/);
    for (const name of ["", "a b", "a+b", "a:b", "x".repeat(40)]) {
      await refusedV2(conditions(header(name, "c")), bad, 400, /^Invalid header name/);
    }
    for (const glob of ["", "a*b", "**", "x".repeat(128), "a\r\nb", "a b", "a/b", "a,b", "ä"]) {
      await refusedV2(conditions(header("a", glob)), bad, 400, /^Invalid value specified for header a/);
    }
    for (const path of ["", "/a", "a/", "a b"])
      await refusedV2(conditions(paths(path)), bad, 400, /^Invalid base path/);
    const target = (InvokeApi: object) => create({ Actions: [{ InvokeApi: { ApiId, Stage: "prod", ...InvokeApi } }] });
    await refusedV2(target({ ApiId: "gone" }), missing, 404, /^Invalid API identifier specified/);
    await refusedV2(target({ Stage: "gone" }), bad, 400, "Invalid stage identifier specified");
    const http = await management.putApi();
    await refusedV2(target({ ApiId: http, Stage: "$default" }), bad, 400, /only invoke stages of REST APIs/);
    await create({
      Priority: 1,
      Conditions: [header("x".repeat(39), "x".repeat(127)), header("A-9", "*!#$%&'.^_`|~?*")],
    });
    const { RoutingRuleId } = await create({});
    await refusedV2(create({}), "ConflictException", 409, /priority 10 already exists/);
    await client.putRoutingRule({ ...aRule(ApiId), RoutingRuleId });
    const gone = { DomainName, RoutingRuleId: "gone" };
    for (const call of [
      client.getRoutingRule(gone),
      client.deleteRoutingRule(gone),
      client.putRoutingRule({ ...aRule(ApiId), ...gone }),
    ]) {
      await refusedV2(call, missing, 404, "Invalid routing rule identifier specified");
    }
    await refusedV2(create({ DomainName: "gone.example.com" }), missing, 404, noDomain);
  });
});
