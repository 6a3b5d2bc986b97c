import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize, relative } from "node:path";
import { test } from "node:test";
import { adapters, bannedCalls, forbiddenNames, rooms } from "./rooms.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const list = (pattern: string): string[] =>
  globSync(pattern, { cwd: root }).filter((file) => !file.includes("node_modules"));

const sources = list("src/**/*.ts");
const isTest = (file: string): boolean => /\.(test|fuzz|bench)\.ts$/.test(file);

/** The relative modules that a file imports, as paths from the root. */
function importsOf(file: string): string[] {
  const found: string[] = [];
  for (const match of read(file).matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)"(\.[^"]*)"/g)) {
    found.push(normalize(join(dirname(file), match[1]!)));
  }
  return found;
}

const roomOf = (file: string): string => file.split("/")[1]!;

test("rooms import only along the arrows of DESIGN.md §6", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const room = roomOf(file);
    const allowed = rooms[room];
    assert.ok(allowed, `${file}: there is no room src/${room}/; add it to test/tidy/rooms.ts with its arrows`);
    for (const target of importsOf(file)) {
      if (isTest(file) && !target.startsWith("src/")) continue;
      if (!target.startsWith("src/")) {
        if (target !== "package.json") wrong.push(`${file} imports ${target}, which is outside of src/`);
        continue;
      }
      const path = target.slice("src/".length);
      const isAllowed =
        roomOf(target) === room ||
        // A unit test may stand on neighbours' real parts (the memory store, a manual clock).
        isTest(file) ||
        allowed.some((arrow) => path === arrow || path.startsWith(`${arrow}/`));
      if (!isAllowed) wrong.push(`${file} imports ${target}; ${room} may import: ${allowed.join(", ") || "nothing"}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("time, randomness, timers and the network are passed in", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    if (isTest(file) || adapters.some((adapter) => file.startsWith(adapter))) continue;
    const lines = read(file).split("\n");
    for (const [index, line] of lines.entries()) {
      if (/^\s*(\*|\/\/|\/\*)/.test(line)) continue;
      for (const { pattern, instead } of bannedCalls) {
        const isExcused = /tidy-allow: \w+ – \S/.test(`${lines[index - 1] ?? ""}\n${line}`);
        if (pattern.test(line) && !isExcused) wrong.push(`${file}:${index + 1}: ${line.trim()} — use ${instead}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test("files are named in kebab-case for what is in them", () => {
  const wrong = sources.filter((file) => {
    const name = basename(file).replace(/(\.(test|fuzz|bench|d))?\.ts$/, "");
    return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || forbiddenNames.includes(name);
  });
  assert.deepEqual(wrong, []);
});

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
