import { isIP } from "node:net";
import type { InboundRequest } from "../http/inbound.ts";
import { isOfThisMachine } from "../http/request-client.ts";
import { isLoopback } from "./config-values.ts";

export interface GuardOptions {
  /** The host names of `--domain`. */
  readonly domains: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Every call has to be signed. */
  readonly isEnforced?: boolean;
}

export type GuardDecision =
  | { readonly kind: "pass"; readonly corsOrigin?: string }
  | { readonly kind: "refuse"; readonly message: string };

export interface GuardedRequest {
  readonly method: string;
  /** True if the request is for one of Portico's own pages, or for a file that they load. */
  readonly isPage: boolean;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site` and `Sec-Fetch-Mode`, which browsers also send with requests that have no `Origin`. */
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
}

/** AWS's names of APIs, which are led here by a setting of this machine: nobody else can point them anywhere. */
const awsNames = "amazonaws.com";

/**
 * Returns why a request may not call `@connections` at an address of the data plane, or undefined: the rules are those of
 * management. Of a server that verifies signatures, which name the host, any host is known; so is a custom domain name.
 */
export function problemWithCallback(
  request: InboundRequest,
  { isByCustomDomain }: { readonly isByCustomDomain: boolean },
  options: GuardOptions,
): string | undefined {
  const { host, client, method } = request;
  const isEnforced = options.isEnforced === true;
  if (!isEnforced && !(request.listener.hasManagement && isOfThisMachine(client.ip))) {
    return "without --auth enforce, only clients on this machine may call @connections, and a trusted proxy says that this is none";
  }
  const known = isEnforced || isByCustomDomain ? hostNameOf(host) : undefined;
  const decision = decideGuard(
    {
      method,
      isPage: false,
      host,
      origin: request.header("origin"),
      fetchSite: request.header("sec-fetch-site"),
      fetchMode: request.header("sec-fetch-mode"),
    },
    { ...options, domains: [...options.domains, awsNames, ...(known === undefined ? [] : [known])] },
  );
  return decision.kind === "refuse" ? decision.message : undefined;
}

/** Names that local AWS tools use and that always mean this machine. */
const ownHosts: readonly string[] = ["localhost.localstack.cloud"];

/**
 * Decides whether a request may reach management or operations. Listening on loopback does not protect them, because a
 * web page in the user's browser can reach it. So the host has to be a name that nobody else can point here (DNS
 * rebinding), and no web page may call them. Portico's own pages may only read, because a stage's content may end up in
 * their origin.
 * See docs/internals/architecture.md, "A browser is an attacker's tool".
 */
export function decideGuard(request: GuardedRequest, options: GuardOptions): GuardDecision {
  const host = hostNameOf(request.host);
  if (host === undefined || !isKnownHost(host, options)) {
    return refuse(
      `Portico does not answer management calls for the host ${show(request.host)}. ` +
        "Use localhost, or name the host with --domain.",
    );
  }
  const { origin = "", fetchSite = "" } = request;
  if (options.allowedOrigins.includes(origin)) return { kind: "pass", corsOrigin: origin };
  // Every browser sends one of the two. `none` means that the user has typed the address.
  if (origin === "" && (fetchSite === "" || fetchSite === "none")) return pass;
  const isRead = request.method === "GET" || request.method === "HEAD";
  // Following a link is the user's decision. A page of another origin does not see the answer; one of the own origin
  // would, in a frame or a window.
  if (origin === "" && isRead && request.fetchMode === "navigate" && fetchSite !== "same-origin") return pass;
  const isOwn = origin === "" ? fetchSite === "same-origin" : isOriginOf(origin, request.host);
  if (isOwn && isRead && request.isPage) return pass;
  return refuse(
    origin === "" || isOwn
      ? "A web page may not use Portico's management: use a tool, or serve the page elsewhere and allow its origin with --allow-origin."
      : `The web origin ${show(origin)} may not use Portico's management. Allow it with --allow-origin ${
          URL.parse(origin)?.origin === origin ? origin : "ORIGIN"
        }.`,
  );
}

const pass: GuardDecision = { kind: "pass" };

/** Returns whether an origin, which is a scheme, host and port, belongs to this host. */
function isOriginOf(origin: string, host: string | undefined): boolean {
  const url = URL.parse(origin);
  return url !== null && url.host !== "" && url.host === host?.toLowerCase();
}

function isKnownHost(host: string, { domains, isEnforced }: GuardOptions): boolean {
  // Nobody can point an address elsewhere, as a name can be.
  if (isEnforced === true && isIP(host) !== 0) return true;
  return isServerName(host, domains);
}

/** Returns whether a host name is this server's: a loopback name, one of `--domain`, or one below them. */
export const isServerName = (host: string, domains: readonly string[]): boolean =>
  isLoopback(host) ||
  host.endsWith(".localhost") ||
  [...ownHosts, ...domains].some((name) => host === name || host.endsWith(`.${name}`));

/** Returns whether a `Host` header names this server, or AWS: what calls it from this machine gets here. */
export function isCallbackName(header: string, domains: readonly string[]): boolean {
  const host = hostNameOf(header);
  return host !== undefined && isServerName(host, [...domains, awsNames]);
}

/**
 * Returns whether management is called by a name, by one below it, or by one that a wildcard covers. Any name below
 * localhost is of one machine alone, and may be another server's.
 */
export function isManagementName(name: string, domains: readonly string[]): boolean {
  if (isLoopback(name) || isIP(name) !== 0) return true;
  const base = name.startsWith("*.") ? name.slice(2) : undefined;
  if (base === "localhost") return true;
  return [...ownHosts, ...domains].some(
    (own) => name === own || name.endsWith(`.${own}`) || own === base || own.endsWith(`.${base}`),
  );
}

/** Returns the name in a `Host` header, in lower case, without port, brackets and final dot. */
export function hostNameOf(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? "");
  return (match?.[1] ?? match?.[2])?.replace(/\.$/, "");
}

const refuse = (message: string): GuardDecision => ({ kind: "refuse", message });

const show = (text: string | undefined): string =>
  text ? `"${text.slice(0, 253).replaceAll(/[^ -~]/g, "?")}"` : "(none)";
