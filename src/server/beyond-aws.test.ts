import assert from "node:assert/strict";
import { test } from "node:test";
import { aMethod, aMock, anHttpProxy, aRestApi, aStage, functionArn } from "../../test/exchange/a-rest-api.ts";
import { aFunction, anHttpApi, anHttpStage } from "../../test/exchange/an-http-api.ts";
import { compileRest } from "../compiler/compile-rest.ts";
import { compileHttpApi } from "../compiler/http-api/compile-http-api.ts";
import { noSurroundings } from "../compiler/surroundings.ts";
import { beyondAwsNames } from "../definition/beyond-aws.ts";
import { servedBeyondAws } from "./beyond-aws.ts";

test("time-outs above AWS's are named, but for streamed answers", () => {
  const slow = { timeoutInMillis: 60_000 };
  const api = aRestApi({
    "/slow": { GET: aMethod(anHttpProxy("http://x/", slow)) },
    "/streamed": { GET: aMethod(anHttpProxy("http://x/", { ...slow, responseTransferMode: "STREAM" })) },
    "/usual": { GET: aMethod(anHttpProxy("http://x/", { timeoutInMillis: 29_000 })), PUT: aMethod(aMock()) },
  });
  const plan = compileRest(api, aStage(), { account: "0", region: "r" });
  assert.deepEqual(servedBeyondAws(plan), ["GET /slow timeoutInMillis 60000"]);
  assert.deepEqual(servedBeyondAws(undefined), []);
});

test("what HTTP APIs have by --beyond-aws is named", () => {
  const api = anHttpApi({
    "GET /keyed": { integration: aFunction(functionArn), route: { ApiKeyRequired: true } },
    "GET /plain": { integration: aFunction(functionArn) },
  });
  const stage = anHttpStage({ webAclArn: "arn" });
  const surroundings = { ...noSurroundings, beyondAws: beyondAwsNames };
  const plan = compileHttpApi(api, stage, { account: "0", region: "r" }, surroundings);
  assert.deepEqual(servedBeyondAws(plan), ["web ACL of an HTTP API", "GET /keyed ApiKeyRequired of an HTTP API"]);
  // Without the setting it is closed, and serves nothing.
  assert.deepEqual(servedBeyondAws(compileHttpApi(api, stage, { account: "0", region: "r" })), []);
});

test("integrations of HTTP APIs may take a second longer than those of REST APIs", () => {
  const api = anHttpApi({
    "GET /usual": { integration: aFunction(functionArn, { TimeoutInMillis: 30_000 }) },
    "GET /slow": { integration: aFunction(functionArn, { TimeoutInMillis: 30_001 }) },
  });
  const plan = compileHttpApi(api, anHttpStage(), { account: "0", region: "r" });
  assert.deepEqual(servedBeyondAws(plan), ["GET /slow timeoutInMillis 30001"]);
});
