import { UserError } from "../base/user-error.ts";

/** Returns the stage variables of options in the form `NAME=VALUE`. */
export function readVariables(given: unknown): Readonly<Record<string, string>> {
  const texts = Array.isArray(given) ? given.map(String) : [];
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new UserError({
        what: `--variable ${text} names no value.`,
        why: "A stage variable is given as NAME=VALUE.",
        next: "For example --variable backend=blue.",
      });
    }),
  );
}

/** Returns a percentage of an option, or undefined if it is not given. AWS checks its range. */
export function readPercent(given: unknown): number | undefined {
  if (given === undefined) return undefined;
  const percent = Number(given);
  if (String(given).trim() !== "" && percent >= 0 && percent <= 100) return percent;
  throw new UserError({
    what: `--percent ${String(given)} is no share of the traffic.`,
    why: "It is a number from 0 to 100.",
    next: "For example --percent 10, or --percent 0.5.",
  });
}
