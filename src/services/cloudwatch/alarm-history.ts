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
export const configurationLine = (
  type: "Create" | "Update" | "Delete",
  alarm: AlarmDocument,
  before?: AlarmDocument,
): Line => ({
  type: "ConfigurationUpdate",
  summary: `Alarm "${alarm.name}" ${{ Create: "created", Update: "updated", Delete: "deleted" }[type]}`,
  data: JSON.stringify({
    version: "1.0",
    type,
    [{ Create: "createdAlarm", Update: "updatedAlarm", Delete: "deletedAlarm" }[type]]: settingsOf(alarm),
    ...(before === undefined ? {} : { previousAlarm: settingsOf(before) }),
  }),
});

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
  data: JSON.stringify({ version: "1.0", oldState: stateOf(before), newState: stateOf(after) }),
});

const stateOf = ({ value, reason, reasonData }: AlarmStateRecord): object => ({
  stateValue: value,
  stateReason: reason,
  ...(reasonData === undefined ? {} : { stateReasonData: JSON.parse(reasonData) as unknown }),
});

/** `problem` is undefined for an action that was done. */
export const actionLine = (action: string, message: string, stateAt: number, problem: string | undefined): Line => ({
  type: "Action",
  summary:
    problem === undefined
      ? `Successfully executed action ${action}`
      : `Failed to execute action ${action}. Received error: "${problem}"`,
  data: JSON.stringify({
    actionState: problem === undefined ? "Succeeded" : "Failed",
    stateUpdateTimestamp: stateAt,
    notificationResource: action,
    publishedMessage: message,
    ...(problem === undefined ? {} : { error: problem }),
  }),
});
