import { isObject } from "../base/json-object.ts";
import { UnreadableInput } from "./json-body.ts";
import { type Model, type Shape, type ShapeType, shapeOf, wireName } from "./model.ts";

/** Converts a wire value to the handlers' form. Throws {@link UnreadableInput} for a value of the wrong type. */
export type Decode = (value: unknown) => unknown;

/**
 * Makes the decoders of JSON bodies, each when its shape is first used. As on AWS, unknown members are ignored and
 * nulls count as absent.
 */
export function makeJsonDecoders(model: Model): (shapeName: string) => Decode {
  const made = new Map<string, Decode>();
  const decoderOf = (shapeName: string): Decode => {
    let decode = made.get(shapeName);
    if (!decode) {
      decode = makeDecoder(shapeOf(model, shapeName), decoderOf);
      made.set(shapeName, decode);
    }
    return decode;
  };
  return decoderOf;
}

function makeDecoder(shape: Shape, decoderOf: (name: string) => Decode): Decode {
  switch (shape.type) {
    case "structure":
      return makeStructureDecoder(shape, decoderOf);
    case "list":
      return makeListDecoder(shape, decoderOf);
    case "map":
      return makeMapDecoder(shape, decoderOf);
    default:
      return scalarDecoders[shape.type];
  }
}

function makeStructureDecoder(shape: Shape, decoderOf: (name: string) => Decode): Decode {
  const members = Object.entries(shape.members ?? {})
    // Members in paths, queries and headers are not read from a body.
    .filter(([, { location }]) => location === undefined)
    .map(([name, member]) => ({ name, wire: wireName(name, member), shapeName: member.shape }));
  return (value) => {
    const source = asObject(value);
    const result: Record<string, unknown> = {};
    for (const { name, wire, shapeName } of members) {
      // A member called `constructor` or the like must not be found on the prototype.
      const given = Object.hasOwn(source, wire) ? source[wire] : undefined;
      if (given !== undefined && given !== null) result[name] = decoderOf(shapeName)(given);
    }
    return result;
  };
}

function makeListDecoder(shape: Shape, decoderOf: (name: string) => Decode): Decode {
  const memberShape = shape.member?.shape ?? "";
  return (value) => {
    if (!Array.isArray(value)) throw wrongType(value, "list");
    const decode = decoderOf(memberShape);
    return value.map((entry) => (entry === null ? null : decode(entry)));
  };
}

function makeMapDecoder(shape: Shape, decoderOf: (name: string) => Decode): Decode {
  const valueShape = shape.value?.shape ?? "";
  return (value) => {
    const source = asObject(value);
    const decode = decoderOf(valueShape);
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(source)) {
      const entry = source[key];
      setOwn(result, key, entry === null ? null : decode(entry));
    }
    return result;
  };
}

/** Sets a member by a caller's key. `__proto__` becomes a member like any other. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}

function asObject(value: unknown): Record<string, unknown> {
  if (!isObject(value)) throw wrongType(value, "structure");
  return value as Record<string, unknown>;
}

type ScalarType = Exclude<ShapeType, "structure" | "list" | "map">;

const scalarDecoders: Readonly<Record<ScalarType, Decode>> = {
  string: (value) => {
    if (typeof value !== "string") throw wrongType(value, "string");
    return value;
  },
  boolean: (value) => {
    if (typeof value !== "boolean") throw wrongType(value, "boolean");
    return value;
  },
  integer: (value) => decodeInteger(value, 2 ** 31, "integer"),
  long: (value) => decodeInteger(value, Number.MAX_SAFE_INTEGER, "long"),
  double: (value) => {
    if (typeof value !== "number" || !Number.isFinite(value)) throw wrongType(value, "double");
    return value;
  },
  timestamp: (value) => {
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value === "string") return decodeTimestampText(value);
    throw wrongType(value, "timestamp");
  },
  blob: (value) => {
    if (typeof value !== "string") throw wrongType(value, "blob");
    return decodeBase64(value);
  },
};

function decodeInteger(value: unknown, bound: number, type: ShapeType): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value >= bound || value < -bound) {
    throw wrongType(value, type);
  }
  return value;
}

function decodeTimestampText(text: string): number {
  const ms = text.length <= 64 ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new UnreadableInput("STRING_VALUE can not be converted to a Timestamp");
  return ms / 1000;
}

function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  // `Buffer.from` skips characters that are not base64. Then it returns fewer bytes than the length promises.
  if (text.length % 4 !== 0 || bytes.length !== (text.length / 4) * 3 - padding) {
    throw new UnreadableInput("STRING_VALUE can not be converted to a Blob: it is not Base64");
  }
  return bytes;
}

/** Converts text from a path, query, header or form to the typed value of a scalar shape. */
export function decodeText(shape: Shape, text: string): unknown {
  switch (shape.type) {
    case "string":
      return text;
    case "boolean": {
      const lower = text.toLowerCase();
      if (lower !== "true" && lower !== "false") throw wrongType(text, "boolean");
      return lower === "true";
    }
    case "integer":
    case "long":
    case "double":
      // Only plain decimals of bounded length are accepted: `Number` alone would accept "0x10", " 1 " and "".
      if (!/^[+-]?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,3})?$/.test(text)) throw wrongType(text, shape.type);
      return scalarDecoders[shape.type](Number(text));
    case "timestamp":
      return /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : decodeTimestampText(text);
    case "blob":
      return decodeBase64(text);
    default:
      throw wrongType(text, shape.type);
  }
}

const typeNames: Readonly<Record<ShapeType, string>> = {
  string: "a String",
  boolean: "a Boolean",
  integer: "an Integer",
  long: "a Long",
  double: "a Double",
  timestamp: "a Timestamp",
  blob: "a Blob",
  list: "a List",
  map: "a Map",
  structure: "a Structure",
};

/**
 * The words that services of this protocol are known to answer for a member of a wrong type.
 * Unconfirmed: API Gateway's words; see docs/compatibility.md, "management, wrong types".
 */
function wrongType(value: unknown, wanted: ShapeType): UnreadableInput {
  if (Array.isArray(value)) return new UnreadableInput("Start of list found where not expected");
  if (typeof value === "object" && value !== null) {
    return new UnreadableInput("Start of structure or map found where not expected.");
  }
  const token =
    typeof value === "string" ? "STRING_VALUE" : typeof value === "number" ? "NUMBER_VALUE" : `${value}`.toUpperCase();
  const suffix = typeof value === "boolean" ? "_VALUE" : "";
  return new UnreadableInput(`${token}${suffix} can not be converted to ${typeNames[wanted]}`);
}
