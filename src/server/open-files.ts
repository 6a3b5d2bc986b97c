import { readFileSync } from "node:fs";
import { bounds } from "../base/bounds.ts";

const otherFilesMax = bounds.otherFilesMax.value;

/** Returns how many open files this process may have; undefined where the system does not say so in `/proc`. */
export function openFilesMax(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"));
    return soft === null ? undefined : Number(soft[1]);
  } catch {
    return undefined;
  }
}

/**
 * Returns how many connections each of some gateway threads may have. The files that are left over are for what makes a request
 * answered at all, and a client that opens connections until there are none can't take them: a quarter at most.
 */
export function connectionsMaxOf(files: number | undefined, threads: number): number {
  const most = bounds.clientConnectionsMax.value;
  if (files === undefined) return most;
  return Math.min(most, Math.max(1, Math.floor((files - Math.min(otherFilesMax, files / 4)) / threads)));
}
