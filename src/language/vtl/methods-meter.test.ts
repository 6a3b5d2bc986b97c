import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf, writeJson } from "../java/text-of.ts";
import {
  isEqual,
  JavaDouble,
  JavaLong,
  type ListKind,
  TemplateEntry,
  TemplateIterator,
  TemplateList,
  TemplateMap,
  type TemplateValue,
} from "../java/values.ts";
import { parseJsonPath } from "../json-path/json-path.ts";
import { Meter } from "../meter.ts";
import { collectionMethods, entryMethods, iteratorMethods, mapMethods } from "./collection-methods.ts";
import { compileTemplate } from "./compile-template.ts";
import { itemsOf } from "./members.ts";
import { booleanMethods, numberMethods } from "./number-methods.ts";
import { parseTemplate } from "./parse-template.ts";
import { stringMethods } from "./string-methods.ts";
import { apiGatewayPolicy } from "./template-policy.ts";

// Whatever touches n members or characters costs n steps. Counted, not timed: a method that forgets to count fails here.

const few = 2_000;
const many = 64_000;

/** Counts what becomes of both budgets: steps, and characters of texts. */
class Counter extends Meter {
  chars = 0;
  override made(chars: number): void {
    this.chars += chars;
    super.made(chars);
  }
}

function costOf(work: (meter: Meter) => unknown): number {
  const meter = new Counter();
  const before = meter.stepsLeft;
  work(meter);
  return before - meter.stepsLeft + (meter.chars >> 4);
}

type Args = (size: number) => readonly TemplateValue[];

/** How a method is called so that it has most to do; `constant` ones touch no members, whatever they are given. */
interface Calls {
  readonly constant: readonly string[];
  readonly growing: Readonly<Record<string, Args>>;
}

/** Says that every method of the table is named once, and that each but the constant ones counts what it touches. */
function checkTable<Self>(
  what: string,
  methods: ReadonlyMap<string, (self: Self, args: readonly TemplateValue[], meter: Meter) => unknown>,
  { make, constant, growing }: Calls & { readonly make: (size: number) => Self },
): void {
  assert.deepEqual([...methods.keys()].sort(), [...constant, ...Object.keys(growing)].sort(), `the methods of ${what}`);
  for (const [name, args] of Object.entries(growing)) {
    const cost = (size: number): number => {
      const self = make(size);
      const given = args(size);
      return costOf((meter) => assert.notEqual(methods.get(name)!(self, given, meter), undefined, `${what}.${name}`));
    };
    const grown = cost(many) - cost(few);
    assert.ok(grown >= (many - few) >> 8, `${what}.${name}() counts ${grown} steps more for ${many - few} more`);
  }
}

const words = (size: number): TemplateValue[] => Array.from({ length: size }, (_, index) => `w${index}`);
const listOf = (size: number, kind: ListKind = "list"): TemplateList => new TemplateList(words(size), kind);
function mapOf(size: number): TemplateMap {
  const map = new TemplateMap();
  for (const word of words(size)) map.set(word, `${word as string}!`);
  return map;
}
const longText = (size: number): string => "ab ".repeat(size / 2).slice(0, size);

const basics: Calls = {
  constant: ["size", "isEmpty"],
  growing: {
    contains: () => ["none"],
    containsAll: () => [listOf(2)],
    iterator: () => [],
    toArray: () => [],
    toString: () => [],
    equals: (size) => [listOf(size)],
  },
};

const ofList: Calls = {
  constant: [...basics.constant, "get", "set", "clear"],
  growing: {
    ...basics.growing,
    add: () => [0, "first"],
    addAll: () => [0, listOf(1)],
    remove: () => ["none"],
    removeAll: () => [listOf(0)],
    retainAll: () => [listOf(0)],
    indexOf: () => ["none"],
    lastIndexOf: () => ["none"],
    subList: (size) => [0, size],
  },
};

test("every method of a collection counts the items that it touches", () => {
  const kinds: Readonly<Record<ListKind, Calls>> = {
    list: ofList,
    json: { ...ofList, constant: [...ofList.constant, "count"] },
    // An array prints an address, and equals itself.
    array: {
      constant: [...basics.constant, "get", "set", "toString", "equals"],
      growing: Object.fromEntries(
        Object.entries(basics.growing).filter(([name]) => name !== "toString" && name !== "equals"),
      ),
    },
    // A view takes no elements.
    view: { ...basics, constant: [...basics.constant, "add", "addAll"] },
  };
  for (const [kind, calls] of Object.entries(kinds) as [ListKind, Calls][]) {
    const make = (size: number): TemplateList => listOf(size, kind);
    checkTable(`a list of kind ${kind}`, collectionMethods(make(0)), { ...calls, make });
  }
  const addMany = (size: number): number =>
    costOf((meter) => collectionMethods(listOf(0)).get("addAll")!(listOf(0), [listOf(size)], meter));
  assert.ok(addMany(many) - addMany(few) >= many - few);
});

