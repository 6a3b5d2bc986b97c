import { bounds } from "../../base/bounds.ts";
import { defaultStageName, type Route, v2Kinds } from "../../definition/http-api.ts";
import { checkAccessLogs, checkStageName, checkStageVariables } from "../../definition/stage-rules.ts";
import { checkLengths, shortened } from "../../definition/text-lengths.ts";
import { isWebSocketApi, type V2Api, type V2Stage } from "../../definition/v2-api.ts";
import type { WebSocketRouteSettings } from "../../definition/websocket-api.ts";
import { unmerged } from "../../families/merge.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { requireLogRole } from "../apis/account-settings.ts";
import { requireClientCertificate } from "../apis/client-certificates.ts";
import { dropStageLinks } from "../apis/usage-plan-links.ts";
import { domainsMappedTo } from "../domains/domain-names.ts";
import { checkTags } from "../tags/tag-rules.ts";
import { deployToStages, dropSuperseded } from "./auto-deploy.ts";
import { deployments } from "./deployments.ts";
import { type ForeignMembers, refuse, refuseForeign, requireRoom, tooMany } from "./refusals.ts";
import { stages } from "./stages.ts";
import { type Change, changing, defineResource, operations, type Work } from "./work.ts";

type CreateInput = Work<"CreateStage">["input"];
type SettingsInput = NonNullable<CreateInput["DefaultRouteSettings"]>;

/** Returns the form in which route settings are kept: those that the API's kind has. */
function routeSettings(input: SettingsInput, api: V2Api): WebSocketRouteSettings {
  const { LoggingLevel, DataTraceEnabled, ThrottlingBurstLimit, ThrottlingRateLimit, DetailedMetricsEnabled } = input;
  const hasLogs = isWebSocketApi(api);
  // AWS's words, as users quote them. Settings that log nothing are accepted: unconfirmed, see docs/compatibility.md, "HTTP APIs, stages".
  if (!hasLogs && (DataTraceEnabled === true || (LoggingLevel !== undefined && LoggingLevel !== "OFF"))) {
    throw badRequest("Execution logs are not supported on protocolType HTTP");
  }
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  if ((ThrottlingBurstLimit ?? 0) < 0) throw badRequest("Invalid throttling burst limit specified. Must be at least 0");
  if ((ThrottlingRateLimit ?? 0) < 0) throw badRequest("Invalid throttling rate limit specified. Must be at least 0");
  return present<WebSocketRouteSettings>({
    DataTraceEnabled: hasLogs ? (DataTraceEnabled ?? false) : undefined,
    DetailedMetricsEnabled: DetailedMetricsEnabled ?? false,
    LoggingLevel: hasLogs ? (LoggingLevel ?? "OFF") : undefined,
    ThrottlingBurstLimit,
    ThrottlingRateLimit,
  });
}

/** AWS's words, as users quote them. */
const unknownRoute = (key: string) =>
  notFound(`Unable to find Route by key ${shortened(key)} within the provided RouteSettings`);

/** Returns the settings of routes by their keys. Each is the key of a route, as the API is defined now. */
async function settingsByRoute(
  { tx, parent }: Work<never, V2Api>,
  input: Readonly<Record<string, SettingsInput | undefined>>,
): Promise<V2Stage["RouteSettings"]> {
  const entries = Object.entries(input);
  if (entries.length === 0) return {};
  const routes = await tx.list<Route>(v2Kinds.route, { prefix: `${parent.ApiId}/` });
  const keys = new Set(routes.map(({ body }) => body.RouteKey));
  const unknown = entries.find(([key]) => !keys.has(key));
  if (unknown !== undefined) throw unknownRoute(unknown[0]);
  return Object.fromEntries(entries.map(([key, settings]) => [key, routeSettings(settings ?? {}, parent)]));
}

const accessLogCharsMax = bounds.accessLogFormatCharsMax.value;
const firehose = /^arn:aws[a-z-]*:firehose:[a-z0-9-]+:\d{12}:deliverystream\/amazon-apigateway-[\w.-]+$/;
const logGroup = /^arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:[\w./-]+$/;

/**
 * Returns the access log settings as they are kept; empty ones are none, as Terraform removes them. AWS: HTTP APIs write
 * to log groups only, WebSocket APIs also to Firehose streams.
 */
function accessLog(input: NonNullable<CreateInput["AccessLogSettings"]>, api: V2Api): V2Stage["AccessLogSettings"] {
  const { DestinationArn, Format } = input;
  if (!DestinationArn && !Format) return undefined;
  // Unconfirmed: that one can't be without the other, and the words; see docs/compatibility.md, "HTTP APIs, stages".
  if (!DestinationArn || !Format) throw badRequest("Access log settings must have a destination ARN and a format");
  const destinationArn = DestinationArn.replace(/:\*$/, "");
  if (!logGroup.test(destinationArn) && !(isWebSocketApi(api) && firehose.test(destinationArn))) {
    throw badRequest(
      `Access log destination must only contain characters a-z, A-Z, 0-9, '_', '-', '/', '.': '${DestinationArn}'`,
    );
  }
  refuse(checkLengths({ Format }, { Format: [1, accessLogCharsMax] }));
  refuse(checkAccessLogs({ destinationArn, format: Format }));
  return { DestinationArn: destinationArn, Format };
}

