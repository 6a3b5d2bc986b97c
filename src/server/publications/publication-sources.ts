import type { ApiKeyTable } from "../../limits/api-key-table.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { GeoDatabase } from "../../waf/statement-type.ts";
import type { CompileSettings } from "../compile-stage.ts";
import { apiKindSource } from "./api-kind-source.ts";
import { accessKeySource, managedPolicySource, roleSource, sessionKeySource, userSource } from "./caller-sources.ts";
import { type CanaryCountsAllocator, makeCanaryCountsSource } from "./canary-counts-source.ts";
import { makeCustomDomainSource } from "./custom-domain-source.ts";
import { identitySource } from "./identity-source.ts";
import { makePlanSource } from "./plan-source.ts";
import type { PublicationKind } from "./publication.ts";
import type { PublicationSource } from "./publication-source.ts";
import { type CacheAllocator, makeResponseCacheSource } from "./response-cache-source.ts";
import { samplingRuleSource } from "./sampling-rule-source.ts";
import { undeployedSource } from "./undeployed-source.ts";
import { makeUsagePlanSource } from "./usage-plan-source.ts";
import { makeWebAclSource } from "./web-acl-source.ts";

export type PublicationSources = { readonly [Kind in PublicationKind]: PublicationSource<Kind> };

/**
 * Returns the sources of everything that is published, in the order in which a thread is told: a thing that is named
 * comes before the things that name it.
 */
export const makePublicationSources = (
  settings: CompileSettings,
  table: Pick<ApiKeyTable, "planSlot">,
  logger: Logger,
  { caches, canaries }: { readonly caches: CacheAllocator; readonly canaries: CanaryCountsAllocator },
  geo?: GeoDatabase,
  domains: readonly string[] = [],
): PublicationSources => ({
  "session-key": sessionKeySource,
  "iam-policy": managedPolicySource,
  "iam-user": userSource,
  "iam-role": roleSource,
  "access-key": accessKeySource,
  identity: identitySource,
  "web-acl": makeWebAclSource(geo),
  "sampling-rule": samplingRuleSource,
  "response-cache": makeResponseCacheSource(caches),
  "canary-counts": makeCanaryCountsSource(canaries),
  "usage-plan": makeUsagePlanSource(table),
  "api-kind": apiKindSource,
  "custom-domain": makeCustomDomainSource(domains),
  plan: makePlanSource(settings, logger),
  undeployed: undeployedSource,
});
