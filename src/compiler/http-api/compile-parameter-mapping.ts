import { bounds } from "../../base/bounds.ts";
import {
  type HttpMappingSide,
  isMappedStatus,
  isReservedHeader,
  parseHttpMappingSource,
  parseHttpMappingTarget,
} from "../../definition/http-mapping-rules.ts";
import type { HttpMappingSource } from "../../language/http-mapping-expression.ts";
import type { ParameterMappingPlan, RequestMappingsPlan, ResponseMappingsPlan } from "../../plan/parameter-mapping.ts";
import type { TextPlan, ValuePlan } from "../../plan/values.ts";
import { closed } from "../refusal.ts";

type Variables = Readonly<Record<string, string>>;
type Mappings = Readonly<Record<string, string>>;

/** Compiles `RequestParameters`; undefined if there are none. Throws a refusal for what was stored and is not allowed. */
export function compileRequestMappings(
  mappings: Mappings | undefined,
  variables: Variables,
): RequestMappingsPlan | undefined {
  const plans = compileMappings(mappings, "request", variables);
  return plans.length === 0 ? undefined : plans;
}

/** Compiles `ResponseParameters`, likewise. */
export function compileResponseMappings(
  mappings: Readonly<Record<string, Mappings>> | undefined,
  variables: Variables,
): ResponseMappingsPlan | undefined {
  const entries = Object.keys(mappings ?? {})
    .sort()
    .flatMap((status) => {
      if (!isMappedStatus(status)) throw closed(`ResponseParameters of the status ${status}`);
      const plans = compileMappings(mappings![status], "response", variables);
      return plans.length === 0 ? [] : [[status, plans] as const];
    });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** What is removed makes place for what is set, and that comes before what is added. */
const order = { remove: 0, overwrite: 1, append: 2 } as const;

function compileMappings(
  mappings: Mappings | undefined,
  side: HttpMappingSide,
  variables: Variables,
): ParameterMappingPlan[] {
  const plans = Object.keys(mappings ?? {})
    .sort()
    .flatMap((key) => {
      const source = mappings![key]!;
      const target = parseHttpMappingTarget(key, side);
      if (target === undefined) throw closed(`parameter mapping ${key}`);
      if (target.place === "header" && isReservedHeader(target.name)) {
        throw closed(`parameter mapping into the reserved header ${target.name}`);
      }
      if (target.action === "remove") return [{ ...target, value: [], source }];
      const value = compileMappedText(source, side, variables);
      if (value !== undefined) return [{ ...target, value, source }];
      // What is overwritten goes, whatever there is to put in its place.
      const isOverwritten = target.action === "overwrite" && target.name !== "";
      return isOverwritten ? [{ ...target, action: "remove" as const, value: [], source }] : [];
    });
  return plans.sort((left, right) => order[left.action] - order[right.action]);
}

/** Compiles a value; undefined if it is known to have none. Throws a refusal for one that can't be read. */
export function compileMappedText(source: string, side: HttpMappingSide, variables: Variables): TextPlan | undefined {
  const parts = parseHttpMappingSource(source, side);
  if (parts === undefined) throw closed(`parameter mapping from ${source}`);
  const compiled = parts.flatMap((part): TextPlan => {
    if (typeof part === "string") return [part];
    const value = compileSource(part, variables);
    return value === undefined ? [] : [value];
  });
  // A source alone that is not there sets nothing. Between others it is empty.
  return compiled.length === 0 && parts.length > 0 ? undefined : compiled;
}

function compileSource(source: HttpMappingSource, variables: Variables): ValuePlan | undefined {
  switch (source.kind) {
    case "stage-variable": {
      const { name: variable } = source;
      return Object.hasOwn(variables, variable) ? { kind: "literal", text: variables[variable]!, variable } : undefined;
    }
    case "request":
      return { ...source, isMultiValue: source.place !== "path" };
    case "response-header":
      return { ...source, isMultiValue: true };
    case "request-body":
      if (source.jsonPath === undefined) return { kind: "body", of: "request" };
      return { kind: "body", of: "request", jsonPath: source.jsonPath, bytesMax: bounds.mappedBodyBytesMax.value };
    case "response-body":
      return { kind: "body", of: "response", ...(source.jsonPath === undefined ? {} : { jsonPath: source.jsonPath }) };
    default:
      return source;
  }
}
