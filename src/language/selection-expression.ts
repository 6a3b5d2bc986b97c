/**
 * The expressions by which WebSocket APIs choose routes, models, templates and integration responses: static text, and
 * variables written `$request.body.x`, which goes to the end of the expression, or `${request.body.x}` with text around.
 * `\$` is a dollar sign.
 * AWS: API Gateway Developer Guide, "WebSocket selection expressions in API Gateway".
 */
export interface SelectionVariable {
  /** Without dollar sign and braces: `request.body.action`. */
  readonly variable: string;
}

/** Static text and variables in turn; undefined if a brace is not closed. */
export function parseSelection(expression: string): readonly (string | SelectionVariable)[] | undefined {
  const parts: (string | SelectionVariable)[] = [];
  let text = "";
  const add = (variable: string): void => {
    if (text !== "") parts.push(text);
    parts.push({ variable });
    text = "";
  };
  for (let at = 0; at < expression.length; at++) {
    const character = expression[at]!;
    if (character === "\\" && at + 1 < expression.length) text += expression[++at];
    else if (character !== "$") text += character;
    else if (expression[at + 1] === "{") {
      const end = expression.indexOf("}", at);
      if (end < 0) return undefined;
      add(expression.slice(at + 2, end));
      at = end;
    } else {
      add(expression.slice(at + 1));
      break;
    }
  }
  if (text !== "") parts.push(text);
  return parts;
}
