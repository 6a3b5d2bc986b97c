// Access logs for delivery streams of Firehose: what is sent, and that no request waits or fails for it.
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import { until } from "../until.ts";
import { aMethod, aMock, aRestApi, aStage } from "./a-rest-api.ts";
import { type Backend, startBackend, startGateway } from "./start-gateway.ts";

const destinationArn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-pets";
const format = "$context.requestId $context.status";

interface RecordBatch {
  readonly DeliveryStreamName: string;
  readonly Records: readonly { readonly Data: string }[];
}

interface FakeStream extends AsyncDisposable {
  readonly requests: { readonly incoming: IncomingMessage; readonly batch: RecordBatch }[];
  /** The lines that the stream was sent, refused ones too. */
  lines(): string[];
  readonly backend: Backend;
}

/** A Firehose of the test's own. */
async function startStream(
  answer: (response: ServerResponse, batch: RecordBatch, attempt: number) => void,
): Promise<FakeStream> {
  const requests: FakeStream["requests"] = [];
  const backend = await startBackend((incoming, outgoing, body) => {
    const batch = JSON.parse(String(body)) as RecordBatch;
    requests.push({ incoming, batch });
    answer(outgoing, batch, requests.length);
  });
  return {
    requests,
    backend,
    lines: () =>
      requests.flatMap(({ batch }) => batch.Records.map(({ Data }) => Buffer.from(Data, "base64").toString())),
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}

const take = (response: ServerResponse, { Records }: RecordBatch): void => {
  response.end(JSON.stringify({ FailedPutCount: 0, RequestResponses: Records.map(() => ({ RecordId: "r" })) }));
};

async function startLogged(endpoint: string | undefined) {
  const warnings: unknown[] = [];
  const gateway = await startGateway({
    services: { endpoints: endpoint === undefined ? {} : { firehose: endpoint } },
    onWarning: (message, fields) => warnings.push([message, fields]),
  });
  const api = aRestApi({ "/pets": { GET: aMethod(aMock()) } });
  gateway.deploy(api, aStage({ accessLogSettings: { destinationArn, format } }));
  const call = async (): Promise<void> => {
    assert.equal((await gateway.call("/pets")).status, 200);
  };
  return { gateway, warnings, call };
}

test("lines are sent in batches, signed in the name of the account, to the stream of AWS's name", async () => {
  await using stream = await startStream(take);
  const { gateway, call } = await startLogged(stream.backend.origin);
  await using _ = gateway;
  for (let count = 0; count < 20; count++) await call();
  await until(() => stream.lines().length === 20);
  for (const line of stream.lines()) assert.match(line, /^[0-9a-f-]{36} 200\n$/);
  const [{ incoming, batch }] = stream.requests as [FakeStream["requests"][number]];
  assert.equal(batch.DeliveryStreamName, "amazon-apigateway-pets");
  assert.equal(incoming.headers["x-amz-target"], "Firehose_20150804.PutRecordBatch");
  assert.equal(incoming.headers["content-type"], "application/x-amz-json-1.1");
  assert.match(
    String(incoming.headers.authorization),
    /^AWS4-HMAC-SHA256 Credential=000000000000\/\d{8}\/us-east-1\/firehose\/aws4_request, /,
  );
  // The lines of a second go together.
  assert.ok(stream.requests.length < 20);
});

test("what the stream refuses is sent again, alone; a failing stream is tried again", async () => {
  await using stream = await startStream((response, batch, attempt) => {
    if (attempt === 1) response.writeHead(503).end("later");
    else if (attempt === 2) {
      const RequestResponses = batch.Records.map((_, index) =>
        index === 1 ? { ErrorCode: "ServiceUnavailableException", ErrorMessage: "slow down" } : { RecordId: "r" },
      );
      response.end(JSON.stringify({ FailedPutCount: 1, RequestResponses }));
    } else take(response, batch);
  });
  const { gateway, call, warnings } = await startLogged(stream.backend.origin);
  await using _ = gateway;
  for (let count = 0; count < 3; count++) await call();
  await until(() => stream.requests.length === 3);
  const [first, second, third] = stream.requests.map(({ batch }) => batch.Records.map(({ Data }) => Data));
  assert.equal(first?.length, 3);
  assert.deepEqual(second, first);
  assert.deepEqual(third, [first?.[1]]);
  assert.deepEqual(warnings, []);
});

test("a stream that is not there, or lies, costs lines and no request; they are counted and told of once", async () => {
  await using stream = await startStream((response, _, attempt) => {
    if (attempt % 2 === 0) response.end('{"FailedPutCount":"many","RequestResponses":{"__proto__":1}}');
    else response.writeHead(400).end(`{"__type":"ResourceNotFoundException","pad":"${"x".repeat(10_000)}"}`);
  });
  const { gateway, call, warnings } = await startLogged(stream.backend.origin);
  await using _ = gateway;
  for (let round = 1; round <= 3; round++) {
    await call();
    await until(() => stream.requests.length === round);
  }
  await until(() => /portico_access_log_lines_dropped_total 2/.test(gateway.metrics()));
  assert.equal(warnings.length, 1);
  assert.match(JSON.stringify(warnings), /amazon-apigateway-pets.*Firehose answered 400/);
});

test("a stream that never answers keeps requests from nothing, nor the gateway from its end", async () => {
  await using stream = await startStream(() => undefined);
  const { gateway, call } = await startLogged(stream.backend.origin);
  for (let count = 0; count < 5; count++) await call();
  await until(() => stream.requests.length > 0);
  for (let count = 0; count < 600; count++) await call();
  assert.equal(stream.requests.length, 1);
  await gateway[Symbol.asyncDispose]();
  assert.match(gateway.metrics(), /portico_access_log_lines_dropped_total 605/);
});

test("nothing is sent where nobody has said where Firehose is", async () => {
  const { gateway, call, warnings } = await startLogged(undefined);
  await using _ = gateway;
  await call();
  assert.deepEqual(warnings, []);
});
