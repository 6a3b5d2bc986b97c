import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { developmentListener, publicListener } from "../../http/listener.ts";
import type { CustomDomainPlan, RoutingRulePlan } from "../../plan/custom-domain.ts";
import { findDestination } from "./address.ts";
import { CustomDomains } from "./custom-domains.ts";

const nothing: CustomDomainPlan = { account: "1", region: "r", rules: [], mappings: [] };

function placesOf(plans: Readonly<Record<string, CustomDomainPlan>>) {
  const domains = new CustomDomains();
  for (const [name, plan] of Object.entries(plans)) domains.set(name, plan);
  return {
    get: (key: string) => (key.includes("gone") ? undefined : key),
    domains: {
      find: (host: string) => domains.find(host),
      owns: (_: unknown, stage: string) => !stage.includes("foreign"),
    },
  };
}

const find = (
  plans: Readonly<Record<string, CustomDomainPlan>>,
  host: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
) => findDestination(placesOf(plans), { listener: developmentListener, host, target, header: (name) => headers[name] });

/** The stage, the path below it, the part that was removed and what matched; or the kind of destination. */
function at(...question: Parameters<typeof find>) {
  const found = find(...question);
  if (found.kind !== "stage") return found.kind;
  const { path, query, customDomain } = found.address;
  return [found.stage, query === "" ? path : `${path}?${query}`, customDomain?.removed, customDomain?.basePathMatched];
}

describe("a custom domain name", () => {
  const mapped: CustomDomainPlan = {
    ...nothing,
    mappings: [
      { key: "orders/v1/items", apiId: "items", stageName: "prod" },
      { key: "orders/v1", apiId: "orders", stageName: "prod" },
      { key: "orders", apiId: "any", stageName: "$default" },
      { key: "named", apiId: "named" },
      { key: "lost", apiId: "gone", stageName: "prod" },
      { key: "taken", apiId: "foreign", stageName: "prod" },
    ],
  };
  const rooted: CustomDomainPlan = { ...nothing, mappings: [{ key: "", apiId: "root", stageName: "prod" }] };
  const plans = { "api.example.com": mapped, "root.example.com": rooted, "*.example.com": rooted };

  const cases: readonly [string, ReturnType<typeof at>][] = [
    ["/orders/v1/items/7?a=b", ["items/prod", "/7?a=b", "/orders/v1/items", "orders/v1/items"]],
    ["/orders/v1/items", ["items/prod", "", "/orders/v1/items", "orders/v1/items"]],
    ["/orders/v1/items/", ["items/prod", "/", "/orders/v1/items", "orders/v1/items"]],
    ["/orders/v1/itemsets", ["orders/prod", "/itemsets", "/orders/v1", "orders/v1"]],
    ["/orders/v10", ["any/$default", "/v10", "/orders", "orders"]],
    ["/orders?x=/orders/v1", ["any/$default", "?x=/orders/v1", "/orders", "orders"]],
    ["/named/dev/pets", ["named/dev", "/pets", "/named/dev", "named"]],
    ["/named/dev", ["named/dev", "", "/named/dev", "named"]],
    ["/Orders", "missing"],
    ["/%6frders", "missing"],
    ["//orders", "missing"],
    ["/", "missing"],
    ["*", "missing"],
    ["/lost/x", "missing"],
    ["/taken/x", "missing"],
    ["/ping", "health"],
    ["/sping?x", "health"],
    ["/_aws/execute-api/a1/prod/x", "missing"],
    ["/restapis", "missing"],
  ];
  for (const [target, expected] of cases) {
    it(`leads ${target} to ${JSON.stringify(expected)}`, () =>
      assert.deepEqual(at(plans, "api.example.com:4566", target), expected));
  }

  it("of the empty key takes every path, and removes nothing", () => {
    assert.deepEqual(at(plans, "root.example.com", "/a/b"), ["root/prod", "/a/b", "", undefined]);
    assert.deepEqual(at(plans, "root.example.com", "/ping/more"), ["root/prod", "/ping/more", "", undefined]);
  });

  it("comes before the wildcard, which stands for one label", () => {
    assert.equal(at(plans, "api.example.com", "/x"), "missing");
    assert.deepEqual(at(plans, "other.example.com", "/x"), ["root/prod", "/x", "", undefined]);
    assert.equal(at(plans, "a.other.example.com", "/x"), "management");
    assert.equal(at(plans, "example.com", "/x"), "management");
    assert.equal(at(plans, ".example.com", "/x"), "management");
  });

  it("takes no host of an API", () => {
    const own = { "a1.execute-api.example.com": rooted, "*.execute-api.example.com": rooted };
    assert.deepEqual(at(own, "a1.execute-api.example.com", "/dev/x"), ["a1/dev", "/x", undefined, undefined]);
  });

  it("that is closed serves nothing, and says why", () => {
    const closed = { "api.example.com": { ...mapped, closed: "mutualTlsAuthentication" } };
    for (const target of ["/orders", "/ping", "/"]) {
      const found = find(closed, "api.example.com", target);
      assert.deepEqual(found, {
        kind: "closed",
        reason: "the custom domain name api.example.com has mutualTlsAuthentication",
      });
    }
  });

  it("is served by listeners without management, too", () => {
    const request = { listener: publicListener, host: "root.example.com", target: "/x", header: () => undefined };
    assert.equal(findDestination(placesOf(plans), request).kind, "stage");
    const unmapped = { ...request, host: "api.example.com" };
    assert.equal(findDestination(placesOf(plans), unmapped).kind, "missing");
  });

  it("that is gone leads nowhere", () => {
    const domains = new CustomDomains();
    domains.set("api.example.com", rooted);
    assert.equal(domains.find("api.example.com")?.name, "api.example.com");
    domains.set("api.example.com", null);
    assert.equal(domains.find("api.example.com"), undefined);
  });
});

