import assert from "node:assert/strict";
import { test } from "node:test";
import { complete, Head, type HeadLimits, incomplete, parseHead } from "./parse-head.ts";
import { type Problem, problems } from "./problem.ts";

const limits: HeadLimits = { targetBytesMax: 100, headerBytesMax: 300, headersMax: 8 };

const parse = (text: string, head = new Head()): 0 | 1 | Problem =>
  parseHead(Buffer.from(text, "latin1"), 0, limits, head);

const nameOf = (outcome: 0 | 1 | Problem): string => {
  if (outcome === incomplete) return "incomplete";
  if (outcome === complete) return "complete";
  return Object.entries(problems).find(([, problem]) => problem === outcome)?.[0] ?? "?";
};

const get = (headers: string, line = "GET / HTTP/1.1"): string => `${line}\r\n${headers}\r\n`;

const cases: readonly (readonly [claim: string, text: string, outcome: string])[] = [
  ["a small request", get("Host: a\r\n"), "complete"],
  ["HTTP/1.0 without Host", get("", "GET / HTTP/1.0"), "complete"],
  ["an empty line before", `\r\n${get("Host: a\r\n")}`, "complete"],
  ["many empty lines before", `${"\r\n".repeat(9)}${get("Host: a\r\n")}`, "method"],
  ["a bare LF before", `\n${get("Host: a\r\n")}`, "method"],
  ["an unknown method", get("Host: a\r\n", "FOO / HTTP/1.1"), "methodUnknown"],
  ["a method in lower case", get("Host: a\r\n", "get / HTTP/1.1"), "methodUnknown"],
  ["an endless method", "G".repeat(40), "method"],
  ["a method that is no token", get("Host: a\r\n", "G@T / HTTP/1.1"), "method"],
  ["CONNECT", get("Host: a\r\n", "CONNECT a:80 HTTP/1.1"), "methodRefused"],
  ["TRACE", get("Host: a\r\n", "TRACE / HTTP/1.1"), "methodRefused"],
  ["no target", get("Host: a\r\n", "GET  HTTP/1.1"), "target"],
  ["two spaces before the target", get("Host: a\r\n", "GET  / HTTP/1.1"), "target"],
  ["two spaces after the target", get("Host: a\r\n", "GET /  HTTP/1.1"), "version"],
  ["a tab in the request line", get("Host: a\r\n", "GET\t/ HTTP/1.1"), "method"],
  ["a relative target", get("Host: a\r\n", "GET a/b HTTP/1.1"), "target"],
  ["a fragment", get("Host: a\r\n", "GET /a#b HTTP/1.1"), "target"],
  ["an unencoded upper half", get("Host: a\r\n", "GET /\xe9 HTTP/1.1"), "target"],
  ["a NUL in the target", get("Host: a\r\n", "GET /\0 HTTP/1.1"), "target"],
  ["* for GET", get("Host: a\r\n", "GET * HTTP/1.1"), "target"],
  ["* for OPTIONS", get("Host: a\r\n", "OPTIONS * HTTP/1.1"), "complete"],
  ["a long target", get("Host: a\r\n", `GET /${"a".repeat(99)} HTTP/1.1`), "complete"],
  ["a target that is too long", get("Host: a\r\n", `GET /${"a".repeat(100)} HTTP/1.1`), "targetTooLong"],
  ["HTTP/0.9", "GET /\r\n\r\n", "target"],
  ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\n", "methodUnknown"],
  ["HTTP/2.0", get("Host: a\r\n", "GET / HTTP/2.0"), "versionUnsupported"],
  ["HTTP/1.2", get("Host: a\r\n", "GET / HTTP/1.2"), "versionUnsupported"],
  ["http/1.1", get("Host: a\r\n", "GET / http/1.1"), "version"],
  ["bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", "version"],
  ["bare LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n", "headerValue"],
  ["bare CR in a value", get("Host: a\r\nA: b\rc\r\n"), "headerValue"],
  ["NUL in a value", get("Host: a\r\nA: b\0c\r\n"), "headerValue"],
  ["DEL in a value", get("Host: a\r\nA: b\x7fc\r\n"), "headerValue"],
  ["a tab and the upper half in a value", get("Host: a\r\nA: b\t\xe9\r\n"), "complete"],
  ["a folded line", get("Host: a\r\nA: b\r\n c\r\n"), "headerFold"],
  ["a space before the first header", get(" Host: a\r\n"), "headerFold"],
  ["a space before the colon", get("Host : a\r\n"), "headerName"],
  ["an empty name", get("Host: a\r\n: b\r\n"), "headerName"],
  ["a name with a bracket", get("Host: a\r\nA(b: c\r\n"), "headerName"],
  ["a line without a colon", get("Host: a\r\nAb\r\n"), "headerName"],
  ["an empty value", get("Host: a\r\nA:\r\n"), "complete"],
  ["too many headers", get(`Host: a\r\n${"A: b\r\n".repeat(8)}`), "headersTooMany"],
  ["headers that are too large", get(`Host: a\r\nA: ${"b".repeat(400)}\r\n`), "headersTooLarge"],
  ["no Host", get("A: b\r\n"), "hostMissing"],
  ["two Hosts", get("Host: a\r\nHost: a\r\n"), "hostMissing"],
  ["a Host with a path", get("Host: a/b\r\n"), "host"],
  ["a Host with user information", get("Host: a@b\r\n"), "host"],
  ["a Host with a port that is no number", get("Host: a:b\r\n"), "host"],
  ["a Host with two ports", get("Host: a:80:81\r\n"), "host"],
  ["Hosts that a proxy joined", get("Host: a:80,b\r\n"), "host"],
  ["an IPv6 address with two ports", get("Host: [::1]:80:81\r\n"), "host"],
  ["an IPv6 address with a port that is no number", get("Host: [::1]:8x\r\n"), "host"],
  ["a Host with a port", get("Host: a:80\r\n"), "complete"],
  ["a Host with an empty port", get("Host: a:\r\n"), "complete"],
  ["an IPv6 address with a port", get("Host: [fe80::1%25en0]:80\r\n"), "complete"],
  ["an absolute form with a port that is no number", get("Host: a\r\n", "GET http://b:c/ HTTP/1.1"), "target"],
  ["a Host list", get("Host: a b\r\n"), "host"],
  ["a length", get("Host: a\r\nContent-Length: 5\r\n"), "complete"],
  ["differing lengths", get("Host: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n"), "contentLength"],
  ["the same length twice", get("Host: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n"), "contentLength"],
  ["a list of lengths", get("Host: a\r\nContent-Length: 5, 5\r\n"), "contentLength"],
  ["a signed length", get("Host: a\r\nContent-Length: +5\r\n"), "contentLength"],
  ["a negative length", get("Host: a\r\nContent-Length: -5\r\n"), "contentLength"],
  ["a hexadecimal length", get("Host: a\r\nContent-Length: 0x5\r\n"), "contentLength"],
  ["an empty length", get("Host: a\r\nContent-Length:\r\n"), "contentLength"],
  ["a huge length", get("Host: a\r\nContent-Length: 99999999999999999999\r\n"), "contentLength"],
  ["length and coding", get("Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "framing"],
  ["coding and length", get("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n"), "framing"],
  ["chunked", get("Host: a\r\nTransfer-Encoding: Chunked\r\n"), "complete"],
  ["chunked twice", get("Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "transferEncoding"],
  ["gzip, chunked", get("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n"), "transferEncoding"],
  ["identity", get("Host: a\r\nTransfer-Encoding: identity\r\n"), "transferEncoding"],
  ["xchunked", get("Host: a\r\nTransfer-Encoding: xchunked\r\n"), "transferEncoding"],
  ["chunked with a vertical tab", get("Host: a\r\nTransfer-Encoding: \x0bchunked\r\n"), "headerValue"],
  ["chunked over HTTP/1.0", get("Transfer-Encoding: chunked\r\n", "GET / HTTP/1.0"), "transferEncoding"],
  ["another expectation", get("Host: a\r\nExpect: more\r\n"), "expect"],
  ["absolute form", get("Host: a\r\n", "GET http://b:80/c?d HTTP/1.1"), "complete"],
  ["absolute form without Host", get("", "GET http://b:80/c?d HTTP/1.1"), "hostMissing"],
  ["absolute form with user information", get("Host: a\r\n", "GET http://u@b/c HTTP/1.1"), "target"],
  ["absolute form without authority", get("Host: a\r\n", "GET http:///c HTTP/1.1"), "target"],
  ["another scheme", get("Host: a\r\n", "GET ftp://b/c HTTP/1.1"), "target"],
];

for (const [claim, text, outcome] of cases) {
  test(`${claim}: ${outcome}`, () => {
    assert.equal(nameOf(parse(text)), outcome);
  });
}

test("the outcome for some bytes never changes when more arrive", () => {
  for (const [claim, text] of cases) {
    let settled: 0 | 1 | Problem = incomplete;
    for (let length = 0; length <= text.length; length++) {
      const outcome = parse(text.slice(0, length));
      if (settled !== incomplete) assert.equal(nameOf(outcome), nameOf(settled), `${claim}, ${length} bytes`);
      settled = outcome;
    }
    assert.notEqual(settled, incomplete, claim);
  }
});

test("a head is taken apart", () => {
  const head = new Head();
  const text = get(
    "hOST: Example.com:8080\r\nX-A:  b c \t\r\nx-a:\r\nContent-Length: 007\r\n",
    "POST /p?q=%20 HTTP/1.1",
  );
  assert.equal(parse(`${text}body`, head), complete);
  assert.equal(head.end, text.length);
  assert.equal(head.method, "POST");
  assert.equal(head.target, "/p?q=%20");
  assert.equal(head.host, "Example.com:8080");
  assert.equal(head.contentLength, 7);
  assert.deepEqual(head.rawHeaders, ["hOST", "Example.com:8080", "X-A", "b c", "x-a", "", "Content-Length", "007"]);
  assert.deepEqual(head.headerNames, ["host", "x-a", "x-a", "content-length"]);
});

test("the absolute form is reduced, and its authority is the host", () => {
  for (const [target, reduced] of [
    ["http://b:81/c?d", "/c?d"],
    ["HTTP://b:81?d", "/?d"],
    ["https://b:81", "/"],
  ]) {
    const head = new Head();
    assert.equal(parse(get("A: b\r\nHost: a\r\n", `GET ${target} HTTP/1.1`), head), complete);
    assert.equal(head.target, reduced);
    assert.equal(head.host, "b:81");
    assert.deepEqual(head.rawHeaders, ["A", "b", "Host", "b:81"]);
  }
});

test("keep-alive follows the version and the Connection header", () => {
  const keeps = (line: string, connection: string): boolean => {
    const head = new Head();
    assert.equal(parse(get(`Host: a\r\n${connection}`, line), head), complete);
    return head.isKeepAlive;
  };
  assert.equal(keeps("GET / HTTP/1.1", ""), true);
  assert.equal(keeps("GET / HTTP/1.1", "Connection: x, Close\r\n"), false);
  assert.equal(keeps("GET / HTTP/1.1", "Connection: x\r\nConnection: close\r\n"), false);
  assert.equal(keeps("GET / HTTP/1.0", ""), false);
  assert.equal(keeps("GET / HTTP/1.0", "Connection: Keep-Alive\r\n"), true);
  assert.equal(keeps("GET / HTTP/1.0", "Connection: keep-alive, close\r\n"), false);
});

test("names that look like members of every object are ordinary names", () => {
  const head = new Head();
  assert.equal(parse(get("Host: a\r\nconstructor: b\r\n__proto__: c\r\n"), head), complete);
  assert.deepEqual(head.headerNames, ["host", "constructor", "__proto__"]);
});
