/** What a piece of a text would be to a database, as far as detecting injections needs it. */
export type SqlTokenKind =
  | "name"
  | "number"
  | "string"
  /** AND, OR, XOR, ||, &&. */
  | "logic"
  /** =, <, LIKE, IN, IS, BETWEEN, … */
  | "compare"
  | "operator"
  | "union"
  /** SELECT. */
  | "select"
  /** A word that begins another statement: DROP, INSERT, EXEC, … */
  | "statement"
  /** FROM, WHERE, INTO, ORDER, … */
  | "clause"
  /** NULL, TRUE, DEFAULT, … */
  | "constant"
  | "variable"
  | "open"
  | "close"
  | "comma"
  | "semicolon"
  | "comment";

export interface SqlToken {
  readonly kind: SqlTokenKind;
  /** Words in lower case. Empty for strings and comments. */
  readonly text: string;
}

const words = (kind: SqlTokenKind, list: string): [string, SqlTokenKind][] =>
  list.split(" ").map((word) => [word, kind]);

const kinds: ReadonlyMap<string, SqlTokenKind> = new Map([
  ...words("logic", "and or xor"),
  ...words("compare", "like rlike ilike regexp is in between exists similar glob"),
  ...words("operator", "not div mod binary collate escape"),
  ...words("union", "union except intersect minus"),
  ...words("select", "select"),
  ...words(
    "statement",
    "insert update delete drop create alter truncate exec execute declare merge replace grant revoke shutdown waitfor call load copy backup restore attach pragma begin rename handler prepare",
  ),
  ...words(
    "clause",
    "from where into values set order group having limit offset procedure join table database schema all distinct by outfile dumpfile delay top as case when then else end using returning fetch",
  ),
  ...words("constant", "null true false default current_user session_user system_user"),
]);

/** White space, and the marks around comments that MySQL runs as code. */
const noise = /(?:[\s\0]|\/\*!\d{0,6}|\*\/)+/y;

/**
 * Reads a text as SQL, from `start` on. A comment ends the list where it runs to the end. At most `max` tokens are read:
 * injections show at their beginning.
 */
export function readSqlTokens(text: string, start: number, max: number): readonly SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = start;
  const push = (kind: SqlTokenKind, length: number, value = ""): void => {
    tokens.push({ kind, text: value });
    at += length;
  };
  while (at < text.length && tokens.length < max) {
    const character = text[at]!;
    const two = text.slice(at, at + 2);
    noise.lastIndex = at;
    if (noise.test(text)) at = noise.lastIndex;
    else if (two === "--" || character === "#") {
      const end = text.indexOf("\n", at);
      push("comment", (end < 0 ? text.length : end) - at);
    } else if (two === "/*") {
      const end = text.indexOf("*/", at + 2);
      if (end < 0) push("comment", text.length - at);
      else at = end + 2;
    } else if (character === "'" || character === '"') push("string", lengthOfString(text, at, character));
    else if (character === "`" || character === "[") {
      const end = text.indexOf(character === "`" ? "`" : "]", at + 1);
      push("name", (end < 0 ? text.length : end + 1) - at);
    } else if (character === "(") push("open", 1);
    else if (character === ")") push("close", 1);
    else if (character === ",") push("comma", 1);
    else if (character === ";") push("semicolon", 1);
    else if (two === "||" || two === "&&") push("logic", 2, two);
    else if (character === "@") {
      const [name = "@"] = /^@{1,2}[\w.$]*/.exec(text.slice(at, at + 64)) ?? [];
      push("variable", name.length, name.toLowerCase());
    } else if (/[0-9]/.test(character) || (character === "." && /[0-9]/.test(text[at + 1] ?? ""))) {
      const [number = character] = /^(?:0x[0-9a-f]*|[0-9.]+(?:e[+-]?[0-9]+)?)/i.exec(text.slice(at, at + 64)) ?? [];
      push("number", number.length, number);
    } else if (/[A-Za-z_\x80-\xff]/.test(character)) {
      const [word = character] = /^[\w.$\x80-\xff]+/.exec(text.slice(at, at + 256)) ?? [];
      const lower = word.toLowerCase();
      push(kinds.get(lower) ?? "name", word.length, lower);
    } else if (/[=<>!~]/.test(character)) {
      const [sign = character] = /^[=<>!~]+/.exec(text.slice(at, at + 8)) ?? [];
      push("compare", sign.length, sign);
    } else push("operator", 1, character);
  }
  return tokens;
}

/** The length of a string with its quotes; a backslash or a doubled quote does not end it. */
function lengthOfString(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1 - start;
      at++;
    }
  }
  return text.length - start;
}
