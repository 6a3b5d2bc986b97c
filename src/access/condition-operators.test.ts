import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCondition } from "./condition-operators.ts";
import type { Match } from "./policy-variables.ts";
import { allowSteps } from "./wildcards.ts";

type Value = string | readonly string[] | null | undefined;

function match(
  operator: string,
  wanted: string | readonly string[],
  actual: Value,
  others: Record<string, Value> = {},
) {
  allowSteps();
  const values: Record<string, Value> = { ...others, k: actual };
  return compileCondition(operator, [wanted].flat(), true)(actual, (key) => (key in values ? values[key] : null));
}

const date = "2026-11-20T12:00:00Z";
const arn = "arn:aws:iam::111111111111:role/a/b";

test("each operator compares a key's value with the policy's", () => {
  const rows: readonly (readonly [string, string | readonly string[], Value, Match])[] = [
    ["StringEquals", ["a", "b"], "b", "yes"],
    ["stringequals", "a", "A", "no"],
    ["StringNotEquals", ["a", "b"], "c", "yes"],
    ["StringNotEquals", ["a", "b"], "b", "no"],
    ["StringEqualsIgnoreCase", "aB", "Ab", "yes"],
    ["StringNotEqualsIgnoreCase", "aB", "Ab", "no"],
    ["StringEquals", "a*", "ab", "no"],
    ["StringLike", "a*", "ab", "yes"],
    ["StringLike", "a?c", "abc", "yes"],
    ["StringNotLike", "a*", "ab", "no"],
    ["NumericEquals", "5", "5.0", "yes"],
    ["NumericNotEquals", "5", "6", "yes"],
    ["NumericLessThan", "10", "9", "yes"],
    ["NumericLessThanEquals", "10", "10", "yes"],
    ["NumericGreaterThan", "-1", "0", "yes"],
    ["NumericGreaterThanEquals", "10", "9.99", "no"],
    ["NumericEquals", "five", "5", "unknown"],
    ["NumericEquals", "5", "five", "unknown"],
    ["NumericNotEquals", "5", "1e1", "unknown"],
    ["NumericEquals", "99999999999999999999", "99999999999999999998", "unknown"],
    ["DateEquals", date, "1795176000", "yes"],
    ["DateNotEquals", date, "2026-11-20T13:00:00+01:00", "no"],
    ["DateLessThan", "2026-11-21", date, "yes"],
    ["DateLessThanEquals", "2026", date, "no"],
    ["DateGreaterThan", "2026-11", date, "yes"],
    ["DateGreaterThanEquals", "2026-11-20T12:00:00.5Z", date, "no"],
    ["DateLessThan", "2026-02-30", date, "unknown"],
    ["DateLessThan", "tomorrow", date, "unknown"],
    ["DateLessThan", "2026-11-20T12:00:00", date, "unknown"],
    ["Bool", "true", "TRUE", "yes"],
    ["Bool", "false", "true", "no"],
    ["Bool", "yes", "true", "unknown"],
    ["BinaryEquals", "aGk=", "aGk=", "yes"],
    ["BinaryEquals", "aGk=", "aGo=", "no"],
    ["BinaryEquals", "a", "a", "unknown"],
    ["IpAddress", "192.0.2.0/24", "192.0.2.255", "yes"],
    ["IpAddress", ["10.0.0.0/8", "192.0.2.7"], "192.0.2.7", "yes"],
    ["IpAddress", "192.0.2.7", "192.0.2.8", "no"],
    ["IpAddress", "192.0.2.9/24", "192.0.2.1", "yes"],
    ["IpAddress", "0.0.0.0/0", "255.255.255.255", "yes"],
    ["NotIpAddress", "192.0.2.0/24", "192.0.2.1", "no"],
    ["NotIpAddress", "192.0.2.0/24", "::ffff:192.0.2.1", "no"],
    ["IpAddress", "2001:db8::/32", "2001:db8:1::5", "yes"],
    ["IpAddress", "2001:db8::/33", "2001:db8:8000::", "no"],
    ["IpAddress", "2001:DB8::5", "2001:db8:0:0:0:0:0:5", "yes"],
    ["IpAddress", "::/0", "192.0.2.1", "no"],
    ["IpAddress", "0.0.0.0/0", "::1", "no"],
    ["IpAddress", "::ffff:192.0.2.0/120", "192.0.2.1", "yes"],
    ["IpAddress", "::ffff:0:0/90", "192.0.2.1", "no"],
    ["IpAddress", "::ffff:0:0/90", "::ffc0:1:2", "yes"],
    ["IpAddress", "fe80::/10", "fe80::1%eth0", "yes"],
    ["IpAddress", "192.0.2.0/33", "192.0.2.1", "unknown"],
    ["IpAddress", "192.0.2.0/08", "192.0.2.1", "unknown"],
    ["IpAddress", "192.0.2.0/", "192.0.2.1", "unknown"],
    ["NotIpAddress", "192.0.2", "192.0.2.1", "unknown"],
    ["NotIpAddress", "192.0.2.0/24", "no address", "unknown"],
    ["ArnLike", "arn:aws:iam::*:role/a/*", arn, "yes"],
    ["ArnEquals", "arn:aws:iam::*:role/*", arn, "yes"],
    ["ArnLike", "arn:aws:iam:*:role/a/b", arn, "unknown"],
    ["ArnLike", "arn:aws:*:a:role/a/b", arn, "unknown"],
    ["ArnLike", "arn:aws:*:x:1:role/a/b", arn, "no"],
    ["ArnNotLike", "arn:aws:iam::*:role/a/*", arn, "no"],
    ["ArnNotEquals", "arn:*:iam::222222222222:role/*", arn, "yes"],
    ["ArnNotLike", "role/*", arn, "unknown"],
    ["ArnLike", "*", "no arn", "yes"],
    ["Null", "true", null, "yes"],
    ["Null", "false", null, "no"],
    ["Null", "TRUE", "a", "no"],
    ["Null", ["true", "false"], "a", "yes"],
    ["Null", "true", [], "yes"],
    ["Null", "maybe", null, "unknown"],
    ["NullIfExists", "true", null, "unknown"],
    ["StringMatches", "a", "a", "unknown"],
    ["constructor", "a", "a", "unknown"],
    ["StringEquals", [], "a", "unknown"],
    ["StringNotEquals", [], "a", "unknown"],
  ];
  for (const [operator, wanted, actual, expected] of rows) {
    assert.equal(match(operator, wanted, actual), expected, `${operator} ${wanted} ${actual}`);
  }
});

