import { bounds } from "../../base/bounds.ts";
import { wholeNumber } from "../java/java-number.ts";
import { JavaDouble } from "../java/values.ts";
import type {
  ArithmeticOperator,
  Block,
  ComparisonOperator,
  Expression,
  Macro,
  ParsedTemplate,
  Reference,
  ReferencePart,
  Statement,
  TemplateProblem,
} from "./template-node.ts";

/** Parses a template as Apache Velocity 1.7 does. Returns a problem for a template that Velocity refuses to parse. */
export function parseTemplate(text: string): ParsedTemplate | TemplateProblem {
  if (Buffer.byteLength(text) > bounds.mappingTemplateBytesMax.value) {
    const message = `The template is larger than ${bounds.mappingTemplateBytesMax.value} bytes`;
    return { kind: "problem", line: 1, column: 1, message };
  }
  try {
    const macros = new Map<string, Macro>();
    const body = new TemplateParser(text, macros, 0, 0).parse();
    return { kind: "template", text, body, macros };
  } catch (error) {
    if (!(error instanceof ParseProblem)) throw error;
    return { kind: "problem", ...placeOf(text, error.offset), message: error.message };
  }
}

/** Returns line and column of a place in a text, counted from 1. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let lineStart = 0;
  for (const end of text.matchAll(/\r\n?|\n/g)) {
    const next = end.index + end[0].length;
    if (next > offset) break;
    line++;
    lineStart = next;
  }
  return { line, column: offset - lineStart + 1 };
}

class ParseProblem extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const controlDirectives = new Set(["if", "elseif", "else", "end", "set"]);
const pluggableDirectives = new Set([
  "foreach",
  "macro",
  "define",
  "evaluate",
  "include",
  "parse",
  "literal",
  "stop",
  "break",
]);
/** What ends a block. */
type BlockEnd = "end" | "else" | "elseif" | "eof";

const operatorWords: Readonly<Record<string, string>> = {
  and: "&&",
  or: "||",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  eq: "==",
  ne: "!=",
  not: "!",
};

class TemplateParser {
  readonly #text: string;
  readonly #macros: Map<string, Macro>;
  /** Where this text begins in the template. The content of a string is parsed as a text of its own. */
  readonly #base: number;
  #at = 0;
  #depth: number;
  /** Where the end of the block that was read last begins, and what it is. */
  #blockEnd: BlockEnd = "eof";
  #blockEndAt = 0;

  constructor(text: string, macros: Map<string, Macro>, base: number, depth: number) {
    this.#text = text;
    this.#macros = macros;
    this.#base = base;
    this.#depth = depth;
  }

  parse(): Block {
    const body = this.#block();
    if (this.#blockEnd !== "eof") this.#fail(`#${this.#blockEnd} belongs to no block`, this.#blockEndAt);
    return body;
  }

  #fail(message: string, at = this.#at): never {
    throw new ParseProblem(message, this.#base + at);
  }

  #enter(): void {
    if (++this.#depth > bounds.templateNestingMax.value) {
      this.#fail(`Blocks and expressions are nested more than ${bounds.templateNestingMax.value} deep`);
    }
  }

