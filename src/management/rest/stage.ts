import { documentationKinds } from "../../definition/documentation.ts";
import {
  type AccessLogSettings,
  type CanarySettings,
  type DefaultEndpoint,
  type Deployment,
  type RestApi,
  restKinds,
  type Stage,
} from "../../definition/rest-api.ts";
import { checkAccessLogs, checkStageName, checkStageVariables } from "../../definition/stage-rules.ts";
import {
  type Convert,
  type Draft,
  decimal,
  entry,
  flag,
  member,
  oneOf,
  type PatchRefusal,
  type PatchRule,
  type PatchStep,
  type PatchTable,
  text,
} from "../../families/patch.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { requireLogRole } from "../apis/account-settings.ts";
import { requireClientCertificate } from "../apis/client-certificates.ts";
import { dropStageLinks } from "../apis/usage-plan-links.ts";
import { requireRoom } from "../control-service.ts";
import { domainsMappedTo } from "../domains/domain-names.ts";
import { checkTags } from "../tags/tag-rules.ts";
import { applyMethodSetting, logs } from "./method-settings.ts";
import { restApis } from "./rest-apis.ts";
import { type Change, defineResource, documents, operations, reading, type Work } from "./work.ts";

/** The documents of an API's stages. */
export const stages = documents({
  kind: restKinds.stage,
  parent: restApis,
  speaksForParent: true,
  member: "stageName",
  idOf: (stage: Stage) => stage.stageName,
  missing: () => notFound("Invalid stage identifier specified"),
});

/**
 * Writes a stage. AWS: API Gateway Developer Guide, "Disable the default endpoint for REST APIs": the setting "takes
 * affect when you update any setting on any stage", for all of them.
 */
export async function putStage({ tx }: Change, api: RestApi, stage: Stage): Promise<void> {
  await tx.put(restKinds.stage, `${api.id}/${stage.stageName}`, stage);
  const isDisabled = api.disableExecuteApiEndpoint;
  const before = await tx.get<DefaultEndpoint>(restKinds.defaultEndpoint, api.id);
  if (before?.body.isDisabled !== isDisabled) {
    await tx.put<DefaultEndpoint>(restKinds.defaultEndpoint, api.id, { isDisabled });
  }
}

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
    birthId: work.call.ids.id(10),
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
    checkDestination(stage, before) ??
    checkOwner(stage, before, work.call) ??
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
    (percent < 0 || percent > 100
      ? "Invalid canary percentTraffic specified: must be between 0.0 and 100.0"
      : undefined);
  if (message !== undefined) throw badRequest(message);
  if (stage.clientCertificateId !== undefined && stage.clientCertificateId !== before?.clientCertificateId) {
    await requireClientCertificate(work.tx, stage.clientCertificateId);
  }
  await checkDocumentation(stage, before, work);
  await checkLogging(stage, before, work);
  const isCacheNew =
    stage.cacheClusterEnabled !== (before?.cacheClusterEnabled ?? false) ||
    (stage.cacheClusterEnabled && before?.cacheClusterSize !== stage.cacheClusterSize);
  const size = stage.cacheClusterEnabled ? (stage.cacheClusterSize ?? "0.5") : stage.cacheClusterSize;
  return present<Stage>({
    ...stage,
    cacheClusterSize: size,
    cacheClusterStatus: stage.cacheClusterEnabled ? "AVAILABLE" : "NOT_AVAILABLE",
    cacheChangedMs: isCacheNew ? work.call.clock.now() : before?.cacheChangedMs,
    accessLogSettings: nonEmpty(stage.accessLogSettings),
    variables: nonEmpty(stage.variables),
    lastUpdatedDate: nowSeconds(work.call),
  } as Stage);
}

/** Recorded: the destination can't be taken away from its format. Unconfirmed: the words; see docs/compatibility.md, "REST control plane, words". */
const checkDestination = (stage: Stage, before: Stage | undefined): string | undefined =>
  before?.accessLogSettings?.destinationArn !== undefined &&
  stage.accessLogSettings?.format !== undefined &&
  stage.accessLogSettings.destinationArn === undefined
    ? "Access Log destination must not be empty"
    : undefined;

