import { bounds } from "../base/bounds.ts";

/** More lines than this help nobody, and a hostile document could cause millions. */
const linesMax = bounds.importLinesMax.value;
const lineHead = 600;
const lineTail = 400;

/**
 * The errors and warnings of an import, in the order in which they were found. Lines have AWS's words where these are
 * known.
 */
export class ImportLog {
  readonly #errors = new Set<string>();
  readonly #warnings = new Set<string>();

  error(line: string): void {
    if (this.#errors.size < linesMax) this.#errors.add(shortened(line));
  }

  warn(line: string): void {
    if (this.#warnings.size < linesMax) this.#warnings.add(shortened(line));
  }

  get hasErrors(): boolean {
    return this.#errors.size > 0;
  }

  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** Returns AWS's message for a refused import, as users quote it in public issues. */
  refusal(): string {
    const lines = ["Errors found during import:", ...[...this.#errors].map((line) => `\t${line}`)];
    if (this.#warnings.size > 0) {
      lines.push("Additionally, these warnings were found:", ...this.warnings.map((line) => `\t${line}`));
    }
    return lines.join("\n");
  }
}

function shortened(line: string): string {
  if (line.length <= lineHead + lineTail) return line;
  return `${line.slice(0, lineHead)}…${line.slice(-lineTail)}`;
}
