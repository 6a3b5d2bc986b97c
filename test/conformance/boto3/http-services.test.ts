// What HTTP APIs send AWS services by their subtypes is what boto3 sends for the same call.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { HttpIntegration } from "../../../src/definition/http-api.ts";
import { anHttpApi, aUrl } from "../../exchange/an-http-api.ts";
import { type Backend, startBackend, startGateway } from "../../exchange/start-gateway.ts";
import { clientEnvironment, run, tool } from "../../tool.ts";

const machine = "arn:aws:states:us-east-1:000000000000:stateMachine:greeting";

/** In the order of the script's calls. */
const calls: readonly (readonly [subtype: string, parameters: Readonly<Record<string, string>>])[] = [
  [
    "EventBridge-PutEvents",
    {
      Detail: '{"n":1}',
      DetailType: "new",
      EventBusName: "shop",
      Resources: "a, b",
      Source: "of.mine",
      Time: "2026-01-02T03:04:05Z",
    },
  ],
  ["Kinesis-PutRecord", { StreamName: "orders", Data: "$request.body", PartitionKey: "one", ExplicitHashKey: "7" }],
  ["StepFunctions-StartExecution", { StateMachineArn: machine, Name: "one", Input: '{"a": "b"}' }],
  ["StepFunctions-StartSyncExecution", { StateMachineArn: machine, Name: "one", Input: "{}", TraceHeader: "t" }],
  ["StepFunctions-StopExecution", { ExecutionArn: machine, Cause: "c", Error: "e" }],
  [
    "AppConfig-GetConfiguration",
    {
      Application: "my app",
      Environment: "a/b",
      Configuration: "c",
      ClientId: "i d",
      ClientConfigurationVersion: "2",
    },
  ],
];

const aCall = (IntegrationSubtype: string, RequestParameters: Readonly<Record<string, string>>): HttpIntegration => ({
  ...aUrl("", { IntegrationType: "AWS_PROXY", CredentialsArn: "arn:aws:iam::000000000000:role/gateway" }),
  IntegrationSubtype,
  RequestParameters,
});

/** All that a service reads of a request. Parameters of a query have no order, and a blank in one has two spellings. */
const partsOf = ({ method, url, headers, body }: Backend["requests"][number]): unknown => {
  const { pathname, searchParams } = new URL(url, "http://service.example");
  const scope = /Credential=[^/]+\/\d+\/([^,]+),/.exec(headers.authorization ?? "")?.[1];
  return {
    method,
    path: pathname,
    query: [...searchParams].sort(),
    target: headers["x-amz-target"],
    contentType: headers["content-type"],
    scope,
    body: body === "" ? undefined : (JSON.parse(body) as unknown),
  };
};

test(
  "HTTP APIs call services by their subtypes as boto3 does",
  tool("python3", ["-c", "import boto3"], true),
  async () => {
    await using theirs = await startBackend((_, outgoing) => outgoing.end("{}"));
    const script = join(import.meta.dirname, "http_services.py");
    const ran = await run("python3", [script, theirs.origin], { env: clientEnvironment(theirs.origin) });
    assert.equal(ran.status, 0, ran.stderr);
    await using ours = await startBackend((_, outgoing) => outgoing.end("{}"));
    await using gateway = await startGateway({ services: { endpoints: { "*": ours.origin } } });
    for (const [subtype, parameters] of calls) {
      gateway.deployHttp(anHttpApi({ "POST /": { integration: aCall(subtype, parameters) } }));
      const body = Buffer.from("\0some data");
      const options = { host: "http123.execute-api.us-east-1.localhost", isWhole: true, method: "POST", body };
      assert.equal((await gateway.call("/", options)).status, 200, subtype);
    }
    assert.equal(theirs.requests.length, calls.length);
    for (const [index, [subtype]] of calls.entries()) {
      assert.deepEqual(partsOf(ours.requests[index]!), partsOf(theirs.requests[index]!), subtype);
    }
  },
);
