import type { TemplateValue } from "../java/values.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Path } from "./path-syntax.ts";

/**
 * A path that is ready to be evaluated on a value, within an evaluation that holds the document's root. It throws
 * `notFound`.
 */
export interface LinkedPath {
  readonly path: Path;
  /** Whether the path names one value, and not a list of values. */
  readonly isDefinite: boolean;
  evaluate(value: TemplateValue, evaluation: Evaluation): TemplateValue;
}

/** How a path is linked. */
export interface LinkOptions {
  /** In a filter that checks a path's existence, every missing name makes it fail. */
  readonly isEachRequired: boolean;
  readonly nesting: number;
  /** Links a path within the path: filters and functions have such. */
  readonly linkPath: (path: Path, options: Omit<LinkOptions, "linkPath">) => LinkedPath;
}