test("every method of a map, an entry and an iterator counts the members that it touches", () => {
  checkTable("a map", mapMethods, {
    make: mapOf,
    constant: ["size", "isEmpty", "clear"],
    growing: {
      // The key is what is long here.
      get: (size) => [longText(size * 8)],
      getOrDefault: (size) => [longText(size * 8), "none"],
      put: (size) => [longText(size * 8), 1],
      putIfAbsent: (size) => [longText(size * 8), 1],
      containsKey: (size) => [longText(size * 8)],
      remove: (size) => [longText(size * 8)],
      putAll: (size) => [mapOf(size)],
      containsValue: () => ["none"],
      keySet: () => [],
      values: () => [],
      entrySet: () => [],
      toString: () => [],
      equals: (size) => [mapOf(size)],
    },
  });
  const entry = (size: number): TemplateEntry => {
    const map = new TemplateMap();
    map.set("list", listOf(size));
    return new TemplateEntry(map, "list");
  };
  checkTable("an entry", entryMethods, {
    make: entry,
    constant: ["getKey", "getValue", "setValue"],
    growing: { toString: () => [], equals: (size) => [entry(size)] },
  });
  checkTable("an iterator", iteratorMethods, {
    make: () => new TemplateIterator(["one"]),
    constant: ["hasNext", "next"],
    growing: {},
  });
});

test("every method of a text counts the characters that it touches", () => {
  checkTable("a text", stringMethods, {
    make: longText,
    constant: ["length", "isEmpty", "toString", "intern", "charAt", "codePointAt", "substring", "subSequence"],
    growing: {
      trim: () => [],
      toLowerCase: () => [],
      toUpperCase: () => [],
      hashCode: () => [],
      toCharArray: () => [],
      equals: (size) => [`${longText(size - 1)}!`],
      contentEquals: () => ["other"],
      equalsIgnoreCase: (size) => [`${longText(size - 1)}!`],
      compareTo: (size) => [longText(size)],
      compareToIgnoreCase: (size) => [longText(size)],
      contains: () => ["none"],
      endsWith: () => ["none"],
      startsWith: () => ["none"],
      indexOf: () => ["none"],
      lastIndexOf: () => ["none"],
      concat: () => ["more"],
      replace: () => ["a", ""],
      replaceAll: () => ["[a]", ""],
      replaceFirst: () => ["[c]", ""],
      matches: () => ["[ab ]*"],
      split: () => [" "],
      format: (size) => ["%s", longText(size * 8)],
      join: (size) => [",", listOf(size)],
      valueOf: (size: number) => [listOf(size)],
    },
  });
  const byArgument: Readonly<Record<string, Args>> = {
    matches: (size) => [longText(size)],
    split: (size) => [longText(size)],
    replaceFirst: (size) => ["(a)?", "$1".repeat(size)],
    replaceAll: (size) => ["x", longText(size)],
  };
  for (const [name, args] of Object.entries(byArgument)) {
    const cost = (size: number): number => costOf((meter) => stringMethods.get(name)!("x", args(size), meter));
    assert.ok(cost(many) - cost(few) >= (many - few) >> 8, `"x".${name} counts what it is given`);
  }
});

test("every method of a number and a boolean counts what is long in it", () => {
  checkTable("a number", numberMethods, {
    make: () => new JavaDouble(1.5),
    constant: [...numberMethods.keys()].filter((name) => name !== "parseDouble" && name !== "valueOf"),
    growing: { parseDouble: (size) => [`${" ".repeat(size)}1`], valueOf: (size: number) => [`${" ".repeat(size)}1`] },
  });
  // They look at no more than a few characters.
  assert.equal(booleanMethods.get("parseBoolean")!(true, ["true".repeat(many)], new Meter()), false);
  assert.equal(booleanMethods.get("valueOf")!(true, ["TRUE"], new Meter()), true);
});

