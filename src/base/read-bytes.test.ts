import assert from "node:assert/strict";
import { test } from "node:test";
import { readBytes, readText } from "./read-bytes.ts";

test("a stream is read up to its bound, and no further", async () => {
  let sent = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      sent++;
      yield Buffer.from("ab");
    }
  }
  assert.equal(await readBytes(endless(), 5), undefined);
  assert.equal(sent, 3);
});

test("a text is whole at its bound, an error above it, and empty without a body", async () => {
  assert.equal(await readText(new Response("grün"), 5), "grün");
  await assert.rejects(readText(new Response("grün"), 4), /too long/);
  assert.equal(await readText(new Response(null), 0), "");
});
