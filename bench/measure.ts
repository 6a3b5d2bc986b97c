import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, ...more, ...headers.flatMap((header) => ["-H", header])];
  if (script !== undefined) args.push("-s", script);
  args.push(url);
  const isPinned = core !== "any" && hasTool("taskset");
  const pinned = isPinned ? ["taskset", "-c", String(core), "wrk", ...args] : ["wrk", ...args];
  const { stdout } = await run(pinned[0]!, pinned.slice(1));
  if (!/Requests\/sec:\s+[\d.]+/.test(stdout) || /Non-2xx|Socket errors/.test(stdout))
    throw new Error(`wrk on ${url} was not answered well:\n${stdout}`);
  return stdout;
}

/** The median of some runs: one run in a few is disturbed on a shared machine. */
export async function median(count: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let round = 0; round < count; round++) values.push(await measure());
  return values.sort((left, right) => left - right)[Math.floor(count / 2)]!;
}
