import type { IdSource } from "../base/ids.ts";
import type { JsonObject } from "../base/json-object.ts";
import type { HttpAuthorizer, Route } from "../definition/http-api.ts";
import { type AuthorizerCheckOptions, checkHttpAuthorizer } from "../definition/http-authorizer-rules.ts";
import type { ImportLog } from "./import-log.ts";
import { unusedAuthorizer } from "./import-security.ts";
import { flagMember, listMember, member, membersOf, objectMember, scalarText, textMember } from "./json-value.ts";
import type { ApiDocument, Operation } from "./read-document.ts";

const authorizerExtension = "x-amazon-apigateway-authorizer";
const authTypeExtension = "x-amazon-apigateway-authtype";

/** A pattern for tokens, which API Gateway checks before it asks a REST API's authorizer. */
const validationMember = "identityValidationExpression";

const authTypes: readonly string[] = ["NONE", "AWS_IAM", "CUSTOM", "JWT"];

/** The meaning of a security scheme to an HTTP API. */
type Scheme =
  | { readonly kind: "iam" }
  /** Beyond AWS: the caller's API key. */
  | { readonly kind: "api-key" }
  | { readonly kind: "authorizer"; readonly authorizer: HttpAuthorizer }
  /** The authorizer could not be made; an error has been logged. */
  | { readonly kind: "failed" }
  | { readonly kind: "ignored" };

type RouteAuthorization = Pick<Route, "AuthorizationType" | "AuthorizerId" | "AuthorizationScopes">;
type RouteSecurity = RouteAuthorization & Pick<Route, "ApiKeyRequired">;

export interface HttpSecurityOptions extends AuthorizerCheckOptions {
  readonly ids: IdSource;
  /** Routes may require API keys. */
  readonly hasKeys: boolean;
}

/** The authorizers of an import, and the meaning of each route's `security`. */
export class HttpSecurityImport {
  readonly authorizers: readonly HttpAuthorizer[];
  readonly #schemes = new Map<string, Scheme>();
  readonly #log: ImportLog;
  readonly #checks: AuthorizerCheckOptions;
  readonly #hasKeys: boolean;

  constructor(
    document: ApiDocument,
    existing: readonly HttpAuthorizer[],
    { ids, hasKeys, ...checks }: HttpSecurityOptions,
    log: ImportLog,
  ) {
    this.#log = log;
    this.#checks = checks;
    this.#hasKeys = hasKeys;
    const existingIds = new Map(existing.map(({ Name, AuthorizerId }) => [Name, AuthorizerId]));
    const authorizers: HttpAuthorizer[] = [];
    for (const [name, scheme] of document.securitySchemes) {
      const read = this.#readScheme(name, scheme, () => existingIds.get(name) ?? ids.id(6));
      this.#schemes.set(name, read);
      if (read.kind === "authorizer") authorizers.push(read.authorizer);
    }
    this.authorizers = authorizers.toSorted((one, other) => (one.AuthorizerId < other.AuthorizerId ? -1 : 1));
  }

  /** Returns what a route requires of its caller. AWS: more than one requirement for an operation is an error. */
  of({ source, security }: Operation, place: string): RouteSecurity {
    const all = security.flatMap(membersOf);
    // An API key is required besides an authorization, in the same requirement.
    const required = all.filter(([name]) => this.#schemes.get(name)?.kind !== "api-key");
    const ApiKeyRequired = required.length < all.length;
    if (required.length > 1) {
      this.#log.error(`Unable to create ${place}: only one security requirement is supported for an operation`);
    }
    const [[name, scopes] = [undefined, undefined]] = required;
    // A list with an empty requirement beside another one means that callers need none.
    if (security.length > 1 && required.length < security.length) {
      this.#log.error(`Unable to create ${place}: its security is optional, and a route's is not`);
    }
    const chosen = name === undefined ? undefined : this.#authorizationBy(name, scopes, place);
    const extension = textMember(objectMember(source, "x-amazon-apigateway-auth"), "type")?.toUpperCase();
    if (extension !== undefined && !authTypes.includes(extension)) {
      this.#log.error(
        `Unable to create ${place}: x-amazon-apigateway-auth has to have one of the types ${authTypes.join(", ")}`,
      );
    }
    return { ApiKeyRequired, ...(chosen ?? { AuthorizationType: extension ?? "NONE" }) };
  }