  /** Matches a sticky pattern at the current place, and moves on behind the match. */
  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }

  #expect(character: string, where: string): void {
    if (this.#text[this.#at] !== character) this.#fail(`${this.#found()} instead of ${character} ${where}`);
    this.#at++;
  }

  #found(): string {
    const character = this.#text[this.#at];
    return character === undefined ? "The template ends" : `Found ${JSON.stringify(character)}`;
  }

  // Blocks and text

  #block(): Block {
    this.#enter();
    const statements: Statement[] = [];
    let text = "";
    const add = (statement: Statement): void => {
      if (text !== "") statements.push({ kind: "text", text });
      text = "";
      statements.push(statement);
    };
    // Blanks before #set are eaten only where they begin a token: Velocity's text tokens swallow them otherwise.
    let isTokenStart = true;
    // How many characters at the end of the text are `$`, `$!` and `#` that begin nothing.
    let loose = 0;
    let looseStart = 0;
    this.#blockEnd = "eof";
    while (this.#at < this.#text.length) {
      const start = this.#at;
      if (loose > 0 && this.#text[start] !== "$") {
        const prefix = this.#text.slice(looseStart, start);
        const isLost = this.#isLooseLost();
        const unknown = isLost ? undefined : this.#unknownDirective(prefix);
        if (isLost || unknown !== undefined) text = text.slice(0, -loose);
        loose = 0;
        if (unknown !== undefined) {
          if (typeof unknown === "string") text += unknown;
          else add(unknown);
          continue;
        }
      }
      if (isTokenStart && this.#take(/[ \t]*#(?:set|\{set\}) *\(/y)) {
        add(this.#set(start));
        continue;
      }
      const character = this.#text[start]!;
      isTokenStart = true;
      if (character === "$") {
        const read = this.#dollar(0);
        if (typeof read === "string") {
          text += read;
          if (loose === 0) looseStart = start;
          loose += read.length;
        } else {
          loose = 0;
          add({ kind: "reference", reference: read });
          text += this.#runt(read);
          // It is a token of its own, so that blanks before a following #set are eaten.
          if (!read.source.endsWith("}") && this.#take(/\}/y)) text += "}";
          if (this.#isCommentLost(read)) {
            text += "#";
            loose = 1;
            looseStart = this.#at++;
          }
        }
      } else if (character === "#") {
        const read = this.#hash();
        if (read === undefined) {
          this.#depth--;
          this.#blockEndAt = start;
          if (text !== "") statements.push({ kind: "text", text });
          return statements;
        }
        if (typeof read === "string") {
          text += read;
          if (read === "#") {
            loose = 1;
            looseStart = start;
          }
        } else add(read);
      } else if (character === "\\") {
        const read = this.#backslashes();
        if (typeof read === "string") text += read;
        else add(read);
      } else {
        this.#take(/[^$#\\]+/y);
        text += this.#text.slice(start, this.#at);
      }
      // Statements that follow within this block reset what their own blocks ended with.
      this.#blockEnd = "eof";
    }
    this.#depth--;
    this.#blockEndAt = this.#at;
    this.#blockEnd = "eof";
    if (text !== "") statements.push({ kind: "text", text });
    return statements;
  }

  /** AWS quirk: a `$` or `#` that begins nothing is lost before #if, #else, #end, a comment, and #set with its blanks. */
  #isLooseLost(): boolean {
    const pattern = /[ \t]*#(?:set|\{set\}) *\(|#(?:(?:if|elseif|else|end)(?![\w@])|\{(?:if|elseif|else|end)\}|\*)/y;
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  /** AWS quirk: with such a `$` before it, any other directive is unknown. */
  #unknownDirective(prefix: string): Statement | string | undefined {
    if (!prefix.startsWith("$")) return undefined;
    const start = this.#at;
    const word = this.#take(/#(?!(?:if|elseif|else|end)(?![\w@])|(?:set) *\()([a-zA-Z_@][\w@]*)/y);
    if (word === null) return undefined;
    return this.#macroCall(`${prefix}${word[1]}`, `${prefix}${word[0]}`, start - prefix.length);
  }

  /** Reads at `$`, behind `escapes` backslashes. Returns a reference, or the text that only looks like one. */
  #dollar(escapes: number): Reference | string {
    const start = this.#at;
    const opening = this.#take(/\$(!?)(\{?)(?=[a-zA-Z_])/y);
    if (opening !== null) {
      const isFormal = opening[2] !== "";
      return this.#reference(start, opening[1] !== "", isFormal, escapes);
    }
    // $\!x prints $!x: one backslash less.
    const escapedBang = this.#take(/\$(\\+)!/y);
    if (escapedBang !== null) return `$${escapedBang[1]!.slice(1)}!`;
    // $!5 prints $5. AWS quirk: Velocity 1.7 loses the exclamation mark; it keeps that of $![ and $!$x.
    const bang = this.#take(/\$!(?![[$])/y);
    if (bang !== null) {
      if (this.#at >= this.#text.length) this.#fail("The template ends within a reference");
      return "\\".repeat(escapes) + (this.#text[this.#at] === "{" ? "$!" : "$");
    }
    this.#at++;
    if (this.#at >= this.#text.length) this.#fail("The template ends within a reference");
    return `${"\\".repeat(escapes)}$`;
  }

  /**
   * Returns what is printed for text that Velocity 1.7's lexer takes for the rest of a reference.
   * AWS quirk: `$x{name}` prints the value and `{`, `$x[0]name.more` the value and `name`.
   */
  #runt(reference: Reference): string {
    let last = reference;
    let printed = "";
    while (!last.source.endsWith("}")) {
      const start = this.#at;
      if (this.#take(/\{(?=[a-zA-Z_])/y)) {
        last = this.#reference(start, false, true, 0);
        printed += "{";
        continue;
      }
      const part = last.parts.at(-1);
      if (part === undefined || part.kind === "property" || !/[a-zA-Z_]/.test(this.#text[start] ?? "")) break;
      last = this.#reference(start, false, false, 0);
      printed += last.variable;
    }
    return printed;
  }

  /** AWS quirk: behind a property, as in `$x.name## …`, Velocity 1.7 sees no comment. */
  #isCommentLost({ source, parts }: Reference): boolean {
    const last = parts.findLast((part) => part.kind !== "index");
    return !source.endsWith("}") && last?.kind === "property" && this.#text.startsWith("##", this.#at);
  }

  /** Reads at `\`. Escapes count only before a reference and before a directive. */
  #backslashes(): Statement | string {
    const start = this.#at;
    const run = this.#take(/\\+/y)![0];
    const next = this.#text[this.#at];
    if (next === "$") {
      const read = this.#dollar(run.length);
      if (typeof read === "string") return read.startsWith("\\") ? read : run + read;
      const runt = this.#runt(read);
      if (runt === "") return { kind: "reference", reference: read };
      this.#at = start + run.length;
      return run;
    }
    if (next !== "#") return run;
    const word = /(?:([a-zA-Z_@][\w@]*)|\{([a-zA-Z_][\w@]*)\})/y;
    word.lastIndex = this.#at + 1;
    const match = word.exec(this.#text);
    if (match === null) return run;
    const name = match[1] ?? match[2]!;
    const isDirective = pluggableDirectives.has(name) || this.#macros.has(name);
    if (run.length % 2 === 1) {
      this.#at += 1 + match[0].length;
      const isKnown = isDirective || controlDirectives.has(name);
      return (isKnown ? "\\".repeat((run.length - 1) / 2) : run) + this.#text.slice(start + run.length, this.#at);
    }
    const isBraced = match[1] === undefined;
    const isControl = (isDirective && !isBraced) || (controlDirectives.has(name) && name !== "set");
    return isControl ? "\\".repeat(run.length / 2) : run;
  }

  // References

  /** Reads behind the dollar sign, at the name. */
  #reference(start: number, isQuiet: boolean, isFormal: boolean, escapes: number): Reference {
    const variable = this.#name();
    const parts: ReferencePart[] = [];
    for (;;) {
      const offset = this.#base + this.#at;
      if (this.#text[this.#at] === "[") {
        parts.push({ kind: "index", offset, argument: this.#index() });
      } else if (this.#take(/\.(?=[a-zA-Z])/y)) {
        const name = this.#name();
        if (this.#text[this.#at] === "(") parts.push({ kind: "method", offset, name, args: this.#arguments() });
        else parts.push({ kind: "property", offset, name });
      } else break;
    }
    if (isFormal) this.#expect("}", "at the end of a reference");
    const source = this.#text.slice(start, this.#at);
    return { offset: this.#base + start, source, variable, isQuiet, escapes, parts };
  }

  #name(): string {
    const name = this.#take(/[a-zA-Z_][\w-]*/y)![0];
    if (name === "true" || name === "false") this.#fail(`${name} is no name`, this.#at - name.length);
    return name;
  }

  #index(): Expression {
    this.#at++;
    this.#blanks();
    const character = this.#text[this.#at] ?? "";
    if (!/["'$\dtf-]/.test(character)) this.#fail(`${this.#found()} where an index is expected`);
    const argument = this.#parameter();
    this.#expect("]", "behind an index");
    return argument;
  }

  #arguments(): Expression[] {
    this.#at++;
    if (this.#text[this.#at] === ")") {
      this.#at++;
      return [];
    }
    const args = [this.#parameter()];
    while (this.#text[this.#at] === ",") {
      this.#at++;
      args.push(this.#parameter());
    }
    this.#expect(")", "behind arguments");
    return args;
  }

  // Expressions

  #blanks(): void {
    this.#take(/[ \t\r\n]*/y);
  }

  /** Reads a value without operators, as arguments, lists and maps allow, with the blanks around it. */
  #parameter(): Expression {
    this.#enter();
    this.#blanks();
    const value = this.#primary();
    this.#blanks();
    this.#depth--;
    return value;
  }

  #primary(): Expression {
    const start = this.#at;
    const character = this.#text[start];
    if (character === "$") {
      const reference = this.#dollar(0);
      if (typeof reference === "string") this.#fail(`${reference} is no reference`, start);
      return { kind: "reference", reference, source: reference.source };
    }
    if (character === '"') return this.#interpolated();
    if (character === "'") {
      const source = this.#string("'");
      return { kind: "literal", value: source.slice(1, -1).replaceAll("''", "'"), source };
    }
    if (character === "[") return this.#listOrRange();
    if (character === "{") return this.#map();
    const number = this.#take(/-?(?:\d+\.(?!\.)\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?)/y);
    if (number !== null) {
      const source = number[0];
      const value = /[.eE]/.test(source) ? new JavaDouble(Number(source)) : wholeNumber(BigInt(source));
      return { kind: "literal", value, source };
    }
    const word = this.#take(/[a-zA-Z_@][\w@]*/y)?.[0];
    if (word === "true" || word === "false") return { kind: "literal", value: word === "true", source: word };
    if (word !== undefined) this.#fail(`Found the word ${word} where a value is expected`, start);
    return this.#fail(`${this.#found()} where a value is expected`);
  }

  /** Reads a string with its quotes. Doubled quotes stay in it; the longest string that has an end is taken. */
  #string(quote: '"' | "'"): string {
    const start = this.#at;
    let end = -1;
    for (let at = this.#text.indexOf(quote, start + 1); at >= 0; at = this.#text.indexOf(quote, at + 1)) {
      end = at;
      if (this.#text[at + 1] !== quote) break;
      at++;
    }
    if (end < 0) this.#fail("A string is not closed");
    this.#at = end + 1;
    return this.#text.slice(start, this.#at);
  }

  #interpolated(): Expression {
    const start = this.#at;
    const source = this.#string('"');
    const text = source
      .slice(1, -1)
      .replaceAll(/\\u([0-9a-fA-F]{4})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
      .replaceAll('""', '"');
    if (!/[$#]/.test(text)) return { kind: "literal", value: text, source };
    // Velocity adds a blank to end the last token, and removes it from the output.
    const isCommentEnd = text.includes("##");
    this.#enter();
    const parser = new TemplateParser(
      isCommentEnd ? text : `${text} `,
      this.#macros,
      this.#base + start + 1,
      this.#depth,
    );
    const body = parser.parse();
    this.#depth--;
    return { kind: "interpolated", body: isCommentEnd ? body : withoutLastBlank(body), source };
  }

  #listOrRange(): Expression {
    const start = this.#at++;
    this.#enter();
    this.#blanks();
    const items: Expression[] = [];
    let isRange = false;
    if (this.#text[this.#at] !== "]") {
      items.push(this.#parameter());
      if (this.#take(/\.\./y)) {
        isRange = true;
        items.push(this.#parameter());
      } else {
        while (this.#text[this.#at] === ",") {
          this.#at++;
          items.push(this.#parameter());
        }
      }
    } else if (this.#at > start + 1) this.#fail("A list is empty but for blanks");
    this.#expect("]", "in a list");
    this.#depth--;
    const source = this.#text.slice(start, this.#at);
    if (!isRange) return { kind: "list", items, source };
    for (const item of items) {
      const isWhole = item.kind === "literal" && /^-?\d+$/.test(item.source);
      if (item.kind !== "reference" && !isWhole) this.#fail("A range goes from a whole number to another", start);
    }
    return { kind: "range", from: items[0]!, to: items[1]!, source };
  }

  #map(): Expression {
    const start = this.#at++;
    this.#enter();
    const entries: [Expression, Expression][] = [];
    this.#blanks();
    if (this.#text[this.#at] !== "}") {
      do {
        const key = this.#parameter();
        this.#expect(":", "behind a map's key");
        entries.push([key, this.#parameter()]);
      } while (this.#take(/,/y));
    }
    this.#expect("}", "in a map");
    this.#depth--;
    return { kind: "map", entries, source: this.#text.slice(start, this.#at) };
  }

  #expression(): Expression {
    this.#enter();
    const value = this.#or();
    this.#depth--;
    return value;
  }

  /** Reads the operator at the current place, if it is one of these. */
  #operator<Operator extends string>(operators: readonly Operator[]): Operator | undefined {
    const pattern = /&&|\|\||<=|>=|==|!=|[-+*/%<>]|[a-zA-Z_@][\w@]*/y;
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    const operator = (Object.hasOwn(operatorWords, found) ? operatorWords[found]! : found) as Operator;
    if (!operators.includes(operator)) return undefined;
    // 5 -8 is two literals to Velocity, and so an error.
    if (operator === "-" && /^-(?:\d|\.\d)/.test(this.#text.slice(this.#at, this.#at + 3))) return undefined;
    this.#at += found.length;
    return operator;
  }

  #or(): Expression {
    return this.#logical("or", "||", () => this.#logical("and", "&&", () => this.#equality()));
  }

  #logical(kind: "and" | "or", operator: string, operand: () => Expression): Expression {
    const start = this.#at;
    const operands = [operand()];
    while (this.#operator([operator])) operands.push(operand());
    if (operands.length === 1) return operands[0]!;
    return { kind, operands, source: this.#text.slice(start, this.#at) };
  }

  #equality(): Expression {
    return this.#comparison(["==", "!="], () => this.#comparison(["<", "<=", ">", ">="], () => this.#sum()));
  }

  #comparison(operators: readonly ComparisonOperator[], operand: () => Expression): Expression {
    const start = this.#at;
    const first = operand();
    const rest: { operator: ComparisonOperator; operand: Expression }[] = [];
    for (let operator = this.#operator(operators); operator !== undefined; operator = this.#operator(operators)) {
      rest.push({ operator, operand: operand() });
    }
    return rest.length === 0 ? first : { kind: "comparison", first, rest, source: this.#text.slice(start, this.#at) };
  }

  #sum(): Expression {
    return this.#arithmetic(["+", "-"], () => this.#arithmetic(["*", "/", "%"], () => this.#unary()));
  }

  #arithmetic(operators: readonly ArithmeticOperator[], operand: () => Expression): Expression {
    const first = operand();
    let { source } = first;
    const rest: { operator: ArithmeticOperator; operand: Expression; leftSource: string }[] = [];
    for (let operator = this.#operator(operators); operator !== undefined; operator = this.#operator(operators)) {
      const start = this.#at;
      rest.push({ operator, leftSource: source, operand: operand() });
      // AWS quirk: to Velocity's nodes the text of `$a + $b` is that behind the operator.
      source = this.#text.slice(start, this.#at);
    }
    return rest.length === 0 ? first : { kind: "arithmetic", first, rest, source };
  }

  #unary(): Expression {
    this.#blanks();
    const start = this.#at;
    let nots = 0;
    while (this.#take(/!|not(?![\w@])/y)) {
      nots++;
      this.#blanks();
    }
    let value: Expression;
    if (this.#text[this.#at] === "(") {
      const inside = ++this.#at;
      value = this.#expression();
      value = { ...value, source: this.#text.slice(inside, this.#at) };
      this.#expect(")", "in an expression");
    } else value = this.#primary();
    this.#blanks();
    // Two negations are not the same as none: they make the value a Boolean.
    const pairs = nots > 2 ? 2 - (nots % 2) : nots;
    for (let count = 0; count < pairs; count++) {
      value = { kind: "not", operand: value, source: this.#text.slice(start, this.#at) };
    }
    return value;
  }

  // Directives

  /** Reads at `#`. Returns a statement, the text that only looks like one, or undefined at the end of a block. */
  #hash(): Statement | string | undefined {
    const start = this.#at;
    if (this.#take(/##[^\r\n]*(?:\r\n|\r|\n)?/y)) return "";
    if (this.#take(/#\[\[/y)) {
      const end = this.#text.indexOf("]]#", this.#at);
      if (end < 0) this.#fail("#[[ is not closed", start);
      const raw = this.#text.slice(this.#at, end);
      this.#at = end + 3;
      return raw;
    }
    if (this.#take(/#\*/y)) {
      const end = this.#text.indexOf("*#", this.#at);
      this.#at = end < 0 ? this.#text.length : end + 2;
      return "";
    }
    if (this.#take(/#(?:set|\{set\}) *\(/y)) return this.#set(start);
    const word = this.#take(/#(?:([a-zA-Z_@][\w@]*)|\{([a-zA-Z_][\w@]*)\})/y);
    if (word === null) {
      // A `#` with a number behind it is one token.
      const number = this.#take(/#-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y);
      if (number !== null) return number[0];
      this.#at++;
      if (this.#at >= this.#text.length) this.#fail("The template ends within a directive", start);
      return "#";
    }
    return this.#directive(word[1] ?? word[2]!, word[0], start);
  }

  #directive(name: string, image: string, start: number): Statement | string | undefined {
    switch (name) {
      case "end":
      case "else":
        this.#take(/[ \t]*(?:\r\n|\r|\n)/y);
        this.#blockEnd = name;
        return undefined;
      case "elseif":
        this.#blockEnd = name;
        return undefined;
      case "if":
        return this.#if(start);
      case "foreach":
        return this.#foreach(start);
      case "macro":
        return this.#macro(start);
      case "define":
        return this.#define(start);
      case "literal":
        return this.#literal(start);
      case "stop":
      case "break":
        if (this.#isParenthesisNext()) this.#directiveArguments();
        return { kind: name, offset: this.#base + start };
      case "include":
      case "parse":
        if (this.#isParenthesisNext()) this.#directiveArguments();
        else if (name === "include") return "";
        return { kind: "include", offset: this.#base + start, directive: name };
      case "evaluate": {
        const args = this.#directiveArguments();
        const template = args[0];
        if (args.length !== 1 || template === undefined || template.kind === "word") {
          return this.#fail("#evaluate takes one text or reference", start);
        }
        return { kind: "evaluate", offset: this.#base + start, template };
      }
      default:
        return this.#macroCall(name, image, start);
    }
  }

  /** #word is a directive if a parenthesis follows, blanks and newlines between allowed. */
  #isParenthesisNext(): boolean {
    const pattern = /[ \t\r\n]*\(/y;
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #openParenthesis(directive: string): void {
    if (!this.#take(/[ \t\r\n]*\(/y)) this.#fail(`${this.#found()} instead of ( behind ${directive}`);
  }

  /** Closes a directive: blanks and one newline behind it are eaten. */
  #closeParenthesis(directive: string): void {
    this.#expect(")", `in ${directive}`);
    this.#take(/[ \t]*(?:\r\n|\r|\n)/y);
  }

  /** Reads the arguments of a directive: separated by blanks or commas, with words allowed. */
  #directiveArguments(): (Expression | { readonly kind: "word"; readonly word: string })[] {
    this.#openParenthesis("a directive");
    const args: (Expression | { readonly kind: "word"; readonly word: string })[] = [];
    for (;;) {
      this.#blanks();
      if (this.#text[this.#at] === ",") {
        this.#at++;
        this.#blanks();
        if (this.#text[this.#at] === ")") this.#fail("A comma is followed by no argument");
      }
      if (this.#text[this.#at] === ")") break;
      const word = this.#take(/[a-zA-Z_@][\w@]*/y)?.[0];
      if (word === "true" || word === "false") args.push({ kind: "literal", value: word === "true", source: word });
      else if (word !== undefined) args.push({ kind: "word", word });
      else args.push(this.#primary());
    }
    this.#closeParenthesis("a directive");
    return args;
  }

  /** Reads the block of a directive up to its #end. */
  #body(directive: string, start: number): Block {
    const body = this.#block();
    if (this.#blockEnd !== "end") this.#unclosed(directive, start);
    return body;
  }

  #unclosed(directive: string, start: number): never {
    if (this.#blockEnd === "eof") this.#fail(`${directive} has no #end`, start);
    return this.#fail(`#${this.#blockEnd} belongs to no #if`, this.#blockEndAt);
  }

  #set(start: number): Statement {
    const offset = this.#base + start;
    this.#blanks();
    if (this.#text[this.#at] !== "$") this.#fail(`${this.#found()} where #set expects a reference`);
    const target = this.#dollar(0);
    if (typeof target === "string") return this.#fail("#set expects a reference");
    this.#blanks();
    if (this.#text.startsWith("==", this.#at)) this.#fail("Found == instead of = in #set");
    this.#expect("=", "in #set");
    const value = this.#expression();
    this.#closeParenthesis("#set");
    return { kind: "set", offset, target, value };
  }

  #condition(directive: string): Expression {
    this.#openParenthesis(directive);
    const condition = this.#expression();
    this.#closeParenthesis(directive);
    return condition;
  }

  #if(start: number): Statement {
    const offset = this.#base + start;
    const branches = [{ condition: this.#condition("#if"), body: this.#block() }];
    while (this.#blockEnd === "elseif") branches.push({ condition: this.#condition("#elseif"), body: this.#block() });
    let otherwise: Block | undefined;
    if (this.#blockEnd === "else") otherwise = this.#block();
    if (this.#blockEnd !== "end") {
      if (this.#blockEnd === "eof") this.#fail("#if has no #end", start);
      this.#fail(`#${this.#blockEnd} follows #else`, this.#blockEndAt);
    }
    return { kind: "if", offset, branches, otherwise };
  }

  #foreach(start: number): Statement {
    const args = this.#directiveArguments();
    const [variable, word, items] = args;
    if (variable?.kind !== "reference" || word?.kind !== "word" || items === undefined || items.kind === "word") {
      return this.#fail("#foreach expects ($name in list)", start);
    }
    const body = this.#body("#foreach", start);
    return { kind: "foreach", offset: this.#base + start, variable: variable.reference.variable, items, body };
  }

  #macro(start: number): string {
    const [name, ...args] = this.#directiveArguments();
    if (name?.kind !== "word") return this.#fail("#macro expects a name first", start);
    // As in Velocity, a parameter that is not a reference takes its argument and can't be named.
    const parameters = args.map((argument) => (argument.kind === "reference" ? argument.reference.variable : ""));
    const body = this.#body("#macro", start);
    // The first macro of a name counts.
    if (!this.#macros.has(name.word)) this.#macros.set(name.word, { name: name.word, parameters, body });
    return "";
  }

  #define(start: number): Statement {
    const args = this.#directiveArguments();
    const [variable] = args;
    if (args.length !== 1 || variable?.kind !== "reference") {
      return this.#fail("#define expects one reference", start);
    }
    const body = this.#body("#define", start);
    return { kind: "define", offset: this.#base + start, variable: variable.reference.variable, body };
  }

  #literal(start: number): string {
    this.#directiveArguments();
    const from = this.#at;
    this.#body("#literal", start);
    return this.#text.slice(from, this.#blockEndAt);
  }

  #macroCall(name: string, image: string, start: number): Statement | string {
    if (!this.#isParenthesisNext()) return image;
    const offset = this.#base + start;
    const args = this.#directiveArguments();
    const isBlock = name.startsWith("@");
    const body = isBlock ? this.#body(`#${name}`, start) : undefined;
    return {
      kind: "macro-call",
      offset,
      name: isBlock ? name.slice(1) : name,
      // Only a directive that is not a macro can have a word as an argument.
      args: args.map((argument) =>
        argument.kind === "word" ? { kind: "literal", value: argument.word, source: argument.word } : argument,
      ),
      body,
      source: this.#text.slice(start, this.#at),
    };
  }
}

function withoutLastBlank(body: Block): Block {
  const last = body.at(-1);
  // A directive at the end may have eaten the blank itself; Velocity then takes off a character of the text.
  if (last?.kind !== "text") return body;
  const text = last.text.slice(0, -1);
  return text === "" ? body.slice(0, -1) : [...body.slice(0, -1), { kind: "text", text }];
}
