import { below, pick, type Random } from "../../random.ts";

/** The variables that random templates speak of. */
export const randomContext = {
  x: "val",
  n: 5,
  m: { a: 1, b: "x" },
  l: [1, "x", 2.5],
  t: true,
  f: false,
  s: "a,b,,c,,",
  e: "",
  z: 0,
  big: 5_000_000_000,
  d: 1.5,
  mm: { k: { k2: [1, { q: "w" }] } },
};

const names = ["x", "n", "m", "l", "t", "f", "s", "e", "z", "big", "d", "mm", "nope", "v1", "v2", "i"];
const members = [".a", ".b", ".c", ".k", ".k2", ".size", ".empty", ".key", "[0]", "[1]", '["a"]', "[$n]", "['k']"];
const calls = [
  ".size()",
  ".toString()",
  ".length()",
  ".get(0)",
  '.get("a")',
  ".isEmpty()",
  '.contains("a")',
  ".toUpperCase()",
  ".substring(1)",
  '.split(",").size()',
  ".keySet()",
  ".values()",
  ".entrySet()",
  '.indexOf("x")',
  '.equals("val")',
  '.replaceAll("[a,]","-")',
  ".add(1)",
  '.put("z",$n)',
  '.containsKey("a")',
  ".trim()",
  ".intValue()",
];
const numbers = ["0", "1", "2", "7", "-3", "1.5", "2147483647", "9223372036854775807", "0.25", "1e3", "100000000000"];
const blanks = ["", "", " ", "\n", "  ", "\n  ", " \n", "\t", "\n\n"];
const texts = [
  "a",
  "b ",
  '{ "k": ',
  "}",
  ",",
  ". ",
  ".x",
  "(",
  "[",
  "-",
  " and ",
  "$ ",
  "# ",
  "\\",
  "\\\\",
  "$5",
  "#5",
  "#nope",
  "!",
  "'",
  '"',
  ":",
  "# # ",
  "abc def",
  "\\#if ",
  "\\\\#set",
  "\\$x",
  "\\$nope",
  "\\#nope",
  "##c\n",
  "#*c*#",
  "#[[ $x #if ]]#",
];

