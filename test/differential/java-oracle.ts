import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { run } from "../tool.ts";

/** A library of Java's that something of ours is held against, and a program that asks it. */
export interface JavaOracle {
  /** A `.java` file: reads a question a line, and prints an answer a line. */
  readonly program: string;
  /** What Maven fetches: `group:artifact:version`. */
  readonly artifact: string;
}

/** A ready oracle, or why there is none: no Java, or its library was not fetched, for which `PORTICO_ORACLES=1` asks. */
export type ReadyOracle =
  | { readonly skip: false; readonly ask: (questions: readonly string[]) => Promise<string[]> }
  | { readonly skip: string };

export function prepareOracle({ program, artifact }: JavaOracle): ReadyOracle {
  for (const tool of ["javac", "java"]) {
    if (spawnSync(tool, ["-version"]).status !== 0) return { skip: `${tool} is not on this machine` };
  }
  const jars = jarsOf(artifact);
  if (jars === undefined) return { skip: `${artifact} is not here (PORTICO_ORACLES=1 fetches it with Maven)` };
  const classPath = readdirSync(jars)
    .map((file) => join(jars, file))
    .join(":");
  return {
    skip: false,
    async ask(questions) {
      const classes = mkdtempSync(join(tmpdir(), "portico-oracle-"));
      try {
        const compiled = await run("javac", ["-cp", classPath, "-d", classes, program]);
        if (compiled.status !== 0) throw new Error(compiled.stderr);
        const input = join(classes, "questions");
        writeFileSync(input, `${questions.join("\n")}\n`);
        const main = basename(program, ".java");
        const java = `java -cp "$0" ${main} < "$1"`;
        const asked = await run("sh", ["-c", java, `${classPath}:${classes}`, input]);
        const answers = asked.stdout.trimEnd().split("\n");
        if (asked.status !== 0 || answers.length !== questions.length) throw new Error(asked.stderr);
        return answers;
      } finally {
        rmSync(classes, { recursive: true, force: true });
      }
    },
  };
}

/** The folder with an artifact and what it depends on; fetched once for a machine. */
function jarsOf(artifact: string): string | undefined {
  const [group = "", name = "", version = ""] = artifact.split(":");
  const folder = join(homedir(), ".cache", "portico-oracles", `${name}-${version}`);
  if (existsSync(folder)) return folder;
  if (process.env["PORTICO_ORACLES"] !== "1") return undefined;
  const work = mkdtempSync(join(tmpdir(), "portico-maven-"));
  try {
    const dependency = `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
    writeFileSync(
      join(work, "pom.xml"),
      `<project><modelVersion>4.0.0</modelVersion><groupId>portico</groupId><artifactId>oracle</artifactId><version>1</version><dependencies>${dependency}</dependencies></project>`,
    );
    const jars = join(work, "jars");
    const args = ["-q", "-B", "dependency:copy-dependencies", `-DoutputDirectory=${jars}`];
    const fetched = spawnSync("mvn", args, { cwd: work, timeout: 120_000 });
    if (fetched.status !== 0 || !existsSync(jars)) return undefined;
    mkdirSync(join(folder, ".."), { recursive: true });
    if (!existsSync(folder)) renameSync(jars, folder);
    return folder;
  } catch {
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
