import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { LocalFunction } from "./find-functions.ts";

/** The files of a function that `up` makes itself, in a folder of their own. */
export class GeneratedFunction {
  #folder: string | undefined;
  #written: Readonly<Record<string, string>> | undefined;

  /** Writes the files, if they are others, and returns the function that has them. */
  write({ name, files }: { readonly name: string; readonly files: Readonly<Record<string, string>> }): LocalFunction {
    this.#folder ??= mkdtempSync(join(tmpdir(), "portico-function-"));
    const folder = this.#folder;
    if (!isDeepStrictEqual(files, this.#written)) {
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
      this.#written = files;
    }
    return { name, runtime: "nodejs24.x", handler: "index.handler", content: [{ path: folder, as: "" }], settings: {} };
  }

  close(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
    this.#written = undefined;
  }
}
