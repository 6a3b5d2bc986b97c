import type { Problem } from "./up/source-text.ts";

/** Where a command writes: coloured tables for a person at a terminal, and the same text plain for a pipe. */
export interface Output {
  /** A person is reading, so long cells may be cut. */
  readonly isTerminal: boolean;
  line(text?: string): void;
  /** Writes progress and warnings to standard error, so that a pipe gets results only. */
  note(text: string): void;
  table(head: readonly string[], rows: readonly (readonly string[])[]): void;
  json(value: unknown): void;
  /** Writes bytes or text as they are, such as an exported document. */
  raw(text: string | Buffer): void;
  problem(problem: Problem): void;
  paint(style: Style, text: string): string;
}

const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;
export type Style = keyof typeof styles;

type Stream = Pick<NodeJS.WriteStream, "write" | "isTTY">;

/** Makes an output. It uses colour only at a terminal, and not with NO_COLOR (no-color.org) or TERM=dumb. */
export function makeOutput(
  stdout: Stream,
  stderr: Stream,
  env: Readonly<Record<string, string | undefined>>,
  shortPath: (file: string) => string,
): Output {
  const isPlain = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  const paintFor = (stream: Stream) => (style: Style, text: string) =>
    stream.isTTY && !isPlain ? `\x1b[${styles[style]}m${text}\x1b[0m` : text;
  const paint = paintFor(stdout);
  const paintNote = paintFor(stderr);
  return {
    isTerminal: stdout.isTTY === true,
    paint,
    line: (text = "") => void stdout.write(`${harmless(text)}\n`),
    note: (text) => void stderr.write(`${harmless(text)}\n`),
    raw: (text) => void stdout.write(text),
    json: (value) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    table: (head, rows) => {
      for (const [index, line] of layOut([head, ...rows]).entries())
        stdout.write(`${harmless(index === 0 ? paint("dim", line) : line)}\n`);
    },
    problem: (problem) => void stderr.write(harmless(renderProblem(problem, shortPath, paintNote))),
  };
}

/**
 * Removes control sequences, except colours: text may come from a request that a function logs, or from a document, and
 * could move the cursor or set the title or the clipboard.
 */
const harmless = (text: string): string =>
  text.replace(/\x1b(?!\[[\d;]{0,20}m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]/g, "\u{fffd}");

/** Aligns columns. The last one is not padded, so that a link at its end stays a link. */
export function layOut(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

const sourceColumnsShown = 160;

/**
 * Renders a problem at its place:
 *
 *     openapi.yaml:12:9  error  Unable to put integration on 'GET' …
 *       12 |         uri: arn:aws:…
 *          |         ^
 */
export function renderProblem(
  { severity, message, place, sourceLine }: Problem,
  shortPath: (file: string) => string,
  paint: Output["paint"],
): string {
  const label = paint(severity === "error" ? "red" : "yellow", severity);
  const where = place ? `${paint("bold", `${shortPath(place.file)}:${place.line}:${place.column}`)}  ` : "";
  let text = `${where}${label}  ${message}\n`;
  if (place && sourceLine !== undefined) {
    // A document may be one line of a megabyte, so only the text around the column is shown.
    const from = Math.max(0, Math.min(place.column - 40, sourceLine.length - sourceColumnsShown));
    const shown =
      sourceLine.length > sourceColumnsShown ? sourceLine.slice(from, from + sourceColumnsShown) : sourceLine;
    const column = sourceLine.length > sourceColumnsShown ? place.column - from : place.column;
    const number = String(place.line);
    const mark = shown.slice(0, column - 1).replace(/[^\t]/g, " ");
    text += `  ${paint("dim", `${number} |`)} ${shown}\n  ${paint("dim", `${" ".repeat(number.length)} |`)} ${mark}${paint("red", "^")}\n`;
  }
  return text;
}
