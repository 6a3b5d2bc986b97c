/** Compares a definition with what was deployed, for `portico status` and hints. */
import { isObject } from "../base/json-object.ts";
import type { Method, RestApi, RestApiDefinition } from "./rest-api.ts";

export interface Difference {
  readonly what:
    | "route"
    | "model"
    | "request-validator"
    | "gateway-response"
    | "integration"
    | "authorizer"
    | "api-setting";
  readonly change: "added" | "removed" | "changed";
  /** `GET /pets`, a model's name, a setting's member name… */
  readonly name: string;
  /** The members that differ, such as `methodIntegration.uri`; for `changed` only. */
  readonly members: readonly string[];
  /** One sentence for people. */
  readonly sentence: string;
}

/** Returns every method as `GET /pets`, in the order of the resources. */
export function routesOf(definition: RestApiDefinition): readonly string[] {
  return [...methodsByRoute(definition).keys()];
}

/** Returns what deploying `current` over `deployed` would change. */
export function diffDefinitions(deployed: RestApiDefinition, current: RestApiDefinition): readonly Difference[] {
  const nameOf = (item: { readonly name: string }) => item.name;
  return [
    ...diffMaps("route", methodsByRoute(deployed), methodsByRoute(current)),
    ...diffMaps("model", byName(deployed.models, nameOf), byName(current.models, nameOf)),
    ...diffMaps(
      "request-validator",
      byName(deployed.requestValidators, nameOf),
      byName(current.requestValidators, nameOf),
    ),
    ...diffMaps(
      "gateway-response",
      byName(deployed.gatewayResponses, (response) => response.responseType),
      byName(current.gatewayResponses, (response) => response.responseType),
    ),
    ...diffMaps("authorizer", byName(deployed.authorizers, nameOf), byName(current.authorizers, nameOf)),
    ...diffMaps("api-setting", settingsOf(deployed.restApi), settingsOf(current.restApi)),
  ];
}

/** Members of the RestApi that a deployment freezes. The others act at once, or don't matter for serving. */
const deployedSettings = [
  "binaryMediaTypes",
  "minimumCompressionSize",
  "apiKeySource",
  "policy",
  "disableExecuteApiEndpoint",
] as const satisfies readonly (keyof RestApi)[];

const settingsOf = (restApi: RestApi): ReadonlyMap<string, unknown> =>
  new Map(
    deployedSettings.map((member) => [member, restApi[member]] as const).filter(([, value]) => value !== undefined),
  );

function methodsByRoute(definition: RestApiDefinition): ReadonlyMap<string, Method> {
  const routes = new Map<string, Method>();
  for (const resource of definition.resources) {
    for (const [verb, method] of Object.entries(resource.resourceMethods ?? {})) {
      routes.set(`${verb} ${resource.path}`, method);
    }
  }
  return routes;
}

const byName = <T>(items: readonly T[], name: (item: T) => string): ReadonlyMap<string, T> =>
  new Map(items.map((item) => [name(item), item]));

const nouns: Readonly<Record<Difference["what"], string>> = {
  route: "The route",
  model: "The model",
  "request-validator": "The request validator",
  "gateway-response": "The gateway response",
  integration: "The integration",
  authorizer: "The authorizer",
  "api-setting": "The API's setting",
};

/** Returns how items differ, by their names. Members that are ids don't count. */
export function diffMaps(
  what: Difference["what"],
  deployed: ReadonlyMap<string, unknown>,
  current: ReadonlyMap<string, unknown>,
): readonly Difference[] {
  const differences: Difference[] = [];
  for (const name of new Set([...deployed.keys(), ...current.keys()])) {
    const before = deployed.get(name);
    const after = current.get(name);
    const subject = `${nouns[what]} ${name}`;
    if (before === undefined) {
      differences.push({ what, change: "added", name, members: [], sentence: `${subject} is new.` });
    } else if (after === undefined) {
      differences.push({ what, change: "removed", name, members: [], sentence: `${subject} is gone.` });
    } else {
      const members = changedMembers(before, after, "", 0);
      if (members.length === 0) continue;
      const which = members.filter((member) => member !== "").join(", ");
      const sentence = which === "" ? `${subject} has changed.` : `${subject} has changed: ${which}.`;
      differences.push({ what, change: "changed", name, members: members.filter((member) => member !== ""), sentence });
    }
  }
  return differences;
}

/** Ids only connect parts. A new id with equal content changes nothing that a caller could see. */
const ownIds = new Set(["id"]);
/** A method has few levels. Deeper values are compared whole. */
const levelsNamed = 4;

function changedMembers(before: unknown, after: unknown, path: string, level: number): readonly string[] {
  if (!isObject(before) || !isObject(after) || level === levelsNamed) {
    return canonical(before) === canonical(after) ? [] : [path];
  }
  const found: string[] = [];
  for (const member of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (level === 0 && ownIds.has(member)) continue;
    const name = path === "" ? member : `${path}.${member}`;
    const one = Object.hasOwn(before, member) ? before[member] : undefined;
    const other = Object.hasOwn(after, member) ? after[member] : undefined;
    found.push(...changedMembers(one, other, name, level + 1));
  }
  return found;
}

/** Returns JSON text that does not depend on the order of members. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, member: unknown) =>
      isObject(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
    ) ?? ""
  );
}
