// The managed rule groups that come with Portico: each rule blocks what it is named for, and no group blocks usual requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { aRequest, aRule, aWebAcl, link } from "../../test/waf/a-web-acl.ts";
import { managedRuleGroups } from "./managed-rule-groups.ts";
import { capacityOf, validateRules } from "./validate-rules.ts";
import type { Rule } from "./web-acl.ts";

const agent = "User-Agent: tests/1";
const blocked: Readonly<Record<string, Parameters<typeof aRequest>[0]>> = {
  NoUserAgent: {},
  ScannerUserAgent: { headers: ["User-Agent: sqlmap/1.7"] },
  LongPath: { path: `/prod/${"x".repeat(1_100)}` },
  LongQuery: { query: `a=${"x".repeat(2_100)}` },
  LongCookies: { headers: [agent, `Cookie: a=${"x".repeat(8_190)}`, "Cookie: b=1"] },
  LongBody: { body: "x".repeat(8_193) },
  TraversalInPath: { path: "/prod/%2e%2e/secret" },
  TraversalInQuery: { query: "file=../../etc/passwd" },
  TraversalInBody: { body: "file=..%2f..%2fetc%2fpasswd" },
  RestrictedExtension: { path: "/prod/backup.SQL" },
  RemoteFileInQuery: { query: "page=http%3A%2F%2F203.0.113.9%2Fx.txt" },
  ScriptInPath: { path: "/prod/%3Cscript%3E" },
  ScriptInQuery: { query: "q=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E" },
  ScriptInCookies: { headers: [agent, "Cookie: a=<script>"] },
  ScriptInBody: { body: "<svg onload=alert(1)>" },
  JndiInPath: { path: "/prod/${jndi:ldap://x}" },
  JndiInQuery: { query: "a=%24%7Bjndi:ldap://x%7D" },
  JndiInHeaders: { headers: [agent, "X-Api: ${${lower:j}ndi:ldap://x}"] },
  JndiInBody: { body: "${jndi:dns://x}" },
  JavaObjectInBody: { body: "rO0ABXNyABFqYXZh" },
  JavaObjectInHeaders: { headers: [agent, "X-State: rO0ABXNy"] },
  ShellInQuery: { query: "host=1.1.1.1;cat+/tmp/x" },
  ShellShock: { headers: ["User-Agent: () { :;}; echo"] },
  SecretPath: { path: "/prod/.git/config" },
  MethodPropfind: { method: "PROPFIND" },
  InjectionInQuery: { query: "id=1+OR+1%3D1" },
  InjectionInBody: { body: "1' UNION SELECT NULL--" },
  InjectionInCookies: { headers: [agent, "Cookie: a=1' or '1'='1"] },
  InjectionInPath: { path: "1' or '1'='1" },
};

const harmless: readonly Parameters<typeof aRequest>[0][] = [
  {},
  { method: "POST", body: '{"name": "O\'Brien", "age": 3, "note": "cats and dogs; or birds"}' },
  { query: "sort=name&limit=20&q=rock+%27n%27+roll&next=https%3A%2F%2Fexample.com%2Fa" },
  { path: "/prod/pets/7..8/a.json", headers: [agent, "Cookie: session=0123456789abcdef; theme=dark"] },
  {
    headers: [
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
      "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc",
    ],
  },
  { method: "OPTIONS", headers: [agent, "Origin: https://example.com", "Access-Control-Request-Method: POST"] },
];

const aclOf = (name: string) => {
  const { Action: _, ...rule } = aRule("managed", { ManagedRuleGroupStatement: { VendorName: "Portico", Name: name } });
  return link(aWebAcl([{ ...rule, OverrideAction: { None: {} } } as Rule]));
};

for (const [name, { rules }] of managedRuleGroups) {
  test(`the managed rule group ${name}`, () => {
    const owner = {
      kind: "rule-group",
      parts: { ruleGroups: {}, ipSets: {}, regexPatternSets: {} },
      customResponseBodies: undefined,
    } as const;
    validateRules(rules, owner);
    assert.ok(capacityOf(rules, {}) <= 2_000);
    const acl = aclOf(name);
    for (const { Name } of rules) {
      const request = blocked[Name];
      assert.ok(request, `${Name} has a row`);
      const headers = request.headers ?? (Name === "NoUserAgent" ? [] : [agent]);
      assert.equal(acl.evaluate(aRequest({ ...request, headers }), 0).ruleWithinGroup, Name, Name);
    }
    for (const request of harmless) {
      const verdict = acl.evaluate(aRequest({ headers: [agent], ...request }), 0);
      assert.equal(verdict.action, "ALLOW", `${verdict.ruleWithinGroup}: ${JSON.stringify(request)}`);
    }
  });
}
