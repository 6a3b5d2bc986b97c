import { bounds } from "../../base/bounds.ts";
import { isInNetwork, parseIpAddress, parseIpNetwork } from "../../base/ip-address.ts";
import { parseEcmaPattern } from "../ecma-pattern.ts";
import { parseJavaPattern } from "../java/java-pattern.ts";
import { asNumber, asText, compareValues, type QueryRecord, type QueryValue } from "./query-record.ts";
import { QueryError, type QueryReader } from "./query-source.ts";
import { allowText, findWithinWork, patternMeter, withinWork } from "./query-work.ts";

/** Evaluates an expression for a record. It never throws. */
export type Evaluate = (record: QueryRecord) => QueryValue;

export interface Expression {
  readonly evaluate: Evaluate;
  /** Its value is a time: results show it as one. */
  readonly isTime: boolean;
  /** The field, if it is nothing but one. */
  readonly field?: string;
}

const depthMax = bounds.logQueryDepthMax.value;

const timeFields: ReadonlySet<string> = new Set(["@timestamp", "@ingestionTime"]);

export const fieldExpression = (name: string): Expression => ({
  evaluate: (record) => record.get(name),
  isTime: timeFields.has(name),
  field: name,
});

/** Parses an expression: `or`, `and`, `not`, comparisons, arithmetic, functions, fields and literals. */
export function parseExpression(reader: QueryReader, depth = 0): Expression {
  if (depth > depthMax) throw new QueryError("the expression is nested too deep", reader.place, reader.place);
  let left = parseAnd(reader, depth);
  while (reader.word("or") !== undefined) {
    const [a, b] = [left.evaluate, parseAnd(reader, depth).evaluate];
    left = plain((record) => isTrue(a(record)) || isTrue(b(record)));
  }
  return left;
}

const plain = (evaluate: Evaluate): Expression => ({ evaluate, isTime: false });

/** Whether a condition holds: a field that is there and is neither `0` nor empty. */
export const isTrue = (value: QueryValue): boolean =>
  typeof value === "boolean" ? value : value !== undefined && value !== 0 && value !== "" && value !== "0";

function parseAnd(reader: QueryReader, depth: number): Expression {
  let left = parseNot(reader, depth);
  while (reader.word("and") !== undefined) {
    const [a, b] = [left.evaluate, parseNot(reader, depth).evaluate];
    left = plain((record) => isTrue(a(record)) && isTrue(b(record)));
  }
  return left;
}

function parseNot(reader: QueryReader, depth: number): Expression {
  if (depth > depthMax) throw new QueryError("the expression is nested too deep", reader.place, reader.place);
  if (reader.word("not") === undefined) return parseComparison(reader, depth);
  const { evaluate } = parseNot(reader, depth + 1);
  return plain((record) => !isTrue(evaluate(record)));
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<=": (order) => order <= 0,
  ">=": (order) => order >= 0,
  "<": (order) => order < 0,
  ">": (order) => order > 0,
};

function parseComparison(reader: QueryReader, depth: number): Expression {
  const left = parseSum(reader, depth);
  const { evaluate } = left;
  if (reader.symbol("=~") !== undefined) {
    const matches = parseMatcher(reader);
    return plain((record) => matches(asText(evaluate(record))));
  }
  const symbol = reader.symbol("!=", "<=", ">=", "=", "<", ">");
  if (symbol !== undefined) {
    const holds = comparisons[symbol]!;
    const right = parseSum(reader, depth).evaluate;
    return plain((record) => {
      const [a, b] = [evaluate(record), right(record)];
      // AWS: what is not there is not equal to anything.
      if (a === undefined || b === undefined) return symbol === "!=" && a !== b;
      return holds(compareValues(a, b));
    });
  }
  const isNegated = reader.word("not") !== undefined;
  const found = parseMembership(reader, evaluate, depth);
  if (found === undefined) {
    if (isNegated) throw reader.unexpected();
    return left;
  }
  return isNegated ? plain((record) => !found(record)) : plain(found);
}

