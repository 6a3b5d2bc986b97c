import assert from "node:assert/strict";
import { test } from "node:test";
import { renderAlone } from "./render-alone.ts";

function render(template: string, body: string): string {
  const outcome = renderAlone({
    template: `#set($root = $util.xml.parse($input.body))${template}`,
    side: "request",
    body: Buffer.from(body),
    contentType: "text/plain",
    nowMs: 0,
  });
  if (outcome.kind === "text") return outcome.text;
  const { line, column, message } = outcome.problem;
  return `! ${line}:${column} ${message}`;
}

const order = `<o:order xmlns:o="urn:orders" xmlns:x="urn:other" id="7" x:id="8">
  <o:item sku="a&quot;b">Tea</o:item><x:item>Not one</x:item><o:item>Cake &amp; cream</o:item>
  <o:buyer><name>Ada</name><empty/></o:buyer>
</o:order>`;

test("an element's children are its properties, and all else of it are methods", () => {
  for (const [template, expected] of [
    ["$root.name()|$root.namespace()", "order|urn:orders"],
    ["$root.item|$root.buyer.name|$root.buyer.empty", "Tea|Ada|"],
    ['$root["buyer"].name.text().length()', "3"],
    ["$root.none|$root.none.deeper|$root.buyer.none", "||"],
    ['$root.attribute("id")|$root.attribute("{urn:other}id")|$!root.attribute("none")|', "7|8||"],
    ["$root.item.attribute('sku')", 'a"b'],
    ["#foreach($i in $root.all('item'))<$i>#end", "<Tea><Not one><Cake & cream>"],
    ["#foreach($i in $root.all('{urn:orders}item'))<$i>#end", "<Tea><Cake & cream>"],
    ["#foreach($i in $root.all())$i.name() #end", "item item item buyer "],
    ["$root.first('{urn:other}item')|$root.first('{urn:none}item')|", "Not one||"],
    ["$root.all('none').size()|$root.descendants('name').get(0)", "0|Ada"],
    ['#if($root.buyer.name == "Ada")same#end', "same"],
    ["#if($root.none)there#else not#end", " not"],
    ["$root.getClass()|$root.constructor|$root.children.length()|$root.child('item')", "|||"],
    ["$util.xml.parse($util.xml)|", "! 1:52 $util.xml.parse, line 1, column 1: A document begins with an element"],
  ] as const) {
    assert.equal(render(template, order), expected, template);
  }
});

test("toJson makes strings of texts, objects of attributes and elements, and lists of those of one name", () => {
  for (const [xml, json] of [
    ["<a/>", '""'],
    ['<a>x "y"\n</a>', '"x \\"y\\"\\n"'],
    ["<a> <b>1</b> <b/> </a>", '{"b":["1",""]}'],
    ["<a id='1' xmlns:p='u' p:q='2'>x<b/></a>", '{"@id":"1","@p:q":"2","b":"","#text":"x"}'],
    ["<a><__proto__>x</__proto__><constructor/></a>", '{"__proto__":"x","constructor":""}'],
    [
      "<a xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><b i:nil='true'/><c i:nil='false'/></a>",
      '{"b":null,"c":{"@i:nil":"false"}}',
    ],
  ] as const) {
    assert.equal(render("$util.xml.toJson($root)", xml), json);
  }
  assert.equal(render('$util.xml.toJson($root, ["b", "c"])', "<a><b>1</b></a>"), '{"b":["1"]}');
  assert.equal(render("$util.xml.toJson($root.none)|$util.xml.toJson('x')", "<a/>"), "null|");
});

test("escape makes a text safe in elements and attributes, as the parser reads it back", () => {
  const text = `a<b>&"c"'d'\r\n]]>`;
  const template = `$util.xml.parse("<a b='$util.xml.escape($root)'>$util.xml.escape($root)</a>")`;
  assert.equal(render(template, `<a><![CDATA[a<b>&"c"'d']]>&#13;&#10;]]&gt;</a>`), text);
  assert.equal(render("$util.xml.escape($util.parseJson('\"\\u0001\"'))", "<a/>"), "\uFFFD");
});

test("what is no XML fails at its place, and what is too much fails, too", () => {
  assert.equal(render("", "<a>\n<b></a>"), "! 1:23 $util.xml.parse, line 2, column 4: The end tag of b is missing");
  const wide = `<a>${"<b/>".repeat(50_000)}</a>`;
  assert.match(render("#foreach($i in [1..1000])$root.all().size()#end", wide), /^! .*takes more than \d+ steps$/);
  assert.match(render("#foreach($i in [1..1000])$root.descendants('c')#end", wide), /takes more than \d+ steps$/);
  assert.match(render("#foreach($i in [1..1000])#if($root == 'c')#end#end", wide), /takes more than \d+ steps$/);
  assert.match(render("#foreach($i in [1..1000])#set($x = $util.xml.toJson($root))#end", wide), /more than \d+/);
  const long = `<a>${"x".repeat(1e6)}</a>`;
  assert.match(render("#foreach($i in [1..1000])#if($root.text() == 'c')#end#end", long), /more than \d+ characters/);
});
