import type { InboundRequest } from "../../http/inbound.ts";
import type { StagePlan } from "../../plan/plan.ts";

/**
 * Returns the name, with the port, by which code that runs here reaches the stage at `https://{domainName}/{stage}`. It is the
 * host that the client called, if that names the API: what leads the client here leads others on this machine here. Of a
 * name below `.localhost`, the port that the client called may be that of a container around this server. A client that came
 * by a path, such as `localhost:4566/_aws/execute-api/…`, has called no host of the API's own, so it gets this machine's.
 */
export function callbackDomain(
  { host }: Pick<InboundRequest, "host">,
  { apiId, region }: Pick<StagePlan, "apiId" | "region">,
  { isByCustomDomain, ownPort }: { readonly isByCustomDomain: boolean; readonly ownPort: number },
): string {
  if (isByCustomDomain) return host;
  const isByHost = host.startsWith(`${apiId.toLowerCase()}.execute-api.`);
  const name = isByHost ? host.replace(/:\d+$/, "") : `${apiId}.execute-api.${region}.localhost`;
  if (!name.endsWith(".localhost")) return host;
  return ownPort === httpsPort ? name : `${name}:${ownPort}`;
}

const httpsPort = 443;
