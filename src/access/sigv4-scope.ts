/**
 * Whose request it is and for which service, read from the signature's credential scope. The signature itself is not
 * verified here.
 *
 * AWS: IAM User Guide, "AWS Signature Version 4 for API requests", "Authorization header" and "query parameters".
 */
export type SigV4Decision =
  /**
   * The call is not signed: it has no `Authorization`, or one with another scheme.
   * See docs/internals/architecture.md, "A bearer token is not a signature".
   */
  | { readonly kind: "unsigned" }
  | { readonly kind: "scope"; readonly scope: CredentialScope }
  /** The call claims to be SigV4 and is malformed; the members are the error to answer. */
  | { readonly kind: "malformed"; readonly code: string; readonly message: string };

export interface CredentialScope {
  readonly accessKeyId: string;
  /** YYYYMMDD. */
  readonly date: string;
  readonly region: string;
  /** The signing name: `apigateway`, `lambda`, `execute-api`… */
  readonly service: string;
}

const algorithm = "AWS4-HMAC-SHA256";
const unsigned: SigV4Decision = { kind: "unsigned" };

/**
 * Reads the scope from the `Authorization` header, else from a presigned query. `target` is the path and query as
 * received.
 */
export function readCredentialScope(
  headers: Readonly<Record<string, string | undefined>>,
  target: string,
): SigV4Decision {
  const authorization = headers["authorization"];
  if (authorization !== undefined) {
    return authorization === algorithm || authorization.startsWith(`${algorithm} `)
      ? readHeader(authorization.slice(algorithm.length))
      : unsigned;
  }
  const queryAt = target.indexOf("?");
  // Most calls have no such query, and a look at the text is cheaper than parsing it.
  if (queryAt < 0 || !/x-amz-algorithm/i.test(target)) return unsigned;
  return readQuery(new URLSearchParams(target.slice(queryAt + 1)));
}

function readHeader(parameters: string): SigV4Decision {
  const found = new Map<string, string>();
  for (const parameter of parameters.split(",")) {
    const equalsAt = parameter.indexOf("=");
    if (equalsAt > 0) found.set(parameter.slice(0, equalsAt).trim(), parameter.slice(equalsAt + 1).trim());
  }
  const missing = ["Credential", "Signature", "SignedHeaders"].filter((name) => !found.get(name));
  if (missing.length > 0) {
    return incomplete(missing.map((name) => `Authorization header requires '${name}' parameter.`).join(" "));
  }
  return readCredential(found.get("Credential") ?? "");
}

function readQuery(query: URLSearchParams): SigV4Decision {
  if (query.get("X-Amz-Algorithm") !== algorithm) return unsigned;
  const missing = ["X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders"].filter((name) => !query.get(name));
  if (missing.length > 0) {
    return incomplete(missing.map((name) => `AWS query-string parameters must include '${name}'.`).join(" "));
  }
  return readCredential(query.get("X-Amz-Credential") ?? "");
}

function readCredential(credential: string): SigV4Decision {
  const parts = credential.split("/");
  const [accessKeyId = "", date = "", region = "", service = "", terminator] = parts;
  if (parts.length !== 5) {
    return incomplete(
      "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, " +
        `got '${credential.slice(0, 256)}'`,
    );
  }
  if (accessKeyId === "" || accessKeyId.length > 128) {
    return { kind: "malformed", code: "UnrecognizedClientException", message: invalidToken };
  }
  if (terminator !== "aws4_request") {
    return invalid("Credential should be scoped with a valid terminator: 'aws4_request'.");
  }
  if (!/^\d{8}$/.test(date)) return invalid("Date in Credential scope must have the form YYYYMMDD.");
  // The region becomes part of every document's key and of ARNs; AWS's names are of this form.
  if (!/^[a-z0-9-]{1,32}$/.test(region)) return invalid("Credential should be scoped to a valid region.");
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(service)) return invalid("Credential should be scoped to correct service.");
  return { kind: "scope", scope: { accessKeyId, date, region, service } };
}

const invalidToken = "The security token included in the request is invalid.";
const incomplete = (message: string): SigV4Decision => ({
  kind: "malformed",
  code: "IncompleteSignatureException",
  message,
});
const invalid = (message: string): SigV4Decision => ({ kind: "malformed", code: "InvalidSignatureException", message });

/** The account of calls whose access key is not an account's id. */
export const defaultAccount = "000000000000";
/** The region of calls that don't name one. */
export const defaultRegion = "us-east-1";

/** A 12-digit access key is its own account id. See docs/internals/architecture.md, "Management calls". */
export function accountOf(accessKeyId: string | undefined): string {
  return accessKeyId !== undefined && /^\d{12}$/.test(accessKeyId) ? accessKeyId : defaultAccount;
}
