import type { IdSource } from "../base/ids.ts";
import type { JsonObject } from "../base/json-object.ts";
import { checkAuthorizer } from "../definition/authorizer-rules.ts";
import type { Authorizer, Method } from "../definition/rest-api.ts";
import type { ImportLog } from "./import-log.ts";
import { listMember, member, membersOf, objectMember, scalarText, textMember } from "./json-value.ts";
import type { ApiDocument, Operation } from "./read-document.ts";

const authorizerExtension = "x-amazon-apigateway-authorizer";
const authTypeExtension = "x-amazon-apigateway-authtype";

/** The meaning of a security scheme to API Gateway. */
type Scheme =
  | { readonly kind: "api-key" }
  | { readonly kind: "iam" }
  | { readonly kind: "authorizer"; readonly authorizer: Authorizer }
  /** The authorizer could not be made; an error has been logged. */
  | { readonly kind: "failed" }
  | { readonly kind: "ignored" };

export type MethodSecurity = Pick<
  Method,
  "authorizationType" | "authorizerId" | "apiKeyRequired" | "authorizationScopes"
>;

/** The meaning of a list of requirements. It has no authorization type if none of them names an authorizer. */
type SecurityRequirement = Omit<MethodSecurity, "authorizationType"> &
  Partial<Pick<MethodSecurity, "authorizationType">>;

const authorizerTypes: Readonly<Record<string, Authorizer["type"]>> = {
  token: "TOKEN",
  request: "REQUEST",
  cognito_user_pools: "COGNITO_USER_POOLS",
};

/** The authorizers of an import, and the meaning of each method's `security`. */
export class SecurityImport {
  readonly #schemes = new Map<string, Scheme>();
  readonly #log: ImportLog;
  /** The meaning of each list of requirements. The document's own list serves all operations without one. */
  readonly #decided = new Map<readonly unknown[], SecurityRequirement>();
  /** The same for operations that say themselves that they are open. */
  readonly #decidedOpen = new Map<readonly unknown[], SecurityRequirement>();
  readonly authorizers: readonly Authorizer[];

  constructor(document: ApiDocument, existing: readonly Authorizer[], ids: IdSource, log: ImportLog) {
    this.#log = log;
    const existingIds = new Map(existing.map((authorizer) => [authorizer.name, authorizer.id]));
    const authorizers: Authorizer[] = [];
    for (const [name, scheme] of document.securitySchemes) {
      const read = this.#readScheme(name, scheme, () => existingIds.get(name) ?? ids.id(6));
      this.#schemes.set(name, read);
      if (read.kind === "authorizer") authorizers.push(read.authorizer);
    }
    this.authorizers = authorizers;
  }

  /**
   * Returns what a method requires of its caller. A method has one authorizer on AWS, so alternatives can't be
   * expressed; here the first one counts, and never none.
   */
  of(operation: Operation, place: string): MethodSecurity {
    const extension = textMember(objectMember(operation.source, "x-amazon-apigateway-auth"), "type")?.toUpperCase();
    const isOpen = extension === "NONE";
    const decided = isOpen ? this.#decidedOpen : this.#decided;
    const required = decided.get(operation.security) ?? this.#decide(operation.security, place, isOpen);
    decided.set(operation.security, required);
    return { authorizationType: extension ?? "NONE", ...required };
  }

