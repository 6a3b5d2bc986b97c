import { bounds } from "../base/bounds.ts";
import type { BindInput } from "./bind-rest.ts";
import { makeChecks } from "./constraints.ts";
import { decodeText, setOwn } from "./decode.ts";
import { UnreadableInput } from "./json-body.ts";
import { type Model, type Shape, shapeOf } from "./model.ts";

/** `Tags.member.1.Key=a` as a tree of names, with texts at its leaves. */
interface FormNode {
  text: string | undefined;
  readonly children: Map<string, FormNode>;
}

const depthMax = bounds.formDepthMax.value;
const parametersMax = bounds.formParametersMax.value;

/**
 * Makes the binders of a service that speaks the AWS query protocol (IAM, STS).
 *
 * Smithy: "AWS query protocol", "Collection serialization".
 */
export function makeQueryBinders(
  model: Model,
  exempt: readonly string[],
): (operation: string) => BindInput<URLSearchParams> {
  const checkOf = makeChecks(model, exempt);
  return (operation) => {
    const inputName = model.operations[operation]?.input?.shape;
    if (inputName === undefined) return () => ({ input: {}, problems: [] });
    const shape = shapeOf(model, inputName);
    const check = checkOf(inputName);
    return (form) => {
      const input = readStructure(model, shape, plant(form));
      const problems: string[] = [];
      check(input, "", problems);
      return { input, problems };
    };
  };
}

const makeNode = (): FormNode => ({ text: undefined, children: new Map() });

function plant(form: URLSearchParams): FormNode {
  if (form.size > parametersMax) throw new UnreadableInput(`The request has more than ${parametersMax} parameters`);
  const root = makeNode();
  for (const [name, text] of form) {
    const steps = name.split(".", depthMax + 1);
    if (steps.length > depthMax) throw new UnreadableInput("A parameter's name nests too deeply");
    let node = root;
    for (const step of steps) {
      let next = node.children.get(step);
      if (!next) {
        next = makeNode();
        node.children.set(step, next);
      }
      node = next;
    }
    node.text = text;
  }
  return root;
}

function readStructure(model: Model, shape: Shape, node: FormNode): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const child = node.children.get(member.locationName ?? name);
    if (child) result[name] = readValue(model, shapeOf(model, member.shape), child);
  }
  return result;
}

function readValue(model: Model, shape: Shape, node: FormNode): unknown {
  switch (shape.type) {
    case "structure":
      return readStructure(model, shape, node);
    case "list": {
      const member = shapeOf(model, shape.member?.shape ?? "");
      return numbered(node.children.get("member")).map((child) => readValue(model, member, child));
    }
    case "map": {
      const value = shapeOf(model, shape.value?.shape ?? "");
      const result: Record<string, unknown> = {};
      for (const entry of numbered(node.children.get("entry"))) {
        const entryValue = entry.children.get("value");
        if (entryValue) setOwn(result, entry.children.get("key")?.text ?? "", readValue(model, value, entryValue));
      }
      return result;
    }
    default:
      return decodeText(shape, node.text ?? "");
  }
}

/** Returns the children `1`, `2`… in the order of their numbers, without gaps. */
function numbered(node: FormNode | undefined): readonly FormNode[] {
  if (!node) return [];
  return [...node.children]
    .filter(([name]) => /^\d{1,9}$/.test(name))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, child]) => child);
}
