import assert from "node:assert/strict";
import { test } from "node:test";
import { statementPositions } from "./statement-positions.ts";

const columns = (text: string): readonly (readonly [number, number, number, number])[] =>
  statementPositions(text).map(({ StartPosition: start, EndPosition: end }) => [
    ...([start.Line, start.Column] as const),
    ...([end.Line, end.Column] as const),
  ]);

// AWS: AWS CLI examples, "simulate-custom-policy", Example 1.
test("a statement that stands alone is where AWS says that it is", () => {
  const text =
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}';
  assert.deepEqual(columns(text), [[1, 38, 1, 167]]);
});

test("statements of a list begin where the one before them ends", () => {
  assert.deepEqual(columns('{"Version":"2012-10-17","Statement":[{"a":1},{"b":{"c":"}]\\""}}]}'), [
    [1, 38, 1, 45],
    [1, 45, 1, 64],
  ]);
  assert.deepEqual(columns('{\n "Statement": [\n  {"a": [{}]},\n  {}\n ], "Id": "Statement" }'), [
    [2, 16, 3, 14],
    [3, 14, 4, 5],
  ]);
  assert.deepEqual(columns('{"Id":"x","\\u0053tatement":{}}').length, 1);
});
