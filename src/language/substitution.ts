import { type MappingExpression, parseMappingExpression } from "./mapping-expression.ts";

/**
 * Splits text with `$context.x`, `$stageVariables.x` and `method.request.{header|querystring|path}.x` (with or without
 * `$`) into literal text and what is to be put in: the little language of gateway responses and access log formats,
 * which is no VTL. A reference ends before a dot that no name follows, so that sentences keep their full stop.
 * AWS: API Gateway Developer Guide, "Gateway responses for REST APIs in API Gateway"; "Set up CloudWatch logging".
 */
export function parseSubstitution(text: string): (string | MappingExpression)[] {
  const parts: (string | MappingExpression)[] = [];
  let literal = "";
  let at = 0;
  for (const match of text.matchAll(reference)) {
    const expression = parseMappingExpression(match[1] ?? match[2] ?? match[3] ?? "");
    if (expression === undefined) continue;
    literal += text.slice(at, match.index);
    if (literal !== "") parts.push(literal);
    literal = "";
    parts.push(expression);
    at = match.index + match[0].length;
  }
  literal += text.slice(at);
  if (literal !== "") parts.push(literal);
  return parts;
}

// No name of a variable has a dash, and `$context.requestId-$context.stage` is two of them.
const variable = "(?:context(?:\\.[a-zA-Z0-9_]+)+|stageVariables\\.[a-zA-Z0-9_]+)";
const parameter = "method\\.request\\.(?:header|querystring|path)\\.[a-zA-Z0-9_]+(?:-[a-zA-Z0-9_]+)*";
const reference = new RegExp(`\\$(${variable})|\\$\\{(${variable})\\}|\\$?(${parameter})`, "g");

/** Fills `${stageVariables.x}` in; `unset` are those that the stage does not have, which become empty text. */
export function substituteStageVariables(
  text: string,
  variables: Readonly<Record<string, string>>,
): { text: string; unset: string[] } {
  const unset: string[] = [];
  const filled = text.replace(/\$\{stageVariables\.([a-zA-Z0-9_]+)\}/g, (_, name: string) => {
    if (Object.hasOwn(variables, name)) return variables[name]!;
    unset.push(name);
    return "";
  });
  return { text: filled, unset };
}
