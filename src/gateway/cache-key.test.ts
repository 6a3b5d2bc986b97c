import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValuePlan } from "../plan/values.ts";
import { linkCacheKey } from "./cache-key.ts";
import type { Exchange } from "./exchange.ts";

interface KeyRequest {
  readonly query?: string;
  readonly headers?: readonly string[];
  readonly path?: string;
  readonly id?: string;
  readonly verb?: string;
}

const exchangeOf = ({ query = "", headers = [], id, path = `/a/${id ?? "1"}`, verb = "GET" }: KeyRequest): Exchange => {
  const headerNames = headers.flatMap((name, index) => (index % 2 === 0 ? [name.toLowerCase()] : []));
  return {
    httpMethod: verb,
    rawQuery: query,
    pathAsSent: path,
    pathParameter: () => id,
    request: {
      headerNames,
      rawHeaders: headers,
      header: (name: string) => headers[headerNames.lastIndexOf(name) * 2 + 1],
    },
  } as unknown as Exchange;
};

const request = (place: "path" | "querystring" | "header", name: string): ValuePlan => ({
  kind: "request",
  place,
  name,
  isMultiValue: false,
});
const plan: Parameters<typeof linkCacheKey>[0] = {
  keyStart: '["dep",0,"ns"]',
  key: [
    { name: "method.request.header.X", value: request("header", "X") },
    { name: "method.request.header.Y", value: request("header", "Y") },
    { name: "method.request.path.id", value: request("path", "id") },
    { name: "method.request.querystring.q", value: request("querystring", "q") },
  ],
};
const writeKey = linkCacheKey(plan, "/a/{id}");

test("requests that a backend may tell apart by what the key names have different keys", () => {
  const asked: readonly KeyRequest[] = [
    {},
    { verb: "POST" },
    { id: "" },
    { id: "1" },
    { id: "%31" },
    { id: "1", path: "/a/1/" },
    { id: "1", path: "/a/1//" },
    { id: "1", path: "//a/1" },
    { id: "1", path: "/%61/1" },
    { id: "1/" },
    { query: "q" },
    { query: "q=" },
    { query: "q=1" },
    { query: "q=%31" },
    { query: "%71=1" },
    { query: "{q}=1" },
    { query: "q=1&q=2" },
    { query: "q=2&q=1" },
    { query: "q=1,2" },
    { query: "q=1;q=2" },
    { query: "x=1;q=1" },
    { query: "q=%ff" },
    { query: "q=%25ff" },
    { headers: ["X", ""] },
    { headers: ["X", "1"] },
    { headers: ["Y", "1"] },
    { headers: ["X", "1", "X", "2"] },
    { headers: ["X", "1,2"] },
    { headers: ["X", "1", "Y", "2"] },
    { headers: ["X", "12:3", "Y", "4"] },
    { headers: ["X", "1", "Y", "2:34"] },
    { headers: ["X", "-"] },
    { headers: ["X", "2:1\n23:method.request.header.Y-"] },
  ];
  const keys = asked.map((one) => writeKey(exchangeOf(one)));
  assert.ok(keys.every((key) => key !== undefined));
  assert.equal(new Set(keys).size, asked.length);
});

test("a path that is not written as its resource's has its own key, also where the key has no path parameter", () => {
  const cases: readonly (readonly [resourcePath: string, written: readonly string[], otherwise: readonly string[]])[] =
    [
      ["/", ["/"], ["//", "///"]],
      ["/pets.v1", ["/pets.v1"], ["/pets.v1/", "//pets.v1", "/p%65ts.v1", "/petsxv1"]],
      ["/pets/{id}", ["/pets/1", "/pets/%31"], ["/pets/1/", "//pets/1", "/pets/1//", "/%70ets/1"]],
      ["/{proxy+}", ["/a", "/a/b", "/a//b"], ["/a/", "//a", "/a/b//"]],
      ["/x/{proxy+}", ["/x/a", "/x/a/b"], ["/x/a/", "//x/a", "/x//a", "/%78/a"]],
    ];
  for (const [resourcePath, written, otherwise] of cases) {
    const write = linkCacheKey({ keyStart: "", key: [] }, resourcePath);
    const keyOf = (path: string) => write(exchangeOf({ path }));
    assert.deepEqual(new Set(written.map(keyOf)), new Set(["GET"]), resourcePath);
    assert.deepEqual(
      otherwise.map(keyOf),
      otherwise.map((path) => `GET${path.length}:${path}`),
    );
  }
});

test("what the key does not name has no say", () => {
  const plain = writeKey(exchangeOf({ query: "q=1", headers: ["X", "1"], id: "1" }));
  const others: readonly KeyRequest[] = [
    { query: "q=1&r=2", headers: ["X", "1"], id: "1" },
    { query: "z&q=1&", headers: ["Z", "9", "x", "1"], id: "1" },
  ];
  for (const other of others) assert.equal(writeKey(exchangeOf(other)), plain);
});

test("a key of 100 KB is none", () => {
  assert.equal(writeKey(exchangeOf({ headers: ["X", "k".repeat(100_000)] })), undefined);
  assert.ok(writeKey(exchangeOf({ headers: ["X", "k".repeat(10_000)] })));
});
