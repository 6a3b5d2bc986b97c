// API keys, usage plans, client certificates, VPC links and caches under the official SDK against a started server: every
// operation, the errors by name and message, pages, patches.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { it } from "node:test";
import {
  APIGatewayClient,
  type ApiKey,
  CreateApiKeyCommand,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  CreateUsagePlanCommand,
  CreateUsagePlanKeyCommand,
  CreateVpcLinkCommand,
  DeleteApiKeyCommand,
  DeleteClientCertificateCommand,
  DeleteRestApiCommand,
  DeleteUsagePlanCommand,
  DeleteUsagePlanKeyCommand,
  DeleteVpcLinkCommand,
  FlushStageAuthorizersCacheCommand,
  FlushStageCacheCommand,
  GenerateClientCertificateCommand,
  GetApiKeyCommand,
  GetApiKeysCommand,
  GetClientCertificateCommand,
  GetClientCertificatesCommand,
  GetTagsCommand,
  GetUsageCommand,
  GetUsagePlanCommand,
  GetUsagePlanKeyCommand,
  GetUsagePlanKeysCommand,
  GetUsagePlansCommand,
  GetVpcLinkCommand,
  GetVpcLinksCommand,
  ImportApiKeysCommand,
  PutIntegrationCommand,
  PutMethodCommand,
  paginateGetApiKeys,
  paginateGetUsage,
  paginateGetUsagePlanKeys,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateApiKeyCommand,
  UpdateClientCertificateCommand,
  UpdateStageCommand,
  UpdateUsageCommand,
  UpdateUsagePlanCommand,
  UpdateVpcLinkCommand,
} from "@aws-sdk/client-api-gateway";
import { elsewhere, refuses, startForSuite, status } from "./sdk-client.ts";

const portico = startForSuite({ args: ["--threads", "1"], exitCode: 0 });
const client = portico.client(APIGatewayClient, elsewhere);

/** An API with a stage `dev`. */
async function anApi(): Promise<{
  restApiId: string;
  stageName: string;
  method: { restApiId: string; resourceId: string; httpMethod: string };
}> {
  const { id, rootResourceId } = await client.send(new CreateRestApiCommand({ name: "pets" }));
  const method = { restApiId: id!, resourceId: rootResourceId!, httpMethod: "GET" };
  await client.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  await client.send(new PutIntegrationCommand({ ...method, type: "MOCK" }));
  await client.send(new CreateDeploymentCommand({ restApiId: id!, stageName: "dev" }));
  return { restApiId: id!, stageName: "dev", method };
}

