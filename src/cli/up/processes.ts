import { type ChildProcess, spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { resolve } from "node:path";
import { bounds } from "../../base/bounds.ts";
import { UserError } from "../../base/user-error.ts";
import type { ProcessSettings } from "./project.ts";

/** A backend that runs beside the API, from `processes:` in portico.yaml. */
export interface RunningProcess {
  readonly name: string;
  /** Host and port, for the stage variable. */
  readonly address: string;
  readonly folder: string;
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface ProcessOptions {
  readonly projectFolder: string;
  /** Prints a line of the process, or a line about it. */
  readonly print: (name: string, line: string) => void;
}

const readyTimeoutMs = bounds.projectProcessReadyMsMax.value;
const stopTimeoutMs = bounds.projectProcessStopMsMax.value;
const host = "127.0.0.1";

/** Starts a process and waits until it accepts connections. */
export async function startProcess(
  name: string,
  settings: ProcessSettings,
  options: ProcessOptions,
): Promise<RunningProcess> {
  const port = await findFreePort();
  const folder = resolve(options.projectFolder, settings.folder ?? ".");
  const print = (line: string): void => options.print(name, line);
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const started = spawn(settings.command, {
      cwd: folder,
      shell: true,
      // It leads a group of its own, so that everything that the shell starts is stopped with it.
      detached: process.platform !== "win32",
      env: { ...process.env, ...settings.environment, PORT: String(port) },
      // The end of its standard input tells it that we are gone.
      stdio: ["pipe", "pipe", "pipe"],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) printLines(stream, print);
    started.on("error", (error) => print(`could not be started: ${error.message}`));
    started.on("exit", (code, signal) => {
      if (child === started) print(`ended ${signal ? `by ${signal}` : `with exit code ${code}`}`);
    });
    await waitUntilItAccepts(started, port, name, settings.command);
  };

  const stop = async (): Promise<void> => {
    const stopping = child;
    child = undefined;
    if (stopping) await stopGroup(stopping);
  };

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    address: `${host}:${port}`,
    folder,
    restart: async () => {
      await stop();
      await start();
    },
    close: stop,
  };
}

function printLines(stream: NodeJS.ReadableStream | null, print: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    // A line without an end is cut, so that it is not kept for ever.
    rest = (lines.pop() ?? "").slice(-10_000);
    for (const line of lines) print(line.replace(/\r$/, ""));
  });
}

async function waitUntilItAccepts(child: ChildProcess, port: number, name: string, command: string): Promise<void> {
  const fail = (why: string): UserError =>
    new UserError({
      what: `The process ${name} did not start.`,
      why: `\`${command}\` ${why}.`,
      next: `It has to listen on the port that the variable PORT names, here ${port}.`,
    });
  for (const end = performance.now() + readyTimeoutMs; performance.now() < end; ) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw fail(`ended with ${child.exitCode ?? child.signalCode}`);
    if (await accepts(port)) return;
    await new Promise((resolveLater) => setTimeout(resolveLater, 20));
  }
  throw fail(`accepted no connection within ${readyTimeoutMs / 1000} seconds`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port });
    socket.on("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.on("error", () => done(false));
  });
}

/** Ends a process and everything that it started. The shell may end before the program that it ran. */
async function stopGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  signalGroup(pid, "SIGTERM");
  const end = performance.now() + stopTimeoutMs;
  // A process that nobody reaps (in a container without an init) never disappears, although it is dead.
  while (signalGroup(pid, 0) && performance.now() < end + stopTimeoutMs / 2) {
    if (performance.now() > end) signalGroup(pid, "SIGKILL");
    await new Promise((resolveLater) => setTimeout(resolveLater, 10));
  }
}

/** Sends a signal. Returns false if no process is left. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    return false;
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, failed) => server.once("error", failed).listen(0, host, done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address ? address.port : 0;
}
