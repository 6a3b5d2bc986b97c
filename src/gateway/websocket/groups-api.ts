import { isUtf8 } from "node:buffer";
import { bounds } from "../../base/bounds.ts";
import type { InboundExchange } from "../../http/inbound.ts";
import { stageKey } from "../../plan/plan.ts";
import type { BelowStage } from "../program.ts";
import { makeExtendedRequestId } from "../request-ids.ts";
import { type Callback, type CallbackGate, type CalledStage, refuse } from "./callback-gate.ts";
import { problemOfWill } from "./connect-answer.ts";
import type { ConnectionCall, ConnectionDirectory } from "./connection-call.ts";
import { threadOf } from "./connection-id.ts";
import {
  answerConnection,
  decodePath,
  describeConnection,
  refuseBytes,
  refuseLate,
  refuseLoad,
  tooManyCalls,
} from "./connections-api.ts";
import { problemOfGroup } from "./group-members.ts";
import type { LastWill } from "./last-wills.ts";
import {
  type ConnectionFilter,
  joinConnections,
  joinGroups,
  type Page,
  type StageCall,
  type StageDirectory,
  type StageOutcome,
  sumOf,
} from "./stage-call.ts";

/** The settings that would turn features on, by feature; undefined for those that are on. */
export interface MissingSettings {
  readonly groups: string | undefined;
  readonly wills: string | undefined;
}

export interface GroupsApiOptions {
  readonly directory: ConnectionDirectory & StageDirectory;
  readonly gate: CallbackGate;
  readonly missing: MissingSettings;
}

/** A call whose path and query were read. */
interface GroupsCallback extends Callback {
  readonly key: string;
  /** Empty where the path names none. */
  readonly group: string;
  readonly connectionId: string;
  readonly query: URLSearchParams;
}

/** What can be called. */
interface Operation {
  readonly parameters: readonly string[];
  run(call: GroupsCallback, body: Buffer): void;
}

const pathPattern =
  /^\/(?:@|%40)(?:(connections)|(groups)(?:\/([^/]+)(?:\/([^/]+))?)?|(broadcast)|(wills)\/([^/]+))\/?$/i;
const pageMax = bounds.connectionPageMax.value;
const exceptionsMax = bounds.connectionExceptionsMax.value;
const paging = ["limit", "nextToken"];
const filters = ["principal", "sourceIp", "connectedAfter", "connectedBefore"];

/**
 * Lists a stage's connections, puts them into groups, sends one message to many, and keeps last wills: beyond AWS, beside AWS's calls of
 * `@connections`, and with the same callers.
 */
