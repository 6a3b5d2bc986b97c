import assert from "node:assert/strict";
import { test } from "node:test";
import { headerLines, statusLine } from "./response-head.ts";

test("a status has its phrase, an unknown one none", () => {
  assert.equal(statusLine(200), "HTTP/1.1 200 OK\r\n");
  assert.equal(statusLine(299), "HTTP/1.1 299 \r\n");
});

test("headers go out as they are", () => {
  assert.equal(headerLines(["X-A", "b", "x-a", "ü\tc"]), "X-A: b\r\nx-a: ü\tc\r\n");
});

test("a value can't end its line", () => {
  assert.equal(headerLines(["A", "b\r\nSet-Cookie: c=d\0"]), "A: b  Set-Cookie: c=d \r\n");
});

test("a character that would be cut down to CR or LF is sent as UTF-8", () => {
  // U+010D and U+010A end in the bytes 0D and 0A.
  assert.equal(headerLines(["A", "č\u010a"]), `A: ${Buffer.from("č\u010a").toString("latin1")}\r\n`);
});

test("a name that is no token is left out", () => {
  for (const name of ["A\r\nB", "A B", "A:", "", "Ā", "A\0"]) assert.equal(headerLines([name, "c"]), "", name);
});

test("what the codec writes itself is left out", () => {
  for (const name of [
    "Connection",
    "content-length",
    "Transfer-Encoding",
    "DATE",
    "Keep-Alive",
    "Trailer",
    "Upgrade",
  ]) {
    assert.equal(headerLines([name, "1", "A", "b"]), "A: b\r\n", name);
  }
});
