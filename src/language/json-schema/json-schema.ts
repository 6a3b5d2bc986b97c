import type { TemplateValue } from "../java/values.ts";
import { parseJsonText } from "../json-text.ts";
import { Report, UnboundedWork } from "./report.ts";
import { type ResolveModel, SchemaCompiler, WrongSchema } from "./schema-compiler.ts";
import type { SchemaNode } from "./schema-node.ts";

/** A model's schema, compiled to closures: JSON Schema draft 4 as API Gateway validates bodies with it. */
export interface JsonSchema {
  /** Returns what is wrong with a body, in the words of fge's json-schema-validator; an empty list if it is valid. */
  validate(body: TemplateValue): readonly string[];
  /** Validates with less than the steps that all validations have; undefined: they were not enough. */
  validateWithin(stepsMax: number, body: TemplateValue): readonly string[] | undefined;
}

/** A schema, or what is wrong with it. */
export type ParsedJsonSchema =
  | { readonly kind: "schema"; readonly schema: JsonSchema }
  | { readonly kind: "invalid"; readonly detail: string };

/**
 * Parses a model's schema. A reference leads within it (`#/definitions/X`) or to another model of the API, by
 * `https://apigateway.amazonaws.com/restapis/{api}/models/{name}`. References may form cycles. Any other reference is
 * refused.
 * AWS: "Data models for REST APIs".
 */
export function parseJsonSchema(text: string, resolveModel: ResolveModel = () => undefined): ParsedJsonSchema {
  try {
    const node = new SchemaCompiler(resolveModel).compile(parseSchemaText(text));
    return {
      kind: "schema",
      schema: {
        validate: (body) => validate(node, body, new Report()),
        validateWithin(stepsMax, body) {
          const report = new Report(undefined, stepsMax);
          const problems = validate(node, body, report);
          return report.isOutOfSteps ? undefined : problems;
        },
      },
    };
  } catch (error) {
    if (error instanceof WrongSchema) return { kind: "invalid", detail: error.message };
    throw error;
  }
}

function validate(node: SchemaNode, body: TemplateValue, report: Report): readonly string[] {
  try {
    node.validate(body, report, false);
    if (report.isSuccess) return report.messages;
    return inOrder(node, body, report);
  } catch (error) {
    if (error instanceof UnboundedWork) return [error.message];
    throw error;
  }
}

/** fge reports members in the order of their names. They are sorted only if there is something to report. */
function inOrder(node: SchemaNode, body: TemplateValue, unsorted: Report): readonly string[] {
  const sorted = unsorted.again();
  try {
    node.validate(body, sorted, true);
    return sorted.messages;
  } catch (error) {
    unsorted.addSteps(sorted);
    if (error instanceof UnboundedWork) return unsorted.messages;
    throw error;
  }
}

function parseSchemaText(text: string): TemplateValue {
  const parsed = parseJsonText(text);
  if (parsed.kind === "malformed") throw new WrongSchema(parsed.detail);
  return parsed.value;
}
