import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/compatibility.md"), "utf8");

test("every reason for which the compiler closes a method or a stage is in docs/compatibility.md, and no other", () => {
  const reasons = new Set<string>();
  for (const file of globSync("src/compiler/**/*.ts", { cwd: root })) {
    if (file.endsWith(".test.ts")) continue;
    const source = readFileSync(join(root, file), "utf8");
    for (const match of source.matchAll(/\bclosed\(\s*["`]([^"`$]+)/g)) reasons.add(match[1]!.trim());
    const stage = /function reasonToClose[\s\S]*?\n}/.exec(source)?.[0] ?? "";
    for (const match of stage.matchAll(/return ["`]([^"`$]+)/g)) reasons.add(match[1]!.trim());
  }
  assert.ok(reasons.size >= 15, "the compiler's reasons are found");
  const described = [...page.matchAll(/^\|[^|]*\|([^|]*)\|$/gm)]
    .flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)])
    .map(([, text = ""]) => text);
  for (const reason of reasons)
    assert.ok(
      described.some((text) => reason.startsWith(text)),
      `docs/compatibility.md does not say that "${reason}" closes a method or stage`,
    );
  for (const text of described)
    assert.ok(
      [...reasons].some((reason) => reason.startsWith(text)),
      `docs/compatibility.md says that "${text}" closes something, and the compiler does not`,
    );
});
