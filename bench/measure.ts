import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export function hasTool(tool: string): boolean {
  return spawnSync("which", [tool]).status === 0;
}

/** A child process that is ended with its scope. */
export interface RunningProgram extends AsyncDisposable {
  readonly process: ChildProcess;
}

/** Starts a program, pinned to a core if one is given (with `taskset`, where there is one); its first line of output says it is ready. */
export async function startPinned(
  core: number | undefined,
  command: string,
  args: readonly string[],
  options: { readonly isReadyOnOutput: boolean },
): Promise<RunningProgram> {
  const isPinned = core !== undefined && hasTool("taskset");
  const pinned = isPinned ? ["taskset", "-c", String(core), command, ...args] : [command, ...args];
  const child = spawn(pinned[0]!, pinned.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  const killAtExit = (): void => void child.kill("SIGTERM");
  process.once("exit", killAtExit);
  child.once("exit", () => process.off("exit", killAtExit));
  if (options.isReadyOnOutput) await once(child.stdout, "data");
  return {
    process: child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until something listens on a port of this machine. */
export async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
  }
}

/** nginx with the `http` block's content given: by default one worker on one core; several are on any. */
export async function startNginx(core: number, port: number, http: string, workers = 1): Promise<RunningProgram> {
  const folder = mkdtempSync(join(tmpdir(), "portico-bench-"));
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `daemon off; worker_processes ${workers}; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 2048; }
http {
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  ${http}
}
`,
  );
  const nginx = await startPinned(workers === 1 ? core : undefined, "nginx", ["-c", file, "-p", folder], {
    isReadyOnOutput: false,
  });
  await listening(port);
  return {
    process: nginx.process,
    async [Symbol.asyncDispose]() {
      await nginx[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Returns how long a process and those that it has started have been on a core, in microseconds: all threads of those that
 * run, and those that have ended.
 */
export function cpuUsOf(pid: number): number {
  // proc_pid_stat(5): the times of the process and of its ended children, in ticks of a hundredth of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10_000, 0);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return children.reduce((sum, child) => sum + cpuUsOf(Number(child)), own);
}

interface LoadOptions {
  readonly connections?: number;
  readonly seconds?: number;
  readonly headers?: readonly string[];
  /** The core of wrk; `"any"` leaves it to the system. */
  readonly core?: number | "any";
  /** A file in Lua that makes the requests. */
  readonly script?: string;
}

/** Requests a second that wrk gets answered; every one of them must be a success. */
export async function load(url: string, options: LoadOptions = {}): Promise<number> {
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(await wrk(url, options))![1]);
}

/** What requests cost: other programs on the machine make rates smaller, and this hardly larger. */
export interface RequestCost {
  readonly rate: number;
  /** The microseconds of a core that one takes. */
  readonly cpuUs: number;
}

/** Loads what `cpuUs` counts the time of, and returns the cost of a request. */
export async function loadCost(url: string, cpuUs: () => number, options: LoadOptions = {}): Promise<RequestCost> {
  const before = cpuUs();
  const output = await wrk(url, options);
  const used = cpuUs() - before;
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)![1]),
    cpuUs: used / Number(/(\d+) requests in/.exec(output)![1]),
  };
}

/** The least cost of some runs, and the median of their rates. */
export async function leastCost(count: number, measure: () => Promise<RequestCost>): Promise<RequestCost> {
  const costs: RequestCost[] = [];
  for (let round = 0; round < count; round++) costs.push(await measure());
  return { rate: middle(costs.map(({ rate }) => rate)), cpuUs: Math.min(...costs.map(({ cpuUs }) => cpuUs)) };
}

/** How long requests take, in milliseconds, and how many are answered in a second. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly rate: number;
}

/** The latencies that wrk sees. */
export async function latencies(url: string, options: LoadOptions = {}): Promise<Latencies> {
  const output = await wrk(url, options, ["--latency"]);
  const at = (percent: string): number => {
    const [, number, unit] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(output)!;
    return Number(number) * { us: 0.001, ms: 1, s: 1_000 }[unit as "us" | "ms" | "s"];
  };
  return { p50: at("50"), p99: at("99"), rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)![1]) };
}

async function wrk(
  url: string,
  { connections = 32, seconds = 3, headers = [], core = 1, script }: LoadOptions,
  more: readonly string[] = [],
): Promise<string> {
  const args = [
    "-t1",
    "--timeout",
    "20s",
    `-c${connections}`,
    `-d${seconds}s`,
    ...more,
    ...headers.flatMap((header) => ["-H", header]),
  ];
  if (script !== undefined) args.push("-s", script);
  args.push(url);
  const isPinned = core !== "any" && hasTool("taskset");
  const pinned = isPinned ? ["taskset", "-c", String(core), "wrk", ...args] : ["wrk", ...args];
  const { stdout } = await run(pinned[0]!, pinned.slice(1));
  if (!/Requests\/sec:\s+[\d.]+/.test(stdout) || /Non-2xx|Socket errors/.test(stdout))
    throw new Error(`wrk on ${url} was not answered well:\n${stdout}`);
  return stdout;
}

/** The median of some values, of an even number the upper one. */
export const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** The median of some runs: one run in a few is disturbed on a shared machine. */
export async function median(count: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let round = 0; round < count; round++) values.push(await measure());
  return middle(values);
}
