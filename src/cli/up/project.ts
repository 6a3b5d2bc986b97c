import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../../base/user-error.ts";
import { locate, readYaml } from "./read-yaml.ts";
import { type Problem, ProblemsError, problemAt } from "./source-text.ts";

/** The project of `portico up PATH`: a document, and the folder with everything that belongs to it. */
export interface Project {
  /** Absolute. */
  readonly folder: string;
  /** Absolute. */
  readonly documentFile: string;
}

/** The project's members of the folder's `portico.yaml`. The server reads its own from the same file. */
export interface ProjectSettings {
  readonly api: ApiSettings;
  readonly functions: Readonly<Record<string, FunctionSettings>>;
  readonly processes: Readonly<Record<string, ProcessSettings>>;
}

export interface ApiSettings {
  /** The API's name, instead of the document's `info.title`. */
  readonly name?: string;
  /** The kind of API, instead of what the document shows. */
  readonly protocol?: "REST" | "HTTP";
  readonly stage?: string;
  /** Stage variables. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface FunctionSettings {
  readonly runtime?: string;
  readonly handler?: string;
  /** Seconds. */
  readonly timeout?: number;
  /** MB. */
  readonly memory?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A program that runs beside the API. Its address becomes the stage variable of its name. */
export interface ProcessSettings {
  readonly command: string;
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export const settingsFileName = "portico.yaml";

/** The document's file names, in the order of preference. */
const documentNames = ["openapi", "swagger"].flatMap((stem) => [`${stem}.yaml`, `${stem}.yml`, `${stem}.json`]);

/** Finds the document in PATH, which is the document itself or a folder with one. */
export function findProject(path: string): Project {
  const absolute = resolve(path);
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (!stats)
    throw new UserError({
      what: `There is nothing at ${path}.`,
      why: `${absolute} does not exist.`,
      next: "Give the path of an OpenAPI document, or of a folder with one.",
    });
  if (!stats.isDirectory()) return { folder: dirname(absolute), documentFile: absolute };
  const found = documentNames.filter((name) => existsSync(join(absolute, name)));
  if (found.length === 1 && found[0]) return { folder: absolute, documentFile: join(absolute, found[0]) };
  const other = readdirSync(absolute).find((name) => /\.(ya?ml|json)$/.test(name) && looksLikeDocument(absolute, name));
  throw found.length > 1
    ? new UserError({
        what: `${path} has ${found.length} documents.`,
        why: `${found.join(" and ")} could each be the API.`,
        next: `Name the one that is meant: portico up ${join(path, found[0] ?? "openapi.yaml")}`,
      })
    : new UserError({
        what: `${path} has no OpenAPI document.`,
        why: `It would be one of ${documentNames.join(", ")}.`,
        next: other
          ? `Is it ${other}? Then: portico up ${join(path, other)}`
          : "Write one, or give its path: portico up path/to/api.yaml",
      });
}

function looksLikeDocument(folder: string, name: string): boolean {
  return /^\s*(["']?(openapi|swagger)["']?\s*:|\{\s*"(openapi|swagger)")/m.test(
    readFileSync(join(folder, name), "utf8").slice(0, 10_000),
  );
}

/** Reads the project's part of `portico.yaml`; without the file, defaults apply. */
export async function readSettings(folder: string): Promise<ProjectSettings> {
  const file = join(folder, settingsFileName);
  if (!existsSync(file)) return { api: {}, functions: {}, processes: {} };
  const source = await readYaml({ file, text: readFileSync(file, "utf8") });
  const checker = new Checker();
  const root = checker.mapping(source.value ?? {}, []);
  const settings: ProjectSettings = {
    api: checker.members(root["api"], ["api"], apiMembers),
    functions: checker.each(root["functions"], ["functions"], functionMembers),
    processes: checker.each(root["processes"], ["processes"], processMembers),
  };
  if (checker.mistakes.length === 0) return settings;
  throw new ProblemsError(
    await Promise.all(
      checker.mistakes.map(async ({ path, message }) =>
        problemAt("error", message, source, await locate(source, path)),
      ),
    ),
  );
}

/** Returns a mistake in `portico.yaml` that only the server sees, at the place of the member with this path. */
export async function settingsProblem(folder: string, path: readonly string[], message: string): Promise<Problem> {
  const file = join(folder, settingsFileName);
  const source = await readYaml({ file, text: readFileSync(file, "utf8") });
  return problemAt("error", message, source, await locate(source, path));
}

type MemberKind = "text" | "number" | "texts" | "protocol";
const apiMembers: Record<keyof ApiSettings, MemberKind> = {
  name: "text",
  protocol: "protocol",
  stage: "text",
  variables: "texts",
};
const functionMembers: Record<keyof FunctionSettings, MemberKind> = {
  runtime: "text",
  handler: "text",
  timeout: "number",
  memory: "number",
  environment: "texts",
};
const processMembers: Record<keyof ProcessSettings, MemberKind> = {
  command: "text",
  folder: "text",
  environment: "texts",
};

/** Checks values that a person typed, and gathers every mistake with its place. */
class Checker {
  readonly mistakes: { readonly path: readonly string[]; readonly message: string }[] = [];

  mapping(value: unknown, path: readonly string[]): Readonly<Record<string, unknown>> {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    const what = path.length === 0 ? "This file" : `\`${path.at(-1)}\``;
    this.mistakes.push({ path, message: `${what} must be a mapping of names to values` });
    return {};
  }

  members<T>(value: unknown, path: readonly string[], kinds: Record<keyof T & string, MemberKind>): T {
    const result: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(this.mapping(value ?? {}, path))) {
      const kind = (kinds as Record<string, MemberKind | undefined>)[name];
      if (kind) result[name] = this.#member(member, [...path, name], kind);
      else {
        const known = Object.keys(kinds).join(", ");
        this.mistakes.push({ path: [...path, name], message: `\`${name}\` is not known here. Known are: ${known}` });
      }
    }
    return result as T;
  }

  each<T>(value: unknown, path: readonly string[], kinds: Record<keyof T & string, MemberKind>): Record<string, T> {
    const entries = Object.entries(this.mapping(value ?? {}, path));
    const members = entries.map(([name, one]) => [name, this.members<T>(one, [...path, name], kinds)] as const);
    if (kinds === (processMembers as unknown)) {
      for (const [name, one] of members)
        if (!(one as ProcessSettings).command)
          this.mistakes.push({ path: [...path, name], message: `The process ${name} needs a \`command\`` });
    }
    return Object.fromEntries(members);
  }

  #member(value: unknown, path: readonly string[], kind: MemberKind): unknown {
    const isScalar = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    if (kind === "number" && typeof value === "number") return value;
    if (kind === "text" && isScalar) return String(value);
    if (kind === "protocol") {
      const protocol = String(value).toUpperCase();
      if (protocol === "REST" || protocol === "HTTP") return protocol;
      this.mistakes.push({ path, message: `\`${path.at(-1)}\` must be REST or HTTP` });
      return undefined;
    }
    if (kind === "texts") {
      const entries = Object.entries(this.mapping(value ?? {}, path));
      return Object.fromEntries(entries.map(([name, one]) => [name, this.#member(one, [...path, name], "text")]));
    }
    this.mistakes.push({ path, message: `\`${path.at(-1)}\` must be ${kind === "number" ? "a number" : "a text"}` });
    return undefined;
  }
}
