import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptingHead, readWish } from "./handshake.ts";

/** RFC 6455 §1.2, its own example. */
const asking: readonly string[] = [
  ...["Host", "server.example.com", "Upgrade", "websocket", "Connection", "Upgrade"],
  ...["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version", "13"],
];
const request = (rawHeaders: readonly string[], more: object = {}) => ({
  method: "GET",
  httpVersion: "1.1" as const,
  rawHeaders,
  headerNames: rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()),
  hasBody: false,
  ...more,
});
/** The example with another value of a header; undefined leaves the header out. */
const changed = (name: string, value: string | undefined): string[] => {
  const at = asking.indexOf(name);
  return [...asking.slice(0, at), ...(value === undefined ? [] : [name, value]), ...asking.slice(at + 2)];
};

test("the example of the RFC asks for a WebSocket, however its tokens are written", () => {
  assert.equal(readWish(request(asking)), "asked");
  assert.equal(readWish(request(changed("Upgrade", "h2c, WebSocket"))), "asked");
  assert.equal(readWish(request(changed("Connection", "keep-alive , upgrade"))), "asked");
  assert.equal(readWish(request([...asking, "Connection", "keep-alive"])), "asked");
});

test("a request that doesn't name the protocol asks for none", () => {
  assert.equal(readWish(request(changed("Upgrade", undefined))), "none");
  assert.equal(readWish(request(changed("Upgrade", "h2c"))), "none");
});

test("each part that is missing, twice or wrong is named", () => {
  const problems: readonly (readonly [readonly string[], object, RegExp])[] = [
    [asking, { method: "POST" }, /GET/],
    [asking, { httpVersion: "1.0" }, /HTTP\/1\.1/],
    [asking, { hasBody: true }, /body/],
    [changed("Connection", "close"), {}, /Connection/],
    [changed("Sec-WebSocket-Version", "8"), {}, /Version/],
    [[...asking, "Sec-WebSocket-Version", "13"], {}, /Version/],
    [changed("Sec-WebSocket-Version", undefined), {}, /Version/],
    [changed("Sec-WebSocket-Key", undefined), {}, /Key/],
    [changed("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ"), {}, /Key/],
    [changed("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZR=="), {}, /Key/],
    [[...asking, "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="], {}, /Key/],
  ];
  for (const [headers, more, pattern] of problems) {
    const wish = readWish(request(headers, more));
    assert.ok(typeof wish === "object", String(pattern));
    assert.match(wish.problem, pattern);
  }
});

test("the key is accepted as the RFC's example shows", () => {
  const head = acceptingHead({ header: () => "dGhlIHNhbXBsZSBub25jZQ==" }, "A: b\r\n");
  assert.equal(
    head,
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" +
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nA: b\r\n\r\n",
  );
});