export class GroupsApi {
  readonly #options: GroupsApiOptions;
  /** By what the path names, and the verb. */
  readonly #operations: Readonly<Record<string, Operation>> = {
    "GET @connections": { parameters: ["group", ...filters, ...paging], run: (call) => this.#list(call) },
    "GET @groups": { parameters: paging, run: (call) => this.#listGroups(call) },
    "GET @groups/{group}": { parameters: [...filters, ...paging], run: (call) => this.#list(call) },
    "POST @groups/{group}": { parameters: ["except"], run: (call, body) => this.#send(call, body) },
    "POST @broadcast": { parameters: ["except"], run: (call, body) => this.#send(call, body) },
    "PUT @groups/{group}/{connectionId}": { parameters: [], run: (call) => this.#setMembership(call, true) },
    "DELETE @groups/{group}/{connectionId}": { parameters: [], run: (call) => this.#setMembership(call, false) },
    "PUT @wills/{connectionId}": { parameters: ["group"], run: (call, body) => this.#keepWill(call, body) },
    "DELETE @wills/{connectionId}": { parameters: [], run: (call) => this.#setWill(call, undefined) },
  };

  constructor(options: GroupsApiOptions) {
    this.#options = options;
  }

  /** Says what would list connections, if it is off. */
  get hintWithoutId(): string | undefined {
    const { groups } = this.#options.missing;
    return groups && `AWS lists no connections; ${groups} does`;
  }

  /** Answers a request below a stage, if it is one for groups. Returns false for any other. */
  answer(request: InboundExchange, stage: CalledStage, { path, query, customDomain }: BelowStage): boolean {
    const found = pathPattern.exec(path);
    if (found === null) return false;
    const [, connections, groups, rawGroup, member, , wills, owner] = found;
    const rawId = member ?? owner;
    const { gate } = this.#options;
    const missing = this.#options.missing[wills === undefined ? "groups" : "wills"];
    // As on AWS: a path and verbs that have no meaning there.
    const isAws = connections !== undefined;
    if (isAws && (missing !== undefined || request.method !== "GET")) return false;
    const requestId = makeExtendedRequestId();
    const basics = { request, requestId };
    if (!gate.lets(basics, { isByCustomDomain: customDomain !== undefined })) return true;
    if (missing !== undefined) {
      const message = `This server does no such thing with connections, as AWS doesn't. ${missing} turns it on.`;
      refuse(basics, 501, "NotImplementedException", message, undefined);
      return true;
    }
    const group = rawGroup === undefined ? undefined : decodePath(rawGroup);
    const connectionId = rawId === undefined ? undefined : decodePath(rawId);
    const form = formOf({ isList: isAws, isGroups: groups !== undefined, group, connectionId });
    const name = `${request.method} ${form}`;
    const operation = Object.hasOwn(this.#operations, name) ? this.#operations[name] : undefined;
    if (operation === undefined) {
      refuse(basics, 403, "MissingAuthenticationTokenException", "Missing Authentication Token", `there is no ${name}`);
      return true;
    }
    const call: GroupsCallback = {
      ...basics,
      stage,
      path,
      resource: form
        .replace("{group}", () => encodeURIComponent(group ?? ""))
        .replace("{connectionId}", () => connectionId ?? ""),
      alsoDenied: [],
      errorMembers: { requestId },
      key: stageKey(stage.apiId, stage.stageName),
      group: group ?? "",
      connectionId: connectionId ?? "",
      query: new URLSearchParams(query),
    };
    gate.admit(call, (body) => {
      const problem = problemOfCall(call, operation, group);
      if (problem === undefined) operation.run(call, body);
      else refuseInput(call, problem);
    });
    return true;
  }

  #setMembership(call: GroupsCallback, isMember: boolean): void {
    this.#callConnection(call, { kind: "membership", group: call.group, isMember });
  }

  #keepWill(call: GroupsCallback, data: Buffer): void {
    const will = problemOfWill({ group: call.query.get("group") ?? undefined, data });
    if (!isUtf8(data)) refuseBytes(call);
    else if (typeof will === "string") refuseInput(call, will);
    else this.#setWill(call, will);
  }

  #setWill(call: GroupsCallback, will: LastWill | undefined): void {
    // Of a piece of a larger buffer, all of it would be kept.
    const kept = will && { ...will, data: new Uint8Array(will.data) };
    this.#callConnection(call, { kind: "will", will: kept });
  }

  #callConnection(call: GroupsCallback, asked: ConnectionCall): void {
    const { connectionId, key } = call;
    if (threadOf(connectionId) === undefined) {
      refuseInput(call, `Invalid connectionId: ${connectionId.slice(0, 100)}`);
      return;
    }
    this.#options.directory.call({ connectionId, stageKey: key }, asked, (outcome) =>
      answerConnection(call, 204, outcome),
    );
  }

  #send(call: GroupsCallback, data: Buffer): void {
    const except = call.query.getAll("except").flatMap((ids) => ids.split(","));
    if (except.length > exceptionsMax) refuseInput(call, `except names ${exceptionsMax} connections at most`);
    else if (!isUtf8(data)) refuseBytes(call);
    else {
      const group = call.group === "" ? undefined : call.group;
      this.#ask(call, { kind: "send", group, except, data }, sumOf);
    }
  }

  #list(call: GroupsCallback): void {
    const page = pageAsked(call.query);
    const filter = filterAsked(call);
    if (typeof page === "string") refuseInput(call, page);
    else if (typeof filter === "string") refuseInput(call, filter);
    else {
      this.#ask(call, { kind: "list", filter, page }, (outcomes) => {
        const connections = joinConnections(outcomes, page.limit);
        return {
          connections: connections.map((connection) => ({
            connectionId: connection.connectionId,
            ...describeConnection(connection),
            principal: connection.principal,
            groups: connection.groups,
          })),
          nextToken: tokenBehind(connections, page, ({ connectionId }) => connectionId),
        };
      });
    }
  }

