import type { IdentitySourcePlan } from "../../plan/authorizers.ts";
import { maskValue } from "../../telemetry/secrets.ts";
import type { Exchange } from "../exchange.ts";
import { asText, linkValue } from "../values.ts";

/**
 * Returns the values of all identity sources, which say who the caller claims to be, or undefined if one source has no
 * value.
 */
export type ReadIdentity = (exchange: Exchange) => readonly string[] | undefined;

/**
 * AWS: CreateAuthorizer, identitySource: "if any specified identity source is missing, null or empty, API Gateway returns a
 * 401 Unauthorized response without calling the authorizer". Unconfirmed: Portico does so without caching as well;
 * see docs/compatibility.md, "Lambda authorizers, identity sources".
 */
export function linkIdentity(sources: readonly IdentitySourcePlan[], kind: "one" | "several"): ReadIdentity {
  const readers = sources.map(({ expression, value }) => ({
    expression,
    read: value === undefined ? () => undefined : linkValue(value),
  }));
  return (exchange) => {
    const values = readers.map(({ read }) => asText(read(exchange)) ?? "");
    if (values.includes("")) return undefined;
    const { trace } = exchange;
    if (trace !== undefined) {
      // Whatever the header is called, its value is the caller's secret.
      trace.learnSecrets(values.flatMap((value) => ["token", value]));
      const masked = values.map(maskValue);
      const pairs = readers.map(({ expression }, index) => `${expression}=${masked[index]}`);
      trace.add({ kind: "authorizer-identity", identity: kind === "one" ? masked[0]! : `{${pairs.join(", ")}}` });
    }
    return values;
  };
}
