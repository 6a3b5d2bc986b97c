import type { TemplateValue } from "../../src/language/java/values.ts";
import { parseJsonPath } from "../../src/language/json-path/json-path.ts";
import { parseJsonSchema } from "../../src/language/json-schema/json-schema.ts";
import { parseJsonText, printJson } from "../../src/language/json-text.ts";
import type { Bench, Figures } from "../bench.ts";

/** Goal: a body is validated with a 30-property model in at most 10 µs. */
export const bench: Bench = {
  title: "JSON text, JSONPath and JSON Schema: microseconds for each, and what share of JSON.parse's time",
  needs: [],
  run: async (): Promise<Figures> => {
    const order = anOrder();
    const text = JSON.stringify(order);
    const value = parsed(text);
    const model = parseJsonSchema(JSON.stringify(aModel()));
    const body = parsed(JSON.stringify(aBody()));
    if (model.kind === "invalid" || model.schema.validate(body).length > 0) throw new Error("the model is wrong");
    const { schema } = model;
    const path = pathOf("$.items[3].sku");
    const filter = pathOf("$.items[?(@.price > 20)].sku");
    const scan = pathOf("$..sku");
    const native = microseconds(() => JSON.parse(text));
    const parse = microseconds(() => parseJsonText(text));
    return {
      [`JSON.parse of ${text.length} bytes, µs`]: native,
      "parseJsonText, µs": parse,
      "parseJsonText: JSON.parse": parse / native,
      "printJson, µs": microseconds(() => printJson(value)),
      "$.items[3].sku, µs": microseconds(() => path.evaluate(value)),
      "$.items[?(@.price > 20)].sku of 20, µs": microseconds(() => filter.evaluate(value)),
      "$..sku, µs": microseconds(() => scan.evaluate(value)),
      "validation, 30 properties, µs": microseconds(() => schema.validate(body)),
    };
  },
};

/** The best of many short runs: others use this machine, too. */
function microseconds(work: () => unknown): number {
  for (let count = 0; count < 20_000; count++) work();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 40; round++) {
    const start = performance.now();
    for (let count = 0; count < 1_000; count++) work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function parsed(text: string): TemplateValue {
  const json = parseJsonText(text);
  if (json.kind === "malformed") throw new Error(json.detail);
  return json.value;
}

function pathOf(text: string) {
  const parsed = parseJsonPath(text);
  if (parsed.kind === "invalid") throw new Error(parsed.detail);
  return parsed.path;
}

/** About a kilobyte. */
function anOrder(): object {
  return {
    id: 12345,
    name: "Alice Smith",
    email: "alice@example.com",
    tags: ["a", "b", "c"],
    active: true,
    address: { street: "1 Main St", city: "Seattle", zip: "98101" },
    items: Array.from({ length: 20 }, (_, index) => ({
      id: index,
      sku: `SKU-${index}`,
      qty: index * 2,
      price: 9.99 + index,
    })),
  };
}

function members(): readonly (readonly [name: string, schema: object, value: unknown])[] {
  const each = (count: number, name: string, schema: object, value: unknown) =>
    Array.from({ length: count }, (_, index) => [`${name}${index}`, schema, value] as const);
  return [
    ...each(3, "code", { type: "string", pattern: "^[A-Za-z0-9 ]+$" }, "some text"),
    ...each(7, "text", { type: "string", minLength: 1, maxLength: 50 }, "some text"),
    ...each(10, "count", { type: "integer", minimum: 0, maximum: 1000 }, 42),
    ...each(5, "kind", { enum: ["dog", "cat", "fish"] }, "cat"),
    ...each(5, "flag", { type: "boolean" }, true),
  ];
}

function aModel(): object {
  const properties = Object.fromEntries(members().map(([name, schema]) => [name, schema]));
  return { type: "object", required: Object.keys(properties), properties, additionalProperties: false };
}

const aBody = (): object => Object.fromEntries(members().map(([name, , value]) => [name, value]));
