import type { XRay } from "@aws-sdk/client-xray";
import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import type { InputOf } from "../../families/input.ts";
import { bindOperations, makeFamilies } from "../../families/make-families.ts";
import { regionalScope, type Work } from "../../families/work.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext, Operations } from "../../protocol/operation.ts";
import { v2Paging } from "../../protocol/paging.ts";
import type { Store } from "../../store/store.ts";
import { defaultSamplingRule, type Reservoirs, type SamplingRule } from "../../telemetry/sampling-rule.ts";

/** The kind of the documents of sampling rules; their ids are the rules' names. */
export const samplingRuleKind = "xray-sampling-rule";

/** A rule as it is stored. */
export interface SamplingRuleDocument {
  readonly rule: SamplingRule;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** What the operations need besides the store. */
export interface SamplingService {
  readonly clock: Clock;
  readonly reservoirs: Reservoirs;
}

const { operations, reading, writing } = makeFamilies<XRay, SamplingService>({
  scopeOf: regionalScope,
  // Rules are few: they are listed in one page.
  paging: v2Paging,
});

type Place = Pick<CallContext, "account" | "region">;

const arnOf = ({ account, region }: Place, name: string): string =>
  `arn:aws:xray:${region}:${account}:sampling-rule/${name}`;

const invalid = (message: string): ApiError => new ApiError("InvalidRequestException", message);

/** The rule's members by X-Ray's names. */
const members = {
  Priority: "priority",
  FixedRate: "fixedRate",
  ReservoirSize: "reservoirSize",
  ServiceName: "serviceName",
  ServiceType: "serviceType",
  Host: "host",
  HTTPMethod: "httpMethod",
  URLPath: "urlPath",
  ResourceARN: "resourceArn",
  Attributes: "attributes",
} as const satisfies Record<string, keyof SamplingRule>;

type RuleMembers = { readonly [Name in keyof typeof members]?: unknown };

/** Returns the rule's members that an input has. */
const readMembers = (given: RuleMembers): Partial<SamplingRule> =>
  Object.fromEntries(
    Object.entries(members).flatMap(([theirs, ours]) => {
      const value = given[theirs as keyof typeof members];
      return value === undefined || value === null ? [] : [[ours, value]];
    }),
  );

function recordOf({ rule, createdAt, modifiedAt }: SamplingRuleDocument, place: Place): object {
  const shown = Object.entries(members).map(([theirs, ours]) => [theirs, rule[ours]] as const);
  return {
    SamplingRule: { RuleName: rule.name, RuleARN: arnOf(place, rule.name), ...Object.fromEntries(shown), Version: 1 },
    CreatedAt: createdAt,
    ModifiedAt: modifiedAt,
  };
}

const defaultDocument: SamplingRuleDocument = { rule: defaultSamplingRule, createdAt: 0, modifiedAt: 0, tags: {} };

type RuleReference = { readonly RuleName?: string | undefined; readonly RuleARN?: string | undefined };

/** Returns the name that an input gives: in itself or in the ARN, and not in both. */
function nameIn({ RuleName: name, RuleARN: arn }: RuleReference, place: Place): string {
  if ((name === undefined) === (arn === undefined)) throw invalid("Specify either RuleName or RuleARN, but not both.");
  if (arn === undefined) return name!;
  const named = arn.replace(/^arn:aws[a-z-]*:/, "arn:aws:");
  const found = named.slice(arnOf(place, "").length);
  // Policies decide by the whole ARN, so nothing but that leads to a rule.
  if (named !== arnOf(place, found)) throw invalid(`Sampling rule does not exist: ${arn}`);
  return found;
}

type SamplingWork<In> = Work<SamplingService, In, unknown>;

async function find<In>({ tx }: SamplingWork<In>, name: string): Promise<SamplingRuleDocument> {
  const found = (await tx.get<SamplingRuleDocument>(samplingRuleKind, name))?.body;
  if (found !== undefined) return found;
  if (name === defaultSamplingRule.name) return defaultDocument;
  throw invalid(`Sampling rule does not exist: ${name}`);
}

async function listed<In>({ tx }: SamplingWork<In>): Promise<SamplingRuleDocument[]> {
  const own = (await tx.list<SamplingRuleDocument>(samplingRuleKind)).map(({ body }) => body);
  const all = own.some(({ rule }) => rule.name === defaultSamplingRule.name) ? own : [...own, defaultDocument];
  return all.sort((one, other) => one.rule.priority - other.rule.priority);
}

/** AWS: X-Ray API reference, "TagResource": only groups and sampling rules have tags; there are no groups here. */
async function tagged<In extends { readonly ResourceARN?: string | undefined }>(
  work: SamplingWork<In>,
): Promise<SamplingRuleDocument> {
  const arn = work.input.ResourceARN ?? "";
  const [, name] = /:sampling-rule\/(.+)$/.exec(arn) ?? [];
  const found =
    name === undefined ? undefined : (await work.tx.get<SamplingRuleDocument>(samplingRuleKind, name))?.body;
  if (found !== undefined && arn === arnOf(work.call, found.rule.name)) return found;
  const missing = new ApiError("ResourceNotFoundException", "The resource was not found.", {
    members: { ResourceName: arn },
  });
  throw missing;
}

const tagsOf = (list: InputOf<XRay, "CreateSamplingRule">["Tags"] = []): Record<string, string> => {
  const tags = Object.fromEntries((list ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
  requireFewTags(tags);
  return tags;
};

function requireFewTags(tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length <= bounds.samplingRuleTagsMax.value) return;
  throw new ApiError("TooManyTagsException", `A resource has ${bounds.samplingRuleTagsMax.value} tags at most.`);
}

/** AWS: X-Ray API reference, one page for each operation. */
const table = operations({
  CreateSamplingRule: writing(async (work) => {
    const { SamplingRule: given, Tags } = work.input;
    const { RuleName: name, RuleARN, Version } = given ?? {};
    if (name === undefined || name === null || RuleARN !== undefined)
      throw invalid("A new sampling rule needs a RuleName, and has no RuleARN.");
    if (Version !== 1) throw invalid("Version must be 1.");
    if (given?.SamplingRateBoost !== undefined) {
      throw new ApiError("NotImplementedException", "Portico does not boost sampling rates.", { status: 501 });
    }
    const rules = await listed(work);
    if (rules.some(({ rule }) => rule.name === name)) throw invalid(`Sampling rule already exists: ${name}`);
    if (rules.length > bounds.samplingRulesMax.value) {
      throw new ApiError("RuleLimitExceededException", "The number of sampling rules is at its limit.");
    }
    const now = Math.floor(work.clock.now() / 1000);
    const rule: SamplingRule = { ...defaultSamplingRule, ...readMembers(given ?? {}), name };
    const document = { rule, createdAt: now, modifiedAt: now, tags: tagsOf(Tags) };
    await work.tx.put(samplingRuleKind, name, document);
    return { SamplingRuleRecord: recordOf(document, work.call) };
  }),
  UpdateSamplingRule: writing(async (work) => {
    const given = work.input.SamplingRuleUpdate ?? {};
    const before = await find(work, nameIn(given as RuleReference, work.call));
    if (given.SamplingRateBoost !== undefined) {
      throw new ApiError("NotImplementedException", "Portico does not boost sampling rates.", { status: 501 });
    }
    const changes = readMembers(given);
    const isDefault = before.rule.name === defaultSamplingRule.name;
    const fixed = Object.keys(changes).filter((member) => member !== "fixedRate" && member !== "reservoirSize");
    if (isDefault && fixed.length > 0)
      throw invalid("Only FixedRate and ReservoirSize of the Default rule can be changed.");
    const rule = { ...before.rule, ...changes };
    const isPriority = isDefault || (rule.priority >= 1 && rule.priority <= 9_999);
    if (!isPriority) throw invalid("Priority must be from 1 to 9999.");
    if (!(rule.fixedRate >= 0 && rule.fixedRate <= 1)) throw invalid("FixedRate must be from 0 to 1.");
    if (!(rule.reservoirSize >= 0)) throw invalid("ReservoirSize must not be negative.");
    const document = { ...before, rule, modifiedAt: Math.floor(work.clock.now() / 1000) };
    await work.tx.put(samplingRuleKind, rule.name, document);
    return { SamplingRuleRecord: recordOf(document, work.call) };
  }),
  DeleteSamplingRule: writing(async (work) => {
    const name = nameIn(work.input as RuleReference, work.call);
    if (name === defaultSamplingRule.name) throw invalid("The Default sampling rule can't be deleted.");
    const document = await find(work, name);
    await work.tx.delete(samplingRuleKind, name);
    return { SamplingRuleRecord: recordOf(document, work.call) };
  }),
  GetSamplingRules: reading(async (work) => ({
    SamplingRuleRecords: (await listed(work)).map((document) => recordOf(document, work.call)),
  })),
  GetSamplingStatisticSummaries: reading(async (work) => {
    const { reservoirs, clock } = work;
    const { account, region } = work.call;
    return {
      SamplingStatisticSummaries: (await listed(work)).map(({ rule: { name } }) => {
        const { requests, sampled, borrowed } = reservoirs.countsOf(reservoirs.slotOf(account, region, name));
        const Timestamp = Math.floor(clock.now() / 1000);
        return { RuleName: name, Timestamp, RequestCount: requests, SampledCount: sampled, BorrowCount: borrowed };
      }),
    };
  }),
  /** An SDK gets the whole reservoir: Portico does not know how many others there are. */
  GetSamplingTargets: reading(async (work) => {
    const rules = new Map((await listed(work)).map((document) => [document.rule.name, document]));
    const nowSeconds = Math.floor(work.clock.now() / 1000);
    const asked = work.input.SamplingStatisticsDocuments ?? [];
    const known = asked.flatMap(({ RuleName: name = "" }) => rules.get(name)?.rule ?? []);
    const unknown = asked.filter(({ RuleName: name = "" }) => !rules.has(name));
    return {
      SamplingTargetDocuments: known.map(({ name, fixedRate, reservoirSize }) => ({
        RuleName: name,
        FixedRate: fixedRate,
        ReservoirQuota: reservoirSize,
        ReservoirQuotaTTL: nowSeconds + quotaSeconds,
        Interval: 10,
      })),
      LastRuleModification: Math.max(0, ...[...rules.values()].map(({ modifiedAt }) => modifiedAt)),
      UnprocessedStatistics: unknown.map(({ RuleName }) => ({
        RuleName,
        ErrorCode: "404",
        Message: "The sampling rule does not exist.",
      })),
    };
  }),
  /**
   * What daemons and collectors tell of themselves every minute. AWS: X-Ray API reference, "PutTelemetryRecords": no operation
   * reads it again, so it isn't kept.
   */
  PutTelemetryRecords: reading(async () => ({})),
  ListTagsForResource: reading(async (work) => ({
    Tags: Object.entries((await tagged(work)).tags).map(([Key, Value]) => ({ Key, Value })),
  })),
  TagResource: writing(async (work) => {
    const document = await tagged(work);
    const tags = { ...document.tags, ...tagsOf(work.input.Tags) };
    requireFewTags(tags);
    await work.tx.put(samplingRuleKind, document.rule.name, { ...document, tags });
    return {};
  }),
  UntagResource: writing(async (work) => {
    const document = await tagged(work);
    const gone = new Set(work.input.TagKeys);
    const tags = Object.fromEntries(Object.entries(document.tags).filter(([key]) => !gone.has(key)));
    await work.tx.put(samplingRuleKind, document.rule.name, { ...document, tags });
    return {};
  }),
});

/** AWS: X-Ray Developer Guide, "Using sampling rules with the X-Ray API": a quota is good for five minutes. */
const quotaSeconds = 300;

/** The operations of X-Ray about sampling rules. */
export const makeSamplingOperations = (store: Store, service: SamplingService): Operations =>
  bindOperations(table, store, service);
