import { oneOf, random } from "./from-models.ts";

/** A whole number below a bound. */
export const upTo = (bound: number): number => Math.floor(random() * bound);

/** Names in random documents, and in the paths and schemas that are tried on them. */
export const jsonNames: readonly string[] = ["a", "b", "c", "d-e", "é", "0"];

/** Scalars as they stand in a text: kinds of number, texts that look like something else. */
const scalars: readonly string[] = [
  ...["1", "2", "-3", "0", "1.0", "1.5", "1e3", "0.1", "12345678901", "99999999999999999999", "true", "false", "null"],
  ...['"x"', '"y"', '"abc"', '""', '"1"', '"1.0"', '"[1]"', '"$.a"', '"it\'s"', '"日本😀"', '"a@b.c"'],
  ...['"2020-01-01T00:00:00Z"', '"127.0.0.1"', '"::1"', '"http://x.y/z"'],
];

/** JSON text, nested up to a depth. */
export function randomJson(depth: number): string {
  const kind = random();
  if (depth <= 0 || kind < 0.35) return oneOf(scalars);
  if (kind < 0.7) {
    const names = [...new Set(Array.from({ length: upTo(4) }, () => oneOf(jsonNames)))];
    return `{${names.map((name) => `${JSON.stringify(name)}:${randomJson(depth - 1)}`).join(",")}}`;
  }
  return `[${Array.from({ length: upTo(5) }, () => randomJson(depth - 1)).join(",")}]`;
}
