/**
 * Patterns of policies: `*` stands for any text, `?` for any character. AWS: IAM User Guide, "IAM JSON policy elements:
 * Resource".
 */
import { bounds } from "../base/bounds.ts";

/** A part of a pattern: literal text, or a wildcard. */
export type PatternPart = string | typeof anyText | typeof anyCharacter;
export const anyText = Symbol("*");
export const anyCharacter = Symbol("?");

export type TextTest = (text: string) => boolean;

/**
 * How many steps evaluations may still take before `hasSteps` is false. A pattern is matched in time pattern × text at
 * most, which is too long for hostile ones: after the last step nothing matches, and whoever asks must not believe it.
 */
let steps = 0;

export function allowSteps(): void {
  steps = bounds.policyStepsMax.value;
}

export const hasSteps = (): boolean => steps > 0;

export function takeSteps(count: number): void {
  steps -= count;
}

/** Returns a pattern's parts. */
export function patternParts(pattern: string): readonly PatternPart[] {
  return pattern
    .split(/([*?])/)
    .filter((part) => part !== "")
    .map((part) => (part === "*" ? anyText : part === "?" ? anyCharacter : part));
}

/** Returns a function that says whether a text matches. The common forms are as cheap as a comparison of texts. */
export function compilePattern(parts: readonly PatternPart[]): TextTest {
  const joined = joinLiterals(parts);
  if (joined.length === 0) return (text) => text === "";
  if (joined.length === 1 && joined[0] === anyText) return () => true;
  if (joined.length === 1 && typeof joined[0] === "string") {
    const [literal] = joined;
    return (text) => text === literal;
  }
  if (joined.length === 2 && typeof joined[0] === "string" && joined[1] === anyText) {
    const [beginning] = joined;
    // Texts of one kind differ near the end of what they are compared with: most are told apart by one character.
    const at = beginning.length - 1;
    const last = beginning.charCodeAt(at);
    return (text) => text.charCodeAt(at) === last && text.startsWith(beginning);
  }
  return joined.includes(anyCharacter) ? compileAny(joined) : compileSegments(joined);
}

/** Joins neighbouring texts, and stars: several mean what one means. */
function joinLiterals(parts: readonly PatternPart[]): readonly PatternPart[] {
  const joined: PatternPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === "string" && typeof last === "string") joined[joined.length - 1] = last + part;
    else if (part !== "" && !(part === anyText && last === anyText)) joined.push(part);
  }
  return joined;
}

/** Matches texts that stand between stars: the first place where each is found is as good as any. */
function compileSegments(parts: readonly PatternPart[]): TextTest {
  const segments = parts.filter((part) => typeof part === "string");
  const beginning = typeof parts[0] === "string" ? segments.shift()! : "";
  const end = typeof parts.at(-1) === "string" ? segments.pop()! : "";
  const charsMin = segments.reduce((sum, { length }) => sum + length, beginning.length + end.length);
  return (text) => {
    if (text.length < charsMin || !text.startsWith(beginning) || !text.endsWith(end)) return false;
    let at = beginning.length;
    for (const segment of segments) {
      const found = text.indexOf(segment, at);
      if (found < 0) {
        takeSteps(text.length - at);
        return false;
      }
      takeSteps(found + segment.length - at);
      at = found + segment.length;
    }
    return hasSteps() && at <= text.length - end.length;
  };
}

const starCode = -1;
const questionCode = -2;

/** Only the last star is tried again, so that time is at most pattern × text. */
function compileAny(parts: readonly PatternPart[]): TextTest {
  const codes = parts.flatMap((part) =>
    typeof part === "string"
      ? Array.from({ length: part.length }, (_, index) => part.charCodeAt(index))
      : [part === anyText ? starCode : questionCode],
  );
  const charsMin = codes.filter((code) => code !== starCode).length;
  return (text) => {
    if (text.length < charsMin) return false;
    let at = 0;
    let star = -1;
    let starAt = 0;
    let tries = 0;
    for (let index = 0; index < text.length; ) {
      const wanted = at < codes.length ? codes[at] : undefined;
      if (wanted === starCode) {
        star = at++;
        starAt = index;
      } else if (wanted === questionCode || wanted === text.charCodeAt(index)) {
        at++;
        index++;
      } else if (star < 0) {
        return false;
      } else {
        takeSteps(index - starAt + 1);
        if (tries++ % 64 === 63 && !hasSteps()) return false;
        at = star + 1;
        index = ++starAt;
      }
    }
    while (codes[at] === starCode) at++;
    return at === codes.length;
  };
}

/** Returns whether the pattern matches some text with this beginning. */
export function mayMatch(parts: readonly PatternPart[], beginning: string): boolean {
  let at = 0;
  for (const part of parts) {
    if (part === anyText || at >= beginning.length) return true;
    if (part === anyCharacter) at++;
    else {
      const length = Math.min(part.length, beginning.length - at);
      if (part.slice(0, length) !== beginning.slice(at, at + length)) return false;
      at += length;
    }
  }
  return at >= beginning.length;
}
