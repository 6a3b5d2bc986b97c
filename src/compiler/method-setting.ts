import type { MethodSetting, Stage } from "../definition/rest-api.ts";

/** A method's setting of a stage: its own, or that of all methods. */
export function methodSettingFor(stage: Stage, resourcePath: string, verb: string): MethodSetting | undefined {
  const settings = stage.methodSettings;
  const own = `${resourcePath.replaceAll("/", "~1")}/${verb}`;
  // AWS writes the keys with the first slash escaped (`~1pets/GET`) in answers; both spellings are found in documents.
  const plain = `${resourcePath.replace(/^\//, "")}/${verb}`;
  for (const key of [own, plain, "*/*"]) if (Object.hasOwn(settings, key)) return settings[key];
  return undefined;
}
