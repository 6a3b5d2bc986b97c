// The guide to the gates leads to a page about each of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { StageGateName } from "../../src/plan/plan.ts";
import type { GateKind } from "../../src/plan/steps.ts";

/** The page about each gate, or the words that the guide itself has for it. */
const pages: Readonly<Record<GateKind | StageGateName, string>> = {
  "resource-policy": "resource-policies.md",
  resourcePolicy: "resource-policies.md",
  authorizer: "lambda-authorizers.md",
  "api-key": "api-keys.md",
  quota: "api-keys.md#quotas",
  throttle: "throttling.md",
  iam: "iam-methods.md",
  "request-validation": "request-validation.md",
  closed: "../compatibility.md#not-there-yet",
  isDefaultEndpointDisabled: "disableExecuteApiEndpoint",
  privateEndpoint: "resource-policies.md#private-apis",
  webAclArn: "web-acls.md",
};

test("the guide to the gates names every gate, and links to its page", () => {
  const guide = readFileSync(new URL("../../docs/guide/gates.md", import.meta.url), "utf8");
  for (const [gate, page] of Object.entries(pages)) {
    assert.ok(guide.includes(page.includes(".md") ? `(${page})` : page), `${gate}: ${page}`);
  }
});
