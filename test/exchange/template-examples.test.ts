import assert from "node:assert/strict";
import { test } from "node:test";
import { aMethod, aRestApi } from "./a-rest-api.ts";
import { startBackend, startGateway } from "./start-gateway.ts";

/**
 * Templates of the shapes that the developer guide shows, with data of our own: what goes to the backend, and what comes
 * of its echo. AWS: API Gateway Developer Guide, "Example data models and mapping templates for API Gateway".
 */
interface Example {
  readonly name: string;
  readonly request: string;
  readonly response: string;
  readonly body: unknown;
  readonly sent: unknown;
  readonly received: unknown;
}

const examples: readonly Example[] = [
  {
    name: "photo album: a list rebuilt in a loop, numbers bare and texts quoted",
    request: `#set($root = $input.path('$'))
{
  "album": {
    "page": $root.album.page,
    "total": "$root.album.total",
    "pictures": [
#foreach($picture in $root.album.pictures)
      {
        "id": "$picture.id",
        "farm": $picture.farm,
        "isPublic": $picture.isPublic
      }#if($foreach.hasNext),#end

#end
    ]
  }
}`,
    response: `#set($root = $input.path('$'))
{"pictures": [#foreach($picture in $root.album.pictures){"id": "$picture.id", "n": $foreach.count}#if($foreach.hasNext),#end#end]}`,
    body: {
      album: {
        page: 1,
        total: "204",
        pictures: [
          { id: "p1", farm: 1, isPublic: true, secret: "a" },
          { id: "p2", farm: 2, isPublic: false, secret: "b" },
        ],
      },
    },
    sent: {
      album: {
        page: 1,
        total: "204",
        pictures: [
          { id: "p1", farm: 1, isPublic: true },
          { id: "p2", farm: 2, isPublic: false },
        ],
      },
    },
    received: {
      pictures: [
        { id: "p1", n: 1 },
        { id: "p2", n: 2 },
      ],
    },
  },
  {
    name: "news article: nested names joined in one text, a long number kept whole",
    request: `#set($root = $input.path('$'))
{
  "count": $root.count,
  "articles": [
#foreach($each in $root.articles)
    {
      "title": "$util.escapeJavaScript($each.title).replaceAll("\\\\'", "'")",
      "author": "$each.author.first $each.author.last",
      "parent": $each.parent
    }#if($foreach.hasNext),#end
#end
  ]
}`,
    response: `#set($articles = $input.path('$.articles[*].author'))
{"authors": $articles, "first": $input.json('$.articles[0]')}`,
    body: {
      count: 1,
      articles: [{ title: `It's "here"`, author: { first: "Ada", last: "King" }, parent: 9876543210, body: "…" }],
    },
    sent: { count: 1, articles: [{ title: `It's "here"`, author: "Ada King", parent: 9876543210 }] },
    received: { authors: ["Ada King"], first: { title: `It's "here"`, author: "Ada King", parent: 9876543210 } },
  },
  {
    name: "sales list: an XML-like attribute map, sums and conditions",
    request: `#set($sales = $input.path('$.sales'))
#set($sum = 0)
{
  "orders": [
#foreach($sale in $sales)
#set($sum = $sum + $sale.quantity)
    {"id": "$sale['@id']", "large": #if($sale.quantity >= 10)true#{else}false#end, "customer": "$!sale.customer"}#if($foreach.hasNext),#end
#end
  ],
  "quantity": $sum
}`,
    response: `$input.json('$.orders[?(@.large == true)]')`,
    body: {
      sales: [
        { "@id": "s1", quantity: 4, customer: "A" },
        { "@id": "s2", quantity: 10 },
      ],
    },
    sent: {
      orders: [
        { id: "s1", large: false, customer: "A" },
        { id: "s2", large: true, customer: "" },
      ],
      quantity: 14,
    },
    received: [{ id: "s2", large: true, customer: "" }],
  },
  {
    name: "employee record: a deep object flattened, dates cut",
    request: `#set($person = $input.path('$.answer.person'))
{
  "name": "$person.given $person.family",
  "phone": "$person.phone.number",
  "active": #if($person.active == "true")true#{else}false#end,
  "hired": "$person.meta.created.substring(0, 10)",
  "address": $input.json('$.answer.person.address')
}`,
    response: `{"employee": $input.body}`,
    body: {
      answer: {
        person: {
          given: "Jane",
          family: "Roe",
          phone: { number: "555.0100" },
          active: "true",
          meta: { created: "2015-04-26T19:45:03Z" },
          address: { line: "1 Any Street", zip: "01234" },
        },
      },
    },
    sent: {
      name: "Jane Roe",
      phone: "555.0100",
      active: true,
      hired: "2015-04-26",
      address: { line: "1 Any Street", zip: "01234" },
    },
    received: {
      employee: {
        name: "Jane Roe",
        phone: "555.0100",
        active: true,
        hired: "2015-04-26",
        address: { line: "1 Any Street", zip: "01234" },
      },
    },
  },
  {
    name: "to-do list: a map's entries, a macro, and a range",
    request: `#macro(entry $key $value)"$key": "$value"#end
#set($root = $input.path('$'))
{#foreach($item in $root.items.entrySet())#entry($item.key $item.value)#if($foreach.hasNext), #end#end,
 "numbers": [#foreach($n in [1..3])$n#if($foreach.hasNext),#end#end]}`,
    response: `{"keys": [#foreach($key in $input.path('$').keySet())"$key"#if($foreach.hasNext),#end#end]}`,
    body: { items: { "2": "wash", "1": "cook" } },
    sent: { "2": "wash", "1": "cook", numbers: [1, 2, 3] },
    received: { keys: ["2", "1", "numbers"] },
  },
];

for (const example of examples) {
  test(example.name, async () => {
    await using backend = await startBackend((_, outgoing, body) =>
      outgoing.writeHead(200, { "Content-Type": "application/json" }).end(body),
    );
    await using gateway = await startGateway();
    const method = aMethod({
      type: "HTTP",
      httpMethod: "POST",
      uri: backend.origin,
      requestTemplates: { "application/json": example.request },
      integrationResponses: {
        "200": { statusCode: "200", responseTemplates: { "application/json": example.response } },
      },
    });
    gateway.deploy(aRestApi({ "/": { POST: method } }));
    // As it is written: JSON.stringify would order keys that are numbers.
    const body = JSON.stringify(example.body).replace('"1":"cook","2":"wash"', '"2":"wash","1":"cook"');
    const reply = await gateway.call("/", { method: "POST", body });
    assert.equal(reply.status, 200, `${reply.text} ${reply.headers["x-portico-hint"]}`);
    assert.deepEqual(JSON.parse(backend.requests[0]!.body), example.sent);
    assert.deepEqual(JSON.parse(reply.text), example.received);
    assert.equal(reply.headers["content-type"], "application/json");
  });
}
