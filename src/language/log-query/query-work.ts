import { bounds } from "../../base/bounds.ts";
import type { JavaPattern, PatternMatch } from "../java/java-pattern.ts";

/**
 * The work that is left for the record that is looked at. Whatever a query asks, a record takes some 25 ms at most: a
 * search that takes more finds nothing, and a text that takes more is not made.
 */
let left = 0;

/** Begins the work of another record. */
export function beginRecord(): void {
  left = bounds.logQueryRecordStepsMax.value;
}

/** Every so many characters that are read or written cost as much as one step of a pattern. */
const charsPerStep = 32;

/** Counts the making or reading of a text. Returns false if that is too much. */
export function allowText(chars: number): boolean {
  left -= chars / charsPerStep;
  return left >= 0;
}

/** Counts the steps of patterns. */
export const patternMeter = {
  step(count: number): void {
    left -= count;
    if (left < 0) throw tooLong;
  },
};

/** Does a search of patterns; undefined if it takes too long. */
export function withinWork<Result>(search: () => Result): Result | undefined {
  try {
    return search();
  } catch (error) {
    if (error === tooLong) return undefined;
    throw error;
  }
}

const tooLong = new Error("the search takes too long");

export const findWithinWork = (pattern: JavaPattern, text: string): PatternMatch | undefined =>
  withinWork(() => pattern.find(text, 0, patternMeter.step));
