import { bounds } from "../../base/bounds.ts";
import { Cursor, OutOfText } from "./cursor.ts";
import { type Condition, InvalidPath, type Operand, type Operator, operators, type Path } from "./path-syntax.ts";

const nestingMax = bounds.jsonPathConditionNestingMax.value;

/** Parses the text of a filter, `[?(…)]`. */
export class FilterParser {
  readonly #cursor: Cursor;
  readonly #parsePath: (text: string, offset: number) => Path;
  #nesting = 0;

  constructor(text: string, offset: number, parsePath: (text: string, offset: number) => Path) {
    this.#parsePath = parsePath;
    const cursor = new Cursor(text, offset);
    this.#cursor = cursor;
    // The brackets and the question mark are there; the parentheses are read like any others.
    cursor.at++;
    cursor.end--;
    cursor.trim();
    cursor.at++;
    cursor.trim();
    if (cursor.current !== "(" || cursor.charAt(cursor.end - 1) !== ")") {
      throw cursor.fail("Filter must start with '[?(' and end with ')]'.");
    }
  }

  parse(): Condition {
    const cursor = this.#cursor;
    try {
      const condition = this.#or();
      cursor.skipBlanks();
      if (cursor.has(cursor.at)) {
        const rest = cursor.text.slice(cursor.at, cursor.end);
        throw cursor.fail(`Expected end of filter expression instead of: ${rest}`);
      }
      return condition;
    } catch (error) {
      if (error instanceof InvalidPath) throw error;
      throw cursor.fail(`Failed to parse filter: ${cursor.text}, error on position: ${cursor.at}`);
    }
  }

  #or(): Condition {
    if (++this.#nesting > nestingMax) throw this.#cursor.fail(`Conditions nested more than ${nestingMax} deep`);
    const of = [this.#and()];
    while (this.#take("||")) of.push(this.#and());
    this.#nesting--;
    return of.length === 1 ? of[0]! : { kind: "or", of };
  }

  #and(): Condition {
    const of = [this.#operand()];
    while (this.#take("&&")) of.push(this.#operand());
    return of.length === 1 ? of[0]! : { kind: "and", of };
  }

  #take(operator: string): boolean {
    const cursor = this.#cursor;
    const start = cursor.at;
    cursor.skipBlanks();
    if (cursor.has(cursor.at + 1) && cursor.text.startsWith(operator, cursor.at)) {
      cursor.at += 2;
      return true;
    }
    cursor.at = start;
    return false;
  }

  #operand(): Condition {
    const cursor = this.#cursor.skipBlanks();
    const start = cursor.at;
    if (cursor.current === "!") {
      cursor.at++;
      const next = cursor.skipBlanks().current;
      if (next !== "$" && next !== "@") {
        if (++this.#nesting > nestingMax) throw cursor.fail(`Conditions nested more than ${nestingMax} deep`);
        const of = this.#operand();
        this.#nesting--;
        return { kind: "not", of };
      }
      cursor.at = start;
    }
    if (cursor.current !== "(") return this.#comparison();
    cursor.at++;
    const condition = this.#or();
    if (cursor.skipBlanks().current !== ")") throw cursor.fail("Expected character: )");
    cursor.at++;
    return condition;
  }

  #comparison(): Condition {
    const left = this.#value();
    const start = this.#cursor.at;
    try {
      const operator = this.#operator();
      return { kind: "comparison", left, operator, right: this.#value() };
    } catch (error) {
      if (!(error instanceof InvalidPath)) throw error;
      this.#cursor.at = start;
      if (left.kind === "path") return { kind: "exists", path: left.path, isWanted: !left.isNegated };
      throw error;
    }
  }

  #operator(): Operator {
    const cursor = this.#cursor.skipBlanks();
    const start = cursor.at;
    const isSign = isOperatorSign(cursor.current);
    while (cursor.has(cursor.at) && (isSign ? isOperatorSign(cursor.current) : cursor.current !== " ")) cursor.at++;
    const text = cursor.text.slice(start, cursor.at);
    const operator = operators.find((known) => known === text.toLowerCase());
    if (operator === undefined) throw cursor.fail(`Filter operator ${text} is not supported!`, start);
    return operator;
  }

  #value(): Operand {
    const cursor = this.#cursor.skipBlanks();
    if (cursor.current === "!") {
      cursor.at++;
      const next = cursor.skipBlanks().current;
      if (next !== "$" && next !== "@") throw cursor.fail("Unexpected character: !");
    }
    if (cursor.current === "$" || cursor.current === "@") return this.#path();
    return this.#literal();
  }