/** `like "text"`, `like /pattern/`, `in [1, 2]` */
function parseMembership(
  reader: QueryReader,
  evaluate: Evaluate,
  depth: number,
): ((record: QueryRecord) => boolean) | undefined {
  if (reader.word("like") !== undefined) {
    const matches = parseMatcher(reader);
    return (record) => matches(asText(evaluate(record)));
  }
  if (reader.word("in") === undefined) return undefined;
  reader.expect("[");
  const listed: Evaluate[] = [];
  do listed.push(parseSum(reader, depth).evaluate);
  while (reader.symbol(",") !== undefined);
  reader.expect("]");
  return (record) => {
    const value = evaluate(record);
    return value !== undefined && listed.some((each) => compareValues(value, each(record)) === 0);
  };
}

/** Parses a text, which has to be found, or a pattern. */
function parseMatcher(reader: QueryReader): (text: string | undefined) => boolean {
  const sought = reader.string();
  if (sought !== undefined) return (text) => text !== undefined && contains(text, sought);
  const start = reader.place;
  const source = reader.pattern();
  if (source === undefined) throw reader.unexpected();
  const found = linkPattern(source, start, reader.at);
  return (text) => text !== undefined && found(text);
}

/** Both engines are bounded, whatever the pattern. What one of them does not know the other may. */
function linkPattern(given: string, start: number, end: number): (text: string) => boolean {
  // AWS's guide has `/^(?i)Exception$/`. These flags mean the same before the `^`, where the engine takes them.
  const source = given.replace(/^\^(\(\?[is]+\))/, "$1^");
  const ecma = /^\(\?[a-z]+\)/.test(source) ? undefined : parseEcmaPattern(source);
  if (ecma !== undefined) return (text) => withinWork(() => ecma.isFoundIn(text, patternMeter)) === true;
  const parsed = parseJavaPattern(source);
  if (parsed.kind === "unsupported") throw new QueryError(`the pattern has ${parsed.detail}`, start, end);
  return (text) => findWithinWork(parsed.pattern, text) !== undefined;
}

const contains = (text: string, sought: string): boolean => allowText(text.length) && text.includes(sought);

const arithmetic: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
  "^": (left, right) => left ** right,
};

function calculation(symbol: string, left: Evaluate, right: Evaluate): Expression {
  const calculate = arithmetic[symbol]!;
  return plain((record) => {
    const [a, b] = [asNumber(left(record)), asNumber(right(record))];
    if (a === undefined || b === undefined) return undefined;
    const result = calculate(a, b);
    return Number.isFinite(result) ? result : undefined;
  });
}

function parseSum(reader: QueryReader, depth: number): Expression {
  let left = parseProduct(reader, depth);
  for (let symbol = reader.symbol("+", "-"); symbol !== undefined; symbol = reader.symbol("+", "-")) {
    left = calculation(symbol, left.evaluate, parseProduct(reader, depth).evaluate);
  }
  return left;
}

function parseProduct(reader: QueryReader, depth: number): Expression {
  let left = parsePower(reader, depth);
  for (let symbol = reader.symbol("*", "/", "%"); symbol !== undefined; symbol = reader.symbol("*", "/", "%")) {
    left = calculation(symbol, left.evaluate, parsePower(reader, depth).evaluate);
  }
  return left;
}

function parsePower(reader: QueryReader, depth: number): Expression {
  let left = parseOperand(reader, depth);
  while (reader.symbol("^") !== undefined) {
    left = calculation("^", left.evaluate, parseOperand(reader, depth).evaluate);
  }
  return left;
}

