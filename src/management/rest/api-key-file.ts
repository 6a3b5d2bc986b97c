/** The files that ImportApiKeys reads. AWS: API Gateway developer guide, "API Gateway API key file format". */

/** One key of the file, with the number of its line. */
export interface ApiKeyRow {
  readonly line: number;
  readonly name: string;
  readonly key: string;
  readonly description: string;
  readonly enabled: string;
  readonly usagePlanIds: readonly string[];
}

type ApiKeyFile =
  | { readonly kind: "rows"; readonly rows: readonly ApiKeyRow[] }
  | { readonly kind: "refused"; readonly message: string };

// Unconfirmed: how AWS words what it refuses of a file; see docs/compatibility.md, "ImportApiKeys".
const refused = (problem: string): ApiKeyFile => ({ kind: "refused", message: `Invalid API Key file: ${problem}` });

/**
 * Reads the keys of a file. Columns are found by their names, in any order and any case; unknown columns are ignored.
 */
export function parseApiKeyFile(text: string, rowsMax: number): ApiKeyFile {
  const records = parseCsv(text.replace(/^\uFEFF/, ""), rowsMax + 1);
  if (typeof records === "string") return refused(records);
  const [header, ...rows] = records;
  const columns = (header?.fields ?? []).map((name) => name.trim().toLowerCase());
  for (const column of ["Name", "Key"]) {
    if (!columns.includes(column.toLowerCase())) return refused(`the column ${column} is missing`);
  }
  const twice = columns.find((name, index) => known.has(name) && columns.indexOf(name) !== index);
  if (twice !== undefined) return refused(`the column ${twice} is there twice`);
  if (rows.length === 0) return refused("it has no keys");
  return {
    kind: "rows",
    rows: rows.map(({ line, fields }) => {
      const value = (column: string) => (fields[columns.indexOf(column)] ?? "").trim();
      return {
        line,
        name: value("name"),
        key: value("key"),
        description: value("description"),
        enabled: value("enabled"),
        usagePlanIds: value("usageplanids")
          .split(",")
          .map((id) => id.trim())
          .filter((id) => id !== ""),
      };
    }),
  };
}

const known: ReadonlySet<string> = new Set(["name", "key", "description", "enabled", "usageplanids"]);

interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * A field in double or single quotes (a quote inside is doubled), or without quotes; then a comma, or the end of the
 * line or the text.
 */
const csvField = /(?:"([^"]*(?:""[^"]*)*)"|'([^']*(?:''[^']*)*)'|(?!")([^,\r\n]*))[ \t]*(,|\r?\n|\r|$)/y;

/** Parses CSV (RFC 4180). Single quotes are allowed beside double ones, as on AWS, and blank lines are skipped. */
function parseCsv(text: string, recordsMax: number): readonly CsvRecord[] | string {
  const records: CsvRecord[] = [];
  let line = 1;
  let start = line;
  let fields: string[] = [];
  for (let at = 0; at < text.length || fields.length > 0; ) {
    csvField.lastIndex = at;
    const match = csvField.exec(text);
    if (match === null) return `line ${line} has a quote that does not end, or text after one`;
    const [whole, double, single, bare, end] = match;
    fields.push(double?.replaceAll('""', '"') ?? single?.replaceAll("''", "'") ?? bare ?? "");
    line += whole.split(/\r\n|\r|\n/).length - 1;
    at += whole.length;
    if (end === ",") continue;
    if (fields.length > 1 || fields[0]!.trim() !== "") records.push({ line: start, fields });
    if (records.length > recordsMax) return `it has more than ${recordsMax - 1} keys`;
    fields = [];
    start = line;
  }
  return records;
}
