import { createHash } from "node:crypto";
import type { Exchange } from "../exchange.ts";

/**
 * Answers a request that matches no route. AWS quirk: the answer speaks of a missing signature or, if there is an
 * Authorization header, of a broken one.
 */
export function refuseRoute(exchange: Exchange, hint: string | undefined): void {
  const { responses } = exchange.program;
  const authorization = exchange.request.header("authorization");
  if (authorization === undefined || authorization.startsWith("AWS4-")) {
    responses.finish(exchange, "MISSING_AUTHENTICATION_TOKEN", { hint });
    return;
  }
  responses.finish(exchange, "DEFAULT_4XX", {
    status: 403,
    message: describeAuthorization(authorization),
    errorType: "IncompleteSignatureException",
    hint,
  });
}

/**
 * Returns AWS's message for an Authorization header that is not a signature. The header's value is shown as a hash
 * only.
 * AWS quirk, as observed: docs/internals/aws-facts/gateway-responses.md, "Words".
 */
function describeAuthorization(value: string): string {
  const hash = createHash("sha256").update(value, "latin1").digest("base64");
  if (!value.includes("=") || /^(?:Bearer|Basic)\s/i.test(value)) {
    return (
      "Invalid key=value pair (missing equal-sign) in Authorization header " +
      `(hashed with SHA-256 and encoded with Base64): '${hash}'.`
    );
  }
  return (
    "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
    "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a " +
    `'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=${hash}`
  );
}
