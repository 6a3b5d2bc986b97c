/**
 * The rules that make a selection expression of a WebSocket API valid. Each check returns undefined, or a message.
 * AWS: API Gateway Developer Guide, "WebSocket selection expressions in API Gateway".
 */
import { bounds } from "../base/bounds.ts";
import { parseJsonPath } from "../language/json-path/json-path.ts";
import { parseSelection } from "../language/selection-expression.ts";
import { shortened } from "./text-lengths.ts";

/** What a variable of an expression may begin with, by the property that the expression is. */
const variables = {
  RouteSelectionExpression: /^request\.body(?:[.[].+)?$/s,
  ModelSelectionExpression: /^request\.body(?:[.[].+)?$/s,
  /** Of an integration, which sees requests only. */
  TemplateSelectionExpression: /^request\.body(?:[.[].+)?$/s,
} as const;

type Selecting = keyof typeof variables;

/** Of an integration response, which sees both. */
const responseVariable =
  /^(?:request\.body(?:[.[].+)?|integration\.response\.(?:statuscode|(?:multivalue)?header\.[\w.$-]+|body(?:[.[].+)?))$/s;

const lengthMax = bounds.selectionExpressionCharsMax.value;

// Unconfirmed: the words of all; see docs/compatibility.md, "WebSocket APIs, words of management".
const invalid = (member: string, expression: string, why: string): string =>
  `Invalid ${member} specified: ${shortened(expression)}. ${why}`;

/** Checks the expression that an API, a route or an integration has as the member of that name. */
export const checkSelection = (member: Selecting, expression: string | undefined): string | undefined =>
  checkExpression(member, expression, variables[member]);

/** Checks the expression that a route or a route response has to choose its model by. */
export const checkModelSelection = (expression: string | undefined): string | undefined =>
  checkSelection("ModelSelectionExpression", expression);

/** Checks the template selection expression of an integration response. */
export const checkResponseSelection = (expression: string | undefined): string | undefined =>
  checkExpression("TemplateSelectionExpression", expression, responseVariable);

function checkExpression(member: string, expression: string | undefined, allowed: RegExp): string | undefined {
  if (expression === undefined) return undefined;
  if (expression.length > lengthMax) return invalid(member, expression, `It has more than ${lengthMax} characters.`);
  if (/[\x00-\x1f\x7f]/.test(expression)) return invalid(member, expression, "It has a control character.");
  const parts = parseSelection(expression);
  if (parts === undefined) return invalid(member, expression, "A variable has no end.");
  for (const part of parts) {
    if (typeof part === "string") continue;
    const { variable } = part;
    if (!allowed.test(variable) || !hasJsonPath(variable)) {
      return invalid(member, expression, `It can't read '${shortened(variable)}'.`);
    }
  }
  return undefined;
}

/** Whether what a variable reads of a body, if it reads one, is a JSONPath. */
function hasJsonPath(variable: string): boolean {
  const [, path] = /^(?:request|integration\.response)\.body([.[].+)$/s.exec(variable) ?? [];
  return path === undefined || parseJsonPath(`$${path}`).kind !== "invalid";
}
