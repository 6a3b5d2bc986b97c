/** The decoded parameters of a query in the order in which they first appear, each with all its values. */
export type Query = ReadonlyMap<string, readonly string[]>;

/**
 * Reads a query as AWS does for events: form-encoded, with names and values decoded; broken escapes stay as they are.
 * AWS: "Important notes for REST APIs": a semicolon separates parameters as well. AWS quirk: unescaped braces in a name
 * are lost, as observed.
 */
export function parseQuery(text: string): Query {
  const query = new Map<string, string[]>();
  const hasBraces = text.includes("{") || text.includes("}");
  for (const pair of text.includes(";") ? text.split(/[&;]/) : text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const written = equals < 0 ? pair : pair.slice(0, equals);
    const name = decodeForm(hasBraces ? written.replaceAll(/[{}]/g, "") : written);
    const value = equals < 0 ? "" : decodeForm(pair.slice(equals + 1));
    const values = query.get(name);
    if (values === undefined) query.set(name, [value]);
    else values.push(value);
  }
  return query;
}

function decodeForm(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
