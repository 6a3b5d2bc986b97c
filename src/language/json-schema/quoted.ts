import { bounds } from "../../base/bounds.ts";

const lengthMax = bounds.quotedValueLengthMax.value;

/** A value as messages quote it: cut where it is long. */
export function quoted(text: string): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax)}…`;
}
