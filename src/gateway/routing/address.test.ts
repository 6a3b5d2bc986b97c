import assert from "node:assert/strict";
import { test } from "node:test";
import { developmentListener, publicListener } from "../../http/listener.ts";
import { findDestination, pathOfStage } from "./address.ts";

const header = () => undefined;

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
    const found = findDestination({ get: (key) => key }, { listener: developmentListener, host, target, header });
    const address = found.kind === "stage" ? found.address : undefined;
    assert.equal(found.kind, expected === undefined ? "management" : "stage");
    assert.deepEqual(address && [address.key, address.path, address.query], expected, `${host} ${target}`);
  }
});

test("a header names the API where the host is a VPC endpoint's own, and nowhere else", () => {
  const find = (host: string, apiId: string | undefined, target = "/prod/x?y") => {
    const request = {
      listener: publicListener,
      host,
      target,
      header: (name: string) => (name === "x-apigw-api-id" ? apiId : undefined),
    };
    const found = findDestination({ get: (key) => key }, request);
    return found.kind === "stage"
      ? [found.address.key, found.address.path, found.address.vpceId, found.address.isByEndpoint]
      : found.kind;
  };
  const own = "vpce-0a1b-01234567.execute-api.us-west-2.vpce.amazonaws.com";
  assert.deepEqual(find(own, "a1"), ["a1/prod", "/x", "vpce-0a1b", true]);
  assert.deepEqual(find(`${own}:443`, "a1"), ["a1/prod", "/x", "vpce-0a1b", true]);
  assert.deepEqual(find("vpce-0a1b-01234567-us-west-2a.execute-api.x", "a1"), ["a1/prod", "/x", "vpce-0a1b", true]);
  assert.deepEqual(find("vpce-0a1b.execute-api.x", "a1"), ["a1/prod", "/x", "vpce-0a1b", true]);
  assert.deepEqual(find("vpce-0a1b-01234567.execute-api.x", undefined), [
    "vpce-0a1b-01234567/prod",
    "/x",
    undefined,
    undefined,
  ]);
  assert.deepEqual(find("b2.execute-api.x", "a1"), ["b2/prod", "/x", undefined, undefined]);
  assert.deepEqual(find("b2-vpce-0a1b.execute-api.x", "a1"), ["b2/prod", "/x", "vpce-0a1b", undefined]);
  assert.deepEqual(find("localhost", "a1", "/restapis/b2/prod/_user_request_/x"), [
    "b2/prod",
    "/x",
    undefined,
    undefined,
  ]);
  assert.equal(find("vpce-0a1b.example.com", "a1"), "missing");
});

test("what is found is a stage, a missing one, or not the data plane, which a public listener does not have", () => {
  const stages = new Map([["a1/prod", "the stage"]]);
  const find = (target: string, listener = publicListener, host = "localhost") => {
    const found = findDestination(stages, { listener, host, target, header });
    return found.kind === "stage" ? [found.stage, found.address.path] : [found.kind];
  };
  assert.deepEqual(find("/prod/x", publicListener, "a1.execute-api.localhost"), ["the stage", "/x"]);
  assert.deepEqual(find(`${pathOfStage("a1", "prod")}/x`), ["the stage", "/x"]);
  assert.deepEqual(find(pathOfStage("a1", "dev")), ["missing"]);
  stages.set("a1/$default", "the default stage");
  const host = "a1.execute-api.localhost";
  for (const [target, stage, path] of [
    ["/prod/x", "the stage", "/x"],
    ["/prod", "the stage", ""],
    ["/prods/x", "the default stage", "/prods/x"],
    ["/%70rod/x", "the default stage", "/%70rod/x"],
    ["/", "the default stage", ""],
    ["//prod/x", "the default stage", "//prod/x"],
    ["/$default/x", "the default stage", "/$default/x"],
  ] as const) {
    assert.deepEqual(find(target, publicListener, host), [stage, path], target);
    const byPath = target === "/$default/x" ? "/x" : path;
    assert.deepEqual(find(`/_aws/execute-api/a1${target}`), [stage, byPath], `by path: ${target}`);
  }
  assert.deepEqual(find("*", publicListener, host), ["missing"]);
  assert.deepEqual(find(pathOfStage("a1", "$default")), ["the default stage", ""]);
  assert.deepEqual(find("/_aws/execute-api/a1"), ["the default stage", ""]);
  assert.deepEqual(find("/restapis", developmentListener), ["management"]);
  assert.deepEqual(find("/restapis"), ["missing"]);
});
