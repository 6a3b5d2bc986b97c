import assert from "node:assert/strict";
import { test } from "node:test";
import { below, makeRandom, pick } from "../../../test/random.ts";
import { bounds } from "../../base/bounds.ts";
import {
  type HostMethod,
  HostObject,
  type HostType,
  TemplateList,
  TemplateMap,
  type TemplateValue,
} from "../java/values.ts";
import { TemplateFailure } from "../meter.ts";
import { compileTemplate, type RenderResult } from "./compile-template.ts";
import { parseTemplate } from "./parse-template.ts";
import { apiGatewayPolicy, type TemplatePolicy, velocityPolicy } from "./template-policy.ts";

// What templates print is in test/cases/vtl/; here is what only code can ask.

function render(
  template: string,
  variables: Readonly<Record<string, TemplateValue>> = {},
  policy: TemplatePolicy = apiGatewayPolicy,
): RenderResult {
  const parsed = parseTemplate(template);
  if (parsed.kind === "problem") return { ...parsed, kind: "failure" };
  return compileTemplate(parsed, policy).render(new Map(Object.entries(variables)));
}

function text(template: string, variables: Readonly<Record<string, TemplateValue>> = {}): string {
  const rendered = render(template, variables);
  assert.equal(rendered.kind, "text", JSON.stringify(rendered));
  return rendered.kind === "text" ? rendered.text : "";
}

function failure(template: string, variables: Readonly<Record<string, TemplateValue>> = {}): string {
  const rendered = render(template, variables);
  assert.equal(rendered.kind, "failure", JSON.stringify(rendered).slice(0, 200));
  return rendered.kind === "failure" ? `${rendered.line}:${rendered.column} ${rendered.message}` : "";
}

interface Overrides {
  readonly assigned: Map<string, TemplateValue>;
}

const overridesType: HostType<Overrides> = {
  name: "$overrides",
  methods: new Map<string, HostMethod<Overrides>>([
    ["echo", (_self, args) => args[0] ?? null],
    [
      "fail",
      () => {
        throw new TemplateFailure("Could not parse");
      },
    ],
    ["count", (_self, args) => (args.length === 1 ? "one" : undefined)],
  ]),
  property: ({ assigned }, name) => assigned.get(name),
  assign: ({ assigned }, name, value) => void assigned.set(name, value),
  items: ({ assigned }) => [...assigned.values()],
  text: ({ assigned }) => `{${[...assigned.keys()].join(",")}}`,
};

test("a host object offers its table and nothing else", () => {
  const overrides: Overrides = { assigned: new Map() };
  const variables = { o: HostObject.of(overridesType, overrides) };
  assert.equal(
    text('#set($o.header-x = "1")#set($o["Content-Type"] = "b")$o $o.header-x $o["Content-Type"]', variables),
    "{header-x,Content-Type} 1 b",
  );
  assert.deepEqual(
    [...overrides.assigned],
    [
      ["header-x", "1"],
      ["Content-Type", "b"],
    ],
  );
  assert.equal(text("#foreach($v in $o)$v;#end $o.echo('e') $o.count(1)", variables), "1;b; e one");
  assert.equal(
    text("[$o.count()$o.nope()$o.type$o.self$o.constructor$o['__proto__']$o.call('echo')$o.assigned]", variables),
    "[]",
  );
  assert.equal(failure("a\n  $o.fail()", variables), "2:5 Could not parse");
});

test("nothing of JavaScript and no class of Java can be reached", () => {
  const variables: Record<string, TemplateValue> = {
    s: "text",
    n: 1,
    b: true,
    l: new TemplateList([1], "json"),
    m: new TemplateMap(),
  };
  const names = [
    "constructor",
    "__proto__",
    "prototype",
    "class",
    "getClass",
    "toLocaleString",
    "valueOf",
    "items",
    "entries",
    "render",
    "kind",
    "hasOwnProperty",
    "__defineGetter__",
  ];
  for (const variable of Object.keys(variables)) {
    for (const name of names) {
      for (const use of [
        `$${variable}.${name}`,
        `$${variable}['${name}']`,
        `$${variable}.${name}()`,
        `$${variable}.${name}.constructor("x")`,
      ]) {
        if (/\._/.test(use)) continue; // No member: a name behind a dot begins with a letter.
        assert.equal(text(`[${use}]`, variables), "[]", use);
      }
    }
    assert.equal(
      text(`#foreach($x in $${variable}.constructor)a#end#if($${variable}['__proto__'])b#end`, variables),
      "",
    );
  }
  assert.equal(text("$constructor $__proto__ $toString.call()"), "$constructor $__proto__ $toString.call()");
  const map = new TemplateMap();
  assert.equal(
    text('#set($m["__proto__"] = "own")#set($m.constructor = 1)$m $m["__proto__"] $m.constructor', { m: map }),
    "{__proto__=own, constructor=1} own 1",
  );
  assert.equal(({} as Record<string, unknown>)["own"], undefined);
});

