import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../../base/bounds.ts";
import { parseXml } from "./parse-xml.ts";
import type { XmlElement } from "./xml-element.ts";

function root(text: string): XmlElement {
  const parsed = parseXml(text);
  assert.ok(parsed.kind === "element", JSON.stringify(parsed));
  return parsed.element;
}

function problem(text: string): string {
  const parsed = parseXml(text);
  assert.ok(parsed.kind === "malformed", text.slice(0, 80));
  return `${parsed.line}:${parsed.column} ${parsed.detail}`;
}

test("elements, attributes and texts are found under their namespaces", () => {
  const element = root(
    `\uFEFF<?xml version="1.0" encoding="utf-8"?>\r\n<!-- c --><p:a xmlns:p="urn:p" xmlns="urn:d" p:x="1" y='a\n&#10;"'>` +
      "t&lt;<![CDATA[<&]]>&#x1F600;\r\n<b xmlns=''/><?pi?><c/></p:a>",
  );
  assert.equal(element.namespace, "urn:p");
  assert.deepEqual(element.attributes, [
    { name: "p:x", localName: "x", namespace: "urn:p", value: "1" },
    { name: "y", localName: "y", namespace: "", value: 'a \n"' },
  ]);
  assert.equal(element.children[0], "t<<&😀\n");
  assert.equal(element.child("b")?.namespace, "");
  assert.equal(element.child("c")?.namespace, "urn:d");
  assert.equal(element.child("constructor"), undefined);
});

test("what is wrong is told with its place", () => {
  for (const [text, expected] of [
    ["", "1:1 A document begins with an element"],
    ["x<a/>", "1:1 A document begins with an element"],
    ["<a>\n <b></a>", "2:5 The end tag of b is missing"],
    ["<a><b/>", "1:8 The element a is not closed"],
    ["<a/><a/>", "1:5 Nothing may follow the document's element"],
    ["<a b=c/>", "1:6 The value of b is not quoted"],
    ["<a b='1' b='2'/>", "1:10 The attribute b stands twice"],
    ["<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>", "1:35 The attribute q:b stands twice"],
    ["<a b='1'c='2'/>", "1:9 White space is missing"],
    ["<p:a/>", "1:1 The prefix p is not declared"],
    ["<a><b xmlns:p='u'/><p:c/></a>", "1:20 The prefix p is not declared"],
    ["<a>&nbsp;</a>", "1:4 The entity nbsp is not declared"],
    ["<a>&</a>", "1:4 An & begins no reference"],
    ["<a>&#0;</a>", "1:4 A reference to what is no character of XML"],
    ["<a>\u0001</a>", "1:4 U+0001 is no character of XML"],
    ["<a>\ud800</a>", "1:4 U+D800 is no character of XML"],
    ["<a><?xml version='1.0'?></a>", "1:4 An XML declaration stands at the very beginning only"],
  ] as const) {
    assert.equal(problem(text), expected);
  }
});

test("there are no document types: nothing expands, nothing is fetched", () => {
  const entities = Array.from({ length: 10 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join("");
  for (const document of [
    `<!DOCTYPE a [<!ENTITY l0 "ha">${entities}]><a>&l10;</a>`,
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    '<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd"><a/>',
  ]) {
    assert.equal(problem(document), "1:1 A document type is not taken");
  }
});

test("hostile documents are refused within their bounds", () => {
  const depth = bounds.xmlDepthMax.value;
  assert.equal(root("<a>".repeat(depth) + "</a>".repeat(depth)).localName, "a");
  assert.match(problem("<a>".repeat(1e5)), /^1:3001 Elements are nested more than 1000 deep/);
  const nodes = bounds.xmlNodesMax.value;
  assert.match(problem(`<a>${"<b/>".repeat(nodes)}</a>`), /More than \d+ elements and attributes/);
  assert.match(problem(`<a ${Array.from({ length: nodes }, (_, n) => `a${n}=''`).join(" ")}/>`), /More than/);
  assert.match(problem(`<a ${"xmlns:p='u' ".repeat(nodes)}/>`), /More than/);
  assert.match(problem("<a ".repeat(1e6)), /A name is missing|has no value|White space/);
  assert.match(problem(`<a>${"&".repeat(1e6)}`), /is not closed/);
});

test("each element and attribute is counted, so that a meter may end it", () => {
  let steps = 0;
  parseXml('<a b="1"><c/><!-- x --></a>', { step: (count) => (steps += count) });
  assert.equal(steps, 4 * bounds.xmlStepsPerNode.value);
  const end = new Error("enough");
  const meter = {
    step: () => {
      throw end;
    },
  };
  assert.throws(() => parseXml("<a/>", meter), end);
});
