import { bounds } from "../../base/bounds.ts";
import { bindOperations } from "../../families/make-families.ts";
import { type Change, present, type Work } from "../../families/work.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext, Operations } from "../../protocol/operation.ts";
import { alarmPaging, encodeToken, type Page, type PageRequest, page, pageWindow } from "../../protocol/paging.ts";
import type { Reader, Store } from "../../store/store.ts";
import {
  type AlarmDocument,
  type AlarmHistoryDocument,
  type AlarmSettings,
  type AlarmState,
  actionsOf,
  alarmHistoryKind,
  alarmKind,
  metricKey,
} from "./alarm-document.ts";
import { type AlarmService, operations, reading, spanning, writing } from "./alarm-families.ts";
import { configurationLine, record, stateLine } from "./alarm-history.ts";
import { readAlarmSettings, validationError } from "./alarm-rules.ts";
import { invalidValue } from "./errors.ts";

const alarmArn = ({ account, region }: Pick<CallContext, "account" | "region">, name: string): string =>
  `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;

async function findAlarm<In>({ tx }: Work<AlarmService, In>, name: string): Promise<AlarmDocument | undefined> {
  return (await tx.get<AlarmDocument>(alarmKind, name))?.body;
}

async function changeAlarms<In extends { readonly AlarmNames?: readonly string[] | undefined }>(
  work: Change<AlarmService, In>,
  change: (alarm: AlarmDocument) => Partial<AlarmSettings>,
): Promise<object> {
  const at = work.call.clock.now();
  for (const name of work.input.AlarmNames ?? []) {
    const before = await findAlarm(work, name);
    if (before === undefined) continue;
    const after = { ...before, settings: { ...before.settings, ...change(before) }, settingsAt: at };
    await work.tx.put<AlarmDocument>(alarmKind, name, after);
    await record(work.tx, name, at, configurationLine("Update", after, before));
  }
  return {};
}

const viewOf = ({ name, arn, settings, settingsAt, state }: AlarmDocument): object => ({
  AlarmName: name,
  AlarmArn: arn,
  ...settings,
  AlarmConfigurationUpdatedTimestamp: settingsAt / 1_000,
  StateValue: state.value,
  StateReason: state.reason,
  StateReasonData: state.reasonData,
  StateUpdatedTimestamp: state.updatedAt / 1_000,
  StateTransitionedTimestamp: state.transitionedAt / 1_000,
});

interface TagInput {
  readonly Key: string;
  readonly Value: string;
}

function checkTags(list: readonly TagInput[], before: AlarmDocument["tags"] = {}): AlarmDocument["tags"] {
  const tags = { ...before, ...Object.fromEntries(list.map(({ Key, Value }) => [Key, Value])) };
  const max = bounds.alarmTagsMax.value;
  if (Object.keys(tags).length > max) throw invalidValue(`A resource has ${max} tags at most.`);
  const reserved = list.find(({ Key }) => /^aws:/i.test(Key));
  if (reserved !== undefined) throw invalidValue(`The tag key ${reserved.Key} is reserved: it begins with aws:.`);
  return tags;
}

async function findTagged<In extends { readonly ResourceARN: string }>(
  work: Work<AlarmService, In>,
): Promise<AlarmDocument> {
  const arn = work.input.ResourceARN;
  const name = /^arn:aws[a-z-]*:cloudwatch:[^:]*:[^:]*:alarm:(.+)$/s.exec(arn)?.[1];
  const found = name === undefined ? undefined : await findAlarm(work, name);
  // Account and region are in the ARN, so that another account's is not found under the same name.
  if (found?.arn === arn) return found;
  throw new ApiError("ResourceNotFoundException", `The resource ${arn} was not found.`, {
    members: { ResourceType: "Alarm", ResourceId: arn },
  });
}

/** AWS: CloudWatch API reference, "PutMetricAlarm" and the other operations of alarms. */
const table = operations({
  PutMetricAlarm: writing(async (work) => {
    const { input, call, tx, beyondAws } = work;
    const name = input.AlarmName;
    const settings = readAlarmSettings(input, { account: call.account, features: beyondAws });
    const at = call.clock.now();
    const before = await findAlarm(work, name);
    if (before === undefined && (await tx.count(alarmKind)) >= bounds.alarmsMax.value) {
      throw new ApiError("LimitExceededFault", "The quota for alarms for this customer has already been reached.");
    }
    const initial = { reason: "Unchecked: Initial alarm creation", updatedAt: at, transitionedAt: at };
    const after: AlarmDocument = {
      name,
      arn: alarmArn(call, name),
      settings,
      settingsAt: at,
      state: before?.state ?? { value: "INSUFFICIENT_DATA", ...initial },
      // AWS: tags of an alarm that is there already are not changed.
      tags: before?.tags ?? checkTags((input.Tags ?? []) as readonly TagInput[]),
    };
    await tx.put<AlarmDocument>(alarmKind, name, after);
    await record(tx, name, at, configurationLine(before === undefined ? "Create" : "Update", after, before));
    return {};
  }),

  DescribeAlarms: reading(async ({ input, tx }) => {
    const { AlarmNames, AlarmNamePrefix, AlarmTypes, StateValue, ActionPrefix } = input;
    if (AlarmNames !== undefined && AlarmNamePrefix !== undefined) {
      throw validationError("AlarmNames and AlarmNamePrefix are mutually exclusive.");
    }
    // There are no composite alarms, which others could be children or parents of.
    const hasNone =
      input.ChildrenOfAlarmName !== undefined ||
      input.ParentsOfAlarmName !== undefined ||
      (AlarmTypes !== undefined && !AlarmTypes.includes("MetricAlarm"));
    const isWanted = ({ settings, state }: AlarmDocument): boolean =>
      (StateValue === undefined || state.value === StateValue) &&
      (ActionPrefix === undefined || everyAction(settings).some((action) => action.startsWith(ActionPrefix)));
    const request = { limit: input.MaxRecords ?? (AlarmNames === undefined ? undefined : 100), token: input.NextToken };
    if (hasNone) return { MetricAlarms: [], CompositeAlarms: [] };
    const { items, next } =
      AlarmNames === undefined
        ? await pageOfAll(tx, AlarmNamePrefix ?? "", isWanted, request)
        : await pageOfNamed(tx, AlarmNames, isWanted, request);
    return present({ MetricAlarms: items.map(viewOf), CompositeAlarms: [], NextToken: next });
  }),

  DescribeAlarmsForMetric: reading(async ({ input, tx }) => {
    const key = metricKey(input.Namespace, input.MetricName);
    const all = await tx.list<AlarmDocument>(alarmKind, { where: { index: "metric", key } });
    const found = all.filter(({ body: { settings } }) => watches(settings, input));
    return { MetricAlarms: found.map(({ body }) => viewOf(body)) };
  }),

  DescribeAlarmHistory: reading(async ({ input, tx }) => {
    const { AlarmName, AlarmTypes, HistoryItemType, StartDate = 0, EndDate = Number.POSITIVE_INFINITY } = input;
    const where = AlarmName === undefined ? {} : { where: { index: "alarm", key: AlarmName } };
    const all = await tx.list<AlarmHistoryDocument>(alarmHistoryKind, where);
    const found = all.filter(
      ({ body: { at, type } }) =>
        (HistoryItemType === undefined || type === HistoryItemType) &&
        (AlarmTypes === undefined || AlarmTypes.length === 0 || AlarmTypes.includes("MetricAlarm")) &&
        at >= StartDate * 1_000 &&
        at <= EndDate * 1_000,
    );
    const isAscending = input.ScanBy === "TimestampAscending";
    const { items, next } = pageByTime(found, isAscending, { limit: input.MaxRecords, token: input.NextToken });
    return present({ AlarmHistoryItems: items.map(({ body }) => historyView(body)), NextToken: next });
  }),

  SetAlarmState: spanning(async ({ input, call, write, act }) => {
    const { AlarmName: name, StateValue, StateReason, StateReasonData } = input;
    requireJson(StateReasonData);
    const change = await write(async (work) => {
      const before = await findAlarm(work, name);
      if (before === undefined) throw new ApiError("ResourceNotFound", `Unknown alarm: ${name}`);
      const at = call.clock.now();
      const value = StateValue as AlarmState;
      const state = present({
        value,
        reason: StateReason,
        reasonData: StateReasonData,
        updatedAt: at,
        transitionedAt: value === before.state.value ? before.state.transitionedAt : at,
      });
      const after: AlarmDocument = { ...before, state };
      await work.tx.put<AlarmDocument>(alarmKind, name, after);
      await record(work.tx, name, at, stateLine(before.state, state));
      return { account: call.account, region: call.region, before, after };
    });
    if (change.before.state.value !== change.after.state.value) act(change);
    return {};
  }),

  DeleteAlarms: writing(async (work) => {
    const at = work.call.clock.now();
    for (const name of work.input.AlarmNames) {
      const alarm = await findAlarm(work, name);
      // AWS deletes those that are there, and says nothing of the others.
      if (alarm === undefined) continue;
      await work.tx.delete(alarmKind, name);
      await record(work.tx, name, at, configurationLine("Delete", alarm));
    }
    return {};
  }),

  EnableAlarmActions: writing((work) => changeAlarms(work, () => ({ ActionsEnabled: true }))),
  DisableAlarmActions: writing((work) => changeAlarms(work, () => ({ ActionsEnabled: false }))),

  ListTagsForResource: reading(async (work) => {
    const { tags } = await findTagged(work);
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  }),
  TagResource: writing(async (work) => {
    const alarm = await findTagged(work);
    const tags = checkTags(work.input.Tags as readonly TagInput[], alarm.tags);
    await work.tx.put<AlarmDocument>(alarmKind, alarm.name, { ...alarm, tags });
    return {};
  }),
  UntagResource: writing(async (work) => {
    const alarm = await findTagged(work);
    const gone = new Set<string>(work.input.TagKeys);
    const tags = Object.fromEntries(Object.entries(alarm.tags).filter(([key]) => !gone.has(key)));
    await work.tx.put<AlarmDocument>(alarmKind, alarm.name, { ...alarm, tags });
    return {};
  }),
});

/**
 * Returns the next alarms of all that are wanted, in the order of their names. It looks at a bounded number of them: a page may
 * have fewer alarms than it could, or none, and a token for the others.
 */
async function pageOfAll(
  tx: Reader,
  prefix: string,
  isWanted: (alarm: AlarmDocument) => boolean,
  request: PageRequest,
): Promise<Page<AlarmDocument>> {
  const { limit, after } = pageWindow(request, alarmPaging);
  const lookedAtMax = bounds.alarmsLookedAtMax.value;
  const items: AlarmDocument[] = [];
  let last = after;
  for (let left = lookedAtMax; left > 0; ) {
    const atOnce = Math.min(left, limit + 1);
    const listed = await tx.list<AlarmDocument>(alarmKind, {
      prefix,
      limit: atOnce,
      ...(last !== undefined && { after: last }),
    });
    for (const { id, body } of listed) {
      if (isWanted(body)) {
        if (items.length === limit) return { items, next: encodeToken(last!) };
        items.push(body);
      }
      last = id;
    }
    if (listed.length < atOnce) return { items, next: undefined };
    left -= listed.length;
  }
  return { items, next: encodeToken(last!) };
}

async function pageOfNamed(
  tx: Reader,
  names: readonly string[],
  isWanted: (alarm: AlarmDocument) => boolean,
  request: PageRequest,
): Promise<Page<AlarmDocument>> {
  const found: AlarmDocument[] = [];
  for (const name of new Set(names)) {
    const alarm = (await tx.get<AlarmDocument>(alarmKind, name))?.body;
    if (alarm !== undefined && isWanted(alarm)) found.push(alarm);
  }
  found.sort((one, other) => (one.name < other.name ? -1 : 1));
  return page(found, ({ name }) => name, request, alarmPaging);
}

const everyAction = (settings: AlarmSettings): readonly string[] =>
  (["OK", "ALARM", "INSUFFICIENT_DATA"] as const).flatMap((state) => actionsOf(settings, state));

/** Returns whether an alarm is about a metric, as far as the input names it. */
function watches(
  settings: AlarmSettings,
  wanted: {
    readonly MetricName: string;
    readonly Namespace: string;
    readonly Dimensions?:
      | readonly { readonly Name?: string | undefined; readonly Value?: string | undefined }[]
      | undefined;
    readonly Statistic?: string | undefined;
    readonly ExtendedStatistic?: string | undefined;
    readonly Period?: number | undefined;
    readonly Unit?: string | undefined;
  },
): boolean {
  const keyOf = (dimensions: typeof wanted.Dimensions = []): string =>
    dimensions
      .map(({ Name, Value }) => JSON.stringify([Name, Value]))
      .sort()
      .join();
  const same = (member: "Statistic" | "ExtendedStatistic" | "Period" | "Unit"): boolean =>
    wanted[member] === undefined || wanted[member] === settings[member];
  return (
    settings.MetricName === wanted.MetricName &&
    settings.Namespace === wanted.Namespace &&
    keyOf(settings.Dimensions) === keyOf(wanted.Dimensions) &&
    (["Statistic", "ExtendedStatistic", "Period", "Unit"] as const).every(same)
  );
}

/** Returns a page of history. By default the newest come first, as on AWS. */
function pageByTime<Item extends { readonly id: string }>(
  oldestFirst: readonly Item[],
  isAscending: boolean,
  request: { readonly limit: number | undefined; readonly token: string | undefined },
): { readonly items: readonly Item[]; readonly next: string | undefined } {
  if (isAscending) return page(oldestFirst, ({ id }) => id, request, alarmPaging);
  // Pages follow keys that rise: digits of the other end do, when time falls.
  const falling = (id: string): string =>
    id.replaceAll(/[0-9a-f]/g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16));
  return page(oldestFirst.toReversed(), ({ id }) => falling(id), request, alarmPaging);
}

const historyView = ({ alarm, at, type, summary, data }: AlarmHistoryDocument): object => ({
  AlarmName: alarm,
  AlarmType: "MetricAlarm",
  Timestamp: at / 1_000,
  HistoryItemType: type,
  HistorySummary: summary,
  HistoryData: data,
});

function requireJson(text: string | undefined): void {
  if (text === undefined) return;
  try {
    JSON.parse(text);
  } catch {
    throw new ApiError("InvalidFormatFault", "StateReasonData was not syntactically valid JSON");
  }
}

export const makeAlarmOperations = (store: Store, service: AlarmService): Operations =>
  bindOperations(table, store, service);
