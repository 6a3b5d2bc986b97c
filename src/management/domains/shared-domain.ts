/** Which APIs a custom domain name may lead to, and which kinds of them may share it. */
import type { BasePathMapping, DomainName } from "../../definition/domain-name.ts";
import { domainNameKey, domainNameKinds } from "../../definition/domain-name.ts";
import { v2Kinds } from "../../definition/http-api.ts";
import { type RestApi, restKinds } from "../../definition/rest-api.ts";
import { isWebSocketApi, type V2Api } from "../../definition/v2-api.ts";
import { type ApiError, badRequest } from "../../protocol/errors.ts";
import type { Reader } from "../../store/store.ts";
import { hasEndpoint } from "./endpoints.ts";

/** The kind of an API, in the words of version 2. */
export type ApiKind = "REST" | V2Api["ProtocolType"];

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

async function kindOf(tx: Reader, apiId: string): Promise<ApiKind> {
  const api = await tx.get<V2Api>(v2Kinds.api, apiId);
  return api?.body.ProtocolType ?? "REST";
}

/** What a new or changed mapping, or a routing rule, leads to; `others` are the name's other mappings. */
interface NewTarget {
  readonly by: "mapping" | "rule";
  readonly kind: ApiKind;
  readonly others: readonly BasePathMapping[];
}

/**
 * Refuses an API that can't share a domain name with those which its mappings and rules lead to.
 * AWS: API Gateway Developer Guide, "Send traffic to your APIs through your custom domain name in API Gateway",
 * "Considerations for routing rules": none beside mappings to both REST APIs and HTTP APIs.
 */
export async function refuseMixing(tx: Reader, domain: DomainName, { by, kind, others }: NewTarget): Promise<void> {
  const mapped = new Set<ApiKind>(by === "mapping" ? [kind] : []);
  for (const apiId of new Set(others.map(({ restApiId }) => restApiId))) mapped.add(await kindOf(tx, apiId));
  const hasRules = by === "rule" || (await tx.count(domainNameKinds.routingRule, `${domainNameKey(domain)}/`)) > 0;
  // Routing rules lead to REST APIs only.
  if (mapped.has("WEBSOCKET") && (mapped.size > 1 || hasRules)) throw mixingRefused();
  // Unconfirmed: the words; see docs/compatibility.md, "custom domain names, words".
  if (hasRules && mapped.has("REST") && mapped.has("HTTP")) {
    throw badRequest("Routing rules are not supported beside API mappings to both REST APIs and HTTP APIs");
  }
}

/**
 * Refuses a domain name that can't have a mapping: to an API that is no REST API, or of several levels.
 * AWS: API Gateway Developer Guide, "Map API stages to a custom domain name for HTTP APIs", restrictions. Its words are as
 * users quote them.
 */
export function refuseWeakName(
  { endpointConfiguration, securityPolicy }: DomainName,
  { kind, basePath }: { readonly kind: ApiKind; readonly basePath: string },
): void {
  if (kind === "REST" && !basePath.includes("/")) return;
  if (endpointConfiguration.types.includes("REGIONAL") && securityPolicy !== "TLS_1_0") return;
  throw badRequest(
    "Only REGIONAL domain names with a security policy of TLS 1.2 can be managed through the API Gateway V2 API. For " +
      "TLS 1.0 domain names, please use the API Gateway V1 API to upgrade your security policy to TLS 1.2. Currently, " +
      "only REST APIs can be attached to a domain name with a security policy of TLS 1.0.",
  );
}

/**
 * Refuses a changed domain name that could not have the mappings which it has. Unconfirmed: that AWS looks at them, too; see
 * docs/compatibility.md, "custom domain names, words".
 */
export async function refuseLosingMappings(tx: Reader, changed: DomainName): Promise<void> {
  const mappings = await tx.list<BasePathMapping>(domainNameKinds.basePathMapping, {
    prefix: `${domainNameKey(changed)}/`,
  });
  for (const { body } of mappings) {
    refuseWeakName(changed, { kind: await kindOf(tx, body.restApiId), basePath: body.basePath });
  }
}

/**
 * Refuses a private API on a public domain name, and any other API on a private one.
 * AWS: API Gateway Developer Guide, "Send traffic to your APIs through your custom domain name in API Gateway",
 * "Considerations for routing rules", and "Custom domain names for private APIs in API Gateway".
 */
export async function refuseOtherReach(tx: Reader, domain: DomainName, apiId: string): Promise<void> {
  const api = await tx.get<RestApi>(restKinds.restApi, apiId);
  const isPrivate = api?.body.endpointConfiguration.types.includes("PRIVATE") === true;
  if (isPrivate === hasEndpoint(domain, "PRIVATE")) return;
  // Unconfirmed: the words; see docs/compatibility.md, "custom domain names, words".
  throw badRequest(
    isPrivate
      ? "Private REST APIs can only be used with PRIVATE domain names"
      : "Only private REST APIs can be used with PRIVATE domain names",
  );
}