  #listGroups(call: GroupsCallback): void {
    const page = pageAsked(call.query);
    if (typeof page === "string") refuseInput(call, page);
    else {
      this.#ask(call, { kind: "groups", page }, (outcomes) => {
        const groups = joinGroups(outcomes, page.limit);
        return { groups, nextToken: tokenBehind(groups, page, ({ group }) => group) };
      });
    }
  }

  /** Makes a call in all threads. What not all of them answered is no success, and says what is known of it. */
  #ask(call: GroupsCallback, asked: StageCall, answerOf: (outcomes: readonly StageOutcome[]) => object): void {
    const { request, requestId } = call;
    this.#options.directory.callAll(call.key, asked, (outcomes) => {
      const isBusy = outcomes.some(({ kind }) => kind === "busy");
      const isPartial = isBusy && outcomes.some(({ kind }) => kind === "sent");
      if (isPartial || outcomes.some(({ kind }) => kind === "late")) {
        refuseLate(call, asked.kind === "send" ? sumOf(outcomes) : {});
      } else if (isBusy) refuseLoad(call, tooManyCalls);
      else {
        const headers = ["Content-Type", "application/json", "x-amzn-RequestId", requestId];
        request.respond(200, headers, JSON.stringify(answerOf(outcomes)));
      }
    });
  }
}

/** Returns what a path names, with the names of its parts. */
function formOf(path: {
  readonly isList: boolean;
  readonly isGroups: boolean;
  readonly group: string | undefined;
  readonly connectionId: string | undefined;
}): string {
  if (path.isList) return "@connections";
  if (!path.isGroups) return path.connectionId === undefined ? "@broadcast" : "@wills/{connectionId}";
  if (path.group === undefined) return "@groups";
  return path.connectionId === undefined ? "@groups/{group}" : "@groups/{group}/{connectionId}";
}

function problemOfCall(
  { query }: GroupsCallback,
  { parameters }: Operation,
  group: string | undefined,
): string | undefined {
  if (group !== undefined) {
    const problem = problemOfGroup(group);
    if (problem !== undefined) return problem;
  }
  for (const name of query.keys()) {
    if (!parameters.includes(name)) {
      const known = parameters.length === 0 ? "there is none here" : `there are ${parameters.join(", ")}`;
      return `Unknown parameter ${name.slice(0, 100)}: ${known}`;
    }
    if (name !== "except" && query.getAll(name).length > 1) return `${name} is there more than once`;
  }
  return undefined;
}

/** Returns the filter, or what is wrong with it. */
function filterAsked({ query, group }: GroupsCallback): ConnectionFilter | string {
  const asked = query.get("group");
  const problem = asked === null ? undefined : problemOfGroup(asked);
  if (problem !== undefined) return problem;
  const [connectedAfterMs, connectedBeforeMs] = [timeOf(query, "connectedAfter"), timeOf(query, "connectedBefore")];
  if (Number.isNaN(connectedAfterMs ?? 0) || Number.isNaN(connectedBeforeMs ?? 0))
    return "connectedAfter and connectedBefore are times such as 2026-11-21T08:00:00Z";
  return {
    group: group === "" ? (asked ?? undefined) : group,
    principal: query.get("principal") ?? undefined,
    sourceIp: query.get("sourceIp") ?? undefined,
    connectedAfterMs,
    connectedBeforeMs,
  };
}

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** Returns a time in milliseconds since 1970, NaN for what is none. */
function timeOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  return timePattern.test(text) ? Date.parse(text) : Number.NaN;
}

/** Returns which piece of a list is asked for, or what is wrong with it. */
function pageAsked(query: URLSearchParams): Page | string {
  const limit = query.get("limit") ?? String(pageMax);
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > pageMax) return `limit is 1 to ${pageMax}`;
  const token = query.get("nextToken");
  if (token === null) return { after: "", limit: Number(limit) };
  const after = Buffer.from(token, "base64url");
  if (after.length === 0 || after.toString("base64url") !== token || !isUtf8(after)) return "Invalid nextToken";
  return { after: after.toString(), limit: Number(limit) };
}

/** A full page may have another one behind it. */
function tokenBehind<Item>(items: readonly Item[], { limit }: Page, keyOf: (item: Item) => string): string | undefined {
  const last = items.at(-1);
  return last === undefined || items.length < limit ? undefined : Buffer.from(keyOf(last)).toString("base64url");
}

function refuseInput(call: Callback, message: string): void {
  refuse(call, 400, "BadRequestException", message, undefined, call.errorMembers);
}