  #authorizationBy(name: string, scopes: unknown, place: string): RouteAuthorization | undefined {
    const scheme = this.#schemes.get(name);
    // A route must not be left open because its scheme is unknown.
    if (scheme === undefined) this.#log.error(`Security scheme '${name}' of ${place} is not defined`);
    if (scheme?.kind === "iam") return { AuthorizationType: "AWS_IAM" };
    if (scheme?.kind !== "authorizer") return undefined;
    const { AuthorizerId, AuthorizerType } = scheme.authorizer;
    if (AuthorizerType === "REQUEST") return { AuthorizationType: "CUSTOM", AuthorizerId };
    const AuthorizationScopes = Array.isArray(scopes) ? scopes.flatMap((scope) => scalarText(scope) ?? []) : [];
    return {
      AuthorizationType: "JWT",
      AuthorizerId,
      ...(AuthorizationScopes.length > 0 && { AuthorizationScopes }),
    };
  }

  #readScheme(name: string, scheme: JsonObject, makeId: () => string): Scheme {
    const authType = textMember(scheme, authTypeExtension);
    const extension = objectMember(scheme, authorizerExtension);
    if (authType?.toLowerCase() === "awssigv4") {
      if (extension !== undefined) this.#log.warn(unusedAuthorizer(name));
      return { kind: "iam" };
    }
    if (extension === undefined) {
      if (authType !== undefined) {
        this.#log.error(
          `Unable to create authorizer from security definition: '${name}'. Extension ${authorizerExtension} is required.`,
        );
        return { kind: "failed" };
      }
      if (this.#hasKeys && isApiKey(scheme)) return { kind: "api-key" };
      this.#log.warn(`Security scheme '${name}' is no authorizer: it has no ${authorizerExtension}. Ignoring.`);
      return { kind: "ignored" };
    }
    const made = readAuthorizer(name, scheme, extension);
    const authorizer = typeof made === "string" ? made : { AuthorizerId: makeId(), ...made };
    const problem = typeof authorizer === "string" ? authorizer : checkHttpAuthorizer(authorizer, this.#checks);
    if (typeof authorizer === "string" || problem !== undefined) {
      this.#log.error(`Unable to create authorizer from security definition: '${name}'. ${problem}`);
      return { kind: "failed" };
    }
    // AWS: API Gateway Developer Guide, "x-amazon-apigateway-authorizer object": supported only for REST APIs.
    if (member(extension, validationMember) !== undefined) {
      this.#log.warn(`${validationMember} of security scheme '${name}' is not supported by HTTP APIs. Ignoring.`);
    }
    return { kind: "authorizer", authorizer };
  }
}

/** AWS, of REST APIs: an API key is the scheme of the header `x-api-key`. */
const isApiKey = (scheme: JsonObject): boolean =>
  textMember(scheme, "type") === "apiKey" &&
  textMember(scheme, "in") === "header" &&
  textMember(scheme, "name")?.toLowerCase() === "x-api-key";

/**
 * Reads an authorizer, or returns what is wrong with its form.
 * AWS: API Gateway Developer Guide, "x-amazon-apigateway-authorizer object".
 */
function readAuthorizer(
  name: string,
  scheme: JsonObject,
  extension: JsonObject,
): Omit<HttpAuthorizer, "AuthorizerId"> | string {
  const type = textMember(extension, "type")?.toLowerCase();
  const identity = textMember(extension, "identitySource");
  const IdentitySource = identity === undefined || identity === "" ? [] : identity.split(",").map((one) => one.trim());
  if (type === "jwt") {
    const configuration = objectMember(extension, "jwtConfiguration");
    const audience = listMember(configuration, "audience").map(scalarText);
    if (audience.some((one) => one === undefined)) return "The audience has to be a list of strings";
    const issuer = textMember(configuration, "issuer") ?? issuerOf(scheme);
    return {
      Name: name,
      AuthorizerType: "JWT",
      IdentitySource,
      JwtConfiguration: {
        Audience: audience as string[],
        ...(issuer !== undefined && { Issuer: issuer }),
      },
    };
  }
  if (type !== "request") return "Authorizer type must be one of: jwt, request.";
  const uri = textMember(extension, "authorizerUri");
  const credentials = textMember(extension, "authorizerCredentials") || undefined;
  const format = textMember(extension, "authorizerPayloadFormatVersion");
  const given = member(extension, "authorizerResultTtlInSeconds");
  const ttl = given === undefined || given === null ? undefined : Number(scalarText(given) ?? Number.NaN);
  if (ttl !== undefined && !Number.isInteger(ttl)) return "authorizerResultTtlInSeconds has to be a whole number";
  const simple = member(extension, "enableSimpleResponses");
  const isSimple = flagMember(extension, "enableSimpleResponses");
  if (simple !== undefined && simple !== null && isSimple === undefined) {
    return "enableSimpleResponses has to be true or false";
  }
  return {
    Name: name,
    AuthorizerType: "REQUEST",
    IdentitySource,
    ...(uri !== undefined && { AuthorizerUri: uri }),
    ...(credentials !== undefined && { AuthorizerCredentialsArn: credentials }),
    ...(format !== undefined && { AuthorizerPayloadFormatVersion: /^\d$/.test(format) ? `${format}.0` : format }),
    ...(ttl !== undefined && { AuthorizerResultTtlInSeconds: ttl }),
    ...(isSimple !== undefined && { EnableSimpleResponses: isSimple }),
  };
}

/** Returns the issuer whose configuration the scheme names. AWS: the scheme `openIdConnect`. */
function issuerOf(scheme: JsonObject): string | undefined {
  const url = textMember(scheme, "openIdConnectUrl");
  const end = "/.well-known/openid-configuration";
  return scheme["type"] === "openIdConnect" && url?.endsWith(end) === true ? url.slice(0, -end.length) : undefined;
}
