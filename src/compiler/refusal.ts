import type { StepPlan } from "../plan/steps.ts";

/**
 * Ends the compilation of one method with the one step that stands for it. Thrown and caught inside the compiler only:
 * what asks for the impossible is found at any depth, and always means the whole method (DESIGN.md §10.1).
 */
export class Refusal extends Error {
  readonly step: StepPlan;
  constructor(step: StepPlan) {
    super(step.kind);
    this.step = step;
  }
}

/** What is configured can't be enforced or done yet; `reason` names it as AWS does. */
export const closed = (reason: string): Refusal => new Refusal({ kind: "closed", reason });

/** What is configured can't work on AWS either. */
export const misconfigured = (detail: string, hint?: string): Refusal =>
  new Refusal({ kind: "misconfigured", detail, ...(hint === undefined ? {} : { hint }) });
