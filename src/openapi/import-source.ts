import type { JsonObject } from "../base/json-object.ts";
import { awsVariables } from "./aws-variables.ts";
import { isGuard } from "./check-guards.ts";
import { ImportLog } from "./import-log.ts";
import { parseDocument } from "./parse-document.ts";
import { References } from "./references.ts";

/** `reason` is ours, for hints, where AWS's message does not say what is wrong. */
export interface ImportRefusal {
  readonly kind: "refused";
  readonly message: string;
  readonly reason?: string;
}

/** Refuses what can't be read, in AWS's words; it says no more. */
export const refuseInput = (reason: string): ImportRefusal => ({
  kind: "refused",
  message: "Invalid OpenAPI input.",
  reason,
});

/** Refuses a document without the title that names a new API. */
export const refuseUntitled = (): ImportRefusal => refuseInput("info.title is missing: it names the API");

/** A document to import, and the log of its import, which has an error for each guard that is given twice. */
export interface ImportSource {
  readonly kind: "source";
  readonly document: JsonObject;
  readonly references: References;
  /** The members that are given more than once in one object. */
  readonly duplicates: readonly string[];
  readonly log: ImportLog;
}

/** Reads a document (JSON or YAML) to import. */
export function readImportSource(
  text: Buffer,
  place: { readonly account: string; readonly region: string },
): ImportSource | ImportRefusal {
  const parsed = parseDocument(text, awsVariables(place));
  if (parsed.kind === "unreadable") return refuseInput(parsed.reason);
  const { document, duplicates } = parsed;
  const log = new ImportLog();
  for (const name of duplicates.filter(isGuard)) {
    log.error(`Unable to read a guard of the API: ${name} is given more than once in one object`);
  }
  return { kind: "source", document, references: new References(document), duplicates, log };
}
