import type { HostObject, TemplateValue } from "../../language/java/values.ts";
import type { TemplateScope } from "../../language/vtl/rendering.ts";
import { contextObject } from "./context-object.ts";
import { inputObject } from "./input-object.ts";
import type { Rendering } from "./rendering.ts";
import { utilObject } from "./util-object.ts";

/** All that a template finds set. */
export const templateScope = (rendering: Rendering, stageVariables: HostObject): TemplateScope =>
  new Map<string, TemplateValue>([
    ["input", inputObject(rendering)],
    ["context", contextObject(rendering)],
    ["stageVariables", stageVariables],
    ["util", utilObject],
  ]);