/**
 * What the caller may do who lets a stage write to a log group. AWS: API Gateway Developer Guide, "Configuring logging for
 * an HTTP API", permissions to enable logging.
 */
const logDelivery = ["CreateLogDelivery", "UpdateLogDelivery", "PutResourcePolicy", "CreateLogGroup"];

/** Refuses another account's log group, and one that the caller may not have written to. */
function checkLogDestination(stage: V2Stage, before: V2Stage | undefined, { call }: Work): void {
  const arn = stage.AccessLogSettings?.DestinationArn;
  if (arn === undefined || arn === before?.AccessLogSettings?.DestinationArn) return;
  const [, , , region, account] = arn.split(":");
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  if (account !== call.account || region !== call.region) {
    throw badRequest(`Access log destination must be a log group of the API's account and region: '${arn}'`);
  }
  for (const action of logDelivery) call.authority?.require({ action: `logs:${action}`, resource: "*" });
}

/** Refuses to point a stage that deploys by itself at a deployment. AWS's words, as users quote them. */
export function checkMovable(stage: V2Stage, { call, parent }: Work<never, V2Api>): void {
  if (!stage.AutoDeploy) return;
  throw badRequest(
    `Deployment ID cannot be set on this stage ${call.account}:${parent.ApiId} because AutoDeploy is enabled.`,
  );
}

async function checkDeployment(
  stage: V2Stage,
  input: { readonly DeploymentId?: string | undefined },
  work: Work<never, V2Api>,
): Promise<void> {
  const { DeploymentId } = input;
  if (!DeploymentId) return;
  checkMovable(stage, work);
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  if ((await deployments.get(work, DeploymentId)) === undefined) throw badRequest("Deployment id does not exist");
}

const foreignMembers = {
  HTTP: ["ClientCertificateId"],
  WEBSOCKET: [],
} as const satisfies ForeignMembers;

/** Checks what a new or changed stage has, and what it refers to. */
async function checkStage(stage: V2Stage, before: V2Stage | undefined, work: Work<never, V2Api>): Promise<void> {
  const { ClientCertificateId: certificate } = stage;
  refuse(checkStageVariables(stage.StageVariables));
  refuse(checkLengths(stage, { Description: [0, 1024] }));
  if (certificate !== undefined && certificate !== before?.ClientCertificateId) {
    await requireClientCertificate(work.tx, certificate);
  }
  if (isWebSocketApi(work.parent) && logs(stage) && !(before !== undefined && logs(before))) {
    await requireLogRole(work.tx);
  }
  checkLogDestination(stage, before, work);
}

/** Whether a stage of a WebSocket API writes to CloudWatch Logs, which the account's role lets it. */
const logs = ({ AccessLogSettings, DefaultRouteSettings, RouteSettings }: V2Stage): boolean =>
  AccessLogSettings?.DestinationArn?.includes(":logs:") === true ||
  [DefaultRouteSettings, ...Object.values(RouteSettings)].some(({ LoggingLevel = "OFF" }) => LoggingLevel !== "OFF");

async function newStage(work: Change<"CreateStage", V2Api>): Promise<V2Stage> {
  const { input } = work;
  const { StageName } = input;
  const { parent: api } = work;
  refuse(StageName === defaultStageName && !isWebSocketApi(api) ? undefined : checkStageName(StageName));
  if ((await stages.get(work, StageName)) !== undefined) throw conflict("Stage already exists");
  requireRoom(work, "stagesPerApi", await stages.count(work));
  checkTags(input.Tags ?? {}, work.limits, tooMany);
  refuseForeign(api, input, foreignMembers);
  const now = nowSeconds(work.call);
  const stage = present<V2Stage>({
    StageName,
    AutoDeploy: input.AutoDeploy ?? false,
    DeploymentId: input.DeploymentId || undefined,
    Description: input.Description || undefined,
    ClientCertificateId: input.ClientCertificateId || undefined,
    DefaultRouteSettings: routeSettings(input.DefaultRouteSettings ?? {}, api),
    RouteSettings: await settingsByRoute(work, input.RouteSettings ?? {}),
    StageVariables: input.StageVariables ?? {},
    AccessLogSettings: input.AccessLogSettings && accessLog(input.AccessLogSettings, api),
    Tags: nonEmpty(input.Tags),
    CreatedDate: now,
    LastUpdatedDate: now,
    LastDeploymentStatusMessage: undefined,
    ApiGatewayManaged: undefined,
    birthId: work.call.ids.id(10),
    authorizerFlushes: undefined,
  });
  await checkDeployment(stage, input, work);
  await checkStage(stage, undefined, work);
  return stage.AutoDeploy ? deployed(stage, work) : stage;
}

