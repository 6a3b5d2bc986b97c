import { bounds } from "../../base/bounds.ts";
import { unescapeSegment } from "../../base/json-pointer.ts";
import {
  type ApiStage,
  keyKinds,
  type QuotaSettings,
  type ThrottleSettings,
  type UsagePlan,
} from "../../definition/api-key.ts";
import { v2Kinds } from "../../definition/http-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import {
  type Draft,
  decimal,
  invalidValue,
  listPaths,
  member,
  oneOf,
  type PatchRule,
  type PatchStep,
  type PatchTable,
  text,
  wholeNumber,
} from "../../families/patch.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import type { Page } from "../../protocol/paging.ts";
import { creationOrder } from "../../store/store.ts";
import { requireRoom } from "../control-service.ts";
import { isWebSocketApiId } from "../domains/shared-domain.ts";
import { checkTags, withShownTags } from "../tags/tag-rules.ts";
import { checkNewStages, emptyPlan } from "./usage-plan-membership.ts";
import { type Change, defineResource, documents, pageOfItems, type Work } from "./work.ts";

/** The documents of usage plans. */
export const usagePlans = documents({
  kind: keyKinds.usagePlan,
  member: "usagePlanId",
  idOf: (plan: UsagePlan) => plan.id,
  order: creationOrder,
  missing: () => notFound("Invalid Usage Plan ID specified"),
});

const integerMax = bounds.usagePlanIntegerMax.value;
const rateMax = bounds.usagePlanRateMax.value;
const periods = ["DAY", "WEEK", "MONTH"] as const;

// The rules that a plan has to satisfy.
// Unconfirmed: how AWS words all of these; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".

function checkThrottle({ rateLimit = 0, burstLimit = 0 }: ThrottleSettings): string | undefined {
  if (!(rateLimit >= 0 && rateLimit <= rateMax)) return "Usage Plan throttle rate limit must not be negative";
  return burstLimit >= 0 ? undefined : "Usage Plan throttle burst limit must not be negative";
}

/** The greatest offset of a period, in days. AWS refuses greater ones, as Terraform's provider does before it. */
const offsetMax = { DAY: 0, WEEK: 6, MONTH: 27 } as const;
const offsetRefusal = {
  DAY: "Usage Plan quota offset must be zero in the DAY period",
  WEEK: "Usage Plan quota offset must be between zero and six inclusive in the WEEK period",
  MONTH: "Usage Plan quota offset must be between zero and 27 inclusive in the MONTH period",
} as const;

function checkQuota({ limit, offset, period }: Partial<QuotaSettings>): string | undefined {
  if (limit === undefined) return "Usage Plan quota limit must be specified";
  if (limit < 0) return "Usage Plan quota limit must not be negative";
  if (period === undefined) return "Usage Plan quota period must be specified";
  return (offset ?? 0) < 0 || (offset ?? 0) > offsetMax[period] ? offsetRefusal[period] : undefined;
}

/** `/pets/GET`, and `//GET` for the root. */
const throttledMethod = /^\/.*\/(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY|\*)$/s;

function checkMethodThrottles(throttle: ApiStage["throttle"], work: Work): string | undefined {
  const entries = Object.entries(throttle ?? {});
  requireRoom(work, "methodThrottlesPerStage", entries.length - 1);
  for (const [method, settings] of entries) {
    if (!throttledMethod.test(method)) return `Invalid method specified for throttle: ${method}`;
    const message = checkThrottle(settings);
    if (message !== undefined) return message;
  }
  return undefined;
}

