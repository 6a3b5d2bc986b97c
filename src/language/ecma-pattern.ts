import { bounds } from "../base/bounds.ts";
import { classEscapes, isDigit, isWord, not, type CharacterTest as Test } from "./character-class.ts";

/**
 * ECMA 262's regular expressions for texts and patterns that others send. No search takes more steps than its bound.
 * V8's own engine is used if even its worst case is short; otherwise all states are followed at once.
 */
export interface EcmaPattern {
  /**
   * Returns whether the text has a match anywhere. The meter counts the steps, and throws if they are too many. Without
   * a meter a search has a bound of its own, beyond which it finds nothing.
   */
  isFoundIn(text: string, meter?: StepMeter): boolean;
}

/** Counts steps of some 25 ns. */
export interface StepMeter {
  step(count: number): void;
}

/** Returns undefined if the source is not a regular expression. */
export function parseEcmaPattern(source: string): EcmaPattern | undefined {
  let native: RegExp;
  try {
    native = new RegExp(source);
  } catch {
    return undefined;
  }
  let node: Node | undefined;
  try {
    node = new Parser(source).parse();
  } catch (error) {
    if (!(error instanceof UnsupportedSyntax)) throw error;
  }
  // The worst case of a pattern that is not understood is unknown, so it is only safe if nothing repeats.
  const worst = node === undefined ? Number.POSITIVE_INFINITY : node.choices;
  // A search starts again at each character, unless the pattern says where it begins.
  const power = (node?.growth ?? 0) + (node?.kind === "sequence" && node.of[0]?.kind === "start" ? 0 : 1);
  let machine: Machine | undefined;
  const find = (text: string, meter: StepMeter): boolean => {
    const steps = worst * (text.length + 1) ** power;
    if (steps <= (power > 1 ? nativeStepsMax : nativeLinearStepsMax)) {
      meter.step(2 + Math.ceil(steps / nativeStepsPerStep));
      return native.test(text);
    }
    if (node === undefined) refuse(meter);
    machine ??= new Machine(node, meter);
    return machine.isFoundIn(text, meter);
  };
  return { isFoundIn: (text, meter) => (meter === undefined ? findBounded(text, find) : find(text, meter)) };
}

/** How many moves V8's engine makes in the time of a step. */
const nativeStepsPerStep = 16;
/** How many steps a move of the machine takes. */
const stepsPerMachineStep = 4;
/** Above this the machine is cheaper than V8's engine at its worst. */
const nativeStepsMax = bounds.nativePatternStepsMax.value;
/** A body of ten megabytes may be one text; a pattern that goes through it once or a few times is no danger. */
const nativeLinearStepsMax = bounds.nativeLinearPatternStepsMax.value;

class UnsupportedSyntax extends Error {}

/** A part of a pattern. `choices` and `growth` bound how often an engine that backtracks can go through it: c·nᵍ. */
type Node = { readonly choices: number; readonly growth: number } & (
  | { readonly kind: "test"; readonly test: Test }
  | { readonly kind: "sequence" | "choice"; readonly of: readonly Node[] }
  | { readonly kind: "repeat"; readonly of: Node; readonly min: number; readonly max: number }
  | { readonly kind: "start" | "end" | "boundary" | "no-boundary" }
  | { readonly kind: "ahead" | "not-ahead"; readonly of: Node }
);

const spaces = new Set(
  "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff".split("").map((s) => s.charCodeAt(0)),
);
const isSpace: Test = (code) => spaces.has(code) || (code >= 0x2000 && code <= 0x200a);
const isLineEnd: Test = (code) => code === 10 || code === 13 || code === 0x2028 || code === 0x2029;
const classes = classEscapes(isSpace);
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, "0": 0 };

