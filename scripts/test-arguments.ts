/** What `npm test -- …` was asked for, or why it can't be done. */
export type TestArguments =
  | {
      readonly kind: "arguments";
      /** Parts of the paths of the files to run; none means all. */
      readonly parts: readonly string[];
      readonly group: string | undefined;
      readonly isKeptGoing: boolean;
      readonly isWatching: boolean;
      /** Variables for the tests' processes. */
      readonly environment: Readonly<Record<string, string>>;
      /** Flags for `node --test`. */
      readonly nodeFlags: readonly string[];
    }
  | { readonly kind: "problem"; readonly message: string };

/** Our flags that take a number, and the variable that the tests read it from. */
const variables: Readonly<Record<string, string>> = { "--seed": "PORTICO_FUZZ_SEED", "--ms": "PORTICO_FUZZ_MS" };

/** Flags of Node that take their value from the next argument if they have no `=`. */
const withValue = new Set([
  "--test-name-pattern",
  "--test-skip-pattern",
  "--test-reporter",
  "--test-reporter-destination",
  "--test-timeout",
  "--test-concurrency",
  "--test-isolation",
  "--test-shard",
  "--test-coverage-include",
  "--test-coverage-exclude",
  "--watch-path",
]);

/** Reads the arguments of scripts/test.ts: our flags, Node's, and parts of paths. */
export function readTestArguments(args: readonly string[], groupNames: readonly string[]): TestArguments {
  const problem = (message: string): TestArguments => ({ kind: "problem", message });
  const parts: string[] = [];
  const nodeFlags: string[] = [];
  const environment: Record<string, string> = {};
  let group: string | undefined;
  let isKeptGoing = false;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (!arg.startsWith("-")) {
      parts.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const flag = equals === -1 ? arg : arg.slice(0, equals);
    const takesValue = flag === "--group" || flag in variables || withValue.has(flag);
    const value = equals !== -1 ? arg.slice(equals + 1) : takesValue ? args[++index] : undefined;
    if (takesValue && value === undefined) return problem(`${flag} needs a value: ${flag}=…`);
    if (flag === "--keep-going") isKeptGoing = true;
    else if (flag === "--group") {
      if (!groupNames.includes(value!))
        return problem(`There is no group ${value}. There are: ${groupNames.join(", ")}.`);
      group = value;
    } else if (flag in variables) {
      if (!/^\d+$/.test(value!)) return problem(`${flag} takes a whole number, not ${value}.`);
      environment[variables[flag]!] = value!;
    } else if (isNodeFlag(flag)) nodeFlags.push(value === undefined ? flag : `${flag}=${value}`);
    else return problem(`npm test has no flag ${flag}, nor has Node. Ours are --group, --keep-going, --seed and --ms.`);
  }
  const isWatching = nodeFlags.some((flag) => flag === "--watch" || flag.startsWith("--watch-path"));
  return { kind: "arguments", parts, group, isKeptGoing, isWatching, environment, nodeFlags };
}

/** Node knows which flags a variable may hold; those that it does not list there belong to the test runner. */
const isNodeFlag = (flag: string): boolean =>
  /^--(experimental-)?test-/.test(flag) || /^--watch(-|$)/.test(flag) || process.allowedNodeEnvironmentFlags.has(flag);
