import type { Logger } from "../../telemetry/logger.ts";
import type { CompileSettings } from "../compile-stage.ts";
import { identitySource } from "./identity-source.ts";
import { makePlanSource } from "./plan-source.ts";
import type { PublicationKind } from "./publication.ts";
import type { PublicationSource } from "./publication-source.ts";
import { undeployedSource } from "./undeployed-source.ts";

export type PublicationSources = { readonly [Kind in PublicationKind]: PublicationSource<Kind> };

/** Everything that is published, in the order in which a thread is told of it: what is named comes before who names it. */
export const makePublicationSources = (settings: CompileSettings, logger: Logger): PublicationSources => ({
  identity: identitySource,
  plan: makePlanSource(settings, logger),
  undeployed: undeployedSource,
});
