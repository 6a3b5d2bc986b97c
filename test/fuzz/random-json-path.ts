import { oneOf, random } from "./from-models.ts";
import { jsonNames, upTo } from "./random-json.ts";

const literals = [
  "1",
  "2",
  "1.0",
  "-3",
  "1e3",
  "'x'",
  '"y"',
  "'1'",
  "true",
  "null",
  "['x','y',1]",
  "[1, 2]",
  "{'a':1}",
  "''",
];
const signs = ["==", "==", "!=", "<", "<=", ">", ">=", "===", "!=="];
const words = ["in", "nin", "contains", "subsetof", "anyof", "noneof"];
const patterns = ["/x/", "/.*b.*/i", "/[a-z]+/", "/1.*/", "/(x|y)/"];
const calls = [
  ...["length()", "size()", "sum()", "min()", "max()", "avg()", "stddev()", "keys()", "first()", "last()", "index(0)"],
  ...["concat()", 'concat("x", $.a)', "sum($.a[*])", "append(1)", "sum(1,2)", "concat($..a)", "length($.a)", "nope()"],
];

function relative(depth: number): string {
  return oneOf(["@", "@", "@", "$"]) + Array.from({ length: upTo(3) }, () => token(depth - 1)).join("");
}

function operand(depth: number): string {
  return random() < 0.6 ? relative(depth) : oneOf(literals);
}

function comparison(depth: number): string {
  const kind = random();
  if (kind < 0.25) return relative(depth);
  if (kind < 0.32) return `!${relative(depth)}`;
  if (kind < 0.7) return `${operand(depth)} ${oneOf(signs)} ${operand(depth)}`;
  if (kind < 0.8) return `${relative(depth)} =~ ${oneOf(patterns)}`;
  if (kind < 0.85) return `${relative(depth)} size ${upTo(3)}`;
  return `${operand(depth)} ${oneOf(words)} ${oneOf(["['x','y',1]", "[1,2]", relative(depth)])}`;
}

function condition(depth: number): string {
  const kind = random();
  if (kind < 0.65) return comparison(depth);
  if (kind < 0.78) return `${condition(depth)} && ${condition(depth)}`;
  if (kind < 0.9) return `${condition(depth)} || ${condition(depth)}`;
  return `${kind < 0.95 ? "" : "!"}(${condition(depth)})`;
}

function token(depth: number): string {
  const kind = random();
  if (kind < 0.4) return `.${oneOf(["a", "b", "c", "d-e", "é"])}`;
  if (kind < 0.5) return `['${oneOf(jsonNames)}']`;
  if (kind < 0.56) return `[${oneOf(["0", "1", "-1", "0,1", "1, 0"])}]`;
  if (kind < 0.62) return `[${oneOf(["0:", "1:", "-1:", ":1", ":-1", "0:2", "-2:-1", "-1:2"])}]`;
  if (kind < 0.7) return oneOf([".*", "[*]"]);
  if (kind < 0.78) return `..${oneOf(["a", "b", "['a']"])}`;
  if (kind < 0.81) return `['${oneOf(jsonNames)}','${oneOf(jsonNames)}']`;
  return depth > 0 ? `[?(${condition(depth - 1)})]` : `.${oneOf(jsonNames)}`;
}

/** A JSONPath; now and then one that is broken. */
export function randomJsonPath(): string {
  let path = random() < 0.1 ? oneOf(["a", "b"]) : "$";
  for (let tokens = upTo(4); tokens >= 0; tokens--) path += token(2);
  const end = random();
  if (end < 0.12) path += `.${oneOf(calls)}`;
  // What stock Jayway makes of `..[*].a` depends on what the path was used on before; at the end it is sane.
  else if (end < 0.17) path += oneOf(["..*", "..[0]", "..[1:]", "..[?(@.a)]"]);
  if (random() > 0.1) return path;
  const at = upTo(path.length + 1);
  return random() < 0.5
    ? path.slice(0, at) + oneOf([...".[]()?*@$'\"!=<> &|,:0-a/{}"]) + path.slice(at)
    : path.slice(0, at) + path.slice(at + 1);
}