test("a key that the call lacks matches negated operators and …IfExists, and one that nobody knows matches nothing", () => {
  const rows: readonly (readonly [string, Match])[] = [
    ["StringEquals", "no"],
    ["StringNotEquals", "yes"],
    ["StringEqualsIfExists", "yes"],
    ["NotIpAddress", "yes"],
    ["IpAddress", "no"],
    ["ForAllValues:StringEquals", "yes"],
    ["ForAnyValue:StringEquals", "no"],
    ["ForAnyValue:StringNotEquals", "no"],
    ["ForAnyValue:StringEqualsIfExists", "yes"],
  ];
  for (const [operator, expected] of rows) {
    const wanted = operator.includes("Ip") ? "192.0.2.1" : "a";
    assert.equal(match(operator, wanted, null), expected, operator);
    assert.equal(match(operator, wanted, undefined), "unknown", operator);
  }
});

test("set operators ask for all or for any of a key's values; without one, several values are no answer", () => {
  const rows: readonly (readonly [string, readonly string[], Value, Match])[] = [
    ["ForAllValues:StringEquals", ["a", "b"], ["a", "b"], "yes"],
    ["ForAllValues:StringEquals", ["a", "b"], ["a", "c"], "no"],
    ["ForAllValues:StringEquals", ["a", "b"], [], "yes"],
    ["ForAllValues:StringEquals", ["a"], "", "unknown"],
    ["ForAllValues:StringNotEquals", ["a"], ["b", "c"], "yes"],
    ["ForAllValues:StringNotEquals", ["a"], ["b", "a"], "no"],
    ["ForAllValues:NumericLessThan", ["5"], ["4", "x"], "unknown"],
    ["ForAnyValue:StringLike", ["a*"], ["b", "ab"], "yes"],
    ["ForAnyValue:StringLike", ["a*"], ["b", "c"], "no"],
    ["ForAnyValue:StringNotEquals", ["a"], ["a", "b"], "yes"],
    ["ForAnyValue:StringNotEquals", ["a"], ["a"], "no"],
    ["ForAnyValue:NumericLessThan", ["5"], ["x", "9"], "unknown"],
    ["ForAnyValue:StringEquals", ["a"], "a", "yes"],
    ["foranyvalue:stringequals", ["a"], ["a"], "yes"],
    ["StringEquals", ["a"], ["a"], "yes"],
    ["StringEquals", ["a"], ["a", "b"], "unknown"],
    ["StringNotEquals", ["a"], ["c", "b"], "unknown"],
    ["ForAnyValue:Null", ["true"], ["a"], "unknown"],
    ["ForEachValue:StringEquals", ["a"], ["a"], "unknown"],
  ];
  for (const [operator, wanted, actual, expected] of rows) {
    assert.equal(match(operator, wanted, actual), expected, `${operator} ${wanted} ${actual}`);
  }
});

