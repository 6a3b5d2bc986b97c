import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalDecimal, compareDecimals, isMultiple, parseDecimal } from "./decimal.ts";

const compare = (left: string, right: string): number =>
  Math.sign(compareDecimals(parseDecimal(left)!, parseDecimal(right)!));

test("numbers are compared by all their digits", () => {
  assert.equal(compare("1", "1.0"), 0);
  assert.equal(compare("1e2", "100"), 0);
  assert.equal(compare("-0", "0.00"), 0);
  assert.equal(compare("0.1", "0.10000000000000000001"), -1);
  assert.equal(compare("9007199254740993", "9007199254740992"), 1);
  assert.equal(compare("-9007199254740993", "-9007199254740992"), -1);
  assert.equal(compare("1e999999999", "1e999999998"), 1);
  assert.equal(compare("-1e-999999999", "0"), -1);
  assert.equal(parseDecimal("1e"), undefined);
  assert.equal(parseDecimal("Infinity"), undefined);
});

test("equal numbers have one text", () => {
  for (const text of ["100", "1e2", "100.0", "0.1E3"]) assert.equal(canonicalDecimal(text), "100");
  assert.equal(canonicalDecimal("-0.0"), "0");
  assert.notEqual(canonicalDecimal("0.1"), canonicalDecimal("0.01"));
});

test("multiples are exact, whatever their size", () => {
  assert.equal(isMultiple("0.3", "0.1"), true);
  assert.equal(isMultiple("0.35", "0.1"), false);
  assert.equal(isMultiple("7", "2"), false);
  assert.equal(isMultiple("-6", "2"), true);
  assert.equal(isMultiple("0", "3"), true);
  assert.equal(isMultiple("1e300", "0.01"), true);
  assert.equal(isMultiple("1e300", "3"), false);
  assert.equal(isMultiple("3e999999999", "3"), true);
  assert.equal(isMultiple("1e-999999999", "3"), false);
  assert.equal(isMultiple("12", "1.2e1"), true);
  assert.equal(isMultiple("5", "50"), false);
});
