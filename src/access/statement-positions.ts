/** A place in a text: line and column, from 1. */
export interface Position {
  readonly Line: number;
  readonly Column: number;
}

export interface StatementPosition {
  readonly StartPosition: Position;
  readonly EndPosition: Position;
}

/**
 * Returns where each statement of a policy stands. A statement of a list begins after the bracket or the statement before
 * it, one that stands alone after its brace, and each ends after its brace. The text is valid JSON.
 * AWS: AWS CLI examples, "simulate-custom-policy"; lists as users quote them.
 */
export function statementPositions(text: string): readonly StatementPosition[] {
  const spans = statementSpans(text);
  const positions: StatementPosition[] = [];
  let line = 1;
  let lineStart = 0;
  let at = 0;
  const positionOf = (offset: number): Position => {
    for (; at < offset; at++) {
      if (text[at] !== "\n") continue;
      line++;
      lineStart = at + 1;
    }
    return { Line: line, Column: offset - lineStart + 1 };
  };
  for (const { start, end } of spans) {
    positions.push({ StartPosition: positionOf(start), EndPosition: positionOf(end) });
  }
  return positions;
}

function statementSpans(text: string): readonly { readonly start: number; readonly end: number }[] {
  const spans: { readonly start: number; readonly end: number }[] = [];
  let depth = 0;
  /** The depth at which a statement is open; 0 outside of Statement. */
  let statementDepth = 0;
  let start = 0;
  let name = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') {
      const begin = at;
      for (at++; text[at] !== '"'; at++) if (text[at] === "\\") at++;
      if (depth === 1) name = text.slice(begin, at + 1);
    } else if (character === "{" || character === "[") {
      if (depth === 1 && JSON.parse(name) === "Statement") {
        statementDepth = character === "[" ? 3 : 2;
        start = at + 1;
      }
      depth++;
    } else if (character === "}" || character === "]") {
      if (character === "}" && depth === statementDepth) {
        spans.push({ start, end: at + 1 });
        start = at + 1;
      }
      depth--;
      if (depth === 1) statementDepth = 0;
    }
  }
  return spans;
}
