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
  for (const [key, setting] of Object.entries(settings)) {
    const [keyPath, keyVerb] = readKey(key);
    const isAnyPath = keyPath === "*" && path !== "*";
    const isAnyVerb = keyVerb === "*";
    if ((isAnyPath || keyPath === path) && (isAnyVerb || verbs.includes(keyVerb))) {
      levels[(isAnyPath ? 2 : 0) + (isAnyVerb ? 1 : 0)]!.push(setting);
    }
  }
  return levels;
}

/** Returns whether a key of a stage's settings covers one of the methods, given as paths with their verbs. */
export function coversAny(key: string, methods: Iterable<readonly [resourcePath: string, verb: string]>): boolean {
  const [keyPath, keyVerb] = readKey(key);
  for (const [resourcePath, verb] of methods) {
    const isPath = keyPath === "*" || keyPath === normalisePath(resourcePath);
    if (isPath && (keyVerb === "*" || keyVerb === verb || verb === "ANY")) return true;
  }
  return false;
}

function readKey(key: string): readonly [path: string, verb: string] {
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
