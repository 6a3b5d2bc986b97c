// What each text transformation makes of texts, and that none takes long.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "../../test/waf/latin1.ts";
import { linkTransformations } from "./text-transformations.ts";
import type { TransformationType } from "./web-acl.ts";

const transform = (text: string, ...types: readonly TransformationType[]): string =>
  (linkTransformations(types.map((Type, Priority) => ({ Type, Priority }))) ?? ((same: string) => same))(text);

const table: Readonly<Record<TransformationType, readonly (readonly [text: string, result: string])[]>> = {
  NONE: [["A %41 ", "A %41 "]],
  COMPRESS_WHITE_SPACE: [
    ["a \t\r\n\f\v\xa0 b", "a b"],
    ["a\tb", "a b"],
    ["a b", "a b"],
  ],
  HTML_ENTITY_DECODE: [
    ["&lt;script&gt;&quot;&nbsp;&amp;", '<script>"\xa0&'],
    ["&#60;&#x3c;&#X3C;&#0060;", "<<<<"],
    ["&#x20ac;", bytesOf("€")],
    ["&#60script", "<script"],
    ["&ltx &bogus; &#; &#xzz; &", "&ltx &bogus; &#; &#xzz; &"],
    ["&#99999999999;&#x110000;", "&#99999999999;&#x110000;"],
  ],
  LOWERCASE: [
    ["AbC", "abc"],
    ["\xc4A", "\xc4a"],
  ],
  CMD_LINE: [
    ["c^md.e\"xe' /c  dir", "cmd.exe/c dir"],
    ["TYPE,a;b", "type a b"],
    ["a\\b (c)", "ab(c)"],
  ],
  URL_DECODE: [
    ["%3Cscript%3E+a", "<script> a"],
    ["%zz%4%u003c%", "%zz%4%u003c%"],
    ["%2541", "%41"],
  ],
  URL_DECODE_UNI: [
    ["%u003cscript%u003E%41", "<script>A"],
    ["%uFF1C%uff41", "<a"],
    ["%u12", "%u12"],
  ],
  BASE64_DECODE: [
    ["PHNjcmlwdD4=", "<script>"],
    ["PHNjcm!!lwdD4=", "<scr"],
    ["", ""],
  ],
  BASE64_DECODE_EXT: [["P H.N!j\ncmlwdD4=", "<script>"]],
  HEX_DECODE: [
    ["3c736372697074", "<script"],
    ["3czz41", "<"],
  ],
  MD5: [["a", Buffer.from("0cc175b9c0f1b6a831c399e269772661", "hex").toString("latin1")]],
  REPLACE_COMMENTS: [
    ["un/*x*/ion", "un ion"],
    ["a/**//**/b", "a  b"],
    ["a/*open", "a "],
    ["a*/b", "a*/b"],
  ],
  ESCAPE_SEQ_DECODE: [
    ["\\x3c\\n\\\\\\'\\?\\101\\0", "<\n\\'?A\0"],
    ["\\q\\xz", "\\q\\xz"],
  ],
  SQL_HEX_DECODE: [
    ["select 0x414243, 0X61", "select ABC, a"],
    ["0xzz 0x1", "0xzz 0x1"],
  ],
  CSS_DECODE: [
    ["ja\\vascript", "javascript"],
    ["\\6a \\00006Avascript", "jjvascript"],
    ["\\ff1c", "<"],
    ["a\\\nb", "ab"],
  ],
  JS_DECODE: [
    ["\\u003cscript\\x3e\\74\\n", "<script><\n"],
    ["\\uff1c\\u4e41", "<A"],
    ["\\q\\", "q\\"],
  ],
  NORMALIZE_PATH: [
    ["/a//b/./c/../d", "/a/b/d"],
    ["/../../etc/passwd", "/etc/passwd"],
    ["../a/../../b", "../../b"],
    ["/a/b/", "/a/b/"],
    ["/a/..", "/"],
    ["/a/b", "/a/b"],
    ["", ""],
  ],
  NORMALIZE_PATH_WIN: [["\\a\\..\\b\\\\c", "/b/c"]],
  REMOVE_NULLS: [["a\0b\0", "ab"]],
  REPLACE_NULLS: [["a\0b\0", "a b "]],
  UTF8_TO_UNICODE: [
    [bytesOf("aé€😀"), "a%u00e9%u20ac%u1f600"],
    ["\xff\xc3", "\xff\xc3"],
  ],
};

for (const [type, rows] of Object.entries(table) as [TransformationType, (typeof table)[TransformationType]][]) {
  test(`the text transformation ${type}`, () => {
    for (const [text, result] of rows) assert.equal(transform(text, type), result, JSON.stringify(text));
  });
}

test("transformations apply in the order of their priorities", () => {
  const list = [
    { Type: "LOWERCASE", Priority: 9 },
    { Type: "URL_DECODE", Priority: 2 },
  ] as const;
  assert.equal(linkTransformations(list)?.("%41B"), "ab");
  assert.equal(transform("%2541", "URL_DECODE", "URL_DECODE"), "A");
  assert.equal(linkTransformations([{ Type: "NONE", Priority: 0 }]), undefined);
});

test("no transformation makes a text much longer, whatever it is", () => {
  const bombs = [
    "&#x20ac;",
    "&lt;",
    "%u20ac",
    "%41",
    "\\u20ac",
    "\\x41",
    "0x41",
    "/*",
    "*/",
    "../",
    "//",
    " ",
    "\0",
    "\xe2\x82\xac",
    "\\",
    "&",
    "%",
    "+",
  ];
  for (const type of Object.keys(table) as TransformationType[]) {
    for (const bomb of bombs) {
      const text = bomb.repeat(Math.floor(65_536 / bomb.length));
      assert.ok(transform(text, type).length <= 3 * text.length, `${type} ${bomb}`);
    }
  }
});
