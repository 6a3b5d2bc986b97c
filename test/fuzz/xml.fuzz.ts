// What templates make of random XML: JSON that JSON.parse takes, or a failure with a place; nothing is thrown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderAlone } from "../../src/gateway/templates/render-alone.ts";
import { below, seed } from "../random.ts";
import { within } from "../until.ts";
import { durationMs, oneOf, random } from "./from-models.ts";
import { randomXml } from "./random-xml.ts";

const template =
  "#set($root = $util.xml.parse($input.body))[$util.xml.toJson($root), $util.xml.toJson($root, ['a', 'b'])]";

/** A character more, less or another one. */
function mutated(text: string): string {
  const at = below(random, text.length + 1);
  return (
    text.slice(0, at) +
    oneOf(["", "<", ">", "&", '"', "]]>", "<!--", "\0", "/", ":", "\ud800"]) +
    text.slice(at + below(random, 3))
  );
}

test(`fuzz: XML in templates (PORTICO_FUZZ_SEED=${seed})`, () => {
  const seen = { text: 0, failure: 0 };
  for (const isTimeLeft = within(durationMs); isTimeLeft(); ) {
    const xml = below(random, 3) === 0 ? randomXml() : mutated(randomXml());
    const outcome = renderAlone({ template, side: "request", body: Buffer.from(xml), nowMs: 0 });
    seen[outcome.kind]++;
    if (outcome.kind === "text") assert.doesNotThrow(() => JSON.parse(outcome.text), xml);
    else assert.match(outcome.problem.message, /^\$util\.xml\.parse, line \d+, column \d+: /, xml);
  }
  assert.ok(seen.text > 20 && seen.failure > 20, JSON.stringify(seen));
});
