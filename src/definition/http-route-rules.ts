/**
 * The rules that make a route of an HTTP API valid. Each check returns undefined, or AWS's message. The operations of the
 * management API and the OpenAPI import use the same checks.
 */
import { bounds } from "../base/bounds.ts";
import type { BeyondAws } from "./beyond-aws.ts";
import type { HttpAuthorizer, Route } from "./http-api.ts";
import { isParameterName } from "./mapping-rules.ts";
import { defaultRouteKey, splitRouteKey } from "./route-key.ts";
import { checkModels, checkRouteParameters, type ModelReferences } from "./route-validation-rules.ts";
import { checkLengths } from "./text-lengths.ts";
import { notForHttp } from "./v2-members.ts";

/** The verbs of route keys. AWS: API Gateway Developer Guide, "Create routes for HTTP APIs in API Gateway". */
const routeKey = /^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) (\/.*)$/s;

/** RFC 3986 §3.3, `pchar`, without what a path can only have encoded. */
const staticPart = /^(?:[\w.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+$/;

const routeKeyCharsMax = bounds.routeKeyCharsMax.value;

/** Checks the form of a route key. The messages are AWS's, as users quote them. */
export function checkRouteKey(key: string | undefined): string | undefined {
  if (key === undefined || key === "") return "Route key is required";
  if (key === defaultRouteKey) return undefined;
  if (key.length > routeKeyCharsMax)
    return `Invalid route key specified: it has more than ${routeKeyCharsMax} characters`;
  const path = routeKey.exec(key)?.[1];
  if (path === undefined) {
    return 'The provided route key is not formatted properly for HTTP protocol. Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"';
  }
  const parts = path.slice(1).split("/");
  // A slash at the end makes another path, and `/` is the root.
  if (parts.at(-1) === "") parts.pop();
  const isValid = parts.every((part, index) => isPathPart(part, index === parts.length - 1));
  return isValid ? undefined : "One or more path parts appear to be invalid";
}

/** A variable is a whole part of the path, and a greedy one the last. */
function isPathPart(part: string, isLast: boolean): boolean {
  const [, name, greedy] = /^\{([^{}]*?)(\+?)\}$/.exec(part) ?? [];
  if (name === undefined) return staticPart.test(part);
  return isParameterName(name) && (greedy === "" || isLast);
}

/** Checks a valid route key against those of the API's other routes. What it returns is a conflict. */
export function checkRouteConflicts(key: string, others: readonly string[]): string | undefined {
  const keys = new RouteKeys();
  for (const other of others) keys.add(other);
  return keys.problemOf(key);
}

const variable = /^\{[^{}]*?(\+?)\}$/;

/** The route keys of an API, among which a conflict is found without looking at each. */
export class RouteKeys {
  readonly #keys = new Set<string>();
  /** The first route key with a variable of a kind behind the parts of a path. */
  readonly #variables = new Map<string, { readonly part: string; readonly key: string }>();

  add(key: string): void {
    this.#keys.add(key);
    for (const { place, part } of variablesOf(key)) {
      if (!this.#variables.has(place)) this.#variables.set(place, { part, key });
    }
  }

  /** Returns the conflict that a valid route key has with these, or undefined. */
  problemOf(key: string): string | undefined {
    if (this.#keys.has(key)) return `Route with key ${key} already exists for this API`;
    for (const { place, part } of variablesOf(key)) {
      const other = this.#variables.get(place);
      if (other === undefined || other.part === part) continue;
      return `The provided route key "${key}" has a conflicting variable on the same hierarchical level as "${other.key}"`;
    }
    return undefined;
  }
}

/** Returns the variables of a route key, each with the parts before it and its kind. */
function variablesOf(key: string): { readonly place: string; readonly part: string }[] {
  const { path } = splitRouteKey(key);
  let end = 0;
  return path.split("/").flatMap((part) => {
    const before = path.slice(0, end);
    end += part.length + 1;
    const greedy = variable.exec(part)?.[1];
    return greedy === undefined ? [] : [{ place: `${before}${greedy}`, part }];
  });
}

/** Finds what a route refers to. */
export interface RouteReferences extends ModelReferences {
  authorizer(id: string): HttpAuthorizer | undefined;
  hasIntegration(id: string): boolean;
  /** What routes may ask for although AWS's have it not. */
  readonly beyondAws: readonly BeyondAws[];
}

/** The lengths of a route's texts, from and to. */
export const routeLengths = { OperationName: [1, 64], Target: [1, 128] } as const;
const scopesMax = bounds.routeScopesMax.value;
const scopeLengthMax = bounds.scopeCharsMax.value;

/** Returns the id of the integration that a route's target names. */
export const integrationIdOf = (target: string): string | undefined => /^integrations\/([^/]+)$/.exec(target)?.[1];

/** Checks everything of a route but its key. */
// Unconfirmed: all words without a source; see docs/compatibility.md, "HTTP APIs, words of management".
export function checkRoute(route: Omit<Route, "RouteId">, references: RouteReferences): string | undefined {
  const { Target: target } = route;
  const refused = membersBeyondAws.find(
    ({ member, feature }) => route[member] && !references.beyondAws.includes(feature),
  );
  if (refused !== undefined) return notForHttp(refused.member);
  const integrationId = target === undefined ? undefined : integrationIdOf(target);
  return (
    checkLengths(route, routeLengths) ??
    checkAuthorization(route, references) ??
    checkModels(route.RequestModels, references) ??
    checkRouteParameters(route.RequestParameters, "request") ??
    (target === undefined || (integrationId !== undefined && references.hasIntegration(integrationId))
      ? undefined
      : `Invalid Integration identifier specified: ${target}`)
  );
}

/** The members of a route that AWS refuses to set for HTTP APIs, with the feature that lets them be set. */
const membersBeyondAws = [
  { member: "ApiKeyRequired", feature: "http-api-keys" },
  { member: "RequestModels", feature: "http-request-validation" },
  { member: "RequestParameters", feature: "http-request-validation" },
] as const satisfies readonly { readonly member: keyof Route; readonly feature: BeyondAws }[];

function checkAuthorization(route: Omit<Route, "RouteId">, { authorizer }: RouteReferences): string | undefined {
  const { AuthorizationType: type, AuthorizerId: id, AuthorizationScopes: scopes = [] } = route;
  const found = id === undefined ? undefined : authorizer(id);
  // Both messages are AWS's, as users quote them.
  if (type === "JWT" && found?.AuthorizerType !== "JWT") {
    return "Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer.";
  }
  if (scopes.length > 0 && type !== "JWT") {
    return "Invalid Route authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization types";
  }
  if (type === "CUSTOM" && found?.AuthorizerType !== "REQUEST") {
    return "Invalid authorizer ID specified. Setting the authorization type to CUSTOM requires a valid REQUEST authorizer.";
  }
  // A route that names an authorizer and does not ask it would be open by mistake.
  if (type !== "JWT" && type !== "CUSTOM" && id !== undefined) {
    return `Invalid authorizer ID specified. The authorization type ${type} has no authorizer.`;
  }
  if (scopes.length > scopesMax) return `Invalid authorization scopes specified: at most ${scopesMax} are allowed`;
  return scopes.some((scope) => scope === "" || scope.length > scopeLengthMax || /[\s\x00-\x1f\x7f"\\]/.test(scope))
    ? `Invalid authorization scopes specified: each must have 1 to ${scopeLengthMax} characters, and no blanks`
    : undefined;
}
