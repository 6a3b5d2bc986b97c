// Authorizers of HTTP APIs, by the official SDK.
import assert from "node:assert/strict";
import { after, beforeEach, describe, it } from "node:test";
import type { CreateAuthorizerCommandInput } from "@aws-sdk/client-apigatewayv2";
import { bare, makeV2Client, makeV2Management, refusedV2 } from "../../../test/v2-management.ts";

const asked: string[] = [];
let problem: string | undefined;
const askIssuer = async (issuer: string) => {
  asked.push(issuer);
  return problem;
};
const management = makeV2Management({ limits: { authorizersPerApi: 3 }, askIssuer });
const client = makeV2Client(management);
after(() => management.store.close());
beforeEach(async () => {
  await management.store.reset();
  asked.length = 0;
  problem = undefined;
});

const Issuer = "https://idp.example.com/";
const aJwt = (ApiId: string): CreateAuthorizerCommandInput => ({
  ApiId,
  Name: "users",
  AuthorizerType: "JWT",
  IdentitySource: ["$request.header.Authorization"],
  JwtConfiguration: { Issuer, Audience: ["app"] },
});
const uriOf = (name: string) =>
  `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:${name}/invocations`;
const aRequest = (ApiId: string): CreateAuthorizerCommandInput => ({
  ApiId,
  Name: "callers",
  AuthorizerType: "REQUEST",
  IdentitySource: [],
  AuthorizerUri: uriOf("check"),
  AuthorizerPayloadFormatVersion: "2.0",
});
const bad = "BadRequestException";

