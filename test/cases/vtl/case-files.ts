import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  JavaDouble,
  JavaLong,
  TemplateList,
  TemplateMap,
  type TemplateValue,
} from "../../../src/language/java/values.ts";
import { compileTemplate } from "../../../src/language/vtl/compile-template.ts";
import { parseTemplate } from "../../../src/language/vtl/parse-template.ts";
import { apiGatewayPolicy, velocityPolicy } from "../../../src/language/vtl/template-policy.ts";

export interface CaseFile {
  readonly name: string;
  readonly policy: "velocity" | "api-gateway";
  /** The variables, as JSON text. */
  readonly variables: string;
  readonly cases: readonly { readonly template: string; readonly expected: string }[];
}

const folder = import.meta.dirname;
const betweenCases = "\n==========\n";
const separator = "\n----------\n";

export function readCaseFiles(): readonly CaseFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => {
      const [head = "", ...cases] = readFileSync(join(folder, name), "utf8").replace(/\n$/, "").split(betweenCases);
      const [line = "", variables = "{}"] = head.split("\n");
      const policy = line.includes("policy=api-gateway") ? "api-gateway" : "velocity";
      return {
        name: name.replace(/\.txt$/, ""),
        policy,
        variables,
        cases: cases.map((text) => {
          const [template = "", expected = ""] = text.split(separator);
          return { template, expected };
        }),
      };
    });
}

export function writeCaseFile(file: CaseFile): void {
  const head = `#! policy=${file.policy}\n${file.variables}`;
  const cases = file.cases.map(({ template }) => template + separator + renderCase(file, template));
  writeFileSync(join(folder, `${file.name}.txt`), `${[head, ...cases].join(betweenCases)}\n`);
}

export function renderCase({ policy, variables }: Omit<CaseFile, "name" | "cases">, template: string): string {
  const parsed = parseTemplate(template);
  if (parsed.kind === "problem") return `!! ${parsed.line}:${parsed.column} ${parsed.message}`;
  const compiled = compileTemplate(parsed, policy === "velocity" ? velocityPolicy : apiGatewayPolicy);
  const scope = new Map(
    Object.entries(JSON.parse(variables) as Record<string, unknown>).map(([name, value]) => [
      name,
      templateValue(value, policy === "velocity" ? "list" : "json"),
    ]),
  );
  const rendered = compiled.render(scope);
  return rendered.kind === "text" ? rendered.text : `! ${rendered.line}:${rendered.column} ${rendered.message}`;
}

/** JSON.parse's value as a template's: an integer is an Integer or a Long, any other number a Double. */
export function templateValue(value: unknown, lists: "list" | "json"): TemplateValue {
  if (typeof value === "number") {
    if (!Number.isInteger(value)) return new JavaDouble(value);
    return (value | 0) === value ? value : new JavaLong(BigInt(value));
  }
  if (Array.isArray(value)) {
    return new TemplateList(
      value.map((item) => templateValue(item, lists)),
      lists,
    );
  }
  if (typeof value !== "object" || value === null) return value as TemplateValue;
  const map = new TemplateMap();
  for (const [name, member] of Object.entries(value)) map.set(name, templateValue(member, lists));
  return map;
}
