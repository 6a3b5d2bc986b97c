import { spawn, spawnSync } from "node:child_process";

/** A program that some tests need and not every machine has. */
export function tool(command: string, probe: readonly string[], isInstalledByCi: boolean): { skip: string | false } {
  const run = spawnSync(command, probe, { encoding: "utf8" });
  return availability(run.status === 0 ? undefined : `${command} is not on this machine`, isInstalledByCi);
}

/**
 * Of what some tests need, given the reason why it is not there. `skip` is false, or that reason, which the test runner prints.
 * In CI (`PORTICO_CI=1`) it is a failure if CI installs it, so that no test is lost in silence.
 */
export function availability(reason: string | undefined, isInstalledByCi: boolean): { skip: string | false } {
  if (reason === undefined) return { skip: false };
  if (isInstalledByCi && process.env["PORTICO_CI"]) throw new Error(`${reason}, although .ci/run installs it`);
  return { skip: reason };
}

/**
 * For `skip`, false outside CI: with all tests of companion services by their own clients, CI would take longer than it may on a
 * slow machine.
 */
export const noTimeInCi: string | false =
  process.env["PORTICO_CI"] && process.env["PORTICO_CI"] !== "all"
    ? "CI has no time for it: PORTICO_CI=all runs it"
    : false;

/** A tool of tests for which CI has no time, and which it doesn't look for. */
export const furtherTool = (...sought: Parameters<typeof tool>): ReturnType<typeof tool> =>
  noTimeInCi === false ? tool(...sought) : { skip: noTimeInCi };

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end without blocking the test's own server or backend. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    // It may have ended without reading.
    child.stdin.on("error", () => undefined).end(options.input);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

/** What every AWS client needs to reach a Portico, whatever this machine's own configuration says. */
export const clientEnvironment = (url: string): Record<string, string> => ({
  AWS_ENDPOINT_URL: url,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_REGION: "us-east-1",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_PAGER: "",
});
