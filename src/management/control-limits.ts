/** The limits of API Gateway's control plane: AWS's numbers, or the server's own where its settings name them. */
import { bounds } from "../base/bounds.ts";

interface Limit {
  readonly value: number;
  /** In AWS's sentence: `Maximum number of {noun} for this {of} has been reached.` */
  readonly noun: string;
  readonly of: string;
  readonly source: string;
}

const source = "AWS: Amazon API Gateway quotas and important notes";

/** AWS's numbers; `--limit` and `limit` in portico.yaml name their keys. */
export const controlLimits = {
  edgeApis: { value: 120, noun: "Edge APIs", of: "account", source },
  regionalApis: { value: 600, noun: "Regional APIs", of: "account", source },
  privateApis: { value: 600, noun: "Private APIs", of: "account", source },
  resourcesPerApi: { value: 300, noun: "Resources", of: "API", source },
  routesPerApi: { value: 300, noun: "Routes", of: "API", source },
  integrationsPerApi: { value: 300, noun: "Integrations", of: "API", source },
  integrationResponsesPerIntegration: {
    value: 100,
    noun: "Integration Responses",
    of: "integration",
    source: "ours: each is tried in turn for an answer",
  },
  stagesPerApi: { value: 10, noun: "Stages", of: "API", source },
  authorizersPerApi: { value: 10, noun: "Authorizers", of: "API", source },
  apiKeys: { value: 10_000, noun: "API Keys", of: "account", source },
  clientCertificates: { value: 60, noun: "Client Certificates", of: "account", source },
  usagePlans: { value: 300, noun: "Usage Plans", of: "account", source },
  usagePlansPerKey: { value: 10, noun: "Usage Plans", of: "API Key", source },
  methodThrottlesPerStage: { value: 20, noun: "method throttle settings", of: "API stage", source },
  vpcLinks: { value: 20, noun: "VPC Links", of: "account", source },
  vpcLinksV2: { value: 10, noun: "VPC Links", of: "account", source },
  documentationPartsPerApi: { value: 2000, noun: "Documentation Parts", of: "API", source },
  publicDomainNames: { value: 120, noun: "Domain Names", of: "account", source },
  privateDomainNames: { value: 50, noun: "private Domain Names", of: "account", source },
  multiLevelMappings: { value: 200, noun: "multi-level API mappings", of: "domain name", source },
  routingRulesPerDomain: { value: 50, noun: "routing rules", of: "domain name", source },
  accessAssociations: { value: 100, noun: "Domain Name Access Associations", of: "account", source },
  tagsPerResource: { value: 50, noun: "tags", of: "resource", source },
  integrationTimeoutMs: {
    value: bounds.integrationTimeoutMsDefault.value,
    noun: "milliseconds",
    of: "integration",
    source,
  },
  httpIntegrationTimeoutMs: {
    value: bounds.httpIntegrationTimeoutMsDefault.value,
    noun: "milliseconds",
    of: "integration",
    source,
  },
  throttleRate: {
    value: bounds.throttlingRatePerSecond.value,
    noun: "requests a second",
    of: "account",
    source,
  },
  throttleBurst: { value: bounds.throttlingBurst.value, noun: "requests at once", of: "account", source },
  webSocketConnects: {
    value: bounds.webSocketConnectsPerSecond.value,
    noun: "new connections a second",
    of: "account",
    source,
  },
  patchOperations: {
    value: 10_000,
    noun: "patch operations",
    of: "request",
    source: "ours: bounds the work of one call",
  },
} as const satisfies Record<string, Limit>;

export type ControlLimit = keyof typeof controlLimits;
/** The limits that apply on this server. */
export type ControlLimits = Readonly<Record<ControlLimit, number>>;

/** Returns the profile's limits, except those that the server's settings raise or lower. */
export function makeControlLimits(
  overrides: Partial<ControlLimits> = {},
  profile: "aws" | "relaxed" = "aws",
): ControlLimits {
  const numbers = Object.entries(controlLimits).map(([name, limit]) => {
    const { value, source: by } = limit;
    // A profile lifts AWS's limits: docs/internals/architecture.md, "Faithful, and lenient by name". Portico's own
    // limits keep a call from taking for ever, and apply in every profile.
    const ofProfile = profile === "relaxed" && by === source ? Math.max(value, relaxedMins[name] ?? relaxedMin) : value;
    return [name, overrides[name as ControlLimit] ?? ofProfile];
  });
  return Object.fromEntries(numbers) as ControlLimits;
}

/** More than anybody needs, and few enough to list. */
const relaxedMin = bounds.relaxedLimitMin.value;
const relaxedMins: Readonly<Record<string, number>> = {
  throttleRate: bounds.relaxedThrottleMin.value,
  throttleBurst: bounds.relaxedThrottleMin.value,
  webSocketConnects: bounds.relaxedThrottleMin.value,
};

/** Returns the throttle of each account in each region. */
export const accountThrottle = ({ throttleRate, throttleBurst }: ControlLimits) => ({
  ratePerSecond: throttleRate,
  burst: throttleBurst,
});

/** Returns the throttle of new connections of WebSocket APIs, of each account in each region. */
export const connectThrottle = ({ webSocketConnects }: ControlLimits) => ({
  ratePerSecond: webSocketConnects,
  burst: webSocketConnects,
});

export const limitMessage = (name: ControlLimit): string => {
  const { noun, of } = controlLimits[name];
  return `Maximum number of ${noun} for this ${of} has been reached. Please contact AWS if you need additional ${noun}.`;
};