  #decide(security: readonly unknown[], place: string, isOpen: boolean): SecurityRequirement {
    let isApiKeyRequired = false;
    let chosen: Pick<MethodSecurity, "authorizationType" | "authorizerId" | "authorizationScopes"> | undefined;
    for (const [name, scopes] of security.flatMap(membersOf)) {
      const scheme = this.#schemes.get(name);
      if (scheme === undefined) this.#undefined(name, place, isOpen);
      else if (scheme.kind === "api-key") isApiKeyRequired = true;
      else if (scheme.kind === "iam" || scheme.kind === "authorizer") {
        if (chosen === undefined) chosen = authorizationOf(scheme, scopes);
        else this.#log.warn(`Security scheme '${name}' of ${place} is a second authorizer. Ignoring.`);
      }
    }
    return { ...chosen, apiKeyRequired: isApiKeyRequired };
  }

  /**
   * A method must not be left open because its scheme is unknown, unless it says so itself.
   * AWS: API Gateway Developer Guide, "OpenAPI definitions of a sample API with basic request validation": its methods name
   * a scheme `api_key` that the document does not define, have an `x-amazon-apigateway-auth` of the type `none`, and are
   * called without a key.
   */
  #undefined(name: string, place: string, isOpen: boolean): void {
    if (!isOpen) this.#log.error(`Security scheme '${name}' of ${place} is not defined`);
    else this.#log.warn(`Security scheme '${name}' of ${place} is not defined, and the method is open. Ignoring.`);
  }

  #readScheme(name: string, scheme: JsonObject, makeId: () => string): Scheme {
    const authType = textMember(scheme, authTypeExtension);
    const extension = member(scheme, authorizerExtension);
    if (authType?.toLowerCase() === "awssigv4") {
      if (extension !== undefined) this.#log.warn(unusedAuthorizer(name));
      return { kind: "iam" };
    }
    const isHeaderKey = scheme["type"] === "apiKey" && scheme["in"] === "header";
    if (extension === undefined && authType === undefined) {
      if (isHeaderKey && textMember(scheme, "name")?.toLowerCase() === "x-api-key") return { kind: "api-key" };
      this.#log.warn(
        `Security scheme '${name}' is neither an API key in x-api-key nor an authorizer, and guards nothing. Ignoring.`,
      );
      return { kind: "ignored" };
    }
    const authorizer = this.#readAuthorizer(name, scheme, objectMember(scheme, authorizerExtension));
    if (typeof authorizer === "string") {
      this.#log.error(`Unable to create authorizer from security definition: '${name}'. ${authorizer}`);
      return { kind: "failed" };
    }
    return { kind: "authorizer", authorizer: { id: makeId(), ...authorizer } };
  }

  #readAuthorizer(
    name: string,
    scheme: JsonObject,
    extension: JsonObject | undefined,
  ): Omit<Authorizer, "id"> | string {
    if (extension === undefined) {
      // As users quote AWS's answer.
      return (
        `Extension ${authorizerExtension} is required. Any methods with security: '${name}' will not be created. ` +
        `If this security definition is not a custom authorizer, remove the ${authTypeExtension} extension and it ` +
        "will be ignored."
      );
    }
    const given = textMember(extension, "type")?.toLowerCase() ?? "";
    const type = Object.hasOwn(authorizerTypes, given) ? authorizerTypes[given] : undefined;
    if (type === undefined) {
      return `Authorizer type must be one of: ${Object.keys(authorizerTypes).join(", ")}.`;
    }
    const authorizerUri = textMember(extension, "authorizerUri");
    const providerArns = listMember(extension, "providerARNs").flatMap((arn) => scalarText(arn) ?? []);
    if (type === "COGNITO_USER_POOLS" && providerArns.length === 0) return "At least one provider ARN is required.";
    if (type !== "COGNITO_USER_POOLS" && authorizerUri === undefined) return "Authorizer URI is required.";
    const ttl = ttlSeconds(member(extension, "authorizerResultTtlInSeconds"));
    // Recorded: empty texts are accepted; they count as absent.
    const givenIdentity = textMember(extension, "identitySource");
    const identitySource = givenIdentity || identitySourceOf(scheme);
    const authType = textMember(scheme, authTypeExtension);
    const authorizerCredentials = textMember(extension, "authorizerCredentials") || undefined;
    const identityValidationExpression = textMember(extension, "identityValidationExpression");
    const authorizer: Omit<Authorizer, "id"> = {
      name,
      type,
      ...(providerArns.length > 0 && { providerARNs: providerArns }),
      authType: authType ?? (type === "COGNITO_USER_POOLS" ? "cognito_user_pools" : "custom"),
      ...(authorizerUri !== undefined && { authorizerUri }),
      ...(authorizerCredentials !== undefined && { authorizerCredentials }),
      ...(identitySource !== undefined && { identitySource }),
      ...(identityValidationExpression !== undefined && { identityValidationExpression }),
      ...(ttl !== undefined && { authorizerResultTtlInSeconds: ttl }),
    };
    const problem = checkAuthorizer(authorizer, givenIdentity !== "");
    return problem === undefined ? authorizer : `${problem}.`;
  }
}

/** Says that a scheme asks for signatures: a method has no authorizer besides. */
export const unusedAuthorizer = (scheme: string): string =>
  `${authorizerExtension} of security scheme '${scheme}' is not used beside ${authTypeExtension} awsSigv4. Ignoring.`;

function authorizationOf(scheme: Scheme & { readonly kind: "iam" | "authorizer" }, scopes: unknown) {
  if (scheme.kind === "iam") return { authorizationType: "AWS_IAM" };
  const { id, type } = scheme.authorizer;
  if (type !== "COGNITO_USER_POOLS") return { authorizationType: "CUSTOM", authorizerId: id };
  const names = Array.isArray(scopes) ? scopes.flatMap((scope) => scalarText(scope) ?? []) : [];
  return {
    authorizationType: "COGNITO_USER_POOLS",
    authorizerId: id,
    ...(names.length > 0 && { authorizationScopes: names }),
  };
}

/** Returns the scheme's own header or query parameter as an identity source. `Unused` is AWS's name for none. */
function identitySourceOf(scheme: JsonObject): string | undefined {
  const name = textMember(scheme, "name");
  if (name === undefined || name === "Unused") return undefined;
  if (scheme["in"] === "header") return `method.request.header.${name}`;
  return scheme["in"] === "query" ? `method.request.querystring.${name}` : undefined;
}

/** A value that is not a whole number counts as outside of the range. */
function ttlSeconds(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const seconds = Number(scalarText(value) ?? Number.NaN);
  return Number.isInteger(seconds) ? seconds : -1;
}
