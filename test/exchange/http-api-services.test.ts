// Integrations with subtypes of HTTP APIs: what reaches the service, signed, and what is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RoleAccess } from "../../src/access/role-access.ts";
import { noSurroundings } from "../../src/compiler/surroundings.ts";
import type { HttpIntegration } from "../../src/definition/http-api.ts";
import { anHttpApi, anHttpStage, host } from "./an-http-api.ts";
import { isSignatureRight } from "./aws-signature.ts";
import {
  type Backend,
  type CallOptions,
  type GatewayUnderTest,
  type Reply,
  startBackend,
  startGateway,
} from "./start-gateway.ts";

const role = "arn:aws:iam::000000000000:role/gateway";

const aService = (
  IntegrationSubtype: string,
  RequestParameters: Record<string, string>,
  overrides: Partial<HttpIntegration> = {},
): HttpIntegration => ({
  IntegrationId: "",
  IntegrationType: "AWS_PROXY",
  ConnectionType: "INTERNET",
  TimeoutInMillis: 30_000,
  PayloadFormatVersion: "1.0",
  CredentialsArn: role,
  IntegrationSubtype,
  RequestParameters,
  ...overrides,
});

const deploy = (
  gateway: GatewayUnderTest,
  integration: HttpIntegration,
  variables: Record<string, string> = {},
): void => {
  gateway.deployHttp(anHttpApi({ "ANY /{id}": { integration } }), anHttpStage({ StageVariables: variables }));
};

const callOn = (gateway: GatewayUnderTest, options: CallOptions = {}, path = "/one?q=2"): Promise<Reply> =>
  gateway.call(path, { host, isWhole: true, method: "POST", ...options });

const queue = "https://sqs.us-east-1.amazonaws.com/000000000000/orders";
const machine = "arn:aws:states:us-east-1:000000000000:stateMachine:greeting";
const json = JSON.stringify({ kind: "new", detail: { n: 1 }, list: ["a", "b"], at: "2026-01-02T03:04:05Z" });

/** For each subtype, its parameters, and what the service gets. */
const cases: Readonly<
  Record<
    string,
    {
      parameters: Record<string, string>;
      method?: string;
      url: string;
      target?: string;
      type?: string;
      body: string;
      signed: string;
    }
  >
