// Random documents, well-formed and not quite, read by the JDK's parser and by ours: both find the same or refuse them.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { parseXml } from "../../../src/language/xml/parse-xml.ts";
import { XmlElement } from "../../../src/language/xml/xml-element.ts";
import { randomXml } from "../../fuzz/random-xml.ts";
import { seed } from "../../random.ts";
import { run, tool } from "../../tool.ts";

const { skip } = tool("java", ["-version"], false);
const count = 5_000;

test(`xml: as the JDK's parser (PORTICO_FUZZ_SEED=${seed})`, { skip }, async () => {
  const documents = Array.from({ length: count }, () => randomXml());
  const questions = documents.map((text) => Buffer.from(text, "utf8").toString("base64"));
  const program = join(import.meta.dirname, "XmlOracle.java");
  const asked = await run("java", [program], { input: `${questions.join("\n")}\n` });
  assert.equal(asked.status, 0, asked.stderr);
  const answers = asked.stdout.trimEnd().split("\n");
  assert.equal(answers.length, count);
  let wellFormed = 0;
  for (const [index, document] of documents.entries()) {
    const theirs = Buffer.from(answers[index]!, "base64").toString("utf8");
    const parsed = parseXml(document);
    const ours = parsed.kind === "element" ? write(parsed.element) : "malformed";
    assert.equal(ours, theirs, `${JSON.stringify(document)} ${parsed.kind === "malformed" ? parsed.detail : ""}`);
    if (ours !== "malformed") wellFormed++;
  }
  assert.ok(wellFormed > count / 5 && wellFormed < count, `${wellFormed} of ${count} were well-formed`);
});

function write({ localName, namespace, attributes, children }: XmlElement): string {
  const written = attributes.map((one) => ` [{${one.namespace}}${one.localName}=${one.value}]`).sort();
  const content = children.map((child) => (child instanceof XmlElement ? write(child) : `<${child}>`));
  return `({${namespace}}${localName}${written.join("")}${content.join("")})`;
}
