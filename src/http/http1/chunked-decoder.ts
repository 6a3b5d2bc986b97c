import { bounds } from "../../base/bounds.ts";
import { hexValues, tokenBytes, valueBytes } from "./characters.ts";

const states = {
  sizeFirst: 0,
  size: 1,
  extensionName: 2,
  extensionNameRest: 3,
  extensionValue: 4,
  extensionValueRest: 5,
  extensionQuoted: 6,
  extensionEscaped: 7,
  extensionEnd: 8,
  sizeLf: 9,
  data: 10,
  dataCr: 11,
  dataLf: 12,
  trailerFirst: 13,
  trailerName: 14,
  trailerValue: 15,
  trailerLf: 16,
  endLf: 17,
  done: 18,
} as const;

const cr = 0x0d;
const lf = 0x0a;
const semicolon = 0x3b;
const equals = 0x3d;
const quote = 0x22;
const backslash = 0x5c;

/** Eight digits mean 4 GB in one chunk, which is more than any limit allows. */
const sizeDigitsMax = bounds.chunkSizeDigitsMax.value;
/**
 * RFC 9112 §7.1.1 requires a bound on extensions. It counts for the whole body, because a flood of them carries no
 * data.
 */
const extensionBytesMax = bounds.chunkExtensionBytesMax.value;
const trailerBytesMax = bounds.trailerBytesMax.value;
/** RFC 9110 §6.5.1: a trailer may not have framing fields. Such a trailer is meant to confuse a parser. */
const framingNames = new Set(["content-length", "transfer-encoding"]);
/** Below this a loop is cheaper than the call of `copyWithin`. */
const smallPieceBytes = 64;

/**
 * Decodes a chunked body (RFC 9112 §7.1) in pieces. It skips extensions, and checks and drops trailers. Data of several
 * chunks in one input is moved together within that input, so that a flood of tiny chunks does not become a flood of
 * tiny buffers.
 */
export class ChunkedDecoder {
  /** The data that the last `decode` found: [dataStart, dataEnd) of its input. */
  dataStart = 0;
  dataEnd = 0;
  /** Where the last `decode` stopped: the input's end, or behind the body. */
  end = 0;
  #state: number = states.sizeFirst;
  #chunkRemaining = 0;
  #sizeDigits = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;
  #trailerName = "";

  get isDone(): boolean {
    return this.#state === states.done;
  }

  /**
   * Decodes `bytes` from `start` on, in place. Returns false if the framing is broken, so that nothing more can be
   * read.
   */
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

  /** Returns the state after a byte of framing; -1 if the byte is not allowed there. */
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
        return byte === semicolon ? states.extensionName : -1;
      }
      case states.extensionName:
        return this.#extensionByte(tokenBytes[byte] === 1, states.extensionNameRest);
      case states.extensionNameRest:
        if (byte === cr) return states.sizeLf;
        if (byte === semicolon) return states.extensionName;
        if (byte === equals) return states.extensionValue;
        return this.#extensionByte(tokenBytes[byte] === 1, states.extensionNameRest);
      case states.extensionValue:
        if (byte === quote) return states.extensionQuoted;
        return this.#extensionByte(tokenBytes[byte] === 1, states.extensionValueRest);
      case states.extensionValueRest:
        if (byte === cr) return states.sizeLf;
        if (byte === semicolon) return states.extensionName;
        return this.#extensionByte(tokenBytes[byte] === 1, states.extensionValueRest);
      case states.extensionQuoted:
        if (byte === quote) return states.extensionEnd;
        if (byte === backslash) return states.extensionEscaped;
        return this.#extensionByte(valueBytes[byte] === 1, states.extensionQuoted);
      case states.extensionEscaped:
        return this.#extensionByte(valueBytes[byte] === 1, states.extensionQuoted);
      case states.extensionEnd:
        if (byte === cr) return states.sizeLf;
        return byte === semicolon ? states.extensionName : -1;
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
        this.#trailerName = String.fromCharCode(byte);
        return this.#trailerByte(tokenBytes[byte] === 1, states.trailerName);
      case states.trailerName:
        if (byte === 0x3a) return framingNames.has(this.#trailerName.toLowerCase()) ? -1 : states.trailerValue;
        this.#trailerName += String.fromCharCode(byte);
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

  #extensionByte(isAllowed: boolean, next: number): number {
    return isAllowed && ++this.#extensionBytes <= extensionBytesMax ? next : -1;
  }

  #trailerByte(isAllowed: boolean, next: number): number {
    return isAllowed && ++this.#trailerBytes <= trailerBytesMax ? next : -1;
  }
}
