import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCors, storedCors } from "./cors-rules.ts";

test("credentials are not for every origin", () => {
  const words = "allow-credentials is not supported if 'allow-origin' is *";
  assert.equal(checkCors({ AllowOrigins: ["https://a.example", "*"], AllowCredentials: true }), words);
  assert.equal(checkCors({ AllowOrigins: ["https://*"], AllowCredentials: true }), undefined);
  assert.equal(checkCors({ AllowOrigins: ["*"], AllowCredentials: false }), undefined);
});

test("origins are those that browsers send, or AWS's wildcards", () => {
  for (const origin of ["*", "https://*", "http://localhost:3000", "https://[::1]:8443", "http://*"]) {
    assert.equal(checkCors({ AllowOrigins: [origin] }), undefined, origin);
  }
  for (const origin of [
    "",
    "a.example",
    "https://a.example/",
    "https://a.example, https://b.example",
    "https://a\r\nb: c",
    "capacitor://localhost",
    "chrome-extension://abcdefgh",
    "null",
    "https://*.a.example",
    "https://*:8443",
    "https://a.*",
  ]) {
    assert.equal(checkCors({ AllowOrigins: [origin] }), `Invalid format for origin ${origin}`);
  }
});

test("methods are HTTP's, and headers are names", () => {
  assert.equal(checkCors({ AllowMethods: ["*", "PATCH"], AllowHeaders: ["*"], ExposeHeaders: ["x-a_b"] }), undefined);
  for (const method of ["get", "ANY", "GET,PUT", ""])
    assert.match(checkCors({ AllowMethods: [method] })!, /CORS method/);
  for (const header of ["a b", "a,b", "a\nb", "", "ä"]) {
    assert.match(checkCors({ AllowHeaders: [header] })!, /CORS header/);
    assert.match(checkCors({ ExposeHeaders: [header] })!, /CORS header/);
  }
});

test("a list that becomes a header is no longer than one may be", () => {
  const many = Array.from({ length: 1000 }, (_, index) => `https://${index}.example`);
  for (const list of ["AllowMethods", "AllowHeaders", "ExposeHeaders"]) {
    assert.match(checkCors({ [list]: many })!, /^Invalid CORS list specified/);
  }
  assert.equal(checkCors({ AllowOrigins: many }), undefined);
  assert.match(checkCors({ AllowOrigins: [`https://${"a".repeat(10_240)}`] })!, /^Invalid format for origin .{1,200}$/);
});

test("names of headers are kept in lower case, and nothing else is", () => {
  const cors = { AllowHeaders: ["Content-Type", "x-a"], ExposeHeaders: ["X-B"], AllowMethods: ["GET"], MaxAge: 1 };
  assert.deepEqual(storedCors(cors), { ...cors, AllowHeaders: ["content-type", "x-a"], ExposeHeaders: ["x-b"] });
});

test("a configuration that configures nothing is none", () => {
  assert.equal(storedCors({}), undefined);
});
