// A client reports a request that failed, by the id that it saw: the operator finds it in logs, metrics and traces, by commands.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  ImportRestApiCommand,
  UpdateAccountCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  GetQueryResultsCommand,
  StartQueryCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { LambdaClient } from "@aws-sdk/client-lambda";
import {
  BatchGetTracesCommand,
  GetTraceSummariesCommand,
  UpdateSamplingRuleCommand,
  XRayClient,
} from "@aws-sdk/client-xray";
import { clientEnvironment, type Ran, run, tool } from "../../tool.ts";
import { until } from "../../until.ts";
import { functionOf, permissionOf, startForSuite } from "./sdk-client.ts";

const program = join(import.meta.dirname, "../../../bin/portico.js");
const group = "/orders/access";
const format =
  '{"id":"$context.requestId","trace":"$context.xrayTraceId","status":$context.status,"path":"$context.resourcePath"}';

/** Documents are looked at member by member. */
// biome-ignore lint/suspicious/noExplicitAny: what is not there fails the assertion that looks at it.
type Json = any;

/** What a collector of the test's own got, by the signal's path. */
const collected: { readonly path: string; readonly body: Json }[] = [];
const collector = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  collected.push({ path: request.url ?? "", body: JSON.parse(Buffer.concat(chunks).toString()) });
  response.end("{}");
});
const backend = createServer((request, response) => {
  response.writeHead(request.url === "/orders/13" ? 500 : 200).end("{}");
});
const listen = (server: typeof backend): Promise<string> =>
  new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
const [collectorUrl, backendUrl] = await Promise.all([listen(collector), listen(backend)]);
after(() => {
  for (const server of [collector, backend]) {
    server.close();
    server.closeAllConnections();
  }
});

const document = {
  openapi: "3.0.1",
  info: { title: "orders", version: "1" },
  paths: {
    "/orders/{id}": {
      get: {
        parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
        "x-amazon-apigateway-integration": {
          type: "http_proxy",
          httpMethod: "GET",
          uri: `${backendUrl}/orders/{id}`,
          requestParameters: { "integration.request.path.id": "method.request.path.id" },
        },
      },
    },
    "/bills": {
      get: {
        "x-amazon-apigateway-integration": {
          type: "aws_proxy",
          httpMethod: "POST",
          uri: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:bills/invocations",
        },
      },
    },
  },
};

