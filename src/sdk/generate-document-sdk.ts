import { isObject } from "../base/json-object.ts";
import { readRestDefinition } from "../openapi/read-rest-definition.ts";
import { generateSdk, type SdkRequest } from "./generate-sdk.ts";
import { readSdkParameters, SdkParameterProblem, sdkTypes } from "./sdk-types.ts";

export type DocumentSdk =
  | { readonly kind: "sdk"; readonly archive: Uint8Array; readonly warnings: readonly string[] }
  | { readonly kind: "refused"; readonly message: string };

/**
 * Generates an SDK of an HTTP API from its exported document, as the zip archive that GetSdk answers for a REST API: AWS
 * generates none. Routes of any verb have no method, as those of REST APIs have none.
 */
export function generateDocumentSdk(
  document: string,
  {
    parameters: given,
    account,
    ...request
  }: Omit<SdkRequest, "parameters"> & {
    readonly parameters: Readonly<Record<string, string>>;
    readonly account: string;
  },
): DocumentSdk {
  const type = sdkTypes.find(({ id }) => id === request.sdkType);
  if (type === undefined) return { kind: "refused", message: `There is no SDK of ${request.sdkType}` };
  const imported = readRestDefinition(Buffer.from(withoutSlashes(document)), {
    account,
    region: request.region,
    profile: "relaxed",
  });
  if (imported.kind === "refused") return imported;
  try {
    const parameters = readSdkParameters(type, given);
    const { definition, warnings } = imported;
    return { kind: "sdk", archive: generateSdk(definition, { ...request, parameters }), warnings };
  } catch (error) {
    if (error instanceof SdkParameterProblem) return { kind: "refused", message: error.message };
    throw error;
  }
}

/** A slash at a path's end makes another path of an HTTP API, and the same of a REST API. */
function withoutSlashes(text: string): string {
  const document: unknown = JSON.parse(text);
  if (!isObject(document) || !isObject(document["paths"])) return text;
  const paths = Object.entries(document["paths"]).filter(([path]) => path === "/" || !path.endsWith("/"));
  return JSON.stringify({ ...document, paths: Object.fromEntries(paths) });
}
