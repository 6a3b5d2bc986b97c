import type { Exchange } from "../exchange.ts";
import { refuseAuthorization } from "../responses/signature-refusals.ts";

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
  refuseAuthorization(exchange, authorization, hint);
}
