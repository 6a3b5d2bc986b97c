import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** What one template came to: the message of an error is not compared, only that it is one. */
export interface Outcome {
  readonly text?: string;
  readonly error?: string;
}

const jars = ["velocity.jar", "commons-collections3.jar", "commons-lang.jar"].map((jar) =>
  join(process.env["PORTICO_VELOCITY_JARS"] ?? "/usr/share/java", jar),
);

/** False, or why Velocity can't be asked on this machine: Debian's packages are `velocity` and a JDK. */
export function velocitySkip(): string | false {
  if (spawnSync("javac", ["-version"]).status !== 0) return "there is no JDK on this machine";
  const missing = jars.find((jar) => !existsSync(jar));
  return missing === undefined ? false : `${missing} is not on this machine (apt install velocity)`;
}

/** Renders templates with Apache Velocity 1.7 in one Java process. */
export function askVelocity(
  calls: readonly { readonly template: string; readonly context: unknown }[],
): readonly Outcome[] {
  const run = spawnSync("java", ["-Xss8m", "-cp", jars.join(":"), join(import.meta.dirname, "VelocityHarness.java")], {
    input: `${calls.map((call) => JSON.stringify(call)).join("\n")}\n`,
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  const lines = run.stdout.trimEnd().split("\n");
  if (run.status !== 0 || lines.length !== calls.length)
    throw new Error(`Java ended with ${run.status}: ${run.stderr}`);
  return lines.map((line) => JSON.parse(line) as Outcome);
}
