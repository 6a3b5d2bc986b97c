import { bounds } from "../../base/bounds.ts";
import { lastHeader } from "../header-list.ts";
import { problemOfGroup } from "./group-members.ts";
import type { ResumeLimits } from "./kept-messages.ts";
import type { LastWill } from "./last-wills.ts";

/** What a server does beyond AWS with connections. */
export interface ConnectionFeatures {
  readonly groups: boolean;
  readonly wills: boolean;
  /** How much is kept for clients that come back; undefined if nothing is. */
  readonly resume: ResumeLimits | undefined;
}

/** What `$connect` says of the connection that it lets in. */
export interface ConnectionSettings {
  readonly groups: readonly string[];
  readonly will: LastWill | undefined;
}

const headerName = "x-portico-connection";
const none: ConnectionSettings = { groups: [], will: undefined };

/**
 * Reads what the answer of `$connect` says of the connection, beyond AWS:
 * `X-Portico-Connection: {"groups": ["room"], "will": {"group": "room", "message": "gone"}}`. The header is not passed on. Returns
 * what is wrong with it as a text: nobody is let in without what they were to have.
 */
export function readConnectAnswer(
  headers: readonly string[],
  features: Pick<ConnectionFeatures, "groups" | "wills">,
): ConnectionSettings | string {
  if (!features.groups && !features.wills) return none;
  const text = lastHeader(headers, headerName);
  if (text === undefined) return none;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `${headerName} is not JSON`;
  }
  if (!isObject(value)) return `${headerName} is no object`;
  const { groups = [], will, ...others } = value;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `${headerName} has the unknown member ${unknown.slice(0, 100)}`;
  if (!Array.isArray(groups) || groups.length > bounds.connectionGroupsMax.value)
    return `groups of ${headerName} are a list of ${bounds.connectionGroupsMax.value} at most`;
  for (const group of groups) {
    const problem = typeof group === "string" ? problemOfGroup(group) : "a group's name is text";
    if (problem !== undefined) return problem;
  }
  const read = will === undefined ? undefined : readWill(will);
  if (typeof read === "string") return read;
  if (groups.length > 0 && !features.groups) return `${headerName} has groups, which are off`;
  if (read !== undefined && !features.wills) return `${headerName} has a will, which is off`;
  return { groups: groups as string[], will: read };
}

function readWill(will: unknown): LastWill | string {
  if (!isObject(will)) return "a will is an object";
  const { message, group, ...others } = will;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `a will has no member ${unknown.slice(0, 100)}`;
  if (typeof message !== "string") return "the message of a will is text";
  if (group !== undefined && typeof group !== "string") return "the group of a will is text";
  // A lone surrogate becomes U+FFFD.
  return problemOfWill({ group, data: Buffer.from(message) });
}

/** Returns the will, or what is wrong with it. */
export function problemOfWill(will: LastWill): LastWill | string {
  const bytesMax = bounds.lastWillBytesMax.value;
  if (will.data.byteLength > bytesMax) return `the message of a will has ${bytesMax} bytes at most`;
  return (will.group === undefined ? undefined : problemOfGroup(will.group)) ?? will;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
