/** What becomes of something of a REST API that an HTTP API has in another form, or not at all. */
export type LossEffect =
  /** The method is not in the result. */
  | "left out"
  /** The method is a route without an integration, which answers 500: another route would take its requests otherwise. */
  | "closed"
  /** It is in the result, and differs in what `what` says. */
  | "changed"
  /** It is not in the result, and guards nothing. */
  | "dropped"
  /** No document can say it: it is set on the new API's stage. */
  | "set on the stage";

/** One row of what a conversion has to say. */
export interface ConversionLoss {
  /** `GET /pets`, `API`, or `stage dev`. */
  readonly where: string;
  readonly effect: LossEffect;
  readonly what: string;
  /** What the reader can do about it. */
  readonly advice: string;
}

/** Why something can't be converted, and what to do about it. */
export type Obstacle = Pick<ConversionLoss, "what" | "advice">;

/** Something converted, with what it differs in; or why it can't be. */
export type PartConversion<Value> =
  | { readonly kind: "converted"; readonly value: Value; readonly changes: readonly Obstacle[] }
  | { readonly kind: "impossible"; readonly obstacles: readonly Obstacle[] };
