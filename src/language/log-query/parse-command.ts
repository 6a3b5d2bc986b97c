import { type JavaPattern, parseJavaPattern } from "../java/java-pattern.ts";
import { type Evaluate, fieldExpression } from "./query-expression.ts";
import { asText, type QueryRecord } from "./query-record.ts";
import { QueryError, type QueryReader } from "./query-source.ts";
import { allowText, findWithinWork } from "./query-work.ts";

/** A `parse` command: finds parts of a text, and gives them names. */
export interface ParseCommand {
  readonly names: readonly string[];
  /** Sets the fields of a record. Nothing is set if the text does not match. */
  run(record: QueryRecord): void;
}

/**
 * Parses `parse @message "user=*, took * ms" as user, took` and `parse @message /took (?<took>\d+) ms/`.
 * AWS: "CloudWatch Logs Insights query syntax", "parse".
 */
export function parseParse(reader: QueryReader): ParseCommand {
  const named = reader.name();
  const { evaluate } = fieldExpression(named ?? "@message");
  const start = reader.place;
  const glob = reader.string();
  if (glob !== undefined) return parseGlob(reader, evaluate, glob, start);
  const source = reader.pattern();
  if (source === undefined) throw reader.unexpected();
  const end = reader.at;
  const parsed = parseJavaPattern(source, { hasGroups: true });
  if (parsed.kind === "unsupported") throw new QueryError(`the pattern has ${parsed.detail}`, start, end);
  const groups = groupNames(source);
  const names = groups.filter((name) => name !== undefined);
  if (names.length === 0) throw new QueryError("the pattern has no group with a name: (?<name>…)", start, end);
  return {
    names,
    run(record) {
      const text = asText(evaluate(record));
      if (text !== undefined) setGroups(record, text, { pattern: parsed.pattern, groups });
    },
  };
}

function setGroups(
  record: QueryRecord,
  text: string,
  { pattern, groups }: { readonly pattern: JavaPattern; readonly groups: readonly (string | undefined)[] },
): void {
  const match = findWithinWork(pattern, text);
  if (match === undefined) return;
  for (const [index, name] of groups.entries()) {
    const [from, to] = match[index + 1] ?? [-1, -1];
    if (name !== undefined && from >= 0) record.set(name, text.slice(from, to));
  }
}

/** Returns the names of a pattern's capturing groups in their order; undefined for those without one. */
function groupNames(source: string): (string | undefined)[] {
  const names: (string | undefined)[] = [];
  // An escaped character, a class, a name, another `(?…`, or a group.
  for (const [found, name] of source.matchAll(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\(\?<([A-Za-z]\w*)>|\(\?|\(/g)) {
    if (name !== undefined) names.push(name);
    else if (found === "(") names.push(undefined);
  }
  return names;
}

/** Each `*` is as short as the text behind it allows; one at the end takes the rest. */
function parseGlob(reader: QueryReader, evaluate: Evaluate, glob: string, start: number): ParseCommand {
  const end = reader.at;
  const names: string[] = [];
  if (reader.word("as") === undefined) throw reader.unexpected();
  do {
    const name = reader.name();
    if (name === undefined) throw reader.unexpected();
    names.push(name);
  } while (reader.symbol(",") !== undefined);
  const [first = "", ...parts] = glob.split("*");
  if (parts.length !== names.length) {
    throw new QueryError(`the pattern has ${parts.length} wildcards for ${names.length} names`, start, end);
  }
  return {
    names,
    run(record) {
      const found = findParts(asText(evaluate(record)) ?? "", first, parts);
      for (const [index, value] of found.entries()) record.set(names[index]!, value);
    },
  };
}

function findParts(text: string, first: string, parts: readonly string[]): string[] {
  if (!allowText(2 * text.length)) return [];
  const begin = text.indexOf(first);
  if (begin < 0) return [];
  const found: string[] = [];
  let at = begin + first.length;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const to = part === "" && isLast ? text.length : text.indexOf(part, at);
    if (to < 0) return [];
    found.push(text.slice(at, to));
    at = to + part.length;
  }
  return found;
}
