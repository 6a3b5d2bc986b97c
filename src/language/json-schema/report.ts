import { bounds } from "../../base/bounds.ts";

/** What a validation has found: fge's ProcessingReport. */
export class Report {
  readonly messages: string[] = [];
  readonly #root: Report;
  #steps = 0;

  constructor(root?: Report) {
    this.#root = root ?? this;
  }

  get isSuccess(): boolean {
    return this.messages.length === 0;
  }

  error(message: string): void {
    if (this.messages.length < bounds.validationProblemsMax.value) this.messages.push(message);
  }

  /** For the schemas of `anyOf` and its like, whose errors don't count by themselves. */
  nested(): Report {
    return new Report(this.#root);
  }

  /** Counts the values that are looked at: schemas that refer to one another can multiply that. */
  step(): void {
    if (++this.#root.#steps > bounds.schemaStepsMax.value) throw new TooManySteps();
  }
}

export class TooManySteps extends Error {}
