/** A request that a rule matched. AWS: WAFV2 API reference, "SampledHTTPRequest". */
export interface WafSample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly clientAddress: string;
  readonly method: string;
  /** The path from the stage's name on, with the query. */
  readonly uri: string;
  readonly httpVersion: string;
  /** Names and values in turn; secrets are masked. */
  readonly headers: readonly string[];
  readonly action: string;
  readonly ruleWithinGroup: string | undefined;
  readonly insertedHeaders: readonly string[];
  readonly responseCode: number | undefined;
  readonly labels: readonly string[];
}

/** Whose samples: a web ACL's ARN, and the metric name of the rule. */
export interface SampleKey {
  readonly arn: string;
  readonly metric: string;
}

export interface FoundSamples {
  /** Requests that matched, whether they were sampled or not. */
  readonly matched: number;
  readonly samples: readonly WafSample[];
}
