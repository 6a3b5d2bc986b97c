// AssumeRoleWithWebIdentity by AWS's SDK, with a provider of our own that speaks OpenID Connect's discovery.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startPortico } from "../../portico.ts";
import { makeAuthority } from "../../tls-authority.ts";
import { tool } from "../../tool.ts";
import { makeClient } from "./sdk-client.ts";

const { skip } = tool("openssl", ["version"], false);

test("a token of a provider opens a role, as long as the provider's keys can be had", { skip }, async () => {
  const authority = makeAuthority();
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  let asked = 0;
  const provider = createServer(authority.issue("DNS:localhost"), (request, response) => {
    asked++;
    const answer = request.url?.endsWith("/openid-configuration")
      ? { issuer, jwks_uri: `${issuer}/keys` }
      : { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "RS256" }] };
    response.end(JSON.stringify(answer));
  });
  provider.listen(0, "127.0.0.1");
  await once(provider, "listening");
  const issuer = `https://localhost:${(provider.address() as AddressInfo).port}/pool`;
  const portico = await startPortico({ args: ["--profile", "relaxed", "--backend-ca", authority.file] });
  const iam = makeClient(IAMClient, portico);
  try {
    const { OpenIDConnectProviderArn: arn } = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: ["app"] }),
    );
    const Condition = { StringEquals: { [`${issuer.slice("https://".length)}:sub`]: "me" } };
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Principal: { Federated: arn }, Action: "sts:AssumeRoleWithWebIdentity", Condition },
    });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "web", AssumeRolePolicyDocument }));
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const token = (sub: string): string => {
      const claims = { iss: issuer, aud: "app", sub, iat: 1_700_000_000, exp: 4_000_000_000 };
      const text = `${encode({ alg: "RS256", kid: "one" })}.${encode(claims)}`;
      return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
    };
    const sts = new STSClient({ endpoint: portico.url, region: "us-east-1" });
    const assume = (sub: string) =>
      sts.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: Role?.Arn,
          RoleSessionName: sub,
          WebIdentityToken: token(sub),
        }),
      );
    const { Credentials, Provider } = await assume("me");
    assert.equal(Provider, issuer);
    const session = new STSClient({
      endpoint: portico.url,
      region: "us-east-1",
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? "",
        secretAccessKey: Credentials?.SecretAccessKey ?? "",
        sessionToken: Credentials?.SessionToken ?? "",
      },
    });
    const { Arn } = await session.send(new GetCallerIdentityCommand({}));
    assert.equal(Arn, "arn:aws:sts::000000000000:assumed-role/web/me");
    await assert.rejects(assume("you"), { name: "AccessDenied" });
    assert.equal(asked, 2, "the provider is asked once");
    sts.destroy();
    session.destroy();
  } finally {
    iam.destroy();
    await portico.stop();
    provider.closeAllConnections();
    provider.close();
  }
});