class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    if (source.length > 4_096) throw new UnsupportedSyntax();
  }

  /** Parses a source that `RegExp` has accepted. Throws for syntax that is not supported here. */
  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#source.length) throw new UnsupportedSyntax();
    return node;
  }

  #choice(): Node {
    if (++this.#depth > 100) throw new UnsupportedSyntax();
    const of = [this.#sequence()];
    while (this.#source[this.#at] === "|") {
      this.#at++;
      of.push(this.#sequence());
    }
    this.#depth--;
    if (of.length === 1) return of[0]!;
    const choices = of.reduce((total, part) => total + part.choices, 0);
    return { kind: "choice", of, choices, growth: Math.max(...of.map((part) => part.growth)) };
  }

  #sequence(): Node {
    const of: Node[] = [];
    let choices = 1;
    let growth = 0;
    while (this.#at < this.#source.length && this.#source[this.#at] !== "|" && this.#source[this.#at] !== ")") {
      const part = this.#quantified();
      choices *= part.choices;
      growth += part.growth;
      of.push(part);
    }
    return { kind: "sequence", of, choices, growth };
  }

  #quantified(): Node {
    const atom = this.#atom();
    const match = /^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/.exec(this.#source.slice(this.#at, this.#at + 32));
    if (match === null) return atom;
    this.#at += match[0].length;
    const sign = match[0][0];
    const min = sign === "{" ? Number(match[1]) : sign === "+" ? 1 : 0;
    const most = match[2] === undefined ? min : match[3] === "" ? Number.POSITIVE_INFINITY : Number(match[3]);
    const max = sign === "{" ? most : sign === "?" ? 1 : Number.POSITIVE_INFINITY;
    const isBounded = max !== Number.POSITIVE_INFINITY;
    const isChoice = atom.choices > 1 || atom.growth > 0;
    // A choice that is repeated without end is what explodes.
    const inner = isChoice ? (isBounded ? atom.choices ** max : Number.POSITIVE_INFINITY) : 1;
    return {
      kind: "repeat",
      of: atom,
      min,
      max,
      choices: inner * (isBounded ? max - min + 1 : 1),
      growth: (isBounded ? 0 : 1) + (isBounded ? atom.growth * max : atom.growth),
    };
  }

  #leaf(test: Test): Node {
    return { kind: "test", test, choices: 1, growth: 0 };
  }

  #atom(): Node {
    const character = this.#source[this.#at++]!;
    if (character === "(") return this.#group();
    if (character === "[") return this.#leaf(this.#class());
    if (character === ".") return this.#leaf(not(isLineEnd));
    if (character === "^") return { kind: "start", choices: 1, growth: 0 };
    if (character === "$") return { kind: "end", choices: 1, growth: 0 };
    if (character === "\\") return this.#escape();
    const literal = character.charCodeAt(0);
    return this.#leaf((code) => code === literal);
  }

  #group(): Node {
    const opening = /^\?(?:[:=!]|<[A-Za-z_$])/.exec(this.#source.slice(this.#at, this.#at + 3))?.[0];
    if (opening === undefined && this.#source[this.#at] === "?") throw new UnsupportedSyntax();
    if (opening?.startsWith("?<")) this.#at = this.#source.indexOf(">", this.#at) + 1;
    else if (opening !== undefined) this.#at += opening.length;
    const of = this.#choice();
    if (this.#source[this.#at++] !== ")") throw new UnsupportedSyntax();
    if (opening !== "?=" && opening !== "?!") return of;
    return { kind: opening === "?=" ? "ahead" : "not-ahead", of, choices: of.choices, growth: of.growth + 1 };
  }

  #escape(): Node {
    const character = this.#source[this.#at++]!;
    if (character === "b" || character === "B") {
      return { kind: character === "b" ? "boundary" : "no-boundary", choices: 1, growth: 0 };
    }
    const test = classes[character];
    if (test !== undefined) return this.#leaf(test);
    // Back references: what they match depends on what was matched before.
    if (/[1-9k]/.test(character)) throw new UnsupportedSyntax();
    const literal = this.#escaped(character);
    return this.#leaf((code) => code === literal);
  }

  #escaped(character: string): number {
    if (character === "x" || character === "u") {
      const digits = this.#source.slice(this.#at, this.#at + (character === "x" ? 2 : 4));
      if (digits.length === (character === "x" ? 2 : 4) && /^[0-9a-fA-F]+$/.test(digits)) {
        this.#at += digits.length;
        return Number.parseInt(digits, 16);
      }
    }
    if (character === "c" || (character === "0" && isDigit(this.#source.charCodeAt(this.#at))))
      throw new UnsupportedSyntax();
    return controls[character] ?? character.charCodeAt(0);
  }

  #class(): Test {
    const isNegated = this.#source[this.#at] === "^";
    if (isNegated) this.#at++;
    const ranges: (readonly [number, number])[] = [];
    const tests: Test[] = [];
    for (;;) {
      const character = this.#source[this.#at++];
      if (character === undefined) throw new UnsupportedSyntax();
      if (character === "]") break;
      const from = this.#member(character, tests);
      if (this.#source[this.#at] !== "-" || this.#source[this.#at + 1] === "]") {
        if (from !== undefined) ranges.push([from, from]);
        continue;
      }
      this.#at++;
      const to = this.#member(this.#source[this.#at++] ?? "", tests);
      if (from !== undefined && to !== undefined) ranges.push([from, to]);
      else for (const end of [from, 45, to]) if (end !== undefined) ranges.push([end, end]);
    }
    const isIn: Test = (code) =>
      ranges.some(([from, to]) => code >= from && code <= to) || tests.some((test) => test(code));
    return isNegated ? not(isIn) : isIn;
  }

  /**
   * Reads a member of a class. Returns a character, or undefined for an escape that stands for several, which is added
   * to the tests.
   */
  #member(character: string, tests: Test[]): number | undefined {
    if (character !== "\\") return character.charCodeAt(0);
    const escaped = this.#source[this.#at++] ?? "";
    const test = classes[escaped];
    if (test !== undefined) {
      tests.push(test);
      return undefined;
    }
    if (/[1-9]/.test(escaped)) throw new UnsupportedSyntax();
    return escaped === "b" ? 8 : this.#escaped(escaped);
  }
}

