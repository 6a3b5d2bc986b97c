import type { CallContext } from "../../protocol/operation.ts";

/**
 * Makes the unique id of a user, group, role or policy. AWS: IAM User Guide, "IAM identifiers", Unique identifiers: a prefix
 * and 17 characters, which are those of RFC 4648 §6.
 */
export const makeUniqueId = (prefix: "AIDA" | "AGPA" | "AROA" | "ANPA", { ids }: CallContext): string =>
  prefix +
  ids
    .id(17)
    .toUpperCase()
    .replaceAll(/[0189]/g, (digit) => spare[digit]!);

const spare: Readonly<Record<string, string>> = { "0": "O", "1": "I", "8": "B", "9": "P" };
