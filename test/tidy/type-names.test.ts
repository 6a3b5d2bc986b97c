// A type is named for what it is, by a noun: not by what was done to it, and not by a word that fits everything.
import assert from "node:assert/strict";
import { test } from "node:test";
import { list, read } from "./source-files.ts";

/** Words that are no nouns, or that say nothing, whatever file they stand in. */
const forbidden: ReadonlySet<string> = new Set(
  (
    "Given Known Held Seen Found Made Said Kept Sent Written Taken Shown Told Gone Lost Left Chosen Hidden Begun " +
    "Loose Open Pending Final Hostile Later Unsendable " +
    "Reading Writing Making Waiting Running Identifying Mocking Naming Streaming Asking " +
    "Info Data Helper Helpers Utils Common Misc Thing Stuff"
  ).split(" "),
);
/** Nouns that end as participles do. */
const nouns: ReadonlySet<string> = new Set(["Seed", "Feed", "Speed", "Need"]);
const suffixes = /(?:Info|Data|Helper|Helpers|Utils)$/;

/** A name of one word that ends in `ed`, such as `Served`. */
const isParticiple = (name: string): boolean => /^[A-Z][a-z]+ed$/.test(name) && !nouns.has(name);

test("types are named by nouns", () => {
  const wrong: string[] = [];
  for (const file of ["src", "test", "bench", "scripts"].flatMap((folder) => list(`${folder}/**/*.ts`))) {
    for (const [, name = ""] of read(file).matchAll(
      /^[ \t]*(?:export )?(?:abstract )?(?:interface|type|class) ([A-Z]\w*)\b(?! from)[^,]/gm,
    )) {
      if (!forbidden.has(name) && !isParticiple(name) && !suffixes.test(name)) continue;
      wrong.push(
        `${file}: name the type ${name} for what it is, such as RequestContent, AuthorizerCall, PublishedStage`,
      );
    }
  }
  assert.deepEqual(wrong, []);
});
