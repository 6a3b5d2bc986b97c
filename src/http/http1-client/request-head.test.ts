import assert from "node:assert/strict";
import { test } from "node:test";
import { type RequestParts, writeRequestHead } from "./request-head.ts";

const write = (parts: Partial<RequestParts>): ReturnType<typeof writeRequestHead> =>
  writeRequestHead({ method: "GET", path: "/", host: "a:81", headers: [], bodyLength: undefined, ...parts });
const start = "Host: a:81\r\nConnection: keep-alive\r\n";

test("a head has host, connection, headers and the body's framing", () => {
  assert.equal(
    write({ path: "/a?b", headers: ["X-A", "b", "Y", "\xe9"] }),
    `GET /a?b HTTP/1.1\r\n${start}X-A: b\r\nY: \xe9\r\n\r\n`,
  );
  assert.equal(write({ method: "POST" }), `POST / HTTP/1.1\r\n${start}Content-Length: 0\r\n\r\n`);
  assert.equal(write({ method: "DELETE" }), `DELETE / HTTP/1.1\r\n${start}\r\n`);
  assert.equal(write({ method: "DELETE", bodyLength: 3 }), `DELETE / HTTP/1.1\r\n${start}Content-Length: 3\r\n\r\n`);
  assert.equal(
    write({ method: "PUT", bodyLength: -1 }),
    `PUT / HTTP/1.1\r\n${start}Transfer-Encoding: chunked\r\n\r\n`,
  );
  assert.equal(
    write({ headers: ["host", "b", "content-length", "2"], bodyLength: 2 }),
    "GET / HTTP/1.1\r\nHost: b\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n",
  );
});

test("only a host and its port are sent as Host", () => {
  for (const host of [
    "a",
    "a.example:8080",
    "a_b-c.example.",
    "192.0.2.1:80",
    "[2001:db8::1]:443",
    "[::ffff:192.0.2.1]",
  ]) {
    const head = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive\r\n\r\n`;
    assert.equal(write({ headers: ["host", host] }), head);
  }
  const refused = [
    "",
    " ",
    "a b",
    "a,b",
    "a, b",
    "a:80:81",
    "a:",
    "a:http",
    "a:123456",
    "u@a",
    "http://a",
    "a/b",
    "a?b",
  ];
  refused.push(
    "a#b",
    "a\tb",
    "a;b",
    'a"',
    "a\\b",
    "a%00",
    "\xe9",
    "[::1",
    "::1",
    "[::1]a",
    "[a%25b]",
    "a\r\nX: y",
    "$a",
    "{a}",
  );
  for (const host of refused) assert.equal(typeof write({ headers: ["Host", host] }), "object", JSON.stringify(host));
});

test("Upgrade and Trailer can be sent: without a Connection that names it, nobody upgrades (RFC 9110 §7.8)", () => {
  assert.equal(
    write({ headers: ["Upgrade", "x", "Trailer", "y"] }),
    `GET / HTTP/1.1\r\n${start}Upgrade: x\r\nTrailer: y\r\n\r\n`,
  );
});

test("what would make another request of it is not sent", () => {
  const refused: Partial<RequestParts>[] = [
    { method: "GE T" },
    { method: "" },
    { path: "" },
    { path: "*" },
    { path: "/a b" },
    { path: "/\r\nX: y" },
    { path: "/\u010d\u010a" },
    { path: "/\0" },
    { headers: ["A", "b\r\nC: d"] },
    { headers: ["A", "b\nC: d"] },
    { headers: ["A", "b\0"] },
    { headers: ["A", "\u010d\u010aC: d"] },
    { headers: ["A\r\nC", "d"] },
    { headers: ["A ", "b"] },
    { headers: ["", "b"] },
    { headers: ["\u0141", "b"] },
    { headers: ["Transfer-Encoding", "chunked"] },
    { headers: ["CONNECTION", "close"] },
    { headers: ["Expect", "100-continue"] },
    { headers: ["TE", "trailers"] },
    { headers: ["Content-Length", "5"] },
    { headers: ["Content-Length", "5"], bodyLength: 4 },
    { headers: ["Content-Length", "5"], bodyLength: -1 },
  ];
  for (const parts of refused) assert.equal(typeof write(parts), "object", JSON.stringify(parts));
});
