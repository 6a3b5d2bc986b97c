// What a stage says of requests that came by a custom domain name: access logs and templates.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CustomDomainPlan } from "../../src/plan/custom-domain.ts";
import { signWithSdk } from "../sdk-signer.ts";
import { aMethod, aMock, aRestApi, aStage } from "./a-rest-api.ts";
import { anHttpApi, anHttpStage, aUrl } from "./an-http-api.ts";
import { startGateway } from "./start-gateway.ts";

const domain: CustomDomainPlan = {
  account: "000000000000",
  region: "us-east-1",
  rules: [],
  mappings: [
    { key: "orders/v1", apiId: "abc123", stageName: "prod" },
    { key: "http", apiId: "http123", stageName: "dev" },
    { key: "", apiId: "abc123", stageName: "prod" },
  ],
};
const format =
  "$context.customDomain.basePathMatched $context.path $context.domainName $context.domainPrefix $context.stage $context.status";
const destination = "arn:aws:logs:us-east-1:000000000000:log-group:access";

test("access logs have the key that matched, the path that was called, and the name", async () => {
  const lines: string[] = [];
  await using gateway = await startGateway({ onLog: (_, line) => lines.push(line) });
  gateway.gateway.setCustomDomain("*.example.com", domain);
  gateway.deploy(
    aRestApi({ "/pets": { GET: aMethod(aMock("$context.path $context.domainName")) } }),
    aStage({ accessLogSettings: { destinationArn: destination, format } }),
  );
  gateway.deployHttp(
    anHttpApi({ "GET /pets": { integration: aUrl("http://127.0.0.1:1/") } }),
    anHttpStage({ StageName: "dev", AccessLogSettings: { DestinationArn: destination, Format: format } }),
  );
  const host = "api.example.com:8080";
  const call = (path: string) => gateway.call(path, { host, isWhole: true });
  assert.equal((await call("/orders/v1/pets")).text, "/orders/v1/pets api.example.com");
  assert.equal((await call("/pets")).text, "/pets api.example.com");
  assert.equal((await call("/orders/v1/gone")).status, 403);
  assert.equal((await call("/http/gone")).status, 404);
  assert.deepEqual(lines, [
    "orders/v1 /orders/v1/pets api.example.com api prod 200",
    "- /pets api.example.com api prod 200",
    "orders/v1 /orders/v1/gone api.example.com api prod 403",
    "http /dev/gone api.example.com api dev 404",
  ]);
  assert.deepEqual(gateway.errors, []);
});

test("a name leads to what is deployed, and no longer when it is withdrawn", async () => {
  await using gateway = await startGateway();
  const call = async () => (await gateway.call("/pets", { host: "api.example.com", isWhole: true })).status;
  assert.equal(await call(), 599);
  gateway.gateway.setCustomDomain("api.example.com", domain);
  assert.equal(await call(), 403);
  gateway.deploy(aRestApi({ "/pets": { GET: aMethod(aMock("pets")) } }));
  assert.equal(await call(), 200);
  gateway.gateway.setCustomDomain("api.example.com", { ...domain, account: "111111111111" });
  assert.equal(await call(), 403);
  gateway.gateway.setCustomDomain("api.example.com", { ...domain, closed: "mutualTlsAuthentication" });
  assert.equal(await call(), 501);
  gateway.gateway.setCustomDomain("api.example.com", null);
  assert.equal(await call(), 599);
});

test("a signature of the path that was called counts, by policies of the stage's own ARN; one of another path does not", async () => {
  const nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);
  const account = "000000000000";
  const ann = { accessKeyId: "AKIAANN", secretAccessKey: "ann's secret" };
  const ownerArn = `arn:aws:iam::${account}:user/ann`;
  const Resource = `arn:aws:execute-api:us-east-1:${account}:http123/dev/GET/pets`;
  const Statement = [{ Effect: "Allow", Action: "execute-api:Invoke", Resource }];
  await using gateway = await startGateway({ nowMs });
  gateway.gateway.setCustomDomain("api.example.com", domain);
  // Guarded routes have no target, so that a caller who passes gets 500.
  const guarded = { integration: aUrl("http://unused/"), route: { Target: "", AuthorizationType: "AWS_IAM" } };
  gateway.deployHttp(anHttpApi({ "GET /pets": guarded, "GET /toys": guarded }), anHttpStage({ StageName: "dev" }));
  const { callers } = gateway.gateway;
  callers.setIdentity("user/ann", {
    ...{ kind: "user", account, arn: ownerArn, id: "AIDAEXAMPLE", name: "ann", path: "/", tags: {} },
    policies: [{ name: "own", document: JSON.stringify({ Version: "2012-10-17", Statement }) }],
  });
  callers.setAccessKey("AKIAANN", { secret: ann.secretAccessKey, isActive: true, ownerArn });
  const host = "api.example.com";
  const call = async (path: string, signedPath = path): Promise<number> => {
    const request = { method: "GET", host, path: signedPath, query: {}, headers: {} };
    const { host: _, ...headers } = (await signWithSdk(request, { credentials: ann, nowMs })).headers;
    return (await gateway.call(path, { host, isWhole: true, headers })).status;
  };
  assert.equal(await call("/http/pets"), 500);
  assert.equal(await call("/http/toys"), 403);
  assert.equal(await call("/http/pets", "/dev/pets"), 403);
  assert.equal(await call("/http/pets", "/pets"), 403);
});
