/** Unescapes a segment (RFC 6901 §4): `~1` is a slash, `~0` a tilde, in this order. */
export const unescapeSegment = (segment: string): string => segment.replaceAll("~1", "/").replaceAll("~0", "~");

/** Decodes a segment of a pointer in a URI's fragment (RFC 6901 §6). A stray % stands for itself. */
export function decodeFragmentSegment(segment: string): string {
  let text = segment;
  try {
    text = decodeURIComponent(segment);
  } catch {
    // It is not percent-encoded.
  }
  return unescapeSegment(text);
}
