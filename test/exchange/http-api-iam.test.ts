// Routes with the AuthorizationType AWS_IAM: a signature and a policy let a caller pass, and nothing else does.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Identity } from "../../src/access/principal.ts";
import type { Credentials } from "../../src/access/request-signer.ts";
import { signWithSdk } from "../sdk-signer.ts";
import { anHttpApi, aUrl, host } from "./an-http-api.ts";
import { type GatewayUnderTest, type Reply, startGateway } from "./start-gateway.ts";

const account = "000000000000";
const arn = `arn:aws:execute-api:us-east-1:${account}:http123/$default`;
const nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);
const ann: Credentials = { accessKeyId: "AKIAANN", secretAccessKey: "ann's secret" };

const userWith = (...resources: readonly string[]): Identity => ({
  kind: "user",
  account,
  arn: `arn:aws:iam::${account}:user/ann`,
  id: "AIDAEXAMPLE",
  name: "ann",
  path: "/",
  tags: {},
  policies: [
    {
      name: "own",
      document: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: resources }],
      }),
    },
  ],
});

/** Guarded routes have no target, so that a caller who passes gets 500. */
async function start(...resources: readonly string[]): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ nowMs });
  const guarded = { integration: aUrl("http://unused/"), route: { Target: "", AuthorizationType: "AWS_IAM" } };
  gateway.deployHttp(anHttpApi({ "GET /pets/{id}": guarded, $default: guarded }));
  const { callers } = gateway.gateway;
  callers.setIdentity("user/ann", userWith(...resources));
  const ownerArn = userWith().arn;
  callers.setAccessKey("AKIAANN", { secret: ann.secretAccessKey, isActive: true, ownerArn });
  return gateway;
}

async function call(gateway: GatewayUnderTest, path: string, by: Credentials | undefined = ann): Promise<Reply> {
  const signed = await signWithSdk({ method: "GET", host, path, query: {}, headers: {} }, { credentials: by, nowMs });
  const { host: _, ...headers } = signed.headers;
  return gateway.call(signed.target, { host, isWhole: true, headers });
}

const forbidden = (reply: Reply): void =>
  assert.deepEqual(
    [reply.status, reply.text],
    [403, '{"message":"Forbidden"}'],
    String(reply.headers["x-portico-hint"]),
  );

test("a user passes where the policy allows the route's ARN, and nowhere else", async () => {
  await using gateway = await start(`${arn}/GET/pets/1`);
  assert.equal((await call(gateway, "/pets/1")).status, 500);
  forbidden(await call(gateway, "/pets/2"));
  forbidden(await call(gateway, "/elsewhere"));
});

test("the default route has an ARN of its own, whatever path is called", async () => {
  await using gateway = await start(`${arn}/$default`);
  assert.equal((await call(gateway, "/elsewhere")).status, 500);
  forbidden(await call(gateway, "/pets/1"));
  await using byPath = await start(`${arn}/GET/elsewhere`);
  forbidden(await call(byPath, "/elsewhere"));
});

test("every broken signature is refused with the same answer", async () => {
  await using gateway = await start(`${arn}/*`);
  forbidden(await gateway.call("/pets/1", { host, isWhole: true }));
  for (const authorization of [
    "Bearer x",
    "AWS4-HMAC-SHA256",
    "AWS4-HMAC-SHA256 Credential=x",
    "AWS4-ECDSA-P256-SHA256 x",
  ]) {
    forbidden(await gateway.call("/pets/1", { host, isWhole: true, headers: { authorization } }));
  }
  forbidden(await call(gateway, "/pets/1", { ...ann, secretAccessKey: "another" }));
  forbidden(await call(gateway, "/pets/1", { ...ann, accessKeyId: "AKIAGONE" }));
  forbidden(await call(gateway, "/pets/1", { ...ann, sessionToken: "forged" }));
  gateway.gateway.callers.setAccessKey("AKIAANN", null);
  forbidden(await call(gateway, "/pets/1"));
});
