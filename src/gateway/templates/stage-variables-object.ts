import { HostObject, type HostType, TemplateMap } from "../../language/java/values.ts";
import { mapMethodsOf } from "./map-methods.ts";

type Variables = Readonly<Record<string, string>>;

/** Makes a new map for each call that needs one, so that nobody else sees the changes that a template makes in it. */
function mapOf(variables: Variables): TemplateMap {
  const map = new TemplateMap();
  for (const [name, value] of Object.entries(variables)) map.set(name, value);
  return map;
}

const type: HostType<Variables> = {
  name: "$stageVariables",
  methods: new Map(mapMethodsOf(mapOf)),
  property: (variables, name) => (Object.hasOwn(variables, name) ? variables[name]! : null),
  items: (variables) => Object.values(variables),
  text: (variables, meter) => {
    const entries = Object.entries(variables);
    meter.step(2 * entries.length);
    return `{${entries.map(([name, value]) => `${name}=${value}`).join(", ")}}`;
  },
};

/** Makes `$stageVariables`. All renderings of a stage share it, because templates can't change it. */
export const stageVariablesObject = (variables: Variables): HostObject => HostObject.of(type, variables);