/** Checks a plan, and returns it as it is stored. */
function checkedPlan(plan: UsagePlan, work: Work): UsagePlan {
  if (plan.name.trim() === "") throw badRequest("Usage Plan name must not be blank");
  const stages = plan.apiStages.map(({ apiId, stage }) => `${apiId}:${stage}`);
  const twice = stages.find((stage, index) => stages.indexOf(stage) !== index);
  const message =
    (twice === undefined ? undefined : `API Stage ${twice} is specified more than once`) ??
    checkThrottle(plan.throttle ?? {}) ??
    (plan.quota && checkQuota(plan.quota)) ??
    plan.apiStages.map(({ throttle }) => checkMethodThrottles(throttle, work)).find((one) => one !== undefined);
  if (message !== undefined) throw badRequest(message);
  const { quota } = plan;
  return present<UsagePlan>({
    ...plan,
    throttle: nonEmpty(plan.throttle),
    quota: quota && { limit: quota.limit, offset: quota.offset ?? 0, period: quota.period },
  } as UsagePlan);
}

/** Returns whether a plan may have the stage: that of a REST or WebSocket API, and beyond AWS that of an HTTP API. */
async function hasStage({ tx, beyondAws }: Work, apiId: string, stage: string): Promise<boolean> {
  const id = `${apiId}/${stage}`;
  if ((await tx.get(restKinds.stage, id)) !== undefined) return true;
  const mayHaveKeys = beyondAws.includes("http-api-keys") || (await isWebSocketApiId(tx, apiId));
  return mayHaveKeys && (await tx.get(v2Kinds.stage, id)) !== undefined;
}

type GivenThrottle = Readonly<Record<string, { rateLimit?: number | undefined; burstLimit?: number | undefined }>>;

const throttleOf = (given: GivenThrottle): ApiStage["throttle"] =>
  nonEmpty(
    Object.fromEntries(
      Object.entries(given).map(([method, one]) => [
        method,
        present<ThrottleSettings>({ rateLimit: one.rateLimit, burstLimit: one.burstLimit }),
      ]),
    ),
  );

async function createUsagePlan(work: Change<"CreateUsagePlan">): Promise<UsagePlan> {
  const { input } = work;
  const apiStages: ApiStage[] = [];
  for (const { apiId = "", stage = "", throttle } of input.apiStages ?? []) {
    // AWS quirk: the message is AWS's template with nothing filled in.
    if (apiId.trim() === "" || stage.trim() === "") {
      throw badRequest("Invalid API Stage {api: %s, stage: %s} specified for usageplan %s");
    }
    if (!(await hasStage(work, apiId, stage))) {
      throw badRequest(`Invalid API Stage {api: ${apiId}, stage: ${stage}} specified for usageplan ${input.name}`);
    }
    apiStages.push(present<ApiStage>({ apiId, stage, throttle: throttleOf((throttle ?? {}) as GivenThrottle) }));
  }
  checkTags(input.tags ?? {}, work.limits);
  requireRoom(work, "usagePlans", await usagePlans.count(work));
  const { throttle, quota } = input;
  const plan = present<UsagePlan>({
    id: await usagePlans.freshId(work, 6),
    name: input.name,
    description: input.description,
    apiStages,
    throttle: throttle && present<ThrottleSettings>({ rateLimit: throttle.rateLimit, burstLimit: throttle.burstLimit }),
    // The check of the whole plan finds missing members.
    quota: quota as QuotaSettings | undefined,
    productCode: undefined,
    tags: nonEmpty(input.tags),
  });
  return checkedPlan(plan, work);
}

// Changing

/** Returns the draft's stage that `{apiId}:{stage}` names. */
function stageOf(draft: Draft, name: string): { stage: Draft; index: number } | undefined {
  const stages = draft["apiStages"] as Draft[];
  const index = stages.findIndex((one) => `${one["apiId"]}:${one["stage"]}` === name);
  return index < 0 ? undefined : { stage: stages[index]!, index };
}

