// Custom domain names and what belongs to them, under the official SDK against a started server.
import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateBasePathMappingCommand,
  CreateDomainNameAccessAssociationCommand,
  CreateDomainNameCommand,
  CreateRestApiCommand,
  DeleteBasePathMappingCommand,
  DeleteDomainNameAccessAssociationCommand,
  DeleteDomainNameCommand,
  DeleteRestApiCommand,
  GetBasePathMappingCommand,
  GetBasePathMappingsCommand,
  GetDomainNameAccessAssociationsCommand,
  GetDomainNameCommand,
  GetTagsCommand,
  paginateGetBasePathMappings,
  paginateGetDomainNames,
  RejectDomainNameAccessAssociationCommand,
  TagResourceCommand,
  UpdateBasePathMappingCommand,
  UpdateDomainNameCommand,
} from "@aws-sdk/client-api-gateway";
import { elsewhere, refuses, startForSuite, status } from "./sdk-client.ts";

const portico = startForSuite({ args: ["--threads", "1"], exitCode: 0 });
const client = portico.client(APIGatewayClient, elsewhere);
const bare = (answer: object) => ({ ...answer, $metadata: 0 });

const regionalCertificateArn = "arn:aws:acm:eu-west-1:123456789012:certificate/a";
const aRegional = (domainName: string) =>
  new CreateDomainNameCommand({
    domainName,
    regionalCertificateArn,
    endpointConfiguration: { types: ["REGIONAL"] },
  });

/** What a plain client gets that takes the name for its host. */
const answerTo = (host: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const call = request(`${portico.url}/pets`, { headers: { host } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => resolve(`${answer.statusCode} ${Buffer.concat(chunks)}`));
    });
    call.on("error", reject).end();
  });

