// Traces: what X-Ray keeps of a stage's requests, what decides on them, and what a collector and a daemon get.
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  ImportRestApiCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { LambdaClient } from "@aws-sdk/client-lambda";
import {
  BatchGetTracesCommand,
  CreateSamplingRuleCommand,
  DeleteSamplingRuleCommand,
  GetSamplingRulesCommand,
  GetSamplingStatisticSummariesCommand,
  GetServiceGraphCommand,
  GetTraceGraphCommand,
  GetTraceSummariesCommand,
  type GetTraceSummariesCommandOutput,
  InvalidRequestException,
  ListTagsForResourceCommand,
  PutTelemetryRecordsCommand,
  PutTraceSegmentsCommand,
  UpdateSamplingRuleCommand,
  XRayClient,
} from "@aws-sdk/client-xray";
import { until } from "../../until.ts";
import { elsewhere, functionOf, permissionOf, refusal, startForSuite } from "./sdk-client.ts";

const authorizer = `exports.handler = async (event) => ({
  principalId: "me",
  policyDocument: { Version: "2012-10-17", Statement: [{ Effect: event.authorizationToken === "no" ? "Deny" : "Allow", Action: "*", Resource: "*" }] },
});`;
const behind = `exports.handler = async (event) => ({
  statusCode: event.queryStringParameters?.fail ? 500 : 200,
  body: JSON.stringify({ traceId: process.env._X_AMZN_TRACE_ID, header: event.headers["X-Amzn-Trace-Id"] }),
});`;

const invocation = (name: string): string =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:${name}/invocations`;

/** What a server of the test's own got, as text. */
interface TestServer {
  readonly server: Server;
  readonly url: string;
  readonly requests: { readonly headers: IncomingMessage["headers"]; readonly path: string; readonly body: string }[];
  status: number;
}

async function startSink(): Promise<TestServer> {
  const requests: TestServer["requests"] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { headers, url: path = "" } = request;
      requests.push({ headers, path, body: Buffer.concat(chunks).toString() });
      response.writeHead(seen.status, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const seen: TestServer = { server, url: `http://127.0.0.1:${port}`, requests, status: 200 };
  return seen;
}

const stop = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Documents are looked at member by member. */
// biome-ignore lint/suspicious/noExplicitAny: what is not there fails the assertion that looks at it.
type Json = any;

const backend = await startSink();
const collector = await startSink();
const datagrams: string[] = [];
const daemon: Socket = createSocket("udp4");
daemon.on("message", (message) => datagrams.push(message.toString()));
await new Promise<void>((resolve) => daemon.bind(0, "127.0.0.1", resolve));
after(async () => {
  daemon.close();
  await Promise.all([stop(backend.server), stop(collector.server)]);
});

const document = {
  openapi: "3.0.1",
  info: { title: "traced", version: "1" },
  paths: {
    "/f": {
      get: {
        security: [{ token: [] }],
        "x-amazon-apigateway-integration": { type: "aws_proxy", httpMethod: "POST", uri: invocation("behind") },
      },
    },
    "/h/{id}": {
      get: {
        parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
        "x-amazon-apigateway-integration": {
          type: "http_proxy",
          httpMethod: "GET",
          uri: `${backend.url}/items/{id}`,
          requestParameters: { "integration.request.path.id": "method.request.path.id" },
        },
      },
    },
  },
  components: {
    securitySchemes: {
      token: {
        type: "apiKey",
        name: "Authorization",
        in: "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
          type: "token",
          authorizerUri: invocation("authorizer"),
          authorizerResultTtlInSeconds: 0,
        },
      },
    },
  },
};

const everything = {
  Priority: 1,
  FixedRate: 1,
  ReservoirSize: 0,
  ServiceName: "*",
  ServiceType: "*",
  Host: "*",
  HTTPMethod: "*",
  URLPath: "*",
  ResourceARN: "*",
  Version: 1,
} as const;

