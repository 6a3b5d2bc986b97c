/** Custom domain names and what maps their paths to stages. AWS: API Gateway REST API reference, "DomainName". */
import { bounds } from "../base/bounds.ts";

export type DomainEndpointType = "EDGE" | "REGIONAL" | "PRIVATE";

/**
 * A domain name, as both versions of the API make, show and change it. Its members are named as version 1 writes them.
 * Version 2 writes a configuration for each of the types: EDGE has `certificate…` and `distribution…`, REGIONAL has
 * `regional…`, and what is left is the same for all of them.
 */
export interface DomainName {
  readonly domainName: string;
  /** For private domain names only: it tells equal names apart. */
  readonly domainNameId?: string;
  readonly domainNameArn: string;
  readonly certificateName?: string;
  readonly certificateArn?: string;
  /** Seconds since 1970. */
  readonly certificateUploadDate?: number;
  readonly regionalDomainName?: string;
  readonly regionalHostedZoneId?: string;
  readonly regionalCertificateName?: string;
  readonly regionalCertificateArn?: string;
  readonly distributionDomainName?: string;
  readonly distributionHostedZoneId?: string;
  readonly endpointConfiguration: {
    /** The endpoint types: two of them, EDGE and REGIONAL, during a migration. */
    readonly types: readonly DomainEndpointType[];
    readonly ipAddressType?: string;
  };
  readonly domainNameStatus: string;
  readonly securityPolicy: string;
  readonly endpointAccessMode?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly mutualTlsAuthentication?: { readonly truststoreUri?: string; readonly truststoreVersion?: string };
  readonly ownershipVerificationCertificateArn?: string;
  /** The policy, as JSON text, that says who may make access associations. */
  readonly managementPolicy?: string;
  /** The policy, as JSON text, that says who may invoke. */
  readonly policy?: string;
  readonly routingMode: string;
}

/** A certificate that was uploaded with its key. No operation answers it. */
export interface UploadedCertificate {
  readonly certificate: string;
  readonly chain?: string;
  readonly privateKey: string;
}

/** Where a path of a domain name leads: version 1's base path mapping, and version 2's API mapping. */
export interface BasePathMapping {
  /** The base path; `(none)` for the empty one. Version 2's keys may have more segments than one. */
  readonly basePath: string;
  /** An API's id, of whichever kind. */
  readonly restApiId: string;
  /** If absent, the caller names the stage in the path. */
  readonly stage?: string;
  /** By which version 2 names the mapping. Version 1 does not show it. */
  readonly apiMappingId: string;
}

/**
 * Sends requests of a domain name to a stage, by their headers and base path. Its members are named as version 2 writes
 * them; version 1 has none.
 */
export interface RoutingRule {
  readonly RoutingRuleId: string;
  readonly RoutingRuleArn: string;
  /** 1 to 1,000,000. The first rule that matches decides. */
  readonly Priority: number;
  /** All of them have to match; without one, every request does. */
  readonly Conditions: readonly RoutingCondition[];
  /** There is one. */
  readonly Actions: readonly [RoutingAction];
}

/** One of the two is there. */
export interface RoutingCondition {
  readonly MatchHeaders?: { readonly AnyOf: readonly { readonly Header: string; readonly ValueGlob: string }[] };
  readonly MatchBasePaths?: { readonly AnyOf: readonly string[] };
}

export interface RoutingAction {
  readonly InvokeApi: { readonly ApiId: string; readonly Stage: string; readonly StripBasePath?: boolean };
}

