import type { InboundRequest } from "../../http/inbound.ts";
import type { StagePlan } from "../../plan/plan.ts";

/** What the server knows of its own addresses. */
export interface CallbackSurroundings {
  readonly ownPort: number;
  /** Returns whether a host, with or without a port, is one that only this server has on this machine. */
  readonly isOwnName: (host: string) => boolean;
}

/**
 * Returns the name, with the port, by which code that runs here reaches the stage at `https://{domainName}/{stage}`. It is the
 * host that the client called, if that names the API and is this server's: what leads the client here leads others on this
 * machine here. Of a name below `.localhost`, the port that the client called may be that of a container around this server. A
 * client that came by a path, such as `localhost:4566/_aws/execute-api/…`, has called no host of the API's own, so it gets this
 * machine's; and so does one that made a name up, since code would send connections' messages wherever that name leads.
 */
export function callbackDomain(
  { host }: Pick<InboundRequest, "host">,
  { apiId, region }: Pick<StagePlan, "apiId" | "region">,
  { isByCustomDomain, ownPort, isOwnName }: CallbackSurroundings & { readonly isByCustomDomain: boolean },
): string {
  if (isByCustomDomain) return host;
  const isByHost = host.startsWith(`${apiId.toLowerCase()}.execute-api.`) && isOwnName(host);
  const name = isByHost ? host.replace(/:\d+$/, "") : `${apiId}.execute-api.${region}.localhost`;
  if (!name.endsWith(".localhost")) return host;
  return ownPort === httpsPort ? name : `${name}:${ownPort}`;
}

const httpsPort = 443;
