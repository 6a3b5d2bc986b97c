import { randomUUID } from "node:crypto";
import { bounds } from "../../base/bounds.ts";
import type { Transaction } from "../../store/store.ts";
import {
  type AlarmDocument,
  type AlarmHistoryDocument,
  type AlarmStateRecord,
  addHistory,
  alarmHistoryKind,
} from "./alarm-document.ts";

type Line = Omit<AlarmHistoryDocument, "alarm" | "at">;

/** Writes a line of an alarm's history, and drops the oldest ones of its region beyond what is kept. */
export async function record(tx: Transaction, alarm: string, at: number, line: Line): Promise<void> {
  await addHistory(tx, randomUUID().slice(0, 8), { alarm, at, ...line });
  const surplus = (await tx.count(alarmHistoryKind)) - bounds.alarmHistoryItemsMax.value;
  const oldest = await tx.list<AlarmHistoryDocument>(alarmHistoryKind, { limit: Math.max(1, surplus) + 1 });
  const firstKept = at - bounds.alarmHistoryDays.value * 86_400_000;
  for (const [index, { id, body }] of oldest.entries()) {
    if (index < surplus || body.at < firstKept) await tx.delete(alarmHistoryKind, id);
  }
}

/** AWS: CloudWatch API reference, "AlarmHistoryItem". */
export function configurationLine(
  type: "Create" | "Update" | "Delete",
  alarm: AlarmDocument,
  before?: AlarmDocument,
): Line {
  const verb = { Create: "created", Update: "updated", Delete: "deleted" }[type];
  const said = { version: "1.0", type };
  const now = { [`${verb}Alarm`]: settingsOf(alarm) };
  const then = before === undefined ? {} : { previousAlarm: settingsOf(before) };
  const { name: alarmName, arn: alarmArn } = alarm;
  return {
    type: "ConfigurationUpdate",
    summary: `Alarm "${alarm.name}" ${verb}`,
    data: firstThatFits(
      { ...said, ...now, ...then },
      { ...said, ...now },
      { ...said, [`${verb}Alarm`]: { alarmName, alarmArn } },
    ),
  };
}

/**
 * Returns the first of these as JSON that is not too long for a line. The last is short enough. Unconfirmed: AWS states the
 * longest, and not what becomes of longer ones; see docs/compatibility.md, "alarms, history".
 */
function firstThatFits(...candidates: readonly object[]): string {
  let text = "";
  for (const candidate of candidates) {
    text = JSON.stringify(candidate);
    if (text.length <= bounds.alarmHistoryDataCharsMax.value) break;
  }
  return text;
}

const settingsOf = ({ name, arn, settings }: AlarmDocument): object => ({
  alarmName: name,
  alarmArn: arn,
  ...(lowerMembers(settings) as object),
});

/** Writes members as AWS's history does: `alarmName`, `metricStat`, and `okactions`. */
function lowerMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerMembers);
  if (typeof value !== "object" || value === null) return value;
  const lower = (member: string): string => member.replace(/^(?:OKA|[A-Z])/, (start) => start.toLowerCase());
  return Object.fromEntries(Object.entries(value).map(([member, inner]) => [lower(member), lowerMembers(inner)]));
}

export const stateLine = (before: AlarmStateRecord, after: AlarmStateRecord): Line => ({
  type: "StateUpdate",
  summary: `Alarm updated from ${before.value} to ${after.value}`,
  data: firstThatFits(
    { version: "1.0", oldState: stateOf(before), newState: stateOf(after) },
    { version: "1.0", oldState: withoutData(before), newState: stateOf(after) },
    { version: "1.0", oldState: withoutData(before), newState: withoutData(after) },
  ),
});

const stateOf = (state: AlarmStateRecord): object => ({
  ...withoutData(state),
  ...(state.reasonData === undefined ? {} : { stateReasonData: JSON.parse(state.reasonData) as unknown }),
});

const withoutData = ({ value, reason }: AlarmStateRecord): object => ({ stateValue: value, stateReason: reason });

/** `problem` is undefined for an action that was done. */
export function actionLine(action: string, message: string, stateAt: number, problem: string | undefined): Line {
  const said = {
    actionState: problem === undefined ? "Succeeded" : "Failed",
    stateUpdateTimestamp: stateAt,
    notificationResource: action,
  };
  const failure = problem === undefined ? {} : { error: problem.slice(0, bounds.alarmReasonCharsMax.value) };
  const summary =
    problem === undefined
      ? `Successfully executed action ${action}`
      : `Failed to execute action ${action}. Received error: "${problem}"`;
  return {
    type: "Action",
    summary: summary.slice(0, bounds.alarmHistorySummaryCharsMax.value),
    data: firstThatFits({ ...said, publishedMessage: message, ...failure }, { ...said, ...failure }),
  };
}
