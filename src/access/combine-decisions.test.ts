import assert from "node:assert/strict";
import { test } from "node:test";
import { combineDecisions } from "./combine-decisions.ts";
import type { PolicyDecision } from "./policy.ts";

const decisions: Readonly<Record<string, PolicyDecision | undefined>> = {
  allow: { kind: "allowed", sid: undefined, statement: 0, grantee: "caller" },
  silent: { kind: "not-allowed" },
  deny: { kind: "denied", sid: "No", statement: 0 },
  broken: { kind: "unreadable", detail: "it is not JSON" },
  none: undefined,
};

// AWS: API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow", tables A and B, and
// what they leave out: no resource policy, and one that can't be read.
const rows: readonly (readonly [identity: string, resource: string, sameAccount: string, crossAccount: string])[] = [
  ["allow", "allow", "allowed", "allowed"],
  ["allow", "silent", "allowed", "not-allowed"],
  ["allow", "deny", "denied", "denied"],
  ["allow", "none", "allowed", "not-allowed"],
  ["allow", "broken", "unreadable", "unreadable"],
  ["silent", "allow", "allowed", "not-allowed"],
  ["silent", "silent", "not-allowed", "not-allowed"],
  ["silent", "deny", "denied", "denied"],
  ["silent", "none", "not-allowed", "not-allowed"],
  ["silent", "broken", "unreadable", "unreadable"],
  ["deny", "allow", "denied", "denied"],
  ["deny", "silent", "denied", "denied"],
  ["deny", "deny", "denied", "denied"],
  ["deny", "none", "denied", "denied"],
  ["broken", "allow", "unreadable", "unreadable"],
];

for (const [identity, resource, sameAccount, crossAccount] of rows) {
  test(`identity ${identity}, resource ${resource}: ${sameAccount} in one account, ${crossAccount} across`, () => {
    const of = (accounts: "same-account" | "cross-account"): string =>
      combineDecisions(decisions[identity]!, decisions[resource], accounts).kind;
    assert.deepEqual([of("same-account"), of("cross-account")], [sameAccount, crossAccount]);
  });
}
