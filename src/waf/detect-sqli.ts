import { bounds } from "../base/bounds.ts";
import { readSqlTokens, type SqlToken, type SqlTokenKind } from "./sql-tokens.ts";

/**
 * Detects injections of SQL by their grammar: a text is read as what it would be inside of a number, of a 'string' and of
 * a "string", and is an attack if it leaves that and goes on as SQL does. It is Portico's own, and smaller than what AWS
 * runs: docs/guide/web-acls.md says what it misses.
 */
export function isSqlInjection(text: string, sensitivity: "LOW" | "HIGH"): boolean {
  if (text.length < 3) return false;
  const isAttack = (tokens: readonly SqlToken[], isInString: boolean): boolean =>
    goesOnAsSql(tokens, isInString, sensitivity === "HIGH") || hasAttack(tokens);
  if (isAttack(readSqlTokens(text, 0, tokensMax), false)) return true;
  for (const quote of ["'", '"']) {
    // Every quote may be the one that ends the string.
    let tries = 0;
    for (let at = text.indexOf(quote); at >= 0 && tries < quotesMax; at = text.indexOf(quote, at + 1), tries++) {
      if (isAttack(readSqlTokens(text, at + 1, tokensMax), true)) return true;
    }
  }
  return false;
}

const tokensMax = bounds.wafSqlTokensMax.value;
const quotesMax = bounds.wafSqlQuotesMax.value;

const values: ReadonlySet<SqlTokenKind> = new Set(["name", "number", "string", "variable", "constant"]);

/** Whether what follows the value that the text stands in for would change the statement around it. */
function goesOnAsSql(tokens: readonly SqlToken[], isInString: boolean, isStrict: boolean): boolean {
  let at = 0;
  // In a number's place, the number itself comes first; a word would be a column, which a text may well begin with.
  if (!isInString) {
    while (tokens[at]?.kind === "operator" && "+-~".includes(tokens[at]!.text)) at++;
    const first = tokens[at]?.kind;
    if (
      first === undefined ||
      !(first === "number" || first === "variable" || first === "constant" || (isStrict && first === "name"))
    )
      return false;
    at++;
  }
  const closes = at;
  while (tokens[at]?.kind === "close") at++;
  const hasClosed = at > closes;
  const [first, second, third] = tokens.slice(at, at + 3);
  switch (first?.kind) {
    case undefined:
      return false;
    case "comment":
      // `admin'--`; in a number's place a comment alone is too common.
      return (isInString || hasClosed) && tokens.length === at + 1;
    case "union":
      return (
        second?.kind === "select" || second?.kind === "open" || (second?.kind === "clause" && third?.kind === "select")
      );
    case "semicolon":
      return second?.kind === "statement" || second?.kind === "select" || (second?.kind === "comment" && isInString);
    case "logic":
      return isCondition(tokens, at + 1, isInString || isStrict);
    case "clause":
      return /^(?:order|group)$/.test(first.text)
        ? second?.text === "by"
        : /^(?:having|limit|procedure|into)$/.test(first.text) && second !== undefined && second.kind !== "name";
    case "compare":
      // `'='`: a comparison with what follows the text.
      return (
        isInString &&
        (second?.kind === "string" || second?.kind === "number" || second?.kind === "open") &&
        (isStrict || isEnd(tokens, at + 2))
      );
    case "operator":
      return second?.kind === "open" && third?.kind === "select";
    default:
      return false;
  }
}

const isEnd = (tokens: readonly SqlToken[], at: number): boolean =>
  tokens[at] === undefined || tokens[at].kind === "comment" || tokens[at].kind === "logic";

/** Whether a condition begins here: a value that is compared, a function, a sub-query, or just a value before the end. */
function isCondition(tokens: readonly SqlToken[], start: number, isLenient: boolean): boolean {
  let at = start;
  while (tokens[at]?.kind === "open" || tokens[at]?.text === "not" || tokens[at]?.text === "!") at++;
  const first = tokens[at];
  if (first === undefined) return false;
  if (first.kind === "select" || first.text === "exists") return true;
  if (!values.has(first.kind))
    return first.kind === "operator" && values.has(tokens[at + 1]?.kind ?? "comma") && isLenient;
  const next = tokens[at + 1];
  if (next?.kind === "compare" || (next?.text === "not" && tokens[at + 2]?.kind === "compare")) return true;
  if (first.kind === "name") return next?.kind === "open" && (isLenient || sleepers.has(first.text));
  const isOver = next === undefined || next.kind === "comment" || next.kind === "close";
  return isOver && isLenient && (first.kind !== "string" || next?.kind === "comment" || tokens.length > 2);
}

const sleepers: ReadonlySet<string> = new Set(
  "sleep benchmark pg_sleep extractvalue updatexml load_file xp_cmdshell dbms_pipe.receive_message ascii substring substr char chr length if iif elt".split(
    " ",
  ),
);

/** Whether the tokens have in them what no harmless text has. */
function hasAttack(tokens: readonly SqlToken[]): boolean {
  return tokens.some((token, at) => {
    const next = tokens[at + 1];
    const third = tokens[at + 2];
    switch (token.kind) {
      case "union": {
        const select = next?.kind === "clause" ? third : next;
        const after = tokens[at + (next?.kind === "clause" ? 3 : 2)];
        if (select?.kind !== "select" || after === undefined) return false;
        return after.kind !== "name" || tokens.slice(at).some(({ kind, text }) => kind === "comma" || text === "from");
      }
      case "select":
        // `select a from b where`, `select @@version`, `select sleep(`.
        if (next?.kind === "variable" || next?.text === "*") return true;
        if (next?.kind === "name" && third?.kind === "open") return true;
        return tokens[at - 1]?.kind === "open" && tokens.slice(at).some(({ text }) => text === "from");
      case "semicolon":
        return (
          next?.kind === "statement" &&
          (third?.kind === "clause" || third?.kind === "variable" || /^(?:xp_|sp_|shutdown)/.test(third?.text ?? ""))
        );
      case "clause":
        return token.text === "into" && (next?.text === "outfile" || next?.text === "dumpfile");
      case "statement":
        return (
          (token.text === "waitfor" && next?.text === "delay") ||
          (/^exec/.test(token.text) && /^(?:master\.|xp_|sp_)/.test(next?.text ?? ""))
        );
      case "name":
        if (token.text.startsWith("information_schema.")) return true;
        return next?.kind === "open" && third?.kind === "number" && /^(?:sleep|pg_sleep|benchmark)$/.test(token.text);
      default:
        return false;
    }
  });
}
