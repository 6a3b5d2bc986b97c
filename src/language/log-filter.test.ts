import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLogFilter } from "./log-filter.ts";

function matches(pattern: string, message: string): boolean {
  const parsed = parseLogFilter(pattern);
  assert.ok(parsed.kind === "filter", `${pattern}: ${parsed.kind === "invalid" ? parsed.message : ""}`);
  return parsed.matches(message);
}

/** Pattern → messages that match, messages that don't. Most are the examples of AWS's page. */
type Cases = readonly (readonly [pattern: string, matching: readonly string[], others: readonly string[]])[];

function check(cases: Cases): void {
  for (const [pattern, matching, others] of cases) {
    for (const message of matching) assert.ok(matches(pattern, message), `${pattern} matches ${message}`);
    for (const message of others) assert.ok(!matches(pattern, message), `${pattern} does not match ${message}`);
  }
}

test("terms are looked for anywhere, all of them, with their case", () => {
  check([
    ["", ["anything", ""], []],
    ["  ", ["anything"], []],
    ["ERROR", ["[ERROR 400] BAD REQUEST", "Exiting with ERRORCODE: -1"], ["error", "WARN"]],
    ["ERROR Exception", ["[ERROR] Caught IllegalArgumentException"], ["ERROR", "Exception"]],
    ["Failed to process the request", ["[WARN] Failed to process the request"], ["Failed to process"]],
    ['"INTERNAL SERVER ERROR"', ["[500] INTERNAL SERVER ERROR"], ["INTERNAL ERROR SERVER"]],
    ['"a \\"b\\" \\\\"', ['say a "b" \\ now'], ['a "b"']],
    ["ünï_1", ["an ünï_1 line"], ["uni_1"]],
  ]);
});

test("a minus excludes", () => {
  check([
    ["ERROR -ARGUMENTS", ["[ERROR 400] BAD REQUEST"], ["[ERROR 419] MISSING ARGUMENTS"]],
    ['"ERROR" - "Exiting"', ["ERROR here"], ["Exiting with ERRORCODE: -1"]],
    ["-DEBUG", ["INFO"], ["DEBUG"]],
  ]);
});

test("a question mark makes alternatives, and counts for nothing beside other terms", () => {
  check([
    ["?ERROR ?WARN", ["ERROR WARN message", "ERROR message", "WARN message"], ["INFO"]],
    ['?"a b" ?c', ["a b", "c"], ["ab"]],
    ["?ERROR ?WARN ARGUMENTS", ["ARGUMENTS only", "ERROR ARGUMENTS"], ["ERROR"]],
    ["?ERROR -WARN", ["INFO"], ["ERROR WARN"]],
  ]);
});

test("an expression between percent signs is a regular expression", () => {
  check([
    ["%AUTHORIZED%", ["[ERROR 401] UNAUTHORIZED REQUEST", "[SUCCESS 200] AUTHORIZED REQUEST"], ["authorized"]],
    ["%^[hc]at%", ["hat rack", "cat"], ["a cat", "bat"]],
    ["%[hc]at$%", ["a cat"], ["cats"]],
    ["%colou?r%", ["color", "colour"], ["colr"]],
    ["%10\\.10\\.0\\.1%", ["from 10.10.0.1 to"], ["10x10.0.1"]],
    ["%a{3,5}%", ["aaaa"], ["aa"]],
    ["%gray|grey%", ["grey"], ["gruy"]],
    ["%\\d\\d\\d% -%4\\d\\d%", ["status 500"], ["status 404", "none"]],
    ["%\\x28x\\x29%", ["f(x)"], ["fx"]],
  ]);
});

const trail = JSON.stringify({
  eventType: "UpdateTrail",
  sourceIPAddress: "111.111.111.111",
  arrayKey: ["value", "another value"],
  objectList: [
    { name: "a", id: 1 },
    { name: "b", id: 2 },
  ],
  SomeObject: null,
  ThisFlag: true,
  latency: 55.5,
  text: "123",
  "odd.name": "x",
});

test("conditions on JSON", () => {
  check([
    ['{ $.eventType = "UpdateTrail" }', [trail, ` ${trail}\n`], ['{"eventType":"updateTrail"}', "UpdateTrail", "{"]],
    ["{$.eventType=UpdateTrail}", [trail], ["[]", '"x"', "{}"]],
    ["{ $.sourceIPAddress != 123.123.* }", [trail], ['{"sourceIPAddress":"123.123.1.1"}', "{}"]],
    ["{ $.sourceIPAddress = *.111 }", [trail], ['{"sourceIPAddress":"111.1"}']],
    ["{ $.eventType = *date* }", [trail], ['{"eventType":"x"}']],
    ["{ $.eventType = Up*il }", ['{"eventType":"Up*il"}'], [trail]],
    ['{ $.eventType = "*" }', [trail], ['{"other":1}']],
    ['{ $.arrayKey[0] = "value" }', [trail], ['{"arrayKey":"value"}', '{"arrayKey":[]}']],
    ['{ $.arrayKey[*] = "another value" }', [trail], ['{"arrayKey":["x"]}']],
    ["{ $.objectList[1].id = 2 }", [trail], ['{"objectList":[{"id":2}]}']],
    ["{ $.SomeObject IS NULL }", [trail], ["{}", '{"SomeObject":0}']],
    ["{ $.SomeOtherObject NOT EXISTS }", [trail, "{}"], ['{"SomeOtherObject":null}']],
    ["{ $.ThisFlag IS TRUE }", [trail], ['{"ThisFlag":false}', '{"ThisFlag":"true"}']],
    ["{ $.ThisFlag IS FALSE }", ['{"ThisFlag":false}'], [trail]],
    ["{ $.latency >= 55.5 }", [trail], ['{"latency":55.4}', '{"latency":"much"}', "{}"]],
    ["{ $.latency < 10e3 && $.latency > +5e1 }", [trail], ['{"latency":10}']],
    ["{ $.latency != 500 }", [trail], ['{"latency":500}', '{"latency":[1]}', "{}"]],
    ["{ $.arrayKey = 1 }", [], [trail]],
    ["{ $.arrayKey != 1 }", [], [trail]],
    ["{ $.text = 123 }", [trail], ['{"text":"124"}']],
    ["{ $.['odd.name'] = x }", [trail], ["{}"]],
    ["{ $.eventType = %^Update% }", [trail], ['{"eventType":"xUpdate"}']],
    ["{ $.constructor EXISTS }", ['{"constructor":1}'], [trail]],
    ["{ $.__proto__ NOT EXISTS }", [trail], []],
  ]);
});

