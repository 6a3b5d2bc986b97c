import { bounds } from "../../base/bounds.ts";

const referencesMaxHere = bounds.importReferencesMaxHere.value;

/**
 * Returns whether a document may mean many times what it says: by an alias of YAML, or by more references than a few.
 * References to whole schemas don't count, because those become references to models.
 */
export function multiplies(document: Uint8Array): boolean {
  const text = Buffer.from(document.buffer, document.byteOffset, document.byteLength).toString("latin1");
  if (/(?:^|[\s,:[{])\*[^\s,*/"]/.test(text)) return true;
  // An escape may hide a part of `$ref`.
  const references = text.match(/\$ref|\\[uUx]/g)?.length ?? 0;
  if (references <= referencesMaxHere) return false;
  const toSchemas = text.match(/\$ref["']?\s*:\s*["']#\/(?:components\/schemas|definitions)\/[\w.~%-]+["']/g);
  return references - (toSchemas?.length ?? 0) > referencesMaxHere;
}
