import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../protocol/errors.ts";
import { parseFunctionName } from "./function-name.ts";

const call = { account: "123456789012", region: "us-east-1" };
const arn = "arn:aws:lambda:us-east-1:123456789012:function:my-fn";

const read: readonly (readonly [string, string | undefined, string | undefined])[] = [
  ["my-fn", undefined, undefined],
  ["my-fn:$LATEST", undefined, "$LATEST"],
  ["my-fn", "live", "live"],
  ["my-fn:7", "7", "7"],
  ["function:my-fn", undefined, undefined],
  ["123456789012:function:my-fn", undefined, undefined],
  ["123456789012:my-fn:3", undefined, "3"],
  [arn, undefined, undefined],
  [`${arn}:live`, undefined, "live"],
];

for (const [given, qualifier, expected] of read) {
  test(`the function's name is read from ${given}${qualifier ? ` and ${qualifier}` : ""}`, () => {
    const reference = parseFunctionName(given, qualifier, call);
    assert.equal(reference.name, "my-fn");
    assert.equal(reference.functionArn, arn);
    assert.equal(reference.qualifier, expected);
    assert.equal(reference.qualifiedArn, expected === undefined ? arn : `${arn}:${expected}`);
  });
}

const refused: readonly (readonly [string, string | undefined, string])[] = [
  ["my-fn:1", "2", "InvalidParameterValueException"],
  ["my fn", undefined, "InvalidParameterValueException"],
  ["", undefined, "InvalidParameterValueException"],
  ["x".repeat(65), undefined, "ValidationException"],
  [arn.replace("us-east-1", "eu-west-1"), undefined, "ResourceNotFoundException"],
  [arn.replace("123456789012", "999999999999"), undefined, "AccessDeniedException"],
];

for (const [given, qualifier, code] of refused) {
  test(`${given.slice(0, 80)}${qualifier ? ` and ${qualifier}` : ""} is a ${code}`, () => {
    assert.throws(
      () => parseFunctionName(given, qualifier, call),
      (error: unknown) => error instanceof ApiError && error.code === code,
    );
  });
}
