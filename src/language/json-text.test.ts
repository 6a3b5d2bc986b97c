import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../base/bounds.ts";
import { JavaDouble, JavaLong, TemplateList, TemplateMap } from "./java/values.ts";
import { JsonTooDeep, parseJsonText, printJson } from "./json-text.ts";
import { JavaDecimal, type JsonValue } from "./json-value.ts";

function parsed(text: string): JsonValue {
  const json = parseJsonText(text);
  assert.equal(json.kind, "value", text);
  return json.value;
}

function wrong(text: string): string {
  const parsed = parseJsonText(text);
  assert.equal(parsed.kind, "malformed", text);
  return parsed.detail;
}

test("numbers are what they are in Java", () => {
  assert.deepEqual(parsed("[0,-0,2147483647]"), new TemplateList([0, 0, 2147483647], "json"));
  assert.deepEqual(parsed("2147483648"), new JavaLong(2147483648n));
  assert.deepEqual(parsed("-9223372036854775808"), new JavaLong(-9223372036854775808n));
  assert.equal(parsed("9223372036854775808"), 9223372036854775808n);
  assert.deepEqual(parsed("1.0"), new JavaDouble(1));
  assert.deepEqual(parsed("1.5E-3"), new JavaDouble(0.0015));
  assert.deepEqual(parsed("0.1234567890123456789"), new JavaDecimal(0.12345678901234568, "0.1234567890123456789"));
});

test("what is printed is what was read, compact", () => {
  for (const text of [
    "1.0",
    "-0.0",
    "1.0E10",
    "1.0E-5",
    "0.001",
    "9999999.0",
    "123456789012345678901234567890",
    "1.12345678901234567890",
    '{"b":1,"2":2,"1":3,"a":[true,false,null,"é\\"\\\\\\n",{}],"__proto__":{"x":1},"constructor":[]}',
  ]) {
    assert.equal(printJson(parsed(` ${text}\n`)), text);
  }
  assert.equal(printJson(parsed('[ 1 , "\\u0041\\/" ]')), '[1,"A/"]');
  assert.equal(printJson(parsed('"\\ud800"')), '"\\ud800"');
  assert.equal(printJson(parsed("1e5")), "100000.0");
  assert.equal(printJson(parsed("1E400")), "null");
});

test("of equal keys the last wins, in the place of the first, and no key reaches a prototype", () => {
  const value = parsed('{"a":1,"b":2,"a":3,"__proto__":{"polluted":true}}');
  assert.ok(value instanceof TemplateMap);
  assert.deepEqual([...value.keys()], ["a", "b", "__proto__"]);
  assert.equal(value.get("a"), 3);
  assert.equal(value.get("toString"), undefined);
  assert.equal("polluted" in {}, false);
});

// The texts are Jackson 2.11's; test/differential/json-text holds more of them against the original.
const malformed: readonly (readonly [text: string, detail: string])[] = [
  ["", "No content to map due to end-of-input|1|1"],
  [" \n ", "No content to map due to end-of-input|2|2"],
  ['{"a":1,}', "Unexpected character ('}' (code 125)): was expecting double-quote to start field name|1|9"],
  ["{a:1}", "Unexpected character ('a' (code 97)): was expecting double-quote to start field name|1|3"],
  ['{"a" 1}', "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value|1|7"],
  ['{"a":1 "b":2}', "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries|1|9"],
  ["[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries|1|5"],
  ["[1,]", "Unexpected character (']' (code 93)): expected a value|1|5"],
  [
    "tru",
    "Unrecognized token 'tru': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')|1|4",
  ],
  [
    '{\n "a": name\n}',
    "Unrecognized token 'name': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')|2|12",
  ],
  [
    "<xml/>",
    "Unexpected character ('<' (code 60)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')|1|2",
  ],
  [
    '"a\nb"',
    "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value|1|4",
  ],
  ['"\\x"', "Unrecognized character escape 'x' (code 120)|1|4"],
  ['"\\u12g4"', "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence|1|7"],
  ["01", "Invalid numeric value: Leading zeroes not allowed|1|2"],
  ["1.", "Unexpected character ('.' (code 46)) in numeric value: Decimal point not followed by a digit|1|3"],
  ["1ea", "Unexpected character ('a' (code 97)) in numeric value: Exponent indicator not followed by a digit|1|4"],
  ["NaN", "Non-standard token 'NaN': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow|1|4"],
  ['{"é":1 x}', "Unexpected character ('x' (code 120)): was expecting comma to separate Object entries|1|10"],
];

test("what is no JSON is told in Jackson's words, with its line and column", () => {
  for (const [text, expected] of malformed) {
    const [message, line, column] = expected.split("|");
    const source = `[Source: (byte[])"${text}"; line: ${line}, column: ${column}]`;
    assert.equal(wrong(text), `${message}\n at ${source}`, text);
  }
});

test("an open object or array is told with its beginning", () => {
  const source = (column: number): string => `[Source: (byte[])"[{"; line: 1, column: ${column}]`;
  assert.equal(
    wrong("[{"),
    `Unexpected end-of-input: expected close marker for Object (start marker at ${source(2)})\n at ${source(3)}`,
  );
});

test("a second value is refused, and a long text is quoted in part", () => {
  assert.match(wrong("{} {}"), /^Trailing token \(of type START_OBJECT\) found after value/);
  assert.match(wrong("{}}"), /^Unexpected close marker '}': expected ']' \(for root starting at /);
  const long = wrong(`["${"é".repeat(400)}",]`);
  assert.match(long, /\[truncated 305 bytes\]; line: 1, column: 806\]$/);
});

test("long texts and decimals, which are read in shorter ways, are what they are in the long way", () => {
  for (const end of ["", "\\u00e9", '\\"', "\\\\", "\\ud800", "😀"]) {
    for (const length of [5, 500]) {
      const text = `"\\n${"a\\tb".repeat(length)}${end}"`;
      assert.equal(parsed(text), JSON.parse(text));
    }
  }
  const rest = "x".repeat(200);
  assert.match(wrong(`["\\n${rest}\\q"]`), /^Unrecognized character escape 'q'/);
  assert.match(wrong(`["\\n${rest}\u0001"]`), /^Illegal unquoted character/);
  assert.match(wrong(`["\\n${rest}\\"]`), /^Unexpected end-of-input/);
  for (const text of ["0.1", "-0.0", "1.10", "123456789.012345", "99999999999999.9", "0.000000000000001", "-3.25"]) {
    const value = parsed(text);
    assert.ok(value instanceof JavaDouble && Object.is(value.value, Number(text)), text);
  }
});

test("depth and the length of numbers are bounded, whatever comes", () => {
  for (const text of ["[".repeat(100_000), '{"a":'.repeat(100_000), `${"[".repeat(100_000)}${"]".repeat(100_000)}`]) {
    assert.match(wrong(text), /^Document nesting depth \(1001\) exceeds the maximum allowed \(1000, /);
  }
  const deepest = `${"[".repeat(bounds.jsonDepthMax.value)}${"]".repeat(bounds.jsonDepthMax.value)}`;
  assert.equal(printJson(parsed(deepest)), deepest);
  assert.match(wrong("1".repeat(1_001)), /^Number value length \(1001\) exceeds/);
  assert.match(wrong(`1.${"1".repeat(1_000)}`), /^Number value length/);
});

test("a list within itself is not printed without end", () => {
  const list = new TemplateList([], "json");
  list.items.push(list);
  assert.throws(() => printJson(list), JsonTooDeep);
});
