import { type HostMethod, HostObject, type HostType, TemplateMap } from "../../language/java/values.ts";
import { callMethod } from "../../language/vtl/members.ts";

type Variables = Readonly<Record<string, string>>;

/** A map of its own for each call that needs one: what a template changes in it is seen by nobody else. */
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
      (variables, args, meter) => callMethod(mapOf(variables), name, args, meter),
    ]),
  ),
  property: (variables, name) => (Object.hasOwn(variables, name) ? variables[name]! : null),
  items: (variables) => Object.values(variables),
  text: (variables) =>
    `{${Object.entries(variables)
      .map(([name, value]) => `${name}=${value}`)
      .join(", ")}}`,
};

/** `$stageVariables`, the same for all of a stage's renderings: templates can't change it. */
export const stageVariablesObject = (variables: Variables): HostObject => HostObject.of(type, variables);