test("one rendering leaves nothing to the next", () => {
  const parsed = parseTemplate('#set($x = "$!x.a")$x#macro(m)$!y#set($y = 1)#end#m()');
  assert.equal(parsed.kind, "template");
  if (parsed.kind !== "template") return;
  const compiled = compileTemplate(parsed, apiGatewayPolicy);
  assert.deepEqual(compiled.render(new Map()), compiled.render(new Map()));
  const evaluated = parseTemplate("#evaluate('#set($fresh = 1)$fresh')$!outer");
  if (evaluated.kind !== "template") return;
  const compiledEvaluate = compileTemplate(evaluated, velocityPolicy);
  const scope = new Map<string, TemplateValue>([["outer", "o"]]);
  assert.deepEqual(compiledEvaluate.render(scope), { kind: "text", text: "1o" });
  assert.deepEqual(compiledEvaluate.render(scope), { kind: "text", text: "1o" });
});

test("hostile templates end, and at the same place each time", () => {
  const cases: readonly (readonly [template: string, message: RegExp])[] = [
    [
      "#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])$k#end#end#end",
      /longer than 10485760/,
    ],
    [
      "#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])#set($x = $k)#end#end#end",
      new RegExp(`more than ${bounds.templateStepsMax.value} steps`),
    ],
    ["#set($a = [0..1000000000])", /more than 100000 elements/],
    ["#set($l = [1])#foreach($i in [1..100])#set($x = $l.addAll($l))#end", /more than 100000 elements/],
    ['#set($s = "0123456789")#foreach($i in [1..100])#set($s = "$s$s")#end', /longer than/],
    ['#set($s = "0123456789")#foreach($i in [1..100])#set($s = $s + $s)#end', /longer than/],
    ['#set($s = "a")#foreach($i in [1..100])#set($s = $s.replace("a", "aaaaaaaaaa"))#end', /longer than/],
    ['#set($s = "a")#foreach($i in [1..100])#set($s = $s.replaceAll("[ab]", "aaaaaaaaaa"))#end', /longer than|steps/],
    [
      "#set($s = '')#foreach($i in [1..1000])#set($t = $s.format('%9999s%9999s%9999s%9999s', 1, 2, 3, 4))#end",
      /more than \d+ characters/,
    ],
    ["#foreach($i in [1..1000])#foreach($j in [1..1000])aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa#end#end", /longer than/],
    ["#set($l = [1])#foreach($i in [1..60])#set($l = [$l, $l])#end$l", /more than \d+/],
    [
      "#set($l = [1])#set($m = [1])#foreach($i in [1..60])#set($l = [$l,$l])#set($m = [$m,$m])#end#if($l == $m)#end",
      /steps/,
    ],
    ["#set($l = [])#set($m = [$l])#set($x = $l.add($m))$l", /nested more than 1000 deep/],
    ["#set($n = 9999999999999999999)#foreach($i in [1..1000])#set($n = $n * $n)#end", /more than 4096 bits/],
    ["#macro(m)#m()#end#m()", /nested more than 20 deep/],
    ["#macro(m $x)$x#m([$x, $x, $x])#end#m('x')", /steps|nested|characters/],
    [
      '#set($s = "aaaaaaaaaaaaaaaa")#foreach($i in [1..17])#set($s = "$s$s")#end$s.matches("(a|aa)*(a|b)*(a|c)*x")',
      /steps/,
    ],
  ];
  for (const [template, message] of cases) {
    const found = failure(template);
    assert.match(found, message, template);
    assert.equal(failure(template), found, template);
  }
  assert.equal(text("#foreach($i in [0..1000000000])x#end").length, bounds.templateLoopRoundsMax.value);
  assert.equal(text("#define($d)$d$d$d#end$d"), "$d".repeat(9));
  assert.equal(
    text("$s.matches('(a+)+b') $s.replaceAll('(a|a)*b', 'x')", { s: `${"a".repeat(5_000)}!` }).length,
    5_007,
  );
});

