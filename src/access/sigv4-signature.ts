import { hash } from "node:crypto";

/**
 * The signature of a request, as it was sent. Nothing is checked yet, but that it is whole.
 * AWS: IAM User Guide, "AWS Signature Version 4 for API requests", "Authorization header" and "query parameters".
 */
export interface Signature {
  readonly place: "header" | "query";
  /** `AWS4-HMAC-SHA256`, or another one, whose signatures are not verified here. */
  readonly algorithm: string;
  /** The access key's id and the scope, with slashes between them. */
  readonly credential: string;
  /** Names with semicolons between them; may be empty. */
  readonly signedHeaders: string;
  readonly signature: string;
  /** `X-Amz-Date`, else the header `Date`. */
  readonly time: string | undefined;
  /** `X-Amz-Expires`, which only presigned queries have. */
  readonly expires: string | undefined;
  /** `X-Amz-Security-Token`. */
  readonly token: string | undefined;
  /** `X-Amz-Content-Sha256`. */
  readonly payload: string | undefined;
}

export type SignatureReading =
  /** The request has neither an `Authorization` header nor a presigned query. */
  | { readonly kind: "unsigned" }
  /**
   * The request has an `Authorization` header with another scheme, such as a bearer token.
   * See docs/internals/architecture.md, "A bearer token is not a signature".
   */
  | { readonly kind: "foreign"; readonly authorization: string }
  | { readonly kind: "signature"; readonly signature: Signature }
  /** The request claims to be signed, and is not. */
  | { readonly kind: "broken"; readonly problem: SignatureProblem };

/** Why a signature is refused, as AWS names it. */
export interface SignatureProblem {
  readonly code:
    | "IncompleteSignatureException"
    | "InvalidSignatureException"
    | "UnrecognizedClientException"
    | "ExpiredTokenException";
  readonly message: string;
  /** What helps, where the message does not say it. */
  readonly hint?: string;
}

/** Returns the values of all headers of that name (in lower case), with commas between them. */
export type ReadHeader = (name: string) => string | undefined;

/** The algorithm that is verified here. */
export const hmacAlgorithm = "AWS4-HMAC-SHA256";

const unsigned: SignatureReading = { kind: "unsigned" };

