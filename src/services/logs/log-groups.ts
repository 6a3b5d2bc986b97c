import { bounds } from "../../base/bounds.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import { type Page, type Paging, page, pageWindow } from "../../protocol/paging.ts";
import type { LogGroup, LogStore } from "./log-store.ts";

/** The facts of a call that an operation gets besides its input. */
export interface LogsCall {
  readonly account: string;
  readonly region: string;
  readonly nowMs: number;
}

export interface GroupReference {
  readonly logGroupName?: string;
  readonly logGroupIdentifier?: string;
}

const dayMs = 86_400_000;

/** The time from which a group keeps lines, in milliseconds since 1970. */
export const keptFromMs = ({ retentionDays }: Pick<LogGroup, "retentionDays">, nowMs: number): number =>
  retentionDays === null ? 0 : nowMs - retentionDays * dayMs;

export const invalid = (message: string): ApiError => new ApiError("InvalidParameterException", message);
const groupMissing = (): ApiError =>
  new ApiError("ResourceNotFoundException", "The specified log group does not exist.");

/** AWS: CloudWatch Logs API reference, "DescribeLogGroups" and "DescribeLogStreams": 50 a page. */
export const paging: Paging = {
  limitDefault: 50,
  limitMax: bounds.logPageItemsMax.value,
  code: "InvalidParameterException",
  invalidToken: "The specified nextToken is invalid.",
  invalidLimit: "Invalid limit",
};

/** An operation over the store. It runs synchronously in the logs' thread. */
// biome-ignore lint/suspicious/noExplicitAny: a table of operations with different inputs; each is typed where it is made.
export type LogsOperation = (store: LogStore, input: any, call: LogsCall) => object;

interface CreateLogGroupInput {
  readonly logGroupName: string;
  readonly kmsKeyId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly logGroupClass?: string;
  readonly deletionProtectionEnabled?: boolean;
}

function createLogGroup(store: LogStore, input: CreateLogGroupInput, call: LogsCall): object {
  const { logGroupName: name } = input;
  // What a key guards must not lie open: see docs/compatibility.md, "logs, words".
  if (input.kmsKeyId !== undefined) {
    throw notImplemented("Portico does not encrypt log groups: leave out kmsKeyId.");
  }
  // AWS: CreateLogGroup: "Log group names can't start with the string aws/".
  if (name.startsWith("aws/")) throw invalid("Log groups starting with AWS/ are reserved for AWS.");
  requireRoom(store);
  return store.transact(() => {
    if (store.group(call.account, call.region, name)) {
      throw new ApiError("ResourceAlreadyExistsException", "The specified log group already exists");
    }
    store.createGroup({
      account: call.account,
      region: call.region,
      name,
      createdMs: call.nowMs,
      retentionDays: null,
      logClass: input.logGroupClass ?? "STANDARD",
      isProtected: input.deletionProtectionEnabled ?? false,
      tags: checkTags(input.tags ?? {}),
    });
    return {};
  });
}

/**
 * Throws if the store is full. Lines make room for new ones, but groups and streams, which their owners made, don't.
 */
export function requireRoom(store: LogStore): void {
  if (!store.isFull) return;
  throw new ApiError("ServiceUnavailableException", "The service cannot complete the request.", {
    status: 503,
    hint: "The logs take all of --logs-max without a line in them: delete groups, or give them more.",
  });
}

function deleteLogGroup(store: LogStore, input: GroupReference, call: LogsCall): object {
  return store.transact(() => {
    const group = requireGroup(store, input, call);
    if (group.isProtected) {
      // Unconfirmed: how AWS words it; see docs/compatibility.md, "logs, words".
      throw new ApiError("ValidationException", "The specified log group has deletion protection enabled.");
    }
    store.deleteGroup(group.id);
    return {};
  });
}

interface DescribeLogGroupsInput {
  readonly logGroupNamePrefix?: string;
  readonly logGroupNamePattern?: string;
  readonly logGroupClass?: string;
  readonly logGroupIdentifiers?: readonly string[];
  readonly nextToken?: string;
  readonly limit?: number;
}

function describeLogGroups(store: LogStore, input: DescribeLogGroupsInput, call: LogsCall): object {
  const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern, logGroupIdentifiers: identifiers } = input;
  if (prefix !== undefined && pattern !== undefined) {
    throw invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  if (identifiers !== undefined) {
    const found = identifiers.map((logGroupIdentifier) => findGroup(store, { logGroupIdentifier }, call));
    return { logGroups: found.filter((group) => group !== undefined).map(describeGroup) };
  }
  const { limit, after = "" } = pageWindow({ limit: input.limit, token: input.nextToken }, paging);
  const wanted = pattern?.toLowerCase() ?? "";
  const found: LogGroup[] = [];
  // It reads in steps, so that a narrow search over many groups holds only what it finds.
  for (let last = after; found.length <= limit; ) {
    const some = store.groups(call.account, call.region, { prefix: prefix ?? "", after: last, limit: 500 });
    for (const group of some) {
      const isOfClass = input.logGroupClass === undefined || group.logClass === input.logGroupClass;
      if (isOfClass && group.name.toLowerCase().includes(wanted)) found.push(group);
    }
    if (some.length < 500) break;
    last = some.at(-1)?.name ?? last;
  }
  const { items, next } = page(found, ({ name }) => name, { limit }, paging);
  return { logGroups: items.map(describeGroup), ...nextToken(next) };
}

export const nextToken = (next: Page<unknown>["next"]): object => (next === undefined ? {} : { nextToken: next });

