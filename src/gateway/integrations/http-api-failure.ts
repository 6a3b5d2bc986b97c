import type { BackendPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";
import type { BackendFailure } from "./backend-call.ts";
import { answerFailure, placeOf, untrustedHelp } from "./backend-failure.ts";
import { tlsFailureWords } from "./tls-failure.ts";

/**
 * Answers an exchange of an HTTP API whose backend gave no answer: 503 where it can't be reached or is too slow, 502 where
 * what it says is no HTTP or no TLS that is trusted.
 * Unconfirmed: 502; see docs/compatibility.md, "HTTP APIs, backends".
 */
export function answerHttpApiFailure(
  exchange: Exchange,
  failure: BackendFailure,
  { thread, backend }: { readonly thread: ThreadContext; readonly backend: BackendPlan },
): void {
  const { responses } = exchange.program;
  if (failure.kind === "busy") {
    responses.finish(exchange, "INTEGRATION_FAILURE", { hint: `too many requests wait for ${backend.origin}` });
  } else if (failure.kind === "network") {
    const { code, detail } = failure;
    const tls = code === undefined ? undefined : tlsFailureWords(code, new URL(backend.origin).hostname);
    if (tls !== undefined) exchange.integration!.error = tls;
    const said = `${placeOf(backend)}: ${detail}`;
    const isBad = tls !== undefined || code === undefined;
    responses.finish(exchange, "INTEGRATION_FAILURE", {
      ...(isBad ? { status: 502 } : {}),
      detail: said,
      hint: `${said}${untrustedHelp(code)}`,
    });
  } else answerFailure(exchange, failure, { thread, backend });
}

/**
 * Writes `$context.integrationErrorMessage` of an integration that API Gateway, or its role, may not call.
 * AWS: "Troubleshooting issues with HTTP API Lambda integrations", its picture of a log.
 */
export function noteNoAccess(exchange: Exchange): void {
  exchange.startIntegration().error =
    "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. " +
    "Check the permissions and try again.";
}
