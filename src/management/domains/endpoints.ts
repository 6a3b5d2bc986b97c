/** What follows from a domain name's endpoint types. */
import {
  type DomainEndpointType,
  type DomainName,
  distributionHostedZone,
  regionalHostedZone,
} from "../../definition/domain-name.ts";
import { present } from "../../families/work.ts";
import type { CallContext } from "../../protocol/operation.ts";

/** Returns whether the domain name has endpoints of the type. */
export const hasEndpoint = (item: DomainName, type: DomainEndpointType): boolean =>
  item.endpointConfiguration.types.includes(type);

/**
 * Returns the domain name with the targets of its endpoint types, and without the members of a type that was removed.
 */
export function withTargets(item: DomainName, before: DomainName | undefined, call: CallContext): DomainName {
  const { region, ids } = call;
  const isEdge = hasEndpoint(item, "EDGE");
  const isRegional = hasEndpoint(item, "REGIONAL");
  const noEdge = before !== undefined && hasEndpoint(before, "EDGE") && !isEdge;
  const noRegional = before !== undefined && hasEndpoint(before, "REGIONAL") && !isRegional;
  return present<DomainName>({
    ...item,
    certificateArn: noEdge ? undefined : item.certificateArn,
    certificateName: noEdge ? undefined : item.certificateName,
    certificateUploadDate: isEdge ? item.certificateUploadDate : undefined,
    distributionDomainName: isEdge ? (item.distributionDomainName ?? `d${ids.id(13)}.cloudfront.net`) : undefined,
    distributionHostedZoneId: isEdge ? distributionHostedZone : undefined,
    regionalCertificateArn: noRegional ? undefined : item.regionalCertificateArn,
    regionalCertificateName: noRegional ? undefined : item.regionalCertificateName,
    regionalDomainName: isRegional
      ? (item.regionalDomainName ?? `d-${ids.id(10)}.execute-api.${region}.amazonaws.com`)
      : undefined,
    regionalHostedZoneId: isRegional ? regionalHostedZone(region) : undefined,
  } as DomainName);
}