describe("routing rules", () => {
  const rule = (apiId: string, more: Partial<RoutingRulePlan>): RoutingRulePlan => ({
    headers: [],
    apiId,
    stageName: "prod",
    stripsBasePath: false,
    ...more,
  });
  const header = (name: string, glob: string) => [{ name, glob }];
  const rules: readonly RoutingRulePlan[] = [
    rule("both", { headers: [header("x-a", "1"), header("x-b", "2")] }),
    rule("prefix", { headers: [header("x-p", "v2*")] }),
    rule("suffix", { headers: [header("x-s", "*.beta")] }),
    rule("part", { headers: [header("x-i", "*in*")] }),
    rule("any", { headers: [header("x-any", "*")] }),
    rule("either", { headers: [[...header("x-e", "1"), ...header("x-f", "1")]] }),
    rule("strip", { basePaths: ["pets/cats", "pets"], stripsBasePath: true }),
    rule("keep", { basePaths: ["kept"] }),
    rule("path", { headers: [header("x-v", "1")], basePaths: ["orders"], stripsBasePath: true }),
  ];
  const mappings = [{ key: "orders", apiId: "mapped", stageName: "prod" }];
  const plans = { "api.example.com": { ...nothing, rules, mappings }, "only.example.com": { ...nothing, rules } };

  const cases: readonly [string, Readonly<Record<string, string>>, ReturnType<typeof at>][] = [
    ["/x", { "x-a": "1", "x-b": "2" }, ["both/prod", "/x", "", undefined]],
    ["/x", { "x-a": "1", "x-b": "3" }, "missing"],
    ["/x", { "x-p": "v2.1" }, ["prefix/prod", "/x", "", undefined]],
    ["/x", { "x-p": "V2.1" }, "missing"],
    ["/x", { "x-s": "a.beta" }, ["suffix/prod", "/x", "", undefined]],
    ["/x", { "x-i": "begin" }, ["part/prod", "/x", "", undefined]],
    ["/x", { "x-any": "" }, ["any/prod", "/x", "", undefined]],
    ["/x", { "x-f": "1" }, ["either/prod", "/x", "", undefined]],
    ["/pets/cats/7", {}, ["strip/prod", "/7", "/pets/cats", "pets/cats"]],
    ["/pets/dogs", {}, ["strip/prod", "/dogs", "/pets", "pets"]],
    ["/petshop", {}, "missing"],
    ["/kept/x", {}, ["keep/prod", "/kept/x", "", "kept"]],
    ["/orders/1", { "x-v": "1" }, ["path/prod", "/1", "/orders", "orders"]],
    ["/orders/1", {}, ["mapped/prod", "/1", "/orders", "orders"]],
  ];
  for (const [target, headers, expected] of cases) {
    it(`lead ${target} with ${JSON.stringify(headers)} to ${JSON.stringify(expected)}`, () =>
      assert.deepEqual(at(plans, "api.example.com", target, headers), expected));
  }

  it("are all that decides where there are no mappings", () =>
    assert.equal(at(plans, "only.example.com", "/orders/1"), "missing"));
});
