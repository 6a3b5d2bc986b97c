import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

/** A file of cases that share a head: a document, a schema. */
export interface HeadedCases {
  readonly path: string;
  readonly name: string;
  readonly head: string;
  readonly cases: readonly { readonly input: string; readonly expected: string }[];
}

const betweenCases = "\n==========\n";
const beforeExpected = "\n----------\n";

/** The .txt files of a folder: a head, then after each line `==========` an input, a line `----------`, what is expected. */
export function readHeadedCases(folder: string): HeadedCases[] {
  return globSync("*.txt", { cwd: folder })
    .sort()
    .map((file) => {
      const path = `${folder}/${file}`;
      const [head = "", ...cases] = readFileSync(path, "utf8").trimEnd().split(betweenCases);
      const parsed = cases.map((text) => {
        const [input = "", expected = ""] = text.split(beforeExpected);
        return { input, expected };
      });
      return { path, name: basename(file, ".txt").replaceAll("-", " "), head, cases: parsed };
    });
}

/** With `UPDATE=1`: writes what comes now for what is expected. */
export function writeHeadedCases({ path, head, cases }: HeadedCases, run: (input: string) => string): void {
  const texts = cases.map(({ input }) => `${input}${beforeExpected}${run(input)}`);
  writeFileSync(path, `${[head, ...texts].join(betweenCases)}\n`);
}
