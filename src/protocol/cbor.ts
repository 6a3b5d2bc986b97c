import { isUtf8 } from "node:buffer";
import { assert } from "../base/assert.ts";
import { bounds } from "../base/bounds.ts";
import { setOwn } from "./decode.ts";
import { UnreadableInput } from "./json-body.ts";
import { type Model, shapeOf, wireName } from "./model.ts";

// RFC 8949, and of it what Smithy's "RPC v2 CBOR protocol", Shape serialization, uses.

const depthMax = bounds.inputDepthMax.value;
const valuesMax = bounds.cborValuesMax.value;

/** The major types: the high three bits of an item's first byte. */
const unsigned = 0;
const negative = 1;
const byteString = 2;
const textString = 3;
const array = 4;
const map = 5;
const tag = 6;
const simple = 7;

const indefinite = 31;
const breakByte = 0xff;
/** RFC 8949 §3.4.2: seconds since 1970. */
const epochTag = 1;

/**
 * Reads a CBOR body into the values that JSON has, and byte strings as Buffers. It refuses what is malformed, nested
 * deeply or of very many values, what comes behind the body, keys that are no text or come twice, and tags other than
 * that of a time. Throws `UnreadableInput`.
 */
export function decodeCbor(body: Buffer): unknown {
  const reader = new Reader(body);
  const value = reader.value(0);
  if (!reader.isAtEnd) throw new UnreadableInput("The request body goes on behind its CBOR item");
  return value;
}

class Reader {
  readonly #body: Buffer;
  #at = 0;
  #values = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#body.length;
  }

  value(depth: number): unknown {
    if (depth > depthMax) throw new UnreadableInput(`The request body nests deeper than ${depthMax} levels`);
    if (++this.#values > valuesMax) throw new UnreadableInput(`The request body has more than ${valuesMax} values`);
    const first = this.#byte();
    const [major, info] = [first >> 5, first & 31];
    switch (major) {
      case unsigned:
        return this.#argument(info);
      case negative:
        return -1 - this.#argument(info);
      case byteString:
        return this.#string(byteString, info);
      case textString:
        return this.#text(info);
      case array:
        return this.#array(info, depth);
      case map:
        return this.#map(info, depth);
      case tag:
        return this.#time(this.#argument(info), depth);
      default:
        return this.#simple(info);
    }
  }

  #array(info: number, depth: number): unknown[] {
    const items: unknown[] = [];
    for (const end = this.#end(info); !end(items.length); ) items.push(this.value(depth + 1));
    return items;
  }

  #map(info: number, depth: number): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    let count = 0;
    for (const end = this.#end(info); !end(count); count++) {
      const first = this.#byte();
      if (first >> 5 !== textString) throw new UnreadableInput("A key of a CBOR map is no text");
      const key = this.#text(first & 31);
      if (Object.hasOwn(members, key)) throw new UnreadableInput("A CBOR map has a key twice");
      setOwn(members, key, this.value(depth + 1));
    }
    return members;
  }

  /** Returns what says whether an array or map of so many items is over. */
  #end(info: number): (count: number) => boolean {
    if (info !== indefinite) {
      const length = this.#argument(info);
      return (count) => count === length;
    }
    return () => {
      if (this.#body[this.#at] !== breakByte) return false;
      this.#at++;
      return true;
    };
  }

  #text(info: number): string {
    const bytes = this.#string(textString, info);
    if (!isUtf8(bytes)) throw new UnreadableInput("The request body is not valid UTF-8");
    return bytes.toString("utf8");
  }

  #string(major: number, info: number): Buffer {
    if (info !== indefinite) return this.#bytes(this.#argument(info));
    const chunks: Buffer[] = [];
    for (let first = this.#byte(); first !== breakByte; first = this.#byte()) {
      // RFC 8949 §3.2.3: chunks are strings of the same type and of definite length.
      if (first >> 5 !== major || (first & 31) === indefinite) throw malformed();
      if (++this.#values > valuesMax) throw new UnreadableInput(`The request body has more than ${valuesMax} values`);
      chunks.push(this.#bytes(this.#argument(first & 31)));
    }
    return Buffer.concat(chunks);
  }

  #time(number: number, depth: number): number {
    if (number !== epochTag) throw new UnreadableInput(`The request body has the CBOR tag ${number}`);
    const seconds = this.value(depth + 1);
    if (typeof seconds !== "number") throw new UnreadableInput("A time in the request body is no number");
    return seconds;
  }

  #simple(info: number): unknown {
    switch (info) {
      case 20:
      case 21:
        return info === 21;
      // `undefined` is taken for null, which counts as absent.
      case 22:
      case 23:
        return null;
      case 25:
        return halfFloat(this.#bytes(2).readUInt16BE());
      case 26:
        return this.#bytes(4).readFloatBE();
      case 27:
        return this.#bytes(8).readDoubleBE();
      default:
        throw malformed();
    }
  }

  /** Reads the number in an item's head: a value, a length or a tag. */
  #argument(info: number): number {
    if (info < 24) return info;
    if (info === 24) return this.#byte();
    if (info === 25) return this.#bytes(2).readUInt16BE();
    if (info === 26) return this.#bytes(4).readUInt32BE();
    if (info !== 27) throw malformed();
    const large = this.#bytes(8).readBigUInt64BE();
    if (large > BigInt(Number.MAX_SAFE_INTEGER))
      throw new UnreadableInput("The request body has an integer of 64 bits");
    return Number(large);
  }

  #byte(): number {
    const byte = this.#body[this.#at++];
    if (byte === undefined) throw malformed();
    return byte;
  }

  #bytes(length: number): Buffer {
    if (length > this.#body.length - this.#at) throw malformed();
    this.#at += length;
    return this.#body.subarray(this.#at - length, this.#at);
  }
}

