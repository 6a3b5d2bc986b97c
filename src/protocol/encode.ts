import { assert } from "../base/assert.ts";
import { escapeXml } from "../base/escape-xml.ts";
import { type Model, type Shape, type ShapeType, shapeOf, wireName } from "./model.ts";

/** Writes a handler's value as JSON text. */
export type EncodeJson = (value: unknown) => string;

/** Structures whose absent members AWS writes as null. AWS: API Gateway developer guide, "Document an API using the REST API". */
const withNulls: ReadonlySet<string> = new Set(["DocumentationPartLocation"]);

/**
 * Makes the JSON encoders of shapes. They write compact JSON with members by their wire names in alphabetical order,
 * and leave out absent and null members. They write only the model's members, so other members of a handler's value
 * never leave the server.
 */
export function makeJsonEncoders(model: Model): (shapeName: string) => EncodeJson {
  const made = new Map<string, EncodeJson>();
  const encoderOf = (shapeName: string): EncodeJson => {
    let encode = made.get(shapeName);
    if (!encode) {
      encode = makeJsonEncoder(shapeOf(model, shapeName), encoderOf, withNulls.has(shapeName));
      made.set(shapeName, encode);
    }
    return encode;
  };
  return encoderOf;
}

function makeJsonEncoder(shape: Shape, encoderOf: (name: string) => EncodeJson, writesNulls: boolean): EncodeJson {
  switch (shape.type) {
    case "structure":
      return makeStructureEncoder(shape, encoderOf, writesNulls);
    case "list": {
      const memberShape = shape.member?.shape ?? "";
      return (value) => {
        assert(Array.isArray(value), "an output list is an array");
        return `[${value.map(encoderOf(memberShape)).join(",")}]`;
      };
    }
    case "map": {
      const valueShape = shape.value?.shape ?? "";
      return (value) => {
        const encode = encoderOf(valueShape);
        const source = asRecord(value);
        const keys = Object.keys(source)
          .filter((key) => source[key] !== undefined)
          .sort();
        // Recorded: a template that was set to nothing is shown as null.
        const written = (entry: unknown) => (entry === null ? "null" : encode(entry));
        return `{${keys.map((key) => `${JSON.stringify(key)}:${written(source[key])}`).join(",")}}`;
      };
    }
    default:
      return scalarEncoder(shape);
  }
}

function makeStructureEncoder(shape: Shape, encoderOf: (name: string) => EncodeJson, writesNulls: boolean): EncodeJson {
  const members = Object.entries(shape.members ?? {})
    .filter(([, { location }]) => location === undefined)
    .map(([name, member]) => ({ name, wire: wireName(name, member), shapeName: member.shape }))
    .sort((a, b) => (a.wire < b.wire ? -1 : 1))
    .map(({ name, wire, shapeName }) => ({ name, key: `${JSON.stringify(wire)}:`, shapeName }));
  return (value) => {
    const source = asRecord(value);
    let text = "";
    for (const { name, key, shapeName } of members) {
      const given = source[name];
      const isAbsent = given === undefined || given === null;
      if (isAbsent && !writesNulls) continue;
      text += (text === "" ? "" : ",") + key + (isAbsent ? "null" : encoderOf(shapeName)(given));
    }
    return `{${text}}`;
  };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  assert(typeof value === "object" && value !== null && !Array.isArray(value), "an output structure is an object");
  return value as Readonly<Record<string, unknown>>;
}

function scalarEncoder(shape: Shape): EncodeJson {
  switch (shape.type) {
    case "timestamp":
      return shape.timestampFormat === "iso8601"
        ? (value) => JSON.stringify(iso8601(value))
        : (value) => String(asNumber(value));
    case "blob":
      return (value) => `"${encodeText(shape, value)}"`;
    case "string":
      return (value) => JSON.stringify(encodeText(shape, value));
    default:
      return (value) => encodeText(shape, value);
  }
}

/** Writes a scalar as text, for headers and XML. Timestamps are ISO 8601. */
export function encodeText(shape: Shape, value: unknown): string {
  const wanted = javascriptTypes[shape.type];
  assert(
    wanted === undefined || typeof value === wanted,
    `an output ${shape.type} is a ${wanted}, not ${typeof value}`,
  );
  if (shape.type === "blob") {
    assert(value instanceof Uint8Array, "an output blob is a Buffer");
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64");
  }
  return shape.type === "timestamp" ? iso8601(value) : String(value);
}

const javascriptTypes: Readonly<Partial<Record<ShapeType, string>>> = {
  string: "string",
  boolean: "boolean",
  integer: "number",
  long: "number",
  double: "number",
};

function asNumber(value: unknown): number {
  assert(typeof value === "number" && Number.isFinite(value), "an output timestamp is a number of seconds");
  return value;
}

/** Returns `2026-11-20T08:00:00Z`, with milliseconds only if there are any. */
const iso8601 = (value: unknown): string => new Date(asNumber(value) * 1000).toISOString().replace(".000Z", "Z");

/** Writes a handler's value as the XML elements within an element. */
export function encodeXml(model: Model, shapeName: string, value: unknown): string {
  const shape = shapeOf(model, shapeName);
  switch (shape.type) {
    case "structure": {
      const source = asRecord(value);
      let text = "";
      for (const [name, member] of Object.entries(shape.members ?? {})) {
        const given = source[name];
        if (given === undefined || given === null) continue;
        text += element(wireName(name, member), encodeXml(model, member.shape, given));
      }
      return text;
    }
    case "list": {
      assert(Array.isArray(value), "an output list is an array");
      return value.map((entry) => element("member", encodeXml(model, shape.member?.shape ?? "", entry))).join("");
    }
    case "map": {
      const entries = Object.entries(asRecord(value)).map(([key, entry]) =>
        element(
          "entry",
          element("key", escapeXml(key)) + element("value", encodeXml(model, shape.value?.shape ?? "", entry)),
        ),
      );
      return entries.join("");
    }
    default:
      return escapeXml(encodeText(shape, value));
  }
}

export const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;
