import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bounds } from "../../src/base/bounds.ts";
import type { AnswerSink, InvokeOutcome, InvokeRequest } from "../../src/functions/function-client.ts";
import { until } from "../until.ts";
import { aLambdaStream, aMethod, aRestApi, aStage } from "./a-rest-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { withIdleMs } from "./idle-streams.ts";
import { type GatewayUnderTest, startGateway } from "./start-gateway.ts";

const zeros = "\0".repeat(8);

/** A function whose answer the test writes. */
class StreamingFunctions extends FakeFunctions {
  sink: AnswerSink | undefined;
  resumes = 0;
  #settle: ((outcome: InvokeOutcome) => void) | undefined;

  override invoke(request: InvokeRequest): Promise<InvokeOutcome> {
    this.requests.push(request);
    this.sink = request.sink;
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }
  /** Resolves when the gateway has invoked it. */
  async invoked(): Promise<void> {
    await until(() => this.sink !== undefined);
  }
  write(chunk: Buffer | string): boolean {
    return this.sink!.data(Buffer.from(chunk as string), () => this.resumes++);
  }
  finish(outcome: Partial<InvokeOutcome> = {}): void {
    this.#settle?.({ kind: "ok", payload: Buffer.alloc(0), requestId: "lambda-id", ...outcome } as InvokeOutcome);
  }
  fail(errorMessage: string): void {
    this.finish({ kind: "function-error", errorMessage, payload: Buffer.from("{}") });
  }
}

async function start(
  functions: StreamingFunctions,
  { accessLog, ...overrides }: Parameters<typeof aLambdaStream>[0] & { accessLog?: string } = {},
): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ functions, payloadBytesMax: 100_000, ...(accessLog ? { accessLog } : {}) });
  const format =
    "$context.status $context.responseLength $context.integration.responseTransferMode " +
    "$context.integration.timeToAllHeaders $context.integration.timeToFirstContent $context.integrationLatency";
  gateway.deploy(
    aRestApi({ "/": { ANY: aMethod(aLambdaStream(overrides)) } }, { restApi: { minimumCompressionSize: 0 } }),
    aStage(
      accessLog === undefined
        ? {}
        : { accessLogSettings: { destinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:streams", format } },
    ),
  );
  return gateway;
}

/** The answer's head as soon as it is there; its body is read by the test. */
async function begin(gateway: GatewayUnderTest, method = "GET"): Promise<IncomingMessage> {
  const headers = { host: "abc123.execute-api.us-east-1.localhost", "accept-encoding": "gzip" };
  const outgoing = request({ port: gateway.port, host: "127.0.0.1", path: "/prod/", method, agent: false, headers });
  outgoing.on("error", () => {});
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return response;
}

const next = async (response: IncomingMessage): Promise<string> => String((await once(response, "data"))[0]);
const fresh = async <Result>(work: (functions: StreamingFunctions) => Promise<Result>): Promise<Result> =>
  work(new StreamingFunctions());

test("metadata makes the head at once, and each piece goes on as it comes", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions);
    const beginning = begin(gateway);
    await functions.invoked();
    functions.write(
      JSON.stringify({
        statusCode: 201,
        headers: { "Content-Type": "text/event-stream", "X-One": 1 },
        multiValueHeaders: { "X-Many": ["a", "b"] },
        cookies: ["c=1", "d=2"],
      }),
    );
    functions.write(zeros);
    const response = await beginning;
    assert.equal(response.statusCode, 201);
    assert.equal(response.headers["content-type"], "text/event-stream");
    assert.equal(response.headers["transfer-encoding"], "chunked");
    assert.equal(response.headers["content-encoding"], undefined);
    assert.equal(response.headers["x-one"], "1");
    assert.equal(response.headers["x-many"], "a, b");
    assert.deepEqual(response.headers["set-cookie"], ["c=1", "d=2"]);
    assert.match(String(response.headers["x-amzn-trace-id"]), /^Root=/);
    assert.ok(response.headers["x-amzn-requestid"]);
    functions.write("data: 1\n\n");
    assert.equal(await next(response), "data: 1\n\n");
    functions.write("data: 2\n\n");
    assert.equal(await next(response), "data: 2\n\n");
    const ended = once(response, "end");
    functions.sink!.end();
    await ended;
    assert.equal(response.complete, true);
    assert.deepEqual(gateway.errors, []);
  }));

