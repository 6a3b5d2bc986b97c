import { bounds } from "../../base/bounds.ts";

/** The result, or what has to be kept for it, takes too much memory. */
export class QueryTooLarge extends Error {}

/** What each value costs besides its characters. */
const charsPerValue = 64;
const charsMax = bounds.logQueryCharsMax.value;
const charsMaxOfAll = bounds.logQueryCharsMaxOfAll.value;

/** What all queries of the thread keep. */
let charsOfAll = 0;

/** Counts what a query keeps, in characters. Whoever makes one has to end it with `release`. */
export class QueryMemory {
  #chars = 0;

  /** Throws {@link QueryTooLarge} if that is too much for the query, or for all of them together. */
  add(chars: number): void {
    this.#chars += chars;
    charsOfAll += chars;
    if (this.#chars > charsMax || charsOfAll > charsMaxOfAll) throw new QueryTooLarge();
  }

  /** Adds values that are no texts. */
  addValues(count: number): void {
    this.add(count * charsPerValue);
  }

  /** Returns a copy of a text to keep: a part of a line would keep the memory of all lines that are stored with it. */
  keep(text: string): string {
    this.add(charsPerValue + text.length);
    return ownText(text);
  }

  /** Takes back what was added for a text. */
  forget(text: string): void {
    this.remove(charsPerValue + text.length);
  }

  remove(chars: number): void {
    this.#chars -= chars;
    charsOfAll -= chars;
  }

  /** Takes back everything. */
  release(): void {
    this.remove(this.#chars);
  }
}

/** Returns a text that is no view of another one. */
export const ownText = (text: string): string => Buffer.from(text).toString();
