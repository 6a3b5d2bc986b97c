// JWT authorizers of HTTP APIs against a started server, which asks their issuers: a real one, and bad ones.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, it } from "node:test";
import { ApiGatewayV2, ApiGatewayV2ServiceException } from "@aws-sdk/client-apigatewayv2";
import { elsewhere, refusal, startForSuite } from "./sdk-client.ts";

const portico = startForSuite({ args: ["--threads", "1"], exitCode: 0 });
const client = portico.client(ApiGatewayV2, elsewhere);

let origin = "";
const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "/good": (response) => response.end(JSON.stringify({ issuer: `${origin}/good`, jwks_uri: `${origin}/keys` })),
  "/another": (response) => response.end(JSON.stringify({ issuer: `${origin}/good`, jwks_uri: `${origin}/keys` })),
  "/html": (response) => response.end("<html>"),
  "/keyless": (response) => response.end(JSON.stringify({ issuer: `${origin}/keyless` })),
  "/elsewhere": (response) => response.writeHead(302, { location: `${origin}/good` }).end(),
  "/gone": (response) => response.writeHead(404).end(),
  "/cut": (response) => response.destroy(),
  "/endless": (response) => response.end("[".repeat(3_000_000)),
};
const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const [, issuer] = /^(\/\w+)\/\.well-known\/openid-configuration$/.exec(request.url ?? "") ?? [];
  (answers[issuer ?? ""] ?? answers["/gone"]!)(response);
});
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

const create = (ApiId: string | undefined, Issuer: string) =>
  client.createAuthorizer({
    ApiId,
    Name: "users",
    AuthorizerType: "JWT",
    IdentitySource: ["$request.header.Authorization"],
    JwtConfiguration: { Issuer, Audience: ["app"] },
  });

it("an authorizer is made of an issuer that has a configuration, and of no other", async () => {
  const { ApiId } = await client.createApi({ Name: "pets", ProtocolType: "HTTP" });
  for (const path of Object.keys(answers)) {
    if (path === "/good") continue;
    const issuer = `${origin}${path}`;
    const refused = await refusal(create(ApiId, issuer), ApiGatewayV2ServiceException);
    assert.deepEqual([refused.name, refused.$metadata.httpStatusCode], ["BadRequestException", 400]);
    assert.equal(
      refused.message,
      `Caught exception when connecting to ${issuer}/.well-known/openid-configuration for issuer ${issuer}. Please try again later. Error: Invalid issuer: ${issuer}. Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'`,
    );
  }
  const made = await create(ApiId, `${origin}/good`);
  assert.equal(made.JwtConfiguration?.Issuer, `${origin}/good`);
  assert.deepEqual((await client.getAuthorizers({ ApiId })).Items?.length, 1);
});
