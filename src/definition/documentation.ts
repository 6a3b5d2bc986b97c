/** The documentation of a REST API: parts that are edited, and versions that are published. */

/**
 * The entity that a part documents. Members that don't apply are absent, and so are those that have neither a value nor
 * a default.
 */
export interface DocumentationLocation {
  readonly type: string;
  readonly path?: string;
  readonly method?: string;
  readonly statusCode?: string;
  readonly name?: string;
}

export interface DocumentationPart {
  readonly id: string;
  readonly location: DocumentationLocation;
  /** The content: a JSON object, as text. */
  readonly properties: string;
}

export interface DocumentationVersion {
  readonly version: string;
  /** Seconds since 1970. */
  readonly createdDate: number;
  readonly description?: string;
}

/** The store's kinds, in the scope of the API. */
export const documentationKinds = {
  /** `{apiId}/{partId}` → {@link DocumentationPart} */
  part: "documentation-part",
  /** `{apiId}/{version}` → {@link DocumentationVersion} */
  version: "documentation-version",
  /** `{apiId}/{version}` → the parts as they were when the version was made; never changes */
  snapshot: "documentation-snapshot",
} as const;

interface LocationRule {
  readonly valid: readonly (keyof DocumentationLocation)[];
  readonly isNameRequired?: boolean;
}

const ofMethod = ["path", "method"] as const;
const ofResponse = [...ofMethod, "statusCode"] as const;

/**
 * AWS: API Gateway developer guide, "Representation of API documentation in API Gateway", table of valid location
 * fields. Its table requires a name of headers and path parameters only.
 */
const locationRules: Readonly<Record<string, LocationRule>> = {
  API: { valid: [] },
  AUTHORIZER: { valid: ["name"] },
  MODEL: { valid: ["name"] },
  RESOURCE: { valid: ["path"] },
  METHOD: { valid: ofMethod },
  PATH_PARAMETER: { valid: [...ofMethod, "name"], isNameRequired: true },
  QUERY_PARAMETER: { valid: [...ofMethod, "name"] },
  REQUEST_HEADER: { valid: [...ofMethod, "name"], isNameRequired: true },
  REQUEST_BODY: { valid: ofMethod },
  RESPONSE: { valid: ofResponse },
  RESPONSE_HEADER: { valid: [...ofResponse, "name"], isNameRequired: true },
  RESPONSE_BODY: { valid: ofResponse },
};

const defaults = { path: "/", method: "*", statusCode: "*" } as const;
const members = ["path", "method", "statusCode", "name"] as const;
const verbs = new Set(["*", "ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);

type LocationResult =
  | { readonly kind: "location"; readonly location: DocumentationLocation }
  | { readonly kind: "refused"; readonly message: string };

/** Returns a location with its defaults, or what is wrong with it. An empty member counts as absent. */
// Unconfirmed: how AWS words the refusals; see docs/compatibility.md, "documentation parts, words".
export function completeLocation(
  given: Readonly<Partial<Record<keyof DocumentationLocation, string | undefined>>>,
): LocationResult {
  const type = given.type ?? "";
  const refused = (message: string): LocationResult => ({ kind: "refused", message });
  const rule = Object.hasOwn(locationRules, type) ? locationRules[type]! : undefined;
  if (rule === undefined) {
    return refused(`Invalid documentation part location type specified: ${type}`);
  }
  const location: Record<string, string> = { type };
  for (const member of members) {
    const value = given[member]?.trim() || undefined;
    const isValid = rule.valid.includes(member);
    if (value !== undefined && !isValid) {
      return refused(`Invalid documentation part location specified: '${member}' is not valid for type '${type}'`);
    }
    const complete = value ?? (isValid && member !== "name" ? defaults[member] : undefined);
    if (complete !== undefined) location[member] = complete;
  }
  if (rule.isNameRequired === true && location["name"] === undefined) {
    return refused(`Invalid documentation part location specified: 'name' is required for type '${type}'`);
  }
  const { path, method, statusCode } = location;
  if (path !== undefined && !path.startsWith("/")) {
    return refused(`Invalid documentation part location specified: 'path' has to begin with '/': ${path}`);
  }
  if (method !== undefined && !verbs.has(method)) {
    return refused(`Invalid documentation part location specified: 'method' is not a verb: ${method}`);
  }
  if (statusCode !== undefined && !/^([1-5]\d\d|\*)$/.test(statusCode)) {
    return refused(`Invalid documentation part location specified: 'statusCode' is not a status: ${statusCode}`);
  }
  return { kind: "location", location: location as unknown as DocumentationLocation };
}

/** Returns a location as a document writes it: what {@link completeLocation} adds is left out. */
export const withoutDefaults = (location: DocumentationLocation): DocumentationLocation =>
  Object.fromEntries(
    Object.entries(location).filter(([member, value]) => defaults[member as keyof typeof defaults] !== value),
  ) as unknown as DocumentationLocation;

/** Returns a text that is the same for equal locations. */
export const locationKey = (location: DocumentationLocation): string =>
  JSON.stringify([location.type, ...members.map((member) => location[member] ?? null)]);

/** So much of a location orders its part; the rest of a long one would make a page's token too long. */
const orderedCharacters = 400;

/** Returns the text by which AWS orders parts. Recorded: API, METHOD, MODEL, RESPONSE. */
export const placeOrderKey = ({ location, id }: DocumentationPart): string =>
  `${locationKey(location).slice(0, orderedCharacters).toWellFormed()}\0${id}`;

/** Returns parts in the order in which AWS lists them. */
export const inPlaceOrder = (parts: readonly DocumentationPart[]): readonly DocumentationPart[] =>
  parts
    .map((part) => ({ part, key: placeOrderKey(part) }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ part }) => part);

/** Returns a location as AWS words it: `type 'METHOD', path '/pets', method 'GET'`. */
export const describeLocation = (location: DocumentationLocation): string =>
  (["type", ...members] as const)
    .filter((member) => location[member] !== undefined)
    .map((member) => `${member} '${location[member]}'`)
    .join(", ");

/** Returns a part's content, or undefined if the text is not a JSON object. */
export function parseProperties(properties: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(properties);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
