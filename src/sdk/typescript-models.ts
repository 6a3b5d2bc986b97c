import type { SdkApi } from "./sdk-api.ts";
import type { Shape, Structure } from "./shapes.ts";
import { blockComment, jsProperty, jsString } from "./source-text.ts";

/** Returns an API's structures as interfaces, for the JavaScript SDK's types and the TypeScript SDK's models. */
export function typescriptModels(api: SdkApi): string {
  return api.structures.map((structure) => `${writeInterface(structure)}`).join("\n");
}

function writeInterface({ name, description, members }: Structure): string {
  const lines = members.map((member) => {
    const comment = member.description === "" ? "" : blockComment(member.description, "  ");
    return `${comment}  ${jsProperty(member.name)}${member.isRequired ? "" : "?"}: ${typescriptType(member.shape)};\n`;
  });
  return `${description === "" ? "" : blockComment(description)}export interface ${name} {\n${lines.join("")}}\n`;
}

/** Returns the type of a shape. `prefix` stands before the names of structures. */
export function typescriptType(shape: Shape, prefix = ""): string {
  switch (shape.kind) {
    case "integer":
      return "number";
    case "string":
      return shape.values === undefined ? "string" : shape.values.map(jsString).join(" | ");
    case "list":
      return `(${typescriptType(shape.items, prefix)})[]`;
    case "map":
      return `{ [name: string]: ${typescriptType(shape.values, prefix)} }`;
    case "structure":
      return `${prefix}${shape.name}`;
    default:
      return shape.kind;
  }
}