test("conditions are joined: parentheses before && before ||", () => {
  const people = JSON.stringify({
    user: { id: 1, email: "John.Stiles@example.com" },
    users: [{ id: 2, email: "John.Doe@example.com" }],
    actions: ["GET", "PUT", "DELETE"],
    coordinates: [
      [0, 1, 2],
      [4, 5, 6],
    ],
  });
  check([
    ['{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', [people], []],
    ['{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', [], [people]],
    [
      '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }',
      [people],
      [],
    ],
    [
      '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch) && $.actions[2] = nomatch }',
      [],
      [people],
    ],
    ["{ $.coordinates[1][2] = 6 }", [people], []],
  ]);
});

test("fields between spaces", () => {
  const line = (status: number, bytes: number) =>
    `127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" ${status} ${bytes}`;
  check([
    ["[ip, user, username, timestamp, request, status_code, bytes]", [line(200, 1)], ["a b c", `${line(200, 1)} more`]],
    ["[..., status_code, bytes > 1000]", [line(200, 1534)], [line(200, 10), "x"]],
    ["[ip, user, ...]", [line(200, 1), "a b"], ["a"]],
    ["[ip, user, ..., status_code = 4*, bytes]", [line(404, 1)], [line(200, 404)]],
    ["[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]", [line(404, 1)], [line(200, 1)]],
    ["[..., status_code = 4* && status_code != 403, bytes]", [line(404, 1)], [line(403, 1)]],
    ["[..., request=*.html*, status_code=4*,]", [line(404, 1534)], [line(200, 1)]],
    ["[w1=ERROR || w1=WARN, w2]", ["ERROR x", "WARN x"], ["INFO x"]],
    ["[w1=!ERROR&&w1!=WARN, w2]", ["INFO x"], ["ERROR x", "WARN x"]],
    ["[w1=%^E%, ...]", ["ERROR x"], ["WARN E"]],
    ["[w1, timestamp=*2000*, ...]", ["x [10/Oct/2000 00] y"], ["x 10/Oct/2001 y"]],
  ]);
});

test("what is no pattern is refused in AWS's words", () => {
  for (const [pattern, message] of [
    ["err:", "Invalid character(s) in term 'err:'"],
    ['""', "Invalid character(s) in term '\"\"'"],
    ['"open', "Invalid character(s) in term '\"open'"],
    ["?", "Invalid character(s) in term ''"],
    ["%a!%", "Invalid character(s) in term '%a!%'"],
    ["%(a)%", "Invalid character(s) in term '%(a)%'"],
    ["%[a%", "Invalid filter pattern"],
    ["{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'"],
    ["[a, b", "If a filter pattern starts with '[' it must end with ']'"],
    ["{ $.a = 1 } x", "Invalid filter pattern"],
    ["{ a = 1 }", "Invalid filter pattern"],
    ["{ $ = 1 }", "Invalid filter pattern"],
    ["{ $.a }", "Invalid filter pattern"],
    ["{ $.a > x }", "Invalid filter pattern"],
    ["{ $.a = %x% && $.b = %x% && $.c = %x% }", "Invalid filter pattern"],
    ["{}", "Invalid filter pattern"],
    ["[..., a, ...]", "Invalid filter pattern"],
    ["[a=1 && b=2]", "Invalid filter pattern"],
  ] as const) {
    assert.deepEqual(parseLogFilter(pattern), { kind: "invalid", message }, pattern);
  }
});

test("hostile patterns and messages are soon done with", { timeout: 60_000 }, () => {
  matches("%a*a*a*a*a*b%", "a".repeat(20_000));
  matches("{ $.a = 1 }", "[".repeat(500_000));
  matches("{ $.a = 1 }", `${"[".repeat(500_000)}${"]".repeat(500_000)}`);
  matches("[a, ...]", '"'.repeat(500_000));
  matches("[a, ...]", "[ ".repeat(500_000));
  matches("[a, ...]", '[ " '.repeat(500_000));
  parseLogFilter(`{${"(".repeat(1_000)}`);
});
