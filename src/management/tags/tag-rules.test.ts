// AWS: API Gateway Developer Guide, "Tag restrictions and usage conventions", row by row.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeControlLimits } from "../control-limits.ts";
import { checkTags } from "./tag-rules.ts";

const check = (tags: Record<string, string>) => () => checkTags(tags, makeControlLimits());
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]));

test("tags that AWS's conventions allow pass", () => {
  for (const tags of [
    {},
    { a: "" },
    { Costcenter: "1", CostCenter: "2", costcenter: "3" },
    { "a b.c:d+e=f@g_h/i-j": "a b.c:d+e=f@g_h/i-j" },
    { größe: "日本語" },
    { ["k".repeat(128)]: "v".repeat(256) },
    { ["𝒜".repeat(128)]: "𝒜".repeat(256) },
    { "my-aws:team": "aws:pets" },
    many(50),
  ]) {
    assert.doesNotThrow(check(tags), JSON.stringify(tags));
  }
});

test("tags that AWS's conventions forbid are refused", () => {
  const key = /^Invalid tag key specified/;
  const value = /^Invalid tag value specified/;
  for (const [tags, message] of [
    [{ "": "v" }, key],
    [{ ["k".repeat(129)]: "v" }, key],
    [{ ["𝒜".repeat(129)]: "v" }, key],
    [{ ["k".repeat(100_000)]: "v" }, key],
    [{ "a#b": "v" }, key],
    [{ "a\tb": "v" }, key],
    [{ "aws:team": "v" }, key],
    [{ "AWS:team": "v" }, key],
    [{ a: "v".repeat(257) }, value],
    [{ a: "𝒜".repeat(257) }, value],
    [{ a: "v\n" }, value],
    [{ a: "<v>" }, value],
    [many(51), /^Maximum number of tags/],
  ] as const) {
    assert.throws(check({ ...tags } as Record<string, string>), { message }, JSON.stringify(tags).slice(0, 80));
  }
});
