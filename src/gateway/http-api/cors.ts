import { hasHints } from "../../http/request-client.ts";
import type { CorsPlan } from "../../plan/http-api-plan.ts";
import type { Exchange } from "../exchange.ts";
import { addHint } from "../responses/failure.ts";

/** The headers of an answer that `corsConfiguration` decides, in lower case. Those of backends are dropped. */
const corsHeaders: ReadonlySet<string> = new Set([
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-expose-headers",
  "access-control-max-age",
]);

/** The path of CORS through the answers of an API. Everything but the request's origin is known when it is linked. */
export interface Cors {
  /** Answers a preflight that no route takes. */
  answer(exchange: Exchange): void;
  /** Puts the configured headers in place of those that the answer has. Only a request with `Origin` gets any. */
  replace(exchange: Exchange, headers: string[]): void;
}

/**
 * Links `corsConfiguration`. AWS: API Gateway Developer Guide, "Configure CORS for HTTP APIs in API Gateway".
 * Unconfirmed: the status 204, and which headers come for what; see docs/compatibility.md, "HTTP APIs, CORS".
 */
export function linkCors(plan: CorsPlan): Cors {
  const originOf = linkOrigins(plan.allowOrigins);
  const credentials = plan.allowCredentials ? ["access-control-allow-credentials", "true"] : [];
  // Browsers refuse credentials for the origin `*`, and CreateApi refuses such a configuration.
  const shared = plan.allowOrigins.includes("*") ? [] : credentials;
  const forPreflight = [
    ...shared,
    ...list("access-control-allow-methods", plan.allowMethods),
    ...list("access-control-allow-headers", plan.allowHeaders),
    ...(plan.maxAgeSeconds === undefined ? [] : ["access-control-max-age", String(plan.maxAgeSeconds)]),
  ];
  const describePreflight = linkDescription(plan, originOf);
  const forOthers = [...shared, ...list("access-control-expose-headers", plan.exposeHeaders)];
  return {
    answer(exchange) {
      const headers: string[] = [];
      const { request, trace } = exchange;
      if (hasHints(request) || trace !== undefined) {
        const hint = describePreflight(exchange);
        trace?.add({ kind: "preflight", problem: hint });
        if (hint !== undefined) addHint(request, headers, hint);
      }
      exchange.respond(204, headers, undefined);
    },
    replace(exchange, headers) {
      dropCorsHeaders(headers);
      const origin = exchange.request.header("origin");
      const allowed = origin === undefined ? undefined : originOf(origin);
      if (allowed === undefined) return;
      headers.push("access-control-allow-origin", allowed);
      const more = isPreflight(exchange) ? forPreflight : forOthers;
      for (const text of more) headers.push(text);
    },
  };
}

/** Returns whether a browser asks by this request whether it may send another one. Fetch Standard, "CORS-preflight request". */
export const isPreflight = ({ httpMethod, request }: Exchange): boolean =>
  httpMethod === "OPTIONS" &&
  request.header("origin") !== undefined &&
  request.header("access-control-request-method") !== undefined;

/** Links the origins to what `Access-Control-Allow-Origin` says to one of them; undefined if it may not read. */
function linkOrigins(allowed: readonly string[]): (origin: string) => string | undefined {
  if (allowed.includes("*")) return () => "*";
  const exact = new Set(allowed);
  const schemes = ["http://", "https://"].filter((scheme) => exact.delete(`${scheme}*`));
  return (origin) =>
    exact.has(origin) || schemes.some((scheme) => origin.startsWith(scheme) && origin.length > scheme.length)
      ? origin
      : undefined;
}

const list = (name: string, values: readonly string[]): string[] =>
  values.length === 0 ? [] : [name, values.join(",")];

function dropCorsHeaders(headers: string[]): void {
  let kept = 0;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!;
    if (isCorsHeader(name)) continue;
    headers[kept++] = name;
    headers[kept++] = headers[index + 1]!;
  }
  headers.length = kept;
}

/** Few headers begin as these do; the others are told apart without a text of their own. */
const isCorsHeader = (name: string): boolean =>
  name.length >= 22 && (name.charCodeAt(0) | 0x20) === 0x61 && corsHeaders.has(name.toLowerCase());

/** Links what says why the browser will not send the request that a preflight announces, or undefined. */
function linkDescription(
  { allowMethods, allowHeaders }: CorsPlan,
  originOf: (origin: string) => string | undefined,
): (exchange: Exchange) => string | undefined {
  // Fetch Standard: these need no permission.
  const methods = new Set(["GET", "HEAD", "POST", ...allowMethods]);
  const known = new Set(allowHeaders.map((name) => name.toLowerCase()));
  const isKnown = (name: string): boolean => known.has(name) || (known.has("*") && name !== "authorization");
  return ({ request }) => {
    const origin = request.header("origin") ?? "";
    if (originOf(origin) === undefined) return `corsConfiguration does not allow the origin ${origin}`;
    const method = request.header("access-control-request-method") ?? "";
    if (!methods.has("*") && !methods.has(method)) return `corsConfiguration does not allow the method ${method}`;
    const wanted = (request.header("access-control-request-headers") ?? "").split(",");
    const missing = wanted.map((name) => name.trim().toLowerCase()).filter((name) => name !== "" && !isKnown(name));
    return missing.length === 0 ? undefined : `corsConfiguration does not allow the headers ${missing.join(", ")}`;
  };
}
