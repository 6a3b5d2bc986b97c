import { bounds } from "../../base/bounds.ts";

/** The differences of API Gateway's engine from stock Velocity 1.7, as far as they are known. */
export interface TemplatePolicy {
  /**
   * What a reference that leads from a value to null prints: its own text, as in Velocity, or nothing, as in API
   * Gateway for `$input`, `$context`, `$stageVariables` and properties of JSON objects. A variable that was never set
   * prints its text under both.
   */
  readonly missingPrints: "source" | "nothing";
  /** Rounds of one #foreach; the rest is silently left out. */
  readonly loopRoundsMax: number;
  /** Whether `#evaluate` exists. */
  readonly hasEvaluate: boolean;
}

/**
 * How API Gateway's templates differ from stock Velocity. Unconfirmed: the three points are known from published templates
 * and their users, not from AWS's documentation; see docs/compatibility.md, "VTL, null" and docs/compatibility.md, "VTL, loops".
 */
export const apiGatewayPolicy: TemplatePolicy = {
  missingPrints: "nothing",
  loopRoundsMax: bounds.templateLoopRoundsMax.value,
  hasEvaluate: false,
};

/** Apache Velocity 1.7 with its default settings. */
export const velocityPolicy: TemplatePolicy = {
  missingPrints: "source",
  loopRoundsMax: Number.POSITIVE_INFINITY,
  hasEvaluate: true,
};
