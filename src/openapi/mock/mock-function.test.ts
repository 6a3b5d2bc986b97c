import assert from "node:assert/strict";
import { test } from "node:test";
import { answerMock, mockFunctionFiles } from "./mock-function.ts";

const json = "application/json";
const files = mockFunctionFiles(
  new Map([
    [
      "GET /pets/{id}",
      [
        {
          statusCode: "200",
          headers: { "X-A": "1" },
          bodies: [
            {
              mediaType: json,
              examples: [
                { name: "dog", text: '"Rex"' },
                { name: "cat", text: '"Tom"' },
              ],
            },
            { mediaType: "text/plain", examples: [{ name: undefined, text: "Rex" }] },
          ],
        },
        { statusCode: "404", headers: {}, bodies: [{ mediaType: json, examples: [{ name: "gone", text: "{}" }] }] },
      ],
    ],
    [
      "GET /made/{name}/{number}",
      [
        {
          statusCode: "201",
          headers: {},
          bodies: [
            {
              mediaType: json,
              examples: [{ name: undefined, text: '{"name":"a","number":1,"__proto__":1}', template: "#set" }],
            },
          ],
        },
      ],
    ],
    ["DELETE /pets/{id}", [{ statusCode: "204", headers: {}, bodies: [] }]],
  ]),
);
const routes = JSON.parse(files["answers.json"]!) as Parameters<typeof answerMock>[0];
const event = { routeKey: "GET /pets/{id}", headers: {} };
const bodyOf = (more: object): unknown => {
  const { statusCode, body } = answerMock(routes, { ...event, ...more }) as { statusCode: number; body?: string };
  return `${statusCode} ${body}`;
};

test("the function answers as mocks of REST APIs do", () => {
  assert.deepEqual(answerMock(routes, event), {
    statusCode: 200,
    headers: { "X-A": "1", "content-type": json },
    body: '"Rex"',
  });
  const cases: readonly (readonly [object, string])[] = [
    [{ headers: { prefer: "code=404" } }, "404 {}"],
    [{ headers: { prefer: "respond-async, example=cat" } }, '200 "Tom"'],
    [{ headers: { prefer: 'example="gone"' } }, "404 {}"],
    [{ queryStringParameters: { Prefer: "code=404" } }, "404 {}"],
    [{ headers: { prefer: "code=500; example=none" } }, '200 "Rex"'],
    [{ headers: { prefer: "example=" } }, '200 "Rex"'],
    [{ headers: { accept: "text/html, Text/Plain;q=0.9, */*" } }, "200 Rex"],
    [{ headers: { accept: "image/png" } }, '200 "Rex"'],
    [{ routeKey: "DELETE /pets/{id}" }, "204 "],
    [{ routeKey: "GET /none" }, "500 undefined"],
  ];
  for (const [more, body] of cases) assert.equal(bodyOf(more), body, JSON.stringify(more));
});

test("values of the path are in what was made, and only there", () => {
  const routeKey = "GET /made/{name}/{number}";
  const made = (pathParameters: object): unknown => bodyOf({ routeKey, pathParameters });
  assert.equal(made({ name: 'x"y', number: "12" }), '201 {"name":"x\\"y","number":12,"__proto__":1}');
  assert.equal(made({ name: "x", number: "1e9" }), '201 {"name":"x","number":1,"__proto__":1}');
});

test("the code needs nothing but its answers", async () => {
  const code = files["index.mjs"]!.replace(/^import .*$/m, "").replace(/JSON\.parse\(.*\)\)/, files["answers.json"]!);
  const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    handler: (asked: object) => Promise<{ body: string }>;
  };
  assert.equal((await module.handler(event)).body, '"Rex"');
});
