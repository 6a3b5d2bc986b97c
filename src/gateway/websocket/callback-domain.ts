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
 * machine's; and so does one that made a name up, since code would send connections' messages wherever that name leads. For the same
 * reason a port is the one that was really called, or this server's.
 */
export function callbackDomain(
  { host, client }: Pick<InboundRequest, "host"> & { readonly client: Pick<InboundRequest["client"], "calledPort"> },
  { apiId, region }: Pick<StagePlan, "apiId" | "region">,
  { isByCustomDomain, ownPort, isOwnName }: CallbackSurroundings & { readonly isByCustomDomain: boolean },
): string {
  const called = withPort(host, client.calledPort, ownPort);
  if (isByCustomDomain) return called;
  const isByHost = host.startsWith(`${apiId.toLowerCase()}.execute-api.`) && isOwnName(host);
  const name = isByHost ? host.replace(/:\d+$/, "") : `${apiId}.execute-api.${region}.localhost`;
  if (!name.endsWith(".localhost")) return called;
  return ownPort === httpsPort ? name : `${name}:${ownPort}`;
}

/** Returns the host with its port, if that is the one that was called or a trusted proxy tells of, else with this server's. */
function withPort(host: string, calledPort: number, ownPort: number): string {
  const port = /:(\d+)$/.exec(host)?.[1];
  if (port === undefined || Number(port) === calledPort) return host;
  return `${host.slice(0, -port.length)}${ownPort}`;
}

const httpsPort = 443;