/**
 * Turning automatic deployments on deploys at once. AWS: API Gateway Developer Guide, "Create a stage for HTTP APIs in
 * API Gateway".
 */
async function deployed(stage: V2Stage, work: Change<never, V2Api>): Promise<V2Stage> {
  const [after] = await deployToStages(work, work.parent, [stage], await othersOf(stage, work));
  return after!;
}

const othersOf = async ({ StageName }: V2Stage, work: Work<never, V2Api>): Promise<readonly V2Stage[]> =>
  (await stages.all(work)).filter((other) => other.StageName !== StageName);

const afterChange = (stage: V2Stage, work: Change<never, V2Api>): V2Stage => ({
  ...stage,
  LastUpdatedDate: nowSeconds(work.call),
});

/** Returns a stage after an update; what its members are has been checked where they were merged. */
async function changedStage(merged: V2Stage, before: V2Stage, work: Change<"UpdateStage", V2Api>): Promise<V2Stage> {
  const { input } = work;
  const { parent: api } = work;
  refuseForeign(api, input, foreignMembers);
  const { AccessLogSettings, DefaultRouteSettings } = input;
  const stage = present<V2Stage>({
    ...merged,
    AccessLogSettings: AccessLogSettings === undefined ? merged.AccessLogSettings : accessLog(AccessLogSettings, api),
    DefaultRouteSettings:
      DefaultRouteSettings === undefined ? merged.DefaultRouteSettings : routeSettings(DefaultRouteSettings, api),
    RouteSettings: { ...before.RouteSettings, ...(await settingsByRoute(work, input.RouteSettings ?? {})) },
  } as V2Stage);
  await checkDeployment(stage, input, work);
  await checkStage(stage, before, work);
  const changed = afterChange(stage, work);
  return changed.AutoDeploy && !before.AutoDeploy ? deployed(changed, work) : changed;
}

/** Variables are merged, and an empty text removes one. */
function mergedVariables(
  input: Readonly<Record<string, string | undefined>>,
  before: V2Stage,
): Pick<V2Stage, "StageVariables"> {
  const merged = Object.entries({ ...before.StageVariables, ...input });
  const kept = merged.filter((entry): entry is [string, string] => Boolean(entry[1]));
  return { StageVariables: Object.fromEntries(kept) };
}

/** Refuses to delete a stage that a mapping names. Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management". */
async function checkDeletable(stage: V2Stage, work: Change<never, V2Api>): Promise<void> {
  const refuse = (reason: string) => badRequest(`Deleting stage ${stage.StageName} failed. ${reason}`, { status: 400 });
  if (stage.ApiGatewayManaged === true) throw refuse("It is managed by API Gateway.");
  const domains = await domainsMappedTo(work, work.parent.ApiId, stage.StageName);
  if (domains.length > 0) throw refuse("Please remove all API mappings for the stage from your custom domain names.");
}

/** Returns a stage as callers see it. */
function viewStage({ birthId: _, authorizerFlushes: __, webAclArn: ___, ...stage }: V2Stage): unknown {
  return { ...stage, Tags: stage.Tags ?? {} };
}

/** AWS: API Gateway version 2 API reference, "Stage". */
export const stage = {
  ...defineResource({
    operations: {
      create: "CreateStage",
      get: "GetStage",
      list: "GetStages",
      update: "UpdateStage",
      delete: "DeleteStage",
    },
    place: stages,
    create: newStage,
    merge: {
      ApiId: unmerged,
      // These are checked by the API's kind afterwards.
      AccessLogSettings: unmerged,
      DefaultRouteSettings: unmerged,
      // They are checked against the API's routes afterwards.
      RouteSettings: unmerged,
      StageVariables: mergedVariables,
    },
    complete: changedStage,
    async onDelete(item, work) {
      await checkDeletable(item, work);
      await dropStageLinks(work, work.parent.ApiId, item.StageName);
      await dropSuperseded(work, work.parent.ApiId, [item], await othersOf(item, work));
    },
    view: viewStage,
  }),
  ...operations({
    DeleteAccessLogSettings: changing(stages, ({ AccessLogSettings: _, ...rest }, work: Change<never, V2Api>) =>
      afterChange(rest, work),
    ),
    DeleteRouteSettings: changing(stages, (item, work: Change<"DeleteRouteSettings", V2Api>) => {
      const { RouteKey: key } = work.input;
      // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
      if (!Object.hasOwn(item.RouteSettings, key)) throw unknownRoute(key);
      const { [key]: _, ...rest } = item.RouteSettings;
      return afterChange({ ...item, RouteSettings: rest }, work);
    }),
    // AWS: API Gateway version 2 API reference, "ResetAuthorizersCache". The threads have it in effect before the answer.
    ResetAuthorizersCache: changing(stages, (item) => ({
      ...item,
      authorizerFlushes: (item.authorizerFlushes ?? 0) + 1,
    })),
  }),
};
