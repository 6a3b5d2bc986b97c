import type { MethodSetting, Stage } from "../definition/rest-api.ts";

/** A method's setting of a stage: its own, that of its path's methods, or that of all methods. */
export function methodSettingFor(stage: Stage, resourcePath: string, verb: string): MethodSetting | undefined {
  const settings = stage.methodSettings;
  const relative = resourcePath.replace(/^\//, "");
  // A key is the path as UpdateStage was sent it: Terraform leaves the first slash out (`pets~1{id}/GET`).
  const paths = [resourcePath.replaceAll("/", "~1"), relative.replaceAll("/", "~1"), relative];
  const keys = [verb, "*"].flatMap((each) => paths.map((path) => `${path}/${each}`));
  for (const key of [...keys, "*/*"]) if (Object.hasOwn(settings, key)) return settings[key];
  return undefined;
}
