import type { Job } from "../../base/job.ts";
import { parseJsonPath } from "../../language/json-path/json-path.ts";
import { parseJsonText } from "../../language/json-text.ts";
import { Meter, TemplateFailure } from "../../language/meter.ts";
import { LinkedModels } from "../linked-models.ts";
import { mappedText } from "./mapped-text.ts";
import { FunctionErrorPayload, Payload } from "./payload.ts";

// What mappings and validation ask of payloads that are too large for the gateway thread.

type Body = Uint8Array | string;

/** Finds what JSONPaths of mappings find. A path that takes too many steps finds nothing. */
export const findJob: Job<
  { readonly payload: Body; readonly isFunctionError: boolean; readonly paths: readonly string[] },
  readonly (string | undefined)[]
> = {
  name: "find",
  weightMaxHere: 0,
  run: async ({ payload: body, isFunctionError, paths }) => {
    const payload = new (isFunctionError ? FunctionErrorPayload : Payload)(asBody(body));
    const meter = new Meter();
    return paths.map((text) => {
      const parsed = parseJsonPath(text);
      try {
        return parsed.kind === "invalid" ? undefined : mappedText(payload, parsed.path, meter);
      } catch (error) {
        if (error instanceof TemplateFailure) return undefined;
        throw error;
      }
    });
  },
};

/** What validation says of a body: what is wrong with it, or the parser's words if it is not JSON. */
export type ValidationResult =
  | { readonly kind: "validated"; readonly problems: readonly string[] }
  | { readonly kind: "malformed"; readonly detail: string };

/** Validates a body with a model. */
export const validateJob: Job<
  { readonly payload: Body; readonly models: Readonly<Record<string, string>>; readonly model: string },
  ValidationResult
> = {
  name: "validate",
  weightMaxHere: 0,
  run: async ({ payload, models, model }) => {
    const { json } = new Payload(asBody(payload));
    if (json.kind === "malformed") return json;
    return { kind: "validated", problems: new LinkedModels(models).link(model).validate(json.value) };
  },
};

/** Returns what is wrong with a text that should be JSON; undefined if it is. */
export const checkJsonJob: Job<Body, string | undefined> = {
  name: "check-json",
  weightMaxHere: 0,
  run: async (body) => {
    const parsed = parseJsonText(asBody(body).toString());
    return parsed.kind === "malformed" ? parsed.detail : undefined;
  },
};

/** A message between threads makes plain arrays of buffers. */
export const asBody = (body: Body): Buffer | string =>
  typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
