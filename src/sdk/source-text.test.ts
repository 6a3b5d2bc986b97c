import assert from "node:assert/strict";
import { test } from "node:test";
import {
  blockComment,
  hashComment,
  javaString,
  jsString,
  markdownCode,
  pythonString,
  rubyString,
  tomlString,
  xmlText,
} from "./source-text.ts";

const hostile = "a\"'`\\\n\u2028#{x}é🦖\u0007";

test("literals hold any text in ASCII, without ending early or reaching out", () => {
  assert.equal(jsString(hostile), '"a\\"\'`\\\\\\n\\u2028#{x}é🦖\\u0007"');
  assert.equal(javaString(hostile), '"a\\"\'`\\\\\\012\\u2028#{x}\\u00e9\\ud83e\\udd96\\007"');
  assert.equal(rubyString(hostile), '"a\\"\'`\\u{5c}\\u{a}\\u{2028}\\#{x}\\u{e9}\\u{1f996}\\u{7}"');
  assert.equal(pythonString(hostile), '"a\\"\'`\\\\\\n\\u2028#{x}\\u00e9\\U0001f996\\u0007"');
  assert.equal(tomlString("a\u007f\n"), '"a\\u007f\\n"');
});

test("comments hold any text, line by line", () => {
  assert.equal(blockComment("one */ two\r\n\\u000a", "  "), "  /**\n   * one *&#47; two\n   * &#92;u000a\n   */\n");
  assert.equal(hashComment("one\n\u2028two\0", " "), " # one\n #\n # two\n");
});

test("texts of build files and documents say what they say", () => {
  assert.equal(xmlText("<a>&"), "&lt;a&gt;&amp;");
  assert.equal(markdownCode("a`b\nc"), "`a'b c`");
});