describe("custom domain names, by the SDK", () => {
  it("DomainName: create, get, update, tag, delete", async () => {
    const domainName = "api.example.com";
    const made = await client.send(aRegional(domainName));
    assert.equal(status(made), 201);
    assert.equal(made.domainNameStatus, "AVAILABLE");
    assert.match(made.regionalDomainName ?? "", /^d-[a-z0-9]{10}\.execute-api\.eu-west-1\.amazonaws\.com$/);
    assert.equal(made.regionalHostedZoneId, "ZLY8HYME6SFDD");
    assert.equal(await answerTo(domainName), '403 {"message":"Forbidden"}');
    await refuses(
      () => client.send(aRegional(domainName)),
      "BadRequestException",
      400,
      "The domain name you provided already exists.",
    );
    const updated = await client.send(
      new UpdateDomainNameCommand({
        domainName,
        patchOperations: [
          { op: "replace", path: "/mutualTlsAuthentication/truststoreUri", value: "s3://bucket/ca.pem" },
          { op: "replace", path: "/routingMode", value: "ROUTING_RULE_THEN_BASE_PATH_MAPPING" },
        ],
      }),
    );
    assert.equal(updated.mutualTlsAuthentication?.truststoreUri, "s3://bucket/ca.pem");
    await refuses(
      () =>
        client.send(
          new UpdateDomainNameCommand({
            domainName,
            patchOperations: [{ op: "replace", path: "/domainName", value: "x" }],
          }),
        ),
      "BadRequestException",
      400,
      /^Invalid patch path {2}'\/domainName' specified for op 'replace'/,
    );
    assert.deepEqual(bare(await client.send(new GetDomainNameCommand({ domainName }))), bare(updated));
    const resourceArn = "arn:aws:apigateway:eu-west-1::/domainnames/api.example.com";
    await client.send(new TagResourceCommand({ resourceArn, tags: { team: "a" } }));
    assert.deepEqual((await client.send(new GetTagsCommand({ resourceArn }))).tags, { team: "a" });
    assert.equal(status(await client.send(new DeleteDomainNameCommand({ domainName }))), 202);
    await refuses(
      () => client.send(new GetDomainNameCommand({ domainName })),
      "NotFoundException",
      404,
      "Invalid domain name identifier specified",
    );
  });

  it("go through pages of names and mappings", async () => {
    const { id: restApiId } = await client.send(new CreateRestApiCommand({ name: "mapped" }));
    const names = Array.from({ length: 30 }, (_, index) => `n${String(index).padStart(2, "0")}.example.com`);
    for (const name of names) await client.send(aRegional(name));
    const seen: string[] = [];
    for await (const page of paginateGetDomainNames({ client }, {}))
      for (const item of page.items ?? []) seen.push(item.domainName!);
    assert.deepEqual(seen, names);
    const domainName = names[0]!;
    const basePaths = ["a", "b", "c"];
    for (const basePath of basePaths) {
      await client.send(new CreateBasePathMappingCommand({ domainName, basePath, restApiId }));
    }
    const mapped: string[] = [];
    for await (const page of paginateGetBasePathMappings({ client, pageSize: 2 }, { domainName }))
      for (const item of page.items ?? []) mapped.push(item.basePath!);
    assert.deepEqual(mapped, basePaths);
    await refuses(
      () => client.send(new DeleteRestApiCommand({ restApiId })),
      "BadRequestException",
      400,
      `Deleting RestApi ${restApiId} failed. Please remove all base path mappings related to the RestApi in your domains: ${domainName}.`,
    );
    for (const name of names) await client.send(new DeleteDomainNameCommand({ domainName: name }));
    assert.equal(status(await client.send(new DeleteRestApiCommand({ restApiId }))), 202);
  });

  it("BasePathMapping: create, get, list, update, delete, with the empty base path", async () => {
    const domainName = "map.example.com";
    const { id: restApiId } = await client.send(new CreateRestApiCommand({ name: "mapped" }));
    await client.send(aRegional(domainName));
    const made = await client.send(new CreateBasePathMappingCommand({ domainName, restApiId }));
    assert.equal(status(made), 201);
    assert.deepEqual(bare(made), { basePath: "(none)", restApiId, $metadata: 0 });
    const none = { domainName, basePath: "(none)" };
    assert.deepEqual(bare(await client.send(new GetBasePathMappingCommand(none))), bare(made));
    await refuses(
      () => client.send(new CreateBasePathMappingCommand({ domainName, restApiId, basePath: "v1" })),
      "ConflictException",
      409,
      "Only one base path mapping is allowed if the base path is empty.",
    );
    await refuses(
      () =>
        client.send(
          new UpdateBasePathMappingCommand({
            ...none,
            patchOperations: [{ op: "replace", path: "/stage", value: "no" }],
          }),
        ),
      "BadRequestException",
      400,
      "Invalid stage identifier specified",
    );
    const moved = await client.send(
      new UpdateBasePathMappingCommand({
        ...none,
        patchOperations: [{ op: "replace", path: "/basePath", value: "v1" }],
      }),
    );
    assert.equal(moved.basePath, "v1");
    assert.deepEqual((await client.send(new GetBasePathMappingsCommand({ domainName }))).items, [
      { basePath: "v1", restApiId },
    ]);
    await refuses(
      () => client.send(new DeleteBasePathMappingCommand(none)),
      "NotFoundException",
      404,
      "Invalid base path mapping identifier specified",
    );
    assert.equal(status(await client.send(new DeleteBasePathMappingCommand({ domainName, basePath: "v1" }))), 202);
    await client.send(new DeleteDomainNameCommand({ domainName }));
  });

  it("DomainNameAccessAssociation: create, list, reject, delete", async () => {
    const domainName = "private.example.com";
    const { domainNameArn, domainNameId } = await client.send(
      new CreateDomainNameCommand({
        domainName,
        certificateArn: regionalCertificateArn,
        endpointConfiguration: { types: ["PRIVATE"] },
      }),
    );
    const create = new CreateDomainNameAccessAssociationCommand({
      domainNameArn,
      accessAssociationSourceType: "VPCE",
      accessAssociationSource: "vpce-0a1b2c3d",
    });
    const made = await client.send(create);
    assert.equal(status(made), 201);
    const list = async () => (await client.send(new GetDomainNameAccessAssociationsCommand({}))).items;
    assert.equal((await list())?.[0]?.domainNameAccessAssociationArn, made.domainNameAccessAssociationArn);
    const { domainNameAccessAssociationArn } = made;
    const reject = new RejectDomainNameAccessAssociationCommand({ domainNameAccessAssociationArn, domainNameArn });
    assert.equal(status(await client.send(reject)), 202);
    assert.deepEqual(await list(), []);
    await client.send(create);
    const remove = new DeleteDomainNameAccessAssociationCommand({ domainNameAccessAssociationArn });
    assert.equal(status(await client.send(remove)), 202);
    await refuses(() => client.send(remove), "NotFoundException", 404, /identifier specified$/);
    await client.send(new DeleteDomainNameCommand({ domainName, domainNameId }));
  });
});
