import { bounds } from "../../base/bounds.ts";
import { TemplateBlock, type TemplateValue } from "../java/values.ts";
import { Meter, TemplateFailure } from "../meter.ts";
import type { Loop } from "./loop.ts";

/** The variables that are set when a template begins, by their names without the dollar sign. */
export type TemplateScope = ReadonlyMap<string, TemplateValue>;

export type Run = (state: State) => void;
export type Evaluate = (state: State) => TemplateValue;
export type Test = (state: State) => boolean;

/** Thrown by `#stop` and `#break`, since these leave everything that is under way, strings included. */
export const stopAll = new Error("#stop");
export const stopNearest = new Error("#break");

/** Each variable's index in State.variables. */
export class Slots {
  readonly names: string[] = [];
  readonly #slots = new Map<string, number>();
  /** The names that the template reads. */
  readonly read = new Set<string>();

  slot(name: string): number {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    this.#slots.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  copy(): Slots {
    const copy = new Slots();
    for (const name of this.names) copy.slot(name);
    return copy;
  }
}

/** One rendering of a template: its variables, its output, and what it has used of its bounds. */
export class State extends Meter {
  out = "";
  /** The place in the template, for failures. */
  at = 0;
  readonly variables: TemplateValue[];
  /** The innermost macro that is being rendered. */
  frame: Frame | null = null;
  macroDepth = 0;
  loop: Loop | null = null;
  slots: Slots;
  readonly scope: TemplateScope;

  constructor(slots: Slots, scope: TemplateScope, stepsMax?: number) {
    super(stepsMax);
    this.slots = slots;
    this.scope = scope;
    this.variables = slots.names.map((name) => scope.get(name) ?? null);
  }

  /**
   * Checks the output's length. It is called after each long value, in each round of a loop, in each macro and at the
   * end: the output between two checks is no longer than the template.
   */
  checkOutput(): void {
    if (this.out.length > bounds.templateTextCharsMax.value) {
      throw new TemplateFailure(`The output is longer than ${bounds.templateTextCharsMax.value} characters`);
    }
  }

  /** Runs a piece of template and returns what it prints. */
  capture(run: Run): string {
    const before = this.out;
    this.out = "";
    try {
      run(this);
      const text = this.out;
      this.made(text.length);
      return text;
    } finally {
      this.out = before;
    }
  }

  /** Runs a function as if within another macro, or within none. */
  within<Result>(frame: Frame | null, run: () => Result): Result {
    const before = this.frame;
    this.frame = frame;
    try {
      return run();
    } finally {
      this.frame = before;
    }
  }

  get(slot: number): TemplateValue {
    for (let frame = this.frame; frame !== null; frame = frame.caller) {
      const local = frame.locals?.get(slot);
      if (local !== undefined) return local;
      const argument = frame.args.get(slot);
      if (argument !== undefined) {
        this.step(argument.weight);
        return this.within(frame.caller, () => argument.evaluate(this));
      }
    }
    return this.variables[slot]!;
  }

  set(slot: number, value: TemplateValue): void {
    for (let frame = this.frame; frame !== null; frame = frame.caller) {
      if (!frame.args.has(slot)) continue;
      frame.locals ??= new Map();
      frame.locals.set(slot, value);
      return;
    }
    this.variables[slot] = value;
  }
}

export interface Argument {
  readonly evaluate: Evaluate;
  readonly source: string;
  /** Steps of one evaluation: a parameter is evaluated each time it is used. */
  readonly weight: number;
}

/** A call of a macro: its arguments are evaluated where it was called, each time they are used. */
export interface Frame {
  readonly caller: Frame | null;
  readonly args: ReadonlyMap<number, Argument>;
  /** The values that `#set` gave to parameters. */
  locals: Map<number, TemplateValue> | undefined;
}

/** Velocity's directive.define.max.depth: a block prints within itself at most once. */
export const defineDepthMax = bounds.templateDefineDepthMax.value;

export function makeBlock(state: State, frame: Frame | null, run: Run, depthMax: number): TemplateBlock {
  let depth = 0;
  const print = (): boolean => {
    if (depth >= depthMax) return false;
    depth++;
    try {
      state.within(frame, () => run(state));
    } catch (error) {
      if (error !== stopNearest) throw error;
    } finally {
      depth--;
    }
    return true;
  };
  const render = (): string | null => {
    let isPrinted = false;
    const text = state.capture(() => {
      isPrinted = print();
    });
    return isPrinted ? text : null;
  };
  return new TemplateBlock(render, print);
}
