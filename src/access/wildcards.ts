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
  return compilePieces(joined);
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

/** The texts that were compared last, the later first: a call's resource, and one of its condition keys. */
let recent = { text: "", codes: new Uint16Array(256) };
let former = { text: "", codes: new Uint16Array(256) };

/** Returns a text's character codes. One text is compared with many patterns, and reading it is most of the cost. */
function codesOf(text: string): Uint16Array {
  if (text === recent.text) return recent.codes;
  [recent, former] = [former, recent];
  if (text === recent.text) return recent.codes;
  if (recent.codes.length < text.length) recent.codes = new Uint16Array(text.length * 2);
  const { codes } = recent;
  for (let index = 0; index < text.length; index++) codes[index] = text.charCodeAt(index);
  recent.text = text;
  return codes;
}

/**
 * Matches the pieces between stars: the first at the text's beginning, the last at its end, and the others one after
 * another. The first place where a piece is found is as good as any, so time is at most pattern × text.
 */
function compilePieces(parts: readonly PatternPart[]): TextTest {
  const pieces: PatternPart[][] = [[]];
  for (const part of parts) {
    if (part === anyText) pieces.push([]);
    else pieces.at(-1)!.push(part);
  }
  const beginning = typeof pieces[0]![0] === "string" && pieces[0]!.length === 1 ? pieces[0]![0] : undefined;
  const [first, ...others] = pieces.map(pieceCodes) as [Int32Array, ...Int32Array[]];
  const last = others.pop();
  const charsMin = first.length + (last?.length ?? 0) + others.reduce((sum, { length }) => sum + length, 0);
  return (text) => {
    const { length } = text;
    if (length < charsMin) return false;
    if (beginning !== undefined && !text.startsWith(beginning)) return false;
    const actual = codesOf(text);
    if (beginning === undefined && !isAt(first, actual, 0)) return false;
    if (last === undefined) return length === first.length;
    const end = length - last.length;
    if (!isAt(last, actual, end)) return false;
    let at = first.length;
    for (let index = 0; index < others.length; index++) {
      at = findPiece(others[index]!, actual, at, end);
      if (at < 0) return false;
    }
    return true;
  };
}

const questionCode = -1;

const pieceCodes = (piece: readonly PatternPart[]): Int32Array =>
  Int32Array.from(
    piece.flatMap((part) =>
      typeof part === "string"
        ? Array.from({ length: part.length }, (_, index) => part.charCodeAt(index))
        : [questionCode],
    ),
  );

function isAt(piece: Int32Array, text: Uint16Array, at: number): boolean {
  for (let index = 0; index < piece.length; index++) {
    const wanted = piece[index]!;
    if (wanted !== text[at + index] && wanted !== questionCode) return false;
  }
  return true;
}

/** Returns where the first place from `at` on ends at which the piece stands before `end`; -1 if there is none. */
function findPiece(piece: Int32Array, text: Uint16Array, at: number, end: number): number {
  const { length } = piece;
  const first = piece[0]!;
  let taken = 0;
  for (let start = at; start <= end - length; start++) {
    if (first !== text[start] && first !== questionCode) continue;
    let index = 1;
    while (index < length && (piece[index] === text[start + index] || piece[index] === questionCode)) index++;
    taken += index;
    if (index === length) {
      takeSteps(taken + start - at);
      return hasSteps() ? start + length : -1;
    }
    if (taken > steps) break;
  }
  takeSteps(taken + end - at);
  return -1;
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
