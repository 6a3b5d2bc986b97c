import { UserError } from "../base/user-error.ts";
import { untilSignal } from "../server/until-signal.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint } from "./endpoint.ts";
import type { Output } from "./output.ts";
import { connect, type PorticoCalls } from "./portico-calls.ts";
import { type LogEvent, LogFollower, logPages, logPollMs, type ReadGroup, readAll } from "./read-logs.ts";
import { getStatus, type StageStatus } from "./server-status.ts";

/** The beginning of the names of the groups of REST APIs' execution logs. */
const executionLogs = "API-Gateway-Execution-Logs_";

/** `portico logs [API|FUNCTION|GROUP]`: prints lines of log groups, or lists the groups. */
export async function runLogs({ args, options, output }: Invocation): Promise<number> {
  const from = Date.now() - parseSince(options["since"]);
  const endpoint = await findEndpoint(options);
  const stages = await getStatus(endpoint);
  const scopes = scopesOf(stages, options).map(([account, region]) => connect(endpoint, account, region));
  if (args[0] === undefined) return listGroups(scopes, output, options["json"] === true);
  const groups = await findGroups(args[0], scopes, stages);
  const filterPattern = typeof options["filter"] === "string" ? options["filter"] : undefined;
  const print = makePrinter(output, groups, options["json"] === true);
  if (!options["follow"]) {
    let count = 0;
    for await (const [group, event] of readAll(groups, filterPattern, from)) {
      print(group, event);
      count++;
    }
    if (count === 0) output.note(await nothingFound(groups, filterPattern, from));
    return 0;
  }
  await follow(groups, filterPattern, from, print);
  return 0;
}

/** Says that there is nothing, or that the filter leaves nothing. */
async function nothingFound(
  groups: readonly ReadGroup[],
  filterPattern: string | undefined,
  from: number,
): Promise<string> {
  const where = `since ${new Date(from).toISOString()} in ${names(groups)}`;
  if (filterPattern === undefined) return `Nothing ${where}.${hintFor(groups)}`;
  for await (const _ of readAll(groups, undefined, from))
    return `No event matches ${filterPattern.slice(0, 200)} ${where}; without --filter there are some.`;
  return `No event matches ${filterPattern.slice(0, 200)} ${where}; there is none without --filter either.${hintFor(groups)}`;
}

const names = (groups: readonly ReadGroup[]): string => groups.map(({ name }) => name).join(", ");

/** Returns a hint, since an API writes no logs by itself. */
const hintFor = (groups: readonly ReadGroup[]): string =>
  groups.some(({ name }) => name.startsWith(executionLogs))
    ? " An API's stage logs what its accessLogSettings and the loggingLevel of its method settings ask for."
    : "";