test("values may have variables, with defaults; one without a value is no answer where it could match", () => {
  const others = {
    "aws:username": "ann",
    "aws:principaltag/my team": "x*",
    "aws:userid": undefined,
    "aws:tagkeys": ["a", "b"],
  };
  const rows: readonly (readonly [string, string, string, Match])[] = [
    ["StringEquals", "${aws:username}", "ann", "yes"],
    ["StringEquals", "${AWS:UserName}", "bob", "no"],
    ["StringNotEquals", "${aws:username}", "bob", "yes"],
    ["StringLike", "home/${aws:username}/*", "home/ann/x", "yes"],
    ["StringLike", "${aws:PrincipalTag/my team}", "xy", "no"],
    ["StringLike", "${aws:PrincipalTag/my team}", "x*", "yes"],
    ["StringEquals", "${aws:PrincipalTag/none, 'all'}", "all", "yes"],
    ["StringEquals", "${aws:PrincipalTag/none,'a, b'}", "a, b", "yes"],
    ["StringEquals", "${aws:PrincipalTag/none}", "all", "unknown"],
    ["StringNotEquals", "${aws:PrincipalTag/none}", "all", "unknown"],
    ["StringEquals", "${aws:userid, 'all'}", "all", "unknown"],
    ["StringEquals", "${aws:TagKeys}", "a", "unknown"],
    ["StringLike", "a/${aws:userid}", "b/x", "no"],
    ["StringLike", "${*}a${?}${$}", "*a?$", "yes"],
    ["StringLike", "${*}", "abc", "no"],
    ["StringEquals", "${aws:username", "x", "unknown"],
    ["StringEquals", "${}", "x", "unknown"],
    ["StringEqualsIgnoreCase", "${aws:username}", "ANN", "yes"],
    ["ArnLike", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/ann", "yes"],
    ["ArnNotLike", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/bob", "yes"],
    ["Bool", "${aws:username}", "true", "unknown"],
    ["NumericEquals", "${aws:username}", "1", "unknown"],
    ["IpAddress", "${aws:username}", "192.0.2.1", "unknown"],
  ];
  for (const [operator, wanted, actual, expected] of rows) {
    assert.equal(match(operator, wanted, actual, others), expected, `${operator} ${wanted} ${actual}`);
  }
  allowSteps();
  const literal = compileCondition("StringEquals", ["${aws:username}"], false);
  assert.equal(
    literal("${aws:username}", () => null),
    "yes",
  );
});
