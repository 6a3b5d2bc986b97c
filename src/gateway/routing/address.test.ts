import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "./address.ts";

test("addresses name API, stage, path and query", () => {
  const cases: [string, string, [string, string, string] | undefined][] = [
    ["a1.execute-api.localhost:4566", "/prod/x/y?q=1", ["a1/prod", "/x/y", "q=1"]],
    ["a1.execute-api.eu-west-1.amazonaws.com", "/prod", ["a1/prod", "", ""]],
    ["a1.execute-api.x", "/prod?", ["a1/prod", "", ""]],
    ["a1.execute-api.x", "/", ["a1/", "", ""]],
    ["a1.execute-api.x", "/prod//x", ["a1/prod", "//x", ""]],
    ["a1.execute-api.x", "/prod?a=/b?c", ["a1/prod", "", "a=/b?c"]],
    ["a1.execute-api.x", "/_aws/execute-api/b2/dev/", ["a1/_aws", "/execute-api/b2/dev/", ""]],
    ["localhost", "/_aws/execute-api/a1/prod/x?y", ["a1/prod", "/x", "y"]],
    ["localhost", "/_aws/execute-api/a1", ["a1/", "", ""]],
    ["localhost", "/_aws/execute-api/a1?x", ["a1/", "", "x"]],
    ["localhost", "/restapis/a1/prod/_user_request_/x?y", ["a1/prod", "/x", "y"]],
    ["localhost", "/restapis/a1/prod/_user_request_", ["a1/prod", "", ""]],
    ["localhost", "/restapis/a1/resources/_user_request_x", undefined],
    ["localhost", "/restapis/a1?x/prod/_user_request_/x", undefined],
    ["localhost", "/restapis/a1/resources", undefined],
    ["localhost", "/", undefined],
    ["execute-api.localhost", "/prod", undefined],
    [".execute-api.localhost", "/prod", undefined],
    ["", "/prod", undefined],
  ];
  for (const [host, target, expected] of cases) {
    const address = parseAddress(host, target);
    assert.deepEqual(address && [address.key, address.path, address.query], expected, `${host} ${target}`);
  }
});
