import assert from "node:assert/strict";
import { test } from "node:test";
import { isSecretName, maskQuery, maskValue, Secrets } from "./secrets.ts";

test("names of credentials are secret, in any case, and plain names are not", () => {
  for (const name of ["Authorization", "x-api-key", "X-Amz-Security-Token", "COOKIE", "Set-Cookie", "access_token"]) {
    assert.ok(isSecretName(name), name);
  }
  for (const name of ["api_key", "db-password", "X-Client-Secret", "X-Amz-Signature", "X-Amz-Credential"]) {
    assert.ok(isSecretName(name), name);
  }
  for (const name of ["Accept", "Content-Type", "X-Request-Id", "page", "Access-Control-Allow-Credentials"])
    assert.ok(!isSecretName(name), name);
});

test("a mask keeps the length and shows at most the last six characters, and never more than a quarter", () => {
  assert.equal(maskValue("0123456789012345678901234567"), `${"*".repeat(22)}234567`);
  assert.equal(maskValue("12345678"), "******78");
  assert.equal(maskValue("abc"), "***");
  assert.equal(maskValue(""), "");
});

test("what a secret header brought is masked in texts: whole, in parts, in URIs and in JSON", () => {
  const secrets = new Secrets();
  const pairs = secrets.maskPairs([
    "Authorization",
    'Bearer a"b/c+d12345',
    "Cookie",
    "a=1; session=0011223344",
    "X",
    "y",
  ]);
  assert.deepEqual(pairs, ["Authorization", "***************2345", "Cookie", "******************23344", "X", "y"]);
  const text = `{"t":${JSON.stringify('a"b/c+d12345')},"u":"?x=${encodeURIComponent('a"b/c+d12345')}","s":"0011223344","a":1}`;
  assert.doesNotMatch(secrets.mask(text), /a\\"b|a%22b|00112233/);
  assert.ok(secrets.mask(text).endsWith('"a":1}'));
});

test("of a signature's header the signature is a secret, and not the names of headers in it", () => {
  const secrets = new Secrets();
  const signature = "fea454ca298b7da1c68078a5d1bdbfbb";
  const value = `AWS4-HMAC-SHA256 Credential=AKIA/x/aws4_request, SignedHeaders=content-type;host, Signature=${signature}`;
  secrets.maskPairs(["Authorization", value]);
  assert.equal(secrets.mask("content-type aws4_request"), "content-type aws4_request");
  assert.doesNotMatch(secrets.mask(`is ${signature}`), /fea454/);
});

test("query parameters with secret names are masked in URIs, and their values then everywhere", () => {
  const secrets = new Secrets();
  const uri = secrets.maskUri("http://h/p?X-Amz-Signature=00112233445566&page=2");
  assert.equal(uri, "http://h/p?X-Amz-Signature=***********566&page=2");
  assert.equal(secrets.mask("00112233445566"), "***********566");
});

test("a secret of bytes is masked as text, too", () => {
  const secrets = new Secrets();
  secrets.learn(["X-Password", Buffer.from("geheim-für-alle").toString("latin1")]);
  assert.equal(secrets.mask("<geheim-für-alle>"), "<************lle>");
});

test("user and password of a URI are masked", () => {
  assert.equal(new Secrets().maskUri("https://me:pw@host/p@q?a=b@c"), "https://***@host/p@q?a=b@c");
  assert.equal(new Secrets().maskUri("/p?a=https://x@y"), "/p?a=https://x@y");
});

test("a text that looks like a replacement pattern is put in as it is", () => {
  const secrets = new Secrets();
  secrets.maskPairs(["X-Token", "$&$&$&$&$&$&$&$&"]);
  assert.equal(secrets.mask("<$&$&$&$&$&$&$&$&>"), "<************$&$&>");
});

test("a query's secrets are masked whatever their names' encoding", () => {
  assert.equal(
    maskQuery("a=1&toke%6e=2&X-Amz-Signature=3=4&secret&b", "*"),
    "a=1&toke%6e=*&X-Amz-Signature=*&secret&b",
  );
  assert.equal(new Secrets().maskUri("/p?%74oken=0123456789abcdef"), "/p?%74oken=************cdef");
});
