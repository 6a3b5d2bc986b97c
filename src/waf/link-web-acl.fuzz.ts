// Random requests and random rules: an evaluation ends with a verdict, or says that it takes too long.
import assert from "node:assert/strict";
import { test } from "node:test";
import { below, durationMsOr, makeRandom, pick, type Random, seed } from "../../test/random.ts";
import { within } from "../../test/until.ts";
import { aRequest, aRule, aWebAcl, link } from "../../test/waf/a-web-acl.ts";
import { InspectionTooLong } from "./evaluation.ts";
import type { FieldToMatch, Statement, TransformationType } from "./web-acl.ts";

const pieces = [
  "<",
  ">",
  "script",
  "'",
  '"',
  " or ",
  "1=1",
  "--",
  "/*",
  "*/",
  "/*!",
  "%",
  "%u",
  "%41",
  "&",
  "&#",
  ";",
  "\\",
  "\\u",
  "\\x4",
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "\0",
  "\xff",
  "\xc3\xa9",
  "\xf0\x9f",
  "../",
  "//",
  "a",
  "0x4",
  "union select",
  "=",
  "on",
  "style=",
  "href=",
  "\n",
  "\t",
  "\xa0",
  "`",
  "@@",
  "#",
  "$",
  "1e9",
];
const types: readonly TransformationType[] = [
  "NONE",
  "COMPRESS_WHITE_SPACE",
  "HTML_ENTITY_DECODE",
  "LOWERCASE",
  "CMD_LINE",
  "URL_DECODE",
  "BASE64_DECODE",
  "HEX_DECODE",
  "MD5",
  "REPLACE_COMMENTS",
  "ESCAPE_SEQ_DECODE",
  "SQL_HEX_DECODE",
  "CSS_DECODE",
  "JS_DECODE",
  "NORMALIZE_PATH",
  "NORMALIZE_PATH_WIN",
  "REMOVE_NULLS",
  "REPLACE_NULLS",
  "BASE64_DECODE_EXT",
  "URL_DECODE_UNI",
  "UTF8_TO_UNICODE",
];
const all = { MatchPattern: { All: {} }, MatchScope: "ALL", OversizeHandling: "CONTINUE" } as const;
const fields: readonly FieldToMatch[] = [
  { UriPath: {} },
  { QueryString: {} },
  { AllQueryArguments: {} },
  { SingleQueryArgument: { Name: "a" } },
  { Headers: all },
  { Cookies: all },
  { HeaderOrder: { OversizeHandling: "MATCH" } },
  { Body: {} },
  { JsonBody: all },
  {
    JsonBody: {
      ...all,
      MatchPattern: { IncludedPaths: ["/a/0", "/b"] },
      InvalidFallbackBehavior: "EVALUATE_AS_STRING",
    },
  },
];

const text = (random: Random, length: number): string =>
  Array.from({ length: below(random, length) }, () => pick(random, pieces)).join("");

function statement(random: Random): Statement {
  const FieldToMatch = pick(random, fields);
  const TextTransformations = Array.from({ length: 1 + below(random, 3) }, (_, Priority) => ({
    Priority,
    Type: pick(random, types),
  }));
  const inspection = { FieldToMatch, TextTransformations };
  return pick<() => Statement>(random, [
    () => ({ SqliMatchStatement: { ...inspection, SensitivityLevel: pick(random, ["LOW", "HIGH"] as const) } }),
    () => ({ XssMatchStatement: inspection }),
    () => ({
      RegexMatchStatement: {
        ...inspection,
        RegexString: pick(random, ["(a|<)+$", "^.*(?i)script", "\\W{2,}x", "[^\\x00-\\x7f]"]),
      },
    }),
    () => ({
      ByteMatchStatement: {
        ...inspection,
        SearchString: Buffer.from(pick(random, pieces), "latin1").toString("base64"),
        PositionalConstraint: pick(random, ["CONTAINS", "CONTAINS_WORD", "EXACTLY"] as const),
      },
    }),
    () => ({ SizeConstraintStatement: { ...inspection, ComparisonOperator: "GT", Size: below(random, 50) } }),
  ])();
}

test(`an evaluation ends, whatever the request (PORTICO_FUZZ_SEED=${seed})`, () => {
  const random = makeRandom(seed);
  const goesOn = within(durationMsOr(2_000));
  let evaluated = 0;
  while (goesOn()) {
    const acl = link(
      aWebAcl(
        Array.from({ length: 5 }, (_, index) => aRule(`r${index}`, statement(random), { Action: { Count: {} } })),
      ),
    );
    for (let round = 0; round < 10; round++) {
      const request = aRequest({
        path: `/${text(random, 10)}`,
        query: text(random, 30),
        headers: [`Cookie: ${text(random, 20)}`, `X-A: ${text(random, 20)}`].map((line) => line.replaceAll("\n", "")),
        body: Buffer.from(text(random, 400), "latin1"),
      });
      try {
        assert.equal(acl.evaluate(request, 0).action, "ALLOW");
      } catch (error) {
        assert.ok(error instanceof InspectionTooLong, String(error));
      }
      evaluated++;
    }
  }
  assert.ok(evaluated > 20);
});
