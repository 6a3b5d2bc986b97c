import { bounds } from "../../base/bounds.ts";

/** What a validation has found: fge's ProcessingReport. */
export class Report {
  readonly messages: string[] = [];
  readonly #root: Report;
  #steps = 0;
  #depth = 0;

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

  /** Counts the values that are looked at, each as often as it is: schemas that refer to one another multiply that. */
  enter(): void {
    const root = this.#root;
    if (++root.#steps > bounds.schemaStepsMax.value) throw new Unbounded("validation takes too many steps");
    if (++root.#depth > bounds.schemaRecursionMax.value) throw new Unbounded("validation is nested too deep");
  }

  leave(): void {
    this.#root.#depth--;
  }
}

/** Work without end: its message stands for the validation's. */
export class Unbounded extends Error {}
