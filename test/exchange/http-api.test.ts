// HTTP APIs: requests in, answers out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { anHttpApi, aUrl } from "./an-http-api.ts";
import { startGateway } from "./start-gateway.ts";

test("a request that no route takes is answered with 404 and the request's id", async () => {
  await using gateway = await startGateway();
  gateway.deployHttp(anHttpApi({ "GET /pets": { integration: aUrl("https://backend.example/") } }));
  const reply = await gateway.call("/dogs", { host: "http123.execute-api.us-east-1.localhost", isWhole: true });
  assert.equal(reply.status, 404);
  assert.equal(reply.text, '{"message":"Not Found"}');
  assert.match(String(reply.headers["apigw-requestid"]), /^[\w-]{15}=$/);
});
