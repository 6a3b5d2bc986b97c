import type { BackendPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { configurationError } from "../responses/failure.ts";
import type { ThreadContext } from "../thread-context.ts";
import type { BackendFailure } from "./backend-call.ts";
import { refuseBroken, refuseTooLarge } from "./request-body.ts";
import { isUntrusted, tlsFailureWords } from "./tls-failure.ts";

/** Turns a call's failure into its gateway response. */
export function answerFailure(
  exchange: Exchange,
  failure: BackendFailure,
  { thread, backend }: { readonly thread: ThreadContext; readonly backend: BackendPlan },
): void {
  const { responses } = exchange.program;
  const { origin } = backend;
  switch (failure.kind) {
    case "timeout":
      responses.finish(exchange, "INTEGRATION_TIMEOUT", {
        hint: `${origin} did not answer within ${backend.timeoutMs} ms`,
      });
      break;
    case "busy":
      responses.finish(exchange, "THROTTLED", { hint: `too many requests wait for ${origin}` });
      break;
    case "too-large":
      refuseTooLarge(exchange, thread.payloadBytesMax);
      break;
    case "malformed-request":
      refuseBroken(exchange, "malformed");
      break;
    case "late-request":
      refuseBroken(exchange, "timeout");
      break;
    case "network": {
      const words = configurationErrorWords(failure, backend);
      if (words === undefined) {
        const detail = `${placeOf(backend)}: ${failure.detail}`;
        responses.finish(exchange, "INTEGRATION_FAILURE", { detail, hint: detail });
        break;
      }
      exchange.integration!.error = `Execution failed due to configuration error: ${words}`;
      const help = untrustedHelp(failure.code, ", and tlsConfig.insecureSkipVerification the backend alone");
      const problem = configurationError(`${words} (${placeOf(backend)}: ${failure.detail})`, help);
      responses.finish(exchange, "API_CONFIGURATION_ERROR", problem);
    }
  }
}

/**
 * Returns AWS's message if AWS treats this failure as a mistake in the configuration and answers with 500, otherwise
 * undefined.
 */
function configurationErrorWords(
  failure: Extract<BackendFailure, { readonly kind: "network" }>,
  { origin, vpcLink }: BackendPlan,
): string | undefined {
  const tls = failure.code === undefined ? undefined : tlsFailureWords(failure.code, new URL(origin).hostname);
  if (tls !== undefined || vpcLink === undefined || failure.isUnconnected !== true) return tls;
  // AWS: Knowledge Center, "How do I resolve 500 errors for my API Gateway VPC link integration?"
  return "There was an internal error while executing your request";
}

/**
 * Returns what hints say besides of a certificate that nobody vouches for, otherwise nothing. AWS knows only public
 * authorities; here the operator may name another. `alternative` is what the kind of API has besides.
 */
export const untrustedHelp = (code: string | undefined, alternative = ""): string =>
  isUntrusted(code) ? `; --backend-ca FILE makes Portico trust its authority${alternative}` : "";

/** Returns how failures name the backend. */
export const placeOf = ({ origin, vpcLink }: BackendPlan): string =>
  vpcLink === undefined ? origin : `${origin} by the VPC link ${vpcLink.id} (${vpcLink.addresses.join(", ")})`;
