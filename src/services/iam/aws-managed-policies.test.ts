import assert from "node:assert/strict";
import { test } from "node:test";
import { awsManagedPolicies, awsManagedPolicyOf } from "./aws-managed-policies.ts";
import { validatePolicy } from "./policy-grammar.ts";

test("each of AWS's policies is one, is found by its ARN, and says when it was made", () => {
  for (const policy of awsManagedPolicies) {
    validatePolicy(policy.document, "identity");
    assert.equal(awsManagedPolicyOf(policy.arn), policy);
    assert.ok(!Number.isNaN(Date.parse(policy.updated)), policy.name);
    assert.match(policy.versionId, /^v\d+$/);
  }
  assert.equal(awsManagedPolicyOf("arn:aws:iam::aws:policy/AWSLambdaRole"), undefined, "its path is part of the ARN");
});
