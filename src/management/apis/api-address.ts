import type { CallContext } from "../../protocol/operation.ts";

/**
 * Returns the URL of an API, without a slash at its end. It is on the host and port that the caller called, and names the
 * API in its path, which needs no host name for each API: docs/internals/architecture.md, "Addresses".
 */
export const addressOfApi = ({ host }: CallContext, apiId: string, scheme: "http" | "ws" = "http"): string =>
  `${scheme}://${host}/_aws/execute-api/${apiId}`;
