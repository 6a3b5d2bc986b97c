const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/**
 * Returns names that an object of a valid JSON text has twice; `JSON.parse` silently takes the last. `membersParsed` is
 * the number of parsed members, if it is known: if the text has no more, nothing else is looked at.
 */
export function duplicateMembers(text: string, membersParsed = -1): readonly string[] {
  let count = 0;
  for (const token of tokens(text)) if (token.isName) count++;
  if (count === membersParsed) return [];
  const duplicates = new Set<string>();
  const open: Set<string>[] = [];
  for (const { start, end, isName } of tokens(text, true)) {
    const character = text[start];
    if (character === "{") open.push(new Set());
    else if (character === "}") open.pop();
    else if (isName) {
      const name: string = JSON.parse(text.slice(start, end));
      const names = open.at(-1);
      if (names?.has(name)) duplicates.add(name);
      names?.add(name);
    }
  }
  return [...duplicates];
}

interface Token {
  start: number;
  end: number;
  /** A string before a colon. */
  isName: boolean;
}

/** Yields the strings of a valid JSON text, and its braces if `withBraces`. It yields the same object each time. */
function* tokens(text: string, withBraces = false): Generator<Token> {
  const token: Token = { start: 0, end: 0, isName: false };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      token.start = at;
      for (at++; text.charCodeAt(at) !== quote; at++) if (text.charCodeAt(at) === backslash) at++;
      token.end = at + 1;
      let next = at + 1;
      while (text.charCodeAt(next) <= 0x20) next++;
      token.isName = text.charCodeAt(next) === colon;
      yield token;
    } else if (withBraces && (code === 0x7b || code === 0x7d)) {
      token.start = at;
      token.end = at + 1;
      token.isName = false;
      yield token;
    }
  }
}
