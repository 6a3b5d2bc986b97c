import assert from "node:assert/strict";
import { test } from "node:test";
import { arithmetic, formatDouble } from "./java-number.ts";
import { JavaDouble, JavaLong } from "./values.ts";

test("doubles print as Java prints them", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0.0"],
    [-0, "-0.0"],
    [1, "1.0"],
    [-1.5, "-1.5"],
    [0.001, "0.001"],
    [0.0001, "1.0E-4"],
    [9_999_999, "9999999.0"],
    [10_000_000, "1.0E7"],
    [123_456_789.125, "1.23456789125E8"],
    [1e100, "1.0E100"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
  ];
  for (const [value, text] of cases) assert.equal(formatDouble(value), text);
});

test("whole numbers grow from Integer to Long to BigInteger and keep the larger kind", () => {
  assert.equal(arithmetic["+"](1, 2), 3);
  assert.deepEqual(arithmetic["+"](2_147_483_647, 1), new JavaLong(2_147_483_648n));
  assert.deepEqual(arithmetic["-"](new JavaLong(5n), 4), new JavaLong(1n));
  assert.equal(arithmetic["*"](new JavaLong(2n ** 62n), 2), 2n ** 63n);
  assert.equal(arithmetic["-"](2n ** 70n, 2n ** 70n), 0n);
  assert.deepEqual(arithmetic["*"](46_341, 46_341), new JavaLong(2_147_488_281n));
  assert.equal(Object.is(arithmetic["*"](-1, 0), 0), true);
  assert.equal(Object.is(arithmetic["%"](-4, 2), 0), true);
  assert.deepEqual(arithmetic["/"](-2_147_483_648, -1), new JavaLong(2_147_483_648n));
  assert.equal(arithmetic["/"](1, 0), null);
  assert.deepEqual(arithmetic["+"](1, new JavaDouble(0.5)), new JavaDouble(1.5));
});
