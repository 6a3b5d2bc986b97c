import assert from "node:assert/strict";
import { test } from "node:test";
import { aMethod, aMock, anHttpProxy, aRestApi, aStage, functionArn } from "../../test/exchange/a-rest-api.ts";
import { aFunction, anHttpApi, anHttpStage } from "../../test/exchange/an-http-api.ts";
import { compileRest } from "../compiler/compile-rest.ts";
import { compileHttpApi } from "../compiler/http-api/compile-http-api.ts";
import { routesBeyondAws } from "./beyond-aws.ts";

test("time-outs above AWS's are named, but for streamed answers", () => {
  const slow = { timeoutInMillis: 60_000 };
  const api = aRestApi({
    "/slow": { GET: aMethod(anHttpProxy("http://x/", slow)) },
    "/streamed": { GET: aMethod(anHttpProxy("http://x/", { ...slow, responseTransferMode: "STREAM" })) },
    "/usual": { GET: aMethod(anHttpProxy("http://x/", { timeoutInMillis: 29_000 })), PUT: aMethod(aMock()) },
  });
  const plan = compileRest(api, aStage(), { account: "0", region: "r" });
  assert.deepEqual(routesBeyondAws(plan), ["GET /slow timeoutInMillis 60000"]);
  assert.deepEqual(routesBeyondAws(undefined), []);
});

test("integrations of HTTP APIs may take a second longer than those of REST APIs", () => {
  const api = anHttpApi({
    "GET /usual": { integration: aFunction(functionArn, { TimeoutInMillis: 30_000 }) },
    "GET /slow": { integration: aFunction(functionArn, { TimeoutInMillis: 30_001 }) },
  });
  const plan = compileHttpApi(api, anHttpStage(), { account: "0", region: "r" });
  assert.deepEqual(routesBeyondAws(plan), ["GET /slow timeoutInMillis 30001"]);
});
