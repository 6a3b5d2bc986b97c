import type { DomainEndpointType, DomainName } from "../../definition/domain-name.ts";
import { checkLengths } from "../../definition/text-lengths.ts";
import { mergedAs, unmerged } from "../../families/merge.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest } from "../../protocol/errors.ts";
import {
  changedDomainName,
  checkNewName,
  type DomainNameMembers,
  deleteWithDomainName,
  newDomainName,
} from "../domains/domain-names.ts";
import { hasEndpoint } from "../domains/endpoints.ts";
import { checkTags } from "../tags/tag-rules.ts";
import { domainNames } from "./domain-names.ts";
import { refuse, tooMany } from "./refusals.ts";
import { type Change, defineResource, pageOfItems, type Work } from "./work.ts";

type Configuration = NonNullable<Work<"CreateDomainName">["input"]["DomainNameConfigurations"]>[number];

/** What this version calls version 1's routing modes. */
const routingModes = {
  API_MAPPING_ONLY: "BASE_PATH_MAPPING_ONLY",
  ROUTING_RULE_ONLY: "ROUTING_RULE_ONLY",
  ROUTING_RULE_THEN_API_MAPPING: "ROUTING_RULE_THEN_BASE_PATH_MAPPING",
} as const;

const routingModeShown = new Map(Object.entries(routingModes).map(([ours, first]) => [first as string, ours]));

/** The one value that `ApiMappingSelectionExpression` has. */
const selection = "$request.basepath";

const view = (item: DomainName) =>
  present({
    ApiMappingSelectionExpression: selection,
    DomainName: item.domainName,
    DomainNameArn: item.domainNameArn,
    DomainNameConfigurations: item.endpointConfiguration.types.map((type) => configurationOf(item, type)),
    MutualTlsAuthentication:
      item.mutualTlsAuthentication &&
      present({
        TruststoreUri: item.mutualTlsAuthentication.truststoreUri,
        TruststoreVersion: item.mutualTlsAuthentication.truststoreVersion,
      }),
    RoutingMode: routingModeShown.get(item.routingMode),
    Tags: item.tags ?? {},
  });

function configurationOf(item: DomainName, type: DomainEndpointType): object {
  const isRegional = type === "REGIONAL";
  return present({
    ApiGatewayDomainName: isRegional ? item.regionalDomainName : item.distributionDomainName,
    CertificateArn: isRegional ? item.regionalCertificateArn : item.certificateArn,
    CertificateName: isRegional ? item.regionalCertificateName : item.certificateName,
    CertificateUploadDate: isRegional ? undefined : item.certificateUploadDate,
    DomainNameStatus: item.domainNameStatus,
    EndpointType: type,
    HostedZoneId: isRegional ? item.regionalHostedZoneId : item.distributionHostedZoneId,
    IpAddressType: item.endpointConfiguration.ipAddressType,
    SecurityPolicy: item.securityPolicy,
    OwnershipVerificationCertificateArn: item.ownershipVerificationCertificateArn,
  });
}

// Unconfirmed: the words of these; see docs/compatibility.md, "HTTP APIs, words of management".

const lengths = {
  CertificateArn: [0, 2048],
  CertificateName: [0, 128],
  OwnershipVerificationCertificateArn: [0, 2048],
} as const;

/** Returns the one configuration that an input has. */
function onlyConfiguration(configurations: readonly Configuration[] | undefined): Configuration {
  const [only, ...others] = configurations ?? [];
  if (only === undefined || others.length > 0) throw badRequest("Exactly one domain name configuration is required");
  refuse(checkLengths(only, lengths));
  return only;
}

