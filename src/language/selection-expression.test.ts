import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSelection } from "./selection-expression.ts";

const variable = (name: string) => ({ variable: name });

test("an expression is text and variables in turn; a bare variable goes to the end", () => {
  const cases: readonly (readonly [string, ReturnType<typeof parseSelection>])[] = [
    ["", []],
    ["action", ["action"]],
    ["$request.body.action", [variable("request.body.action")]],
    ["${request.body.action}", [variable("request.body.action")]],
    ["a/$request.body.action", ["a/", variable("request.body.action")]],
    ["${request.body.a}/${request.body.b}", [variable("request.body.a"), "/", variable("request.body.b")]],
    ["${request.body.a}-x", [variable("request.body.a"), "-x"]],
    ["\\$default", ["$default"]],
    ["\\\\", ["\\"]],
    ["\\", ["\\"]],
    ["a\\${b}", ["a${b}"]],
    ["$", [variable("")]],
    ["${}", [variable("")]],
    ["${request.body['a b']}", [variable("request.body['a b']")]],
    ["${request.body.a", undefined],
    ["x${", undefined],
  ];
  for (const [expression, parts] of cases) assert.deepEqual(parseSelection(expression), parts, expression);
});
