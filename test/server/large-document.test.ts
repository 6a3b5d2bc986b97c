// A document of 1,200 operations is worked on in a thread of its own: control goes on with everybody else's calls. What is
// counted is how many of those it answers in that time, one after another; a control that did the work itself would
// answer one or two: those that it had begun before.
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { unzipSync } from "fflate";
import { functionOf, makeClient } from "../conformance/sdk/sdk-client.ts";
import { type Portico, startPortico } from "../portico.ts";

const verbs = ["get", "post", "put", "delete"];
const things = 299;

/** Four methods on each of AWS's 300 resources but the root. */
function aLargeDocument(title: string): object {
  const thing = { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } };
  const operation = (path: string, verb: string) => ({
    operationId: `${verb}${path}`,
    description: `What becomes of ${path}. `.repeat(20),
    parameters: [{ name: "kind", in: "query", schema: { type: "string" } }],
    ...(verb !== "get" && { requestBody: { content: thing } }),
    responses: { "200": { description: "", content: thing }, "404": { description: "" } },
    "x-amazon-apigateway-integration": {
      type: "mock",
      requestTemplates: { "application/json": `{"statusCode": 200} ## ${"as it is ".repeat(100)}` },
      responses: { default: { statusCode: "200", responseTemplates: { "application/json": `"${title} ${path}"` } } },
    },
  });
  const paths = Array.from({ length: things }, (_, number) => {
    const path = `thing${number}`;
    return [`/${path}`, Object.fromEntries(verbs.map((verb) => [verb, operation(path, verb)]))];
  });
  const Thing = { type: "object", properties: { id: { type: "string" }, size: { type: "integer" } } };
  return {
    openapi: "3.0.1",
    info: { title, version: "1" },
    paths: Object.fromEntries(paths),
    components: { schemas: { Thing } },
  };
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
  /** Calls of others that were answered between the request's last byte and the answer's first. */
  readonly others: { readonly health: number; readonly invocations: number };
}

let server: Portico;
let lambda: LambdaClient;
let apiId = "";

before(async () => {
  server = await startPortico();
  lambda = makeClient(LambdaClient, server);
  await lambda.send(functionOf("echo", "exports.handler = async (event) => event;"));
  // The first one starts its environment.
  await invoke();
});

after(async () => {
  lambda.destroy();
  assert.equal(await server.stop(), 0);
});

async function invoke(): Promise<void> {
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: "echo", Payload: Buffer.from('"hello"') }));
  assert.equal(Buffer.from(Payload!).toString(), '"hello"');
}

async function askHealth(): Promise<void> {
  const response = await fetch(`${server.url}/_portico/health`);
  assert.deepEqual([response.status, await response.json()], [200, { status: "ok" }]);
}

/** Sends a request, and others beside it until it is answered. */
async function send(method: string, path: string, body: Buffer | string = ""): Promise<Answer> {
  const others = { health: 0, invocations: 0 };
  let isOver = false;
  const repeat = async (call: () => Promise<void>, name: keyof typeof others): Promise<void> => {
    while (!isOver) {
      await call();
      if (!isOver) others[name]++;
    }
  };
  const repeated: Promise<void>[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = {
    Accept: "application/yaml",
    "Content-Type": "application/octet-stream",
    "Content-Length": Buffer.byteLength(body),
  };
  const outgoing = request(`${server.url}${path}`, { method, headers }, (incoming) => {
    isOver = true;
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("error", reject);
    incoming.on("end", () => resolve({ status: incoming.statusCode!, body: Buffer.concat(chunks), others }));
  });
  outgoing.on("error", reject);
  outgoing.on("finish", () => repeated.push(repeat(askHealth, "health"), repeat(invoke, "invocations")));
  outgoing.end(body);
  const answer = await promise;
  await Promise.all(repeated);
  return answer;
}

/** The others went on meanwhile. */
function assertHeldNobody({ others }: Answer): void {
  assert.ok(others.health + others.invocations >= 10, `others were held: ${JSON.stringify(others)}`);
}

test("an import holds nobody", async () => {
  const answer = await send("POST", "/restapis?mode=import", JSON.stringify(aLargeDocument("first")));
  assert.equal(answer.status, 201, answer.body.toString());
  apiId = (JSON.parse(answer.body.toString()) as { id: string }).id;
  assertHeldNobody(answer);
});

test("nor does one that is merged into an API", async () => {
  const answer = await send("PUT", `/restapis/${apiId}?mode=merge`, JSON.stringify(aLargeDocument("second")));
  assert.equal(answer.status, 200, answer.body.toString());
  assertHeldNobody(answer);
});

test("a deployment of it serves what was merged", async () => {
  const deployed = await send("POST", `/restapis/${apiId}/deployments`, JSON.stringify({ stageName: "prod" }));
  assert.equal(deployed.status, 201, deployed.body.toString());
  const served = await fetch(`${server.url}/_aws/execute-api/${apiId}/prod/thing${things - 1}`);
  assert.equal(await served.text(), `"second thing${things - 1}"`);
});

test("an export holds nobody", async () => {
  const answer = await send("GET", `/restapis/${apiId}/stages/prod/exports/oas30`);
  assert.match(answer.body.toString(), /^openapi: 3\.0\.1\n/);
  assertHeldNobody(answer);
});

test("nor does an SDK", async () => {
  const answer = await send("GET", `/restapis/${apiId}/stages/prod/sdks/python?serviceName=things`);
  assert.equal(answer.status, 200, answer.body.toString());
  const files = Object.keys(unzipSync(answer.body));
  assert.ok(files.length > 1, files.join());
  assertHeldNobody(answer);
});

test("nor does the page for readers", async () => {
  const answer = await send("GET", `/_portico/docs/${apiId}/prod/openapi.yaml`);
  assert.match(answer.body.toString(), /\n {2}\/thing298:\n/);
  assertHeldNobody(answer);
});