async function createDomainName(work: Change<"CreateDomainName">): Promise<DomainName> {
  const { input, limits } = work;
  const { DomainName: domainName, MutualTlsAuthentication: mutualTls } = input;
  const configuration = onlyConfiguration(input.DomainNameConfigurations);
  if ((configuration.EndpointType ?? "REGIONAL") !== "REGIONAL") {
    throw badRequest("Only REGIONAL domain names can be created by this version of the API");
  }
  checkNewName(domainName, "REGIONAL");
  checkTags(input.Tags ?? {}, limits, tooMany);
  const members = present<DomainNameMembers>({
    domainName,
    certificateName: undefined,
    certificateArn: undefined,
    regionalCertificateName: configuration.CertificateName || undefined,
    regionalCertificateArn: configuration.CertificateArn || undefined,
    endpointConfiguration: { types: ["REGIONAL"], ipAddressType: configuration.IpAddressType ?? "ipv4" },
    securityPolicy: configuration.SecurityPolicy ?? "TLS_1_2",
    endpointAccessMode: undefined,
    tags: nonEmpty(input.Tags),
    mutualTlsAuthentication: mutualTls && nonEmpty(mutualTlsOf(mutualTls)),
    ownershipVerificationCertificateArn: configuration.OwnershipVerificationCertificateArn || undefined,
    policy: undefined,
    managementPolicy: undefined,
    routingMode: routingModes[input.RoutingMode ?? "API_MAPPING_ONLY"],
  });
  return newDomainName(work, members, undefined);
}

type MutualTlsInput = NonNullable<Work<"UpdateDomainName">["input"]["MutualTlsAuthentication"]>;

const mutualTlsOf = ({ TruststoreUri, TruststoreVersion }: MutualTlsInput) =>
  present<NonNullable<DomainName["mutualTlsAuthentication"]>>({
    truststoreUri: TruststoreUri,
    truststoreVersion: TruststoreVersion || undefined,
  });

/** Returns the members that a configuration changes. AWS: all that it does not name stays. */
function configured(configurations: readonly Configuration[], before: DomainName): Partial<DomainName> {
  if (configurations.length === 0) return {};
  const configuration = onlyConfiguration(configurations);
  const type = configuration.EndpointType ?? "REGIONAL";
  if (!hasEndpoint(before, type))
    throw badRequest(`The domain name ${before.domainName} has no endpoint of type ${type}`);
  const { CertificateArn, CertificateName, SecurityPolicy, IpAddressType } = configuration;
  const { OwnershipVerificationCertificateArn: ownership } = configuration;
  const isRegional = type === "REGIONAL";
  return {
    ...(CertificateArn && { [isRegional ? "regionalCertificateArn" : "certificateArn"]: CertificateArn }),
    ...(CertificateName && { [isRegional ? "regionalCertificateName" : "certificateName"]: CertificateName }),
    ...(SecurityPolicy && { securityPolicy: SecurityPolicy }),
    ...(ownership && { ownershipVerificationCertificateArn: ownership }),
    ...(IpAddressType && {
      endpointConfiguration: { ...before.endpointConfiguration, ipAddressType: IpAddressType },
    }),
  };
}

/** AWS: API Gateway version 2 API reference, "DomainName". */
export const domainName = defineResource({
  operations: {
    create: "CreateDomainName",
    get: "GetDomainName",
    list: "GetDomainNames",
    update: "UpdateDomainName",
    delete: "DeleteDomainName",
  },
  place: domainNames,
  create: createDomainName,
  async list(work) {
    // This version does not show private domain names.
    const all = (await domainNames.all(work)).filter((item) => !hasEndpoint(item, "PRIVATE"));
    return pageOfItems(work, all, (item) => item.domainName);
  },
  merge: {
    DomainName: unmerged,
    DomainNameConfigurations: configured,
    MutualTlsAuthentication: (input, before) => ({
      // AWS: "Configuring mutual TLS authentication for an HTTP API": an empty truststore URI turns it off.
      mutualTlsAuthentication:
        input.TruststoreUri === "" ? undefined : nonEmpty({ ...before.mutualTlsAuthentication, ...mutualTlsOf(input) }),
    }),
    RoutingMode: (mode) => mergedAs("routingMode")(routingModes[mode]),
  },
  complete: (item, before, work) => changedDomainName(work, item, before),
  view,
  onDelete: deleteWithDomainName,
});
