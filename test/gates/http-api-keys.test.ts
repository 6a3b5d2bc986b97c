// Where a route of an HTTP API finds its caller's API key.
import assert from "node:assert/strict";
import { it } from "node:test";
import { apiKeyOfAuthorizer } from "../../src/definition/http-api.ts";
import { keyValue, resultOf } from "./guarded-api.ts";
import { startGuardedHttp } from "./guarded-http-api.ts";

it("the key may be the usageIdentifierKey of an authorizer's result, and then no header is one", async () => {
  await using api = await startGuardedHttp();
  api.configure((definition, stage) => [
    { ...definition, api: { ...definition.api, ApiKeySelectionExpression: apiKeyOfAuthorizer } },
    stage,
  ]);
  const answer = async (usageIdentifierKey?: string) => {
    api.clock.advance(300_000);
    api.functions.answer = () => ({ ...resultOf(), usageIdentifierKey });
    const { status, headers } = await api.call("policy");
    return [status, headers["x-portico-hint"]];
  };
  assert.deepEqual(await answer(keyValue), [200, undefined]);
  assert.equal((await answer(`${keyValue}x`))[0], 403);
  const [status, hint] = await answer();
  assert.equal(status, 403);
  assert.match(String(hint), /needs an API key from its authorizer/);
});
