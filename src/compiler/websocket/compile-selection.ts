import { parseJsonPath } from "../../language/json-path/json-path.ts";
import { parseSelection } from "../../language/selection-expression.ts";
import type { TextPlan, ValuePlan } from "../../plan/values.ts";
import { closed } from "../refusal.ts";

/** Compiles a selection expression; throws a refusal if a variable of it can't be read. */
export function compileSelection(member: string, expression: string): TextPlan {
  const parts = parseSelection(expression);
  if (parts === undefined) throw closed(`selection expression ${member} ${expression}`);
  return parts.map((part) => (typeof part === "string" ? part : compileVariable(part.variable, member)));
}

/** AWS: API Gateway Developer Guide, "WebSocket selection expressions in API Gateway". */
function compileVariable(variable: string, member: string): ValuePlan {
  const body = /^(request|integration\.response)\.body([.[].+)?$/s.exec(variable);
  if (body !== null) {
    const of = body[1] === "request" ? "request" : "response";
    const jsonPath = body[2] === undefined ? undefined : `$${body[2]}`;
    if (jsonPath !== undefined && parseJsonPath(jsonPath).kind === "invalid")
      throw closed(`selection expression ${member} ${variable}`);
    return { kind: "body", of, ...(jsonPath === undefined ? {} : { jsonPath }) };
  }
  if (variable === "integration.response.statuscode") return { kind: "context", name: "integration.status" };
  const header = /^integration\.response\.(multivalue)?header\.(.+)$/s.exec(variable);
  if (header === null) throw closed(`selection expression ${member} ${variable}`);
  return { kind: "response-header", name: header[2]!, isMultiValue: header[1] !== undefined };
}
