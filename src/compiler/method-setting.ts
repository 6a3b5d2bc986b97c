import type { MethodSetting, Stage } from "../definition/rest-api.ts";

/** A method's setting of a stage: its own, or that of all methods. */
export function methodSettingFor(stage: Stage, resourcePath: string, verb: string): MethodSetting | undefined {
  const settings = stage.methodSettings;
  const own = `${resourcePath.replaceAll("/", "~1")}/${verb}`;
  // A key is the path as UpdateStage was sent it: Terraform leaves the first slash out (`pets~1{id}/GET`).
  const relative = `${resourcePath.replace(/^\//, "").replaceAll("/", "~1")}/${verb}`;
  const plain = `${resourcePath.replace(/^\//, "")}/${verb}`;
  for (const key of [own, relative, plain, "*/*"]) if (Object.hasOwn(settings, key)) return settings[key];
  return undefined;
}