const describeGroup = (group: LogGroup): object => ({
  logGroupName: group.name,
  creationTime: group.createdMs,
  retentionInDays: group.retentionDays ?? undefined,
  metricFilterCount: 0,
  arn: `${groupArn(group)}:*`,
  logGroupArn: groupArn(group),
  storedBytes: group.bytes,
  logGroupClass: group.logClass,
  deletionProtectionEnabled: group.isProtected,
});

export const groupArn = ({ region, account, name }: Pick<LogGroup, "region" | "account" | "name">): string =>
  `arn:aws:logs:${region}:${account}:log-group:${name}`;

/** Finds a group by its name, or by its ARN with or without `:*` at the end. */
function findGroup(store: LogStore, reference: GroupReference, call: LogsCall): LogGroup | undefined {
  const given = reference.logGroupName ?? reference.logGroupIdentifier;
  // AWS: GetLogEvents: "You must include either logGroupIdentifier or logGroupName, but not both."
  if (given === undefined || (reference.logGroupName !== undefined && reference.logGroupIdentifier !== undefined)) {
    throw invalid("Exactly one of logGroupName and logGroupIdentifier must be specified.");
  }
  if (!given.startsWith("arn:")) return store.group(call.account, call.region, given);
  const [, region, account, name] = /^arn:aws[a-z-]*:logs:([^:]*):([^:]*):log-group:([^:]+)(?::\*)?$/.exec(given) ?? [];
  if (region !== call.region || account !== call.account || name === undefined) return undefined;
  return store.group(account, region, name);
}

export function requireGroup(store: LogStore, reference: GroupReference, call: LogsCall): LogGroup {
  const group = findGroup(store, reference, call);
  if (!group) throw groupMissing();
  return group;
}

function changeGroup(
  store: LogStore,
  reference: GroupReference,
  call: LogsCall,
  change: (group: LogGroup) => Partial<LogGroup>,
): object {
  return store.transact(() => {
    const group = requireGroup(store, reference, call);
    store.updateGroup({ ...group, ...change(group) });
    return {};
  });
}

/** AWS: CloudWatch Logs API reference, "PutRetentionPolicy". */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

function putRetentionPolicy(
  store: LogStore,
  input: GroupReference & { readonly retentionInDays: number },
  call: LogsCall,
): object {
  if (!retentionDays.includes(input.retentionInDays)) {
    throw invalid(
      `1 validation error detected: Value '${input.retentionInDays}' at 'retentionInDays' failed to satisfy constraint: ` +
        `Member must satisfy enum value set: [${retentionDays.join(", ")}]`,
    );
  }
  return changeGroup(store, input, call, () => ({ retentionDays: input.retentionInDays }));
}

function checkTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (Object.keys(tags).length > bounds.logGroupTagsMax.value) {
    throw new ApiError("TooManyTagsException", "The resource can not have more than 50 user tags.");
  }
  if (Object.keys(tags).some((key) => key.toLowerCase().startsWith("aws:"))) {
    throw invalid("aws: prefixed tag key names are not allowed for external use.");
  }
  return tags;
}

const addTags = (
  store: LogStore,
  reference: GroupReference,
  call: LogsCall,
  tags: Readonly<Record<string, string>>,
): object => changeGroup(store, reference, call, (group) => ({ tags: checkTags({ ...group.tags, ...tags }) }));

const removeTags = (store: LogStore, reference: GroupReference, call: LogsCall, keys: readonly string[]): object =>
  changeGroup(store, reference, call, (group) => ({
    tags: Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.includes(key))),
  }));

interface ResourceReference {
  readonly resourceArn: string;
}

/** Returns the log group in a resource's ARN. Other resources of the service, such as destinations, are not there. */
const tagged = ({ resourceArn }: ResourceReference): GroupReference => {
  if (!resourceArn.startsWith("arn:")) throw invalid("The specified resource ARN is invalid.");
  return { logGroupIdentifier: resourceArn };
};

export const logGroupOperations = {
  CreateLogGroup: createLogGroup,
  DeleteLogGroup: deleteLogGroup,
  DescribeLogGroups: describeLogGroups,
  PutRetentionPolicy: putRetentionPolicy,
  DeleteRetentionPolicy: (store, input: GroupReference, call) =>
    changeGroup(store, input, call, () => ({ retentionDays: null })),
  PutLogGroupDeletionProtection: (
    store,
    input: GroupReference & { readonly deletionProtectionEnabled: boolean },
    call,
  ) => changeGroup(store, input, call, () => ({ isProtected: input.deletionProtectionEnabled })),
  TagResource: (store, input: ResourceReference & { readonly tags: Record<string, string> }, call) =>
    addTags(store, tagged(input), call, input.tags),
  UntagResource: (store, input: ResourceReference & { readonly tagKeys: readonly string[] }, call) =>
    removeTags(store, tagged(input), call, input.tagKeys),
  ListTagsForResource: (store, input: ResourceReference, call) => ({
    tags: requireGroup(store, tagged(input), call).tags,
  }),
  TagLogGroup: (store, input: GroupReference & { readonly tags: Record<string, string> }, call) =>
    addTags(store, input, call, input.tags),
  UntagLogGroup: (store, input: GroupReference & { readonly tags: readonly string[] }, call) =>
    removeTags(store, input, call, input.tags),
  ListTagsLogGroup: (store, input: GroupReference, call) => ({ tags: requireGroup(store, input, call).tags }),
} satisfies Record<string, LogsOperation>;
