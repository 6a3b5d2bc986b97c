import { bounds } from "../base/bounds.ts";

/**
 * The regular expressions of AWS WAF: PCRE's syntax without what is not regular, searched for in bytes (latin1 texts).
 * A search takes time linear to its text, whatever the pattern: an automaton whose states are made when a text first
 * reaches them.
 * AWS: AWS WAF Developer Guide, "Supported regular expression syntax in AWS WAF".
 */
export interface BytePattern {
  /** Returns whether the text has a match. `spend` counts the work, and ends the search by throwing. */
  isFoundIn(text: string, spend: (steps: number) => void): boolean;
}

/** Thrown for a pattern that is malformed or not supported. */
export class InvalidPattern extends Error {}

export function parseBytePattern(source: string): BytePattern {
  const parser = new PatternParser(Buffer.from(source, "utf8").toString("latin1"));
  return new Automaton(parser.parse());
}

/** Which bytes a state takes: one flag for each. */
type ByteSet = Uint8Array;
type Assertion = "start" | "end" | "last-line" | "line-start" | "line-end" | "boundary" | "no-boundary";

type Node =
  | { readonly kind: "bytes"; readonly set: ByteSet }
  | { readonly kind: "sequence" | "choice"; readonly of: readonly Node[] }
  | { readonly kind: "repeat"; readonly of: Node; readonly min: number; readonly max: number }
  | { readonly kind: "assert"; readonly assertion: Assertion };

const newline = 10;
const bytesWhere = (test: (code: number) => boolean): ByteSet =>
  Uint8Array.from({ length: 256 }, (_, code) => (test(code) ? 1 : 0));
const inverted = (set: ByteSet): ByteSet => set.map((flag) => 1 - flag);
/** The sets of one byte, made when they are first asked for. */
const singles: (ByteSet | undefined)[] = [];
function oneByte(code: number): ByteSet {
  let set = singles[code];
  if (set === undefined) {
    set = new Uint8Array(256);
    set[code] = 1;
    singles[code] = set;
  }
  return set;
}
const inPattern = (pattern: RegExp): ByteSet => bytesWhere((code) => pattern.test(String.fromCharCode(code)));

