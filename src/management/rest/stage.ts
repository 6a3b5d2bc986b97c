import { documentationKinds } from "../../definition/documentation.ts";
import {
  type AccessLogSettings,
  type CanarySettings,
  type Deployment,
  type RestApi,
  restKinds,
  type Stage,
} from "../../definition/rest-api.ts";
import { checkAccessLogs, checkStageName, checkStageVariables } from "../../definition/stage-rules.ts";
import {
  type Draft,
  decimal,
  entry,
  flag,
  member,
  oneOf,
  type PatchRule,
  type PatchStep,
  type PatchTable,
  text,
} from "../../families/patch.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { requireRoom } from "../control-service.ts";
import { domainsMappedTo } from "../domains/domain-names.ts";
import { checkTags } from "../tags/tag-rules.ts";
import { readAccount } from "./account.ts";
import { requireClientCertificate } from "./client-certificate.ts";
import { applyMethodSetting, logs } from "./method-settings.ts";
import { restApis } from "./rest-apis.ts";
import { dropStageLinks } from "./usage-plan-links.ts";
import { type Change, defineResource, documents, operations, reading, type Work } from "./work.ts";

/** The documents of an API's stages. */
export const stages = documents({
  kind: restKinds.stage,
  parent: restApis,
  member: "stageName",
  idOf: (stage: Stage) => stage.stageName,
  missing: () => notFound("Invalid stage identifier specified"),
});

/** The members of CreateStage that CreateDeployment has as well. */
type StageInput = Omit<Work<"CreateStage">["input"], "restApiId">;

const cacheSizes = ["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"] as const;

/** Returns a new stage, checked. `justMade` is a deployment that this transaction is about to write. */
export async function newStage(input: StageInput, work: Change<never, RestApi>, justMade?: string): Promise<Stage> {
  const badName = checkStageName(input.stageName);
  if (badName !== undefined) throw badRequest(badName);
  const others = await stages.all(work);
  if (others.some((stage) => stage.stageName === input.stageName)) throw conflict("Stage already exists");
  requireRoom(work, "stagesPerApi", others.length);
  checkTags(input.tags ?? {}, work.limits);
  const canary = input.canarySettings;
  const now = nowSeconds(work.call);
  const stage = present<Stage>({
    stageName: input.stageName,
    deploymentId: input.deploymentId,
    description: input.description,
    cacheClusterEnabled: input.cacheClusterEnabled ?? false,
    cacheClusterSize: input.cacheClusterSize,
    cacheClusterStatus: "NOT_AVAILABLE",
    methodSettings: {},
    variables: nonEmpty(input.variables),
    documentationVersion: input.documentationVersion || undefined,
    canarySettings:
      canary &&
      present<CanarySettings>({
        deploymentId: canary.deploymentId ?? input.deploymentId,
        percentTraffic: canary.percentTraffic ?? 0,
        stageVariableOverrides: nonEmpty(canary.stageVariableOverrides),
        useStageCache: canary.useStageCache ?? false,
      }),
    tracingEnabled: input.tracingEnabled ?? false,
    tags: nonEmpty(input.tags),
    createdDate: now,
    lastUpdatedDate: now,
    accessLogSettings: undefined,
    clientCertificateId: undefined,
    webAclArn: undefined,
  });
  return checkedStage(stage, undefined, work, justMade);
}

async function requireDeployment({ tx, parent }: Work<never, RestApi>, deploymentId: string): Promise<void> {
  const stored = await tx.get<Deployment>(restKinds.deployment, `${parent.id}/${deploymentId}`);
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  if (stored === undefined) throw badRequest("Deployment id does not exist");
}

