import { bounds } from "../../base/bounds.ts";
import { findLastText, findText } from "../find-text.ts";
import { javaFormat } from "../java/java-format.ts";
import { type JavaPattern, parseJavaPattern } from "../java/java-pattern.ts";
import { textOf } from "../java/text-of.ts";
import { isEqual, TemplateList, type TemplateValue } from "../java/values.ts";
import { type Meter, TemplateFailure } from "../meter.ts";
import { taking } from "./collection-methods.ts";

type Method = (self: string, args: readonly TemplateValue[], meter: Meter) => TemplateValue | undefined;

/** Makes a method whose work on a long text counts as more than one step. 2^`shift` characters count as one step. */
function counted(shift: number, method: Method): Method {
  return (self, args, meter) => {
    meter.step(self.length >> shift);
    return method(self, args, meter);
  };
}

/** The shifts for work on single characters, and for work that the processor does on many at a time. */
const slow = 4;
const fast = 8;

/** Makes a method with one argument, which must be a string. */
const withText = (shift: number, method: (self: string, text: string, meter: Meter) => TemplateValue): Method =>
  counted(
    shift,
    taking(1, (self, [text], meter) => (typeof text === "string" ? method(self, text, meter) : undefined)),
  );

/** No argument. */
const plain = (method: (self: string) => TemplateValue): Method =>
  counted(
    slow,
    taking(0, (self, _, meter) => {
      const made = method(self);
      if (typeof made === "string") meter.made(made.length);
      return made;
    }),
  );

/** Returns the text to look for: a string, or a character given as its code, as Java's `indexOf` accepts. */
function sought(value: TemplateValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" && value >= 0 && value <= 0x10ffff ? String.fromCodePoint(value) : undefined;
}

function indexOf(self: string, [value, from = 0]: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
  const text = sought(value);
  if (text === undefined || typeof from !== "number") return undefined;
  return findText(self, text, from, meter);
}

function lastIndexOf(self: string, args: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
  const [value, from = self.length] = args;
  const text = sought(value);
  if (text === undefined || typeof from !== "number") return undefined;
  return findLastText(self, text, from, meter);
}

function substring(self: string, args: readonly TemplateValue[]): TemplateValue | undefined {
  const [begin, end = self.length] = args;
  if (typeof begin !== "number" || typeof end !== "number" || args.length > 2) return undefined;
  if (begin < 0 || end > self.length || begin > end) {
    throw new TemplateFailure(`begin ${begin}, end ${end}, length ${self.length} (StringIndexOutOfBoundsException)`);
  }
  return self.slice(begin, end);
}

function unitAt(self: string, index: TemplateValue | undefined): number | undefined {
  if (typeof index !== "number") return undefined;
  if (index < 0 || index >= self.length) {
    throw new TemplateFailure(`index ${index}, length ${self.length} (StringIndexOutOfBoundsException)`);
  }
  return index;
}

/** Java: String.hashCode. */
function hashCode(self: string): number {
  let hash = 0;
  for (let index = 0; index < self.length; index++) hash = (Math.imul(hash, 31) + self.charCodeAt(index)) | 0;
  return hash;
}

