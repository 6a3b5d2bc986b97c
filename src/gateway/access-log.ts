import { parseSubstitution } from "../language/substitution.ts";
import type { PlanKind } from "../plan/kinds.ts";
import type { TextPlan, ValuePlan } from "../plan/values.ts";
import { maskValue } from "../telemetry/secrets.ts";
import type { Exchange } from "./exchange.ts";
import { linkText } from "./values.ts";

/**
 * Links an access log format and returns the function that writes an exchange's line. A variable without a value is
 * written as `-`.
 * AWS: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway", "Customize HTTP API access logs".
 */
export function linkAccessLog(format: string, kind: PlanKind): (exchange: Exchange) => string {
  const plan: TextPlan = parseSubstitution(format.replaceAll(/\s*\n\s*/g, " ").trim()).map((part) => {
    // Access logs know only $context; every other reference is copied as it is written.
    if (typeof part === "string") return part;
    return part.kind === "context" ? part : { kind: "literal", text: "-" };
  });
  const write = linkText(plan, { unresolved: "-", escape: escapeValue, kind });
  return (exchange) => `${write(exchange)}\n`;
}

/** A caller must not be able to end a line or a JSON text: control characters, quotes and backslashes are escaped. */
function escapeValue(given: string, plan: ValuePlan): string {
  // AWS: "Set up CloudWatch logging for REST APIs in API Gateway": API keys are redacted.
  const isSecret = plan.kind === "context" && plan.name === "identity.apiKey";
  const value = isSecret ? maskValue(given) : given;
  // It is a JSON text already.
  if (plan.kind === "context" && plan.name === "error.messageString") return withoutLineEnds(value);
  return /[\x00-\x1f"\\\x7f-\x9f\u2028\u2029]/.test(value)
    ? withoutLineEnds(JSON.stringify(value).slice(1, -1))
    : value;
}

/** Escapes the control characters that JSON leaves as they are. */
const withoutLineEnds = (json: string): string => json.replaceAll(/[\x7f-\x9f\u2028\u2029]/g, unicodeEscape);

const unicodeEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
