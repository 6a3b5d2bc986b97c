import { UserError } from "../base/user-error.ts";

/** Returns the names and values, in turn, of the headers that `-H 'Name: value'` gives. */
export const readHeaders = (given: unknown): readonly string[] =>
  Array.isArray(given) ? (given as string[]).flatMap(readHeader) : [];

function readHeader(text: string): string[] {
  const colon = text.indexOf(":");
  if (colon < 1) {
    throw new UserError({
      what: `-H ${text} is not a header.`,
      why: "",
      next: "Write it as -H 'Name: value'.",
      isUsage: true,
    });
  }
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}