/** Checks the members that differ from the earlier stage, and returns the stage as it is stored. */
export async function checkedStage(
  stage: Stage,
  before: Stage | undefined,
  work: Change<never, RestApi>,
  justMade?: string,
): Promise<Stage> {
  const known = new Set([before?.deploymentId, before?.canarySettings?.deploymentId, justMade, undefined]);
  for (const deploymentId of [stage.deploymentId, stage.canarySettings?.deploymentId]) {
    if (!known.has(deploymentId)) await requireDeployment(work, deploymentId!);
  }
  const percent = stage.canarySettings?.percentTraffic ?? 0;
  const message =
    checkStageVariables(stage.variables) ??
    checkStageVariables(stage.canarySettings?.stageVariableOverrides) ??
    checkAccessLogs(stage.accessLogSettings ?? {}) ??
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
    (percent < 0 || percent > 100
      ? "Invalid canary percentTraffic specified: must be between 0.0 and 100.0"
      : undefined);
  if (message !== undefined) throw badRequest(message);
  if (stage.clientCertificateId !== undefined && stage.clientCertificateId !== before?.clientCertificateId) {
    await requireClientCertificate(work, stage.clientCertificateId);
  }
  await checkDocumentation(stage, before, work);
  await checkLogging(stage, before, work);
  // AWS: Stage, cacheClusterStatus. Portico has no cluster to wait for.
  const size = stage.cacheClusterEnabled ? (stage.cacheClusterSize ?? "0.5") : stage.cacheClusterSize;
  return present<Stage>({
    ...stage,
    cacheClusterSize: size,
    cacheClusterStatus: stage.cacheClusterEnabled ? "AVAILABLE" : "NOT_AVAILABLE",
    accessLogSettings: nonEmpty(stage.accessLogSettings),
    variables: nonEmpty(stage.variables),
    lastUpdatedDate: nowSeconds(work.call),
  } as Stage);
}

async function checkDocumentation(
  stage: Stage,
  before: Stage | undefined,
  { tx, parent }: Work<never, RestApi>,
): Promise<void> {
  const { documentationVersion } = stage;
  if (documentationVersion === undefined || documentationVersion === before?.documentationVersion) return;
  const id = `${parent.id}/${documentationVersion}`;
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  if ((await tx.get(documentationKinds.version, id)) === undefined) {
    throw badRequest("Invalid Documentation version specified");
  }
}

/**
 * Refuses to delete a stage that a mapping names, with AWS's message as users quote it. A mapping without a stage does
 * not count.
 */
async function refuseWhileMapped(stage: Stage, work: Change<never, RestApi>): Promise<void> {
  const domains = await domainsMappedTo(work, work.parent.id, stage.stageName);
  if (domains.length === 0) return;
  throw badRequest(
    `Deleting stage ${stage.stageName} failed. Please remove all base path mappings related to the stage in your domains: ${domains.join(", ")}.`,
  );
}

/** AWS: "Set up CloudWatch logging for REST APIs": logging needs the account's role. */
async function checkLogging(stage: Stage, before: Stage | undefined, work: Work): Promise<void> {
  const newlyLogs =
    (logs(stage.methodSettings) && !logs(before?.methodSettings ?? {})) ||
    (isToLogGroup(stage.accessLogSettings) && !isToLogGroup(before?.accessLogSettings));
  if (!newlyLogs || (await readAccount(work.tx)).cloudwatchRoleArn !== undefined) return;
  throw badRequest("CloudWatch Logs role ARN must be set in account settings to enable logging");
}

const isToLogGroup = (settings: AccessLogSettings | undefined): boolean =>
  settings?.destinationArn?.includes(":logs:") === true;

/** AWS removes the ending that the console shows after a log group's ARN. */
const destination = (step: PatchStep): string => (step.value ?? "").replace(/:\*$/, "");

/**
 * Makes the rule of a canary's member. AWS: "Create a canary release deployment": the first such patch makes the
 * canary, with the stage's own deployment.
 */
const canary = (rule: PatchRule): PatchRule => ({
  ...rule,
  apply(draft, step) {
    draft["canarySettings"] ??= { deploymentId: draft["deploymentId"], percentTraffic: 0, useStageCache: false };
    rule.apply(draft, step);
  },
});

