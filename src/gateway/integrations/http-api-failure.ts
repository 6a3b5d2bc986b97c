import type { BackendPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";
import type { BackendFailure } from "./backend-call.ts";
import { answerFailure } from "./backend-failure.ts";
import { isUntrusted, tlsFailureWords } from "./tls-failure.ts";

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
    const help = isUntrusted(code) ? "; --backend-ca FILE makes Portico trust its authority" : "";
    const place =
      backend.vpcLink === undefined
        ? backend.origin
        : `${backend.vpcLink.addresses.join(", ")} by the VPC link ${backend.vpcLink.id}`;
    const isBad = tls !== undefined || code === undefined;
    responses.finish(exchange, "INTEGRATION_FAILURE", {
      ...(isBad ? { status: 502 } : {}),
      detail: `${place}: ${detail}`,
      hint: `${place}: ${detail}${help}`,
    });
  } else answerFailure(exchange, failure, { thread, backend });
}
