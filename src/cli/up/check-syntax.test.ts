import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { tool } from "../../../test/tool.ts";
import { checkSyntax } from "./check-syntax.ts";

async function check(name: string, text: string): Promise<readonly unknown[]> {
  const folder = mkdtempSync(join(tmpdir(), "portico-syntax-"));
  try {
    writeFileSync(join(folder, name), text);
    const problems = await checkSyntax([join(folder, name)]);
    return problems.map(({ message, place }) => [message, place?.line, place?.column]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a Node.js file with a syntax error is found, with its line", async () => {
  assert.deepEqual(await check("a.mjs", "export const a = 1;\nexport const b = ;\n"), [
    ["SyntaxError: Unexpected token ';'", 2, 18],
  ]);
  assert.deepEqual(await check("a.cjs", "exports.a = (1;\n"), [["SyntaxError: Unexpected token ';'", 1, 15]]);
  assert.deepEqual(await check("a.mjs", 'import x from "nowhere";\nexport const handler = async () => x;\n'), []);
  assert.deepEqual(await check("a.js", "export const handler = async () => 1;\n"), []);
  assert.deepEqual(await check("a.json", "{"), []);
});

test("a Python file with a syntax error is found, with its line", tool("python3", ["--version"], false), async () => {
  const [problem] = await check("a.py", "def a():\n    return (1\n");
  assert.match(String(problem), /^SyntaxError: .*,2,\d+$/);
  assert.deepEqual(await check("a.py", "import nowhere\n"), []);
});
