import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut, makeOutput, renderProblem } from "./output.ts";

const plain = (_style: string, text: string): string => text;

test("columns stand under one another, and the last one has no blanks behind it", () => {
  assert.deepEqual(
    layOut([
      ["A", "LONG"],
      ["bcd", "e"],
    ]),
    ["A    LONG", "bcd  e"],
  );
});

test("a problem is shown with its line and a mark below its column, tabs kept", () => {
  const problem = {
    severity: "error",
    message: "no",
    place: { file: "/x/openapi.yaml", line: 12, column: 4 },
    sourceLine: "\ta: b",
  } as const;
  assert.equal(
    renderProblem(problem, () => "openapi.yaml", plain),
    "openapi.yaml:12:4  error  no\n  12 | \ta: b\n     | \t  ^\n",
  );
});

test("of a line of a megabyte only what is around the column is shown", () => {
  const sourceLine = `${"x".repeat(500_000)}HERE${"y".repeat(500_000)}`;
  const place = { file: "a", line: 1, column: 500_001 };
  const text = renderProblem({ severity: "error", message: "", place, sourceLine }, (file) => file, plain);
  assert.ok(text.length < 500);
  const [, line = "", mark = ""] = text.split("\n");
  assert.equal(line.slice(mark.indexOf("^")).slice(0, 4), "HERE");
});

test("colour is for terminals, unless NO_COLOR or TERM=dumb asks for none", () => {
  const painted = (isTTY: boolean, env: Record<string, string>): boolean => {
    const stream = { isTTY, write: () => true };
    return makeOutput(stream, stream, env, (file) => file).paint("red", "x") !== "x";
  };
  assert.equal(painted(true, {}), true);
  assert.equal(painted(false, {}), false);
  assert.equal(painted(true, { NO_COLOR: "1" }), false);
  assert.equal(painted(true, { NO_COLOR: "" }), true);
  assert.equal(painted(true, { TERM: "dumb" }), false);
});

test("what a terminal would obey is not printed, colours are", () => {
  const printed: string[] = [];
  const stream = { isTTY: true, write: (text: string) => printed.push(text) > 0 };
  const output = makeOutput(stream, stream, {}, (file) => file);
  output.line(`${output.paint("red", "a")}\x1b[31mb\x1b]0;title\x07\x1b[2J\tc\r\x9bd`);
  assert.equal(printed.join(""), "\x1b[31ma\x1b[0m\x1b[31mb\ufffd]0;title\ufffd\ufffd[2J\tc\ufffd\ufffdd\n");
});
