import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { hasTool, type RequestCost } from "../../measure.ts";

const program = fileURLToPath(new URL("message-load.ts", import.meta.url));

interface MessageLoad {
  /** Answers a second. */
  readonly rate: number;
  /** All answers, with those of the first second. */
  readonly count: number;
  /** Milliseconds to an answer, where each connection has one message under way, or so many are sent in a second. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

interface MessageOptions {
  readonly message: string;
  readonly connections?: number;
  readonly underWay?: number;
  readonly seconds?: number;
  readonly core?: number | "any";
  /** Messages that all connections send together in a second, evenly, whatever is answered. */
  readonly perSecond?: number;
}

/** Loads what `cpuUs` counts the time of, and returns the cost of a message. */
export async function messageCost(url: string, cpuUs: () => number, options: MessageOptions): Promise<RequestCost> {
  const before = cpuUs();
  const { rate, count } = await loadMessages(url, options);
  return { rate, cpuUs: (cpuUs() - before) / count };
}

/** Loads a stage with messages, from a core of its own. */
export async function loadMessages(
  url: string,
  { message, connections = 32, underWay = 8, seconds = 3, core = 1, perSecond = 0 }: MessageOptions,
): Promise<MessageLoad> {
  const args = [program, url, String(connections), String(underWay), String(seconds), message, String(perSecond)];
  const pinned =
    core !== "any" && hasTool("taskset")
      ? ["taskset", "-c", String(core), process.execPath, ...args]
      : [process.execPath, ...args];
  const { stdout } = await promisify(execFile)(pinned[0]!, pinned.slice(1));
  return JSON.parse(stdout) as MessageLoad;
}