test("metadata is read whatever pieces it comes in", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions);
    for (const size of [1, 7, 1_000]) {
      functions.sink = undefined;
      const call = gateway.call("/");
      await functions.invoked();
      const answer = `{"statusCode":200,"headers":{"x":"${"y".repeat(100)}"}}${zeros}the body\0\0\0\0\0\0\0\0 goes on`;
      for (let at = 0; at < answer.length; at += size) functions.write(answer.slice(at, at + size));
      functions.finish();
      const reply = await call;
      assert.equal(reply.text, `the body${zeros} goes on`);
      assert.equal(reply.headers["x"], "y".repeat(100));
    }
  }));

const broken: readonly [string, string, RegExp][] = [
  ["nothing", "", /no metadata/],
  ["the answer of a function that does not stream", '{"statusCode":200,"body":"x"}', /no metadata/],
  ["no JSON", `hello${zeros}`, /it is not JSON/],
  ["a list", `[]${zeros}`, /it is a list/],
  ["an unknown key", `{"statusCode":200,"body":"x"}${zeros}`, /unknown key body/],
  ["a status that is none", `{"statusCode":99}${zeros}`, /statusCode is 99/],
  ["headers that are none", `{"headers":[]}${zeros}`, /headers is no object/],
  ["a header that would split the answer", `{"headers":{"a\\r\\nb":"c"}}${zeros}`, /is no header name/],
  ["cookies that are no list", `{"cookies":"a=b"}${zeros}`, /cookies is no list/],
  ["a cookie that is no text", `{"cookies":[1]}${zeros}`, /no text/],
  ["seven zero bytes", `{"statusCode":200}${"\0".repeat(7)}`, /no metadata/],
  ["metadata without end", "x".repeat(bounds.streamMetadataBytesMax.value + 1), /first 16384 bytes/],
];

for (const [what, answer, hint] of broken) {
  test(`an answer without readable metadata is 502: ${what}`, () =>
    fresh(async (functions) => {
      await using gateway = await start(functions);
      const call = gateway.call("/");
      await functions.invoked();
      if (answer !== "") functions.write(answer);
      functions.finish();
      const reply = await call;
      assert.equal(reply.status, 502);
      assert.equal(reply.text, '{"message": "Internal server error"}');
      assert.match(String(reply.headers["x-portico-hint"]), hint);
      assert.deepEqual(gateway.errors, []);
    }));
}

test("a stream that ends within its metadata is 502 before the function is done", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions);
    const call = gateway.call("/");
    await functions.invoked();
    functions.write('{"statusCode":');
    functions.sink!.end();
    assert.equal((await call).status, 502);
    functions.finish();
  }));

test("a header's value can't split the answer", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions);
    const call = gateway.call("/");
    await functions.invoked();
    functions.write(
      `{"headers":{"x":"a\\r\\nInjected: b","Transfer-Encoding":"gzip"},"cookies":["a\\r\\nMore: c"]}${zeros}ok`,
    );
    functions.finish();
    const reply = await call;
    assert.equal(reply.text, "ok");
    assert.equal(reply.headers["injected"], undefined);
    assert.equal(reply.headers["more"], undefined);
  }));

test("failures before the body have a status; the client's connection ends in later ones", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions);
    let call = gateway.call("/");
    await functions.invoked();
    functions.fail("broken");
    let reply = await call;
    assert.equal(reply.status, 502);
    assert.match(String(reply.headers["x-portico-hint"]), /customer function error: broken/);

    functions.sink = undefined;
    call = gateway.call("/");
    await functions.invoked();
    functions.finish({
      kind: "service-error",
      code: "TooManyRequestsException",
      status: 429,
      message: "Rate Exceeded.",
    });
    reply = await call;
    assert.equal(reply.status, 500);

    functions.sink = undefined;
    const beginning = begin(gateway);
    await functions.invoked();
    functions.write(`{}${zeros}half`);
    const response = await beginning;
    assert.equal(await next(response), "half");
    const failed = once(response, "error");
    functions.fail("broken");
    await failed;
    assert.equal(response.complete, false);
    assert.match(gateway.metrics(), /function_errors_total 2/);
  }));

