import type { FieldToMatch } from "./web-acl.ts";

/** How a web ACL logs: the part of AWS's LoggingConfiguration that has an effect here. */
export interface WafLogging {
  readonly account: string;
  readonly region: string;
  /** The log group of CloudWatch Logs. */
  readonly group: string;
  readonly redactedFields: readonly FieldToMatch[];
  readonly filter?: LoggingFilter | undefined;
}

/** AWS: WAFV2 API reference, "LoggingFilter". */
export interface LoggingFilter {
  readonly DefaultBehavior: "KEEP" | "DROP";
  readonly Filters: readonly {
    readonly Behavior: "KEEP" | "DROP";
    readonly Requirement: "MEETS_ALL" | "MEETS_ANY";
    readonly Conditions: readonly {
      readonly ActionCondition?: { readonly Action: string } | undefined;
      readonly LabelNameCondition?: { readonly LabelName: string } | undefined;
    }[];
  }[];
}

/** Returns whether a request with these actions and labels is logged: the first filter that it meets says so. */
export function isLogged(
  { DefaultBehavior, Filters }: LoggingFilter,
  actions: readonly string[],
  labels: readonly string[],
): boolean {
  for (const { Behavior, Requirement, Conditions } of Filters) {
    const holds = ({ ActionCondition, LabelNameCondition }: (typeof Conditions)[number]): boolean =>
      (ActionCondition !== undefined && actions.includes(ActionCondition.Action)) ||
      (LabelNameCondition !== undefined && labels.includes(LabelNameCondition.LabelName));
    if (Requirement === "MEETS_ALL" ? Conditions.every(holds) : Conditions.some(holds)) return Behavior === "KEEP";
  }
  return DefaultBehavior === "KEEP";
}