describe("a request that failed", () => {
  const portico = startForSuite({
    args: ["--otlp", collectorUrl, "--otlp-logs", "access,execution", "--otlp-sample", "0"],
  });
  const gateway = portico.client(APIGatewayClient);
  const xray = portico.client(XRayClient);
  let restApiId: string | undefined;
  /** What the client of the failing request saw. */
  let requestId = "";
  let traceId = "";

  const aws = async (...args: readonly string[]): Promise<Json> => {
    const ran = await run("aws", [...args, "--output", "json"], { env: clientEnvironment(portico.url) });
    assert.equal(ran.status, 0, ran.stderr);
    return JSON.parse(ran.stdout);
  };
  const command = (...args: readonly string[]): Promise<Ran> =>
    run(process.execPath, [program, ...args, "--endpoint", portico.url], { env: { NO_COLOR: "1" } });
  const seconds = (ms: number): string => String(Math.floor(ms / 1000));

  before(async () => {
    const replace = (path: string, value: string) => ({ op: "replace", path, value }) as const;
    const lambda = portico.client(LambdaClient);
    await lambda.send(functionOf("bills", 'exports.handler = async () => { throw new Error("no bills today"); };'));
    await lambda.send(permissionOf("bills"));
    ({ id: restApiId } = await gateway.send(new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)) })));
    await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    const cloudwatchRoleArn = "arn:aws:iam::000000000000:role/logs";
    await gateway.send(
      new UpdateAccountCommand({ patchOperations: [replace("/cloudwatchRoleArn", cloudwatchRoleArn)] }),
    );
    await gateway.send(
      new UpdateStageCommand({
        restApiId,
        stageName: "prod",
        patchOperations: [
          replace("/accessLogSettings/destinationArn", `arn:aws:logs:us-east-1:000000000000:log-group:${group}`),
          replace("/accessLogSettings/format", format),
          replace("/*/*/logging/loglevel", "INFO"),
          replace("/tracingEnabled", "true"),
        ],
      }),
    );
    await xray.send(new UpdateSamplingRuleCommand({ SamplingRuleUpdate: { RuleName: "Default", FixedRate: 1 } }));
    for (let id = 10; id < 16; id++) {
      const answer = await fetch(`${portico.url}/_aws/execute-api/${restApiId}/prod/orders/${id}`);
      await answer.arrayBuffer();
      assert.equal(answer.status, id === 13 ? 500 : 200);
      if (id === 13) requestId = answer.headers.get("x-amzn-requestid") ?? "";
    }
  });

  it("is in the access log and in the execution log, with its trace's id", async () => {
    let lines: string[] = [];
    await until(
      async () => {
        const { stdout, stderr, status } = await command("logs", "orders", "--filter", `"${requestId}"`);
        assert.equal(status, 0, stderr);
        lines = stdout.trim().split("\n");
        return lines.some((line) => line.includes("X-ray Tracing ID")) && lines.some((line) => line.includes('"id":'));
      },
      { what: "both logs have the request" },
    );
    const access = JSON.parse(/\{.*\}/.exec(lines.find((line) => line.includes('"id":')) ?? "")?.[0] ?? "");
    assert.deepEqual([access.id, access.status, access.path], [requestId, 500, "/orders/{id}"]);
    traceId = String(access.trace).replace("Root=", "");
    assert.ok(lines.some((line) => line.endsWith(`X-ray Tracing ID : Root=${traceId}`)));
    assert.ok(lines.some((line) => line.includes(`Sending request to ${backendUrl}/orders/13`)));
    assert.equal(lines.filter((line) => !line.includes(requestId)).length, 0);
    assert.ok(
      portico
        .output()
        .split("\n")
        .some((line) => line.includes(`"requestId":"${requestId}","traceId":"${traceId}"`)),
      "standard output names the trace, too",
    );
  });

  it(
    "is counted by its stage's metrics, of CloudWatch and of Prometheus",
    tool("aws", ["--version"], true),
    async () => {
      const now = Date.now();
      const query = [
        ...["cloudwatch", "get-metric-statistics", "--namespace", "AWS/ApiGateway", "--metric-name", "5XXError"],
        ...["--dimensions", "Name=ApiName,Value=orders", "Name=Stage,Value=prod", "--statistics", "Sum"],
        ...["--period", "60", "--start-time", seconds(now - 600_000), "--end-time", seconds(now + 120_000)],
      ];
      const faults = async () =>
        (await aws(...query)).Datapoints.reduce((sum: number, { Sum }: Json) => sum + Sum, 0) as number;
      await until(async () => (await faults()) === 1, { what: "CloudWatch counts one 5XXError", ms: 90_000 });
      const text = await (await fetch(`${portico.url}/_portico/metrics`)).text();
      assert.match(
        text,
        new RegExp(`^portico_requests_total\\{api="${restApiId}",stage="prod",.*class="5xx"\\} 1$`, "m"),
      );
    },
  );

  it(
    "is the trace that X-Ray finds by its fault, with the call that failed",
    tool("aws", ["--version"], true),
    async () => {
      const now = Date.now();
      const range = ["--start-time", seconds(now - 600_000), "--end-time", seconds(now + 60_000)];
      const filter = ["--filter-expression", `fault AND annotation.aws:api_id = "${restApiId}"`];
      const { TraceSummaries } = await aws("xray", "get-trace-summaries", ...range, ...filter);
      assert.deepEqual(
        TraceSummaries.map(({ Id }: Json) => Id),
        [traceId],
      );
      const { Traces } = await aws("xray", "batch-get-traces", "--trace-ids", traceId);
      const segment = JSON.parse(Traces[0].Segments[0].Document);
      assert.equal(segment.aws.api_gateway.request_id, requestId);
      const [called] = segment.subsegments;
      assert.deepEqual([called.http.response.status, called.fault], [500, true]);
    },
  );

  it("is explained by sending it again", async () => {
    const { stdout, stderr } = await command(
      "explain",
      "--full",
      "GET",
      `${portico.url}/_aws/execute-api/${restApiId}/prod/orders/13`,
    );
    assert.match(stdout, /trace 1-[0-9a-f]{8}-[0-9a-f]{24}/, stderr);
    assert.match(stdout, /500/);
  });

  it("is at the collector: its lines have the id of its span", async () => {
    const of = (path: string) => collected.filter((each) => each.path === path).map(({ body }) => body);
    const records = () =>
      of("/v1/logs")
        .flatMap(({ resourceLogs }) => resourceLogs[0].scopeLogs[0].logRecords)
        .filter(({ attributes }) =>
          attributes.some(({ key, value }: Json) => key === "aws.request_id" && value.stringValue === requestId),
        );
    const kindOf = ({ attributes }: Json) =>
      attributes.find(({ key }: Json) => key === "aws.api_gateway.log").value.stringValue;
    await until(() => records().some((record) => kindOf(record) === "access"), { what: "the collector has the lines" });
    const span = of("/v1/traces")
      .flatMap(({ resourceSpans }) => resourceSpans[0].scopeSpans[0].spans)
      .find(({ traceId: id, kind }) => id === traceId.slice(2).replace("-", "") && kind === 2);
    assert.equal(span.attributes.find(({ key }: Json) => key === "http.response.status_code").value.intValue, "500");
    const found = records();
    assert.equal(found.filter((record) => kindOf(record) === "access").length, 1);
    assert.equal(found.filter((record) => kindOf(record) === "execution").length, 11);
    for (const record of found) {
      assert.deepEqual([record.traceId, record.spanId, record.flags], [span.traceId, span.spanId, 1]);
    }
  });

  it("leads to the output of the function that failed it, and to its fault in the trace", async () => {
    const logs = portico.client(CloudWatchLogsClient);
    const answer = await fetch(`${portico.url}/_aws/execute-api/${restApiId}/prod/bills`);
    assert.equal(answer.status, 502);
    const ofClient = answer.headers.get("x-amzn-requestid");
    const messages = async (logGroupName: string, filterPattern: string): Promise<string[]> => {
      const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
      if (logGroups.length === 0) return [];
      const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern }));
      return events.map(({ message = "" }) => message);
    };
    let lines: string[] = [];
    const has = async (logGroupName: string, id: string, what: string): Promise<string> => {
      await until(
        async () => {
          lines = await messages(logGroupName, `"${id}"`);
          return lines.some((line) => line.includes(what));
        },
        { what: `${logGroupName} has "${what}" of ${id}` },
      );
      return lines.find((line) => line.includes(what)) ?? "";
    };
    const execution = `API-Gateway-Execution-Logs_${restApiId}/prod`;
    const id = (await has(execution, ofClient!, "X-ray Tracing ID")).replace(/^.*Root=/, "");
    const failed = await has(execution, ofClient!, "due to customer function error: no bills today");
    const ofFunction = /Lambda request id: (\S+)$/.exec(failed)?.[1];
    await has("/aws/lambda/bills", ofFunction!, "REPORT");
    assert.ok(lines.some((line) => line.includes("Invoke Error") && line.includes("no bills today")));
    assert.ok(lines.some((line) => line.includes(`XRAY TraceId: ${id}\t`)));

    const xrayRange = { StartTime: new Date(Date.now() - 600_000), EndTime: new Date(Date.now() + 60_000) };
    const summaries = async () =>
      (await xray.send(new GetTraceSummariesCommand({ ...xrayRange, FilterExpression: 'service("bills") { fault }' })))
        .TraceSummaries ?? [];
    await until(async () => (await summaries()).length === 1, { what: "the trace has the function's fault" });
    assert.equal((await summaries())[0]?.Id, id);
    const { Traces } = await xray.send(new BatchGetTracesCommand({ TraceIds: [id] }));
    const segment: Json = JSON.parse(Traces?.[0]?.Segments?.[0]?.Document ?? "");
    assert.deepEqual([segment.subsegments[0].aws.request_id, segment.subsegments[0].fault], [ofFunction, true]);

    const { queryId } = await logs.send(
      new StartQueryCommand({
        logGroupNames: [execution, group],
        ...{ startTime: Math.floor(Date.now() / 1000) - 600, endTime: Math.floor(Date.now() / 1000) + 60 },
        queryString: `filter @message like "${ofClient}" | stats count(*) as n by @log`,
      }),
    );
    let rows: Json[] = [];
    await until(async () => {
      const { status, results = [] } = await logs.send(new GetQueryResultsCommand({ queryId }));
      rows = results.map((row) => Object.fromEntries(row.map(({ field = "", value }) => [field, value])));
      return status === "Complete";
    });
    assert.equal(rows.find((row) => row["@log"].endsWith(group))?.n, "1");
    assert.equal(rows.length, 2);
  });
});
