import { type ChildProcess, spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bounds } from "../../base/bounds.ts";
import { UserError } from "../../base/user-error.ts";
import type { ProcessSettings } from "./project.ts";

/** A backend that runs beside the API, from `processes:` in portico.yaml. */
export interface RunningProcess {
  readonly name: string;
  /** Host and port, for the stage variable. */
  readonly address: string;
  readonly folder: string;
  close(): Promise<void>;
}

/** A process that did not start. */
export class ProcessFailure extends UserError {
  /** Another process has a port that this one wants. */
  readonly isPortTaken: boolean;
  constructor(parts: ConstructorParameters<typeof UserError>[0], isPortTaken: boolean) {
    super(parts);
    this.isPortTaken = isPortTaken;
  }
}

export interface ProcessOptions {
  readonly projectFolder: string;
  /** Prints a line of the process, or a line about it. */
  readonly print: (name: string, line: string) => void;
}

const readyTimeoutMs = bounds.projectProcessReadyMsMax.value;
const stopTimeoutMs = bounds.projectProcessStopMsMax.value;
const settleMs = 100;
const host = "127.0.0.1";

/** Starts a process and waits until it accepts connections. */
export async function startProcess(
  name: string,
  settings: ProcessSettings,
  options: ProcessOptions,
): Promise<RunningProcess> {
  const port = await findFreePort();
  const folder = resolve(options.projectFolder, settings.folder ?? ".");
  let isPortTaken = false;
  const print = (line: string): void => {
    isPortTaken ||= /EADDRINUSE|address already in use/i.test(line);
    options.print(name, line);
  };
  const child = spawn(settings.command, {
    cwd: folder,
    shell: true,
    // It leads a group of its own, so that everything that the shell starts is stopped with it.
    detached: process.platform !== "win32",
    env: { ...process.env, ...settings.environment, PORT: String(port) },
    // The end of its standard input tells it that we are gone.
    stdio: ["pipe", "pipe", "pipe"],
  });
  let isStopping = false;
  const close = async (): Promise<void> => {
    isStopping = true;
    await stopGroup(child);
  };
  for (const stream of [child.stdout, child.stderr]) printLines(stream, print);
  child.on("error", (error) => print(`could not be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (!isStopping) print(`ended ${signal ? `by ${signal}` : `with exit code ${code}`}`);
  });
  const failure = await waitUntilItAccepts(child, port);
  if (failure === undefined) return { name, address: `${host}:${port}`, folder, close };
  await close();
  throw new ProcessFailure(
    {
      what: `The process ${name} did not start.`,
      why: `\`${settings.command}\` ${failure}.`,
      next: `It has to listen on the port that the variable PORT names, here ${port}.`,
    },
    isPortTaken,
  );
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

/** Returns why it does not accept connections; undefined if it does. */
async function waitUntilItAccepts(child: ChildProcess, port: number): Promise<string | undefined> {
  let hasAccepted = false;
  for (const end = performance.now() + readyTimeoutMs; performance.now() < end; ) {
    if (child.exitCode !== null || child.signalCode !== null) return `ended with ${child.exitCode ?? child.signalCode}`;
    const isAccepting = await accepts(port);
    if (isAccepting && hasAccepted) return undefined;
    hasAccepted = isAccepting;
    // One that fails over something else, such as another port, may accept first and end a moment later.
    await pause(hasAccepted ? settleMs : 20);
  }
  return `accepted no connection within ${readyTimeoutMs / 1000} seconds`;
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
    await pause(10);
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
