import { setTimeout as pause } from "node:timers/promises";
import { hasCode, type PorticoCalls } from "../portico-calls.ts";
import { LogFollower, logPollMs, type ReadGroup } from "../read-logs.ts";

/** The project's functions, with the calls of their account and region. */
export interface ProjectFunctions {
  readonly calls: PorticoCalls;
  readonly names: readonly string[];
}

/** AWS: Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs", the default log group. */
const groupPrefix = "/aws/lambda/";

export interface FollowOptions {
  readonly functions: () => ProjectFunctions | undefined;
  readonly print: (name: string, line: string) => void;
  /** Told, once, that the server does not show the functions' output to this caller. */
  readonly onRefused: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Prints what functions print on a server in another process, until the signal aborts. A server that does not answer is
 * asked again.
 */
export async function followFunctions({ functions, print, onRefused, signal }: FollowOptions): Promise<void> {
  const follower = new LogFollower(Date.now());
  let isRefused = false;
  while (!signal.aborted) {
    try {
      for await (const [group, { message }] of follower.next(groupsOf(functions())))
        for (const line of linesOf(message)) print(group.name.slice(groupPrefix.length), line);
    } catch (error) {
      // It may be restarting. Deploying says so if it is gone.
      if (hasCode(error, "AccessDeniedException") && !isRefused) {
        isRefused = true;
        onRefused(error.message);
      }
    }
    await pause(logPollMs, undefined, { signal }).catch(() => undefined);
  }
}

const groupsOf = (functions: ProjectFunctions | undefined): readonly ReadGroup[] =>
  (functions?.names ?? []).map((name) => ({ name: groupPrefix + name, calls: functions!.calls }));

/** Returns what the function printed, without Lambda's own lines about each invocation. */
const linesOf = (message: string): readonly string[] =>
  /^(?:INIT_START|START|END|REPORT) |^\{"time":"[^"]*","type":"platform\./.test(message)
    ? []
    : message
        .replace(/[\r\n]+$/, "")
        .split(/\r\n?|\n/)
        .map(withoutPrefix);

/**
 * Removes the time, request id and level that begin Node.js functions' lines. At a terminal only levels other than INFO
 * matter.
 */
export const withoutPrefix = (line: string): string =>
  line.replace(/^\S+Z\t\S+\t(\w+)\t/, (_all, level: string) => (level === "INFO" ? "" : `${level} `));
