/**
 * Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, and `${*}`, `${?}`, `${$}` for characters that
 * would mean something else. AWS: IAM User Guide, "IAM policy elements: Variables and tags".
 */
import type { ConditionContext } from "./condition-keys.ts";
import { anyText, compilePattern, mayMatch, type PatternPart, type TextTest } from "./wildcards.ts";

/** `unknown` says that something is asked for that nobody here knows, or that can't be evaluated. */
export type Match = "yes" | "no" | "unknown";

interface Variable {
  /** Absent for what is written like a variable and is none: it has no value. */
  readonly key?: string;
  readonly fallback?: string | undefined;
}
export type TemplatePart = PatternPart | Variable;

/** Compares a text with a pattern that may have variables. */
export interface TextTemplate {
  matches(text: string, context: ConditionContext): Match;
  /** Returns whether some text with this beginning may match. */
  mayMatch(beginning: string): boolean;
  readonly hasVariables: boolean;
}

export interface TemplateOptions {
  /** Variables are read as such: only Version 2012-10-17 has them. */
  readonly hasVariables: boolean;
  /** Returns a pattern's parts: with wildcards, or with its text alone. */
  readonly partsOf: (text: string) => readonly PatternPart[];
  /** Makes the comparison; `compilePattern` unless given. */
  readonly compile?: (parts: readonly PatternPart[]) => TextTest | undefined;
  /** Makes one that is passed by all texts that `compile`'s would pass, where `*` stands in place of a variable. */
  readonly compileWidened?: (parts: readonly PatternPart[]) => TextTest;
  /** Variables before this colon have no value. AWS: only the last part of a Resource's ARN may have some. */
  readonly colonsBefore?: number;
}

/**
 * Prepares a text of a policy. A variable without a value never matches for certain: where any value of it could match,
 * the result is `unknown`. Returns undefined if `compile` refuses the text.
 */
export function compileTemplate(text: string, options: TemplateOptions): TextTemplate | undefined {
  const { hasVariables, partsOf, compile = compilePattern, compileWidened = compilePattern } = options;
  const parts = hasVariables ? readVariables(text, options) : partsOf(text);
  const isVariable = (part: TemplatePart): part is Variable => typeof part === "object";
  const widened = parts.map((part) => (isVariable(part) ? anyText : part));
  if (!parts.some(isVariable)) {
    const test = compile(widened);
    if (test === undefined) return undefined;
    return {
      matches: (actual) => (test(actual) ? "yes" : "no"),
      mayMatch: (beginning) => mayMatch(widened, beginning),
      hasVariables: false,
    };
  }
  const mayPass = compileWidened(widened);
  return {
    matches(actual, context) {
      if (!mayPass(actual)) return "no";
      const resolved: PatternPart[] = [];
      for (const part of parts) {
        const value = isVariable(part) ? valueOfVariable(part, context) : part;
        if (value === undefined) return "unknown";
        resolved.push(value);
      }
      const exact = compile(resolved);
      return exact === undefined ? "unknown" : exact(actual) ? "yes" : "no";
    },
    mayMatch: (beginning) => mayMatch(widened, beginning),
    hasVariables: true,
  };
}

/** A default holds for a call that is known to lack the key, and not where nobody knows the key. */
function valueOfVariable({ key, fallback }: Variable, context: ConditionContext): string | undefined {
  const value = key === undefined ? undefined : context(key);
  if (typeof value === "string") return value;
  if (value === undefined) return undefined;
  if (value === null || value.length === 0) return fallback;
  // AWS: variables are single values.
  return value.length === 1 ? value[0] : undefined;
}

/** Returns the keys that a text's variables name, as they are written. */
export const variableKeys = (text: string): readonly string[] =>
  [...text.matchAll(/\$\{([^{}]*)\}/g)].flatMap(([, content]) => keyOf(content!)?.name ?? []);

function readVariables(
  text: string,
  { partsOf, colonsBefore = 0 }: Pick<TemplateOptions, "partsOf" | "colonsBefore">,
): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let colons = 0;
  for (const piece of text.split(/(\$\{[^{}]*\}?)/)) {
    if (!piece.startsWith("${")) {
      colons += piece.split(":").length - 1;
      parts.push(...partsOf(piece));
    } else if (/^\$\{[*?$]\}$/.test(piece)) parts.push(piece[2]!);
    else parts.push(colons < colonsBefore ? {} : readVariable(piece));
  }
  return parts;
}

function readVariable(piece: string): Variable {
  const read = piece.endsWith("}") ? keyOf(piece.slice(2, -1)) : undefined;
  return read === undefined ? {} : { key: read.name.toLowerCase(), fallback: read.fallback };
}

/** Reads `key` or `key, 'default'`. */
function keyOf(content: string): { readonly name: string; readonly fallback?: string } | undefined {
  const comma = content.indexOf(",");
  const name = (comma < 0 ? content : content.slice(0, comma)).trim();
  if (name === "" || /['*?$]/.test(name)) return undefined;
  if (comma < 0) return { name };
  const quoted = content.slice(comma + 1).trim();
  if (quoted.length < 2 || quoted.indexOf("'", 1) !== quoted.length - 1 || quoted[0] !== "'") return undefined;
  return { name, fallback: quoted.slice(1, -1) };
}
