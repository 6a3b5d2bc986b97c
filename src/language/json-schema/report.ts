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
    this.step(4);
    if (this.messages.length < bounds.validationProblemsMax.value) this.messages.push(message);
  }

  /** For the schemas of `anyOf` and its like, whose errors don't count by themselves. */
  nested(): Report {
    return new Report(this.#root);
  }

  /** For the same validation once more: what was spent stays spent. */
  again(): Report {
    const report = new Report();
    report.#steps = this.#root.#steps;
    return report;
  }

  /** Counts work, as often as it is done: schemas that refer to one another multiply it. */
  step(count: number): void {
    const root = this.#root;
    root.#steps += count;
    if (root.#steps > bounds.schemaStepsMax.value) throw new UnboundedWork("validation takes too many steps");
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

/** Work without end: its message stands for the validation's. */
export class UnboundedWork extends Error {}
