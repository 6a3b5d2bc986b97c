import assert from "node:assert/strict";
import { test } from "node:test";
import type { Authorizer } from "../definition/rest-api.ts";
import type { StepPlan } from "../plan/steps.ts";
import { compileAuthorizerTest } from "./compile-authorizer.ts";

const functionArn = "arn:aws:lambda:us-east-1:000000000000:function:f";
const token: Authorizer = {
  id: "a1b2c3",
  name: "tokens",
  type: "TOKEN",
  authorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
  identitySource: "method.request.header.Authorization",
};
const asker = {
  account: "000000000000",
  methodArn: "arn:aws:execute-api:us-east-1:000000000000:abcdefghij/authorizers/a1b2c3",
  variables: {},
  surroundings: { roles: new Map() },
};
const compile = (over: Partial<Authorizer>, context: object = {}): StepPlan =>
  compileAuthorizerTest({ ...token, ...over }, { ...asker, ...context });
const authorization = {
  expression: "method.request.header.Authorization",
  value: { kind: "request", place: "header", name: "Authorization", isMultiValue: false },
};

test("a Lambda authorizer becomes its function, its sources and what a token has to match", () => {
  assert.deepEqual(compile({ identityValidationExpression: "a+" }), {
    kind: "authorizer-test",
    authorizer: {
      kind: "token",
      id: "a1b2c3",
      identitySources: [authorization],
      identityValidationExpression: "a+",
      functionArn,
      timeoutMs: 29_000,
      resultTtlSeconds: 300,
    },
  });
});

test("sources of stage variables are texts, or known to be missing; additionalContext stands for the context", () => {
  const step = compile(
    { type: "REQUEST", identitySource: "stageVariables.a, stageVariables.b,context.stage,context.httpMethod" },
    { variables: { a: "1" }, additionalContext: { "context.stage": "dev" } },
  );
  assert.deepEqual("authorizer" in step && step.authorizer.identitySources, [
    { expression: "stageVariables.a", value: { kind: "literal", text: "1", variable: "a" } },
    { expression: "stageVariables.b" },
    { expression: "context.stage", value: { kind: "literal", text: "dev" } },
    { expression: "context.httpMethod", value: { kind: "context", name: "httpMethod" } },
  ]);
});

test("a user pool's authorizer becomes its pools, on AWS's hosts", () => {
  const providerARNs = ["arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_A", `\${stageVariables.pool}`];
  const pool = "arn:aws-cn:cognito-idp:cn-north-1:000000000000:userpool/cn-north-1_B";
  const { identitySource: _, authorizerUri: __, ...rest } = token;
  const bare: Authorizer = { ...rest, type: "COGNITO_USER_POOLS", providerARNs };
  assert.deepEqual(compileAuthorizerTest(bare, { ...asker, variables: { pool } }), {
    kind: "authorizer-test",
    authorizer: {
      kind: "user-pool",
      id: "a1b2c3",
      identitySources: [authorization],
      pools: [
        { id: "eu-west-1_A", host: "cognito-idp.eu-west-1.amazonaws.com" },
        { id: "cn-north-1_B", host: "cognito-idp.cn-north-1.amazonaws.com.cn" },
      ],
    },
  });
  assert.equal(compileAuthorizerTest(bare, asker).kind, "misconfigured");
});

test("what can't be done refuses, and what can't work is misconfigured", () => {
  for (const [over, kind] of [
    [{ authorizerCredentials: "arn:aws:iam::000000000000:role/nowhere" }, "misconfigured"],
    [{ authorizerCredentials: "arn:aws:iam::*:user/*" }, "closed"],
    [{ identityValidationExpression: "(a)\\1" }, "closed"],
    [{ identitySource: "method.request.header." }, "closed"],
    [{ authorizerUri: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-01/functions/x/invocations" }, "misconfigured"],
    [{ authorizerUri: token.authorizerUri!.replace(":f/", `:\${stageVariables.f}/`) }, "misconfigured"],
  ] as const) {
    assert.equal(compile(over).kind, kind, JSON.stringify(over));
  }
});
