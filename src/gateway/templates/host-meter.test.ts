import assert from "node:assert/strict";
import { test } from "node:test";
import { type HostObject, TemplateList, type TemplateValue } from "../../language/java/values.ts";
import { Meter } from "../../language/meter.ts";
import { utilObject } from "./util-object.ts";
import { xmlObject } from "./xml-object.ts";

// As methods-meter.test.ts for the methods of values: whatever `$util` touches of a long text costs steps.

const few = 1_000;
const many = 32_000;

function costOf(work: (meter: Meter) => unknown): number {
  const meter = new Meter();
  const before = meter.stepsLeft;
  work(meter);
  return before - meter.stepsLeft;
}

const json = (size: number): string =>
  `[${Array(size >> 1)
    .fill(1)
    .join()}]`;
const xml = (size: number): string => `<a>${"<b/>".repeat(size >> 2)}</a>`;

function checkHost(host: HostObject, args: Readonly<Record<string, (size: number) => readonly TemplateValue[]>>): void {
  assert.deepEqual([...host.type.methods.keys()].sort(), Object.keys(args).sort(), `the methods of ${host.type.name}`);
  for (const [name, make] of Object.entries(args)) {
    const cost = (size: number): number => {
      const given = make(size);
      return costOf((meter) => assert.notEqual(host.call(name, given, meter), undefined, name));
    };
    const grown = cost(many) - cost(few);
    assert.ok(grown >= (many - few) >> 6, `${host.type.name}.${name}() counts ${grown} steps more`);
  }
}

test("every function of $util counts the characters that it touches", () => {
  checkHost(utilObject, {
    escapeJavaScript: (size) => ['"'.repeat(size)],
    parseJson: (size) => [json(size)],
    urlEncode: (size) => ["é".repeat(size)],
    urlDecode: (size) => ["%41".repeat(size / 2)],
    base64Encode: (size) => ["a".repeat(size)],
    base64Decode: (size) => ["YWFh".repeat(size >> 2)],
  });
});

test("every function of $util.xml counts what it touches", () => {
  const element = (size: number): TemplateValue => xmlObject.call("parse", [xml(size)], new Meter())!;
  checkHost(xmlObject, {
    parse: (size) => [xml(size)],
    escape: (size) => ["<".repeat(size)],
    toJson: (size) => [element(size), new TemplateList(["b"], "list")],
  });
});
