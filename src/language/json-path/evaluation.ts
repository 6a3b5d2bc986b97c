import { bounds } from "../../base/bounds.ts";
import type { TemplateValue } from "../java/values.ts";

/** Why a path has no answer: Jayway throws here, and what a gateway makes of it is the caller's. */
export class JsonPathFailure extends Error {}

/** Jayway's InvalidPathException while a path is evaluated: a filter takes it for false. */
export class PathMismatch extends JsonPathFailure {}

/** Java's IndexOutOfBoundsException. */
export class OutOfBounds extends JsonPathFailure {}

/** Jayway's PathNotFoundException. One for all: nothing is said of it but that it was. */
export const notFound = new PathMismatch("No results for path");

/** Counts work. */
export interface StepMeter {
  step(count: number): void;
}

/** One evaluation of a path: what it has found and used. */
export class Evaluation {
  readonly root: TemplateValue;
  /** What paths from the root within filters gave. */
  readonly cache = new Map<object, TemplateValue>();
  readonly #meter: StepMeter | undefined;
  #steps = 0;
  /** Of these, what the meter knows. */
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

  /** Hands what was counted on to the meter, which may refuse it. */
  tell(): void {
    const untold = this.#steps - this.#told;
    this.#told = this.#steps;
    this.#meter?.step(untold);
  }
}

/** Looks at a value and adds what it finds. */
export type Visit = (value: TemplateValue, found: TemplateValue[], evaluation: Evaluation) => void;

/** Does a filter accept a value? */
export type Test = (value: TemplateValue, evaluation: Evaluation) => boolean;