/** Reads the signature in the `Authorization` header, else in a presigned query. `target` is path and query as received. */
export function readSignature(target: string, header: ReadHeader): SignatureReading {
  const authorization = header("authorization");
  const query = presignedQuery(target);
  if (authorization === undefined) return query === undefined ? unsigned : readQuery(query, header);
  if (!authorization.startsWith("AWS4-")) return { kind: "foreign", authorization };
  if (query !== undefined) {
    // As DynamoDB was seen to answer.
    return broken({
      code: "InvalidSignatureException",
      message: "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    });
  }
  return readAuthorization(authorization, header);
}

/** Returns the query, if it is a presigned one. Most are not, and a look at the text is cheaper than parsing it. */
function presignedQuery(target: string): URLSearchParams | undefined {
  const queryAt = target.indexOf("?");
  if (queryAt < 0 || !/x-amz-algorithm/i.test(target)) return undefined;
  const query = new URLSearchParams(target.slice(queryAt + 1).replaceAll(";", "&"));
  return query.has("X-Amz-Algorithm") ? query : undefined;
}

function readAuthorization(authorization: string, header: ReadHeader): SignatureReading {
  const end = /[ ,]|$/.exec(authorization)!.index;
  let credential = "";
  let signature = "";
  let signedHeaders: string | undefined;
  for (const part of authorization.slice(end).split(",")) {
    const parameter = part.trim();
    if (parameter === "") continue;
    const equalsAt = parameter.indexOf("=");
    const name = parameter.slice(0, Math.max(equalsAt, 0)).trimEnd();
    // A name with a blank is the beginning of another header's value.
    if (equalsAt < 0 || name.includes(" ")) return broken(describeOther(authorization, undefined));
    const value = parameter.slice(equalsAt + 1).trimStart();
    if (name === "Credential" && credential === "") credential = value;
    else if (name === "Signature" && signature === "") signature = value;
    else if (name === "SignedHeaders" && signedHeaders === undefined) signedHeaders = value;
    else if (known.has(name)) return broken(twice(name));
  }
  const time = header("x-amz-date") ?? header("date");
  if (credential === "" || signature === "" || signedHeaders === undefined) {
    return broken(
      incomplete({ Credential: credential, Signature: signature, SignedHeaders: signedHeaders, time }, authorization),
    );
  }
  return {
    kind: "signature",
    signature: {
      place: "header",
      algorithm: authorization.slice(0, end),
      credential,
      signedHeaders,
      signature,
      time,
      expires: undefined,
      token: header("x-amz-security-token"),
      payload: header("x-amz-content-sha256"),
    },
  };
}

const known: ReadonlySet<string> = new Set(["Credential", "Signature", "SignedHeaders"]);

const broken = (problem: SignatureProblem): SignatureReading => ({ kind: "broken", problem });

/** Unconfirmed: AWS's words are not known; see docs/compatibility.md, "signatures, what is refused". */
const twice = (name: string): SignatureProblem => ({
  code: "IncompleteSignatureException",
  message: `The request has the parameter '${name}' of its signature twice.`,
});

interface HeaderParameters {
  readonly Credential: string;
  readonly Signature: string;
  readonly SignedHeaders: string | undefined;
  readonly time: string | undefined;
}

/** As DynamoDB was seen to answer; newer answers don't show the header, but its hash. */
function incomplete({ time, ...parameters }: HeaderParameters, authorization: string): SignatureProblem {
  const missing = Object.entries(parameters).filter(([, value]) => value === "" || value === undefined);
  const sentences = missing.map(([name]) => `Authorization header requires '${name}' parameter.`);
  if (time === undefined) sentences.push(dateIsMissing);
  return {
    code: "IncompleteSignatureException",
    message: `${sentences.join(" ")} ${hashed} Authorization=${hashOf(authorization)}`,
  };
}

const hashed = "(Hashed with SHA-256 and encoded with Base64)";
const hashOf = (authorization: string): string => hash("sha256", Buffer.from(authorization, "latin1"), "base64");

const dateIsMissing = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";

/** Returns AWS's message for a signature that has no time. */
export const missingTime = ({ place }: Signature): SignatureProblem => ({
  code: "IncompleteSignatureException",
  message: place === "header" ? dateIsMissing : `AWS query-string parameters must include 'X-Amz-Date'. ${reexamine}`,
});

const reexamine = "Re-examine the query-string parameters.";

/**
 * Returns AWS's message for an `Authorization` header that is not a signature. The header's value is shown as a hash only.
 * AWS quirk, as observed: docs/internals/aws-facts/gateway-responses.md, "Words".
 */
export function describeOther(authorization: string, time: string | undefined): SignatureProblem {
  if (!authorization.includes("=") || /^(?:Bearer|Basic|AWS4-\S*)\s/i.test(authorization)) {
    return {
      code: "IncompleteSignatureException",
      message:
        "Invalid key=value pair (missing equal-sign) in Authorization header " +
        `(hashed with SHA-256 and encoded with Base64): '${hashOf(authorization)}'.`,
    };
  }
  return incomplete({ Credential: "", Signature: "", SignedHeaders: undefined, time }, authorization);
}

const queryNames = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders"] as const;

function readQuery(query: URLSearchParams, header: ReadHeader): SignatureReading {
  const [algorithm = "", credential = "", signature = "", signedHeaders = ""] = queryNames.map(
    (name) => query.get(name) ?? "",
  );
  const missing = queryNames.filter((name) => !query.get(name));
  if (missing.length > 0) {
    const sentences = missing.map((name) => `AWS query-string parameters must include '${name}'.`);
    return broken({ code: "IncompleteSignatureException", message: `${sentences.join(" ")} ${reexamine}` });
  }
  const seen = new Set<string>();
  for (const name of query.keys()) {
    if (seen.has(name) && name.startsWith("X-Amz-")) return broken(twice(name));
    seen.add(name);
  }
  return {
    kind: "signature",
    signature: {
      place: "query",
      algorithm,
      credential,
      signedHeaders,
      signature,
      time: query.get("X-Amz-Date") ?? undefined,
      expires: query.get("X-Amz-Expires") ?? undefined,
      token: query.get("X-Amz-Security-Token") ?? header("x-amz-security-token"),
      // Signers move this header to the query as well, some without changing its case.
      payload: query.get("X-Amz-Content-Sha256") ?? query.get("x-amz-content-sha256") ?? header("x-amz-content-sha256"),
    },
  };
}

/** Returns AWS's message for a credential of another form. */
export const notFiveParts = (credential: string): SignatureProblem => ({
  code: "IncompleteSignatureException",
  message:
    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, " +
    `got '${credential.slice(0, 256)}'`,
});

/** Returns why signatures of that algorithm are refused; undefined for the one that is verified. As DynamoDB was seen to answer. */
export function problemWithAlgorithm(algorithm: string): SignatureProblem | undefined {
  if (algorithm === hmacAlgorithm) return undefined;
  return {
    code: "IncompleteSignatureException",
    message: `Unsupported AWS 'algorithm': '${algorithm.slice(0, 64)}' (only ${hmacAlgorithm} for now). `,
    ...(algorithm === "AWS4-ECDSA-P256-SHA256" && {
      hint: "this is SigV4a, which Portico does not verify: sign with SigV4 (AWS4-HMAC-SHA256) for the API's region",
    }),
  };
}
