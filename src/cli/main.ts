// The program `portico`. Commands are data (commands.ts); each one's code is loaded only when it is run.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { UserError } from "../base/user-error.ts";
import { readVersion } from "../base/version.ts";
import type { ConfigFlags } from "../server/config.ts";
import { type ConfigKey, configKeys, takesMany, variableName } from "../server/config-keys.ts";
import { type CommandFacts, type CommandOption, commandGroups, commands } from "./commands.ts";
import { makeOutput, type Output } from "./output.ts";
import { shortPath } from "./short-path.ts";

/** 0 for done, 1 for failed, 2 for a wrong command line. */
const exitCodes = { failed: 1, usage: 2 } as const;

const output = makeOutput(process.stdout, process.stderr, process.env, shortPath);
// The reader of a pipe may have closed it.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
async function main(args: readonly string[]): Promise<void> {
  const program = new Command("portico")
    .description("A self-hosted Amazon API Gateway: the same management API, the same behaviour on the wire.")
    .version(readVersion(), "--version")
    .helpOption("-h, --help", "say how it is used")
    .commandsGroup("More:")
    .helpCommand("help [COMMAND]", "say how a command is used")
    .exitOverride()
    .showSuggestionAfterError(true)
    .showHelpAfterError("portico --help lists the commands.")
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: (.)/, (_all, c: string) => c.toUpperCase())),
    })
    .addHelpText(
      "after",
      "\nExamples:\n  portico up examples/petstore\n  portico serve --port 8080\n\nportico COMMAND --help tells more.",
    );
  for (const facts of commands) addCommand(program, facts);
  try {
    if (args.length === 0) program.help({ error: true });
    const isHelpOfUnknown =
      args[0] === "help" && !["help", ...commands.map(({ name }) => name)].includes(args[1] ?? "help");
    // Of a command that is not there, commander would print the whole program's help and no word about it.
    await program.parseAsync(isHelpOfUnknown ? args.slice(1) : [...args], { from: "user" });
  } catch (error) {
    process.exitCode = report(error, output);
  }
}

function addCommand(program: Command, facts: CommandFacts): void {
  const command = program
    .command(facts.name)
    .helpGroup(commandGroups[facts.group])
    .description(facts.synopsis)
    .exitOverride()
    .showHelpAfterError(`portico ${facts.name} --help says how it is used.`)
    .helpOption("-h, --help", "say how it is used")
    .addHelpText("after", `\nExamples:\n${facts.examples.map((example) => `  ${example}`).join("\n")}`);
  for (const argument of facts.arguments) command.argument(argument.name, argument.help);
  for (const { flags, help, choices, repeats, form } of facts.options) {
    const option = new Option(flags, help);
    if (repeats) option.argParser(gather);
    if (form) option.argParser(checkerOf(form));
    command.addOption(choices ? option.choices([...choices]) : option);
  }
  if (facts.takesServerSettings) for (const option of serverOptions()) command.addOption(option);
  command.action(async () => {
    const options = command.opts();
    const run = await facts.load();
    process.exitCode = await run({ args: command.args, options, serverFlags: pickServerFlags(options), output });
  });
}

/** Gathers the values of an option that is given several times. */
const gather = (value: string, before: string[] = []): string[] => [...before, value];

const checkerOf =
  ({ pattern, says }: NonNullable<CommandOption["form"]>) =>
  (value: string): string => {
    if (pattern.test(value)) return value;
    throw new InvalidArgumentError(says);
  };

/** Returns options for the server's settings, from the table that the server itself reads. */
function serverOptions(): Option[] {
  const options = configKeys.map((key) => {
    const option = new Option(flagOf(key), `${key.help}${defaultOf(key)}`);
    return takesMany(key) ? option.argParser(gather) : option;
  });
  const config = new Option(
    "--config <FILE>",
    "read settings from this YAML file (default: portico.yaml, if it is there)",
  );
  return [...options, config].map((option) => option.helpGroup("Settings of the server:"));
}

const flagOf = (key: ConfigKey): string => (key.placeholder ? `--${key.flag} <${key.placeholder}>` : `--${key.flag}`);

function defaultOf(key: ConfigKey): string {
  const isShown = key.default !== undefined && key.default !== false && String(key.default) !== "";
  const shown = key.value.kind === "bytes" ? `${Number(key.default) / 1024 / 1024}MB` : String(key.default);
  return ` (${isShown ? `default: ${shown}; ` : ""}${variableName(key)})`;
}

function pickServerFlags(options: Readonly<Record<string, unknown>>): ConfigFlags {
  const names = ["config", ...configKeys.map((key) => key.name)];
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name))) as ConfigFlags;
}

/** Prints what went wrong and what to do next, with a stack for our own bugs only. Returns the exit code. */
function report(error: unknown, out: Output): number {
  // Commander has already printed its own errors. Help and version are not errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  if (error instanceof UserError) {
    out.problem({ severity: "error", message: error.what });
    for (const line of [error.why, error.next]) if (line !== "") out.note(`  ${line}`);
    return error.isUsage ? exitCodes.usage : exitCodes.failed;
  }
  // The errors are told apart by their form, because only the commands that need them load the modules that define
  // them.
  if (error instanceof Error && (error.name === "ServiceError" || isNetworkError(error))) {
    const whose = error.name === "ServiceError" ? "The server refused this: " : "";
    out.problem({ severity: "error", message: `${whose}${error.message}` });
    if ("hint" in error && typeof error.hint === "string") out.note(`  ${error.hint}`);
    return exitCodes.failed;
  }
  if (error instanceof Error && "problems" in error && Array.isArray(error.problems)) {
    for (const problem of error.problems) out.problem(problem);
    return exitCodes.failed;
  }
  out.note(`portico has a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return exitCodes.failed;
}

function isNetworkError(error: Error): boolean {
  const cause = error.cause instanceof Error ? error.cause : error;
  return "code" in cause && /^(E[A-Z]+|UND_ERR_\w+)$/.test(String(cause.code));
}

await main(process.argv.slice(2));
