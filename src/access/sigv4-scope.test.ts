import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { accountOf, readCredentialScope } from "./sigv4-scope.ts";

const scope = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", date: "20261120", region: "eu-west-1", service: "apigateway" };
const credential = "AKIAIOSFODNN7EXAMPLE/20261120/eu-west-1/apigateway/aws4_request";

describe("the credential scope", () => {
  it("is read from the Authorization header, with or without blanks", () => {
    for (const separator of [", ", ",", " ,  "]) {
      const authorization = `AWS4-HMAC-SHA256 ${[`Credential=${credential}`, "SignedHeaders=host;x-amz-date", "Signature=ab=="].join(separator)}`;
      assert.deepEqual(readCredentialScope({ authorization }, "/restapis"), { kind: "scope", scope });
    }
  });

  it("is read from a presigned query", () => {
    const query = new URLSearchParams({
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-Credential": credential,
      "X-Amz-SignedHeaders": "host",
      "X-Amz-Signature": "ab",
    });
    assert.deepEqual(readCredentialScope({}, `/restapis?${query}`), { kind: "scope", scope });
    query.delete("X-Amz-Signature");
    assert.equal(readCredentialScope({}, `/restapis?${query}`).kind, "malformed");
  });

  it("is not looked for in other schemes", () => {
    for (const authorization of [
      "Bearer x",
      "Basic eA==",
      "AWS4-ECDSA-P256-SHA256 Credential=x",
      "AWS4-HMAC-SHA2567 x",
      "",
    ]) {
      assert.deepEqual(readCredentialScope({ authorization }, "/"), { kind: "unsigned" });
    }
    assert.deepEqual(readCredentialScope({}, "/?X-Amz-Algorithm=other"), { kind: "unsigned" });
    assert.deepEqual(readCredentialScope({}, "/"), { kind: "unsigned" });
  });

  it("that is malformed is told what is wrong with it", () => {
    const decide = (parameters: string) =>
      readCredentialScope({ authorization: `AWS4-HMAC-SHA256 ${parameters}` }, "/");
    assert.deepEqual(decide("Credential=a"), {
      kind: "malformed",
      code: "IncompleteSignatureException",
      message:
        "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
    });
    assert.deepEqual(decide("Credential=a/b/c, SignedHeaders=host, Signature=0"), {
      kind: "malformed",
      code: "IncompleteSignatureException",
      message:
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c'",
    });
    const rest = "SignedHeaders=host, Signature=0";
    for (const broken of [
      credential.replace("20261120", "today"),
      credential.replace("eu-west-1", "eu_west"),
      credential.replace("eu-west-1", ""),
      credential.replace("apigateway", "api gateway"),
      credential.replace("aws4_request", "aws4"),
      `/${credential.split("/").slice(1).join("/")}`,
      `${"A".repeat(200)}/${credential.split("/").slice(1).join("/")}`,
    ]) {
      assert.equal(decide(`Credential=${broken}, ${rest}`).kind, "malformed", broken);
    }
  });
});

describe("an access key", () => {
  it("of 12 digits is its own account", () => {
    assert.equal(accountOf("123456789012"), "123456789012");
    for (const other of ["test", "1234567890123", "12345678901x", undefined])
      assert.equal(accountOf(other), "000000000000");
  });
});
