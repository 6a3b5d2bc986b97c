// Response streaming on a started server, with clients that read as it comes: a REST API's callers and the SDK's.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  APIGatewayClient,
  BadRequestException,
  CreateDeploymentCommand,
  CreateResourceCommand,
  CreateRestApiCommand,
  GetExportCommand,
  GetIntegrationCommand,
  GetResourcesCommand,
  PutIntegrationCommand,
  type PutIntegrationCommandInput,
  PutMethodCommand,
  TestInvokeMethodCommand,
  UpdateIntegrationCommand,
} from "@aws-sdk/client-api-gateway";
import {
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  type InvokeWithResponseStreamCommandInput,
  LambdaClient,
  ResourceNotFoundException,
} from "@aws-sdk/client-lambda";
import { type Gate, makeGate } from "../../gate.ts";
import { functionOf, permissionOf, refusal, startForSuite } from "./sdk-client.ts";

const code = `
  const { pipeline } = require("node:stream/promises");
  const say = (stream, event, status = 200) => awslambda.HttpResponseStream.from(stream, {
    statusCode: status, headers: { "Content-Type": "text/event-stream", "X-Pid": String(process.pid) },
  });
  exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    const query = event.queryStringParameters ?? event;
    if (query.do === "throw") throw new Error("thrown");
    const answer = event.httpMethod === undefined ? stream : say(stream);
    if (query.do === "large") {
      await pipeline(async function* () { for (let n = 0; n < 24; n++) yield Buffer.alloc(1 << 19, 97); }, answer);
      return;
    }
    answer.write("data: one\\n\\n");
    if (query.gate) await fetch(query.gate);
    if (query.do === "break") throw new Error("broken");
    console.log("said two");
    answer.write("data: two\\n\\n");
    answer.end();
  });`;

