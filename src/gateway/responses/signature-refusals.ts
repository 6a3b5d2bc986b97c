import { describeOther, type SignatureProblem } from "../../access/sigv4-signature.ts";
import type { Exchange } from "../exchange.ts";

/** Answers a request whose signature is refused, with AWS's gateway response for the problem. */
export function refuseSignature(exchange: Exchange, { code, message, hint }: SignatureProblem): false {
  const { responses } = exchange.program;
  // The rest says what should have been signed, which is the caller's business only.
  const log = [`Execution failed: ${message.split("\n", 1)[0]}`];
  if (code === "ExpiredTokenException") return responses.finish(exchange, "EXPIRED_TOKEN", { message, hint, log });
  if (code === "IncompleteSignatureException") {
    // As observed, only DEFAULT_4XX customises these.
    return responses.finish(exchange, "DEFAULT_4XX", { status: 403, message, errorType: code, hint, log });
  }
  return responses.finish(exchange, "INVALID_SIGNATURE", { message, errorType: code, hint, log });
}

/** Answers a request whose `Authorization` header is not a signature. */
export function refuseAuthorization(exchange: Exchange, authorization: string, hint: string | undefined): false {
  const { request } = exchange;
  const problem = describeOther(authorization, request.header("x-amz-date") ?? request.header("date"));
  return refuseSignature(exchange, { ...problem, ...(hint !== undefined && { hint }) });
}
