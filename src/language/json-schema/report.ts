import { bounds } from "../../base/bounds.ts";

/** The findings of a validation, like fge's ProcessingReport. */
export class Report {
  readonly messages: string[] = [];
  readonly #root: Report;
  readonly #stepsMax: number;
  #steps = 0;
  #depth = 0;

  constructor(root?: Report, stepsMax: number = bounds.schemaStepsMax.value) {
    this.#root = root ?? this;
    this.#stepsMax = stepsMax;
  }

  /** Whether a validation ended because its steps were spent. */
  get isOutOfSteps(): boolean {
    return this.#root.#steps > this.#root.#stepsMax;
  }

  get isSuccess(): boolean {
    return this.messages.length === 0;
  }

  error(message: string): void {
    this.step(4);
    if (this.messages.length < bounds.validationProblemsMax.value) this.messages.push(message);
  }

  /** Returns a report for the schemas of `anyOf` and its like, whose errors don't count by themselves. */
  nested(): Report {
    return new Report(this.#root);
  }

  /** Returns an empty report for running the same validation again. The steps that were spent stay spent. */
  again(): Report {
    const report = new Report(undefined, this.#root.#stepsMax);
    report.#steps = this.#root.#steps;
    return report;
  }

  /** Takes over what the same validation, run again, has spent. */
  addSteps({ steps }: { readonly steps: number }): void {
    this.#root.#steps = steps;
  }

  get steps(): number {
    return this.#root.#steps;
  }

  /** Counts steps of work, each time that they are done: schemas that refer to one another multiply them. */
  step(count: number): void {
    const root = this.#root;
    root.#steps += count;
    if (root.#steps > root.#stepsMax) throw new UnboundedWork("validation takes too many steps");
  }

  enter(): void {
    this.step(1);
    const root = this.#root;
    if (++root.#depth > bounds.schemaRecursionMax.value) throw new UnboundedWork("validation is nested too deep");
  }

  leave(): void {
    this.#root.#depth--;
  }
}

/** Thrown when a validation exceeds its steps. Its message becomes the validation's result. */
export class UnboundedWork extends Error {}