test("the time-out is one for the whole answer: 504 before it, a cut in the middle of it", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions, { timeoutInMillis: 100 });
    const reply = await gateway.call("/");
    assert.equal(reply.status, 504);
    assert.equal(reply.text, '{"message": "Endpoint request timed out"}');

    functions.sink = undefined;
    const beginning = begin(gateway);
    await functions.invoked();
    functions.write(`{}${zeros}`);
    const response = await beginning;
    const failed = once(response, "error");
    const writing = setInterval(() => functions.write("more"), 5);
    response.resume();
    await failed;
    clearInterval(writing);
    assert.equal(response.complete, false);
  }));

test("a stream without a byte for too long is cut", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions);
    withIdleMs(gateway, aRestApi({ "/": { ANY: aMethod(aLambdaStream()) } }), 50);
    const beginning = begin(gateway);
    await functions.invoked();
    functions.write(`{}${zeros}one`);
    const response = await beginning;
    const failed = once(response, "error");
    response.resume();
    await failed;
    assert.equal(response.complete, false);
  }));

test("an answer that is longer than it says is cut, and one that is shorter, too", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions);
    for (const [body, isWhole] of [
      ["12345", true],
      ["123456", false],
      ["1234", false],
    ] as const) {
      functions.sink = undefined;
      const beginning = begin(gateway);
      await functions.invoked();
      functions.write(`{"headers":{"content-length":"5"}}${zeros}`);
      const response = await beginning;
      assert.equal(response.headers["content-length"], "5");
      response.resume();
      const over = isWhole ? once(response, "end") : once(response, "error");
      functions.write(body);
      functions.finish();
      await over;
      assert.equal(response.complete, isWhole);
    }
  }));

test("statuses and verbs without a body have none", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions);
    for (const [method, status] of [
      ["HEAD", 200],
      ["GET", 204],
      ["GET", 304],
    ] as const) {
      functions.sink = undefined;
      const call = gateway.call("/", { method });
      await functions.invoked();
      functions.write(`{"statusCode":${status}}${zeros}body`);
      functions.finish();
      const reply = await call;
      assert.deepEqual([reply.status, reply.text], [status, ""]);
    }
  }));

test("a client that does not read makes the function wait, and is no idleness", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions);
    const socket = connect(gateway.port, "127.0.0.1");
    socket.pause();
    socket.write("GET /prod/ HTTP/1.1\r\nHost: abc123.execute-api.localhost\r\n\r\n");
    await functions.invoked();
    functions.write(`{}${zeros}`);
    const piece = Buffer.alloc(65_536, 97);
    let pieces = 0;
    // Well over the payload limit, which is none for streams.
    while (functions.write(piece)) {
      assert.ok(pieces++ < 1_000, "the function was never asked to wait");
      await new Promise(setImmediate);
    }
    assert.equal(functions.resumes, 0);
    socket.resume();
    await until(() => functions.resumes > 0);
    socket.destroy();
  }));

test("when the client goes the answer is thrown away, and the function is not held up", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions);
    const beginning = begin(gateway);
    await functions.invoked();
    functions.write(`{}${zeros}one`);
    const response = await beginning;
    await next(response);
    response.pause();
    const pieces: Buffer[] = new Array(64).fill(Buffer.alloc(65_536, 97));
    const areTaken = (): boolean => pieces.every((piece) => functions.write(piece));
    assert.equal(areTaken(), false);
    response.destroy();
    await until(areTaken);
    functions.finish();
    assert.deepEqual(gateway.errors, []);
  }));

test("what ends the stream ends the answer; what the function does later is its own affair", () =>
  fresh(async (functions) => {
    await using gateway = await start(functions);
    const call = gateway.call("/");
    await functions.invoked();
    functions.write(`{}${zeros}all`);
    functions.sink!.end();
    assert.equal((await call).text, "all");
    assert.equal(functions.write("more"), true);
    functions.fail("afterwards");
    await until(() => /function_errors_total 1/.test(gateway.metrics()));
    assert.deepEqual(gateway.errors, []);
  }));

test("the access log has AWS's variables of streams", () =>
  fresh(async (functions) => {
    const folder = mkdtempSync(join(tmpdir(), "portico-stream-"));
    const accessLog = join(folder, "streams.log");
    try {
      const gateway = await start(functions, { accessLog: folder });
      const call = gateway.call("/");
      await functions.invoked();
      functions.write(`{}${zeros}12345`);
      functions.finish();
      await call;
      await gateway[Symbol.asyncDispose]();
      assert.match(readFileSync(accessLog, "utf8"), /^200 5 STREAMED \d+ \d+ \d+\n$/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }));
