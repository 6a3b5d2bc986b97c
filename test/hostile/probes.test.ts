// TestInvokeMethod and explanations under hostile methods, backends and callers: bounded, and the gateway's threads live on.
import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  GetResourcesCommand,
  ImportRestApiCommand,
  TestInvokeMethodCommand,
  type TestInvokeMethodCommandInput,
  type TestInvokeMethodCommandOutput,
} from "@aws-sdk/client-api-gateway";
import { startForSuite } from "../conformance/sdk/sdk-client.ts";
import { until } from "../until.ts";

const mock = (template: string): object => ({
  "x-amazon-apigateway-integration": {
    type: "mock",
    requestTemplates: { "application/json": template },
    responses: { default: { statusCode: "200" } },
  },
  responses: { "200": { description: "ok" } },
});
const proxy = (uri: string, more: object = {}): object => ({
  "x-amazon-apigateway-integration": { type: "http_proxy", httpMethod: "ANY", uri, ...more },
  responses: { "200": { description: "ok" } },
});

describe("requests of Portico's own", () => {
  const portico = startForSuite({ args: ["--payload-max", "1MB"] });
  const gateway = portico.client(APIGatewayClient, { maxAttempts: 1 });
  const silent = new Set<ServerResponse>();
  /** Answers without end that somebody still takes. */
  let endless = 0;
  const backend = createServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.on("error", () => undefined);
    if (incoming.url === "/silent") silent.add(outgoing);
    else if (incoming.url === "/endless") {
      const write = (): void => {
        if (!outgoing.destroyed) outgoing.write(Buffer.alloc(65_536, "x"), () => setImmediate(write));
      };
      endless++;
      outgoing.on("close", () => endless--);
      outgoing.writeHead(200);
      write();
    } else if (incoming.url === "/broken") {
      outgoing.writeHead(200, { "Content-Length": "100" }).write("half");
      setImmediate(() => outgoing.destroy());
    } else incoming.socket.end("this is no HTTP\r\n\r\n");
  });
  let restApiId: string;
  const ids = new Map<string, string>();

  before(async () => {
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
    const paths = {
      "/loop": {
        get: mock("#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])x#end#end#end"),
      },
      "/grow": { get: mock("#set($s='x')#foreach($i in [1..1000])#set($s=$s+$s)#end$s") },
      "/silent": { get: proxy(`${origin}/silent`) },
      "/endless": { get: proxy(`${origin}/endless`) },
      "/broken": { get: proxy(`${origin}/broken`) },
      "/nonsense": { get: proxy(`${origin}/nonsense`) },
      "/echo": { post: mock('{"statusCode": 200}') },
    };
    const body = Buffer.from(JSON.stringify({ openapi: "3.0.1", info: { title: "hostile", version: "1" }, paths }));
    restApiId = (await gateway.send(new ImportRestApiCommand({ body }))).id!;
    await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "dev" }));
    const { items = [] } = await gateway.send(new GetResourcesCommand({ restApiId }));
    for (const { id, path } of items) ids.set(path!, id!);
  });
  after(() => {
    backend.closeAllConnections();
    backend.close();
  });

  const run = (
    path: string,
    input: Partial<TestInvokeMethodCommandInput> = {},
  ): Promise<TestInvokeMethodCommandOutput> =>
    gateway.send(new TestInvokeMethodCommand({ restApiId, resourceId: ids.get(path)!, httpMethod: "GET", ...input }));

  it("end a template that spends too much", async () => {
    for (const path of ["/loop", "/grow"]) {
      const { status, log } = await run(path);
      assert.equal(status, 500);
      assert.match(
        String(log),
        /Unable to transform request: the request template for application\/json, line 1, column/,
      );
    }
  });

  it("cut an answer without end, and let go of its backend", async () => {
    const { status, body } = await run("/endless");
    // The payload limit's own refusal comes after the answer has begun: it is cut.
    assert.ok((body?.length ?? 0) <= 1_048_576 && status === 200, `${status}, ${body?.length}`);
    await until(() => endless === 0);
  });

  it("tell of answers that break off or are no HTTP", async () => {
    assert.match(String((await run("/broken")).log), /the answer broke off/);
    const nonsense = await run("/nonsense");
    assert.equal(nonsense.status, 504);
    assert.match(String(nonsense.log), /Execution failed due to a network error communicating with endpoint/);
  });

  it("refuse more than run at a time, and run again when those are over", async () => {
    const running = Array.from({ length: 32 }, () => run("/silent"));
    await until(() => silent.size === 32);
    const refused = await Promise.all(
      Array.from({ length: 8 }, () => run("/silent").catch((error: Error) => error.name)),
    );
    assert.deepEqual(new Set(refused), new Set(["TooManyRequestsException"]));
    for (const outgoing of silent) outgoing.end("late");
    assert.deepEqual(new Set((await Promise.all(running)).map(({ body }) => body)), new Set(["late"]));
    assert.equal((await run("/echo", { httpMethod: "POST", body: "x" })).status, 200);
  });

  it("take bodies up to the payload limit, odd paths and odd headers", async () => {
    const post = { httpMethod: "POST" };
    const large = await run("/echo", { ...post, body: "x".repeat(1_100_000) });
    assert.deepEqual([large.status, large.body], [413, "HTTP content length exceeded 1048576 bytes."]);
    for (const pathWithQueryString of [
      "",
      "?",
      "x",
      "//",
      "/%zz?%",
      "/../..",
      "/\u0000\ud800?é=\ud800",
      `/${"a".repeat(100_000)}`,
    ]) {
      assert.equal(
        (await run("/echo", { ...post, pathWithQueryString })).status,
        200,
        pathWithQueryString.slice(0, 20),
      );
    }
    const multiValueHeaders = {
      "content-type": ["a", "b"],
      __proto__x: ["1"],
      Cookie: [Array.from({ length: 2_000 }, (_, n) => `c${n}=${"v".repeat(20)}${n}`).join("; ")],
    };
    assert.equal(
      (
        await run("/echo", {
          ...post,
          body: '{"statusCode": 200}',
          multiValueHeaders,
          headers: { "Content-Length": "99", "Transfer-Encoding": "chunked" },
        })
      ).status,
      200,
    );
  });

  it("end none of the gateway's threads", async () => {
    const explained = await fetch(`${portico.url}/_portico/explain`, {
      method: "POST",
      body: JSON.stringify({ method: "GET", url: `${portico.url}/_aws/execute-api/${restApiId}/dev/loop` }),
    });
    assert.equal(((await explained.json()) as { status: number }).status, 500);
    assert.doesNotMatch(portico.output(), /gateway thread/i);
  });
});