describe("traces", () => {
  const portico = startForSuite({
    args: ["--otlp", collector.url, "--otlp-headers", "api-key=secret-of-the-collector", "--otlp-sample", "0"].concat([
      "--xray-daemon",
      `127.0.0.1:${daemon.address().port}`,
    ]),
  });
  const gateway = portico.client(APIGatewayClient);
  const lambda = portico.client(LambdaClient);
  const xray = portico.client(XRayClient);
  const strangers = portico.client(XRayClient, elsewhere);
  let restApiId: string | undefined;
  const call = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${portico.url}/_aws/execute-api/${restApiId}/prod${path}`, {
      headers: { authorization: "yes", connection: "close", ...headers },
    });
  const range = () => ({ StartTime: new Date(Date.now() - 600_000), EndTime: new Date(Date.now() + 60_000) });
  const summaries = async (
    FilterExpression?: string,
  ): Promise<NonNullable<GetTraceSummariesCommandOutput["TraceSummaries"]>> =>
    (await xray.send(new GetTraceSummariesCommand({ ...range(), FilterExpression }))).TraceSummaries ?? [];
  /** The segments of a trace, once it is there. */
  const segmentsOf = async (id: string) => {
    let found: Json[] = [];
    await until(
      async () => {
        const { Traces = [] } = await xray.send(new BatchGetTracesCommand({ TraceIds: [id] }));
        found = (Traces[0]?.Segments ?? []).map(({ Document = "" }) => JSON.parse(Document));
        return found.length > 0;
      },
      { what: `trace ${id} is there` },
    );
    return found;
  };
  const rootOf = (header: string | null): string => /Root=([^;]+)/.exec(header ?? "")?.[1] ?? "";

  before(async () => {
    await lambda.send(functionOf("behind", behind));
    await lambda.send(functionOf("authorizer", authorizer));
    await lambda.send(permissionOf("behind"));
    await lambda.send(permissionOf("authorizer"));
    const body = Buffer.from(JSON.stringify(document));
    ({ id: restApiId } = await gateway.send(new ImportRestApiCommand({ body })));
    await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
  });

  it("a stage that does not trace records nothing, though its caller does", async () => {
    const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    assert.equal((await call("/h/1", { "x-amzn-trace-id": header })).status, 200);
    assert.equal(backend.requests.at(-1)?.headers["x-amzn-trace-id"], header);
    await gateway.send(
      new UpdateStageCommand({
        restApiId,
        stageName: "prod",
        patchOperations: [{ op: "replace", path: "/tracingEnabled", value: "true" }],
      }),
    );
    assert.deepEqual(await summaries(), []);
  });

  it("sampling rules decide at once; the first that matches, by priority", async () => {
    const { SamplingRuleRecords: initial } = await xray.send(new GetSamplingRulesCommand({}));
    assert.deepEqual(
      initial?.map(({ SamplingRule: rule }) => [rule?.RuleName, rule?.Priority, rule?.FixedRate, rule?.ReservoirSize]),
      [["Default", 10_000, 0.05, 1]],
    );
    const none = {
      ...everything,
      RuleName: "none",
      FixedRate: 0,
      Host: "127.0.0.1:*",
      Attributes: { "X-Quiet": "y?s*" },
    };
    const { SamplingRuleRecord: made } = await xray.send(
      new CreateSamplingRuleCommand({ SamplingRule: none, Tags: [{ Key: "team", Value: "a" }] }),
    );
    const ResourceARN = made?.SamplingRule?.RuleARN;
    assert.equal(ResourceARN, "arn:aws:xray:us-east-1:000000000000:sampling-rule/none");
    assert.deepEqual((await xray.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags, [
      { Key: "team", Value: "a" },
    ]);
    await xray.send(
      new CreateSamplingRuleCommand({
        SamplingRule: { ...everything, RuleName: "all", Priority: 2, ServiceName: "traced/*" },
      }),
    );
    await call("/h/quiet", { "x-quiet": "yes, please" });
    const { headers } = await call("/h/loud");
    const [segment] = await segmentsOf(rootOf(backend.requests.at(-1)?.headers["x-amzn-trace-id"] as string));
    assert.equal(segment?.["aws"].xray.sampling_rule_name, "all");
    assert.equal(headers.get("x-amzn-trace-id"), null);
    assert.deepEqual(
      (await summaries()).map(({ Http }) => new URL(Http?.HttpURL ?? "").pathname),
      [`/_aws/execute-api/${restApiId}/prod/h/loud`.replace(/^\/_aws\/execute-api\/[^/]+/, "")],
    );
    const { SamplingStatisticSummaries: counts } = await xray.send(new GetSamplingStatisticSummariesCommand({}));
    assert.deepEqual(
      counts?.map(({ RuleName, RequestCount, SampledCount }) => [RuleName, RequestCount, SampledCount]),
      [
        ["none", 1, 0],
        ["all", 1, 1],
        ["Default", 0, 0],
      ],
    );
  });

  it("a sampling rule's path is that of the request, with the stage and without the query", async () => {
    const rules = [
      { ...everything, RuleName: "path", URLPath: "/prod/h/re?orded*" },
      { ...everything, RuleName: "rest", FixedRate: 0 },
    ];
    for (const SamplingRule of rules) await xray.send(new CreateSamplingRuleCommand({ SamplingRule }));
    for (const path of ["/h/recorde", "/h/other?b=/prod/h/recorded", "/h/recorded-7?a=b"]) await call(path);
    const header = backend.requests.at(-1)?.headers["x-amzn-trace-id"] as string;
    assert.match(header, /Sampled=1$/);
    const [recorded] = await segmentsOf(rootOf(header));
    assert.equal(recorded?.["aws"].xray.sampling_rule_name, "path");
    assert.deepEqual(recorded?.["subsegments"][0].http.response, { status: 200, content_length: 2 });
    for (const { headers } of backend.requests.slice(-3, -1)) {
      assert.doesNotMatch(headers["x-amzn-trace-id"] as string, /Sampled=1/);
    }
    for (const { RuleName } of rules) await xray.send(new DeleteSamplingRuleCommand({ RuleName }));
  });

  it("a segment has AWS's fields, with a subsegment for the authorizer and one for the function", async () => {
    const answer = await call("/f?secret=1");
    const { traceId, header } = (await answer.json()) as { traceId: string; header: string };
    const own = answer.headers.get("x-amzn-trace-id");
    const id = rootOf(own);
    const [segment, ...inferred] = await segmentsOf(id);
    const { trace_id, origin, resource_arn, annotations, aws, http, metadata, subsegments } = segment!;
    assert.deepEqual(
      [trace_id, segment?.["name"], origin, resource_arn],
      [id, "traced/prod", "AWS::ApiGateway::Stage", `arn:aws:apigateway:us-east-1::/restapis/${restApiId}/stages/prod`],
    );
    const requestId = answer.headers.get("x-amzn-requestid");
    assert.deepEqual(annotations, { "aws:api_id": restApiId, "aws:api_stage": "prod" });
    assert.deepEqual(aws.api_gateway, {
      account_id: "000000000000",
      rest_api_id: restApiId,
      stage: "prod",
      request_id: requestId,
    });
    assert.equal(metadata.default.request_id, requestId);
    assert.equal(http.request.method, "GET");
    assert.doesNotMatch(JSON.stringify(segment), /secret/);
    assert.deepEqual([http.response.status, http.response.content_length > 0], [200, true]);
    assert.deepEqual(
      subsegments.map((sub: Json) => [
        sub["name"],
        sub["namespace"],
        sub["aws"].function_name,
        sub["http"].response.status,
      ]),
      [
        ["Lambda", "aws", "authorizer", 200],
        ["Lambda", "aws", "behind", 200],
      ],
    );
    // The function's answer has the body as a string, and a status.
    assert.ok(subsegments[1].http.response.content_length > http.response.content_length);
    const integration = subsegments[1].id;
    assert.equal(own, `Root=${id};Parent=${integration};Sampled=1`);
    assert.deepEqual([traceId, header], [own, own]);
    assert.deepEqual(inferred.map(({ name, origin: type, inferred: isInferred }) => [name, type, isInferred]).sort(), [
      ["authorizer", "AWS::Lambda", true],
      ["behind", "AWS::Lambda", true],
    ]);
    const logs = portico.client(CloudWatchLogsClient);
    const logGroupName = "/aws/lambda/behind";
    const named = new RegExp(
      `\\nXRAY TraceId: ${id}\tSegmentId: ${inferred.find(({ name }) => name === "behind").id}\t`,
    );
    await until(
      async () => {
        const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
        if (logGroups.length === 0) return false;
        const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
        return events.some(({ message }) => named.test(message ?? ""));
      },
      { what: "the function's report names the trace, and its segment" },
    );
    for (const sub of subsegments) {
      assert.ok(
        sub.start_time >= segment!["start_time"] && sub.end_time <= segment!["end_time"] + 0.001,
        JSON.stringify(segment),
      );
    }
  });

  it("a caller's decision stands, and its segment is the parent", async () => {
    const parent = "53995c3f42cd8ad8";
    const id = `1-${Math.floor(Date.now() / 1000).toString(16)}-bd862e3fe1be46a994272793`;
    await call("/h/2", { "x-amzn-trace-id": `Root=${id};Parent=${parent};Sampled=1`, "x-quiet": "yes" });
    const [segment] = await segmentsOf(id);
    assert.deepEqual([segment?.["parent_id"], segment?.["aws"].xray], [parent, undefined]);
    const remote = segment?.["subsegments"][0];
    assert.deepEqual([remote.namespace, remote.name], ["remote", `${backend.url}/items/2`]);
    const unsampled = id.replace("bd862e", "000000");
    await call("/h/3", { "x-amzn-trace-id": `Root=${unsampled};Sampled=0` });
    await call("/h/4");
    await segmentsOf(rootOf(backend.requests.at(-1)?.headers["x-amzn-trace-id"] as string));
    const { UnprocessedTraceIds } = await xray.send(new BatchGetTracesCommand({ TraceIds: [unsampled] }));
    assert.deepEqual(UnprocessedTraceIds, [unsampled]);
  });

  it("failures are errors and faults; filters find them, and say what they can't read", async () => {
    assert.equal((await call("/f", { authorization: "no" })).status, 403);
    assert.equal((await call("/f?fail=1")).status, 500);
    await until(async () => (await summaries("fault")).length === 1 && (await summaries("error")).length === 1);
    const ids = async (filter: string) => (await summaries(filter)).map(({ Http }) => Http?.HttpStatus);
    assert.deepEqual(await ids('http.status >= 400 AND service("traced/prod")'), [403, 500]);
    assert.deepEqual(
      await ids(`annotation.aws:api_id = "${restApiId}" AND !ok AND http.url CONTAINS "/f"`),
      [403, 500],
    );
    assert.deepEqual(await ids('edge("traced/prod", id(name: "behind", type: "AWS::Lambda")) AND fault'), [500]);
    assert.deepEqual(await ids('edge("nobody", "behind")'), []);
    assert.deepEqual(await ids("responsetime > 100 OR (partial)"), []);
    for (const bad of ["(", "http.status >", "nothing = 1", 'service("a" { ok }', `${"!".repeat(200)}ok`]) {
      const error = await refusal(summaries(bad), InvalidRequestException);
      assert.match(error.message, /Invalid filter expression/);
    }
  });

  it("the service graph has the clients, the stage, and what it called", async () => {
    const { Services = [] } = await xray.send(new GetServiceGraphCommand(range()));
    const stage = Services.find(({ Name, Type }) => Name === "traced/prod" && Type === "AWS::ApiGateway::Stage");
    const client = Services.find(({ Type }) => Type === "client");
    assert.ok(stage?.Root);
    assert.ok(client?.Edges?.some(({ ReferenceId }) => ReferenceId === stage?.ReferenceId));
    assert.deepEqual(
      [stage?.SummaryStatistics?.FaultStatistics?.TotalCount, stage?.SummaryStatistics?.ErrorStatistics?.TotalCount],
      [1, 1],
    );
    assert.equal(stage?.SummaryStatistics?.TotalCount, (await summaries('service("traced/prod")')).length);
    const called = stage?.Edges?.map(
      ({ ReferenceId }) => Services.find((each) => each.ReferenceId === ReferenceId)?.Name,
    );
    assert.ok(called?.includes("behind") && called.includes("authorizer"), String(called));
    const [one] = await summaries("fault");
    const graph = await xray.send(new GetTraceGraphCommand({ TraceIds: [one?.Id ?? ""] }));
    assert.deepEqual(graph.Services?.map(({ Name }) => Name).sort(), [
      "authorizer",
      "behind",
      "traced/prod",
      "traced/prod",
    ]);
  });

  it("clients' own segments join the traces, and what is none is refused by itself", async () => {
    const now = Date.now() / 1000;
    const trace_id = `1-${Math.floor(now).toString(16)}-aaaaaaaaaaaaaaaaaaaaaaaa`;
    const segment = {
      trace_id,
      id: "1111111111111111",
      name: "worker",
      start_time: now,
      in_progress: true,
      user: "ann",
    };
    const put = (...documents: unknown[]) =>
      xray.send(
        new PutTraceSegmentsCommand({
          TraceSegmentDocuments: documents.map((each) => (typeof each === "string" ? each : JSON.stringify(each))),
        }),
      );
    const { UnprocessedTraceSegments: refused } = await put(
      segment,
      "{",
      "null",
      { ...segment, trace_id: "1" },
      "x".repeat(70_000),
    );
    assert.equal(refused?.length, 4);
    assert.equal((await summaries('partial AND user = "ann"')).length, 1);
    await put(
      { ...segment, in_progress: undefined, end_time: now + 2 },
      {
        ...{
          trace_id,
          id: "2222222222222222",
          parent_id: segment.id,
          type: "subsegment",
          name: "DynamoDB",
          namespace: "aws",
        },
        ...{ start_time: now, end_time: now + 1 },
      },
    );
    const [own, table] = await segmentsOf(trace_id);
    assert.deepEqual([own?.["subsegments"][0].name, table?.["origin"]], ["DynamoDB", "AWS::DynamoDB::Table"]);
    assert.equal((await summaries("duration = 2"))[0]?.Id, trace_id);
  });

  it("what a daemon tells of itself is taken, and looked at", async () => {
    const Timestamp = new Date();
    const counts = { SegmentsReceivedCount: 3, SegmentsSentCount: 3, BackendConnectionErrors: { TimeoutCount: 1 } };
    const put = (record: object) =>
      xray.send(new PutTelemetryRecordsCommand({ TelemetryRecords: [record as { Timestamp: Date }], Hostname: "h" }));
    assert.equal((await put({ Timestamp, ...counts })).$metadata.httpStatusCode, 200);
    await assert.rejects(put(counts), { name: "InvalidRequestException", message: /timestamp/ });
  });

  it("segments that mean harm are refused, or shown within bounds, and hide no others", async () => {
    const now = Date.now() / 1000;
    const traceIdOf = (number: number) => `1-${Math.floor(now).toString(16)}-${number.toString(16).padStart(24, "b")}`;
    const idOf = (number: number) => number.toString(16).padStart(16, "0");
    const segment = (trace: number, id: number, more: object = {}) =>
      JSON.stringify({
        ...{ trace_id: traceIdOf(trace), id: idOf(id), name: "evil", start_time: now, end_time: now + 1 },
        ...more,
      });
    const put = (...documents: string[]) =>
      xray.send(new PutTraceSegmentsCommand({ TraceSegmentDocuments: documents }));
    const deep = (count: number) => `${"[".repeat(count)}${"]".repeat(count)}`;
    const refused = [
      segment(0, 1, { metadata: 0 }).replace('"metadata":0', `"metadata":${deep(30_000)}`),
      "[".repeat(60_000),
      segment(0, 2, { name: "x".repeat(60_000) }),
      segment(0, 3, { name: "x".repeat(1_000_000) }),
      segment(0, 4, { annotations: Object.fromEntries(Array.from({ length: 10_000 }, (_, key) => [`k${key}`, key])) }),
      segment(0, 5, { annotations: deep(1) }),
      segment(0, 6, { start_time: 1e300 }),
      segment(0, 6, { start_time: now + 7_200, end_time: now + 7_201 }),
      segment(0, 6, { start_time: now - 31 * 86_400 }),
      segment(0, 7, { subsegments: [{ id: "a", name: "b", start_time: now, end_time: "never" }] }),
      segment(0, 8, { parent_id: "__proto__" }),
    ];
    const { UnprocessedTraceSegments } = await put(...refused);
    assert.equal(UnprocessedTraceSegments?.length, refused.length);
    assert.deepEqual(
      UnprocessedTraceSegments?.map(({ Id }) => Id),
      [undefined, undefined, idOf(2), undefined, undefined, ...[5, 6, 6, 6, 7, 8].map(idOf)],
    );
    await refusal(put(...Array<string>(1_001).fill("{}")), InvalidRequestException);
    const taken = await put(
      segment(1, 1, {
        annotations: { toString: { toString: 1 }, __proto__: 1, constructor: "c" },
        http: { request: null },
      }),
      segment(2, 1, { subsegments: [{ id: idOf(1), name: "self", namespace: "aws", start_time: now }] }),
      segment(2, 2, {
        type: "subsegment",
        parent_id: idOf(1),
        subsegments: [{ id: idOf(1), name: "x", start_time: 1 }],
      }),
      ...Array.from({ length: 100 }, (_, id) =>
        segment(3, id, { metadata: { pad: "x".repeat(60_000) }, annotations: { [`a${id}`]: id } }),
      ),
    );
    assert.deepEqual(taken.UnprocessedTraceSegments, []);
    const found = await summaries('service("evil")');
    assert.deepEqual(found.map(({ Id }) => Id).sort(), [1, 2, 3].map(traceIdOf));
    assert.ok((await summaries('service("traced/prod")')).length > 0);
    const { Traces = [] } = await xray.send(new BatchGetTracesCommand({ TraceIds: [traceIdOf(2), traceIdOf(3)] }));
    assert.deepEqual(
      Traces.map(({ LimitExceeded, Segments = [] }) => [LimitExceeded, Segments.length]),
      [
        [false, 2],
        [true, 8],
      ],
    );
    await xray.send(new GetServiceGraphCommand(range()));
    await xray.send(new GetTraceGraphCommand({ TraceIds: [1, 2, 3].map(traceIdOf) }));
  });

  it("graphs of very many names come in pages, which together have all", async () => {
    const others = portico.client(XRayClient, { ...elsewhere, accountId: "222222222222" });
    const now = Date.now() / 1000;
    const traceIds = Array.from(
      { length: 6 },
      (_, trace) => `1-${Math.floor(now).toString(16)}-${String(trace).padStart(24, "c")}`,
    );
    for (const [trace, traceId] of traceIds.entries()) {
      const subsegments = Array.from({ length: 400 }, (_, id) => ({
        ...{ id: id.toString(16).padStart(16, "d"), name: `${trace}-${id}`, namespace: "remote", start_time: now },
      }));
      const segment = { trace_id: traceId, id: "0".repeat(16), name: "s", start_time: now, end_time: now, subsegments };
      await others.send(new PutTraceSegmentsCommand({ TraceSegmentDocuments: [JSON.stringify(segment)] }));
    }
    for (const pageOf of [
      (NextToken: string | undefined) => others.send(new GetTraceGraphCommand({ TraceIds: traceIds, NextToken })),
      (NextToken: string | undefined) => others.send(new GetServiceGraphCommand({ ...range(), NextToken })),
    ]) {
      const names = new Set<string | undefined>();
      let token: string | undefined;
      let pages = 0;
      do {
        const { Services = [], NextToken } = await pageOf(token);
        assert.ok(Services.length < 1_500, `${Services.length} services`);
        for (const { Name } of Services) names.add(Name);
        token = NextToken;
        pages++;
      } while (token !== undefined);
      assert.deepEqual([names.size, pages], [1 + 6 * 400, 2]);
    }
    await refusal(
      others.send(new GetTraceGraphCommand({ TraceIds: traceIds, NextToken: "x" })),
      InvalidRequestException,
    );
  });

  it("other accounts and regions see nothing of it, and have rules of their own", async () => {
    assert.deepEqual((await strangers.send(new GetTraceSummariesCommand(range()))).TraceSummaries, []);
    const [one] = await summaries();
    const { Traces } = await strangers.send(new BatchGetTracesCommand({ TraceIds: [one?.Id ?? ""] }));
    assert.deepEqual(Traces, []);
    const { SamplingRuleRecords } = await strangers.send(new GetSamplingRulesCommand({}));
    assert.equal(SamplingRuleRecords?.length, 1);
  });

  it("rules change and go, and wrong ones are refused", async () => {
    const refused = (call: Promise<unknown>) => refusal(call, InvalidRequestException);
    await refused(xray.send(new CreateSamplingRuleCommand({ SamplingRule: { ...everything, RuleName: "all" } })));
    await refused(
      xray.send(new CreateSamplingRuleCommand({ SamplingRule: { ...everything, RuleName: "x", FixedRate: 2 } })),
    );
    await refused(xray.send(new DeleteSamplingRuleCommand({ RuleName: "Default" })));
    await refused(xray.send(new DeleteSamplingRuleCommand({ RuleName: "nobody" })));
    const { SamplingRuleRecords: kept } = await xray.send(new GetSamplingRulesCommand({}));
    const arn = kept?.find(({ SamplingRule: rule }) => rule?.RuleName === "all")?.SamplingRule?.RuleARN ?? "";
    const [region, account] = arn.split(":").slice(3);
    for (const RuleARN of [
      "sampling-rule/all",
      `x${arn}`,
      arn.replace(`:${region}:`, ":eu-north-1:"),
      arn.replace(`:${account}:`, ":999999999999:"),
      arn.replace("sampling-rule/", "sampling-rule/sampling-rule/"),
    ]) {
      await refused(xray.send(new DeleteSamplingRuleCommand({ RuleARN })));
      await refused(xray.send(new UpdateSamplingRuleCommand({ SamplingRuleUpdate: { RuleARN, FixedRate: 0 } })));
    }
    await xray.send(new UpdateSamplingRuleCommand({ SamplingRuleUpdate: { RuleARN: arn, Priority: 7 } }));
    await refused(xray.send(new UpdateSamplingRuleCommand({ SamplingRuleUpdate: { RuleName: "Default", Host: "x" } })));
    await xray.send(new DeleteSamplingRuleCommand({ RuleName: "all" }));
    const update = { RuleName: "Default", FixedRate: 0, ReservoirSize: 0 };
    await xray.send(new UpdateSamplingRuleCommand({ SamplingRuleUpdate: update }));
    const before = (await summaries()).length;
    for (let count = 0; count < 5; count++) await call("/h/5");
    await xray.send(new UpdateSamplingRuleCommand({ SamplingRuleUpdate: { ...update, ReservoirSize: 1_000 } }));
    await call("/h/6");
    await segmentsOf(rootOf(backend.requests.at(-1)?.headers["x-amzn-trace-id"] as string));
    assert.equal((await summaries()).length, before + 1);
  });

  it("an X-Ray daemon gets the segments as its own clients send them", async () => {
    assert.ok(datagrams.length > 0);
    const [head, body = ""] = datagrams[0]!.split("\n");
    assert.deepEqual(JSON.parse(head ?? ""), { format: "json", version: 1 });
    assert.equal(JSON.parse(body).name, "traced/prod");
  });

  it("a collector gets spans by OTLP, in the caller's trace, and backends go on with it", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    await call("/h/7", { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    const sent = backend.requests.at(-1)?.headers["traceparent"] as string;
    const spans = () =>
      collector.requests
        .flatMap(({ body }) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans)
        .filter((span: { traceId: string }) => span.traceId === traceId);
    await until(() => spans().length === 2, { what: "the collector has both spans" });
    const [server, client] = spans();
    assert.deepEqual([server.name, server.kind, server.parentSpanId], ["GET /h/{id}", 2, "b7ad6b7169203331"]);
    assert.deepEqual([client.kind, client.parentSpanId], [3, server.spanId]);
    assert.equal(sent, `00-${traceId}-${client.spanId}-01`);
    const values = Object.fromEntries(server.attributes.map(({ key, value }: Json) => [key, Object.values(value)[0]]));
    assert.equal(values["http.response.status_code"], "200");
    assert.equal(values["http.route"], "/h/{id}");
    assert.equal(values["aws.api_gateway.api.id"], restApiId);
    const post = collector.requests.at(-1);
    assert.deepEqual([post?.path, post?.headers["api-key"]], ["/v1/traces", "secret-of-the-collector"]);
    assert.doesNotMatch(portico.output(), /secret-of-the-collector/);
    await call("/h/8", { traceparent: `00-${traceId}-b7ad6b7169203331-00` });
    assert.equal(backend.requests.at(-1)?.headers["traceparent"], `00-${traceId}-b7ad6b7169203331-00`);
  });
});
