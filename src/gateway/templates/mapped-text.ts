import { JsonPathFailure } from "../../language/json-path/evaluation.ts";
import type { JsonPath } from "../../language/json-path/json-path.ts";
import { JsonTooDeep, printJson } from "../../language/json-text.ts";
import type { Meter } from "../../language/meter.ts";
import type { Payload } from "./payload.ts";

/**
 * Returns what a JSONPath of a parameter mapping finds in a body: a string as it is, any other value as JSON. Returns undefined
 * if it finds nothing or the body is not JSON.
 */
export function mappedText(payload: Payload, path: JsonPath, meter?: Meter): string | undefined {
  try {
    const found = payload.find(path, meter);
    if (found === undefined || found === null || typeof found === "string") return found ?? undefined;
    return printJson(found);
  } catch (error) {
    if (error instanceof JsonPathFailure || error instanceof JsonTooDeep) return undefined;
    throw error;
  }
}
