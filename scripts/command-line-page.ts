import { type CommandFacts, commands } from "../src/cli/commands.ts";
import { type ConfigKey, configKeys, variableName } from "../src/server/config-keys.ts";

/** docs/reference/command-line.md, from the tables of commands and settings. */
export function commandLinePage(): string {
  const lines = [
    "# Command line",
    "",
    "<!-- Written by `npm run generate` from src/cli/commands.ts and src/server/config-keys.ts. Do not edit. -->",
    "",
    "From a clone of the repository, `npm run portico -- COMMAND …` is `portico COMMAND …`.",
    "",
    "Exit codes: 0 for done; 1 for failed; 2 for a wrong command line: unknown commands and options, and values that they don't",
    "take. A wrong variable, or a wrong line of `portico.yaml`, is 1. `portico policy explain` answers 1 for a call that is not allowed.",
    "",
    "A command that needs a running server finds it by `--endpoint`; else by `PORTICO_HOST` and `PORTICO_PORT`, or `host` and `port` in",
    "`portico.yaml`; else by `AWS_ENDPOINT_URL_API_GATEWAY` or `AWS_ENDPOINT_URL`, as AWS's tools do; else at `http://127.0.0.1:4566`.",
    ...commands.flatMap(describeCommand),
    "",
    "## Settings of the server",
    "",
    "These are the settings of `portico serve`, and of `portico up` where it starts a server. Each is a flag, a variable and a key of",
    "`portico.yaml`. A flag counts before a variable, and a variable before the file.",
    "",
    "| Flag and key | Variable | Default | Meaning |",
    "|---|---|---|---|",
    ...configKeys.map(describeSetting),
  ];
  return `${lines.join("\n")}\n`;
}

function describeCommand({ name, synopsis, arguments: args, options, takesServerSettings, examples }: CommandFacts) {
  const rows = [
    ...args.map((one) => `| \`${one.name}\` | ${escapeCell(one.help)} |`),
    ...options.map(({ flags, help, choices }) => {
      return `| \`${flags}\` | ${escapeCell(help)}${choices ? `: ${choices.join(", ")}` : ""} |`;
    }),
    ...(takesServerSettings ? ["| settings | [all settings of the server](#settings-of-the-server) |"] : []),
  ];
  return [
    "",
    `## portico ${name}`,
    "",
    `${synopsis.charAt(0).toUpperCase()}${synopsis.slice(1)}.`,
    "",
    "```sh",
    ...examples,
    "```",
    ...(rows.length > 0 ? ["", "| Argument or option | Meaning |", "|---|---|", ...rows] : []),
  ];
}

function describeSetting(key: ConfigKey): string {
  const flag = `\`--${key.flag}${key.placeholder ? ` ${key.placeholder}` : ""}\``;
  return `| ${flag} | \`${variableName(key)}\` | ${describeDefault(key)} | ${escapeCell(key.help)} |`;
}

function describeDefault({ name, value, default: given }: ConfigKey): string {
  // The machine that writes this page has another number.
  if (name === "threads") return "one a core";
  if (given === undefined || given === false || String(given) === "") return "";
  return value.kind === "bytes" ? `${Number(given) / 1024 / 1024}MB` : String(given);
}

const escapeCell = (text: string): string => text.replaceAll("|", "\\|");
