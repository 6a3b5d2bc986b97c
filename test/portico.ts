import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface PorticoOptions {
  /** More flags of `portico serve`. With `--data` nothing else is kept in memory. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A started server in a process of its own. */
export interface Portico {
  /** `http://127.0.0.1:{port}` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Everything that it wrote to its standard streams so far. */
  output(): string;
  /** SIGTERM; resolves with its exit code when it has ended. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
}

/** Far above what a busy machine needs. */
const startMsMax = 60_000;

/**
 * Starts `portico serve` on a free port, by default `--memory` with two threads, and waits until it is ready. It ends
 * with this process at the latest. Rejects with the server's output if it ends instead.
 */
export async function startPortico(options: PorticoOptions = {}): Promise<Portico> {
  const args = options.args ?? [];
  const has = (flag: string): boolean => args.some((arg) => arg === flag || arg.startsWith(`${flag}=`));
  // Away from the repository: a portico.yaml there is not the test's.
  const cwd = options.cwd ?? mkdtempSync(join(tmpdir(), "portico-test-"));
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, "../bin/portico.js"),
      "serve",
      ...(has("--data") || has("--memory") ? [] : ["--memory"]),
      ...(has("--port") ? [] : ["--port", "0"]),
      ...(has("--threads") ? [] : ["--threads", "2"]),
      ...args,
    ],
    { cwd, env: { ...process.env, NO_COLOR: "1", ...options.env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const killAtExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const ended = new Promise<number | null>((resolve) =>
    child.once("close", (code) => {
      process.off("exit", killAtExit);
      if (options.cwd === undefined) rmSync(cwd, { recursive: true, force: true });
      resolve(code);
    }),
  );
  let output = "";
  const address = await readyLine(child, ended, (text) => {
    output += text;
    return output;
  });
  const port = Number(new URL(address).port);
  return {
    // The line says localhost; by the number no test depends on how a client resolves that.
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid as number,
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      return ended;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** The address in the line that the server prints when it is ready. */
async function readyLine(
  child: ChildProcess,
  ended: Promise<number | null>,
  note: (text: string) => string,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let stdout = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    note(text);
    stdout += text;
    const address = /https?:\/\/\S+(?=\s)/.exec(stdout)?.[0];
    if (address !== undefined) resolve(address);
  });
  child.stderr?.setEncoding("utf8").on("data", note);
  ended.then((code) => reject(new Error(`The server ended with ${code} before it was ready:\n${note("")}`)), reject);
  // tidy-allow: time – a deadline
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
    reject(new Error(`The server was not ready in ${startMsMax} ms:\n${note("")}`));
  }, startMsMax);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
