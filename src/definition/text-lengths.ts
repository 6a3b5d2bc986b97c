import { bounds } from "../base/bounds.ts";

/**
 * The least and greatest number of characters of texts, by member. The interface model of API Gateway's second version has
 * them in the names of its shapes only (`StringWithLengthBetween1And128`), so that the protocol layer can't check them.
 */
export type TextLengths = Readonly<Record<string, readonly [min: number, max: number]>>;

// Unconfirmed: how AWS words it; see docs/compatibility.md, "HTTP APIs, words of management".
/** Checks the texts of an item, or of an input. Returns undefined, or a message. */
export function checkLengths(item: object, lengths: TextLengths): string | undefined {
  for (const [member, value] of Object.entries(item)) {
    const bound = Object.hasOwn(lengths, member) ? lengths[member] : undefined;
    if (bound === undefined || typeof value !== "string") continue;
    const [min, max] = bound;
    if (value.length < min || value.length > max) return `Invalid ${member}: it must have ${min} to ${max} characters`;
  }
  return undefined;
}

/** The greatest number of characters of a caller's text that a message repeats. */
const shownMax = bounds.shownCharsMax.value;

/** Returns a caller's text as a message shows it. */
export const shortened = (text: string): string => (text.length > shownMax ? `${text.slice(0, shownMax)}…` : text);
