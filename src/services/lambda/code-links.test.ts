import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../base/clock.ts";
import { CodeLinks, codePath } from "./code-links.ts";

const hash = "a".repeat(64);

test("a link leads to its package for ten minutes", () => {
  const clock = new ManualClock(1_000);
  const links = new CodeLinks(clock);
  const path = links.make(hash);
  assert.ok(path.startsWith(codePath));
  clock.advance(599_999);
  assert.equal(links.read(path), hash);
  clock.advance(1);
  assert.equal(links.read(path), undefined);
});

test("no other link leads anywhere", () => {
  const clock = new ManualClock(1_000);
  const links = new CodeLinks(clock);
  const path = links.make(hash);
  const wrong = [
    path.replace(hash, "b".repeat(64)),
    path.replace("/601000/", "/601001/"),
    path.replace(/.\.zip$/, (end) => `${end[0] === "0" ? "1" : "0"}.zip`),
    path.replace(codePath, "/elsewhere/"),
    `${path}x`,
    codePath,
    `${codePath}${hash}/601000/.zip`,
    `${codePath}../${hash}/601000/${"0".repeat(64)}.zip`,
  ];
  for (const each of wrong) assert.equal(links.read(each), undefined, each);
  assert.equal(new CodeLinks(clock).read(path), undefined);
});