describe("response streaming", () => {
  const portico = startForSuite({ args: ["--threads", "2"] });
  const lambda = portico.client(LambdaClient, { maxAttempts: 1 });
  const gateway = portico.client(APIGatewayClient, { maxAttempts: 1 });
  const uriOf = (name: string, date = "2021-11-15", action = "response-streaming-invocations"): string =>
    `arn:aws:apigateway:us-east-1:lambda:path/${date}/functions/arn:aws:lambda:us-east-1:000000000000:function:${name}/${action}`;
  let gate: Gate;
  let url: string;
  let api: { restApiId: string; rootId: string };

  before(async () => {
    gate = await makeGate();
    await lambda.send(functionOf("streaming", code, { Timeout: 20, MemorySize: 256 }));
    await lambda.send(permissionOf("streaming"));
    await lambda.send(functionOf("plain", "exports.handler = async () => ({ statusCode: 200, body: 'whole' })"));
    await lambda.send(permissionOf("plain"));
    const { id } = await gateway.send(
      new CreateRestApiCommand({ name: "streaming", endpointConfiguration: { types: ["REGIONAL"] } }),
    );
    const { items } = await gateway.send(new GetResourcesCommand({ restApiId: id }));
    api = { restApiId: id!, rootId: items![0]!.id! };
    await method(api.rootId, { type: "AWS_PROXY", uri: uriOf("streaming"), timeoutInMillis: 900_000 });
    await method(await resource("plain"), { type: "AWS_PROXY", uri: uriOf("plain") });
    await gateway.send(new CreateDeploymentCommand({ restApiId: id, stageName: "prod" }));
    url = `${portico.url}/_aws/execute-api/${id}/prod`;
  });
  after(() => gate[Symbol.asyncDispose]());

  async function resource(pathPart: string): Promise<string> {
    const { restApiId, rootId: parentId } = api;
    const { id } = await gateway.send(new CreateResourceCommand({ restApiId, parentId, pathPart }));
    return id!;
  }
  const of = (resourceId: string) => ({ restApiId: api.restApiId, resourceId, httpMethod: "GET" });
  async function method(resourceId: string, integration: Partial<PutIntegrationCommandInput>) {
    await gateway.send(new PutMethodCommand({ ...of(resourceId), authorizationType: "NONE" }));
    return put(resourceId, integration);
  }
  const put = (resourceId: string, integration: Partial<PutIntegrationCommandInput>) =>
    gateway.send(
      new PutIntegrationCommand({
        ...of(resourceId),
        type: "AWS_PROXY",
        integrationHttpMethod: "POST",
        responseTransferMode: "STREAM",
        ...integration,
      }),
    );

  it("brings a function's first event before the function has written its second one", async () => {
    const response = await fetch(`${url}/?gate=${encodeURIComponent(gate.url)}`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    assert.deepEqual(await reader.read(), { done: false, value: "data: one\n\n" });
    (await gate.next())();
    assert.deepEqual(await reader.read(), { done: false, value: "data: two\n\n" });
    assert.deepEqual(await reader.read(), { done: true, value: undefined });
  });

  it("brings more than 10 MB", async () => {
    const response = await fetch(`${url}/?do=large`);
    assert.equal((await response.arrayBuffer()).byteLength, 12 << 20);
  });

  it("answers 502 to a function that fails before it, and cuts one that fails within", async () => {
    const failed = await fetch(`${url}/?do=throw`);
    assert.equal(failed.status, 502);
    assert.deepEqual(await failed.json(), { message: "Internal server error" });
    const broken = await fetch(`${url}/?do=break`);
    assert.equal(broken.status, 200);
    await assert.rejects(broken.text());
  });

  it("answers 502 to a function that does not stream, and says why", async () => {
    const response = await fetch(`${url}/plain`);
    assert.equal(response.status, 502);
    assert.match(response.headers.get("x-portico-hint") ?? "", /awslambda\.HttpResponseStream\.from/);
  });

  it("lets a function go on whose caller went, and uses it again", async () => {
    const caller = new AbortController();
    const response = await fetch(`${url}/?gate=${encodeURIComponent(gate.url)}`, { signal: caller.signal });
    const pid = response.headers.get("x-pid");
    const open = await gate.next();
    caller.abort();
    open();
    let next: Response;
    // Another thread starts an environment of its own until the first one's is free.
    do {
      next = await fetch(`${url}/`, { headers: { connection: "close" } });
      assert.equal(await next.text(), "data: one\n\ndata: two\n\n");
    } while (next.headers.get("x-pid") !== pid);
  });

  it("is refused by AWS's words where the address does not stream", async () => {
    const resourceId = await resource("refused");
    await method(resourceId, { type: "MOCK", responseTransferMode: "BUFFERED" });
    const invoke = uriOf("streaming", "2015-03-31", "invocations");
    const { message } = await refusal(put(resourceId, { uri: invoke }), BadRequestException);
    assert.equal(
      message,
      "Invalid ResponseTransferMode. ResponseTransferMode STREAM is only supported for Lambda functions invoked by InvokeWithResponseStream for AWS_PROXY integrations.",
    );
    const buffered = put(resourceId, { uri: uriOf("streaming"), responseTransferMode: "BUFFERED" });
    assert.match((await refusal(buffered, BadRequestException)).message, /Cannot use ResponseTransferMode BUFFERED/);
    await refusal(put(resourceId, { type: "HTTP", uri: "http://example.com" }), BadRequestException);
    await refusal(put(resourceId, { uri: uriOf("streaming"), timeoutInMillis: 900_001 }), BadRequestException);
    await put(resourceId, { uri: invoke, responseTransferMode: "BUFFERED" });
    const patch = (...patchOperations: [path: string, value: string][]) =>
      new UpdateIntegrationCommand({
        ...of(resourceId),
        patchOperations: patchOperations.map(([path, value]) => ({ op: "replace", path, value })),
      });
    await refusal(gateway.send(patch(["/responseTransferMode", "STREAM"])), BadRequestException);
    const updated = await gateway.send(patch(["/uri", uriOf("streaming")], ["/responseTransferMode", "STREAM"]));
    assert.equal(updated.responseTransferMode, "STREAM");
    assert.equal((await gateway.send(new GetIntegrationCommand(of(resourceId)))).responseTransferMode, "STREAM");
  });

  it("is gathered by TestInvokeMethod, 1 MB of it", async () => {
    const tested = (pathWithQueryString: string) =>
      gateway.send(new TestInvokeMethodCommand({ ...of(api.rootId), pathWithQueryString }));
    const whole = await tested("/");
    assert.equal(whole.status, 200);
    assert.equal(whole.body, "data: one\n\ndata: two\n\n");
    assert.match(whole.log!, /response-streaming-invocations/);
    assert.match(whole.log!, /Method response body after transformations: data: one/);
    const beginning = await tested("/?do=large");
    assert.equal(beginning.status, 200);
    assert.equal(beginning.body, "a".repeat(1 << 20));
  });

  it("is exported with its API", async () => {
    const { body } = await gateway.send(
      new GetExportCommand({
        restApiId: api.restApiId,
        stageName: "prod",
        exportType: "oas30",
        parameters: { extensions: "integrations" },
      }),
    );
    const { paths } = JSON.parse(Buffer.from(body!).toString());
    const integration = paths["/"].get["x-amazon-apigateway-integration"];
    assert.equal(integration.responseTransferMode, "STREAM");
    assert.equal(integration.timeoutInMillis, 900_000);
  });

  it("brings an HTTP backend's events as they come", async () => {
    const { promise: mayEnd, resolve: letItEnd } = Promise.withResolvers<void>();
    const backend = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("data: one\n\n");
      void mayEnd.then(() => response.end("data: two\n\n"));
    });
    backend.listen(0, "127.0.0.1");
    await once(backend, "listening");
    try {
      const uri = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`;
      await method(await resource("http"), { type: "HTTP_PROXY", integrationHttpMethod: "GET", uri });
      await gateway.send(new CreateDeploymentCommand({ restApiId: api.restApiId, stageName: "prod" }));
      const response = await fetch(`${url}/http`);
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      assert.equal((await reader.read()).value, "data: one\n\n");
      letItEnd();
      assert.equal((await reader.read()).value, "data: two\n\n");
      assert.equal((await reader.read()).done, true);
    } finally {
      backend.closeAllConnections();
      backend.close();
    }
  });

  const invoke = (event: unknown, more: Partial<InvokeWithResponseStreamCommandInput> = {}) =>
    lambda.send(
      new InvokeWithResponseStreamCommand({
        FunctionName: "streaming",
        Payload: JSON.stringify(event) as never,
        ...more,
      }),
    );

  it("comes through InvokeWithResponseStream as it is written", async () => {
    const { StatusCode, ExecutedVersion, EventStream } = await invoke({ gate: gate.url }, { LogType: "Tail" });
    assert.deepEqual([StatusCode, ExecutedVersion], [200, "$LATEST"]);
    const events = EventStream![Symbol.asyncIterator]();
    const first = (await events.next()).value;
    assert.equal(Buffer.from(first!.PayloadChunk!.Payload!).toString(), "data: one\n\n");
    (await gate.next())();
    assert.equal(Buffer.from((await events.next()).value!.PayloadChunk!.Payload!).toString(), "data: two\n\n");
    const { InvokeComplete } = (await events.next()).value!;
    assert.equal(InvokeComplete!.ErrorCode, undefined);
    assert.match(Buffer.from(InvokeComplete!.LogResult!, "base64").toString(), /said two.*REPORT RequestId/s);
    assert.equal((await events.next()).done, true);
  });

  it("is broken off by a caller that goes, and the function goes on", async () => {
    const caller = new AbortController();
    const target = `${portico.url}/2021-11-15/functions/streaming/response-streaming-invocations`;
    const body = JSON.stringify({ gate: gate.url });
    const response = await fetch(target, { method: "POST", body, signal: caller.signal });
    assert.equal(response.headers.get("content-type"), "application/vnd.amazon.eventstream");
    const open = await gate.next();
    caller.abort();
    open();
    const events = await Array.fromAsync((await invoke({})).EventStream!);
    assert.equal(events.length > 1, true);
    assert.doesNotMatch(portico.output(), /broke off|failed/);
  });

  it("tells in InvokeComplete how a function failed", async () => {
    for (const [what, payload, message] of [
      ["throw", "", "thrown"],
      ["break", "data: one\n\n", "broken"],
    ]) {
      let text = "";
      let failure: { ErrorCode?: string | undefined; ErrorDetails?: string | undefined } | undefined;
      for await (const { PayloadChunk, InvokeComplete } of (await invoke({ do: what })).EventStream!) {
        text += Buffer.from(PayloadChunk?.Payload ?? []).toString();
        failure ??= InvokeComplete;
      }
      assert.equal(text, payload);
      assert.equal(failure?.ErrorCode, "Unhandled");
      assert.equal(JSON.parse(failure?.ErrorDetails ?? "{}").errorMessage, message);
    }
  });

  it("brings megabytes and whole answers through InvokeWithResponseStream", async () => {
    let bytes = 0;
    for await (const { PayloadChunk } of (await invoke({ do: "large" })).EventStream!) {
      bytes += PayloadChunk?.Payload?.length ?? 0;
    }
    assert.equal(bytes, 12 << 20);
    const { EventStream } = await invoke({}, { FunctionName: "plain" });
    const [only] = await Array.fromAsync(EventStream!);
    assert.equal(Buffer.from(only!.PayloadChunk!.Payload!).toString(), '{"statusCode":200,"body":"whole"}');
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: "streaming" }));
    assert.equal(Buffer.from(Payload!).toString(), "data: one\n\ndata: two\n\n");
  });

  it("refuses with a status what can't be invoked", async () => {
    await refusal(invoke({}, { FunctionName: "nobody" }), ResourceNotFoundException);
    const dry = await invoke({}, { InvocationType: "DryRun" });
    assert.equal(dry.StatusCode, 204);
    await assert.rejects(invoke({}, { Payload: Buffer.from("{") }), { name: "InvalidRequestContentException" });
  });
});
