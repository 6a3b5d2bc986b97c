import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { UserError } from "../base/user-error.ts";
import {
  type AloneOutcome,
  type AloneSource,
  renderAlone,
  type TemplateOverrides,
} from "../gateway/templates/render-alone.ts";
import { untilSignal } from "../server/until-signal.ts";
import type { Invocation } from "./commands.ts";
import type { Output } from "./output.ts";
import type { Problem } from "./up/source-text.ts";
import { watchFiles } from "./up/watch-files.ts";

/** The file of each input. `-` is standard input, which is read once. */
type Files = Readonly<Partial<Record<AloneSource, string>>>;

const standardInput = "-";

/** `portico vtl TEMPLATE`: prints what a mapping template renders, or what is wrong with it and where. */
export async function runVtl({ args, options, output }: Invocation): Promise<number> {
  const text = (name: string): string | undefined => (typeof options[name] === "string" ? options[name] : undefined);
  const given = {
    template: args[0],
    body: text("body"),
    context: text("context"),
    params: text("params"),
    stageVariables: text("stageVariables"),
  };
  const files = Object.fromEntries(
    Object.entries(given)
      .filter(([, file]) => file !== undefined)
      .map(([source, file]) => [source, file === standardInput ? standardInput : resolve(file!)]),
  ) as Files;
  const read = makeReader();
  const isJson = options["json"] === true;
  const run = (): boolean => {
    const contents = new Map(Object.entries(files).map(([source, file]) => [source, read(file)]));
    const outcome = renderAlone({
      template: contents.get("template")?.toString("utf8") ?? "",
      side: options["response"] === true ? "response" : "request",
      body: contents.get("body"),
      context: contents.get("context")?.toString("utf8"),
      params: contents.get("params")?.toString("utf8"),
      stageVariables: contents.get("stageVariables")?.toString("utf8"),
      contentType: text("contentType"),
      nowMs: Date.now(),
    });
    if (isJson) output.json(asJson(outcome));
    else print(outcome, output, { files, contents });
    return outcome.kind === "text";
  };
  return options["watch"] === true ? watch(run, Object.values(files), output) : run() ? 0 : 1;
}

function makeReader(): (file: string) => Buffer {
  let input: Buffer | undefined;
  return (file) => {
    if (file !== standardInput) return readOrExplain(file);
    input ??= readFileSync(0);
    return input;
  };
}

function readOrExplain(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError({ what: `${file} can't be read.`, why, next: "Give the path of a file.", cause: error });
  }
}

async function watch(run: () => boolean, files: readonly string[], output: Output): Promise<number> {
  const stopped = untilSignal();
  const runOrExplain = (): void => {
    try {
      run();
    } catch (error) {
      // A file may be missing for a moment while it is saved. The next change tries again.
      if (!(error instanceof UserError)) throw error;
      output.problem({ severity: "error", message: `${error.what} ${error.why}` });
    }
  };
  const watcher = watchFiles(
    () => {
      output.note(output.paint("dim", `\n${new Date().toTimeString().slice(0, 8)} saved`));
      runOrExplain();
    },
    (message) => output.problem({ severity: "warning", message }),
  );
  watcher.update({ trees: [], files: files.filter((file) => file !== standardInput) });
  runOrExplain();
  output.note("Watching the files: saving renders. Ctrl-C stops.");
  await stopped;
  watcher.close();
  return 0;
}

interface Sources {
  readonly files: Files;
  readonly contents: ReadonlyMap<string, Buffer>;
}

function print(outcome: AloneOutcome, output: Output, { files, contents }: Sources): void {
  if (outcome.kind === "failure") {
    const { source } = outcome.problem;
    const file = files[source] ?? source;
    output.problem(
      placed("error", outcome.problem, {
        file: file === standardInput ? "standard input" : file,
        text: contents.get(source)?.toString("utf8") ?? "",
      }),
    );
    return;
  }
  const { text, overrides, warning } = outcome;
  output.raw(output.isTerminal && !text.endsWith("\n") ? `${text}\n` : text);
  for (const line of overrideLines(overrides)) output.note(line);
  if (warning !== undefined) output.problem(placed("warning", warning, { file: "output", text }));
}

function placed(
  severity: Problem["severity"],
  { message, line, column }: { readonly message: string; readonly line: number; readonly column: number },
  { file, text }: { readonly file: string; readonly text: string },
): Problem {
  const sourceLine = text.split("\n")[line - 1]?.replace(/\r$/, "") ?? "";
  return { severity, message, place: { file, line, column }, sourceLine };
}

/** Returns the overrides as a template would write them. */
function overrideLines({ request, response, status }: TemplateOverrides): string[] {
  const lines = status === undefined ? [] : [`$context.responseOverride.status = ${status}`];
  for (const [side, places] of [
    ["request", request],
    ["response", response],
  ] as const) {
    for (const [place, byName] of Object.entries(places))
      for (const [name, values] of Object.entries(byName))
        lines.push(
          `$context.${side}Override.${place}.${name} = ${values.map((value) => JSON.stringify(value)).join(", ")}`,
        );
  }
  return lines;
}

function asJson(outcome: AloneOutcome): object {
  if (outcome.kind === "failure") return { error: outcome.problem };
  const { text, overrides, warning } = outcome;
  return { output: text, overrides, warnings: warning === undefined ? [] : [warning] };
}