const digits = inPattern(/[0-9]/);
const words = inPattern(/[A-Za-z0-9_]/);
const spaces = inPattern(/[\t-\r ]/);
const horizontal = inPattern(/[\t \xa0]/);
const vertical = inPattern(/[\n-\r\x85]/);
const classEscapes: Readonly<Record<string, ByteSet>> = {
  d: digits,
  D: inverted(digits),
  w: words,
  W: inverted(words),
  s: spaces,
  S: inverted(spaces),
  h: horizontal,
  H: inverted(horizontal),
  v: vertical,
  V: inverted(vertical),
  N: inverted(oneByte(newline)),
};
const posixClasses: Readonly<Record<string, ByteSet>> = {
  alnum: inPattern(/[A-Za-z0-9]/),
  alpha: inPattern(/[A-Za-z]/),
  ascii: inPattern(/[\0-\x7f]/),
  blank: inPattern(/[\t ]/),
  cntrl: inPattern(/[\0-\x1f\x7f]/),
  digit: digits,
  graph: inPattern(/[!-~]/),
  lower: inPattern(/[a-z]/),
  print: inPattern(/[ -~]/),
  punct: inPattern(/[!-/:-@[-`{-~]/),
  space: spaces,
  upper: inPattern(/[A-Z]/),
  word: words,
  xdigit: inPattern(/[0-9A-Fa-f]/),
};
const characterEscapes: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 };
const assertions: Readonly<Record<string, Assertion>> = { A: "start", z: "end", b: "boundary", B: "no-boundary" };

/** Whether one of A to Z or a to z is in the set. */
const hasLetter = (set: ByteSet): boolean => set.subarray(65, 91).includes(1) || set.subarray(97, 123).includes(1);

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly x: boolean;
}

class PatternParser {
  readonly #source: string;
  #at = 0;
  #depth = 0;
  #flags: Flags = { i: false, m: false, s: false, x: false };

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#source.length) throw new InvalidPattern("an unmatched )");
    return node;
  }

  #choice(): Node {
    if (++this.#depth > 100) throw new InvalidPattern("groups nested more than 100 deep");
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
    for (;;) {
      const character = this.#source[this.#at];
      if (character === undefined || character === "|" || character === ")") return { kind: "sequence", of };
      if (this.#flags.x && /[\t-\r ]/.test(character)) this.#at++;
      else if (this.#flags.x && character === "#") {
        const end = this.#source.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.#source.length : end + 1;
      } else of.push(this.#quantified(this.#atom()));
    }
  }

  #atom(): Node {
    const character = this.#source[this.#at++]!;
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return { kind: "bytes", set: this.#class() };
      case ".":
        return { kind: "bytes", set: this.#flags.s ? bytesWhere(() => true) : inverted(oneByte(newline)) };
      case "^":
        return { kind: "assert", assertion: this.#flags.m ? "line-start" : "start" };
      case "$":
        return this.#flags.m ? { kind: "assert", assertion: "line-end" } : beforeLastLineEnd;
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
        throw new InvalidPattern(`a ${character} that repeats nothing`);
      default:
        return this.#literal(character.charCodeAt(0));
    }
  }

  #literal(code: number): Node {
    return { kind: "bytes", set: this.#folded(oneByte(code)) };
  }

  /** Returns the set with both cases of each letter in it, if case does not count. */
  #folded(set: ByteSet): ByteSet {
    if (!this.#flags.i) return set;
    if (!hasLetter(set)) return set;
    const folded = set.slice();
    for (let upper = 65; upper <= 90; upper++) {
      const flag = set[upper]! | set[upper + 32]!;
      folded[upper] = flag;
      folded[upper + 32] = flag;
    }
    return folded;
  }

  #group(): Node {
    const before = this.#flags;
    if (this.#source[this.#at] === "?") {
      const rest = this.#source.slice(this.#at, this.#at + 80);
      const comment = /^\?#[^)]*\)/.exec(rest);
      if (comment !== null) {
        this.#at += comment[0].length;
        return { kind: "sequence", of: [] };
      }
      const opening = /^\?(?:P?<[A-Za-z_]\w*>|'[A-Za-z_]\w*'|([imsxU]*)(?:-([imsx]+))?([:)]))/.exec(rest);
      if (opening === null) throw new InvalidPattern(`the group (${rest.slice(0, 3)} is not supported`);
      this.#at += opening[0].length;
      const [, on = "", off = "", end] = opening;
      const flags = { ...before };
      for (const flag of on) if (flag !== "U") flags[flag as keyof Flags] = true;
      for (const flag of off) flags[flag as keyof Flags] = false;
      this.#flags = flags;
      // Flags without a group hold until the group around them ends.
      if (end === ")") return { kind: "sequence", of: [] };
    } else if (this.#source[this.#at] === "*") throw new InvalidPattern("backtracking control verbs are not supported");
    const node = this.#choice();
    if (this.#source[this.#at++] !== ")") throw new InvalidPattern("an unclosed group");
    this.#flags = before;
    return node;
  }

  #escape(): Node {
    const character = this.#source[this.#at++];
    if (character === undefined) throw new InvalidPattern("a \\ at the end");
    if (character === "Q") return this.#quoted();
    if (character === "E") return { kind: "sequence", of: [] };
    if (character === "Z") return beforeLastLineEnd;
    const assertion = Object.hasOwn(assertions, character) ? assertions[character] : undefined;
    if (assertion !== undefined) return { kind: "assert", assertion };
    const set = Object.hasOwn(classEscapes, character) ? classEscapes[character] : undefined;
    return set === undefined ? this.#literal(this.#escapedCode(character)) : { kind: "bytes", set };
  }

  #quoted(): Node {
    const end = this.#source.indexOf("\\E", this.#at);
    const text = this.#source.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#source.length : end + 2;
    return { kind: "sequence", of: [...text].map((character) => this.#literal(character.charCodeAt(0))) };
  }

  #escapedCode(character: string): number {
    if (Object.hasOwn(characterEscapes, character)) return characterEscapes[character]!;
    const rest = this.#source.slice(this.#at, this.#at + 6);
    if (character === "x") {
      const [whole = "", braced, plain] = /^(?:\{([0-9a-fA-F]{1,2})\}|([0-9a-fA-F]{0,2}))/.exec(rest) ?? [];
      if (rest.startsWith("{") && braced === undefined) throw new InvalidPattern("the escape \\x{ of more than a byte");
      this.#at += whole.length;
      return Number.parseInt(braced ?? (plain || "0"), 16);
    }
    if (character === "0") {
      const [octal = ""] = /^[0-7]{0,2}/.exec(rest) ?? [];
      this.#at += octal.length;
      return Number.parseInt(octal || "0", 8);
    }
    if (/[a-zA-Z0-9]/.test(character)) throw new InvalidPattern(`the escape \\${character} is not supported`);
    return character.charCodeAt(0);
  }

  #class(): ByteSet {
    const isNegated = this.#source[this.#at] === "^";
    if (isNegated) this.#at++;
    const set = new Uint8Array(256);
    const add = (other: ByteSet): void => {
      for (let code = 0; code < 256; code++) set[code]! |= other[code]!;
    };
    for (let isFirst = true; ; isFirst = false) {
      const character = this.#source[this.#at++];
      if (character === undefined) throw new InvalidPattern("an unclosed [");
      if (character === "]" && !isFirst) break;
      const posix = character === "[" ? /^:(\^?)([a-z]+):\]/.exec(this.#source.slice(this.#at, this.#at + 12)) : null;
      if (posix !== null) {
        const named = Object.hasOwn(posixClasses, posix[2]!) ? posixClasses[posix[2]!] : undefined;
        if (named === undefined) throw new InvalidPattern(`the class [:${posix[2]}:]`);
        this.#at += posix[0].length;
        add(posix[1] === "^" ? inverted(named) : named);
        continue;
      }
      const member = this.#classMember(character);
      if (typeof member !== "number") add(member);
      else {
        const to = this.#rangeEnd(member);
        for (let code = member; code <= to; code++) set[code] = 1;
      }
    }
    const folded = this.#folded(set);
    return isNegated ? inverted(folded) : folded;
  }

  #classMember(character: string): number | ByteSet {
    if (character !== "\\") return character.charCodeAt(0);
    const escaped = this.#source[this.#at++];
    if (escaped === undefined) throw new InvalidPattern("an unclosed [");
    if (escaped === "b") return 8;
    if (Object.hasOwn(classEscapes, escaped)) return classEscapes[escaped]!;
    return this.#escapedCode(escaped);
  }

  /** Returns the last byte of the range that begins with `from`, which may be no range at all. */
  #rangeEnd(from: number): number {
    const next = this.#source[this.#at + 1];
    if (this.#source[this.#at] !== "-" || next === "]" || next === undefined) return from;
    this.#at += 2;
    const to = this.#classMember(next);
    if (typeof to !== "number") throw new InvalidPattern("a range that ends with a class");
    if (to < from) throw new InvalidPattern("a range from high to low");
    return to;
  }

  #quantified(node: Node): Node {
    const match = /^(?:[*+?]|\{(\d{1,5})(,(\d{1,5})?)?\})/.exec(this.#source.slice(this.#at, this.#at + 14));
    if (match === null) return node;
    this.#at += match[0].length;
    const next = this.#source[this.#at];
    if (next === "+") throw new InvalidPattern("possessive quantifiers are not supported");
    // Whether a repetition is greedy says which match is found, not whether there is one.
    if (next === "?") this.#at++;
    const [sign] = match[0];
    const min = sign === "{" ? Number(match[1]) : sign === "+" ? 1 : 0;
    const open = match[3] === undefined ? Number.POSITIVE_INFINITY : Number(match[3]);
    const max = sign === "?" ? 1 : sign !== "{" ? Number.POSITIVE_INFINITY : match[2] === undefined ? min : open;
    if (max < min) throw new InvalidPattern("a repetition from many to few");
    return this.#quantified({ kind: "repeat", of: node, min, max });
  }
}

/** `$`: the end, or before a line end that is the last byte. */
const beforeLastLineEnd: Node = { kind: "assert", assertion: "last-line" };

/** What stands before a place in the text, as far as assertions ask for it. */
type Before = "start" | "word" | "newline" | "other";

/** A state of the deterministic automaton: what the pattern may continue with at a place. */
interface State {
  /** States of Thompson's automaton from which no empty move was followed yet. */
  readonly from: readonly number[];
  readonly before: Before;
  /** By class of the next byte; then one for the end of the text, and one for a line end that is the last byte. */
  readonly next: (State | undefined)[];
}

/** What a match leads to. */
const matched: State = { from: [], before: "other", next: [] };

class Automaton implements BytePattern {
  /** Thompson's construction: a state takes a byte of a set, asserts, or moves on. */
  readonly #sets: (ByteSet | undefined)[] = [];
  readonly #asserts: (Assertion | undefined)[] = [];
  readonly #moves: (readonly number[])[] = [];
  readonly #start: number;
  readonly #accept: number;
  readonly #isAnchored: boolean;
  readonly #looksBack: boolean;
  /** The class of each byte: bytes of one class are in the same sets. */
  readonly #classes = new Uint16Array(256);
  /** A byte of each class. */
  readonly #samples: number[] = [];
  #states = new Map<string, State>();
  #initial: State | undefined;

  constructor(node: Node) {
    this.#accept = this.#state([]);
    this.#start = this.#build(node, this.#accept);
    this.#isAnchored = beginsAnchored(node);
    this.#looksBack = this.#asserts.some((one) => one === "line-start" || one === "boundary" || one === "no-boundary");
    this.#classify();
  }

  isFoundIn(text: string, spend: (steps: number) => void): boolean {
    spend(1 + text.length);
    this.#initial ??= this.#stateOf([this.#start], "start");
    let state = this.#initial;
    const classes = this.#classes;
    const end = this.#samples.length;
    const last = text.endsWith("\n") ? text.length - 1 : text.length;
    for (let index = 0; index < text.length; index++) {
      const kind = index === last ? end + 1 : classes[text.charCodeAt(index) & 0xff]!;
      const next: State = state.next[kind] ?? this.#follow(state, kind, spend);
      if (next === matched) return true;
      if (next.from.length === 0) return false;
      state = next;
    }
    return (state.next[end] ?? this.#follow(state, end, spend)) === matched;
  }

  /** Makes the state that a byte of a class leads to from another one. */
  #follow(state: State, kind: number, spend: (steps: number) => void): State {
    const isLast = kind === this.#samples.length + 1;
    const sample = isLast ? newline : this.#samples[kind];
    const seen = new Set<number>();
    const pending = [...state.from];
    const after = new Set<number>();
    let isMatch = false;
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      if (at === this.#accept) {
        isMatch = true;
        break;
      }
      const set = this.#sets[at];
      const assertion = this.#asserts[at];
      if (set !== undefined) {
        if (sample !== undefined && set[sample] === 1) after.add(this.#moves[at]![0]!);
      } else if (assertion === undefined || holds(assertion, state.before, sample, isLast))
        pending.push(...this.#moves[at]!);
    }
    spend(32 + seen.size * 32);
    let next = matched;
    if (!isMatch) {
      // A search may begin at every place.
      if (!this.#isAnchored && sample !== undefined) after.add(this.#start);
      next = this.#stateOf(
        [...after].sort((left, right) => left - right),
        this.#beforeAfter(sample),
      );
    }
    state.next[kind] = next;
    return next;
  }

  #beforeAfter(sample: number | undefined): Before {
    if (!this.#looksBack || sample === undefined) return "other";
    return words[sample] === 1 ? "word" : sample === newline ? "newline" : "other";
  }

  #stateOf(from: readonly number[], before: Before): State {
    const key = `${before} ${from.join()}`;
    let state = this.#states.get(key);
    if (state === undefined) {
      if (this.#states.size >= bounds.wafPatternKeptStatesMax.value) {
        // What was made is forgotten as a whole: the states refer to each other.
        this.#states = new Map();
        this.#initial = undefined;
      }
      state = { from, before, next: new Array<State | undefined>(this.#samples.length + 2).fill(undefined) };
      this.#states.set(key, state);
    }
    return state;
  }

  #classify(): void {
    // Equal sets split nothing again.
    const distinct = new Map<string, ByteSet>();
    for (const set of new Set(this.#sets))
      if (set !== undefined) distinct.set(Buffer.from(set.buffer).toString("latin1"), set);
    const sets = [...distinct.values()];
    // Assertions tell these apart.
    sets.push(words, oneByte(newline));
    let count = 1;
    for (const set of sets) {
      const split = new Map<number, number>();
      const next = new Map<number, number>();
      count = 0;
      for (let code = 0; code < 256; code++) {
        const table = set[code] === 1 ? split : next;
        const before = this.#classes[code]!;
        let kind = table.get(before);
        if (kind === undefined) {
          kind = count++;
          table.set(before, kind);
        }
        this.#classes[code] = kind;
      }
    }
    for (let code = 255; code >= 0; code--) this.#samples[this.#classes[code]!] = code;
  }

  #state(moves: readonly number[], set?: ByteSet, assertion?: Assertion): number {
    if (this.#moves.length >= bounds.wafPatternStatesMax.value) {
      throw new InvalidPattern(`it needs more than ${bounds.wafPatternStatesMax.value} states`);
    }
    this.#sets.push(set);
    this.#asserts.push(assertion);
    return this.#moves.push(moves) - 1;
  }

  /** Builds `node` followed by the state `next`, and returns its first state. */
  #build(node: Node, next: number): number {
    switch (node.kind) {
      case "bytes":
        return this.#state([next], node.set);
      case "assert":
        return this.#state([next], undefined, node.assertion);
      case "sequence":
        return node.of.reduceRight((after, part) => this.#build(part, after), next);
      case "choice":
        return this.#state(node.of.map((part) => this.#build(part, next)));
      case "repeat":
        return this.#buildRepeat(node, next);
    }
  }

  #buildRepeat({ of, min, max }: Extract<Node, { kind: "repeat" }>, next: number): number {
    let first = next;
    if (max === Number.POSITIVE_INFINITY) {
      const moves: number[] = [next];
      const loop = this.#state(moves);
      moves.push(this.#build(of, loop));
      first = loop;
    } else {
      for (let count = min; count < max; count++) first = this.#state([this.#build(of, first), next]);
    }
    for (let count = 0; count < min; count++) {
      const before = first;
      first = this.#build(of, first);
      // An empty body adds no states, so repeating it changes nothing, whatever the count.
      if (first === before) break;
    }
    return first;
  }
}

/** `next` is the next byte, and `isLast` says that it is a line end and the last one. */
function holds(assertion: Assertion, before: Before, next: number | undefined, isLast: boolean): boolean {
  switch (assertion) {
    case "start":
      return before === "start";
    case "end":
      return next === undefined;
    case "last-line":
      return next === undefined || isLast;
    case "line-start":
      return before === "start" || before === "newline";
    case "line-end":
      return next === undefined || next === newline;
    default: {
      const isBoundary = (before === "word") !== (next !== undefined && words[next] === 1);
      return isBoundary === (assertion === "boundary");
    }
  }
}

/** Returns whether every match begins at the text's start. */
function beginsAnchored(node: Node): boolean {
  switch (node.kind) {
    case "assert":
      return node.assertion === "start";
    case "sequence":
      return node.of.length > 0 && beginsAnchored(node.of[0]!);
    case "choice":
      return node.of.every(beginsAnchored);
    default:
      return false;
  }
}
