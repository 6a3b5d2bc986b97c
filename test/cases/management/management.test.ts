// Each .txt here: calls of the REST management API, a line `----------`, and the calls with their answers. A call is a
// line `METHOD /path {body}`. `name = METHOD …` keeps the answer's id (else its name), which `$name` then stands for.
// `$root` is the newest API's root resource. `+ METHOD …` only prepares: it has to succeed, and its answer is not written down. `# …` is a comment.
// `UPDATE=1 npm test -- test/cases/management` writes what comes; review the diff.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { IdSource } from "../../../src/base/ids.ts";
import { runHere } from "../../../src/base/job.ts";
import { makeRestManagement } from "../../rest-management.ts";
import { isUpdating } from "../updating.ts";

const separator = "\n----------\n";
const separated = /\n-{10}(?:\n|$)/;

/** Ids that come in turn, and not in the order of the alphabet. */
function turningIds(): IdSource {
  let count = 0;
  return {
    id(length) {
      count += 1;
      return ((count * 31_337) % 99_991).toString(36).padStart(4, "z").split("").reverse().join("").padEnd(length, "0");
    },
  };
}

const call = /^(?<prepares>\+ )?(?:(?<name>\w+) = )?(?<line>[A-Z]+ \S+)(?: (?<body>.*))?$/;

/** Makes the calls in turn; answers what is to stand below the line. */
async function transcribe(input: string): Promise<string> {
  const management = makeRestManagement({}, runHere, turningIds());
  const names = new Map<string, string>();
  const written: string[] = [];
  const named = (text: string) => text.replace(/\$(\w+)/g, (all, name: string) => names.get(name) ?? all);
  try {
    for (const line of input.split("\n")) {
      if (line === "" || line.startsWith("#")) {
        written.push(line);
        continue;
      }
      const parts = call.exec(line)?.groups;
      assert.ok(parts, `no call: ${line}`);
      const { prepares, name, body } = parts;
      const answer = await management.send(named(parts["line"]!), body === undefined ? undefined : named(body));
      const isGood = answer.status < 300;
      const output = answer.text.trim();
      if (prepares !== undefined || name !== undefined) assert.ok(isGood, `${line}: ${answer.status} ${output}`);
      if (name !== undefined) {
        const made = JSON.parse(output) as { [member in "id" | "vpcLinkId" | "name" | "rootResourceId"]?: string };
        names.set(name, (made.id ?? made.vpcLinkId ?? made.name)!);
        if (made.rootResourceId !== undefined) names.set("root", made.rootResourceId);
      }
      if (prepares !== undefined) continue;
      const said = isGood ? output : `${answer.type}: ${(JSON.parse(output) as { message: string }).message}`;
      written.push(line, said === "" ? `  ${answer.status}` : `  ${answer.status} ${said}`);
      management.clock.advance(1000);
    }
  } finally {
    await management.close();
  }
  return written.join("\n").trim();
}

for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith(".txt"))) {
  test(`management: ${file.replace(/\.txt$/, "").replaceAll("-", " ")}`, async () => {
    const path = join(import.meta.dirname, file);
    const [input = "", expected] = readFileSync(path, "utf8").trimEnd().split(separated);
    const answers = await transcribe(input);
    if (isUpdating) writeFileSync(path, `${input}${separator}${answers}\n`);
    else assert.equal(answers, expected);
  });
}
