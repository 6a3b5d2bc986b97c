import { certificateKinds } from "../../definition/client-certificate.ts";
import { v2Kinds } from "../../definition/http-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { vpcLinkKind } from "../../definition/vpc-link.ts";
import { emptyPlan } from "../../plan/empty-plan.ts";
import type { Plan } from "../../plan/kinds.ts";
import { roleKinds } from "../../services/iam/documents.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { servedBeyondAws } from "../beyond-aws.ts";
import { type CompileSettings, compileReading, readStage } from "../compile-stage.ts";
import { readServedStage, stageKinds } from "../served-stage.ts";
import type { PublicationName } from "./publication.ts";
import type { PublicationSource } from "./publication-source.ts";
import { hasResponseCache } from "./response-cache-source.ts";

/**
 * Publishes what a stage serves: its deployment, compiled with the stage's settings and everything else that it depends
 * on.
 */
export const makePlanSource = (settings: CompileSettings, logger: Logger): PublicationSource<"plan"> => ({
  extent: { kind: "each", documents: stageKinds },
  madeFrom: [
    restKinds.restApi,
    restKinds.defaultEndpoint,
    v2Kinds.api,
    vpcLinkKind,
    ...Object.values(certificateKinds),
    ...roleKinds,
  ],
  isAwaited: true,
  failure: "A stage can't be compiled.",
  async read(tx, { key, scope }) {
    const served = await readServedStage(tx, key);
    if (served === undefined) return undefined;
    if ("problem" in served) return unmakeable(served.problem);
    const { content, apiDocuments, webAclArn, fingerprint } = served;
    const read = await readStage(tx, { content, scope }, settings);
    const { identity, surroundings } = read;
    const reading = {
      ...read,
      sources: [...read.sources, ...apiDocuments.map((document) => ({ scope, ...document }))],
    };
    return {
      sources: reading.sources,
      fingerprint: JSON.stringify([
        ...fingerprint,
        surroundings.hasClientCertificate,
        [...surroundings.vpcLinks],
        [...surroundings.roles],
      ]),
      names: [
        ...(identity === undefined ? [] : [{ kind: "identity", key: identity.key, scope } as const]),
        ...(hasResponseCache(content) ? [{ kind: "response-cache", key, scope } as const] : []),
        ...("canary" in content && content.canary !== undefined
          ? [{ kind: "canary-counts", key, scope } as const]
          : []),
        ...(webAclArn === undefined ? [] : [{ kind: "web-acl", key: webAclArn, scope } as const]),
      ],
      async make() {
        const made = await compileReading(reading, settings);
        const beyondAws = servedBeyondAws(made.plan);
        if (beyondAws.length > 0) logger.warn("A stage serves what AWS would refuse.", { stage: key, beyondAws });
        return { value: made.plan, sources: made.sources };
      },
    };
  },
  closed: (name, reason) => closedPlan(name, `this stage can't be compiled: ${reason}`),
});

const unmakeable = (reason: string): { readonly sources: []; make(): never } => ({
  sources: [],
  make() {
    throw new Error(reason);
  },
});

/**
 * Makes a plan that answers everything with 501 and the reason, so that no request passes a stage that could not be
 * compiled.
 */
function closedPlan({ key, scope }: PublicationName, reason: string): Plan {
  const apiId = apiIdOf(key);
  return emptyPlan({
    account: scope.account,
    region: scope.region,
    apiId,
    apiName: apiId,
    stageName: key.slice(apiId.length + 1),
    deploymentId: "",
    closed: reason,
  });
}

/** Returns the API's id in a stage's key. */
export const apiIdOf = (key: string): string => key.split("/", 1)[0] ?? key;
