import { bounds } from "../base/bounds.ts";

/**
 * Why a template's evaluation ended: what the execution log names. `offset` is where in the template's text; it is
 * undefined where a host function or a value raised it, and the engine then fills in the place it was called from.
 */
export class TemplateFailure extends Error {
  offset: number | undefined;
  constructor(message: string, offset?: number) {
    super(message);
    this.name = "TemplateFailure";
    this.offset = offset;
  }
}

/**
 * What one evaluation has used of its bounds. Counted in steps and characters, never by a clock, so that a template
 * that ends on one machine ends on every machine at the same place.
 */
export class Meter {
  #chars = 0;
  readonly #stepsMax: number;
  /** Down to zero. Not private, and counted down, since that is a third of the cost at each reference. */
  stepsLeft: number;

  constructor(stepsMax: number = bounds.templateStepsMax.value) {
    this.#stepsMax = stepsMax;
    this.stepsLeft = stepsMax;
  }

  /** Counts work: a directive, a call, a round of a loop, or a piece of work on a long value. */
  step(count: number): void {
    this.stepsLeft -= count;
    if (this.stepsLeft < 0) this.#refuseSteps();
  }

  #refuseSteps(): never {
    throw new TemplateFailure(`The template takes more than ${this.#stepsMax} steps`);
  }

  /** Counts the characters of a text that was made, and refuses a single one that is too long. */
  made(chars: number): void {
    if (chars > bounds.templateTextCharsMax.value) {
      throw new TemplateFailure(`A text is longer than ${bounds.templateTextCharsMax.value} characters`);
    }
    this.#chars += chars;
    if (this.#chars > bounds.templateCharsMadeMax.value) {
      throw new TemplateFailure(`The template makes more than ${bounds.templateCharsMadeMax.value} characters of text`);
    }
  }

  /** Counts the elements that a list or map gets, and refuses one that is too large. */
  grown(size: number, added: number): void {
    this.step(added);
    if (size > bounds.templateCollectionSizeMax.value) {
      throw new TemplateFailure(`A list or map has more than ${bounds.templateCollectionSizeMax.value} elements`);
    }
  }
}