/** Makes the rule of a `copy`, which has one source. AWS: "Promote a canary release". */
function copyRule(from: string, apply: (draft: Draft, settings: CanarySettings) => void): PatchRule {
  return {
    ops: ["copy"],
    apply(draft, step) {
      const source = step.from?.startsWith("/") === false ? `/${step.from}` : step.from;
      if (source !== from) {
        throw badRequest(
          `Invalid patch path  '${step.from ?? "null"}' specified for op 'copy'. Must be one of: [${from}]`,
        );
      }
      apply(draft, (draft["canarySettings"] ?? {}) as CanarySettings);
    },
  };
}

const alternatives = (...rules: readonly PatchRule[]): PatchRule => ({
  ops: rules.flatMap((rule) => rule.ops),
  apply: (draft, step) => rules.find((rule) => rule.ops.includes(step.op))!.apply(draft, step),
});

const patch: PatchTable = {
  rules: {
    "/deploymentId": alternatives(
      member("deploymentId", text),
      copyRule("/canarySettings/deploymentId", (draft, settings) => {
        if (settings.deploymentId !== undefined) draft["deploymentId"] = settings.deploymentId;
      }),
    ),
    "/description": member("description", text, { clears: true }),
    "/cacheClusterEnabled": member("cacheClusterEnabled", flag),
    "/cacheClusterSize": member("cacheClusterSize", oneOf(...cacheSizes)),
    "/clientCertificateId": member("clientCertificateId", text, { clears: true }),
    "/documentationVersion": member("documentationVersion", text, { clears: true }),
    "/tracingEnabled": member("tracingEnabled", flag),
    "/variables/{name}": entry("variables", text),
    "/variables": copyRule("/canarySettings/stageVariableOverrides", (draft, settings) => {
      // Unconfirmed: that AWS merges; see docs/compatibility.md, "CreateDeployment on an existing stage; copy to /variables".
      draft["variables"] = { ...(draft["variables"] as object | undefined), ...settings.stageVariableOverrides };
    }),
    "/accessLogSettings": member("accessLogSettings", text, { ops: ["remove"] }),
    "/accessLogSettings/destinationArn": member("accessLogSettings.destinationArn", destination, {
      ops: ["add", "replace", "remove"],
      clears: true,
    }),
    "/accessLogSettings/format": member("accessLogSettings.format", text, {
      ops: ["add", "replace", "remove"],
      clears: true,
    }),
    "/canarySettings": member("canarySettings", text, { ops: ["remove"] }),
    "/canarySettings/deploymentId": canary(member("canarySettings.deploymentId", text)),
    "/canarySettings/percentTraffic": canary(member("canarySettings.percentTraffic", decimal(0, 100))),
    "/canarySettings/useStageCache": canary(member("canarySettings.useStageCache", flag)),
    "/canarySettings/stageVariableOverrides/{name}": canary(entry("canarySettings.stageVariableOverrides", text)),
  },
  otherwise: applyMethodSetting,
};

/** AWS: API Gateway REST API reference, "Stage". */
export const stage = {
  ...defineResource({
    operations: { create: "CreateStage", get: "GetStage", update: "UpdateStage", delete: "DeleteStage" },
    place: stages,
    create: (work) => newStage(work.input, work),
    patch,
    complete: (item, before, work) => checkedStage(item, before, work),
    async onDelete(item, work) {
      await refuseWhileMapped(item, work);
      await dropStageLinks(work, work.parent.id, item.stageName);
    },
  }),
  ...operations({
    // AWS quirk: the list has no paging, and its member is called `item`.
    GetStages: reading(async (work) => {
      const all = await stages.all(work);
      const { deploymentId } = work.input;
      return { item: all.filter((one) => deploymentId === undefined || one.deploymentId === deploymentId) };
    }, restApis),
  }),
};