> = {
  "EventBridge-PutEvents": {
    parameters: {
      Detail: "$request.body.detail",
      DetailType: "$request.body.kind",
      Source: "$stageVariables.source",
      Time: "$request.body.at",
      Resources: "$request.body.list",
      EventBusName: "shop",
      TraceHeader: "$request.header.nothing",
    },
    url: "/",
    target: "AWSEvents.PutEvents",
    type: "application/x-amz-json-1.1",
    body: '{"Entries":[{"Detail":"{\\"n\\":1}","DetailType":"new","EventBusName":"shop","Resources":["a","b"],"Source":"of.mine","Time":1767323045}]}',
    signed: "events",
  },
  "SQS-SendMessage": {
    parameters: {
      QueueUrl: queue,
      MessageBody: "$request.body",
      DelaySeconds: "$request.querystring.q",
      MessageAttributes: "$request.header.attributes",
      MessageGroupId: `\${request.path.id}-\${context.stage}`,
      Region: "eu-west-1",
    },
    url: "/000000000000/orders",
    type: "application/x-www-form-urlencoded; charset=utf-8",
    body:
      "Action=SendMessage&Version=2012-11-05&DelaySeconds=2&MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=String" +
      "&MessageAttribute.1.Value.StringValue=b%26c&MessageBody=BODY&MessageGroupId=one-%24default&QueueUrl=https%3A%2F%2Fsqs.us-east-1.amazonaws.com%2F000000000000%2Forders",
    signed: "sqs",
  },
  "SQS-ReceiveMessage": {
    parameters: {
      QueueUrl: queue,
      AttributeNames: "SenderId, SentTimestamp",
      MaxNumberOfMessages: "10",
      MessageAttributeNames: '["All"]',
    },
    url: "/000000000000/orders",
    type: "application/x-www-form-urlencoded; charset=utf-8",
    body: "Action=ReceiveMessage&Version=2012-11-05&AttributeName.1=SenderId&AttributeName.2=SentTimestamp&MaxNumberOfMessages=10&MessageAttributeName.1=All&QueueUrl=QUEUE",
    signed: "sqs",
  },
  "SQS-DeleteMessage": {
    parameters: { QueueUrl: queue, ReceiptHandle: "$request.path.id" },
    url: "/000000000000/orders",
    type: "application/x-www-form-urlencoded; charset=utf-8",
    body: "Action=DeleteMessage&Version=2012-11-05&QueueUrl=QUEUE&ReceiptHandle=one",
    signed: "sqs",
  },
  "SQS-PurgeQueue": {
    parameters: { QueueUrl: queue },
    url: "/000000000000/orders",
    type: "application/x-www-form-urlencoded; charset=utf-8",
    body: "Action=PurgeQueue&Version=2012-11-05&QueueUrl=QUEUE",
    signed: "sqs",
  },
  "AppConfig-GetConfiguration": {
    parameters: {
      Application: "my app",
      Environment: "$request.body.kind",
      Configuration: "a/b",
      ClientId: "$request.path.id",
      ClientConfigurationVersion: "$request.querystring.q",
    },
    method: "GET",
    url: "/applications/my%20app/environments/new/configurations/a%2Fb?client_id=one&client_configuration_version=2",
    body: "",
    signed: "appconfig",
  },
  "Kinesis-PutRecord": {
    parameters: { StreamName: "orders", Data: "$request.body", PartitionKey: "$request.path.id" },
    url: "/",
    target: "Kinesis_20131202.PutRecord",
    type: "application/x-amz-json-1.1",
    body: `{"Data":"${Buffer.from(json).toString("base64")}","PartitionKey":"one","StreamName":"orders"}`,
    signed: "kinesis",
  },
  "StepFunctions-StartExecution": {
    parameters: { StateMachineArn: machine, Name: "$request.path.id", Input: "$request.body" },
    url: "/",
    target: "AWSStepFunctions.StartExecution",
    type: "application/x-amz-json-1.0",
    body: `{"input":${JSON.stringify(json)},"name":"one","stateMachineArn":"${machine}"}`,
    signed: "states",
  },
  "StepFunctions-StartSyncExecution": {
    parameters: { StateMachineArn: machine, TraceHeader: "t" },
    url: "/",
    target: "AWSStepFunctions.StartSyncExecution",
    type: "application/x-amz-json-1.0",
    body: `{"stateMachineArn":"${machine}","traceHeader":"t"}`,
    signed: "states",
  },
  "StepFunctions-StopExecution": {
    parameters: { ExecutionArn: "$request.querystring.q", Cause: "c", Error: "e" },
    url: "/",
    target: "AWSStepFunctions.StopExecution",
    type: "application/x-amz-json-1.0",
    body: '{"cause":"c","error":"e","executionArn":"2"}',
    signed: "states",
  },
};

for (const [subtype, { parameters, method = "POST", url, target, type, body, signed }] of Object.entries(cases)) {
  test(`${subtype} is called in its service's own protocol, signed as the role's account`, async () => {
    await using backend = await startBackend((_, outgoing) =>
      outgoing
        .writeHead(202, { "Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": "aws-1" })
        .end("answered"),
    );
    await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
    deploy(gateway, aService(subtype, parameters, { ResponseParameters: { 202: { "overwrite:statuscode": "200" } } }), {
      source: "of.mine",
    });
    const attributes = JSON.stringify({ a: { DataType: "String", StringValue: "b&c" } });
    const reply = await callOn(gateway, { body: json, headers: { attributes, authorization: "Bearer client" } });
    assert.deepEqual([reply.status, reply.text, reply.headers["x-amzn-requestid"]], [200, "answered", "aws-1"]);
    const [seen] = backend.requests as [Backend["requests"][number]];
    assert.deepEqual([seen.method, seen.url], [method, url]);
    const given = body.replace("BODY", encodeURIComponent(json)).replace("QUEUE", encodeURIComponent(queue));
    assert.equal(seen.body, given);
    assert.equal(seen.headers["x-amz-target"], target);
    assert.equal(seen.headers["content-type"], type);
    assert.match(
      String(seen.headers.authorization),
      new RegExp(`/${parameters["Region"] ?? "us-east-1"}/${signed}/aws4_request`),
    );
    assert.ok(isSignatureRight(seen, { service: signed, secretAccessKey: "portico" }));
    assert.deepEqual(gateway.errors, []);
  });
}