  #literal(): Operand {
    const cursor = this.#cursor;
    const start = cursor.at;
    switch (cursor.current) {
      case "'":
      case '"':
        return { kind: "string", text: this.#upTo(cursor.current, "String literal does not have matching quotes.") };
      case "t":
      case "f":
        return this.#boolean();
      case "n":
        if (cursor.has(start + 3) && cursor.text.startsWith("null", start)) {
          cursor.at += 4;
          return { kind: "null" };
        }
        throw cursor.fail("Expected <null> value");
      case "{":
      case "[": {
        const close = cursor.closing(start, cursor.current, cursor.current === "[" ? "]" : "}", false);
        if (close < 0) throw cursor.fail("String not closed.");
        cursor.at = close + 1;
        return { kind: "json", text: cursor.text.slice(start, cursor.at) };
      }
      case "/":
        return this.#pattern();
      default:
        return this.#number();
    }
  }

  #upTo(close: string, problem: string): string {
    const cursor = this.#cursor;
    const start = cursor.at;
    const end = cursor.nextUnescaped(close);
    if (end < 0) throw cursor.fail(`${problem} Expected ${close}`);
    cursor.at = end + 1;
    return cursor.text.slice(start, end + 1);
  }

  #pattern(): Operand {
    const cursor = this.#cursor;
    const column = cursor.column();
    const source = this.#upTo("/", "Pattern not closed.").slice(1, -1);
    const start = cursor.at;
    while (cursor.has(cursor.at) && "dixmsuU".includes(cursor.current)) cursor.at++;
    return { kind: "pattern", source, flags: cursor.text.slice(start, cursor.at), column };
  }

  #boolean(): Operand {
    const cursor = this.#cursor;
    const word = cursor.current === "t" ? "true" : "false";
    if (!cursor.has(cursor.at + word.length - 1) || !cursor.text.startsWith(word, cursor.at)) {
      throw cursor.fail("Expected boolean literal");
    }
    cursor.at += word.length;
    return { kind: "boolean", value: word === "true" };
  }

  #number(): Operand {
    const cursor = this.#cursor;
    const start = cursor.at;
    while (cursor.has(cursor.at) && /[\p{Nd}\-.Ee]/u.test(cursor.current)) cursor.at++;
    const text = cursor.text.slice(start, cursor.at);
    // Java's NumberFormatException: no alternative is tried after it.
    if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,10})?$/.test(text)) throw new OutOfText();
    return { kind: "number", text };
  }

  #path(): Operand {
    const cursor = this.#cursor;
    const start = cursor.at;
    const previous = cursor.previousIndex();
    cursor.at++;
    while (cursor.has(cursor.at)) {
      if (cursor.current === "[") {
        const close = cursor.closing(cursor.at, "[", "]", false);
        if (close < 0) throw cursor.fail("Square brackets does not match in filter");
        cursor.at = close + 1;
      }
      const isEnd = cursor.current === ")" && !this.#closesFunction(start);
      if (!cursor.has(cursor.at) || isOperatorSign(cursor.current) || cursor.current === " " || isEnd) break;
      cursor.at++;
    }
    const isNegated = previous >= 0 && cursor.charAt(previous) === "!";
    const path = this.#parsePath(cursor.text.slice(start, cursor.at), cursor.offset + start);
    return { kind: "path", path, isNegated };
  }

  /**
   * Returns whether the parenthesis here belongs to a function without parameters in the path that began at `start`.
   */
  #closesFunction(start: number): boolean {
    const cursor = this.#cursor;
    let index = cursor.previousIndex();
    if (index < 0 || cursor.charAt(index) !== "(") return false;
    for (index--; cursor.has(index) && index > start; index--) {
      if (cursor.charAt(index) === ".") return true;
    }
    return false;
  }
}

function isOperatorSign(character: string): boolean {
  return "<>=~!".includes(character);
}