function parseOperand(reader: QueryReader, depth: number): Expression {
  if (reader.symbol("(") !== undefined) {
    const inner = parseExpression(reader, depth + 1);
    reader.expect(")");
    return inner;
  }
  if (reader.symbol("-") !== undefined) {
    const { evaluate } = parseOperand(reader, depth + 1);
    return calculation("-", () => 0, evaluate);
  }
  const literal = reader.number() ?? reader.string();
  if (literal !== undefined) return plain(() => literal);
  const start = reader.place;
  const name = reader.name();
  if (name === undefined) throw reader.unexpected();
  if (reader.symbol("(") === undefined) return fieldExpression(name);
  return parseCall(reader, name, start, depth);
}

type Compute = (values: readonly QueryValue[]) => QueryValue;

const onText =
  (compute: (text: string) => QueryValue): Compute =>
  ([value]) => {
    const text = asText(value);
    return text === undefined || !allowText(text.length) ? undefined : compute(text);
  };
const onNumber =
  (compute: (number: number) => number): Compute =>
  ([value]) => {
    const number = asNumber(value);
    const result = number === undefined ? undefined : compute(number);
    return result !== undefined && Number.isFinite(result) ? result : undefined;
  };
/** Removes white space, or the characters of a second text. */
const trimmed =
  (isAtStart: boolean, isAtEnd: boolean): Compute =>
  ([value, given]) => {
    const text = asText(value);
    if (text === undefined || !allowText(text.length)) return undefined;
    const chars = given === undefined ? undefined : new Set((asText(given) ?? "").slice(0, 1_024));
    const isCut = (at: number): boolean => (chars === undefined ? text[at]!.trim() === "" : chars.has(text[at]!));
    let [from, to] = [0, text.length];
    while (isAtStart && from < to && isCut(from)) from++;
    while (isAtEnd && to > from && isCut(to - 1)) to--;
    return text.slice(from, to);
  };

/** Whether a text is an address of the families, which are told by how it is written. */
const isAddress =
  (...families: readonly (4 | 6)[]): Compute =>
  ([value]) => {
    const text = asText(value) ?? "";
    return families.includes(text.includes(":") ? 6 : 4) && parseIpAddress(text) !== undefined;
  };
const isInSubnet =
  (...families: readonly (4 | 6)[]): Compute =>
  ([value, subnet]) => {
    const address = parseIpAddress(asText(value) ?? "");
    const network = parseIpNetwork(asText(subnet) ?? "");
    return (
      address !== undefined &&
      network !== undefined &&
      families.includes(address.family) &&
      isInNetwork(address, network)
    );
  };

const extreme =
  (sign: number): Compute =>
  (values) =>
    values.filter((value) => value !== undefined).sort((a, b) => sign * compareValues(a, b))[0];

/** AWS: "CloudWatch Logs Insights query syntax", "Supported operations and functions". */
const functions: Readonly<Record<string, readonly [argumentsMin: number, argumentsMax: number, Compute]>> = {
  abs: [1, 1, onNumber(Math.abs)],
  ceil: [1, 1, onNumber(Math.ceil)],
  floor: [1, 1, onNumber(Math.floor)],
  log: [1, 1, onNumber(Math.log)],
  sqrt: [1, 1, onNumber(Math.sqrt)],
  greatest: [1, 50, extreme(-1)],
  least: [1, 50, extreme(1)],
  // In code points: the halves of a surrogate pair count as one.
  strlen: [1, 1, onText((text) => text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0))],
  toupper: [1, 1, onText((text) => text.toUpperCase())],
  tolower: [1, 1, onText((text) => text.toLowerCase())],
  trim: [1, 2, trimmed(true, true)],
  ltrim: [1, 2, trimmed(true, false)],
  rtrim: [1, 2, trimmed(false, true)],
  concat: [
    1,
    50,
    (values) => {
      const texts = values.map((value) => asText(value) ?? "");
      const chars = texts.reduce((sum, { length }) => sum + length, 0);
      return allowText(chars) ? texts.join("").slice(0, textCharsMax) : undefined;
    },
  ],
  substr: [
    2,
    3,
    ([value, from, length]) => {
      const begin = asNumber(from) ?? 0;
      return asText(value)?.slice(begin, length === undefined ? undefined : begin + (asNumber(length) ?? 0));
    },
  ],
  replace: [3, 3, ([value, sought, by]) => replaced(asText(value), asText(sought) ?? "", asText(by) ?? "")],
  strcontains: [2, 2, ([value, sought]) => Number(contains(asText(value) ?? "", asText(sought) ?? ""))],
  coalesce: [1, 50, (values) => values.find((value) => value !== undefined)],
  ispresent: [1, 1, ([value]) => value !== undefined],
  isempty: [1, 1, ([value]) => value === undefined || value === ""],
  isblank: [1, 1, ([value]) => value === undefined || asText(value)?.trim() === ""],
  isvalidip: [1, 1, isAddress(4, 6)],
  isvalidipv4: [1, 1, isAddress(4)],
  isvalidipv6: [1, 1, isAddress(6)],
  isipinsubnet: [2, 2, isInSubnet(4, 6)],
  isipv4insubnet: [2, 2, isInSubnet(4)],
  isipv6insubnet: [2, 2, isInSubnet(6)],
  tomillis: [1, 1, onNumber((ms) => ms)],
  frommillis: [1, 1, onNumber((ms) => ms)],
};

