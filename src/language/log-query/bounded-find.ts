import { bounds } from "../../base/bounds.ts";
import type { JavaPattern, PatternMatch } from "../java/java-pattern.ts";

const statesMax = bounds.logQueryPatternStatesMax.value;

/** Finds a pattern in a text. A search that takes too long finds nothing. */
export function findBounded(pattern: JavaPattern, text: string): PatternMatch | undefined {
  let left = statesMax;
  try {
    return pattern.find(text, 0, (states) => {
      left -= states;
      if (left < 0) throw tooLong;
    });
  } catch (error) {
    if (error === tooLong) return undefined;
    throw error;
  }
}

const tooLong = new Error("the search takes too long");