const malformed = (): UnreadableInput => new UnreadableInput("The request body is not valid CBOR");

/** RFC 8949, appendix D. */
function halfFloat(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1_023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1_024 + mantissa) * 2 ** (exponent - 25);
}

/** Writes a handler's value as CBOR. As in JSON, absent and null members are left out, and only the model's are written. */
export function encodeCbor(model: Model, shapeName: string, value: unknown): Buffer {
  const writer = new Writer();
  writeShape(writer, model, shapeName, value);
  return writer.bytes();
}

function writeShape(writer: Writer, model: Model, shapeName: string, value: unknown): void {
  const shape = shapeOf(model, shapeName);
  switch (shape.type) {
    case "structure": {
      const source = value as Readonly<Record<string, unknown>>;
      const members = Object.entries(shape.members ?? {}).filter(([name]) => isPresent(source[name]));
      writer.head(map, members.length);
      for (const [name, member] of members) {
        writer.text(wireName(name, member));
        writeShape(writer, model, member.shape, source[name]);
      }
      return;
    }
    case "list": {
      assert(Array.isArray(value), "an output list is an array");
      writer.head(array, value.length);
      for (const item of value) writeShape(writer, model, shape.member?.shape ?? "", item);
      return;
    }
    case "map": {
      const entries = Object.entries(value as Readonly<Record<string, unknown>>).filter(([, entry]) =>
        isPresent(entry),
      );
      writer.head(map, entries.length);
      for (const [key, entry] of entries) {
        writer.text(key);
        writeShape(writer, model, shape.value?.shape ?? "", entry);
      }
      return;
    }
    case "string":
      assert(typeof value === "string", "an output string is a string");
      writer.text(value);
      return;
    case "boolean":
      writer.byte((simple << 5) | (value === true ? 21 : 20));
      return;
    case "blob":
      assert(value instanceof Uint8Array, "an output blob is a Buffer");
      writer.head(byteString, value.length);
      writer.raw(value);
      return;
    default:
      assert(typeof value === "number", `an output ${shape.type} is a number`);
      if (shape.type === "timestamp") writer.head(tag, epochTag);
      if (shape.type === "integer" || shape.type === "long") writer.integer(value);
      else writer.double(value);
  }
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null;

/** Writes members with texts, such as an error's. */
export function encodeCborTexts(members: Readonly<Record<string, unknown>>): Buffer {
  const writer = new Writer();
  const texts = Object.entries(members).filter(([, value]) => typeof value === "string");
  writer.head(map, texts.length);
  for (const [name, value] of texts) {
    writer.text(name);
    writer.text(value as string);
  }
  return writer.bytes();
}

class Writer {
  #bytes = Buffer.allocUnsafe(1_024);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  head(major: number, argument: number): void {
    this.#reserve(9);
    const first = major << 5;
    if (argument < 24) {
      this.#bytes[this.#length++] = first | argument;
    } else if (argument < 0x1_0000) {
      this.#bytes[this.#length++] = first | 25;
      this.#length = this.#bytes.writeUInt16BE(argument, this.#length);
    } else if (argument < 0x1_0000_0000) {
      this.#bytes[this.#length++] = first | 26;
      this.#length = this.#bytes.writeUInt32BE(argument, this.#length);
    } else {
      this.#bytes[this.#length++] = first | 27;
      this.#length = this.#bytes.writeBigUInt64BE(BigInt(argument), this.#length);
    }
  }

  integer(value: number): void {
    assert(Number.isSafeInteger(value), "an output integer is a safe integer");
    if (value < 0) this.head(negative, -1 - value);
    else this.head(unsigned, value);
  }

  double(value: number): void {
    this.#reserve(9);
    this.#bytes[this.#length] = (simple << 5) | 27;
    this.#length = this.#bytes.writeDoubleBE(value, this.#length + 1);
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.head(textString, length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
