import { isObject } from "../base/json-object.ts";
import { UnreadableInput } from "./json-body.ts";
import { type Model, type Shape, type ShapeType, shapeOf, wireName } from "./model.ts";
import { tokenWords, type WrongTypeWords } from "./wrong-type.ts";

/** Converts a wire value to the handlers' form. Throws {@link UnreadableInput} for a value of the wrong type. */
export type Decode = (value: unknown) => unknown;

/**
 * Makes the decoders of JSON bodies, each when its shape is first used. As on AWS, unknown members are ignored and
 * nulls count as absent.
 */
export function makeJsonDecoders(model: Model, words: WrongTypeWords = tokenWords): (shapeName: string) => Decode {
  const made = new Map<string, Decode>();
  const readers = makeValueReaders(words);
  const decoderOf = (shapeName: string): Decode => {
    let decode = made.get(shapeName);
    if (!decode) {
      decode = makeDecoder(shapeOf(model, shapeName), { decoderOf, readers });
      made.set(shapeName, decode);
    }
    return decode;
  };
  return decoderOf;
}

/** What the decoders of one model share. */
interface Decoding {
  readonly decoderOf: (name: string) => Decode;
  readonly readers: ValueReaders;
}

function makeDecoder(shape: Shape, decoding: Decoding): Decode {
  switch (shape.type) {
    case "structure":
      return makeStructureDecoder(shape, decoding);
    case "list":
      return makeListDecoder(shape, decoding);
    case "map":
      return makeMapDecoder(shape, decoding);
    default:
      return decoding.readers.scalars[shape.type];
  }
}

function makeStructureDecoder(shape: Shape, { decoderOf, readers }: Decoding): Decode {
  const members = Object.entries(shape.members ?? {})
    // Members in paths, queries and headers are not read from a body.
    .filter(([, { location }]) => location === undefined)
    .map(([name, member]) => ({ name, wire: wireName(name, member), shapeName: member.shape }));
  return (value) => {
    const source = readers.object(value);
    const result: Record<string, unknown> = {};
    for (const { name, wire, shapeName } of members) {
      // A member called `constructor` or the like must not be found on the prototype.
      const given = Object.hasOwn(source, wire) ? source[wire] : undefined;
      if (given !== undefined && given !== null) result[name] = decoderOf(shapeName)(given);
    }
    return result;
  };
}

function makeListDecoder(shape: Shape, { decoderOf, readers }: Decoding): Decode {
  const memberShape = shape.member?.shape ?? "";
  return (value) => {
    const source = readers.list(value);
    const decode = decoderOf(memberShape);
    return source.map((entry) => (entry === null ? null : decode(entry)));
  };
}

function makeMapDecoder(shape: Shape, { decoderOf, readers }: Decoding): Decode {
  const valueShape = shape.value?.shape ?? "";
  return (value) => {
    const source = readers.object(value);
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

type ScalarType = Exclude<ShapeType, "structure" | "list" | "map">;

/** Reads values of JSON as what shapes want; throws the service's words for a value of another type. */
interface ValueReaders {
  readonly object: (value: unknown) => Readonly<Record<string, unknown>>;
  readonly list: (value: unknown) => readonly unknown[];
  readonly scalars: Readonly<Record<ScalarType, Decode>>;
}

function makeValueReaders(words: WrongTypeWords): ValueReaders {
  const wrongType = (value: unknown, wanted: ShapeType) => new UnreadableInput(words(value, wanted));
  const integer = (bound: number, type: ShapeType) => (value: unknown) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value >= bound || value < -bound) {
      throw wrongType(value, type);
    }
    return value;
  };
  return {
    object(value) {
      if (!isObject(value) || value instanceof Uint8Array) throw wrongType(value, "structure");
      return value as Record<string, unknown>;
    },
    list(value) {
      if (!Array.isArray(value)) throw wrongType(value, "list");
      return value as readonly unknown[];
    },
    scalars: {
      string(value) {
        if (typeof value !== "string") throw wrongType(value, "string");
        return value;
      },
      boolean(value) {
        if (typeof value !== "boolean") throw wrongType(value, "boolean");
        return value;
      },
      integer: integer(2 ** 31, "integer"),
      long: integer(Number.MAX_SAFE_INTEGER, "long"),
      double(value) {
        if (typeof value !== "number" || !Number.isFinite(value)) throw wrongType(value, "double");
        return value;
      },
      timestamp(value) {
        if (typeof value === "number" && Number.isFinite(value)) return value;
        if (typeof value === "string") return decodeTimestampText(value);
        throw wrongType(value, "timestamp");
      },
      blob(value) {
        // CBOR has bytes.
        if (value instanceof Uint8Array) return Buffer.from(value);
        if (typeof value !== "string") throw wrongType(value, "blob");
        return decodeBase64(value);
      },
    },
  };
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
export function decodeText(shape: Shape, text: string, words: WrongTypeWords = tokenWords): unknown {
  const wrongType = () => new UnreadableInput(words(text, shape.type));
  switch (shape.type) {
    case "string":
      return text;
    case "boolean": {
      const lower = text.toLowerCase();
      if (lower !== "true" && lower !== "false") throw wrongType();
      return lower === "true";
    }
    case "integer":
    case "long":
    case "double":
      // Only plain decimals of bounded length are accepted: `Number` alone would accept "0x10", " 1 " and "".
      if (!/^[+-]?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,3})?$/.test(text)) throw wrongType();
      return makeValueReaders(words).scalars[shape.type](Number(text));
    case "timestamp":
      return /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : decodeTimestampText(text);
    case "blob":
      return decodeBase64(text);
    default:
      throw wrongType();
  }
}