describe("authorizers", () => {
  it("live: create, get, list, update, delete, each of which deploys the API", async () => {
    const ApiId = await management.putApi();
    const made = await client.createAuthorizer(aJwt(ApiId));
    const { AuthorizerId } = made;
    assert.match(AuthorizerId ?? "", /^[a-z0-9]{6}$/);
    const { ApiId: _, ...shown } = aJwt(ApiId);
    assert.deepEqual(bare(made), { AuthorizerId, ...shown });
    assert.deepEqual(bare(await client.getAuthorizer({ ApiId, AuthorizerId })), bare(made));
    assert.deepEqual((await client.getAuthorizers({ ApiId })).Items, [bare(made)]);
    const deployed = [await management.deployed(ApiId)];
    const updated = await client.updateAuthorizer({ ApiId, AuthorizerId, JwtConfiguration: { Audience: ["b"] } });
    assert.deepEqual(updated.JwtConfiguration, { Issuer, Audience: ["b"] });
    deployed.push(await management.deployed(ApiId));
    const deleted = await client.deleteAuthorizer({ ApiId, AuthorizerId });
    assert.equal(deleted.$metadata.httpStatusCode, 204);
    deployed.push(await management.deployed(ApiId));
    assert.equal(new Set(deployed).size, 3);
    assert.deepEqual((await client.getAuthorizers({ ApiId })).Items, []);
  });

  it("of a function keep what they are given", async () => {
    const ApiId = await management.putApi();
    const made = await client.createAuthorizer(aRequest(ApiId));
    assert.deepEqual(bare(made), {
      AuthorizerId: made.AuthorizerId,
      Name: "callers",
      AuthorizerType: "REQUEST",
      AuthorizerUri: uriOf("check"),
      AuthorizerPayloadFormatVersion: "2.0",
    });
    const remembered = { IdentitySource: ["$request.header.A"], AuthorizerResultTtlInSeconds: 60 };
    const { AuthorizerId } = made;
    const updated = await client.updateAuthorizer({ ApiId, AuthorizerId, ...remembered, EnableSimpleResponses: true });
    assert.deepEqual(bare(updated), { ...bare(made), ...remembered, EnableSimpleResponses: true });
    const words = /^Identity source must be set if authorizer caching is enabled/;
    await refusedV2(client.updateAuthorizer({ ApiId, AuthorizerId, IdentitySource: [] }), bad, 400, words);
    assert.deepEqual(asked, []);
  });

  it("ask their issuer when they are made and when they get another, and are refused if it does not answer", async () => {
    const ApiId = await management.putApi();
    const { AuthorizerId } = await client.createAuthorizer(aJwt(ApiId));
    assert.deepEqual(asked, [Issuer]);
    await client.updateAuthorizer({ ApiId, AuthorizerId, Name: "people" });
    assert.deepEqual(asked, [Issuer]);
    problem = "it answered 404";
    const other = "https://other.example.com/a";
    const words = `Caught exception when connecting to ${other}/.well-known/openid-configuration for issuer ${other}. Please try again later. Error: Invalid issuer: ${other}. Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'`;
    const JwtConfiguration = { Issuer: other, Audience: ["app"] };
    await refusedV2(client.updateAuthorizer({ ApiId, AuthorizerId, JwtConfiguration }), bad, 400, words);
    await refusedV2(client.createAuthorizer({ ...aJwt(ApiId), JwtConfiguration }), bad, 400, words);
    assert.deepEqual(asked.slice(1), [other, other]);
    const { Items } = await client.getAuthorizers({ ApiId });
    assert.deepEqual(
      Items?.map((each) => each.JwtConfiguration?.Issuer),
      [Issuer],
    );
  });

  it("ask nobody about what is wrong in itself", async () => {
    const ApiId = await management.putApi();
    await refusedV2(
      client.createAuthorizer({ ...aJwt(ApiId), IdentitySource: [] }),
      bad,
      400,
      /exactly one identity source/,
    );
    await assert.rejects(client.createAuthorizer(aJwt("gone")));
    assert.deepEqual(asked, []);
  });

  it("are accepted with an issuer that does not answer under the relaxed profile", async () => {
    const relaxed = makeV2Management({ profile: "relaxed", askIssuer });
    problem = "nobody is there";
    const ApiId = await relaxed.putApi();
    const JwtConfiguration = { Issuer: "http://idp:8080/realms/a", Audience: ["app"] };
    const made = await makeV2Client(relaxed).createAuthorizer({ ...aJwt(ApiId), JwtConfiguration });
    assert.deepEqual(made.JwtConfiguration, JwtConfiguration);
    await relaxed.store.close();
  });

  it("are not deleted, and keep their type, while a route names them", async () => {
    const ApiId = await management.putApi();
    const { AuthorizerId } = await client.createAuthorizer(aJwt(ApiId));
    const { RouteId } = await client.createRoute({
      ApiId,
      RouteKey: "POST /pdf",
      AuthorizationType: "JWT",
      AuthorizerId,
    });
    await refusedV2(
      client.deleteAuthorizer({ ApiId, AuthorizerId }),
      "ConflictException",
      409,
      "Cannot delete authorizer 'users', is referenced in route: POST /pdf",
    );
    const { AuthorizerUri, AuthorizerPayloadFormatVersion } = aRequest(ApiId);
    const type = { AuthorizerType: "REQUEST", AuthorizerUri, AuthorizerPayloadFormatVersion } as const;
    await refusedV2(client.updateAuthorizer({ ApiId, AuthorizerId, ...type }), bad, 400, /only supported for JWT/);
    await client.deleteRoute({ ApiId, RouteId });
    await client.deleteAuthorizer({ ApiId, AuthorizerId });
  });

  it("refuse what AWS refuses", async () => {
    const ApiId = await management.putApi();
    const { AuthorizerId } = await client.createAuthorizer(aJwt(ApiId));
    const create = (input: object) => client.createAuthorizer({ ...aRequest(ApiId), ...input });
    await refusedV2(
      create({ Name: "users" }),
      bad,
      400,
      "Authorizer name must be unique. Authorizer users already exists in this RestApi.",
    );
    await refusedV2(create({ AuthorizerType: "TOKEN" }), bad, 400, /enum value set/);
    await refusedV2(create({ AuthorizerResultTtlInSeconds: 3601 }), bad, 400, /less than or equal to 3600/);
    await refusedV2(create({ Name: "x".repeat(1_000_000) }), bad, 400, /^Invalid Name/);
    await refusedV2(create({ AuthorizerUri: "x".repeat(1_000_000) }), bad, 400, /^Invalid AuthorizerUri/);
    await refusedV2(
      create({ AuthorizerCredentialsArn: "arn:aws:iam::999999999999:role/other" }),
      "AccessDeniedException",
      403,
      "Cross-account pass role is not allowed.",
    );
    await refusedV2(client.updateAuthorizer({ ApiId, AuthorizerId, Name: "" }), bad, 400, /^Invalid Name/);
    for (const call of [
      client.getAuthorizer({ ApiId, AuthorizerId: "gone" }),
      client.updateAuthorizer({ ApiId, AuthorizerId: "gone" }),
      client.deleteAuthorizer({ ApiId, AuthorizerId: "gone" }),
    ]) {
      await refusedV2(call, "NotFoundException", 404, "Invalid Authorizer identifier specified");
    }
    for (const Name of ["a", "b"]) await create({ Name });
    await refusedV2(create({ Name: "c" }), "ConflictException", 429, /^Maximum number of Authorizers for this API/);
  });
});
