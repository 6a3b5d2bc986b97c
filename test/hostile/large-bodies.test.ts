// Bodies of AWS's full size that take a second to parse and print: others on the thread are served meanwhile. What is counted is
// how many of them are, one after another, before the large ones are answered.
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { after, before, test } from "node:test";
import { APIGatewayClient, CreateDeploymentCommand, ImportRestApiCommand } from "@aws-sdk/client-api-gateway";
import { makeClient } from "../conformance/sdk/sdk-client.ts";
import { type Portico, startPortico } from "../portico.ts";

const ok = { responses: { "200": { description: "" } } };
const mock = (responseTemplate: string, requestTemplate = '{"statusCode": 200}') => ({
  ...ok,
  "x-amazon-apigateway-integration": {
    type: "mock",
    requestTemplates: { "application/json": requestTemplate },
    responses: { default: { statusCode: "200", responseTemplates: { "application/json": responseTemplate } } },
  },
});
const loops = "#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = $i + $j)#end#end";
const all = "#set($all = $input.path('$'))";
const keyed = "#set($map = $util.parseJson($input.body))";
const document = {
  openapi: "3.0.1",
  info: { title: "large", version: "1" },
  "x-amazon-apigateway-request-validators": { all: { validateRequestBody: true } },
  paths: {
    "/ping": { get: mock("pong") },
    "/printed": { post: mock("done", `#set($text = $input.json('$')){"statusCode": 200}`) },
    "/entries": {
      post: mock("done", `${keyed}#foreach($i in [1..900])#set($e = $map.entrySet())#end{"statusCode": 200}`),
    },
    "/copies": {
      post: mock("done", `${all}#foreach($i in [1..900])#set($m = {})$!m.putAll($all)#end{"statusCode": 200}`),
    },
    "/looped": { post: mock("done", `${loops}{"statusCode": 200}`) },
    "/valid": {
      post: {
        ...mock("done", '{"statusCode": 200}'),
        "x-amazon-apigateway-request-validator": "all",
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Numbers" } } } },
      },
    },
  },
  components: {
    schemas: { Numbers: { type: "array", items: { type: "number" }, uniqueItems: true } },
  },
};

let server: Portico;
let base = "";

before(async () => {
  // Others call as fast as they are answered, which is above the default throttle.
  server = await startPortico({
    args: ["--threads", "1", "--limit", "throttleRate=1000000", "--limit", "throttleBurst=1000000"],
  });
  const client = makeClient(APIGatewayClient, server);
  const api = await client.send(new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)) }));
  await client.send(new CreateDeploymentCommand({ restApiId: api.id, stageName: "dev" }));
  base = `${server.url}/_aws/execute-api/${api.id}/dev`;
});
after(async () => {
  await server.stop();
});

/** Sends a body; tells when all of it is written, and answers with the status. */
function post(path: string, body: Buffer): { readonly sent: Promise<void>; readonly status: Promise<number> } {
  const sent = Promise.withResolvers<void>();
  const status = new Promise<number>((resolve, reject) => {
    const outgoing = request(`${base}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": body.length },
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      incoming.resume();
      incoming.on("end", () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.end(body, () => sent.resolve());
  });
  return { sent: sent.promise, status };
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
after(() => agent.destroy());

const ping = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const outgoing = request(`${base}/ping`, { agent }, (incoming) => {
      incoming.resume();
      incoming.on("end", () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });

const floats = Buffer.from(
  `[${Array.from({ length: 1_300_000 }, (_, index) => (index % 99_991) / 7)
    .join()
    .slice(0, 9_000_000)
    .replace(/,[^,]*$/, "")}]`,
);
const keys = Buffer.from(`{${Array.from({ length: 500_000 }, (_, index) => `"k${index}":${index}`).join()}}`);

/** Calls of others that are answered while all of these are worked on. */
async function othersDuring(path: string, bodies: readonly Buffer[]): Promise<{ others: number; statuses: number[] }> {
  const posts = bodies.map((body) => post(path, body));
  let isOver = false;
  const statuses = Promise.all(posts.map(({ status }) => status)).finally(() => {
    isOver = true;
  });
  await Promise.all(posts.map(({ sent }) => sent));
  let others = 0;
  while (!isOver) {
    assert.equal(await ping(), 200);
    others++;
  }
  return { others, statuses: await statuses };
}

const attacks: readonly (readonly [what: string, path: string, bodies: readonly Buffer[], isServed: boolean])[] = [
  ["9 MB of numbers, printed, four at once", "/printed", Array<Buffer>(4).fill(floats), true],
  ["half a million members, printed", "/printed", [keys], true],
  ["all entries of half a million members, again and again", "/entries", [keys], false],
  ["half a million members, copied again and again", "/copies", [keys], false],
  ["a million rounds over a small body", "/looped", [Buffer.from("{}")], true],
  ["9 MB of numbers, validated", "/valid", [floats], false],
];

for (const [what, path, bodies, isServed] of attacks) {
  test(`${what} hold nobody else up`, async () => {
    // The thread that takes them may have to start.
    await othersDuring(path, [Buffer.from("[1]")]);
    const { others, statuses } = await othersDuring(path, bodies);
    for (const status of statuses) assert.ok(isServed ? status === 200 : [200, 400, 500].includes(status), `${status}`);
    assert.ok(others >= 20, `${others} others were answered meanwhile`);
  });
}