test("a number counts by its digits where it is printed", () => {
  const big = 10n ** 1_200n;
  assert.ok(costOf((meter) => textOf(big, meter)) >= 50);
  assert.ok(costOf((meter) => writeJson(big, meter)) >= 50);
  assert.ok(costOf((meter) => numberMethods.get("toString")!(1, [big, 7], meter)) >= 50);
  assert.ok(costOf((meter) => stringMethods.get("format")!("", ["%,d", big], meter)) >= 50);
  assert.ok(costOf((meter) => stringMethods.get("format")!("", ["%f", new JavaDouble(1e300)], meter)) >= 50);
  assert.ok(costOf((meter) => textOf(new JavaDouble(0.1), meter)) > costOf((meter) => textOf(new JavaLong(1n), meter)));
});

test("a text, JSON, a comparison and a loop of many members count them all", () => {
  const whole: Readonly<Record<string, (size: number, meter: Meter) => unknown>> = {
    "the text of a list": (size, meter) => textOf(listOf(size), meter),
    "the text of a map": (size, meter) => textOf(mapOf(size), meter),
    "a list as JSON": (size, meter) => writeJson(listOf(size, "json"), meter),
    "a map as JSON": (size, meter) => writeJson(mapOf(size), meter),
    "two equal lists": (size, meter) => isEqual(listOf(size), listOf(size), meter),
    "two equal maps": (size, meter) => isEqual(mapOf(size), mapOf(size), meter),
    "#foreach over a map": (size, meter) => itemsOf(mapOf(size), meter),
    "#foreach over an iterator": (size, meter) => itemsOf(new TemplateIterator(words(size)), meter),
  };
  for (const [what, work] of Object.entries(whole)) {
    const grown = costOf((meter) => work(many, meter)) - costOf((meter) => work(few, meter));
    assert.ok(grown >= (many - few) >> 3, `${what}: ${grown}`);
  }
});

test("a JSONPath counts each value that it looks at", () => {
  const paths = [
    "$.*",
    "$..x",
    "$.keys()",
    "$.list.append(1)",
    "$.list[*]",
    "$.list[0:]",
    "$.list[?(@ == 'x')]",
    "$.list.concat('x')",
    "$.none.concat($.list)",
    `$.maps[*][${"'a',".repeat(10)}'a']`,
    "$.numbers.sum()",
    "$.list[?(@ in $.list)].length()",
  ];
  for (const text of paths) {
    const parsed = parseJsonPath(text);
    assert.ok(parsed.kind === "path", text);
    const cost = (size: number): number => {
      const document = mapOf(size);
      document.set("list", listOf(text.includes(" in ") ? size >> 7 : size, "json"));
      document.set("numbers", new TemplateList(new Array<TemplateValue>(size).fill(1), "json"));
      document.set("maps", new TemplateList(new Array<TemplateValue>(size >> 6).fill(mapOf(1)), "json"));
      document.set("none", new TemplateList([], "json"));
      return costOf((meter) => parsed.path.evaluate(document, meter));
    };
    assert.ok(cost(many) - cost(few) >= (many - few) >> 4, `${text}: ${cost(many)}`);
  }
});

test("every part of an expression costs a step, in whatever statement it stands", () => {
  const conditions: Readonly<Record<string, (parts: number) => string>> = {
    "#if": (parts) => `#if(${Array(parts).fill("$a").join("||")})x#end`,
    "#elseif": (parts) => `#if($a)x${"#elseif($a)y".repeat(parts)}#end`,
    "#set": (parts) => `#set($b = ${Array(parts).fill("1").join("+")})`,
    "#set of a member": (parts) => `#set($m.b = ${Array(parts).fill("1").join("*")})`,
    "a set that sets nothing": (parts) => `#set($!b = ${Array(parts).fill("1").join("+")})`,
    "#foreach": (parts) => `#foreach($x in [${Array(parts).fill("$a").join(",")}])#break#end`,
    "a member of a member": (parts) => `$m${".x".repeat(parts)}`,
    "an argument": (parts) => `$m.get([${Array(parts).fill("1").join(",")}])`,
    "a macro's argument, each time": (parts) =>
      `#macro(m $p)$p$p$p#end#set($a = [1])#m([${Array(parts).fill("$a").join(",")}])`,
  };
  for (const [what, template] of Object.entries(conditions)) {
    const cost = (parts: number): number => {
      const parsed = parseTemplate(template(parts));
      assert.ok(parsed.kind === "template", what);
      const { renderWithin } = compileTemplate(parsed, apiGatewayPolicy);
      let steps = 1;
      while (renderWithin(steps, new Map([["m", mapOf(1)]]))?.kind !== "text") assert.ok(++steps < 10_000, what);
      return steps;
    };
    assert.ok(cost(60) - cost(10) >= 50, `${what}: ${cost(60) - cost(10)}`);
  }
});