test("a required parameter that the request does not have is a 400, and nothing is sent", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  const refused = async (
    subtype: string,
    parameters: Record<string, string>,
    options: CallOptions = {},
  ): Promise<void> => {
    deploy(gateway, aService(subtype, parameters));
    const reply = await callOn(gateway, options);
    assert.deepEqual([reply.status, reply.text], [400, '{"message":"Bad Request"}'], JSON.stringify(parameters));
    assert.match(String(reply.headers["x-portico-hint"]), /Unable to resolve property \w+ from source /);
  };
  const send = { QueueUrl: queue, MessageBody: "$request.body.message" };
  await refused("SQS-SendMessage", send);
  await refused("SQS-SendMessage", send, { body: '{"message":null}' });
  await refused("SQS-SendMessage", send, { body: '{"message":' });
  await refused("SQS-SendMessage", send, { body: JSON.stringify({ pad: "x".repeat(102_400), message: "late" }) });
  await refused("SQS-SendMessage", { QueueUrl: queue, MessageBody: "$stageVariables.none" }, { body: "x" });
  await refused("SQS-SendMessage", { QueueUrl: "$request.header.queue", MessageBody: "a" });
  // A value that the service's own type does not have.
  const optional = { QueueUrl: queue, MessageBody: "a" };
  await refused("SQS-SendMessage", { ...optional, DelaySeconds: "soon" });
  for (const attributes of ["no json", "[]", '{"a":"b"}', '{"a":{"StringValue":1}}', '{"a":{"Action":"PurgeQueue"}}']) {
    await refused(
      "SQS-SendMessage",
      { ...optional, MessageAttributes: "$request.header.a" },
      { headers: { a: attributes } },
    );
  }
  for (const Application of ["..", "."]) {
    const configuration = { Environment: "e", Configuration: "c", ClientId: "i", Application: "$request.header.a" };
    await refused("AppConfig-GetConfiguration", configuration, { headers: { a: Application } });
  }
  assert.deepEqual(backend.requests, []);
});

test("no value becomes another parameter, another path or another server", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  deploy(
    gateway,
    aService("SQS-SendMessage", { QueueUrl: "$request.header.queue", MessageBody: "$request.header.message" }),
  );
  const evil = "a&Action=PurgeQueue\u00e9";
  for (const url of [
    "http://evil.example:1/000000000000/orders",
    "http://user@evil.example/../x?y#z",
    "//evil.example/x",
    "no url",
  ]) {
    assert.equal((await callOn(gateway, { headers: { queue: url, message: evil } })).status, 200);
  }
  assert.deepEqual(
    backend.requests.map(({ url }) => url),
    ["/000000000000/orders", "/x", "/", "/"],
  );
  for (const { body } of backend.requests) {
    const form = new URLSearchParams(body);
    assert.deepEqual([...form.keys()].sort(), ["Action", "MessageBody", "QueueUrl", "Version"]);
    assert.equal(form.get("Action"), "SendMessage");
  }
});

test("a body that is bytes becomes a record as it is", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  deploy(gateway, aService("Kinesis-PutRecord", { StreamName: "s", PartitionKey: "p", Data: "$request.body" }));
  const bytes = Buffer.from([0, 255, 254, 10, 13]);
  await callOn(gateway, { body: bytes });
  assert.equal(JSON.parse(backend.requests[0]!.body).Data, bytes.toString("base64"));
});

test("an error of the service goes to the client as it is; a service that is not there is a 503", async () => {
  const backend = await startBackend((_, outgoing) =>
    outgoing.writeHead(400, { "x-amzn-ErrorType": "Gone" }).end("<Error/>"),
  );
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  deploy(gateway, aService("SQS-PurgeQueue", { QueueUrl: queue }));
  const reply = await callOn(gateway);
  assert.deepEqual([reply.status, reply.text, reply.headers["x-amzn-errortype"]], [400, "<Error/>", "Gone"]);
  await backend[Symbol.asyncDispose]();
  assert.equal((await callOn(gateway)).status, 503);
});

test("a text that no service takes is refused before it is written", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  deploy(gateway, aService("SQS-SendMessage", { QueueUrl: queue, MessageBody: "$request.body" }));
  assert.equal((await callOn(gateway, { body: "x".repeat(2_100_000) })).status, 413);
  assert.deepEqual(backend.requests, []);
});

