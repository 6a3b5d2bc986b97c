import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { until } from "../until.ts";

const portico = join(import.meta.dirname, "../../bin/portico.js");
/** Far above what a busy machine needs. */
const waitMsMax = 60_000;

/** A `portico up` in a process of its own. */
export class Up {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #output = "";

  constructor(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [portico, "up", ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    process.once("exit", () => this.#child.kill("SIGKILL"));
  }

  get output(): string {
    return this.#output;
  }

  /** What it has printed since this was called last, or anything before, as soon as it matches. */
  async until(pattern: RegExp, from = 0, msMax = waitMsMax): Promise<RegExpExecArray> {
    const found = (): RegExpExecArray | null => pattern.exec(this.#output.slice(from));
    await until(() => found() !== null || this.#child.exitCode !== null, { ms: msMax }).catch(() => undefined);
    const match = found();
    if (match === null) throw new Error(`Nothing matches ${pattern} in:\n${this.#output.slice(from)}`);
    return match;
  }

  async stop(): Promise<number | null> {
    this.#child.kill("SIGINT");
    return this.#ended;
  }
}