it("ApiKey: create, get, list in pages, update, import, delete", async () => {
  const value = "a-value-of-at-least-thirty-characters";
  const made = await client.send(new CreateApiKeyCommand({ name: "one", value, enabled: true }));
  assert.equal(status(made), 201);
  assert.equal(made.value, value);
  assert(made.createdDate instanceof Date);
  const key = { apiKey: made.id! };
  assert.equal((await client.send(new GetApiKeyCommand(key))).value, undefined);
  assert.equal((await client.send(new GetApiKeyCommand({ ...key, includeValue: true }))).value, value);
  await refuses(client.send(new CreateApiKeyCommand({ value })), "ConflictException", 409, "API Key already exists");
  const short = client.send(new CreateApiKeyCommand({ value: "short" }));
  await refuses(short, "BadRequestException", 400, "API Key value should be at least 20 characters");
  const gone = client.send(new GetApiKeyCommand({ apiKey: "gone" }));
  await refuses(gone, "NotFoundException", 404, "Invalid API Key identifier specified");

  const patchOperations = [{ op: "replace" as const, path: "/enabled", value: "false" }];
  const updated = await client.send(new UpdateApiKeyCommand({ ...key, patchOperations }));
  assert.deepEqual([updated.enabled, updated.name], [false, "one"]);
  const wrong = { ...key, patchOperations: [{ op: "replace" as const, path: "/value", value }] };
  await refuses(
    client.send(new UpdateApiKeyCommand(wrong)),
    "BadRequestException",
    400,
    /^Invalid patch path {2}'\/value' specified for op 'replace'\. Must be one of: \[/,
  );

  for (const name of ["p1", "p2", "p3"]) await client.send(new CreateApiKeyCommand({ name }));
  const found: ApiKey[] = [];
  const query = { nameQuery: "p", includeValues: true };
  for await (const page of paginateGetApiKeys({ client, pageSize: 2 }, query)) found.push(...(page.items ?? []));
  assert.deepEqual(found.map((one) => one.name).toSorted(), ["p1", "p2", "p3"]);
  assert(found.every((one) => one.value?.length === 40));
  const bad = client.send(new GetApiKeysCommand({ position: "nonsense" }));
  await refuses(bad, "BadRequestException", 400, /position/);

  const body = Buffer.from(`Name,Key\ntwo,${value}\nbad,short\n`);
  const imported = await client.send(new ImportApiKeysCommand({ body, format: "csv" }));
  assert.equal(status(imported), 201);
  assert.deepEqual(imported.ids, [made.id]);
  assert.equal(imported.warnings?.length, 1);
  const strict = client.send(new ImportApiKeysCommand({ body, format: "csv", failOnWarnings: true }));
  await refuses(strict, "BadRequestException", 400, /^Warnings found during import:/);

  assert.equal(status(await client.send(new DeleteApiKeyCommand(key))), 202);
  await refuses(client.send(new DeleteApiKeyCommand(key)), "NotFoundException", 404, /^Invalid API Key/);
});

it("UsagePlan, UsagePlanKey, Usage: create, get, list, update, delete", async () => {
  const { restApiId, stageName } = await anApi();
  const apiStages = [{ apiId: restApiId, stage: stageName, throttle: { "//GET": { rateLimit: 0.5, burstLimit: 1 } } }];
  const { $metadata, ...plan } = await client.send(
    new CreateUsagePlanCommand({
      name: "gold",
      apiStages,
      throttle: { rateLimit: 10, burstLimit: 20 },
      quota: { limit: 1000, offset: 0, period: "MONTH" },
    }),
  );
  assert.equal($metadata.httpStatusCode, 201);
  assert.deepEqual(plan.apiStages, apiStages);
  const usagePlanId = plan.id!;
  const { $metadata: _, ...got } = await client.send(new GetUsagePlanCommand({ usagePlanId }));
  assert.deepEqual(got, { ...plan, tags: {} });
  const unknown = client.send(new CreateUsagePlanCommand({ name: "x", apiStages: [{ apiId: "a", stage: "b" }] }));
  await refuses(unknown, "BadRequestException", 400, "Invalid API Stage {api: a, stage: b} specified for usageplan x");

  const patchOperations = [
    { op: "remove" as const, path: "/throttle" },
    { op: "replace" as const, path: "/quota/limit", value: "500" },
    { op: "replace" as const, path: `/apiStages/${restApiId}:dev/throttle/~1pets/GET/rateLimit`, value: "2.5" },
  ];
  const updated = await client.send(new UpdateUsagePlanCommand({ usagePlanId, patchOperations }));
  assert.equal(updated.throttle, undefined);
  assert.equal(updated.quota?.limit, 500);
  assert.deepEqual(updated.apiStages?.[0]?.throttle?.["/pets/GET"], { rateLimit: 2.5 });
  const add = { usagePlanId, patchOperations: [{ op: "add" as const, path: "/apiStages", value: "a:b" }] };
  await refuses(client.send(new UpdateUsagePlanCommand(add)), "NotFoundException", 404, "API Stage not found: a:b");

  const keyIds: string[] = [];
  for (const name of ["k1", "k2", "k3"]) {
    const { id } = await client.send(new CreateApiKeyCommand({ name }));
    const joined = await client.send(new CreateUsagePlanKeyCommand({ usagePlanId, keyId: id!, keyType: "API_KEY" }));
    assert.deepEqual([status(joined), joined.id, joined.type, joined.name], [201, id, "API_KEY", name]);
    keyIds.push(id!);
  }
  const keyId = keyIds[0]!;
  const again = new CreateUsagePlanKeyCommand({ usagePlanId, keyId, keyType: "API_KEY" });
  await refuses(client.send(again), "ConflictException", 409, /already/);
  assert.equal((await client.send(new GetUsagePlanKeyCommand({ usagePlanId, keyId }))).name, "k1");
  const named = await client.send(new GetUsagePlanKeysCommand({ usagePlanId, nameQuery: "k2" }));
  assert.deepEqual(
    named.items?.map((one) => one.name),
    ["k2"],
  );
  let pages = 0;
  for await (const page of paginateGetUsagePlanKeys({ client, pageSize: 2 }, { usagePlanId })) {
    pages += 1;
    assert(page.items!.length > 0);
  }
  assert.equal(pages, 2);
  const plans = await client.send(new GetUsagePlansCommand({ keyId }));
  assert.deepEqual(
    plans.items?.map((one) => one.id),
    [usagePlanId],
  );

  const remaining = [{ op: "replace" as const, path: "/remaining", value: "42" }];
  const today = await client.send(new UpdateUsageCommand({ usagePlanId, keyId, patchOperations: remaining }));
  assert.deepEqual(today.items, { [keyId]: [[0, 42]] });
  const usage: Record<string, number[][]> = {};
  const question = { usagePlanId, startDate: "2020-01-01", endDate: "2020-01-02" };
  for await (const page of paginateGetUsage({ client, pageSize: 2 }, question)) Object.assign(usage, page.items);
  assert.deepEqual(
    usage,
    Object.fromEntries(
      keyIds.map((id) => [
        id,
        [
          [0, 500],
          [0, 500],
        ],
      ]),
    ),
  );
  const backwards = client.send(new GetUsageCommand({ ...question, endDate: "2019-01-01" }));
  await refuses(backwards, "BadRequestException", 400, /^Invalid date range/);

  const refusal = `Cannot delete Usage Plan ${usagePlanId} because there are API Stages associated with it, including ${restApiId}:dev`;
  await refuses(client.send(new DeleteUsagePlanCommand({ usagePlanId })), "BadRequestException", 400, refusal);
  assert.equal(status(await client.send(new DeleteUsagePlanKeyCommand({ usagePlanId, keyId }))), 202);
  await client.send(new DeleteRestApiCommand({ restApiId }));
  assert.deepEqual((await client.send(new GetUsagePlanCommand({ usagePlanId }))).apiStages, []);
  assert.equal(status(await client.send(new DeleteUsagePlanCommand({ usagePlanId }))), 202);
  const missing = client.send(new GetUsagePlanCommand({ usagePlanId }));
  await refuses(missing, "NotFoundException", 404, "Invalid Usage Plan ID specified");
});

it("ClientCertificate: generate, get, list, update, use, tag, delete", async () => {
  const made = await client.send(new GenerateClientCertificateCommand({ description: "d" }));
  assert.equal(status(made), 201);
  const { clientCertificateId } = made;
  const certificate = new X509Certificate(made.pemEncodedCertificate!);
  assert(certificate.verify(certificate.publicKey));
  assert.equal(made.expirationDate!.getTime() - made.createdDate!.getTime(), 365 * 86_400_000);
  const got = await client.send(new GetClientCertificateCommand({ clientCertificateId }));
  assert.equal(got.pemEncodedCertificate, made.pemEncodedCertificate);
  assert.equal((await client.send(new GetClientCertificatesCommand({}))).items?.length, 1);
  const patchOperations = [{ op: "replace" as const, path: "/description", value: "e" }];
  const updated = await client.send(new UpdateClientCertificateCommand({ clientCertificateId, patchOperations }));
  assert.equal(updated.description, "e");

  const resourceArn = `arn:aws:apigateway:eu-west-1::/clientcertificates/${clientCertificateId}`;
  await client.send(new TagResourceCommand({ resourceArn, tags: { a: "1", b: "2" } }));
  await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
  assert.deepEqual((await client.send(new GetTagsCommand({ resourceArn }))).tags, { b: "2" });

  const { restApiId, stageName } = await anApi();
  const use = (value: string) =>
    client.send(
      new UpdateStageCommand({
        restApiId,
        stageName,
        patchOperations: [{ op: "replace", path: "/clientCertificateId", value }],
      }),
    );
  assert.equal((await use(clientCertificateId!)).clientCertificateId, clientCertificateId);
  const used = client.send(new DeleteClientCertificateCommand({ clientCertificateId }));
  await refuses(used, "BadRequestException", 400, /is referenced in stage/);
  await use("");
  assert.equal(status(await client.send(new DeleteClientCertificateCommand({ clientCertificateId }))), 202);
  assert(!portico.output().includes("PRIVATE KEY"));
});

it("VpcLink: create, get, list, update, delete", async () => {
  const targetArns = ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/my-nlb/50dc6c495c0c9188"];
  const made = await client.send(new CreateVpcLinkCommand({ name: "link", targetArns }));
  assert.deepEqual([status(made), made.status], [202, "PENDING"]);
  const vpcLinkId = made.id!;
  assert.equal((await client.send(new GetVpcLinkCommand({ vpcLinkId }))).status, "AVAILABLE");
  assert.deepEqual(
    (await client.send(new GetVpcLinksCommand({}))).items?.map((one) => one.id),
    [vpcLinkId],
  );
  const patchOperations = [{ op: "replace" as const, path: "/name", value: "other" }];
  assert.equal((await client.send(new UpdateVpcLinkCommand({ vpcLinkId, patchOperations }))).name, "other");
  const two = client.send(new CreateVpcLinkCommand({ name: "x", targetArns: [...targetArns, ...targetArns] }));
  await refuses(two, "BadRequestException", 400, "More than one target arn specified for vpc link.");

  const { method } = await anApi();
  const uri = "http://example.com";
  const link = { connectionType: "VPC_LINK" as const, connectionId: vpcLinkId };
  const proxy = { ...method, type: "HTTP_PROXY" as const, integrationHttpMethod: "GET", uri, ...link };
  await client.send(new PutIntegrationCommand(proxy));
  const used = client.send(new DeleteVpcLinkCommand({ vpcLinkId }));
  await refuses(used, "BadRequestException", 400, /^Cannot delete vpc link\. Vpc link '\w+', is referenced in \[/);
  await client.send(new PutIntegrationCommand({ ...method, type: "MOCK" }));
  assert.equal(status(await client.send(new DeleteVpcLinkCommand({ vpcLinkId }))), 202);
  await refuses(client.send(new GetVpcLinkCommand({ vpcLinkId })), "NotFoundException", 404, /Vpc Link/);
});

it("caches: are flushed", async () => {
  const { restApiId, stageName } = await anApi();
  assert.equal(status(await client.send(new FlushStageAuthorizersCacheCommand({ restApiId, stageName }))), 202);
  const flush = () => client.send(new FlushStageCacheCommand({ restApiId, stageName }));
  await refuses(flush(), "BadRequestException", 400, /not enabled/);
  const patchOperations = [{ op: "replace" as const, path: "/cacheClusterEnabled", value: "true" }];
  await client.send(new UpdateStageCommand({ restApiId, stageName, patchOperations }));
  assert.equal(status(await flush()), 202);
  const gone = client.send(new FlushStageCacheCommand({ restApiId, stageName: "gone" }));
  await refuses(gone, "NotFoundException", 404, "Invalid stage identifier specified");
});