test("deep and long templates are problems or are rendered, and never overflow the stack", () => {
  const deep = [
    `#if(${"(".repeat(1e5)}1${")".repeat(1e5)})#end`,
    "#if(1)".repeat(4e4),
    `$a${"[$a".repeat(5e4)}`,
    `$a${".b($a".repeat(4e4)}`,
    `#set($a = ${"[".repeat(1e5)}${"]".repeat(1e5)})`,
    `#set($a = ${"{1:".repeat(9e4)}`,
    "#@a()".repeat(5e4),
    "#macro(m)".repeat(3e4),
  ];
  for (const template of deep) {
    const parsed = parseTemplate(template);
    assert.equal(
      parsed.kind === "problem" && /nested more than 100 deep/.test(parsed.message),
      true,
      template.slice(0, 20),
    );
  }
  assert.equal(text(`#set($a = 1${"+1".repeat(1e5)})$a`), "100001");
  assert.equal(text(`#if(${"!".repeat(2e5)}1)y#else n#end`), " n");
  assert.equal(text(`#if(true${"&&true".repeat(4e4)})y#end`), "y");
  assert.equal(text(`#if(false)${"#elseif(false)".repeat(2e4)}#else y#end`), " y");
  assert.equal(text(`${"$".repeat(2e5)}5`), `${"$".repeat(2e5)}5`);
  assert.equal(text("# ".repeat(1e5)), "# ".repeat(1e5));
  assert.equal(text("\\".repeat(2e5)), "\\".repeat(2e5));
  assert.equal(text(`$m${".a".repeat(1e5)}`, { m: new TemplateMap() }), "");
  const problem = parseTemplate("x".repeat(bounds.mappingTemplateBytesMax.value + 1));
  assert.equal(problem.kind, "problem");
});

test("random bytes of the language never throw", () => {
  const random = makeRandom(7);
  const pieces = [
    "$",
    "#",
    "\\",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    '"',
    "'",
    "!",
    ".",
    ",",
    ":",
    "..",
    "=",
    "==",
    "&&",
    "-",
    "1",
    "a",
    "$a",
    "$l",
    " ",
    "\n",
    "#set(",
    "#if(",
    "#end",
    "#else",
    "#foreach(",
    " in ",
    "#macro(",
    "#define(",
    "#@a(",
    "#stop",
    "#break",
    "#[[",
    "]]#",
    "#*",
    "*#",
    "##",
    ".size()",
    "true",
    "\u0000",
    "\ud800",
    "é",
  ];
  for (let round = 0; round < 20_000; round++) {
    const template = Array.from({ length: 1 + below(random, 25) }, () => pick(random, pieces)).join("");
    const parsed = parseTemplate(template);
    if (parsed.kind === "problem") assert.ok(parsed.line >= 1 && parsed.column >= 1, template);
    else
      compileTemplate(parsed, round % 2 === 0 ? apiGatewayPolicy : velocityPolicy).render(
        new Map([["l", new TemplateList([1, "b"], "list")]]),
      );
  }
});

test("errors name their line and column", () => {
  assert.equal(failure("a\nb #if($x"), "2:9 The template ends instead of ) in #if");
  assert.equal(
    failure("a\r\n\r\n  $s.substring(9)", { s: "abc" }),
    "3:5 begin 9, end 3, length 3 (StringIndexOutOfBoundsException)",
  );
  assert.equal(
    failure('a\n#set($x = "b\n  $s.substring(9)")', { s: "abc" }),
    "3:5 begin 9, end 3, length 3 (StringIndexOutOfBoundsException)",
  );
  assert.equal(
    failure("\n#foreach($i in [1..3])\n#if($l[$i])#end#end", { l: new TemplateList([1, 2], "json") }),
    "3:7 Index 2 out of bounds for length 2",
  );
  assert.equal(failure("\n\n #end"), "3:2 #end belongs to no block");
});

test("a list from JSON prints JSON, a map Java's form", () => {
  const list = new TemplateList(['a"b', 1, null, true, new TemplateList([], "json")], "json");
  const map = new TemplateMap();
  map.set("k", list);
  assert.equal(text("$l $m", { l: list, m: map }), '["a\\"b",1,null,true,[]] {k=["a\\"b",1,null,true,[]]}');
});