/** Java: String.compareTo, by UTF-16 units. */
function compareTo(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = left.charCodeAt(index) - right.charCodeAt(index);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function isEqualIgnoringCase(left: string, right: string, meter: Meter): boolean {
  if (left.length !== right.length) return false;
  meter.step(left.length >> slow);
  return left.toLowerCase() === right.toLowerCase();
}

/** Java's String.trim removes characters up to the blank, and none above it. */
function trim(self: string): string {
  let start = 0;
  let end = self.length;
  while (start < end && self.charCodeAt(start) <= 32) start++;
  while (end > start && self.charCodeAt(end - 1) <= 32) end--;
  return self.slice(start, end);
}

function replaceLiteral(self: string, from: string, to: string, meter: Meter): string {
  if (from === "") {
    meter.step(self.length);
    meter.made((self.length + 1) * to.length + self.length);
    return to + Array.from(self.split(""), (character) => character + to).join("");
  }
  let text = "";
  let done = 0;
  for (let at = findText(self, from, 0, meter); at >= 0; at = findText(self, from, done, meter)) {
    meter.step(1);
    text += self.slice(done, at) + to;
    done = at + from.length;
    if (text.length > bounds.templateTextCharsMax.value) break;
  }
  if (done === 0) return self;
  text += self.slice(done);
  meter.made(text.length);
  return text;
}

// Patterns

const patterns = new Map<string, JavaPattern>();

function patternOf(source: string): JavaPattern {
  const known = patterns.get(source);
  if (known !== undefined) return known;
  const parsed = parseJavaPattern(source, { hasGroups: true });
  if (parsed.kind === "unsupported") {
    throw new TemplateFailure(`The pattern ${JSON.stringify(source.slice(0, 100))} has ${parsed.detail}`);
  }
  if (patterns.size >= bounds.templatePatternsCachedMax.value) patterns.delete(patterns.keys().next().value!);
  patterns.set(source, parsed.pattern);
  return parsed.pattern;
}

/** Returns the text that a pattern without operators matches; most patterns in templates have none. */
function literalOf(source: string, meter: Meter): string | undefined {
  meter.step(source.length >> 2);
  if (source === "" || !/^(?:[^\\^$.|?*+()[\]{}]|\\[^a-zA-Z0-9])+$/.test(source)) return undefined;
  return source.replaceAll(/\\(.)/gs, "$1");
}

interface TextMatch {
  readonly start: number;
  readonly end: number;
  group(index: number): string | undefined;
  readonly groups: number;
}

function* matchesOf(self: string, source: string, meter: Meter): Generator<TextMatch> {
  const literal = literalOf(source, meter);
  if (literal !== undefined) {
    for (
      let at = findText(self, literal, 0, meter);
      at >= 0;
      at = findText(self, literal, at + literal.length, meter)
    ) {
      meter.step(1);
      yield { start: at, end: at + literal.length, groups: 1, group: () => literal };
    }
    return;
  }
  const pattern = patternOf(source);
  const visit = makeVisit(meter);
  for (let from = 0; from <= self.length; ) {
    const match = pattern.find(self, from, visit);
    if (match === undefined) return;
    const [start, end] = match[0]!;
    yield {
      start,
      end,
      groups: match.length,
      group: (index) => (match[index]![0] < 0 ? undefined : self.slice(match[index]![0], match[index]![1])),
    };
    from = end > start ? end : end + 1;
  }
}

function makeVisit(meter: Meter): (states: number) => void {
  let visits = 0;
  return (states) => {
    visits += states;
    if (visits < 1_024) return;
    meter.step(visits * bounds.templateStepsPerPatternVisit.value);
    visits = 0;
  };
}

/** Java: Matcher.appendReplacement: `$1`, and `\` before any character. */
function replacementOf(replacement: string, found: TextMatch, meter: Meter): string {
  meter.step(replacement.length >> 6);
  if (!/[$\\]/.test(replacement)) return replacement;
  meter.step(replacement.length);
  let text = "";
  for (let at = 0; at < replacement.length; at++) {
    const character = replacement[at]!;
    if (character === "\\") {
      at++;
      if (at >= replacement.length) throw new TemplateFailure("character to be escaped is missing");
      text += replacement[at]!;
    } else if (character === "$") {
      let group = Number(/^\d/.exec(replacement.slice(at + 1, at + 2))?.[0] ?? Number.NaN);
      if (Number.isNaN(group)) throw new TemplateFailure("Illegal group reference");
      if (group >= found.groups) throw new TemplateFailure(`No group ${group}`);
      at++;
      for (;;) {
        const digit = /^\d/.exec(replacement.slice(at + 1, at + 2))?.[0];
        if (digit === undefined || group * 10 + Number(digit) >= found.groups) break;
        group = group * 10 + Number(digit);
        at++;
      }
      text += found.group(group) ?? "";
    } else text += character;
  }
  return text;
}

function replacePattern(self: string, source: string, replacement: string, meter: Meter, isFirst: boolean): string {
  let text = "";
  let at = 0;
  for (const found of matchesOf(self, source, meter)) {
    text += self.slice(at, found.start) + replacementOf(replacement, found, meter);
    at = found.end;
    if (text.length > bounds.templateTextCharsMax.value) meter.made(text.length);
    if (isFirst) break;
  }
  text += self.slice(at);
  meter.made(text.length);
  return text;
}

function replaceWith(isFirst: boolean): Method {
  return counted(
    fast,
    taking(2, (self, [source, replacement], meter) =>
      typeof source === "string" && typeof replacement === "string"
        ? replacePattern(self, source, replacement, meter, isFirst)
        : undefined,
    ),
  );
}

/** Java 8 and later: no empty first part for an empty match, no empty parts at the end unless a limit is given. */
function split(self: string, args: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
  const [source, limit = 0] = args;
  if (typeof source !== "string" || typeof limit !== "number" || args.length > 2) return undefined;
  const parts: string[] = [];
  let at = 0;
  for (const found of matchesOf(self, source, meter)) {
    if (limit > 0 && parts.length === limit - 1) break;
    if (found.end === 0) continue;
    parts.push(self.slice(at, found.start));
    meter.grown(parts.length, 1);
    at = found.end;
  }
  if (at === 0 && parts.length === 0) return new TemplateList([self], "array");
  parts.push(self.slice(at));
  if (limit === 0) while (parts.length > 0 && parts.at(-1) === "") parts.pop();
  meter.made(self.length);
  return new TemplateList(parts, "array");
}

function matches(self: string, source: string, meter: Meter): boolean {
  const literal = literalOf(source, meter);
  if (literal !== undefined) return self === literal;
  return patternOf(source).matches(self, makeVisit(meter));
}

function format(_: string, args: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
  const [pattern, ...values] = args;
  if (typeof pattern !== "string") return undefined;
  // One list or array is the arguments themselves.
  const [only] = values;
  const isArray = values.length === 1 && only instanceof TemplateList && only.kind === "array";
  return javaFormat(pattern, isArray ? only.items : values, meter);
}

function joined(args: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
  const [separator, first, ...more] = args;
  if (typeof separator !== "string" || first === undefined) return undefined;
  const items = more.length === 0 && first instanceof TemplateList ? first.items : [first, ...more];
  meter.step(items.length);
  const texts = items.map((item) => textOf(item, meter) ?? "null");
  meter.made(texts.reduce((length, text) => length + text.length + separator.length, 0));
  return texts.join(separator);
}

/** Java: java.lang.String, the static methods too, since Velocity finds them on instances. */
export const stringMethods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["length", taking(0, (self) => self.length)],
  ["isEmpty", taking(0, (self) => self === "")],
  ["toString", taking(0, (self) => self)],
  ["intern", taking(0, (self) => self)],
  ["trim", plain(trim)],
  ["toLowerCase", plain((self) => self.toLowerCase())],
  ["toUpperCase", plain((self) => self.toUpperCase())],
  ["hashCode", plain(hashCode)],
  ["toCharArray", taking(0, (self, _, meter) => charactersOf(self, meter))],
  ["equals", taking(1, (self, [other], meter) => isEqual(self, other!, meter))],
  ["contentEquals", withText(fast, (self, other) => self === other)],
  [
    "equalsIgnoreCase",
    taking(1, (self, [other], meter) => typeof other === "string" && isEqualIgnoringCase(self, other, meter)),
  ],
  [
    "compareTo",
    taking(1, (self, [other], meter) => {
      if (typeof other !== "string") throw new TemplateFailure("compareTo of a text and another kind of value");
      meter.step(Math.min(self.length, other.length) >> slow);
      return compareTo(self, other);
    }),
  ],
  [
    "compareToIgnoreCase",
    withText(slow, (self, other, meter) => {
      meter.step(other.length >> slow);
      return compareTo(self.toLowerCase(), other.toLowerCase());
    }),
  ],
  ["contains", withText(fast, (self, text, meter) => findText(self, text, 0, meter) >= 0)],
  ["endsWith", withText(fast, (self, text) => self.endsWith(text))],
  [
    "startsWith",
    counted(fast, (self, [text, from = 0]) =>
      typeof text === "string" && typeof from === "number" ? from >= 0 && self.startsWith(text, from) : undefined,
    ),
  ],
  ["indexOf", indexOf],
  ["lastIndexOf", lastIndexOf],
  ["substring", substring],
  ["subSequence", (self, args) => (args.length === 2 ? substring(self, args) : undefined)],
  ["charAt", taking(1, (self, [index]) => (unitAt(self, index) === undefined ? undefined : self[index as number]!))],
  [
    "codePointAt",
    taking(1, (self, [index]) => (unitAt(self, index) === undefined ? undefined : self.codePointAt(index as number)!)),
  ],
  [
    "concat",
    withText(fast, (self, text, meter) => {
      meter.made(self.length + text.length);
      return self + text;
    }),
  ],
  [
    "replace",
    counted(
      fast,
      taking(2, (self, [from, to], meter) =>
        typeof from === "string" && typeof to === "string" ? replaceLiteral(self, from, to, meter) : undefined,
      ),
    ),
  ],
  ["replaceAll", replaceWith(false)],
  ["replaceFirst", replaceWith(true)],
  ["matches", withText(fast, matches)],
  ["split", counted(fast, split)],
  ["format", format],
  ["join", (_, args, meter) => joined(args, meter)],
  ["valueOf", taking(1, (_, [value], meter) => textOf(value!, meter) ?? "null")],
]);

function charactersOf(self: string, meter: Meter): TemplateList {
  meter.grown(self.length, self.length);
  return new TemplateList(self.split(""), "array");
}