type Assertion = "start" | "end" | "boundary" | "no-boundary";
interface State {
  test?: Test;
  assertion?: Assertion;
  /** A look-ahead: where it begins, and whether it must not match. */
  ahead?: { readonly start: number; readonly isNegated: boolean };
  next: number[];
}

class TooManySteps extends Error {}

function findBounded(text: string, find: (text: string, meter: StepMeter) => boolean): boolean {
  let left: number = bounds.patternStepsMax.value;
  const step = (count: number): void => {
    left -= count;
    if (left < 0) throw new TooManySteps();
  };
  try {
    return find(text, { step });
  } catch (error) {
    if (error instanceof TooManySteps) return false;
    throw error;
  }
}

/** Refuses a search whose cost has no bound. */
function refuse(meter: StepMeter): never {
  meter.step(Number.POSITIVE_INFINITY);
  throw new Error("a meter refuses steps without end");
}

/** Thompson's construction, all states followed at once: time is linear in the text but for look-aheads. */
class Machine {
  readonly #states: State[] = [{ next: [] }];
  readonly #start: number;
  #meter: StepMeter;

  constructor(node: Node, meter: StepMeter) {
    this.#meter = meter;
    this.#start = this.#build(node, 0);
  }

  isFoundIn(text: string, meter: StepMeter): boolean {
    this.#meter = meter;
    return this.#search(text, 0, this.#start, true);
  }

  #search(text: string, from: number, start: number, isAnywhere: boolean): boolean {
    // The place at which each state was last added, so that it is added once at each place.
    const seen = new Int32Array(this.#states.length).fill(-1);
    let current: number[] = [];
    let next: number[] = [];
    if (this.#follow(start, current, seen, text, from)) return true;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      for (const index of current) {
        const state = this.#states[index]!;
        if (state.test?.(code) && this.#follow(state.next[0]!, next, seen, text, at + 1)) return true;
      }
      if (isAnywhere && this.#follow(start, next, seen, text, at + 1)) return true;
      if (next.length === 0 && !isAnywhere) return false;
      [current, next] = [next, current];
      next.length = 0;
    }
    return false;
  }

  /** Adds the states that are reached without a character and that consume one. Returns whether the end is reached. */
  #follow(from: number, states: number[], seen: Int32Array, text: string, at: number): boolean {
    const pending = [from];
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      if (index === 0) return true;
      if (seen[index] === at) continue;
      seen[index] = at;
      this.#meter.step(stepsPerMachineStep);
      const state = this.#states[index]!;
      if (state.test !== undefined) states.push(index);
      else if (state.assertion !== undefined && !holds(state.assertion, text, at)) continue;
      else if (state.ahead && this.#search(text, at, state.ahead.start, false) === state.ahead.isNegated) continue;
      else for (const move of state.next) pending.push(move);
    }
    return false;
  }

  #add(state: State): number {
    if (this.#states.length > bounds.patternStatesMax.value) refuse(this.#meter);
    return this.#states.push(state) - 1;
  }

  #build(node: Node, next: number): number {
    switch (node.kind) {
      case "test":
        return this.#add({ test: node.test, next: [next] });
      case "sequence":
        return node.of.reduceRight((after, part) => this.#build(part, after), next);
      case "choice":
        return this.#add({ next: node.of.map((part) => this.#build(part, next)) });
      case "ahead":
      case "not-ahead": {
        const start = this.#build(node.of, 0);
        return this.#add({ ahead: { start, isNegated: node.kind === "not-ahead" }, next: [next] });
      }
      case "repeat":
        return this.#buildRepeat(node, next);
      default:
        return this.#add({ assertion: node.kind, next: [next] });
    }
  }

  #buildRepeat({ of, min, max }: Extract<Node, { kind: "repeat" }>, next: number): number {
    let first = next;
    if (max === Number.POSITIVE_INFINITY) {
      const loop: State = { next: [next] };
      first = this.#add(loop);
      loop.next.push(this.#build(of, first));
    } else {
      for (let count = min; count < max; count++) {
        const body = this.#build(of, first);
        if (body === first) break;
        first = this.#add({ next: [body, next] });
      }
    }
    for (let count = 0; count < min; count++) {
      const body = this.#build(of, first);
      // An empty body adds no state, however often it repeats.
      if (body === first) break;
      first = body;
    }
    return first;
  }
}

function holds(assertion: Assertion, text: string, at: number): boolean {
  if (assertion === "start") return at === 0;
  if (assertion === "end") return at === text.length;
  const isBoundary = isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at));
  return isBoundary === (assertion === "boundary");
}
