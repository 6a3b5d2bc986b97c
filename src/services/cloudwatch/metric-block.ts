import type { MetricSummary } from "./metric-summary.ts";

/**
 * The points of one metric within an hour, as they are stored:
 *
 *   for each point, by time: minute in the hour (1 byte), sample count, sum, minimum, maximum, n, then n × (value, count)
 *
 * A number is 1 byte if it is small and whole, up to 8 if it is a whole number of thousandths, and 9 otherwise.
 */
export type MetricBlock = ReadonlyMap<number, MetricSummary>;

/** The low two bits of a number's first byte: what the rest of the varint counts. */
const whole = 0;
const thousandths = 1;
const double = 2;
/** Beyond this, the varint of a number would not be exact. */
const exactVarintEnd = 2 ** 50;

export function encodeBlock(block: MetricBlock): Uint8Array {
  const writer = new Writer();
  for (const [minute, summary] of [...block].sort(([a], [b]) => a - b)) {
    const { sampleCount, sum, minimum, maximum, values, counts } = summary;
    writer.varint(minute);
    for (const number of [sampleCount, sum, minimum, maximum]) writer.number(number);
    writer.varint(values.length);
    for (let index = 0; index < values.length; index++) {
      writer.number(values[index] as number);
      writer.number(counts[index] as number);
    }
  }
  return writer.bytes();
}

/** Throws a `RangeError` for bytes that are not a block's. */
export function decodeBlock(bytes: Uint8Array): Map<number, MetricSummary> {
  const reader = new Reader(bytes);
  const block = new Map<number, MetricSummary>();
  while (!reader.isAtEnd) {
    const minute = reader.varint();
    const [sampleCount, sum, minimum, maximum] = [reader.number(), reader.number(), reader.number(), reader.number()];
    const length = reader.varint();
    // Each entry takes two bytes at least.
    if (length * 2 > bytes.length) throw new RangeError("a point has more values than its block has bytes");
    const values = new Float64Array(length);
    const counts = new Float64Array(length);
    for (let index = 0; index < length; index++) {
      values[index] = reader.number();
      counts[index] = reader.number();
    }
    block.set(minute, { sampleCount, sum, minimum, maximum, values, counts });
  }
  return block;
}

class Writer {
  #bytes = Buffer.allocUnsafe(512);
  #length = 0;

  number(value: number): void {
    const scaled = value * 1_000;
    if (value >= 0 && !Object.is(value, -0) && value < exactVarintEnd && Number.isInteger(value)) {
      this.varint(value * 4 + whole);
    } else if (value >= 0 && scaled < exactVarintEnd && Math.round(scaled) / 1_000 === value && !Object.is(value, -0)) {
      this.varint(Math.round(scaled) * 4 + thousandths);
    } else {
      this.#reserve(9);
      this.#bytes[this.#length] = double;
      this.#bytes.writeDoubleLE(value, this.#length + 1);
      this.#length += 9;
    }
  }

  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

class Reader {
  readonly #bytes: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.byteLength;
  }

  number(): number {
    const coded = this.varint();
    const rest = Math.floor(coded / 4);
    if (coded % 4 === whole) return rest;
    if (coded % 4 === thousandths) return rest / 1_000;
    if (coded !== double) throw new RangeError("a number of a kind that there is not");
    this.#at += 8;
    return this.#bytes.getFloat64(this.#at - 8, true);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 56; scale *= 128) {
      const byte = this.#bytes.getUint8(this.#at++);
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
    throw new RangeError("a number of too many bytes");
  }
}
