// Resource policies of REST APIs: who passes, and what a refusal looks like.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RestApiDefinition } from "../../src/definition/rest-api.ts";
import { publicListener } from "../../src/http/listener.ts";
import { aMethod, aMock, aRestApi } from "./a-rest-api.ts";
import { type GatewayUnderTest, startGateway } from "./start-gateway.ts";

const arn = "arn:aws:execute-api:us-east-1:000000000000:abc123/prod";
const allowAll = { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "*" };
const document = (...statements: readonly unknown[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const anApi = (policy: string): RestApiDefinition =>
  aRestApi(
    {
      "/": { GET: aMethod(aMock("root")) },
      "/pets": { GET: aMethod(aMock("pets")) },
      "/pets/{id}": { ANY: aMethod(aMock("pet")) },
      "/a b": { GET: aMethod(aMock("space")) },
      "/files/{proxy+}": { GET: aMethod(aMock("file")) },
    },
    { restApi: { policy } },
  );

const statusOf = async (gateway: GatewayUnderTest, path: string, options = {}): Promise<number> =>
  (await gateway.call(path, options)).status;

test("a caller whom the policy allows is served, and another gets AWS's refusal", async () => {
  await using gateway = await startGateway();
  gateway.deploy(anApi(document({ ...allowAll, Resource: `${arn}/GET/pets/*` })));
  assert.equal((await gateway.call("/pets/1")).text, "pet");
  const refused = await gateway.call("/pets");
  assert.equal(refused.status, 403);
  assert.equal(
    refused.text,
    '{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: ' +
      'arn:aws:execute-api:us-east-1:********0000:abc123/prod/GET/pets"}',
  );
  assert.equal(refused.headers["x-amzn-errortype"], "AccessDeniedException");
  assert.equal(refused.headers["x-portico-hint"], "no statement of the API's resource policy allows this call");
  assert.equal(await statusOf(gateway, "/pets/1", { method: "POST" }), 403, "the verb is the request's own");
  const root = await gateway.call("/");
  assert.match(root.text, /prod\/GET\/"}$/);
});

test("a Deny counts before every Allow, and the refusal says so", async () => {
  await using gateway = await startGateway();
  gateway.deploy(
    anApi(document(allowAll, { ...allowAll, Sid: "NoPets", Effect: "Deny", Resource: `${arn}/GET/pets` })),
  );
  assert.equal(await statusOf(gateway, "/"), 200);
  const refused = await gateway.call("/pets");
  assert.match(refused.text, /prod\/GET\/pets with an explicit deny"}$/);
  assert.equal(refused.headers["x-portico-hint"], "the API's resource policy denies this call by the statement NoPets");
});

test("no spelling of a path leads past a statement about it", async () => {
  await using gateway = await startGateway();
  const deny = (path: string): string =>
    document(allowAll, { ...allowAll, Effect: "Deny", Resource: `${arn}/GET/${path}` });
  const rows: readonly (readonly [resource: string, path: string])[] = [
    ["pets", "/pets/"],
    ["pets", "/%70ets"],
    ["pets", "/%70ets/"],
    ["pets", "//pets"],
    ["pets/secret", "/pets/s%65cret"],
    ["pets/secret", "/pets/secret/"],
    ["a b", "/a%20b"],
    ["a%20b", "/a%20b"],
    ["files/x/secret", "/files/x%2Fsecret"],
    ["files/x/secret", "/files/x/%73ecret//"],
    ["files/x/secret", "/files/x//secret"],
  ];
  for (const [resource, path] of rows) {
    gateway.deploy(anApi(document(allowAll)));
    assert.equal(await statusOf(gateway, path), 200, `${path} without the Deny`);
    gateway.deploy(anApi(deny(resource)));
    assert.equal(await statusOf(gateway, path), 403, `${path} by ${resource}`);
  }
});

test("an Allow has to allow every form of the path", async () => {
  await using gateway = await startGateway();
  gateway.deploy(anApi(document({ ...allowAll, Resource: `${arn}/GET/pets/p%75blic*` })));
  assert.equal(await statusOf(gateway, "/pets/p%75blic"), 403);
  gateway.deploy(anApi(document({ ...allowAll, Resource: `${arn}/GET/pets/public` })));
  assert.equal(await statusOf(gateway, "/pets/public"), 200);
  assert.equal(await statusOf(gateway, "/pets/p%75blic"), 403);
});

test("a path or verb that no method serves is answered before the policy is asked", async () => {
  await using gateway = await startGateway();
  gateway.deploy(anApi(document({ ...allowAll, Effect: "Deny" })));
  for (const options of [{ path: "/none" }, { path: "/pets", method: "POST" }]) {
    assert.equal((await gateway.call(options.path, options)).text, '{"message":"Missing Authentication Token"}');
  }
});

test("the refusal is the gateway response ACCESS_DENIED, and says why only on listeners with hints", async () => {
  await using gateway = await startGateway({ listener: publicListener });
  const customised = {
    responseType: "ACCESS_DENIED",
    statusCode: "404",
    responseParameters: { "gatewayresponse.header.X-Type": "context.error.responseType" },
    responseTemplates: { "application/json": '{"no":$context.error.messageString}' },
  };
  gateway.deploy({ ...anApi(document({ ...allowAll, Effect: "Deny" })), gatewayResponses: [customised] });
  const refused = await gateway.call("/pets");
  assert.equal(refused.status, 404);
  assert.equal(refused.headers["x-type"], "ACCESS_DENIED");
  assert.match(refused.text, /^{"no":"User: anonymous is not authorized .* with an explicit deny"}$/);
  assert.equal(refused.headers["x-portico-hint"], undefined);
});
