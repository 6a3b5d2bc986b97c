import type { MethodSetting } from "./rest-api.ts";

type MethodSettings = Readonly<Record<string, MethodSetting>>;

/**
 * Returns a stage's settings of a method or, if it has several names for verbs, of any of them: those of the most specific
 * key that covers it. There are several if keys
 * spell one path in several ways, and none if no key covers the method. AWS: API Gateway REST API reference, "Stage",
 * methodSettings: a key is `{resourcePath}/{httpMethod}`, and `*` stands for all paths or verbs.
 */
export function methodSettingsOf(
  settings: MethodSettings,
  resourcePath: string,
  verb: string | readonly string[],
): readonly MethodSetting[] {
  const path = normalisePath(resourcePath);
  const verbs = typeof verb === "string" ? [verb] : verb;
  const levels: MethodSetting[][] = [[], [], [], []];
  for (const [key, setting] of Object.entries(settings)) {
    const slash = key.lastIndexOf("/");
    const [keyPath, keyVerb] = [normalisePath(key.slice(0, slash)), key.slice(slash + 1)];
    const isAnyPath = keyPath === "*" && path !== "*";
    const isAnyVerb = keyVerb === "*";
    if ((isAnyPath || keyPath === path) && (isAnyVerb || verbs.includes(keyVerb))) {
      levels[(isAnyPath ? 2 : 0) + (isAnyVerb ? 1 : 0)]!.push(setting);
    }
  }
  return levels.find((level) => level.length > 0) ?? [];
}

/**
 * A key has the path as UpdateStage received it: AWS's guide escapes it (`~1pets~1{id}`), Terraform leaves the first
 * slash out (`pets~1{id}`), and others escape nothing.
 */
const normalisePath = (path: string): string => path.replaceAll("~1", "/").replaceAll("~0", "~").replace(/^\/+/, "");
