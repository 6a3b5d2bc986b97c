import { parseJsonPath } from "../language/json-path/json-path.ts";
import { type MappingExpression, parseMappingExpression } from "../language/mapping-expression.ts";
import { parseSubstitution } from "../language/substitution.ts";
import type { ParameterPlan } from "../plan/steps.ts";
import type { TextPlan, ValuePlan } from "../plan/values.ts";
import { closed } from "./refusal.ts";

type Variables = Readonly<Record<string, string>>;

/** Where a value is used decides what it may refer to. */
type Side = "request" | "response" | "gateway-response";

/**
 * Compiles those `requestParameters` or `responseParameters` whose key starts with `prefix`, in the order of their
 * names. A stage variable that is not set sends nothing, and with `keepsUnset` takes the place of a caller's own value.
 */
export function compileParameters(
  parameters: Readonly<Record<string, string>> | undefined,
  prefix: string,
  options: { readonly side: Side; readonly variables: Variables; readonly keepsUnset?: boolean },
): ParameterPlan[] {
  const plans: ParameterPlan[] = [];
  for (const key of Object.keys(parameters ?? {}).sort()) {
    if (!key.startsWith(prefix)) continue;
    const value = compileValue(parameters![key]!, options);
    const name = key.slice(prefix.length);
    if (value !== undefined) plans.push({ name, value });
    else if (options.keepsUnset === true) {
      plans.push({ name, value: { kind: "unset", variable: parameters![key]!.slice("stageVariables.".length) } });
    }
  }
  return plans;
}

/** Compiles an expression to a value; returns undefined if it is known to have none. */
export function compileValue(
  text: string,
  options: { readonly side: Side; readonly variables: Variables },
): ValuePlan | undefined {
  const expression = parseMappingExpression(text);
  if (expression === undefined) throw closed(`mapping expression ${text}`);
  if (!isUsable(expression, options.side)) throw closed(`mapping expression ${text}`);
  return toValue(expression, options.variables);
}

function isUsable(expression: MappingExpression, side: Side): boolean {
  switch (expression.kind) {
    case "request":
      return side !== "response";
    case "input-parameter":
      return side === "gateway-response";
    case "request-body":
      return side === "request" && isPathUsable(expression.jsonPath);
    case "response-header":
      return side === "response";
    case "response-body":
      return side === "response" && isPathUsable(expression.jsonPath);
    default:
      return true;
  }
}

const isPathUsable = (jsonPath: string | undefined): boolean =>
  jsonPath === undefined || parseJsonPath(jsonPath).kind === "path";

/** Compiles text with references. References that can't be resolved are left out. */
export function compileText(text: string, variables: Variables): TextPlan {
  return parseSubstitution(text).flatMap((part) => {
    if (typeof part === "string") return [part];
    if (part.kind === "request-body" || part.kind === "response-body") return [];
    const value = toValue(part, variables);
    if (value === undefined) return [];
    return [value.kind === "literal" ? value.text : value];
  });
}

function toValue(expression: MappingExpression, variables: Variables): ValuePlan | undefined {
  switch (expression.kind) {
    case "stage-variable":
      return Object.hasOwn(variables, expression.name)
        ? { kind: "literal", text: variables[expression.name]!, variable: expression.name }
        : undefined;
    case "request-body":
    case "response-body": {
      const of = expression.kind === "request-body" ? "request" : "response";
      return { kind: "body", of, ...(expression.jsonPath === undefined ? {} : { jsonPath: expression.jsonPath }) };
    }
    default:
      return expression;
  }
}
