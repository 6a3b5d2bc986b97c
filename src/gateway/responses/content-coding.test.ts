import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseCoding } from "./content-coding.ts";

const cases: readonly (readonly [acceptEncoding: string, coding: string | undefined])[] = [
  ["gzip", "gzip"],
  ["deflate", "deflate"],
  ["deflate,gzip", "deflate"],
  ["gzip, deflate, br, zstd", "gzip"],
  ["deflate;q=0.5,gzip;q=1.0", "gzip"],
  ["gzip;q=1.0,identity;q=0.5,*;q=0", "gzip"],
  ["gzip;q=0.8, deflate;q=0.9", "deflate"],
  ["gzip ; q=0.001", "gzip"],
  // The note in "Enable payload compression for an API": the best coding has to be a supported one.
  ["br, gzip", undefined],
  ["br;q=1.0, gzip;q=0.8", undefined],
  ["identity, gzip;q=0.5", undefined],
  ["identity;q=0.5, gzip;q=0.8", "gzip"],
  ["*", undefined],
  ["*, gzip;q=0.5", undefined],
  ["gzip;q=0", undefined],
  ["gzip;q=0, deflate", "deflate"],
  ["gzip;q=0.000", undefined],
  ["gzip;q=2", undefined],
  ["gzip;q=nonsense", undefined],
  ["gzip;q=", undefined],
  ["gzip;level=9", undefined],
  ["x-gzip", undefined],
];

test("an answer gets the coding that its caller likes best, if that is gzip or deflate", () => {
  for (const [accepted, coding] of cases) {
    const entries = accepted.split(",").map((entry) => entry.trim());
    assert.equal(chooseCoding(entries), coding, accepted);
  }
  assert.equal(chooseCoding([]), undefined);
});
