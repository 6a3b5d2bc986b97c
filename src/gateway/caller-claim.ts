import { readSignature, type SignatureProblem } from "../access/sigv4-signature.ts";
import { checkSignature, type PlausibleSignature, type SignatureDemand } from "../access/sigv4-verify.ts";
import type { InboundRequest } from "../http/inbound.ts";
import type { ClaimedCaller, KnownCallers } from "./known-callers.ts";

/** The name by which signatures say that they are for an API, and not for its management. */
const signingName = "execute-api";

/** What a signature says, and whose it says it is. */
export interface Claim {
  readonly signature: PlausibleSignature;
  readonly caller: ClaimedCaller;
}

/** What a request says of who calls. */
export type ClaimReading =
  | { readonly kind: "claimed"; readonly claim: Claim }
  | { readonly kind: "unsigned" }
  /** The header `Authorization` is no signature. */
  | { readonly kind: "foreign"; readonly authorization: string }
  | { readonly kind: "refused"; readonly problem: SignatureProblem };

/** Reads a request's signature for an API, and finds its access key. Nothing of it is proven yet. */
export function readClaim(
  request: InboundRequest,
  callers: KnownCallers,
  demand: Omit<SignatureDemand, "service">,
): ClaimReading {
  const reading = readSignature(request.target, (name) => valuesOf(request, name));
  if (reading.kind === "unsigned") return reading;
  if (reading.kind === "foreign") return reading;
  if (reading.kind === "broken") return { kind: "refused", problem: reading.problem };
  const signature = checkSignature(reading.signature, request, { ...demand, service: signingName });
  if (signature.kind === "refused") return signature;
  const found = callers.find(signature.accessKeyId, signature.token, demand.nowMs);
  return found.kind === "refused" ? found : { kind: "claimed", claim: { signature, caller: found.caller } };
}

/** Returns the claim with the hash that the body has in the place of the one that the request names. */
export const ofBody = ({ signature, caller }: Claim): Claim => ({
  caller,
  signature: { ...signature, payload: { kind: "body" } },
});

/**
 * Signed paths have no empty and no dotted segments, and routes and backends read those: `/b/../a` is signed as `/a`, so
 * whoever sees one could send the other. Several slashes behind the stage are read as they are signed.
 */
export function problemWithPath(path: string): SignatureProblem | undefined {
  if (!/\/(?:\/|\.{1,2}(?:\/|$))/.test(path)) return undefined;
  return {
    code: "InvalidSignatureException",
    message: "The request's path has more than one reading.",
    hint: "a signed path has no empty segments, and none that are . or ..",
  };
}

/** Returns all values of a header, with commas between them. */
function valuesOf({ headerNames, rawHeaders }: InboundRequest, name: string): string | undefined {
  let text: string | undefined;
  for (let index = 0; index < headerNames.length; index++) {
    if (headerNames[index] !== name) continue;
    const value = rawHeaders[2 * index + 1]!;
    text = text === undefined ? value : `${text}, ${value}`;
  }
  return text;
}
