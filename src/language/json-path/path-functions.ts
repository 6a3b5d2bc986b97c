import { textOf } from "../java/text-of.ts";
import { JavaDouble, TemplateList, TemplateMap, type TemplateValue } from "../java/values.ts";
import { isJsonNumber, JavaDecimal, type JsonNumber, numberValue } from "../json-value.ts";
import { Meter } from "../meter.ts";
import { type Evaluation, JsonPathFailure, notFound, OutOfBounds, PathMismatch, type Visit } from "./evaluation.ts";
import type { LinkOptions } from "./linked-path.ts";
import type { Parameter, PathToken } from "./path-syntax.ts";
import { parsePermissiveJson } from "./permissive-json.ts";

interface LinkedParameter {
  readonly value: (evaluation: Evaluation) => TemplateValue;
  /** For `length`: the values of the parameter's path followed by `.*`. */
  readonly children: ((value: TemplateValue, evaluation: Evaluation) => TemplateValue) | undefined;
}

type PathFunction = (
  value: TemplateValue,
  parameters: readonly LinkedParameter[],
  evaluation: Evaluation,
) => TemplateValue;

/** Links a function at the end of a path. Tokens behind it are evaluated on its result. */
export function linkFunction(
  { name, parameters }: Extract<PathToken, { kind: "function" }>,
  next: Visit,
  options: LinkOptions & { readonly isLeaf: boolean },
): Visit {
  const call = functions.get(name);
  const linked = parameters.map((parameter) => linkParameter(parameter, options));
  return (value, found, evaluation) => {
    if (call === undefined) throw new PathMismatch(`Function with name: ${name} does not exist.`);
    evaluation.step(1);
    const result = call(value, linked, evaluation);
    found.push(result);
    if (!options.isLeaf) next(result, found, evaluation);
  };
}

function linkParameter(parameter: Parameter, options: LinkOptions): LinkedParameter {
  if (parameter.kind === "json") {
    const value = parsePermissiveJson(parameter.text);
    return {
      value: () => {
        if (value === undefined) throw new JsonPathFailure(`Could not parse ${parameter.text}`);
        return value;
      },
      children: undefined,
    };
  }
  const inner = { isEachRequired: options.isEachRequired, nesting: options.nesting + 1 };
  const { path } = parameter;
  const linked = options.linkPath(path, inner);
  // Jayway quirk: whether the path is definite was found before the wildcard came to it.
  const children = options.linkPath({ ...path, tokens: [...path.tokens, { kind: "wildcard" }] }, inner);
  const isFunction = path.tokens.at(-1)?.kind === "function";
  return {
    value: (evaluation) => linked.evaluate(evaluation.root, evaluation),
    children: (value, evaluation) => {
      if (value === null) throw new JsonPathFailure("root can not be null");
      if (isFunction || path.tokens.length === 0) return linked.evaluate(value, evaluation);
      const found = children.evaluate(value, evaluation);
      if (!linked.isDefinite || !(found instanceof TemplateList)) return found;
      const last = found.items.at(-1);
      if (last === undefined) throw notFound;
      return last;
    },
  };
}

/** Returns the numbers in a list and in the parameters. */
function numbersOf(value: TemplateValue, parameters: readonly LinkedParameter[], evaluation: Evaluation): number[] {
  const numbers: JsonNumber[] = [];
  const add = (values: readonly TemplateValue[]): void => {
    evaluation.step(values.length);
    for (const item of values) if (isJsonNumber(item)) numbers.push(item);
  };
  if (value instanceof TemplateList) add(value.items);
  for (const parameter of parameters) {
    const given = parameter.value(evaluation);
    add(given instanceof TemplateList ? given.items : [given]);
  }
  return numbers.map(numberValue);
}

function aggregate(calculate: (numbers: readonly number[]) => number): PathFunction {
  return (value, parameters, evaluation) => {
    const numbers = numbersOf(value, parameters, evaluation);
    if (numbers.length > 0) {
      const result = calculate(numbers);
      // Jayway quirk: max() begins with Java's Double.MIN_VALUE, the least that is above 0, and Java prints that its own way.
      return result === Number.MIN_VALUE ? new JavaDecimal(result, "4.9E-324") : new JavaDouble(result);
    }
    throw new JsonPathFailure("Aggregation function attempted to calculate value using empty array");
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function itemAt(value: TemplateValue, index: number): TemplateValue {
  if (!(value instanceof TemplateList)) {
    throw new JsonPathFailure("Aggregation function attempted to calculate value using empty array");
  }
  const { items } = value;
  const place = index >= 0 ? index : items.length + index;
  // Jayway quirk: counted from the end, the first item is out of reach.
  const item = index < 0 && place === 0 ? undefined : items[place];
  if (item === undefined) {
    const problem = `Target index:${index} larger than object count:${items.length}`;
    throw index >= 0 ? new OutOfBounds(problem) : new JsonPathFailure(problem);
  }
  return item;
}

const length: PathFunction = (value, parameters, evaluation) => {
  const [first] = parameters;
  if (first !== undefined) {
    for (const parameter of parameters) parameter.value(evaluation);
    if (first.children === undefined) throw new JsonPathFailure("The parameter of length is no path");
    const inner = first.children(value, evaluation);
    if (inner instanceof TemplateList) return inner.items.length;
  }
  if (value instanceof TemplateList) return value.items.length;
  return value instanceof TemplateMap ? value.size : null;
};

const functions: ReadonlyMap<string, PathFunction> = new Map<string, PathFunction>([
  ["sum", aggregate(sum)],
  ["avg", aggregate((numbers) => sum(numbers) / numbers.length)],
  ["min", aggregate((numbers) => numbers.reduce((least, number) => Math.min(number, least), Number.MAX_VALUE))],
  ["max", aggregate((numbers) => numbers.reduce((most, number) => Math.max(number, most), Number.MIN_VALUE))],
  [
    "stddev",
    aggregate((numbers) => {
      const count = numbers.length;
      const total = sum(numbers);
      return Math.sqrt(sum(numbers.map((number) => number * number)) / count - (total * total) / count / count);
    }),
  ],
  ["length", length],
  ["size", length],
  [
    "keys",
    (value, _, evaluation) => {
      if (!(value instanceof TemplateMap)) return null;
      evaluation.step(value.size);
      return new TemplateList([...value.keys()], "view");
    },
  ],
  [
    "concat",
    (value, parameters, evaluation) => {
      let result = "";
      const meter = new Meter();
      if (value instanceof TemplateList) {
        evaluation.step(value.items.length);
        for (const item of value.items) if (typeof item === "string") result += item;
      }
      for (const parameter of parameters) {
        const given = parameter.value(evaluation);
        const items = given instanceof TemplateList ? given.items : [given];
        evaluation.step(items.length);
        for (const item of items) {
          if (item !== null) result += textOf(item, meter) ?? "";
        }
      }
      return result;
    },
  ],
  [
    // Jayway appends the items to the document's own list. Here the document does not change.
    "append",
    (value, parameters, evaluation) => {
      if (!(value instanceof TemplateList)) return value;
      evaluation.step(value.items.length >> 2);
      const items = [...value.items, ...parameters.map((parameter) => parameter.value(evaluation))];
      return new TemplateList(items, value.kind);
    },
  ],
  ["first", (value) => itemAt(value, 0)],
  ["last", (value) => itemAt(value, -1)],
  [
    "index",
    (value, parameters, evaluation) => {
      const [index] = numbersOf(null, parameters, evaluation);
      if (index === undefined) throw new JsonPathFailure("index needs a number");
      return itemAt(value, Math.trunc(index) | 0);
    },
  ],
]);