/** A VPC endpoint's right to reach a private domain name. */
export interface DomainNameAccessAssociation {
  readonly domainNameAccessAssociationArn: string;
  readonly domainNameArn: string;
  readonly accessAssociationSourceType: string;
  readonly accessAssociationSource: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * The store's kinds. A domain name's key is its name, for a private one `{name}+{domainNameId}`. Scope: its account and
 * region, but for the claim (scope `everywhere`), because a public domain name is a host name.
 */
export const domainNameKinds = {
  /** `{key}` → {@link DomainName} */
  domainName: "domain-name",
  /** `{key}` → {@link UploadedCertificate} */
  certificate: "domain-name-certificate",
  /** `{key}/{basePath}` → {@link BasePathMapping} */
  basePathMapping: "base-path-mapping",
  /** `{key}/{routingRuleId}` → {@link RoutingRule} */
  routingRule: "routing-rule",
  /** `{arn}` → {@link DomainNameAccessAssociation} */
  accessAssociation: "domain-name-access-association",
  /** `{name}` → `{account, region, kind}` of the public domain name that has it */
  claim: "domain-name-claim",
} as const;

export const emptyBasePath = "(none)";

export const domainNameKey = ({ domainName, domainNameId }: Pick<DomainName, "domainName" | "domainNameId">): string =>
  domainNameId === undefined ? domainName : `${domainName}+${domainNameId}`;

/** Returns whether a text is a domain name (RFC 1035 §2.3.4, RFC 1123 §2.1). The first label may be a wildcard. */
export function isDomainName(name: string): boolean {
  if (name.length > 253) return false;
  const labels = name.replace(/^\*\./, "").split(".");
  return labels.length >= 2 && labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
}

/** AWS: General Reference, "Amazon API Gateway endpoints and quotas": Route 53 hosted zones of regional endpoints. */
const regionalHostedZones: Readonly<Record<string, string>> = {
  "us-east-1": "Z1UJRXOUMOOFQ8",
  "us-east-2": "ZOJJZC49E0EPZ",
  "us-west-1": "Z2MUQ32089INYE",
  "us-west-2": "Z2OJLYMUO9EFXC",
  "eu-west-1": "ZLY8HYME6SFDD",
  "eu-west-2": "ZJ5UAJN8Y3Z2Q",
  "eu-central-1": "Z1U9ULNL0V5AJ3",
  "ap-northeast-1": "Z1YSHQZHG15GKL",
  "ap-southeast-1": "ZL327KTPIQFUL",
  "ap-southeast-2": "Z2RPCDW04V8134",
  "sa-east-1": "ZCMLWB8V5SYIT",
  "af-south-1": "Z2DHW2332DAMTN",
  "ap-east-1": "Z3FD1VL90ND7K5",
  "ap-northeast-2": "Z20JF4UZKIW1U8",
  "ap-south-1": "Z3VO1THU9YC4UR",
  "ca-central-1": "Z19DQILCV0OWEC",
  "eu-north-1": "Z3UWIKFBOOGXPP",
  "eu-south-1": "Z3BT4WSQ9TDYZV",
  "eu-west-3": "Z3KY65QIEKYHQQ",
  "me-south-1": "Z20ZBPC0SS8806",
};

export const regionalHostedZone = (region: string): string | undefined =>
  Object.hasOwn(regionalHostedZones, region) ? regionalHostedZones[region] : undefined;

/** AWS: Route 53 API reference, "AliasTarget": every CloudFront distribution is in this zone. */
export const distributionHostedZone = "Z2FDTNDATAQYW2";

/** AWS: "Set up base path mappings": letters, digits and these; one segment (version 2 has more). */
export function checkBasePath(basePath: string): string | undefined {
  if (basePath.includes("/")) {
    return "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.";
  }
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "custom domain names, words".
  if (basePath.length > apiMappingKeyLengthMax || !/^[A-Za-z0-9$_.+!*'()-]+$/.test(basePath)) {
    return "Invalid base path mapping specified: base path only allows a-zA-Z0-9$-_.+!*'()";
  }
  return undefined;
}

const apiMappingKeyLengthMax = bounds.apiMappingKeyCharsMax.value;

/**
 * Checks a key of version 2: segments of letters, digits and `$-_.+!*'()`. The empty key takes what no other does.
 * AWS: API Gateway Developer Guide, "Map API stages to a custom domain name for HTTP APIs".
 */
export function checkApiMappingKey(key: string): string | undefined {
  if (key === "") return undefined;
  if (!/^[A-Za-z0-9$_.+!*'()-]+(?:\/[A-Za-z0-9$_.+!*'()-]+)*$/.test(key)) {
    // AWS's words, as users quote them.
    return "An ApiMapping key may contain only letters, numbers and one of $-_.+!*'()";
  }
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "HTTP APIs, words of management".
  return key.length > apiMappingKeyLengthMax
    ? `An ApiMapping key may have at most ${apiMappingKeyLengthMax} characters`
    : undefined;
}