const apiStagesRule: PatchRule = {
  ops: ["add", "remove"],
  apply(draft, step) {
    const [apiId, stage] = (step.value ?? "").split(":");
    if (!apiId || !stage) throw badRequest("Invalid API Stage specified");
    const found = stageOf(draft, `${apiId}:${stage}`);
    const stages = draft["apiStages"] as Draft[];
    if (step.op === "add" && found === undefined) stages.push({ apiId, stage });
    if (step.op !== "remove") return;
    if (found === undefined) {
      throw notFound(`Invalid API Stage {api: ${apiId}, stage: ${stage}} specified for usageplan ${draft["id"]}`);
    }
    stages.splice(found.index, 1);
  },
};

/** Reads a JSON text: `{"/pets/GET":{"rateLimit":1.0,"burstLimit":1}}`. */
function parseThrottle(step: PatchStep): ApiStage["throttle"] {
  const wanted = "Must be a map of methods to rateLimit and burstLimit";
  let given: unknown;
  try {
    given = JSON.parse(step.value ?? "");
  } catch {
    throw invalidValue(step, wanted);
  }
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const isNumber = (value: unknown) => value === undefined || value === null || typeof value === "number";
  const isThrottle = (value: unknown) =>
    isMap(value) && isNumber(value["rateLimit"]) && isNumber(value["burstLimit"]) && isWhole(value["burstLimit"]);
  const isWhole = (value: unknown) => typeof value !== "number" || Number.isInteger(value);
  if (!isMap(given) || !Object.values(given).every(isThrottle)) throw invalidValue(step, wanted);
  const settings = Object.entries(given as Record<string, Record<string, number | null | undefined>>).map(
    ([method, one]) => [
      method,
      { rateLimit: one["rateLimit"] ?? undefined, burstLimit: one["burstLimit"] ?? undefined },
    ],
  );
  return throttleOf(Object.fromEntries(settings));
}

const throttlePath = /^\/apiStages\/([^/]+)\/throttle(?:\/(.+))?$/s;
const throttleNumbers = { rateLimit: decimal(0, rateMax), burstLimit: wholeNumber(0, integerMax) } as const;

/**
 * Applies the paths of a stage's throttle. Callers escape the method's path (`~1pets/GET`) or don't (`/pets/GET`, as
 * Terraform's provider sends it), so no template of a rule would match both.
 */
function patchMethodThrottle(draft: Draft, step: PatchStep): void {
  const match = throttlePath.exec(step.path);
  if (match === null) throw listPaths(step.sent, patch, undefined);
  const [, name, rest] = match;
  const found = stageOf(draft, unescapeSegment(name!));
  if (found === undefined) throw notFound(`API Stage not found: ${name}`);
  const { stage } = found;
  stage["throttle"] ??= {};
  const throttle = stage["throttle"] as Record<string, ThrottleSettings>;
  const number = /^(.+)\/(rateLimit|burstLimit)$/s.exec(rest ?? "");
  if (rest === undefined) {
    if (step.op !== "replace" && step.op !== "remove") throw listPaths(step.sent, patch, undefined);
    stage["throttle"] = step.op === "replace" ? parseThrottle(step) : undefined;
  } else if (number !== null) {
    if (step.op !== "replace" && step.op !== "add") throw listPaths(step.sent, patch, undefined);
    const method = methodOf(number[1]!);
    const member = number[2] as keyof typeof throttleNumbers;
    throttle[method] = {
      ...(Object.hasOwn(throttle, method) ? throttle[method] : {}),
      [member]: throttleNumbers[member](step),
    };
  } else {
    if (step.op !== "remove") throw listPaths(step.sent, patch, undefined);
    delete throttle[methodOf(rest)];
  }
  if (nonEmpty(stage["throttle"] as object | undefined) === undefined) delete stage["throttle"];
}

/** `~1pets/GET`, `/pets/GET` and `pets/GET` → `/pets/GET`; the root's `~1/GET` → `//GET`. */
function methodOf(segments: string): string {
  const method = unescapeSegment(segments);
  const rooted = method.startsWith("/") ? method : `/${method}`;
  if (!throttledMethod.test(rooted)) throw badRequest(`Invalid method specified for throttle: ${method}`);
  return rooted;
}

