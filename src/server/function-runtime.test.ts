import assert from "node:assert/strict";
import { test } from "node:test";
import { sdkVariables } from "./function-runtime.ts";

test("functions' SDKs are told of this server, and of the services that have an endpoint of their own", () => {
  const endpoints = {
    "*": "http://all",
    dynamodb: "http://tables",
    dynamodbstreams: "http://streams",
    states: "http://machines",
    home: "http://made-up",
  };
  assert.deepEqual(sdkVariables("http://portico", endpoints), {
    AWS_ENDPOINT_URL: "http://portico",
    AWS_ENDPOINT_URL_DYNAMODB: "http://tables",
    AWS_ENDPOINT_URL_DYNAMODB_STREAMS: "http://streams",
    AWS_ENDPOINT_URL_SFN: "http://machines",
    AWS_ENDPOINT_URL_HOME: "http://made-up",
  });
  assert.deepEqual(sdkVariables(undefined, {}), {});
});
