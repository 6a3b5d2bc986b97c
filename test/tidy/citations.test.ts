// What comments and documents cite is there: files of docs/, headings in them, rows of docs/compatibility.md.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { list, read, root } from "./source-files.ts";

const documents = ["*.md", "docs/**/*.md", "examples/**/*.md"].flatMap(list);
const programs = list("{src,test,bench,scripts,bin,examples}/**/*.{ts,mjs,js,py}").filter(
  (file) => file !== relative(root, import.meta.filename),
);

/** Comments without their line breaks: `docs/x.md, "A\n * heading"` is one citation. */
const unwrapped = (text: string): string => text.replaceAll(/\n[ \t]*(?:\*(?!\/)|\/\/|#)?[ \t]?/g, " ");
const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, "");

/** The headings of a document without their backquotes, each with its anchor on GitHub. */
function headingsOf(file: string): ReadonlyMap<string, string> {
  const headings = Array.from(withoutCode(read(file)).matchAll(/^#{1,6} (.+)$/gm), ([, text = ""]) =>
    text.replaceAll("`", ""),
  );
  const anchor = (title: string): string =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-");
  return new Map(headings.map((title) => [title, anchor(title)]));
}

const compatibility = "docs/compatibility.md";

/** What the rows of "Chosen or unconfirmed" are about, without backquotes. */
const chosen: ReadonlySet<string> = new Set(
  Array.from(
    read(compatibility)
      .split("## Chosen or unconfirmed")[1]!
      .matchAll(/^\| ([^|]+?) \|/gm),
    ([, cell = ""]) => cell.replaceAll("`", ""),
  ),
);

/** Papers that a reader of the repository does not have. */
const elsewhere = /\bDESIGN\.md\b|\bSTYLE\.md\b|\bfact[ -]sheet|\.\.\/shared\b/i;

test("nothing cites a paper that is not in the repository", () => {
  const wrong: string[] = [];
  for (const file of [...programs, ...documents]) {
    for (const [index, line] of read(file).split("\n").entries()) {
      if (elsewhere.test(line)) wrong.push(`${file}:${index + 1}: cite docs/internals/, an AWS page or an RFC`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("the documents that are cited are there, and so are the headings", () => {
  const wrong: string[] = [];
  for (const file of [...programs, ...documents]) {
    for (const [, path = "", heading] of unwrapped(read(file)).matchAll(
      /(?<![\w/.{}-])(docs\/[\w./-]+\.md)(?:, "([^"]+)")?/g,
    )) {
      if (!existsSync(join(root, path))) wrong.push(`${file} cites ${path}, which is not there`);
      else if (heading !== undefined && path !== compatibility && !headingsOf(path).has(heading)) {
        wrong.push(`${file} cites ${path}, "${heading}", and that page has no such heading`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test("links to a heading lead to one", () => {
  const wrong: string[] = [];
  for (const file of documents) {
    for (const [, path = "", anchor = ""] of withoutCode(read(file)).matchAll(
      /\]\((?!https?:|mailto:)([^)#\s]*)#([^)\s]+)\)/g,
    )) {
      const target = path === "" ? file : join(dirname(file), path);
      if (!target.endsWith(".md") || !existsSync(join(root, target))) continue;
      if (![...headingsOf(target).values()].includes(anchor)) wrong.push(`${file} links to ${target}#${anchor}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("a comment that says Unconfirmed names its row of docs/compatibility.md", () => {
  assert.ok(chosen.size > 100, "the rows are found");
  const wrong: string[] = [];
  for (const file of programs.filter((name) => name.startsWith("src/"))) {
    for (const comment of read(file).match(/\/\*\*?[\s\S]*?\*\/|(?:^[ \t]*\/\/.*\n)+|\/\/ .*/gm) ?? []) {
      if (!/\bUnconfirmed\b/.test(comment)) continue;
      const rows = Array.from(
        unwrapped(comment).matchAll(/docs\/compatibility\.md, "([^"]+)"/g),
        ([, row = ""]) => row,
      );
      if (rows.length === 0) wrong.push(`${file}: which row? docs/compatibility.md, "…": ${comment.trim()}`);
      for (const row of rows) if (!chosen.has(row)) wrong.push(`${file} names a row "${row}", which is not there`);
    }
  }
  assert.deepEqual(wrong, []);
});