/** Returns whether expressions have a function of this name, in lower case. */
export const isFunction = (name: string): boolean =>
  Object.hasOwn(functions, name) || ["bin", "datefloor", "dateceil"].includes(name);

const textCharsMax = bounds.logQueryTextCharsMax.value;

/** Replaces as many as fit into the longest text. */
function replaced(text: string | undefined, sought: string, by: string): string | undefined {
  if (text === undefined || sought === "" || !allowText(4 * text.length)) return text;
  const parts = text.split(sought, Math.ceil(textCharsMax / Math.max(1, by.length)) + 1);
  const chars = text.length + (parts.length - 1) * Math.max(0, by.length - sought.length);
  return allowText(chars) ? parts.join(by).slice(0, textCharsMax) : undefined;
}

function parseCall(reader: QueryReader, name: string, start: number, depth: number): Expression {
  const lower = name.toLowerCase();
  const aggregation = reader.parseAggregation?.(lower, start);
  if (aggregation !== undefined) return aggregation;
  if (lower === "bin") return parseBin(reader, fieldExpression("@timestamp"), Math.floor);
  if (lower === "datefloor" || lower === "dateceil") {
    const time = parseExpression(reader, depth + 1);
    reader.expect(",");
    return parseBin(reader, time, lower === "datefloor" ? Math.floor : Math.ceil);
  }
  if (!Object.hasOwn(functions, lower)) {
    throw new QueryError(`the function ${name} is not known here`, start, start + name.length);
  }
  const [min, max, compute] = functions[lower]!;
  const given: Evaluate[] = [];
  if (reader.symbol(")") === undefined) {
    do given.push(parseExpression(reader, depth + 1).evaluate);
    while (reader.symbol(",") !== undefined);
    reader.expect(")");
  }
  if (given.length < min || given.length > max) {
    throw new QueryError(`${name} takes ${min === max ? min : `${min} to ${max}`} arguments`, start, reader.at);
  }
  const isTime = lower === "frommillis";
  return { evaluate: (record) => compute(given.map((each) => each(record))), isTime };
}

/** `5m)` of `bin(5m)`: the time, rounded to whole intervals. */
function parseBin(reader: QueryReader, { evaluate }: Expression, round: (count: number) => number): Expression {
  const duration = reader.duration();
  if (duration === undefined) throw reader.unexpected();
  reader.expect(")");
  return {
    evaluate: (record) => {
      const ms = asNumber(evaluate(record));
      return ms === undefined ? undefined : round(ms / duration.ms) * duration.ms;
    },
    isTime: true,
  };
}
