/** A value of one request: a mapping expression as data. Stage variables are constants of a plan, hence literals. */
export type ValuePlan =
  | { readonly kind: "literal"; readonly text: string }
  /** `context.{name}` */
  | { readonly kind: "context"; readonly name: string }
  | {
      readonly kind: "request";
      readonly place: "path" | "querystring" | "header";
      readonly name: string;
      readonly isMultiValue: boolean;
    }
  /** `integration.response.header.{name}` */
  | { readonly kind: "response-header"; readonly name: string; readonly isMultiValue: boolean };

/** Text with values in it. A string stands for itself. */
export type TextPlan = readonly (string | ValuePlan)[];

/** Path and query of a backend: text with path parameters in it. */
export type UriPlan = TextPlan;