/** Lines are written in the name of the API's account, to nobody else's. Unconfirmed: the words; see docs/compatibility.md, "REST control plane, words". */
function checkOwner(stage: Stage, before: Stage | undefined, { account, region }: CallContext): string | undefined {
  const arn = stage.accessLogSettings?.destinationArn;
  if (arn === undefined || arn === before?.accessLogSettings?.destinationArn) return undefined;
  const [, , , ofRegion, ofAccount] = arn.split(":");
  return ofAccount === account && ofRegion === region ? undefined : "Invalid ARN specified in the request";
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

async function checkLogging(stage: Stage, before: Stage | undefined, work: Work): Promise<void> {
  const newlyLogs =
    (logs(stage.methodSettings) && !logs(before?.methodSettings ?? {})) ||
    (isToLogGroup(stage.accessLogSettings) && !isToLogGroup(before?.accessLogSettings));
  if (newlyLogs) await requireLogRole(work.tx);
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

/** What of a canary can be copied, and where to. AWS: "Promote a canary release". */
const copies: Readonly<Record<string, string>> = {
  "/deploymentId": "/canarySettings/deploymentId",
  "/variables": "/canarySettings/stageVariableOverrides",
};

const invalidCopy = (path: string | undefined, from: string | undefined) =>
  badRequest(
    `Invalid copy operation with path: ${path ?? "null"} and from ${from ?? "null"}. Valid copy:path are ` +
      `[${Object.keys(copies).join(", ")}] and valid copy:from are [${Object.values(copies).join(", ")}]`,
  );

/** Makes the rule of a `copy`, which has one source. */
const copyRule = (apply: (draft: Draft, settings: CanarySettings) => void): PatchRule => ({
  ops: ["copy"],
  apply(draft, step) {
    const source = step.from?.startsWith("/") === false ? `/${step.from}` : step.from;
    if (source !== copies[step.path]) throw invalidCopy(step.path, step.from);
    const settings = draft["canarySettings"] as CanarySettings | undefined;
    if (settings === undefined) throw badRequest("Promotion not available. Canary does not exist.");
    apply(draft, settings);
  },
});

const alternatives = (...rules: readonly PatchRule[]): PatchRule => ({
  ops: rules.flatMap((rule) => rule.ops),
  apply: (draft, step) => rules.find((rule) => rule.ops.includes(step.op))!.apply(draft, step),
});

/** Recorded: a stage's own words for an op that its path does not take. */
const refuseOperation: PatchRefusal = ({ op, path, from }) =>
  op === "copy"
    ? invalidCopy(path, from)
    : badRequest(`Invalid ${op ?? "null"} operation with path: ${path ?? "null"}`);

const accessLogPaths = ["/accessLogSettings/destinationArn", "/accessLogSettings/format"] as const;

/** A member of the access log settings: it has a value. */
const accessLogMember = (at: string, convert: Convert): PatchRule =>
  member(
    at,
    (step) => {
      if (!step.value) throw badRequest("Access Log value must not be empty");
      return convert(step);
    },
    { ops: ["add", "replace", "remove"] },
  );

/** What no rule takes: a method setting, or an operation that is refused in the words of what its path begins with. */
function applyOtherPath(draft: Draft, step: PatchStep): void {
  if (step.op === "copy") throw invalidCopy(step.sent.path, step.from);
  if (step.path.startsWith("/accessLogSettings/")) {
    throw badRequest(`Invalid accessLogSettings path. Must be one of : [${accessLogPaths.join(", ")}]`);
  }
  applyMethodSetting(draft, step);
}

const patch: PatchTable = {
  refuse: refuseOperation,
  rules: {
    "/deploymentId": alternatives(
      member("deploymentId", text),
      copyRule((draft, { deploymentId }) => {
        if (deploymentId !== undefined) draft["deploymentId"] = deploymentId;
      }),
    ),
    "/description": member("description", text, { clears: true }),
    "/cacheClusterEnabled": member("cacheClusterEnabled", flag),
    "/cacheClusterSize": member("cacheClusterSize", oneOf(...cacheSizes)),
    "/clientCertificateId": member("clientCertificateId", text, { clears: true }),
    "/documentationVersion": member("documentationVersion", text, { clears: true }),
    "/tracingEnabled": member("tracingEnabled", flag),
    "/variables/{name}": entry("variables", text),
    // Recorded: it merges.
    "/variables": copyRule((draft, { stageVariableOverrides }) => {
      draft["variables"] = { ...(draft["variables"] as object | undefined), ...stageVariableOverrides };
    }),
    "/accessLogSettings": member("accessLogSettings", text, { ops: ["remove"] }),
    [accessLogPaths[0]]: accessLogMember("accessLogSettings.destinationArn", destination),
    [accessLogPaths[1]]: accessLogMember("accessLogSettings.format", text),
    "/canarySettings": member("canarySettings", text, { ops: ["remove"] }),
    "/canarySettings/deploymentId": canary(member("canarySettings.deploymentId", text)),
    "/canarySettings/percentTraffic": canary(member("canarySettings.percentTraffic", decimal(0, 100))),
    "/canarySettings/useStageCache": canary(member("canarySettings.useStageCache", flag)),
    "/canarySettings/stageVariableOverrides/{name}": canary(entry("canarySettings.stageVariableOverrides", text)),
  },
  otherwise: applyOtherPath,
};

/** How long a cache that was made or given up says so. AWS takes minutes; here it works when the call is answered. */
const cacheChangeMs = 1_000;

/** Returns a stage as callers see it. AWS: "Stage", cacheClusterStatus. */
function viewStage(
  { birthId: _, cacheFlushes: __, cacheChangedMs = 0, ...stage }: Stage,
  { call }: Pick<Work, "call">,
): unknown {
  if (Math.abs(call.clock.now() - cacheChangedMs) >= cacheChangeMs) return stage;
  return { ...stage, cacheClusterStatus: stage.cacheClusterEnabled ? "CREATE_IN_PROGRESS" : "DELETE_IN_PROGRESS" };
}

/** AWS: API Gateway REST API reference, "Stage". */
export const stage = {
  ...defineResource({
    operations: { create: "CreateStage", get: "GetStage", update: "UpdateStage", delete: "DeleteStage" },
    place: { ...stages, put: (item, work) => putStage(work, work.parent, item) },
    create: (work) => newStage(work.input, work),
    patch,
    view: viewStage,
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
      const chosen = all.filter((one) => deploymentId === undefined || one.deploymentId === deploymentId);
      return { item: chosen.map((one) => viewStage(one, work)) };
    }, restApis),
  }),
};
