import { bounds } from "../../base/bounds.ts";
import { classEscapes, not, type CharacterTest as Test } from "../character-class.ts";

/**
 * Java's regular expressions (`java.util.regex.Pattern`), as far as they are regular, matched in time linear in the
 * text: a pattern comes from an API's definition and the text from a backend, and neither may hang a gateway thread.
 * {@link parseJavaPattern} refuses look-around, back references, possessive and atomic groups, word boundaries, and a
 * pattern that needs more than bounds.selectionPatternStatesMax states.
 */
export interface JavaPattern {
  /** Returns whether the pattern matches the whole text (`matches()`). */
  matches(text: string, visit?: (states: number) => void): boolean;
  /**
   * Returns the first match at or behind `from` (`find()`), as Java's engine would choose it: alternatives from left to
   * right, greedy and reluctant repetitions. `visit` is called with the number of visited states, and ends the search
   * by throwing.
   */
  find(text: string, from: number, visit: (states: number) => void): PatternMatch | undefined;
}

/** Where each group begins and ends. Group 0 is the whole match; -1 stands for a group that took no part. */
export type PatternMatch = readonly (readonly [start: number, end: number])[];

/** A pattern, or what in it is not supported, in words. */
export type ParsedPattern =
  | { readonly kind: "pattern"; readonly pattern: JavaPattern }
  | { readonly kind: "unsupported"; readonly detail: string };

/** Parses a pattern. With `hasGroups`, find() also returns where the groups matched, which takes more states. */
export function parseJavaPattern(source: string, { hasGroups = false } = {}): ParsedPattern {
  try {
    const parser = new PatternParser(source);
    const node = parser.parse();
    return { kind: "pattern", pattern: new Automaton(node, hasGroups ? parser.groups : 1) };
  } catch (error) {
    if (error instanceof UnsupportedSyntax) return { kind: "unsupported", detail: error.message };
    throw error;
  }
}

class UnsupportedSyntax extends Error {}

type Node =
  | { readonly kind: "test"; readonly test: Test }
  | { readonly kind: "sequence"; readonly of: readonly Node[] }
  | { readonly kind: "choice"; readonly of: readonly Node[] }
  | { readonly kind: "group"; readonly of: Node; readonly group: number }
  | {
      readonly kind: "repeat";
      readonly of: Node;
      readonly min: number;
      readonly max: number;
      readonly isReluctant: boolean;
    }
  | { readonly kind: Place };
/** `last-line` is the end, or before the line end at the end: `$` and `\\Z`. */
type Place = "start" | "end" | "last-line";

const isSpace: Test = (code) => code === 32 || (code >= 9 && code <= 13);
const isLineEnd: Test = (code) => code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029;
const classes = classEscapes(isSpace);
const characterEscapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, a: 7, e: 27 };

