/** A mapping expression as data. Stage variables are constants of a plan, so they are literals. */
export type ValuePlan =
  | {
      readonly kind: "literal";
      readonly text: string /** The stage's, whose value it is. */;
      readonly variable?: string;
    }
  /** `stageVariables.{variable}` of a stage that does not set it: no value, in place of a caller's own. */
  | { readonly kind: "unset"; readonly variable: string }
  /** `context.{name}` */
  | { readonly kind: "context"; readonly name: string }
  | {
      readonly kind: "request";
      readonly place: "path" | "querystring" | "header";
      readonly name: string;
      readonly isMultiValue: boolean;
    }
  /** `method.input.params.{name}` */
  | { readonly kind: "input-parameter"; readonly name: string }
  /** `$request.path` of an HTTP API: the path below the stage, as received. */
  | { readonly kind: "request-path" }
  /** `integration.response.header.{name}` */
  | { readonly kind: "response-header"; readonly name: string; readonly isMultiValue: boolean }
  | BodyValuePlan;

/** `method.request.body` or `integration.response.body`; with a JSONPath, the value that it finds there. */
export interface BodyValuePlan {
  readonly kind: "body";
  readonly of: "request" | "response";
  readonly jsonPath?: string;
  /** A longer body has no value. */
  readonly bytesMax?: number;
}

/** Text with values in it. A string is literal text. */
export type TextPlan = readonly (string | ValuePlan)[];

/**
 * A path parameter of a URI, which a template may override (`$context.requestOverride.path.{name}`). Without a value
 * the template has to.
 */
export interface UriParameterPlan {
  readonly kind: "uri-parameter";
  readonly name: string;
  readonly value?: ValuePlan;
}

/** Path and query of a backend: text with path parameters in it. */
export type UriPlan = readonly (string | ValuePlan | UriParameterPlan)[];