test("a route closes, or fails, without a role, an endpoint, a known subtype or a region that is known", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { sqs: backend.origin } } });
  const statusOf = async (integration: HttpIntegration): Promise<number> => {
    deploy(gateway, integration);
    return (await callOn(gateway)).status;
  };
  const parameters = { QueueUrl: queue };
  const { CredentialsArn: _, ...without } = aService("SQS-PurgeQueue", parameters);
  assert.equal(await statusOf(without), 500);
  assert.equal(await statusOf(aService("SQS-CreateQueue", parameters)), 501);
  assert.equal(await statusOf(aService("SQS-PurgeQueue", { ...parameters, Other: "x" })), 501);
  assert.equal(await statusOf(aService("SQS-PurgeQueue", { ...parameters, Region: "eu west" })), 500);
  assert.equal(await statusOf(aService("SQS-PurgeQueue", {})), 500);
  assert.equal(await statusOf(aService("StepFunctions-StopExecution", { ExecutionArn: "x" })), 500);
  const foreign = role.replace("000000000000", "111111111111");
  assert.equal(await statusOf(aService("SQS-PurgeQueue", parameters, { CredentialsArn: foreign })), 501);
  assert.equal(
    await statusOf(aService("SQS-PurgeQueue", parameters, { CredentialsArn: "arn:aws:iam::*:user/*" })),
    500,
  );
  assert.equal(await statusOf(aService("SQS-PurgeQueue", parameters)), 200);
  assert.equal(backend.requests.length, 1);
  assert.deepEqual(gateway.errors, []);
});

/** A role that API Gateway may assume, with this one statement. */
const aRole = (statement: object): RoleAccess => ({
  arn: role,
  id: "AROA",
  tags: {},
  trustPolicy: policyOf({
    Effect: "Allow",
    Principal: { Service: "apigateway.amazonaws.com" },
    Action: "sts:AssumeRole",
  }),
  policies: [policyOf(statement)],
});

const policyOf = (Statement: object): string => JSON.stringify({ Version: "2012-10-17", Statement });

test("a role that may not make the call is a 500, and the log says so", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  const known = aRole({
    Effect: "Allow",
    Action: "sqs:SendMessage",
    Resource: "arn:aws:sqs:us-east-1:000000000000:orders",
  });
  const roles = new Map([[role, { role: known, isAccountHere: true }]]);
  const statusOf = async (integration: HttpIntegration): Promise<number> => {
    gateway.deployHttp(anHttpApi({ "ANY /{id}": { integration } }), anHttpStage(), { ...noSurroundings, roles });
    return (await callOn(gateway, { body: "x" })).status;
  };
  assert.equal(await statusOf(aService("SQS-SendMessage", { QueueUrl: queue, MessageBody: "a" })), 200);
  assert.equal(await statusOf(aService("SQS-SendMessage", { QueueUrl: `${queue}2`, MessageBody: "a" })), 500);
  assert.equal(await statusOf(aService("SQS-PurgeQueue", { QueueUrl: queue })), 500);
  assert.equal(await statusOf(aService("EventBridge-PutEvents", { Detail: "{}", DetailType: "a", Source: "b" })), 500);
  assert.equal(backend.requests.length, 1);
});

test("a role is asked for what the request names, and for nothing else", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  const statement = { Effect: "Allow", Action: ["sqs:SendMessage", "events:PutEvents"] };
  const deploysWith = (Resource: string, integration: HttpIntegration): void => {
    const known = aRole({ ...statement, Resource });
    const roles = new Map([[role, { role: known, isAccountHere: true }]]);
    gateway.deployHttp(anHttpApi({ "ANY /{id}": { integration } }), anHttpStage(), { ...noSurroundings, roles });
  };
  const statusOf = async (value: string): Promise<number> => (await callOn(gateway, { headers: { on: value } })).status;
  const send = aService("SQS-SendMessage", { QueueUrl: "$request.header.on", MessageBody: "a" });
  deploysWith("arn:aws:sqs:us-east-1:000000000000:orders", send);
  assert.equal(await statusOf(queue), 200);
  const others = [
    ...["https://h/000000000000/secret", "https://h/111111111111/orders", "https://h/000000000000/orders/../secret"],
    ...["https://h/000000000000/orders?x=/000000000000/secret", "https://h/000000000000/orders#/000000000000/secret"],
    ...[
      "https://h/000000000000/orders%2F..%2Fsecret",
      "//h/000000000000/orders",
      "orders",
      "https://h/x/000000000000/orders",
    ],
  ];
  for (const other of others) assert.equal(await statusOf(other), 500, other);
  assert.equal(backend.requests.length, 1);
  const put = aService("EventBridge-PutEvents", {
    Detail: "{}",
    DetailType: "a",
    Source: "b",
    EventBusName: "$request.header.on",
  });
  deploysWith("arn:aws:events:us-east-1:000000000000:event-bus/shop", put);
  assert.equal(await statusOf("shop"), 200);
  assert.equal(await statusOf("arn:aws:events:us-east-1:000000000000:event-bus/shop"), 200);
  assert.equal(await statusOf("default"), 500);
  assert.equal((await callOn(gateway)).status, 500);
  deploysWith("*", send);
  assert.equal(await statusOf("orders"), 200);
  assert.equal(backend.requests.length, 4);
  assert.deepEqual(gateway.errors, []);
});

