import { isLoopback } from "./config.ts";

export interface GuardOptions {
  /** Host names of `--domain`. */
  readonly domains: readonly string[];
  readonly allowedOrigins: readonly string[];
}

export type GuardDecision =
  | { readonly kind: "pass"; readonly corsOrigin?: string }
  | { readonly kind: "refuse"; readonly message: string };

export interface GuardedRequest {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site` and `Sec-Fetch-Mode`, which browsers send with requests that have no `Origin`, too. */
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
}

/** Names that local AWS tools use and that always mean this machine. */
const ownHosts: readonly string[] = ["localhost.localstack.cloud"];

/**
 * Decides whether a request may reach management or operations. Loopback is no fence: a web page in the user's browser can
 * reach it. So the host has to be a name that nobody else can point here (DNS rebinding), and the page's origin our own.
 * See docs/internals/architecture.md, "A browser is an attacker's tool".
 */
export function decideGuard(request: GuardedRequest, options: GuardOptions): GuardDecision {
  const host = hostNameOf(request.host);
  if (host === undefined || !isKnownHost(host, options.domains)) {
    return refuse(
      `Portico does not answer management calls for the host ${show(request.host)}. ` +
        "Use localhost, or name the host with --domain.",
    );
  }
  const { origin } = request;
  if (origin !== undefined && origin !== "") return decideOrigin(origin, request.host, options);
  // An image or a form of a foreign page: GETs without CORS have no Origin. A link that is followed is the user's wish.
  const isForeign = request.fetchSite === "cross-site" || request.fetchSite === "same-site";
  const isNavigation = request.fetchMode === "navigate" && (request.method === "GET" || request.method === "HEAD");
  if (isForeign && !isNavigation) {
    return refuse(
      "A web page of another origin may not use Portico's management. Allow its origin with --allow-origin.",
    );
  }
  return { kind: "pass" };
}

function decideOrigin(origin: string, host: string | undefined, options: GuardOptions): GuardDecision {
  if (options.allowedOrigins.includes(origin)) return { kind: "pass", corsOrigin: origin };
  const url = URL.parse(origin);
  // Portico's own pages: an origin is its scheme, host and port.
  if (url !== null && url.host !== "" && url.host === host?.toLowerCase()) return { kind: "pass" };
  return refuse(
    `The web origin ${show(origin)} may not use Portico's management. Allow it with --allow-origin ${
      url?.origin === origin ? origin : "ORIGIN"
    }.`,
  );
}

function isKnownHost(host: string, domains: readonly string[]): boolean {
  if (isLoopback(host) || host.endsWith(".localhost")) return true;
  return [...ownHosts, ...domains].some((name) => host === name || host.endsWith(`.${name}`));
}

/** The lower-case name of a `Host` header, without port, brackets and final dot. */
function hostNameOf(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? "");
  return (match?.[1] ?? match?.[2])?.replace(/\.$/, "");
}

const refuse = (message: string): GuardDecision => ({ kind: "refuse", message });

const show = (text: string | undefined): string =>
  text ? `"${text.slice(0, 253).replaceAll(/[^ -~]/g, "?")}"` : "(none)";
