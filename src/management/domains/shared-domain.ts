/** Which kinds of API may share a custom domain name. */
import type { BasePathMapping, DomainName } from "../../definition/domain-name.ts";
import { domainNameKey, domainNameKinds } from "../../definition/domain-name.ts";
import { v2Kinds } from "../../definition/http-api.ts";
import { isWebSocketApi, type V2Api } from "../../definition/v2-api.ts";
import { type ApiError, badRequest } from "../../protocol/errors.ts";
import type { Reader } from "../../store/store.ts";

/** The refusal of an API beside one of another kind. AWS's words, as users quote them. */
export const mixingRefused = (): ApiError =>
  badRequest(
    "Mixing of REST APIs and HTTP APIs on the same domain name can only be accomplished through API Gateway's V2 " +
      "DomainName interface. Currently, WebSocket APIs can only be attached to a domain name with other WebSocket APIs. " +
      "This must also occur through API Gateway's V2 DomainName interface.",
  );

/** Returns whether the API of that id is a WebSocket API. */
export async function isWebSocketApiId(tx: Reader, apiId: string): Promise<boolean> {
  const api = await tx.get<V2Api>(v2Kinds.api, apiId);
  return api !== undefined && isWebSocketApi(api.body);
}

/** Refuses a WebSocket API on a domain name that leads to APIs of other kinds, and the other way round. */
export async function refuseMixing(
  tx: Reader,
  domain: DomainName,
  { isWebSocket, others }: { readonly isWebSocket: boolean; readonly others: readonly BasePathMapping[] },
): Promise<void> {
  for (const apiId of new Set(others.map(({ restApiId }) => restApiId))) {
    if ((await isWebSocketApiId(tx, apiId)) !== isWebSocket) throw mixingRefused();
  }
  // Routing rules lead to REST APIs only.
  if (!isWebSocket) return;
  if ((await tx.count(domainNameKinds.routingRule, `${domainNameKey(domain)}/`)) > 0) throw mixingRefused();
}
