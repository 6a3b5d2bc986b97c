import { type HostMethod, HostObject, type HostType, TemplateMap } from "../../language/java/values.ts";
import { callMethod } from "../../language/vtl/members.ts";

type Variables = Readonly<Record<string, string>>;

/** Makes a new map for each call that needs one, so that nobody else sees the changes that a template makes in it. */
function mapOf(variables: Variables): TemplateMap {
  const map = new TemplateMap();
  for (const [name, value] of Object.entries(variables)) map.set(name, value);
  return map;
}

const delegated = [
  "containsKey",
  "containsValue",
  "entrySet",
  "get",
  "isEmpty",
  "keySet",
  "size",
  "toString",
  "values",
];

const type: HostType<Variables> = {
  name: "$stageVariables",
  methods: new Map(
    delegated.map((name): [string, HostMethod<Variables>] => [
      name,
      (variables, args, meter) => {
        meter.step(2 * Object.keys(variables).length);
        return callMethod(mapOf(variables), name, args, meter);
      },
    ]),
  ),
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