const set = { ops: ["add", "replace"] } as const;

/**
 * Makes a rule that only serves to name a path in refusals, in AWS's spelling; {@link patchMethodThrottle} applies
 * these paths.
 */
const named = (...ops: PatchRule["ops"]): PatchRule => ({ ops, apply: patchMethodThrottle });

const patch: PatchTable = {
  refuse: listPaths,
  rules: {
    "/name": member("name", text),
    "/description": member("description", text),
    "/apiStages": apiStagesRule,
    "/quota": member("quota", text, { ops: ["remove"] }),
    "/quota/limit": member("quota.limit", wholeNumber(0, integerMax), set),
    "/quota/offset": member("quota.offset", wholeNumber(0, integerMax), set),
    "/quota/period": member("quota.period", oneOf(...periods), set),
    "/throttle": member("throttle", text, { ops: ["remove"] }),
    "/throttle/rateLimit": member("throttle.rateLimit", decimal(0, rateMax), set),
    "/throttle/burstLimit": member("throttle.burstLimit", wholeNumber(0, integerMax), set),
    "/productCode": member("productCode", text, { ops: ["add", "replace", "remove"], clears: true }),
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>": named("remove"),
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/rateLimit": named("add", "replace"),
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/burstLimit": named("add", "replace"),
    "/apiStages/<apidId:stageName>/throttle": named("replace", "remove"),
  },
  otherwise: patchMethodThrottle,
};

async function completeUsagePlan(item: UsagePlan, before: UsagePlan, work: Change): Promise<UsagePlan> {
  const nameOf = ({ apiId, stage }: ApiStage) => `${apiId}:${stage}`;
  const known = new Set(before.apiStages.map(nameOf));
  const added = item.apiStages.filter((one) => !known.has(nameOf(one)));
  for (const { apiId, stage } of added) {
    if (!(await hasStage(work, apiId, stage))) throw notFound(`API Stage not found: ${apiId}:${stage}`);
  }
  const plan = checkedPlan(item, work);
  const taken = await checkNewStages(work, plan, added.map(nameOf));
  if (taken !== undefined) throw conflict(taken);
  return plan;
}

async function deletePlan(plan: UsagePlan, work: Change): Promise<void> {
  const [first] = plan.apiStages;
  if (first !== undefined) {
    throw badRequest(
      `Cannot delete Usage Plan ${plan.id} because there are API Stages associated with it, including ${first.apiId}:${first.stage}`,
    );
  }
  await emptyPlan(work, plan.id);
}

async function listUsagePlans(work: Work<"GetUsagePlans">): Promise<Page<UsagePlan>> {
  const { keyId } = work.input;
  if (keyId === undefined || keyId === "") return usagePlans.list(work);
  if ((await work.tx.get(keyKinds.apiKey, keyId)) === undefined) throw notFound("Invalid API Key identifier specified");
  const prefix = `${keyId}/`;
  const joined = await work.tx.list(keyKinds.planOfKey, { prefix, order: creationOrder });
  const { items, next } = pageOfItems(work, joined, ({ position }) => position!);
  const plans: UsagePlan[] = [];
  for (const { id } of items) plans.push((await usagePlans.get(work, id.slice(prefix.length)))!);
  return { items: plans, next };
}

/** AWS: API Gateway REST API reference, "UsagePlan". */
export const usagePlan = defineResource({
  operations: {
    create: "CreateUsagePlan",
    get: "GetUsagePlan",
    list: "GetUsagePlans",
    update: "UpdateUsagePlan",
    delete: "DeleteUsagePlan",
  },
  place: usagePlans,
  create: createUsagePlan,
  list: listUsagePlans,
  patch,
  complete: completeUsagePlan,
  onDelete: deletePlan,
  view: (item, _, by) => withShownTags(item, by),
});
