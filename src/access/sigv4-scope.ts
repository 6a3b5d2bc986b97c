import { notFiveParts, problemWithAlgorithm, readSignature } from "./sigv4-signature.ts";

/** Whose request it is and for which service, by the signature's credential scope. The signature itself is not verified here. */
export type SigV4Decision =
  /**
   * The call is not signed: it has no `Authorization`, or one with another scheme.
   * See docs/internals/architecture.md, "A bearer token is not a signature".
   */
  | { readonly kind: "unsigned" }
  | { readonly kind: "scope"; readonly scope: CredentialScope; readonly token: string | undefined }
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

const unsigned: SigV4Decision = { kind: "unsigned" };

/**
 * Reads the scope from the `Authorization` header, else from a presigned query. `target` is the path and query as
 * received.
 */
export function readCredentialScope(
  headers: Readonly<Record<string, string | undefined>>,
  target: string,
): SigV4Decision {
  const reading = readSignature(target, (name) => headers[name]);
  if (reading.kind === "broken") return { kind: "malformed", ...reading.problem };
  if (reading.kind !== "signature") return unsigned;
  const { algorithm, credential, token } = reading.signature;
  const problem = problemWithAlgorithm(algorithm);
  return problem === undefined ? readCredential(credential, token) : { kind: "malformed", ...problem };
}

function readCredential(credential: string, token: string | undefined): SigV4Decision {
  const parts = credential.split("/");
  const [accessKeyId = "", date = "", region = "", service = "", terminator] = parts;
  if (parts.length !== 5) return { kind: "malformed", ...notFiveParts(credential) };
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
  return { kind: "scope", scope: { accessKeyId, date, region, service }, token };
}

const invalidToken = "The security token included in the request is invalid.";
const invalid = (message: string): SigV4Decision => ({ kind: "malformed", code: "InvalidSignatureException", message });

/** The account of calls whose access key is not an account's id. */
export const defaultAccount = "000000000000";
/** The region of calls that don't name one. */
export const defaultRegion = "us-east-1";

/** A 12-digit access key is its own account id. See docs/internals/architecture.md, "Management calls". */
export function accountOf(accessKeyId: string | undefined): string {
  return accessKeyId !== undefined && /^\d{12}$/.test(accessKeyId) ? accessKeyId : defaultAccount;
}
