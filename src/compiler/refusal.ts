import type { StepPlan } from "../plan/steps.ts";

/**
 * Ends the compilation of one method with the one step that takes its place. It is thrown and caught inside the compiler
 * only: a setting that can't be done is found at any depth, and always closes the whole method.
 * See docs/internals/architecture.md, "Fail closed".
 */
export class Refusal extends Error {
  readonly step: StepPlan;
  constructor(step: StepPlan) {
    super(step.kind);
    this.step = step;
  }
}

/** Makes a refusal for a setting that can't be enforced or done yet. `reason` names it as AWS does. */
export const closed = (reason: string): Refusal => new Refusal({ kind: "closed", reason });

/** Makes a refusal for a configuration that can't work on AWS either. */
export const misconfigured = (detail: string, hint?: string): Refusal =>
  new Refusal({ kind: "misconfigured", detail, ...(hint === undefined ? {} : { hint }) });

/** Makes a refusal for an integration that can't be reached as things are, which HTTP APIs answer with 503. */
export const unreachable = (detail: string): Refusal =>
  new Refusal({ kind: "misconfigured", detail, isUnreachable: true });
