import { bounds } from "../../base/bounds.ts";
import type { TemplateValue } from "../java/values.ts";

/** Thrown where Jayway throws: the path has no answer. The caller decides what that means. */
export class JsonPathFailure extends Error {}

/** Jayway's InvalidPathException while a path is evaluated: a filter takes it for false. */
export class PathMismatch extends JsonPathFailure {}

/** Java's IndexOutOfBoundsException. */
export class OutOfBounds extends JsonPathFailure {}

/** Jayway's PathNotFoundException. There is one object for all, because its place does not matter. */
export const notFound = new PathMismatch("No results for path");

/** Counts work. */
export interface StepMeter {
  step(count: number): void;
}

/** One evaluation of a path: what it has found and used. */
export class Evaluation {
  readonly root: TemplateValue;
  /** The results of paths from the root within filters. */
  readonly cache = new Map<object, TemplateValue>();
  readonly #meter: StepMeter | undefined;
  #steps = 0;
  /** The part of the steps that the meter knows of. */
  #told = 0;

  constructor(root: TemplateValue, meter: StepMeter | undefined) {
    this.root = root;
    this.#meter = meter;
  }

  /** Counts values looked at, and refuses too many: `$..*..*` looks at each value once for each level above it. */
  step(count: number): void {
    this.#steps += count;
    if (this.#steps - this.#told > 4_096) this.tell();
    if (this.#steps > bounds.jsonPathStepsMax.value) {
      throw new JsonPathFailure(`The path takes more than ${bounds.jsonPathStepsMax.value} steps`);
    }
  }

  /** Passes the steps counted on to the meter, which may refuse them. */
  tell(): void {
    const untold = this.#steps - this.#told;
    this.#told = this.#steps;
    this.#meter?.step(untold);
  }
}

/** Looks at a value and adds what it finds. */
export type Visit = (value: TemplateValue, found: TemplateValue[], evaluation: Evaluation) => void;

/** Returns whether a filter accepts a value. */
export type Test = (value: TemplateValue, evaluation: Evaluation) => boolean;