class PatternParser {
  readonly #source: string;
  #at = 0;
  #depth = 0;
  #isDotAll = false;
  #isCaseInsensitive = false;
  /** Capturing groups so far, the whole match included. */
  groups = 1;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Node {
    // This also bounds the recursion on quantifiers of quantifiers.
    if (this.#source.length > 4_096) throw new UnsupportedSyntax("more than 4096 characters");
    for (let flags = this.#flags(); flags; flags = this.#flags());
    const node = this.#choice();
    if (this.#at < this.#source.length) throw new UnsupportedSyntax("an unmatched )");
    return node;
  }

  /** `(?s)` and `(?i)` at the start, alone or together. */
  #flags(): boolean {
    const match = /^\(\?([a-zA-Z]+)\)/.exec(this.#source.slice(this.#at));
    if (match === null) return false;
    for (const flag of match[1]!) {
      if (flag === "s") this.#isDotAll = true;
      else if (flag === "i") this.#isCaseInsensitive = true;
      else throw new UnsupportedSyntax(`the flag (?${flag})`);
    }
    this.#at += match[0].length;
    return true;
  }

  #choice(): Node {
    if (++this.#depth > 100) throw new UnsupportedSyntax("groups nested more than 100 deep");
    const of: Node[] = [this.#sequence()];
    while (this.#source[this.#at] === "|") {
      this.#at++;
      of.push(this.#sequence());
    }
    this.#depth--;
    return of.length === 1 ? of[0]! : { kind: "choice", of };
  }

  #sequence(): Node {
    const of: Node[] = [];
    while (this.#at < this.#source.length && this.#source[this.#at] !== "|" && this.#source[this.#at] !== ")") {
      of.push(this.#quantified(this.#atom()));
    }
    return { kind: "sequence", of };
  }

  #atom(): Node {
    const character = this.#source[this.#at++]!;
    if (character === "(") return this.#group();
    if (character === "[") return { kind: "test", test: this.#class() };
    if (character === ".") return { kind: "test", test: this.#isDotAll ? () => true : not(isLineEnd) };
    if (character === "^") return { kind: "start" };
    if (character === "$") return { kind: "last-line" };
    if (character === "\\") return this.#escape();
    if ("*+?".includes(character)) throw new UnsupportedSyntax(`a dangling ${character}`);
    // To Java a `{` that begins no repetition is an error, while `}` and `]` stand for themselves.
    if (character === "{") throw new UnsupportedSyntax("a dangling {");
    return { kind: "test", test: this.#literal(character.charCodeAt(0)) };
  }

  #group(): Node {
    let isCapturing = true;
    if (this.#source[this.#at] === "?") {
      const opening = /^\?(?::|<[a-zA-Z][a-zA-Z0-9]*>)/.exec(this.#source.slice(this.#at));
      if (opening === null) throw new UnsupportedSyntax(`the group (${this.#source.slice(this.#at, this.#at + 3)}`);
      this.#at += opening[0].length;
      isCapturing = opening[0] !== "?:";
    }
    const group = isCapturing ? this.groups++ : 0;
    const node = this.#choice();
    if (this.#source[this.#at++] !== ")") throw new UnsupportedSyntax("an unclosed group");
    return isCapturing ? { kind: "group", of: node, group } : node;
  }

  #escape(): Node {
    const character = this.#source[this.#at++];
    if (character === undefined) throw new UnsupportedSyntax("a \\ at the end");
    if (character === "Q") return this.#quoted();
    if (character === "A") return { kind: "start" };
    if (character === "z") return { kind: "end" };
    if (character === "Z") return { kind: "last-line" };
    const test = classes[character];
    if (test !== undefined) return { kind: "test", test };
    return { kind: "test", test: this.#literal(this.#escapedCode(character)) };
  }

  /** `\Q…\E` */
  #quoted(): Node {
    const end = this.#source.indexOf("\\E", this.#at);
    const text = this.#source.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#source.length : end + 2;
    const of = [...text].flatMap((character) =>
      character.split("").map((unit): Node => ({ kind: "test", test: this.#literal(unit.charCodeAt(0)) })),
    );
    return { kind: "sequence", of };
  }

  #escapedCode(character: string): number {
    const control = characterEscapes[character];
    if (control !== undefined) return control;
    if (character === "x" || character === "u") {
      const digits = character === "x" ? 2 : 4;
      const text = this.#source.slice(this.#at, this.#at + digits);
      if (text.length < digits || /[^0-9a-fA-F]/.test(text)) throw new UnsupportedSyntax(`the escape \\${character}`);
      this.#at += digits;
      return Number.parseInt(text, 16);
    }
    // The remaining letters and digits are boundaries, back references and properties, which are not regular or not
    // needed.
    if (/[a-zA-Z0-9]/.test(character)) throw new UnsupportedSyntax(`the escape \\${character}`);
    return character.charCodeAt(0);
  }

  #literal(code: number): Test {
    if (this.#isCaseInsensitive) {
      const lower = String.fromCharCode(code).toLowerCase().charCodeAt(0);
      const upper = String.fromCharCode(code).toUpperCase().charCodeAt(0);
      return (candidate) => candidate === lower || candidate === upper;
    }
    return (candidate) => candidate === code;
  }

  #class(): Test {
    const isNegated = this.#source[this.#at] === "^";
    if (isNegated) this.#at++;
    const tests: Test[] = [];
    let isFirst = true;
    for (;;) {
      const character = this.#source[this.#at++];
      if (character === undefined) throw new UnsupportedSyntax("an unclosed [");
      if (character === "]" && !isFirst) break;
      if (character === "[" || (character === "&" && this.#source[this.#at] === "&")) {
        throw new UnsupportedSyntax("a class within a class");
      }
      isFirst = false;
      tests.push(this.#classMember(character));
    }
    const any: Test = (code) => tests.some((test) => test(code));
    return isNegated ? not(any) : any;
  }

  #classMember(character: string): Test {
    let from = character.charCodeAt(0);
    if (character === "\\") {
      const escaped = this.#source[this.#at++];
      if (escaped === undefined) throw new UnsupportedSyntax("an unclosed [");
      const test = classes[escaped];
      if (test !== undefined) return test;
      from = this.#escapedCode(escaped);
    }
    const next = this.#source[this.#at + 1];
    if (this.#source[this.#at] !== "-" || next === "]" || next === undefined) return this.#literal(from);
    this.#at++;
    const ending = this.#source[this.#at++]!;
    const to = ending === "\\" ? this.#escapedCode(this.#source[this.#at++] ?? "z") : ending.charCodeAt(0);
    if (to < from) throw new UnsupportedSyntax("a range from high to low");
    if (!this.#isCaseInsensitive) return (code) => code >= from && code <= to;
    return (code) => {
      const lower = String.fromCharCode(code).toLowerCase().charCodeAt(0);
      const upper = String.fromCharCode(code).toUpperCase().charCodeAt(0);
      return (lower >= from && lower <= to) || (upper >= from && upper <= to);
    };
  }

  #quantified(node: Node): Node {
    const match = /^(?:[*+?]|\{(\d{1,4})(,(\d{1,4})?)?\})/.exec(this.#source.slice(this.#at, this.#at + 12));
    if (match === null) return node;
    this.#at += match[0].length;
    const next = this.#source[this.#at];
    if (next === "+") throw new UnsupportedSyntax("a possessive quantifier");
    const isReluctant = next === "?";
    if (isReluctant) this.#at++;
    const sign = match[0][0];
    const min = sign === "{" ? Number(match[1]) : sign === "+" ? 1 : 0;
    const max =
      sign === "{"
        ? match[2] === undefined
          ? min
          : match[3] === undefined
            ? Number.POSITIVE_INFINITY
            : Number(match[3])
        : sign === "?"
          ? 1
          : Number.POSITIVE_INFINITY;
    if (max < min) throw new UnsupportedSyntax("a repetition from many to few");
    return this.#quantified({ kind: "repeat", of: node, min, max, isReluctant });
  }
}

interface Thread {
  readonly state: number;
  readonly captures: readonly number[];
}

function isAt(place: Place, text: string, index: number): boolean {
  if (place === "start") return index === 0;
  if (index === text.length) return true;
  if (place === "end") return false;
  const rest = text.slice(index, index + 3);
  return (
    index + rest.length === text.length &&
    /^(?:\r\n|[\n\r\u0085\u2028\u2029])$/.test(rest) &&
    !isWithinLineEnd(text, index)
  );
}

/** The place between CR and LF is not before a line end. */
function isWithinLineEnd(text: string, index: number): boolean {
  return text[index] === "\n" && text[index - 1] === "\r";
}

/** Thompson's construction: `test` states consume a character, the others are empty moves. */
class Automaton implements JavaPattern {
  /** For each state its test, or undefined for an empty move, and the state that it leads to. */
  readonly #tests: (Test | undefined)[] = [];
  readonly #moves: number[][] = [];
  readonly #asserts: (Place | undefined)[] = [];
  /** For a state at a group's edge, the index of that edge among a thread's captures. */
  readonly #saves: (number | undefined)[] = [];
  readonly #start: number;
  readonly #accept: number;
  readonly #groups: number;
  #firstTests: readonly Test[] | undefined;

  constructor(node: Node, groups: number) {
    this.#groups = groups;
    this.#accept = this.#state([]);
    this.#start = this.#build(node, this.#accept);
  }

  matches(text: string, visit?: (states: number) => void): boolean {
    let current = new Set<number>();
    this.#follow(this.#start, current, true, text.length === 0);
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      const next = new Set<number>();
      for (const state of current) {
        if (this.#tests[state]?.(code)) {
          for (const move of this.#moves[state]!) this.#follow(move, next, false, index + 1 === text.length);
        }
      }
      if (next.size === 0) return false;
      visit?.(next.size);
      current = next;
    }
    return current.has(this.#accept);
  }

  /** Adds a state and all states that empty moves lead to. */
  #follow(from: number, states: Set<number>, isStart: boolean, isEnd: boolean): void {
    const pending = [from];
    for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
      if (states.has(state)) continue;
      const asserted = this.#asserts[state];
      if ((asserted === "start" && !isStart) || (asserted !== undefined && asserted !== "start" && !isEnd)) continue;
      states.add(state);
      if (this.#tests[state] === undefined) pending.push(...this.#moves[state]!);
    }
  }

  /** Pike's simulation: threads in the order of preference, each with its captures; the first to end wins. */
  find(text: string, from: number, visit: (states: number) => void): PatternMatch | undefined {
    let threads: Thread[] = [];
    let found: readonly number[] | undefined;
    for (let index = from; index <= text.length; index++) {
      if (threads.length === 0) {
        const start = this.#firstPossible(text, index);
        visit((start - index) >> 4);
        index = start;
      }
      const seen = new Set<number>();
      const current: Thread[] = [];
      for (const thread of threads) this.#spread(thread, text, index, seen, current);
      if (found === undefined) {
        const captures = new Array<number>(this.#groups * 2).fill(-1);
        captures[0] = index;
        this.#spread({ state: this.#start, captures }, text, index, seen, current);
      }
      visit(seen.size + 1);
      threads = [];
      for (const { state, captures } of current) {
        if (state === this.#accept) {
          found = captures.with(1, index);
          // The threads behind it are less preferred.
          break;
        }
        if (index < text.length && this.#tests[state]!(text.charCodeAt(index))) {
          threads.push({ state: this.#moves[state]![0]!, captures });
        }
      }
      if (threads.length === 0 && found !== undefined) break;
    }
    if (found === undefined) return undefined;
    const edges = found;
    return Array.from({ length: this.#groups }, (_, group) => [edges[group * 2]!, edges[group * 2 + 1]!] as const);
  }

  /**
   * Returns the first place at or behind `from` where a match could begin, judged by its first character; `from` itself
   * if that can't be judged.
   */
  #firstPossible(text: string, from: number): number {
    this.#firstTests ??= this.#findFirstTests();
    const tests = this.#firstTests;
    if (tests.length === 0) return from;
    for (let index = from; index < text.length; index++) {
      const code = text.charCodeAt(index);
      for (const test of tests) if (test(code)) return index;
    }
    return text.length;
  }

  /** Returns the tests of the first character; none if the pattern may match an empty text or depends on the place. */
  #findFirstTests(): readonly Test[] {
    const tests: Test[] = [];
    const seen = new Set<number>();
    const pending = [this.#start];
    for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
      if (seen.has(state)) continue;
      seen.add(state);
      if (state === this.#accept || this.#asserts[state] !== undefined) return [];
      const test = this.#tests[state];
      if (test !== undefined) tests.push(test);
      else for (const move of this.#moves[state]!) pending.push(move);
    }
    return tests;
  }

  /** Follows the empty moves from a thread's state, the preferred ones first. */
  #spread(thread: Thread, text: string, index: number, seen: Set<number>, threads: Thread[]): void {
    const pending: Thread[] = [thread];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { state } = next;
      if (seen.has(state)) continue;
      const asserted = this.#asserts[state];
      if (asserted !== undefined && !isAt(asserted, text, index)) continue;
      seen.add(state);
      if (state === this.#accept || this.#tests[state] !== undefined) {
        threads.push(next);
        continue;
      }
      const save = this.#saves[state];
      const captures = save === undefined ? next.captures : next.captures.with(save, index);
      const moves = this.#moves[state]!;
      for (let move = moves.length - 1; move >= 0; move--) pending.push({ state: moves[move]!, captures });
    }
  }

  #state(moves: number[], test?: Test, asserted?: Place, save?: number): number {
    if (this.#moves.length >= bounds.selectionPatternStatesMax.value) {
      throw new UnsupportedSyntax(`more than ${bounds.selectionPatternStatesMax.value} states`);
    }
    this.#tests.push(test);
    this.#asserts.push(asserted);
    this.#saves.push(save);
    return this.#moves.push(moves) - 1;
  }

  /** Builds `node` followed by the state `next`, and returns its first state. */
  #build(node: Node, next: number): number {
    switch (node.kind) {
      case "test":
        return this.#state([next], node.test);
      case "start":
      case "end":
      case "last-line":
        return this.#state([next], undefined, node.kind);
      case "group": {
        if (this.#groups === 1) return this.#build(node.of, next);
        const end = this.#state([next], undefined, undefined, node.group * 2 + 1);
        return this.#state([this.#build(node.of, end)], undefined, undefined, node.group * 2);
      }
      case "sequence":
        return node.of.reduceRight((after, part) => this.#build(part, after), next);
      case "choice":
        return this.#state(node.of.map((part) => this.#build(part, next)));
      case "repeat":
        return this.#buildRepeat(node, next);
    }
  }

  #buildRepeat({ of, min, max, isReluctant }: Extract<Node, { kind: "repeat" }>, next: number): number {
    let first = next;
    if (max === Number.POSITIVE_INFINITY) {
      const moves: number[] = [next];
      const loop = this.#state(moves);
      const body = this.#build(of, loop);
      if (isReluctant) moves.push(body);
      else moves.unshift(body);
      first = loop;
    } else {
      for (let count = min; count < max; count++) {
        const body = this.#build(of, first);
        first = this.#state(isReluctant ? [next, body] : [body, next]);
      }
    }
    for (let count = 0; count < min; count++) {
      first = this.#build(of, first);
      // An empty body adds no states, so repeating it changes nothing, whatever the count.
      if (first === next) break;
    }
    return first;
  }
}
