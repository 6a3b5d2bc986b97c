import type { MethodSetting } from "./rest-api.ts";

type MethodSettings = Readonly<Record<string, MethodSetting>>;

/**
 * Returns a stage's settings of a method: those of the most specific key that covers it. There are several if keys
 * spell one path in several ways, and none if no key covers the method.
 */
export const methodSettingsOf = (
  settings: MethodSettings,
  resourcePath: string,
  verb: string,
): readonly MethodSetting[] =>
  methodSettingLevels(settings, resourcePath, [verb]).find((level) => level.length > 0) ?? [];

/**
 * Returns a stage's settings of a method by the keys that cover it, the most specific ones first. `verbs` are the names that
 * a key may have for the method's verb. AWS: API Gateway REST API reference, "Stage", methodSettings: a key is
 * `{resourcePath}/{httpMethod}`, and `*` stands for all paths or verbs.
 */
export function methodSettingLevels(
  settings: MethodSettings,
  resourcePath: string,
  verbs: readonly string[],
): readonly (readonly MethodSetting[])[] {
  const path = normalisePath(resourcePath);
  const levels: MethodSetting[][] = [[], [], [], []];
  const read = readKeysOf(settings);
  for (const [key, setting] of Object.entries(settings)) {
    const [keyPath, keyVerb] = read(key);
    const isAnyPath = keyPath === "*" && path !== "*";
    const isAnyVerb = keyVerb === "*";
    if ((isAnyPath || keyPath === path) && (isAnyVerb || verbs.includes(keyVerb))) {
      levels[(isAnyPath ? 2 : 0) + (isAnyVerb ? 1 : 0)]!.push(setting);
    }
  }
  return levels;
}

/** Returns what says whether a key of a stage's settings covers one of the methods, given as paths with their verbs. */
export function makeCoverage(
  methods: readonly (readonly [resourcePath: string, verb: string])[],
): (key: string) => boolean {
  const none: ReadonlySet<string> = new Set();
  const all = new Set(methods.map(([, verb]) => verb));
  const byPath = new Map<string, Set<string>>();
  for (const [resourcePath, verb] of methods) {
    const path = normalisePath(resourcePath);
    byPath.set(path, (byPath.get(path) ?? new Set()).add(verb));
  }
  return (key) => {
    const [path, verb] = readKey(key);
    const verbs = path === "*" ? all : (byPath.get(path) ?? none);
    return verb === "*" ? verbs.size > 0 : verbs.has(verb) || verbs.has("ANY");
  };
}

type SettingKey = readonly [path: string, verb: string];

/** What was read of the keys of settings: each method of a stage, and each operation of a PATCH, looks at all of them. */
const keysRead = new WeakMap<MethodSettings, Map<string, SettingKey>>();

/** Returns what reads keys of these settings, each one once. */
function readKeysOf(settings: MethodSettings): (key: string) => SettingKey {
  const known = keysRead.get(settings) ?? new Map<string, SettingKey>();
  keysRead.set(settings, known);
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const read = readKey(key);
    known.set(key, read);
    return read;
  };
}

function readKey(key: string): SettingKey {
  const slash = key.lastIndexOf("/");
  return [normalisePath(key.slice(0, slash)), key.slice(slash + 1)];
}

/**
 * A key has the path as UpdateStage received it: AWS's guide escapes it (`~1pets~1{id}`), Terraform leaves the first
 * slash out (`pets~1{id}`), and others escape nothing. Slashes that are doubled or at the end are in no resource's path, so a
 * key that has them can only mean the path without them.
 */
const normalisePath = (path: string): string =>
  path
    .replaceAll("~1", "/")
    .replaceAll("~0", "~")
    .split("/")
    .filter((segment) => segment !== "")
    .join("/");
