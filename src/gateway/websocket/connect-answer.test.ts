import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../../base/bounds.ts";
import { readConnectAnswer } from "./connect-answer.ts";

const all = { groups: true, wills: true };
const read = (value: unknown, features = all) =>
  readConnectAnswer(["X-Portico-Connection", typeof value === "string" ? value : JSON.stringify(value)], features);

test("the answer of $connect names groups and a will", () => {
  assert.deepEqual(read({}), { groups: [], will: undefined });
  assert.deepEqual(readConnectAnswer(["Content-Type", "text/plain"], all), { groups: [], will: undefined });
  assert.deepEqual(read({ groups: ["a", "__proto__"], will: { message: "é gone" } }), {
    groups: ["a", "__proto__"],
    will: { group: undefined, data: Buffer.from("é gone") },
  });
  assert.deepEqual(read({ will: { message: "", group: "room" } }), {
    groups: [],
    will: { group: "room", data: Buffer.alloc(0) },
  });
});

test("a header that can't be read, or asks for what is off, is a reason; with all off it means nothing", () => {
  const { value: groupsMax } = bounds.connectionGroupsMax;
  const wrong: [unknown, RegExp][] = [
    ["{", /not JSON/],
    ["[]", /no object/],
    ["null", /no object/],
    [{ grups: [] }, /unknown member grups/],
    ['{"__proto__": {"groups": []}}', /unknown member __proto__/],
    [{ groups: "room" }, /are a list/],
    [{ groups: Array(groupsMax + 1).fill("a") }, /are a list/],
    [{ groups: [1] }, /is text/],
    [{ groups: [""] }, /1 to 128 bytes/],
    [{ will: "gone" }, /is an object/],
    [{ will: {} }, /message of a will/],
    [{ will: { message: "x", to: "y" } }, /no member to/],
    [{ will: { message: "x", group: 1 } }, /group of a will/],
    [{ will: { message: "x", group: "x".repeat(129) } }, /128 bytes/],
    [{ will: { message: "x".repeat(bounds.lastWillBytesMax.value + 1) } }, /bytes at most/],
  ];
  for (const [value, reason] of wrong) {
    assert.match(String(read(value)), reason);
    assert.deepEqual(read(value, { groups: false, wills: false }), { groups: [], will: undefined });
  }
  assert.match(String(read({ groups: ["a"] }, { groups: false, wills: true })), /groups, which are off/);
  assert.match(String(read({ will: { message: "x" } }, { groups: true, wills: false })), /a will, which is off/);
});
