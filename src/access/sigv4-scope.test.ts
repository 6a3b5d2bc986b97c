import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { accountOf, readCredentialScope } from "./sigv4-scope.ts";

const scope = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", date: "20261120", region: "eu-west-1", service: "apigateway" };
const credential = "AKIAIOSFODNN7EXAMPLE/20261120/eu-west-1/apigateway/aws4_request";

describe("the credential scope", () => {
  it("is read from the Authorization header, with or without blanks", () => {
    for (const separator of [", ", ",", " ,  "]) {
      const authorization = `AWS4-HMAC-SHA256 ${[`Credential=${credential}`, "SignedHeaders=host;x-amz-date", "Signature=ab=="].join(separator)}`;
      assert.deepEqual(readCredentialScope({ authorization }, "/restapis"), { kind: "scope", scope, token: undefined });
    }
  });

  it("is read from a presigned query", () => {
    const query = new URLSearchParams({
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-Credential": credential,
      "X-Amz-SignedHeaders": "host",
      "X-Amz-Signature": "ab",
    });
    assert.deepEqual(readCredentialScope({}, `/restapis?${query}`), { kind: "scope", scope, token: undefined });
    query.delete("X-Amz-Signature");
    assert.equal(readCredentialScope({}, `/restapis?${query}`).kind, "malformed");
  });

  it("is not looked for in other schemes", () => {
    for (const authorization of ["Bearer x", "Basic eA==", "AWS3 x", ""]) {
      assert.deepEqual(readCredentialScope({ authorization }, "/"), { kind: "unsigned" });
    }
    assert.deepEqual(readCredentialScope({}, "/"), { kind: "unsigned" });
    assert.deepEqual(readCredentialScope({}, "/?a=X-Amz-Algorithm"), { kind: "unsigned" });
  });

  it("of another algorithm is refused, SigV4a by name", () => {
    const rest = `Credential=${credential}, SignedHeaders=host, Signature=ab`;
    for (const algorithm of ["AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA2567", "AWS4-"]) {
      const decision = readCredentialScope({ authorization: `${algorithm} ${rest}` }, "/");
      assert.equal(decision.kind === "malformed" && decision.code, "IncompleteSignatureException", algorithm);
      const query = new URLSearchParams({
        "X-Amz-Algorithm": algorithm,
        "X-Amz-Credential": credential,
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "ab",
      });
      assert.deepEqual(readCredentialScope({}, `/?${query}`), decision);
    }
    assert.equal(readCredentialScope({}, "/?X-Amz-Algorithm=other").kind, "malformed");
  });

  it("comes with the session's token, from the header or the query", () => {
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=ab`;
    const signed = readCredentialScope({ authorization, "x-amz-security-token": "t" }, "/");
    assert.equal(signed.kind === "scope" && signed.token, "t");
  });

  it("that is malformed is told what is wrong with it", () => {
    const decide = (parameters: string) =>
      readCredentialScope({ authorization: `AWS4-HMAC-SHA256 ${parameters}` }, "/");
    assert.deepEqual(decide("Credential=a"), {
      kind: "malformed",
      code: "IncompleteSignatureException",
      message:
        "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. " +
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and " +
        "encoded with Base64) Authorization=520Nq5bS80gLhTcgcZzjkP74XCXMcdxItgMCiiN4K6U=",
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
