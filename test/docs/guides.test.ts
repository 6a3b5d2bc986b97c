// The guides can be followed in a clone of the repository.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commands } from "../../src/cli/commands.ts";

const folder = join(import.meta.dirname, "../../docs/guide");
const inClone =
  "In a clone of the repository, `portico` is `npm run portico --` ([the command](running-the-server.md#the-command)).";

test("a guide that calls the command says, below its title, what it is in a clone", () => {
  const names = commands.map(({ name }) => name).join("|");
  const calls = new RegExp(`(?:^|\`|\\$ |\\| |\\$\\()portico (?:${names})\\b`, "m");
  const guides = globSync("*.md", { cwd: folder }).filter((name) => name !== "running-the-server.md");
  const calling = guides.filter((name) => calls.test(readFileSync(join(folder, name), "utf8")));
  assert.ok(calling.length > 20, "the calls are found");
  for (const name of calling) {
    assert.equal(readFileSync(join(folder, name), "utf8").split("\n")[2], inClone, name);
  }
});

test("braces in the AWS CLI's short form are in quotation marks of their own, else it refuses them", () => {
  for (const name of globSync("*.md", { cwd: folder })) {
    const text = readFileSync(join(folder, name), "utf8");
    assert.doesNotMatch(text, /\bop=\w+,(?:\w+=[^\s"]*,)?(?:path|value)=[^\s"']*\{/, name);
  }
});
