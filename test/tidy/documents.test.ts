import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { list, read, root } from "./source-files.ts";

test("documents have one title, and their links lead somewhere", () => {
  const wrong: string[] = [];
  for (const file of [...list("*.md"), ...list("docs/**/*.md"), ...list("examples/**/*.md")]) {
    const text = read(file).replaceAll(/```[\s\S]*?```/g, "");
    const titles = text.match(/^# .+$/gm) ?? [];
    if (titles.length !== 1) wrong.push(`${file} has ${titles.length} first-level headings`);
    for (const match of text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)) {
      const target = join(root, dirname(file), match[1]!);
      if (!existsSync(target)) wrong.push(`${file} links to ${relative(root, target)}, which is not there`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("ARCHITECTURE.md stays within 400 lines", () => {
  assert.ok(read("ARCHITECTURE.md").split("\n").length <= 400);
});
