import { bounds } from "../../base/bounds.ts";

/** An expression of metric math, as it was parsed. AWS: CloudWatch User Guide, "Using math expressions with CloudWatch metrics". */
export type MathNode =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  /** The id of a query, or a word such as `REPEAT`. */
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "array"; readonly items: readonly MathNode[] }
  | { readonly kind: "negation"; readonly of: MathNode }
  | { readonly kind: "operation"; readonly operator: MathOperator; readonly left: MathNode; readonly right: MathNode }
  | { readonly kind: "call"; readonly function: string; readonly parameters: readonly MathNode[] };

export type MathOperator = "+" | "-" | "*" | "/" | "^" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "AND" | "OR";

/** Thrown for an expression that can't be computed. The message is for the caller. */
export class MathError extends Error {}

const charsMax = bounds.metricExpressionCharsMax.value;
const depthMax = bounds.metricExpressionDepthMax.value;

/** Operators by their precedence, the weakest first. */
const levels: readonly (readonly MathOperator[])[] = [
  ["OR"],
  ["AND"],
  ["==", "!=", "<", ">", "<=", ">="],
  ["+", "-"],
  ["*", "/"],
  ["^"],
];

/** Parses an expression. Throws a `MathError`. */
export function parseMath(expression: string): MathNode {
  if (expression.length > charsMax) throw new MathError(`It is longer than ${charsMax} characters.`);
  const parser = new Parser(tokensOf(expression));
  const node = parser.expression(0, 0);
  if (parser.next !== undefined) throw new MathError(`Syntax error at '${parser.next}'.`);
  return node;
}

const tokenPattern =
  /\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_][A-Za-z0-9_]*)|("[^"]*"|'[^']*')|(==|!=|<=|>=|&&|\|\||[-+*/^<>()[\],]))/y;

function tokensOf(expression: string): readonly string[] {
  const tokens: string[] = [];
  const text = expression.trimEnd();
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (match === null) throw new MathError(`Syntax error at '${text.slice(at, at + 20).trim()}'.`);
    tokens.push(match[0].trim());
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get next(): string | undefined {
    return this.#tokens[this.#at];
  }

  expression(level: number, depth: number): MathNode {
    const operators = levels[level];
    if (operators === undefined) return this.#unary(depth);
    let left = this.expression(level + 1, depth);
    for (let operator = this.#operator(operators); operator !== undefined; operator = this.#operator(operators)) {
      left = { kind: "operation", operator, left, right: this.expression(level + 1, depth + 1) };
    }
    return left;
  }

  #operator(of: readonly MathOperator[]): MathOperator | undefined {
    const word = this.next === "&&" ? "AND" : this.next === "||" ? "OR" : this.next;
    const operator = of.find((each) => each === word);
    if (operator !== undefined) this.#at++;
    return operator;
  }

  #unary(depth: number): MathNode {
    if (depth > depthMax) throw new MathError(`It nests deeper than ${depthMax} levels.`);
    const token = this.next;
    if (token === undefined) throw new MathError("Syntax error: it ends too early.");
    this.#at++;
    // A power binds stronger than a sign.
    if (token === "-") return { kind: "negation", of: this.expression(levels.length - 1, depth + 1) };
    if (token === "(") {
      const inner = this.expression(0, depth + 1);
      this.#expect(")");
      return inner;
    }
    if (token === "[") return { kind: "array", items: this.#list("]", depth) };
    if (/^[\d.]/.test(token)) return { kind: "number", value: Number(token) };
    if (/^["']/.test(token)) return { kind: "text", value: token.slice(1, -1) };
    if (!/^[A-Za-z_]/.test(token)) throw new MathError(`Syntax error at '${token}'.`);
    if (this.next !== "(") return { kind: "name", name: token };
    this.#at++;
    return { kind: "call", function: token.toUpperCase(), parameters: this.#list(")", depth) };
  }

  #list(end: string, depth: number): MathNode[] {
    const items: MathNode[] = [];
    if (this.next !== end) {
      items.push(this.expression(0, depth + 1));
      while (this.next === ",") {
        this.#at++;
        items.push(this.expression(0, depth + 1));
      }
    }
    this.#expect(end);
    return items;
  }

  #expect(token: string): void {
    if (this.next !== token) throw new MathError(`Syntax error: '${token}' is missing.`);
    this.#at++;
  }
}