/** A template that may use everything of the language, mostly well-formed, not always. */
export function randomTemplate(random: Random): string {
  const template = new Writer(random).template(0);
  const macro = `#macro(mac $p $q)<$p|$q|$!bodyContent>${pick(random, ["", "#set($p = 1)$p", "#set($v1 = $q)"])}#end`;
  const late = "#macro(late $a)late $a#end";
  return (/mac\(/.test(template) ? macro : "") + template + (template.includes("late(") ? late : "");
}

class Writer {
  readonly #random: Random;
  constructor(random: Random) {
    this.#random = random;
  }

  template(depth: number): string {
    let text = "";
    const count = below(this.#random, depth === 0 ? 4 : 2) + 1;
    for (let index = 0; index < count; index++) text += pick(this.#random, blanks) + this.#statement(depth);
    return text + pick(this.#random, blanks);
  }

  #reference(): string {
    let body = pick(this.#random, names);
    for (let part = below(this.#random, 4); part > 1; part--) body += pick(this.#random, [...members, ...calls]);
    return pick(this.#random, [`$${body}`, `$${body}`, `\${${body}}`, `$!${body}`, `$!{${body}}`]);
  }

  #string(depth: number): string {
    switch (below(this.#random, 4)) {
      case 0:
        return `"${pick(this.#random, ["a", "b c", "", ","])}"`;
      case 1:
        return `'${pick(this.#random, ["a", "$x", "it''s"])}'`;
      case 2:
        return `"p${this.#reference().replaceAll('"', '""')}q"`;
      default:
        return depth > 2 ? '"x"' : `"${this.template(3).replaceAll('"', '""')}"`;
    }
  }

  #value(depth: number): string {
    if (depth > 4) return pick(this.#random, [...numbers, `$${pick(this.#random, names)}`]);
    switch (below(this.#random, 9)) {
      case 0:
        return this.#string(depth);
      case 1:
        return pick(this.#random, ["true", "false"]);
      case 2:
        return `[${this.#value(depth + 1)}${pick(this.#random, [",", ", ", " , "])}${this.#value(depth + 1)}]`;
      case 3:
        return `[${pick(this.#random, ["1", "$z", "3", "-2"])}${pick(this.#random, ["..", " .. "])}${pick(this.#random, ["$n", "4", "0"])}]`;
      case 4:
        return `{${this.#value(depth + 1)} : ${this.#value(depth + 1)}}`;
      case 5:
        return pick(this.#random, ["[]", "{}"]);
      case 6:
        return pick(this.#random, numbers);
      default:
        return this.#reference();
    }
  }

  #expression(depth: number): string {
    if (depth > 2) return this.#value(depth);
    const operand = (): string => this.#expression(depth + 1);
    switch (below(this.#random, 8)) {
      case 0:
        return `${operand()} ${pick(this.#random, ["+", "-", "*", "/", "%", "+"])} ${operand()}`;
      case 1:
        return `(${operand()})`;
      case 2:
        return `!${this.#value(depth)}`;
      case 3:
        return `${operand()} ${pick(this.#random, ["==", "!=", "<", ">", "<=", ">=", "eq", "ne", "lt", "gt"])} ${operand()}`;
      case 4:
        return `${operand()} ${pick(this.#random, ["&&", "||", "and", "or"])} ${operand()}`;
      case 5:
        return `${this.#value(depth + 1)}+${this.#value(depth + 1)}`;
      default:
        return this.#value(depth);
    }
  }

  #block(depth: number): string {
    let text = pick(this.#random, blanks);
    for (let count = below(this.#random, 2); count >= 0; count--) {
      text += this.#statement(depth + 1) + pick(this.#random, blanks);
    }
    return text;
  }

  #statement(depth: number): string {
    const choose = <T>(from: readonly T[]): T => pick(this.#random, from);
    const block = (): string => this.#block(depth);
    const condition = (): string => this.#expression(depth);
    const kind = below(this.#random, depth > 1 ? 4 : 16);
    switch (kind) {
      case 0:
      case 1:
        return choose(texts);
      case 2:
      case 3:
        return this.#reference();
      case 4:
      case 5: {
        const target = choose(["v1", "v2", "x", "n", "m.q", "l[0]", 'm["r"]', "i"]);
        return `#set(${choose(["", " "])}$${target}${choose([" = ", "="])}${condition()}${choose(["", " "])})`;
      }
      case 6:
        return `#if(${condition()})${block()}${choose(["#end", "#{end}"])}`;
      case 7:
        return `#if(${condition()})${block()}${choose(["#else", "#{else}"])}${block()}#end`;
      case 8:
        return `#if ( ${condition()} )${block()}#elseif(${condition()})${block()}#else${block()}#end`;
      case 9:
      case 10: {
        const items = choose(["$l", "$m", "[1..3]", '["a","b"]', "$m.entrySet()", '$s.split(",")', this.#value(depth)]);
        const end = choose(["", "$foreach.index", "#if($foreach.hasNext),#end", "$velocityCount", "#break"]);
        return `#foreach(${choose(["", " "])}$${choose(["i", "v1", "x"])} in ${items})${block()}${end}#end`;
      }
      case 11:
        return `#mac(${this.#value(depth)}${choose([" ", ", "])}${this.#value(depth)})`;
      case 12:
        return `#@mac(${this.#value(depth)})${block()}#end`;
      case 13:
        return `#define($${choose(["v1", "dd"])})${block()}#end`;
      case 14:
        return choose(["#stop", "#break", "$dd", "$dd", `#unk(${this.#value(depth)})`]);
      default:
        return choose([`#evaluate(${this.#string(depth)})`, `#late(${this.#value(depth)})`]);
    }
  }
}
