import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { bounds } from "../../base/bounds.ts";
import { type Problem, problemAt } from "./source-text.ts";

const filesMax = bounds.projectFilesCheckedMax.value;
const timeoutMs = bounds.projectFileCheckMsMax.value;

/**
 * Checks the syntax of a function's own files before they replace the running ones: Lambda would accept broken files,
 * and answer each call with an error. Files that can't be checked here (no Python on this machine) are not.
 */
export async function checkSyntax(files: readonly string[]): Promise<readonly Problem[]> {
  const checked = files
    .filter((file) => checkers[extname(file)] && !file.includes("/node_modules/"))
    .slice(0, filesMax);
  const problems = await Promise.all(checked.map((file) => checkers[extname(file)]?.(file)));
  return problems.filter((problem) => problem !== undefined);
}

type Check = (file: string) => Promise<Problem | undefined>;

const node: Check = async (file) => {
  const error = await outputOfFailed(process.execPath, ["--check", file]);
  // `/path/file.mjs:3`, the line, a mark below it, then `SyntaxError: …`.
  const [, line] = /^.*?:(\d+)$/m.exec(error) ?? [];
  const message = /^\w*Error: .*$/m.exec(error)?.[0];
  if (!message) return undefined;
  const mark = /^( *)\^/m.exec(error)?.[1]?.length ?? 0;
  return atLine(file, message, Number(line ?? 1), mark + 1);
};

const pythonProgram = `import sys
try:
    compile(open(sys.argv[1], "rb").read(), sys.argv[1], "exec")
except SyntaxError as e:
    sys.exit(f"{e.lineno}:{e.offset}:{type(e).__name__}: {e.msg}")`;

const python: Check = async (file) => {
  const error = await outputOfFailed("python3", ["-I", "-c", pythonProgram, file]);
  const [, line, column, message] = /^(\d+):(\d+):(\w*Error: .*)$/m.exec(error) ?? [];
  return message ? atLine(file, message, Number(line), Number(column)) : undefined;
};

const checkers: Readonly<Record<string, Check | undefined>> = {
  ".mjs": node,
  ".cjs": node,
  ".js": node,
  ".py": python,
};

function outputOfFailed(program: string, args: readonly string[]): Promise<string> {
  return new Promise((done) => {
    execFile(program, [...args], { timeout: timeoutMs, env: { PATH: process.env["PATH"] } }, (error, _out, stderr) =>
      done(error ? stderr : ""),
    );
  });
}

function atLine(file: string, message: string, line: number, column: number): Problem {
  const text = readFileSync(file, "utf8");
  const lines = text.split("\n");
  const offset = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + Math.max(0, column - 1);
  return problemAt("error", message, { file, text }, Math.min(offset, text.length));
}
