// What Portico itself writes to CloudWatch Logs: access logs, execution logs and functions' output.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  GetResourcesCommand,
  PutIntegrationCommand,
  PutMethodCommand,
  UpdateAccountCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import {
  CloudWatchLogsClient,
  DeleteLogGroupCommand,
  DescribeLogStreamsCommand,
  type FilteredLogEvent,
  FilterLogEventsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { startPortico } from "../../portico.ts";
import { until } from "../../until.ts";
import { functionOf, makeClient, permissionOf, startForSuite } from "./sdk-client.ts";

/** All events of a group; none while there is no such group. */
async function eventsOf(logs: CloudWatchLogsClient, logGroupName: string): Promise<FilteredLogEvent[]> {
  try {
    return (await logs.send(new FilterLogEventsCommand({ logGroupName }))).events ?? [];
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return [];
    throw error;
  }
}

/** Waits until a group has so many events, and answers their messages. */
async function messagesOf(logs: CloudWatchLogsClient, logGroupName: string, count: number): Promise<string[]> {
  let events: FilteredLogEvent[] = [];
  const what = `${logGroupName} has ${count} events`;
  const isThere = async () => {
    events = await eventsOf(logs, logGroupName);
    return events.length >= count;
  };
  await until(isThere, { what });
  return events.map(({ message = "" }) => message);
}

const code = `exports.handler = async (event, context) => {
  console.log("line one\\nline two");
  if (event.do === "throw") throw new Error("thrown");
  if (event.do === "exit") process.exit(3);
  if (event.do === "hang") for (;;);
  process.stdout.write("without an end");
  return { statusCode: 200, body: JSON.stringify({ stream: context.logStreamName, group: context.logGroupName }) };
};`;

describe("functions' output", () => {
  const portico = startForSuite();
  const logs = portico.client(CloudWatchLogsClient);
  const lambda = portico.client(LambdaClient);
  const invoke = async (FunctionName: string, event: object) => {
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
    return JSON.parse(Buffer.from(Payload ?? []).toString() || "null");
  };

  it("goes to /aws/lambda/NAME with START, END and REPORT, in the stream that the function is told", async () => {
    await lambda.send(functionOf("printing", code));
    const { body } = (await invoke("printing", {})) as { body: string };
    const messages = await messagesOf(logs, "/aws/lambda/printing", 5);
    const id = /^START RequestId: (\S+) Version: \$LATEST\n$/.exec(messages[0] ?? "")?.[1];
    assert.ok(id, String(messages[0]));
    assert.match(messages[1] ?? "", new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\S+Z\t${id}\tINFO\tline one\nline two\n$`));
    assert.equal(messages[2], "without an end");
    assert.equal(messages[3], `END RequestId: ${id}\n`);
    const report = new RegExp(
      `^REPORT RequestId: ${id}\tDuration: [\\d.]+ ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\tMax Memory Used: \\d+ MB\tInit Duration: [\\d.]+ ms\t\n$`,
    );
    assert.match(messages[4] ?? "", report);
    const { logStreams = [] } = await logs.send(
      new DescribeLogStreamsCommand({ logGroupName: "/aws/lambda/printing" }),
    );
    assert.deepEqual(JSON.parse(body), { stream: logStreams[0]?.logStreamName, group: "/aws/lambda/printing" });
    assert.match(logStreams[0]?.logStreamName ?? "", /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
  });

  it("goes where LoggingConfig says", async () => {
    await lambda.send(functionOf("elsewhere", code, { LoggingConfig: { LogGroup: "/my/functions" } }));
    await invoke("elsewhere", {});
    await messagesOf(logs, "/my/functions", 5);
    assert.deepEqual(await eventsOf(logs, "/aws/lambda/elsewhere"), []);
  });

  it("has what went wrong: an error, an exit, a time-out, code that can't be loaded", async () => {
    await lambda.send(functionOf("failing", code, { Timeout: 1 }));
    for (const [at, event] of (["throw", "exit", "hang"] as const).entries()) {
      await invoke("failing", { do: event });
      await until(async () => {
        const found = await eventsOf(logs, "/aws/lambda/failing");
        return found.filter(({ message }) => message?.startsWith("REPORT")).length === at + 1;
      });
    }
    const text = (await eventsOf(logs, "/aws/lambda/failing")).map(({ message }) => message).join("");
    assert.match(text, /\tERROR\tInvoke Error \t\{"errorType":"Error","errorMessage":"thrown"/);
    assert.match(text, /Error: Runtime exited with error: exit status 3\nRuntime.ExitError\n/);
    assert.match(text, /Status: error\tError Type: Runtime.ExitError\n/);
    assert.match(text, / Task timed out after 1.00 seconds\n/);
    await lambda.send(functionOf("broken", 'throw new Error("at load");'));
    await invoke("broken", {});
    await until(async () => {
      const all = (await eventsOf(logs, "/aws/lambda/broken")).map(({ message = "" }) => message);
      // What the process printed, and what the invocation that waited for it got, in one stream.
      return (
        all.some((line) => /Error: at load/.test(line)) && all.some((line) => /^REPORT .*Status: error\n$/.test(line))
      );
    });
  });
});

describe("an API's logs", () => {
  const portico = startForSuite();
  const logs = portico.client(CloudWatchLogsClient);
  const gateway = portico.client(APIGatewayClient);
  const lambda = portico.client(LambdaClient);
  let restApiId: string | undefined;
  const stage = async (operations: Readonly<Record<string, string>>) => {
    const patchOperations = Object.entries(operations).map(([path, value]) => ({
      op: "replace" as const,
      path,
      value,
    }));
    await gateway.send(new UpdateStageCommand({ restApiId, stageName: "prod", patchOperations }));
  };
  /** On a connection of its own, so that it may come to any thread. */
  const get = (path: string) =>
    fetch(`${portico.url}/_aws/execute-api/${restApiId}/prod${path}`, { headers: { connection: "close" } });

  before(async () => {
    const { FunctionArn } = await lambda.send(functionOf("behind", code));
    await lambda.send(permissionOf("behind"));
    ({ id: restApiId } = await gateway.send(new CreateRestApiCommand({ name: "logged" })));
    const { items } = await gateway.send(new GetResourcesCommand({ restApiId }));
    const method = { restApiId, resourceId: items?.[0]?.id, httpMethod: "ANY" };
    await gateway.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
    const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`;
    await gateway.send(new PutIntegrationCommand({ ...method, type: "AWS_PROXY", integrationHttpMethod: "POST", uri }));
    await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    const cloudwatchRoleArn = "arn:aws:iam::000000000000:role/logs";
    await gateway.send(
      new UpdateAccountCommand({
        patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value: cloudwatchRoleArn }],
      }),
    );
  });

  it("access lines are events of the log group that the stage names, and still on standard output", async () => {
    await stage({
      "/accessLogSettings/destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:/my/access",
      "/accessLogSettings/format": '{"id":"$context.requestId","status":"$context.status","path":"$context.path"}',
    });
    const count = 20;
    await Promise.all(Array.from({ length: count }, () => get("/")));
    const messages = await messagesOf(logs, "/my/access", count);
    assert.equal(messages.length, count);
    for (const message of messages) {
      const { id, status, path } = JSON.parse(message) as Record<string, string>;
      assert.deepEqual([status, path], ["200", "/prod/"]);
      await until(() => portico.output().includes(id ?? "none"));
    }
    const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName: "/my/access" }));
    for (const { logStreamName } of logStreams) assert.match(logStreamName ?? "", /^[0-9a-f]{32}$/);
    // A group that is deleted is made again by the next line.
    await logs.send(new DeleteLogGroupCommand({ logGroupName: "/my/access" }));
    await get("/");
    assert.equal((await messagesOf(logs, "/my/access", 1)).length, 1);
  });

  it("execution lines are events of AWS's group for them", async () => {
    await stage({ "/*/*/logging/loglevel": "INFO" });
    await get("/");
    const group = `API-Gateway-Execution-Logs_${restApiId}/prod`;
    await until(async () =>
      (await eventsOf(logs, group)).some(({ message }) => /Endpoint RequestId/.test(message ?? "")),
    );
    const messages = (await eventsOf(logs, group)).map(({ message = "" }) => message);
    const id = /^\((\S+)\) /.exec(messages[0] ?? "")?.[1];
    assert.ok(messages.includes(`(${id}) Starting execution for request: ${id}`));
    assert.equal(messages.at(-2), `(${id}) Method completed with status: 200`);
    assert.match(messages.at(-1) ?? "", /^\(\S+\) AWS Integration Endpoint RequestId : [0-9a-f-]{36}$/);
    const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName: group }));
    assert.match(logStreams[0]?.logStreamName ?? "", /^[0-9a-f]{32}$/);
  });
});

describe("logs on disk", () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-logs-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are there after the server was stopped: even what was written last", async () => {
    const start = () => startPortico({ args: ["--data", join(folder, "data"), "--threads", "1"] });
    const server = await start();
    const lambda = makeClient(LambdaClient, server);
    await lambda.send(functionOf("stopped", code));
    await lambda.send(new InvokeCommand({ FunctionName: "stopped", Payload: "{}" }));
    lambda.destroy();
    assert.equal(await server.stop(), 0);
    const again = await start();
    const logs = makeClient(CloudWatchLogsClient, again);
    assert.equal((await eventsOf(logs, "/aws/lambda/stopped")).length, 5);
    logs.destroy();
    await again.stop();
  });
});
