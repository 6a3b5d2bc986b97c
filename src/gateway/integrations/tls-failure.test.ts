import assert from "node:assert/strict";
import { test } from "node:test";
import { tlsFailureWords } from "./tls-failure.ts";

const cases: readonly (readonly [string, RegExp | undefined])[] = [
  ["SELF_SIGNED_CERT_IN_CHAIN", /^PKIX path building failed: .*unable to find valid certification path/],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", /^PKIX path building failed/],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", /^PKIX path building failed/],
  ["CERT_HAS_EXPIRED", /^PKIX path validation failed: .*validity check failed$/],
  ["CERT_NOT_YET_VALID", /^PKIX path validation failed/],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    /^Host name 'x.example' does not match the certificate subject provided by the peer$/,
  ],
  ["CERT_REVOKED", /^General SSLEngine problem$/],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", /^General SSLEngine problem$/],
  ["EPROTO", /^General SSLEngine problem$/],
  ["ECONNREFUSED", undefined],
  ["ECONNRESET", undefined],
  ["ENOTFOUND", undefined],
  ["ETIMEDOUT", undefined],
];

test("failures of TLS have AWS's words, those of the network none", () => {
  for (const [code, words] of cases) {
    const said = tlsFailureWords(code, "x.example");
    if (words === undefined) assert.equal(said, undefined, code);
    else assert.match(said ?? "", words, code);
  }
});
