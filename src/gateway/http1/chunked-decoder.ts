import { hexValues, tokenBytes, valueBytes } from "./characters.ts";

const states = {
  sizeFirst: 0,
  size: 1,
  extension: 2,
  extensionQuoted: 3,
  extensionEscaped: 4,
  sizeLf: 5,
  data: 6,
  dataCr: 7,
  dataLf: 8,
  trailerFirst: 9,
  trailerName: 10,
  trailerValue: 11,
  trailerLf: 12,
  endLf: 13,
  done: 14,
} as const;

const cr = 0x0d;
const lf = 0x0a;

/** Eight digits: 4 GB in one chunk is more than any limit lets through. */
const sizeDigitsMax = 8;
/** RFC 9112 §7.1.1 wants a bound on extensions: per body, as a flood of them carries no data. */
const extensionBytesMax = 4_096;
const trailerBytesMax = 8_192;
/** Below this a loop is cheaper than the call of `copyWithin`. */
const smallPieceBytes = 64;

/**
 * Decodes a chunked body (RFC 9112 §7.1), piece of input by piece. Extensions are skipped, trailers checked and dropped.
 * Data of several chunks in one input is moved together inside that input, so that a flood of tiny chunks does not
 * become a flood of tiny buffers.
 */
export class ChunkedDecoder {
  /** The data found by the last `decode`: [dataStart, dataEnd) of its input. */
  dataStart = 0;
  dataEnd = 0;
  /** Where the last `decode` stopped: the input's end, or behind the body. */
  end = 0;
  #state: number = states.sizeFirst;
  #chunkRemaining = 0;
  #sizeDigits = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;

  get isDone(): boolean {
    return this.#state === states.done;
  }

  /** Reads from `start` and writes into `bytes`. False: the framing is broken, and nothing more can be read. */
  decode(bytes: Buffer, start: number): boolean {
    const length = bytes.length;
    let state = this.#state;
    let at = start;
    let out = start;
    this.dataStart = start;
    while (at < length && state !== states.done) {
      if (state === states.data) {
        const n = Math.min(this.#chunkRemaining, length - at);
        if (out === start) {
          // The first piece stays where it is.
          this.dataStart = at;
          out = at;
        } else if (n < smallPieceBytes) for (let i = 0; i < n; i++) bytes[out + i] = bytes[at + i] as number;
        else bytes.copyWithin(out, at, at + n);
        out += n;
        at += n;
        this.#chunkRemaining -= n;
        if (this.#chunkRemaining === 0) state = states.dataCr;
        continue;
      }
      state = this.#step(state, bytes[at++] as number);
      if (state === -1) return false;
    }
    this.#state = state;
    this.dataEnd = out;
    if (out === start) this.dataStart = start;
    this.end = at;
    return true;
  }

  /** The state after a byte of framing; -1 if it may not stand there. */
  #step(state: number, byte: number): number {
    switch (state) {
      case states.sizeFirst:
      case states.size: {
        const digit = hexValues[byte] as number;
        if (digit !== 255) {
          if (++this.#sizeDigits > sizeDigitsMax) return -1;
          this.#chunkRemaining = this.#chunkRemaining * 16 + digit;
          return states.size;
        }
        if (state === states.sizeFirst) return -1;
        if (byte === cr) return states.sizeLf;
        return byte === 0x3b ? states.extension : -1;
      }
      case states.extension:
        if (byte === cr) return states.sizeLf;
        if (++this.#extensionBytes > extensionBytesMax) return -1;
        if (byte === 0x22) return states.extensionQuoted;
        return tokenBytes[byte] === 1 || byte === 0x3b || byte === 0x3d ? states.extension : -1;
      case states.extensionQuoted:
        if (++this.#extensionBytes > extensionBytesMax) return -1;
        if (byte === 0x22) return states.extension;
        if (byte === 0x5c) return states.extensionEscaped;
        return valueBytes[byte] === 1 ? states.extensionQuoted : -1;
      case states.extensionEscaped:
        if (++this.#extensionBytes > extensionBytesMax) return -1;
        return valueBytes[byte] === 1 ? states.extensionQuoted : -1;
      case states.sizeLf:
        this.#sizeDigits = 0;
        if (byte !== lf) return -1;
        return this.#chunkRemaining === 0 ? states.trailerFirst : states.data;
      case states.dataCr:
        return byte === cr ? states.dataLf : -1;
      case states.dataLf:
        return byte === lf ? states.sizeFirst : -1;
      case states.trailerFirst:
        if (byte === cr) return states.endLf;
        return this.#trailerByte(tokenBytes[byte] === 1, states.trailerName);
      case states.trailerName:
        if (byte === 0x3a) return states.trailerValue;
        return this.#trailerByte(tokenBytes[byte] === 1, states.trailerName);
      case states.trailerValue:
        if (byte === cr) return states.trailerLf;
        return this.#trailerByte(valueBytes[byte] === 1, states.trailerValue);
      case states.trailerLf:
        return byte === lf ? states.trailerFirst : -1;
      case states.endLf:
        return byte === lf ? states.done : -1;
      default:
        return -1;
    }
  }

  #trailerByte(isAllowed: boolean, next: number): number {
    return isAllowed && ++this.#trailerBytes <= trailerBytesMax ? next : -1;
  }
}
