import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { FunctionSettings } from "./project.ts";
import type { Problem } from "./source-text.ts";

/** A Lambda function in the project's `functions/` folder. */
export interface LocalFunction {
  readonly name: string;
  readonly runtime: string;
  readonly handler: string;
  /** The content of its package: absolute paths with the names in the package. A folder stands for everything in it. */
  readonly content: readonly { readonly path: string; readonly as: string }[];
  readonly settings: FunctionSettings;
}

export interface FoundFunctions {
  readonly functions: readonly LocalFunction[];
  readonly problems: readonly Problem[];
}

/** The runtimes by file extension: the newest managed runtimes that AWS has. */
const languages: Readonly<Record<string, "node" | "python" | undefined>> = {
  ".mjs": "node",
  ".js": "node",
  ".cjs": "node",
  ".py": "python",
};
const runtimes = { node: "nodejs24.x", python: "python3.14" } as const;

/**
 * The files that may have a folder's handler, in this order. `*` is the function's own name. AWS's consoles use index
 * and lambda_function.
 */
const entryNames = {
  node: ["index", "*", "handler", "app", "main"],
  python: ["lambda_function", "*", "app", "index", "main", "handler"],
} as const;

/** AWS: Lambda API reference, "CreateFunction", FunctionName. */
const functionName = /^[a-zA-Z0-9-_]{1,64}$/;

/** Finds the functions of a project: `functions/NAME.mjs` and its like, or `functions/NAME/` with an entry file. */
export function findFunctions(
  projectFolder: string,
  settings: Readonly<Record<string, FunctionSettings>>,
): FoundFunctions {
  const folder = join(projectFolder, "functions");
  const problems: Problem[] = [];
  const found = new Map<string, LocalFunction>();
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return { functions: [], problems };
  const entries = readdirSync(folder).sort();
  // The files that single-file functions share. `_name` is never a function; package.json decides what .js means.
  const shared = entries
    .filter((name) => name.startsWith("_") || name === "package.json" || name === "node_modules")
    .filter((name) => name !== "__pycache__")
    .map((name) => ({ path: join(folder, name), as: name }));
  for (const entry of entries) {
    if (/^[._]/.test(entry) || entry === "node_modules" || entry === "package.json") continue;
    const path = join(folder, entry);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) continue;
    const extension = stats.isDirectory() ? "" : extname(entry);
    const name = basename(entry, extension);
    const entryFile = stats.isDirectory() ? findEntry(path, name) : languages[extension] && entry;
    if (!entryFile) {
      if (stats.isDirectory() || extension === ".ts") problems.push(notAFunction(path, name, extension));
      continue;
    }
    const language = languages[extname(entryFile)] ?? "node";
    const own = settings[name] ?? {};
    const entryPath = stats.isDirectory() ? join(path, entryFile) : path;
    const module = basename(entryFile, extname(entryFile));
    if (!functionName.test(name) || found.has(name)) {
      const message = found.has(name)
        ? `The function ${name} is there twice: a function has one file, or one folder`
        : `${name} can't be a function's name: letters, digits, - and _, at most 64 of them`;
      problems.push({ severity: "error", message, place: { file: path, line: 1, column: 1 } });
      continue;
    }
    found.set(name, {
      name,
      runtime: own.runtime ?? runtimes[language],
      handler: own.handler ?? `${module}.${language === "node" ? "handler" : pythonHandler(entryPath)}`,
      content: stats.isDirectory() ? [{ path, as: "" }] : [{ path, as: entry }, ...shared],
      settings: own,
    });
  }
  for (const name of Object.keys(settings)) {
    if (found.has(name)) continue;
    const message = `portico.yaml has settings for a function ${name}, but functions/ has none of that name`;
    problems.push({ severity: "warning", message });
  }
  return { functions: [...found.values()], problems };
}

function findEntry(folder: string, name: string): string | undefined {
  const files = new Set(readdirSync(folder));
  for (const [language, stems] of Object.entries(entryNames)) {
    const extensions = Object.keys(languages).filter((extension) => languages[extension] === language);
    for (const stem of stems)
      for (const extension of extensions) {
        const file = `${stem === "*" ? name : stem}${extension}`;
        if (files.has(file)) return file;
      }
  }
  return undefined;
}

/** `lambda_handler` is the name in AWS's own examples for Python; `handler` is as common. */
function pythonHandler(file: string): string {
  const source = readFileSync(file, "utf8");
  return (
    ["lambda_handler", "handler"].find((name) =>
      new RegExp(`^\\s*(async )?def ${name}\\b|^${name}\\s*=`, "m").test(source),
    ) ?? "lambda_handler"
  );
}

function notAFunction(path: string, name: string, extension: string): Problem {
  const message =
    extension === ".ts"
      ? `${name}.ts is not deployed: Lambda runs no TypeScript. Compile it to functions/${name}.mjs`
      : `functions/${name}/ is not deployed: it has no index.mjs, lambda_function.py or the like`;
  return { severity: "warning", message, place: { file: path, line: 1, column: 1 } };
}
