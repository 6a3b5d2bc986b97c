import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { normalisePolicy } from "./policy-rules.ts";
import { checkAccessLogs, checkStageName, checkStageVariables } from "./stage-rules.ts";

describe("a stage", () => {
  it("has a name of letters, digits, hyphens and underscores", () => {
    for (const name of ["prod", "v1_a-b", "x".repeat(128)]) assert.equal(checkStageName(name), undefined);
    for (const name of ["", "a.b", "a/b", "$default", "x".repeat(129), "a\n"]) {
      assert.equal(checkStageName(name), "Stage name only allows a-zA-Z0-9_");
    }
  });
  it("has variables of AWS's characters", () => {
    assert.equal(checkStageVariables({ a_1: "http://x.y:80/z?a=b&c=d,e#f~" }), undefined);
    assert.equal(
      checkStageVariables({ "a-b": "c" }),
      "Invalid stage variable name: a-b.  Please use names with only word characters.",
    );
    for (const value of ["", "a;b", "ä", "{x}"]) {
      assert.equal(
        checkStageVariables({ a: value }),
        `Invalid stage variable value: ${value}.  Please use values with alphanumeric characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','.`,
      );
    }
  });
  it("logs where AWS can log to, with the request's id", () => {
    const destinationArn = "arn:aws:logs:us-east-1:123456789012:log-group:access";
    assert.equal(checkAccessLogs({ destinationArn, format: "$context.requestId $context.status" }), undefined);
    assert.match(checkAccessLogs({ destinationArn: "x" }) ?? "", /Invalid ARN/);
    assert.match(checkAccessLogs({ format: "$context.status" }) ?? "", /requestId/);
  });
});

describe("a resource policy", () => {
  const owner = { region: "us-east-1", account: "123456789012", apiId: "abc" };
  const statement = { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" };
  const save = (document: unknown) =>
    normalisePolicy(typeof document === "string" ? document : JSON.stringify(document), owner);

  it("is saved compact, with whole ARNs", () => {
    const text = JSON.stringify({ Version: "2012-10-17", Statement: [statement] }, null, 2);
    const result = save(text);
    assert.deepEqual(result, {
      kind: "policy",
      policy:
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:123456789012:abc/*"}]}',
    });
    assert.deepEqual(result.kind === "policy" && save(result.policy), result);
  });
  it("is refused where its syntax is wrong", () => {
    const wrong = [
      "{",
      "[]",
      "null",
      {},
      { Statement: [] },
      { Version: "2020-01-01", Statement: [statement] },
      { Statement: [{ ...statement, Effect: "allow" }] },
      { Statement: [{ ...statement, Principal: undefined }] },
      { Statement: [{ ...statement, Principal: "someone" }] },
      { Statement: [{ ...statement, Principal: { AWS: "someone" } }] },
      { Statement: [{ ...statement, Principal: { AWS: "arn:aws:iam::1234:root" } }] },
      { Statement: [{ ...statement, Principal: { AWS: "arn:aws:s3:::bucket" } }] },
      { Statement: [{ ...statement, Principal: { Service: "apigateway" } }] },
      { Statement: [{ ...statement, Conditon: {} }] },
      { Statement: [{ ...statement, Condition: { IpAdress: { "aws:SourceIp": "10.0.0.0/8" } } }] },
      { Statement: [{ ...statement, Condition: { NullIfExists: { "aws:SourceIp": "true" } } }] },
      { Statement: [{ ...statement, Condition: { IpAddress: { "aws:SourceIp": { a: 1 } } } }] },
      { Statement: [{ ...statement, Condition: { IpAddress: { "aws:SourceIp": [["10.0.0.0/8"]] } } }] },
      { Statement: [statement], Statements: [] },
      { Statement: [{ ...statement, NotAction: "x" }] },
      { Statement: [{ ...statement, Resource: [1] }] },
      { Statement: [{ ...statement, Condition: "x" }] },
      { Statement: [{ ...statement, Sid: "x".repeat(9000) }] },
      `{"Statement":[{"Effect":"Deny",${JSON.stringify(statement).slice(1)}]}`,
    ];
    for (const document of wrong) {
      assert.deepEqual(save(document), {
        kind: "refused",
        message: "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.",
      });
    }
  });
});