test("a region that the request names is signed for, and one that is none is refused", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  const regions = async (source: string, options: (region: string) => CallOptions, names: readonly string[]) => {
    deploy(gateway, aService("SQS-SendMessage", { QueueUrl: queue, MessageBody: "a", Region: source }));
    const seen: (string | number)[] = [];
    for (const name of names) {
      const { status } = await callOn(gateway, options(name));
      const signed = /\/([^/]+)\/sqs\/aws4_request/.exec(String(backend.requests.pop()?.headers.authorization));
      seen.push(status === 200 ? signed![1]! : status);
    }
    return seen;
  };
  const inHeader = (region: string): CallOptions => ({ headers: { region } });
  const valid = ["eu-west-1", "us-gov-west-1", "ap-southeast-2", "us-iso-east-1", "eusc-de-east-1", "eu-west-1"];
  assert.deepEqual(await regions("$request.header.region", inHeader, valid), valid);
  assert.deepEqual(await regions("$request.header.region", () => ({}), ["none"]), ["us-east-1"]);
  const inBody = (region: string): CallOptions => ({ body: JSON.stringify({ region }) });
  assert.deepEqual(await regions("$request.body.region", inBody, ["eu-west-1", "eu-west-2"]), [
    "eu-west-1",
    "eu-west-2",
  ]);
  const none = [
    "eu",
    "eu west-1",
    "eu-west-1.evil.example",
    "eu-west-1/",
    "evil.example#",
    "EU-WEST-1",
    "eu-west-1@x-1",
    "-1",
  ];
  assert.deepEqual(
    await regions("$request.header.region", inHeader, none),
    none.map(() => 400),
  );
  assert.deepEqual(await regions("$request.body.region", inBody, ["eu-west-1\r\nHost: evil", "\u0000"]), [400, 400]);
  assert.deepEqual(backend.requests, []);
  deploy(gateway, aService("SQS-PurgeQueue", { QueueUrl: queue, Region: "$request.header.region" }));
  const refused = await callOn(gateway, inHeader("nowhere"));
  assert.deepEqual([refused.status, refused.text], [400, '{"message":"Bad Request"}']);
  assert.match(String(refused.headers["x-portico-hint"]), /^Unable to resolve property Region from source \$request/);
  assert.deepEqual(gateway.errors, []);
});

test("more regions than there are take turns, and each is called", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  deploy(gateway, aService("SQS-PurgeQueue", { QueueUrl: queue, Region: "$request.header.region" }));
  const statuses = new Set<number>();
  for (let number = 0; number < 300; number++) {
    const region = `eu-${"abcdefghijklmno"[number % 15]}west-${number % 99}`;
    statuses.add((await callOn(gateway, { headers: { region } })).status);
  }
  assert.deepEqual([...statuses], [200]);
  assert.equal(backend.requests.length, 300);
  assert.deepEqual(gateway.errors, []);
});

test("a role is asked for the region that the request names", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  const statusOf = async (statement: object, region: string | undefined): Promise<number> => {
    const roles = new Map([[role, { role: aRole(statement), isAccountHere: true }]]);
    const integration = aService("Kinesis-PutRecord", {
      StreamName: "orders",
      Data: "x",
      PartitionKey: "p",
      Region: "$request.header.region",
    });
    gateway.deployHttp(anHttpApi({ "ANY /{id}": { integration } }), anHttpStage(), { ...noSurroundings, roles });
    return (await callOn(gateway, { headers: region === undefined ? {} : { region } })).status;
  };
  const allow = { Effect: "Allow", Action: "kinesis:PutRecord" };
  const there = { ...allow, Resource: "arn:aws:kinesis:eu-west-1:000000000000:stream/orders" };
  assert.equal(await statusOf(there, "eu-west-1"), 200);
  assert.equal(await statusOf(there, "eu-west-2"), 500);
  assert.equal(await statusOf(there, undefined), 500);
  const conditioned = { ...allow, Resource: "*", Condition: { StringEquals: { "aws:RequestedRegion": "eu-west-1" } } };
  assert.equal(await statusOf(conditioned, "eu-west-1"), 200);
  assert.equal(await statusOf(conditioned, "eu-west-2"), 500);
  assert.equal(backend.requests.length, 2);
  assert.deepEqual(gateway.errors, []);
});
