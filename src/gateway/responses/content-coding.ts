/** The codings that API Gateway compresses with. */
export type ContentCoding = "gzip" | "deflate";

/**
 * Returns the coding of an answer for a caller with these entries of Accept-Encoding, or undefined. Only the coding
 * with the greatest weight counts, and among equals the first; if that one is not supported, nothing is compressed. `*`
 * names no coding.
 * AWS: API Gateway Developer Guide, "Receive an API response with a compressed payload in API Gateway".
 */
export function chooseCoding(accepted: readonly string[]): ContentCoding | undefined {
  let best: string | undefined;
  let bestWeight = 0;
  for (const entry of accepted) {
    const weight = weightOf(entry);
    if (weight > bestWeight) {
      best = nameOf(entry);
      bestWeight = weight;
    }
  }
  return best === "gzip" || best === "deflate" ? best : undefined;
}

/**
 * Returns whether a caller with these entries of Accept-Encoding takes an answer with that coding; of a coding that is made of
 * several, whether it takes each. RFC 9110 §12.5.3.
 */
export const acceptsCoding = (accepted: readonly string[], coding: string): boolean =>
  coding.split(",").every((part) => {
    const name = part.trim();
    const entry = accepted.find((one) => nameOf(one) === name) ?? accepted.find((one) => nameOf(one) === "*");
    return entry !== undefined && weightOf(entry) > 0;
  });

function nameOf(entry: string): string {
  const semicolon = entry.indexOf(";");
  return semicolon < 0 ? entry : entry.slice(0, semicolon).trimEnd();
}

const weightPattern = /;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)/;

/** Returns an entry's weight. RFC 9110 §12.4.2. A weight that is not a valid number removes the coding. */
function weightOf(entry: string): number {
  if (!entry.includes(";")) return 1;
  const weight = weightPattern.exec(entry);
  return weight === null ? 0 : Number(weight[1]);
}
