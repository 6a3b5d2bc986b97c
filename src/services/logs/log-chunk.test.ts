import assert from "node:assert/strict";
import { test } from "node:test";
import { readChunk, sortBatch } from "./log-chunk.ts";

const address = { account: "000000000000", region: "us-east-1", group: "g", stream: "s" };

test("the lines of a batch are sorted by time, those of one time as they came, and errors and requests stay with them", () => {
  const request = { requestId: "r", traceId: "1-0-0", spanId: undefined };
  const lines = Uint32Array.of(100, 3, 105, 3, 0, 7, 100, 4);
  const sorted = sortBatch({
    address,
    baseMs: 900,
    text: "onetwoearliermore",
    lines,
    isUnsorted: true,
    errors: [1, 2],
    requests: [undefined, undefined, request, undefined],
  });
  assert.deepEqual(sorted, {
    address,
    baseMs: 900,
    text: "earlieronemoretwo",
    lines: Uint32Array.of(0, 7, 100, 3, 100, 4, 105, 3),
    errors: [0, 3],
    requests: [request, undefined, undefined, undefined],
  });
  assert.deepEqual(
    readChunk({ firstMs: sorted.baseMs, lines: sorted.lines, text: Buffer.from(sorted.text) }).map(
      ({ message }) => message,
    ),
    ["earlier", "one", "more", "two"],
  );
});

test("a batch in order is left as it is", () => {
  const batch = { address, baseMs: 1, text: "ab", lines: Uint32Array.of(0, 1, 1, 1), errors: [1] };
  assert.equal(sortBatch(batch), batch);
});
