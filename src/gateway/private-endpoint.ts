import { isInNetwork } from "../base/ip-address.ts";
import type { InboundRequest } from "../http/inbound.ts";
import type { VpcEndpoint } from "../http/listener.ts";
import type { StagePlan } from "../plan/plan.ts";
import type { Address } from "./routing/address.ts";

/** How a request reaches a stage: through which VPC endpoint, which only private APIs have, or why not at all. */
type EndpointEntry =
  | { readonly kind: "entered"; readonly endpoint: VpcEndpoint | undefined }
  | { readonly kind: "refused"; readonly reason: string };

const publicly: EndpointEntry = { kind: "entered", endpoint: undefined };
const notPrivate: EndpointEntry = {
  kind: "refused",
  reason: "the host names a VPC endpoint, and the API is not private",
};
const onPublicName: EndpointEntry = {
  kind: "refused",
  reason: "the API is private, and the custom domain name is public",
};

/**
 * Finds the VPC endpoint that a request for a private API came through: the one that the host names, or the first that the
 * client's network belongs to. AWS: API Gateway Developer Guide, "Private REST APIs in API Gateway", "Invoke a private
 * API". A closed stage answers everybody why it is.
 */
export function enterPrivately(
  { client, listener }: Pick<InboundRequest, "client" | "listener">,
  { vpceId, isByEndpoint, customDomain }: Pick<Address, "vpceId" | "isByEndpoint" | "customDomain">,
  { privateEndpoint, closed }: Pick<StagePlan, "privateEndpoint" | "closed">,
): EndpointEntry {
  if (privateEndpoint === undefined) return vpceId === undefined ? publicly : notPrivate;
  if (closed !== undefined) return publicly;
  // AWS: "Send traffic to your APIs through your custom domain name in API Gateway": a public custom domain name leads to no
  // private API. One that became private may still have its mapping.
  if (customDomain !== undefined) return onPublicName;
  // AWS makes the alias {apiId}-{vpceId} only for the endpoints that the API names.
  if (vpceId !== undefined && isByEndpoint !== true && !privateEndpoint.vpcEndpointIds.includes(vpceId)) {
    return { kind: "refused", reason: `the API's vpcEndpointIds do not name ${vpceId}` };
  }
  const { ip, address } = client;
  const endpoint = listener.vpcEndpoints.find(
    ({ id, network }) => (vpceId === undefined || id === vpceId) && ip !== undefined && isInNetwork(ip, network),
  );
  if (endpoint !== undefined) return { kind: "entered", endpoint };
  const which = vpceId ?? "any VPC endpoint";
  return {
    kind: "refused",
    reason: `the API is private, and the client's address ${address} is in no network of ${which} (--vpc-endpoint)`,
  };
}
