/** A JSONPath's syntax tree: the parser makes it, and the linker turns it into closures. */
export interface Path {
  /** `$`, or `@` in a filter. */
  readonly root: "$" | "@";
  readonly tokens: readonly PathToken[];
}

export type PathToken =
  | { readonly kind: "property"; readonly names: readonly string[] }
  | { readonly kind: "index"; readonly indexes: readonly number[] }
  | { readonly kind: "slice"; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: "wildcard" }
  | { readonly kind: "scan" }
  | { readonly kind: "filter"; readonly condition: Condition }
  | { readonly kind: "function"; readonly name: string; readonly parameters: readonly Parameter[] };

/** A function's parameter: a path from the document's root, or JSON text as it is written. */
export type Parameter =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "json"; readonly text: string };

export type Condition =
  | { readonly kind: "or" | "and"; readonly of: readonly Condition[] }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "exists"; readonly path: Path; readonly isWanted: boolean }
  | {
      readonly kind: "comparison";
      readonly left: Operand;
      readonly operator: Operator;
      readonly right: Operand;
    };

export type Operand =
  | { readonly kind: "path"; readonly path: Path; readonly isNegated: boolean }
  | { readonly kind: "string" | "number" | "json"; readonly text: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" }
  | { readonly kind: "pattern"; readonly source: string; readonly flags: string; readonly column: number };

export const operators = [
  "==",
  "!=",
  "===",
  "!==",
  "<",
  "<=",
  ">",
  ">=",
  "=~",
  "in",
  "nin",
  "contains",
  "all",
  "size",
  "empty",
  "type",
  "matches",
  "subsetof",
  "anyof",
  "noneof",
  "exists",
] as const;
export type Operator = (typeof operators)[number];

/** Thrown for a malformed path; columns count from 1. It is Jayway's InvalidPathException. */
export class InvalidPath extends Error {
  readonly column: number;

  constructor(message: string, column: number) {
    super(message);
    this.column = column;
  }
}
