const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  // Unescaped, a line end would become another one, or a space in an attribute.
  "\r": "&#13;",
};

/**
 * Escapes a text for XML 1.0 and HTML, in texts and in attributes with either quotes. Characters that XML can't contain
 * become U+FFFD.
 */
export function escapeXml(text: string): string {
  return text
    .replace(/[&<>"'\r]/g, (character) => escapes[character]!)
    .replace(/[^\t\n -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
}
