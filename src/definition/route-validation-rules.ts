/** The rules of what routes, and their responses, declare of parameters and bodies. Each check returns undefined, or AWS's message. */
import { bounds } from "../base/bounds.ts";
import { invalidExpression, mappingResult } from "./mapping-rules.ts";
import { shortened } from "./text-lengths.ts";

const modelKeyCharsMax = bounds.routeKeyCharsMax.value;

/** Finds the models of an API. */
export interface ModelReferences {
  hasModel(name: string): boolean;
}

/** Checks the models of a route or of its response. */
export function checkModels(
  models: Readonly<Record<string, string>> | undefined,
  { hasModel }: ModelReferences,
): string | undefined {
  for (const [key, model] of Object.entries(models ?? {})) {
    if (key === "" || key.length > modelKeyCharsMax) {
      return `Invalid model key specified: it must have 1 to ${modelKeyCharsMax} characters`;
    }
    if (!hasModel(model)) return `Invalid model identifier specified: ${shortened(model)}`;
  }
  return undefined;
}

const parameterName = "[a-zA-Z0-9._$-]+";
const parameters = {
  request: new RegExp(`^route\\.request\\.(?:header|querystring)\\.${parameterName}$`),
  response: new RegExp(`^route\\.response\\.header\\.${parameterName}$`),
};
const parametersMax = bounds.httpMappingsMax.value;
const parameterCharsMax = bounds.httpMappingValueCharsMax.value;

/** Checks the parameters that a route or its response declares. */
export function checkRouteParameters(
  declared: Readonly<Record<string, unknown>> | undefined,
  of: keyof typeof parameters,
): string | undefined {
  const keys = Object.keys(declared ?? {});
  if (keys.length > parametersMax) return `Invalid parameters specified: at most ${parametersMax} are allowed`;
  const wrong = keys.filter((key) => key.length > parameterCharsMax || !parameters[of].test(key));
  return mappingResult(wrong.map((key) => invalidExpression(shortened(key))));
}
