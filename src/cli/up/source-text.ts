/** A place in a file that its user edits. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** An error or warning about a place, or about the whole file, as `up` prints it. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly place?: Place;
  /** The text of the line, for printing with a mark below the column. */
  readonly sourceLine?: string;
}

/** Returns the place of an offset in UTF-16 units. */
export function placeAt(file: string, text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let i = before.indexOf("\n"); i >= 0; i = before.indexOf("\n", i + 1)) line++;
  return { file, line, column: offset - lineStart + 1 };
}

/** Returns a problem at an offset of a text, with its line. */
export function problemAt(
  severity: Problem["severity"],
  message: string,
  source: { readonly file: string; readonly text: string },
  offset: number,
): Problem {
  const place = placeAt(source.file, source.text, offset);
  const start = source.text.lastIndexOf("\n", offset - 1) + 1;
  const end = source.text.indexOf("\n", offset);
  const sourceLine = source.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
  return { severity, message, place, sourceLine };
}

/** Thrown if the user's files can't be deployed. The API stays as it was. */
export class ProblemsError extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join("\n"));
    this.problems = problems;
  }
}
