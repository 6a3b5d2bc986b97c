import assert from "node:assert/strict";
import { test } from "node:test";
import { type DomainName, domainNameKinds } from "../../definition/domain-name.ts";
import { CustomDomains } from "../../gateway/routing/custom-domains.ts";
import type { CustomDomainPlan } from "../../plan/custom-domain.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { makeCustomDomainSource } from "./custom-domain-source.ts";

const scope = { account: "123456789012", region: "eu-west-1" };
const key = "api.example.com";
const name: DomainName = {
  domainName: key,
  domainNameArn: "arn",
  domainNameStatus: "AVAILABLE",
  securityPolicy: "TLS_1_2",
  endpointConfiguration: { types: ["REGIONAL"] },
  routingMode: "ROUTING_RULE_ONLY",
};
const rule = {
  RoutingRuleId: "r1",
  RoutingRuleArn: "arn",
  Priority: 1,
  Conditions: [
    { MatchHeaders: { AnyOf: [{ Header: "X-Secret", ValueGlob: "yes" }] } },
    { MatchBasePaths: { AnyOf: ["inside"] } },
  ],
  Actions: [{ InvokeApi: { ApiId: "api1", Stage: "prod" } }],
};

/** Returns what is published, or undefined for nothing. */
async function publish(documents: { readonly name?: object; readonly rule?: object; readonly key?: string }) {
  const store = openSqliteStore();
  const at = documents.key ?? key;
  await store.write(scope, async (tx) => {
    await tx.put(domainNameKinds.domainName, at, documents.name ?? name);
    await tx.put(domainNameKinds.routingRule, `${at}/r1`, documents.rule ?? rule);
  });
  const source = makeCustomDomainSource(["corp.example"]);
  const named = { kind: "custom-domain", key: at, scope } as const;
  try {
    const content = await store.read(scope, (tx) => source.read(tx, named, { find: () => undefined }));
    return (await content?.make())?.value;
  } catch (error) {
    return source.closed?.(named, (error as Error).message);
  } finally {
    await store.close();
  }
}

/** Returns whether a request without the header, and one elsewhere, get nowhere. */
function isShut(plan: CustomDomainPlan | undefined): boolean {
  if (plan === undefined || plan.closed !== undefined) return true;
  const domains = new CustomDomains();
  domains.set(key, plan);
  const domain = domains.find(key);
  const without = { header: () => undefined };
  const withIt = { header: (of: string) => (of === "x-secret" ? "yes" : undefined) };
  return domain?.enter("/inside", without) === undefined && domain?.enter("/outside", withIt) === undefined;
}

test("a name in its right form is served by its rules", async () => {
  const plan = await publish({});
  assert.equal(plan?.closed, undefined);
  assert.deepEqual(plan?.rules.length, 1);
  assert.ok(isShut(plan));
});

test("a name with one damaged value is closed, or serves no more than before", async () => {
  const values = [null, 7, "other", {}, [], true];
  const damaged = (document: object): object[] => {
    const found: object[] = [];
    const walk = (value: object, path: readonly string[]): void => {
      for (const [member, inner] of Object.entries(value)) {
        for (const wrong of values) found.push(withValue(document, [...path, member], wrong));
        found.push(withValue(document, [...path, member], undefined));
        if (typeof inner === "object" && inner !== null) walk(inner, [...path, member]);
      }
    };
    walk(document, []);
    return found;
  };
  // A rule without conditions takes every request: that is no damage.
  const rules = damaged(rule).filter((wrong) => JSON.stringify(wrong) !== JSON.stringify({ ...rule, Conditions: [] }));
  assert.ok(rules.length > 100);
  for (const wrong of rules) assert.ok(isShut(await publish({ rule: wrong })), JSON.stringify(wrong));
  for (const wrong of damaged(name)) assert.ok(isShut(await publish({ name: wrong })), JSON.stringify(wrong));
});

test("what can't be enforced closes the name, and says what it is", async () => {
  const cases: readonly [Partial<DomainName>, string][] = [
    [{ mutualTlsAuthentication: { truststoreUri: "s3://a/b" } }, "mutualTlsAuthentication"],
    [{ endpointAccessMode: "STRICT" }, "endpointAccessMode STRICT"],
    [{ policy: "{}" }, "a policy"],
    [{ routingMode: "OTHER" }, "the routingMode OTHER"],
  ];
  for (const [more, reason] of cases) assert.equal((await publish({ name: { ...name, ...more } }))?.closed, reason);
});

test("private names, and names of the management, are not published", async () => {
  for (const own of ["corp.example", "a.corp.example", "*.corp.example", "*.example", "127.0.0.1", "10.0.0.1"]) {
    assert.equal(await publish({ key: own }), undefined, own);
  }
  assert.equal(await publish({ name: { ...name, domainNameId: "x" } }), undefined);
  assert.notEqual(await publish({ key: "pets.localhost" }), undefined);
});

function withValue(document: object, [member = "", ...rest]: readonly string[], value: unknown): object {
  const copy = structuredClone(document) as Record<string, unknown>;
  if (rest.length > 0) copy[member] = withValue(copy[member] as object, rest, value);
  else if (value === undefined) delete copy[member];
  else copy[member] = value;
  return copy;
}
