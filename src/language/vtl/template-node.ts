import type { TemplateValue } from "../java/values.ts";

/** What a template's text means. `offset` counts characters from the template's beginning. */
export type Statement =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reference"; readonly reference: Reference }
  | { readonly kind: "set"; readonly offset: number; readonly target: Reference; readonly value: Expression }
  | {
      readonly kind: "if";
      readonly offset: number;
      readonly branches: readonly { readonly condition: Expression; readonly body: Block }[];
      readonly otherwise: Block | undefined;
    }
  | {
      readonly kind: "foreach";
      readonly offset: number;
      readonly variable: string;
      readonly items: Expression;
      readonly body: Block;
    }
  | MacroCall
  | { readonly kind: "define"; readonly offset: number; readonly variable: string; readonly body: Block }
  | { readonly kind: "evaluate"; readonly offset: number; readonly template: Expression }
  | { readonly kind: "stop" | "break"; readonly offset: number }
  | { readonly kind: "include"; readonly offset: number; readonly directive: string };

export type Block = readonly Statement[];

/** `#name(…)`, or `#@name(…) … #end` with a body. If no macro has the name, `source` is printed. */
export interface MacroCall {
  readonly kind: "macro-call";
  readonly offset: number;
  readonly name: string;
  readonly args: readonly Expression[];
  readonly body: Block | undefined;
  /** The whole as it stands in the template, for where there is no such macro. */
  readonly source: string;
}

export interface Macro {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: Block;
}

/** `$a.b(1)["c"]`: a variable, and what is asked of it from left to right. */
export interface Reference {
  readonly offset: number;
  /** As it stands in the template, which is what a missing value prints. */
  readonly source: string;
  readonly variable: string;
  readonly isQuiet: boolean;
  /** Backslashes before it. */
  readonly escapes: number;
  readonly parts: readonly ReferencePart[];
}

export type ReferencePart =
  | { readonly kind: "property"; readonly offset: number; readonly name: string }
  | { readonly kind: "method"; readonly offset: number; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: "index"; readonly offset: number; readonly argument: Expression };

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%";
export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** `source` is what stands for a null operand of a concatenation. */
export type Expression = { readonly source: string } & (
  | { readonly kind: "literal"; readonly value: TemplateValue }
  | { readonly kind: "interpolated"; readonly body: Block }
  | { readonly kind: "reference"; readonly reference: Reference }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: "range"; readonly from: Expression; readonly to: Expression }
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: "and" | "or"; readonly operands: readonly Expression[] }
  /** A chain of one precedence, from left to right; flat, so that a long one is not deep. */
  | {
      readonly kind: "arithmetic";
      readonly first: Expression;
      /** `leftSource` is the text of all that stands before the operator. */
      readonly rest: readonly {
        readonly operator: ArithmeticOperator;
        readonly operand: Expression;
        readonly leftSource: string;
      }[];
    }
  | {
      readonly kind: "comparison";
      readonly first: Expression;
      readonly rest: readonly { readonly operator: ComparisonOperator; readonly operand: Expression }[];
    }
);

/** A template whose text is understood. */
export interface ParsedTemplate {
  readonly kind: "template";
  readonly text: string;
  readonly body: Block;
  readonly macros: ReadonlyMap<string, Macro>;
}

/** Where a template's text is wrong, and in what. Lines and columns begin at 1. */
export interface TemplateProblem {
  readonly kind: "problem";
  readonly line: number;
  readonly column: number;
  readonly message: string;
}