/** Parses `30s`, `10m`, `2h`, `7d`, `1w` or a time to milliseconds before now. */
function parseSince(given: unknown): number {
  const text = typeof given === "string" ? given : "10m";
  const [, count, unit = ""] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * (unitMs[unit] ?? 0);
  const ms = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return Date.now() - ms;
  throw new UserError({
    what: `--since: "${text.slice(0, 100)}" is not accepted.`,
    why: "",
    next: "It takes a number with s, m, h, d or w (10m), or a time (2026-11-20T09:30:00Z).",
    isUsage: true,
  });
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Returns the accounts and regions to search: the given ones, else those with deployed APIs, and the default. */
function scopesOf(
  stages: readonly StageStatus[],
  { account, region }: Readonly<Record<string, unknown>>,
): readonly (readonly [string, string])[] {
  if (typeof account === "string" || typeof region === "string") {
    return [
      [typeof account === "string" ? account : "000000000000", typeof region === "string" ? region : "us-east-1"],
    ];
  }
  const scopes = new Map<string, readonly [string, string]>([
    ["000000000000/us-east-1", ["000000000000", "us-east-1"]],
  ]);
  for (const stage of stages) scopes.set(`${stage.account}/${stage.region}`, [stage.account, stage.region]);
  return [...scopes.values()];
}

// ---- Which groups ----

interface DescribedGroup {
  readonly logGroupName: string;
  readonly storedBytes: number;
  readonly retentionInDays?: number;
}

async function listGroups(scopes: readonly PorticoCalls[], output: Output, isJson: boolean): Promise<number> {
  const rows: { readonly group: DescribedGroup; readonly calls: PorticoCalls; readonly last: number | undefined }[] =
    [];
  for (const calls of scopes) {
    for await (const page of logPages(calls, "DescribeLogGroups", {})) {
      for (const group of (page["logGroups"] ?? []) as readonly DescribedGroup[]) {
        rows.push({ group, calls, last: await lastEventOf(calls, group.logGroupName) });
      }
    }
  }
  if (isJson) {
    output.json(
      rows.map(({ group, calls, last }) => ({
        logGroupName: group.logGroupName,
        account: calls.account,
        region: calls.region,
        storedBytes: group.storedBytes,
        ...(group.retentionInDays !== undefined && { retentionInDays: group.retentionInDays }),
        ...(last !== undefined && { lastEvent: new Date(last).toISOString() }),
      })),
    );
  } else if (rows.length === 0) {
    output.line("There are no logs. Functions, access logs and execution logs make groups when they are written.");
  } else {
    const isOfMany = scopes.length > 1;
    output.table(
      ["GROUP", ...(isOfMany ? ["ACCOUNT", "REGION"] : []), "LAST EVENT", "BYTES", "KEPT"],
      rows.map(({ group, calls, last }) => [
        group.logGroupName,
        ...(isOfMany ? [calls.account, calls.region] : []),
        last === undefined ? "-" : new Date(last).toISOString(),
        String(group.storedBytes),
        group.retentionInDays === undefined ? "while there is room" : `${group.retentionInDays} days`,
      ]),
    );
  }
  return 0;
}

async function lastEventOf(calls: PorticoCalls, logGroupName: string): Promise<number | undefined> {
  const input = { logGroupName, orderBy: "LastEventTime", descending: true, limit: 1 };
  const found = await calls.find("logs", "DescribeLogStreams", input);
  const [stream] = (found?.["logStreams"] ?? []) as readonly { readonly lastEventTimestamp?: number }[];
  return stream?.lastEventTimestamp;
}

/** Finds a group of that name, a function's group, or the groups of an API's execution and access logs. */
async function findGroups(
  wanted: string,
  scopes: readonly PorticoCalls[],
  stages: readonly StageStatus[],
): Promise<readonly ReadGroup[]> {
  const found: ReadGroup[] = [];
  const isName = /^[.\-_/#A-Za-z0-9]{1,512}$/.test(wanted);
  for (const calls of scopes) {
    if (isName && (await hasGroup(calls, wanted))) found.push({ name: wanted, calls });
    const group = /^[A-Za-z0-9-_]{1,64}$/.test(wanted) ? await groupOfFunction(calls, wanted) : undefined;
    if (group !== undefined) found.push({ name: group, calls });
  }
  if (found.length > 0) return found;
  const own = stages.filter(({ apiId, apiName }) => apiId === wanted || apiName === wanted);
  for (const stage of own) {
    const calls = scopes.find(({ account, region }) => account === stage.account && region === stage.region);
    if (calls) for (const name of await groupsOfStage(calls, stage)) found.push({ name, calls });
  }
  if (found.length > 0) return found;
  if (own.length > 0) {
    throw new UserError({
      what: `The API ${wanted.slice(0, 200)} writes no logs.`,
      why: "HTTP APIs have access logs only, and none of its stages has AccessLogSettings.",
      next: "`aws apigatewayv2 update-stage --access-log-settings DestinationArn=…,Format=…` makes a stage write them.",
    });
  }
  throw new UserError({
    what: `There is no log group, function or deployed API ${wanted.slice(0, 200)}.`,
    why: "",
    next: "`portico logs` lists the groups.",
  });
}

async function hasGroup(calls: PorticoCalls, name: string): Promise<boolean> {
  const { logGroups } = await calls.call("logs", "DescribeLogGroups", { logGroupNamePrefix: name, limit: 1 });
  return ((logGroups ?? []) as readonly DescribedGroup[])[0]?.logGroupName === name;
}

async function groupOfFunction(calls: PorticoCalls, FunctionName: string): Promise<string | undefined> {
  const found = await calls.find("lambda", "GetFunctionConfiguration", { FunctionName });
  return (found?.["LoggingConfig"] as { readonly LogGroup?: string } | undefined)?.LogGroup;
}

/**
 * AWS: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway", "Configure logging for HTTP
 * APIs in API Gateway": these have no execution logs.
 */
async function groupsOfStage(
  calls: PorticoCalls,
  { protocol, apiId, stageName }: StageStatus,
): Promise<readonly string[]> {
  if (protocol === "HTTP" || protocol === "WEBSOCKET") {
    const stage = await calls.find("apigatewayv2", "GetStage", { ApiId: apiId, StageName: stageName });
    const settings = stage?.["AccessLogSettings"] as { readonly DestinationArn?: string } | undefined;
    // The group of a WebSocket API's execution logs has a name of its own, as users see it.
    const executionLog = protocol === "WEBSOCKET" ? [`/aws/apigateway/${apiId}/${stageName}`] : [];
    return [...executionLog, ...groupOfArn(settings?.DestinationArn)];
  }
  const stage = await calls.find("apigateway", "GetStage", { restApiId: apiId, stageName });
  const settings = stage?.["accessLogSettings"] as { readonly destinationArn?: string } | undefined;
  return [`${executionLogs}${apiId}/${stageName}`, ...groupOfArn(settings?.destinationArn)];
}

const groupOfArn = (arn = ""): readonly string[] => {
  const group = /:log-group:([^:]+)/.exec(arn)?.[1];
  return group === undefined ? [] : [group];
};

/** Prints new events until it is told to stop. */
async function follow(
  groups: readonly ReadGroup[],
  filterPattern: string | undefined,
  from: number,
  print: Print,
): Promise<void> {
  let isStopping = false;
  const stop = untilSignal().then(() => {
    isStopping = true;
  });
  const follower = new LogFollower(from);
  while (!isStopping) {
    for await (const [group, event] of follower.next(groups, filterPattern)) {
      if (isStopping) return;
      print(group, event);
    }
    await Promise.race([stop, new Promise((resolve) => setTimeout(resolve, logPollMs))]);
  }
}

type Print = (group: ReadGroup, event: LogEvent) => void;

/** Makes the printer of events: at a terminal with the time of day and colours, in a pipe with the whole time. */
function makePrinter(output: Output, groups: readonly ReadGroup[], isJson: boolean): Print {
  if (isJson) {
    return ({ name: group }, { timestamp, logStreamName: stream, message }) =>
      output.raw(`${JSON.stringify({ timestamp: new Date(timestamp).toISOString(), group, stream, message })}\n`);
  }
  const isOfMany = new Set(groups.map(({ name }) => name)).size > 1;
  return ({ name }, { timestamp, message }) => {
    const time = new Date(timestamp).toISOString();
    const shownTime = output.paint("dim", output.isTerminal ? time.slice(11, 23) : time);
    const shownGroup = isOfMany ? `${output.paint("cyan", name)} ` : "";
    output.line(`${shownTime} ${shownGroup}${paintMessage(output, message.replace(/\n$/, ""))}`);
  };
}

function paintMessage(output: Output, message: string): string {
  if (/\bERROR\b|Task timed out|Execution failed|Runtime\.ExitError/.test(message)) return output.paint("red", message);
  return /^(?:START|END|REPORT) RequestId: /.test(message) ? output.paint("dim", message) : message;
}
