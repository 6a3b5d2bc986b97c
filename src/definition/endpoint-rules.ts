/**
 * The values that the endpoints of APIs and domain names may have. AWS: API Gateway REST API reference, the model's
 * enums.
 */

export const securityPolicies = [
  "TLS_1_0",
  "TLS_1_2",
  "SecurityPolicy_TLS13_1_3_2025_09",
  "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
  "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
  "SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09",
  "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09",
  "SecurityPolicy_TLS13_1_2_PQ_2025_09",
  "SecurityPolicy_TLS13_1_2_2021_06",
  "SecurityPolicy_TLS13_2025_EDGE",
  "SecurityPolicy_TLS12_PFS_2025_EDGE",
  "SecurityPolicy_TLS12_2018_EDGE",
] as const;

/** AWS: Amazon VPC API reference, "VpcEndpoint". */
export const isVpcEndpointId = (text: string): boolean => /^vpce-[a-z0-9-]+$/.test(text);

export const endpointAccessModes = ["BASIC", "STRICT"] as const;
