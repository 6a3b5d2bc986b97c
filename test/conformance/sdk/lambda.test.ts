// The lambda and sts services under the official SDK against a started server.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  AddPermissionCommand,
  type CreateFunctionCommandInput,
  DeleteFunctionCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  InvokeCommand,
  type InvokeCommandInput,
  LambdaClient,
  LambdaServiceException,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PutFunctionConcurrencyCommand,
  paginateListFunctions,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startPortico } from "../../portico.ts";
import { until } from "../../until.ts";
import {
  functionOf as functionOfCode,
  makeClient,
  Role,
  refusal as refusalOf,
  startForSuite,
  zip,
} from "./sdk-client.ts";

const echo = zip("exports.handler = async (event) => ({ event })");
const once = { maxAttempts: 1 };

const functionOf = (name: string, more: Partial<CreateFunctionCommandInput> = {}) => functionOfCode(name, echo, more);

/** The error's name, status and message. */
async function refusal(work: Promise<unknown>): Promise<[string, number | undefined, string]> {
  const { name, $metadata, message } = await refusalOf(work, LambdaServiceException);
  return [name, $metadata.httpStatusCode, message];
}

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

describe("the lambda service", () => {
  const portico = startForSuite({ args: ["--log-level", "info"] });
  const lambda = portico.client(LambdaClient, once);
  const arn = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
  const invoke = (FunctionName: string, event: unknown = {}, more: Partial<InvokeCommandInput> = {}) =>
    lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event), ...more }));

  it("creates a function with AWS's defaults, and gets it by every form of its name", async () => {
    const created = await lambda.send(functionOf("life"));
    const { $metadata, RevisionId, LastModified, RuntimeVersionConfig, CodeSha256, ...rest } = created;
    assert.equal($metadata.httpStatusCode, 201);
    assert.match(LastModified ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
    assert.match(RuntimeVersionConfig?.RuntimeVersionArn ?? "", /^arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$/);
    assert.match(CodeSha256 ?? "", /^[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual(rest, {
      FunctionName: "life",
      FunctionArn: arn("life"),
      Runtime: "nodejs22.x",
      Role,
      Handler: "index.handler",
      CodeSize: echo.length,
      Description: "",
      Timeout: 3,
      MemorySize: 128,
      Version: "$LATEST",
      TracingConfig: { Mode: "PassThrough" },
      State: "Active",
      LastUpdateStatus: "Successful",
      PackageType: "Zip",
      Architectures: ["x86_64"],
      EphemeralStorage: { Size: 512 },
      SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
      LoggingConfig: { LogFormat: "Text", LogGroup: "/aws/lambda/life" },
    });
    for (const FunctionName of ["life", "000000000000:function:life", arn("life")]) {
      const got = await lambda.send(new GetFunctionCommand({ FunctionName }));
      assert.equal(got.Configuration?.FunctionArn, arn("life"));
      assert.equal(got.Configuration?.RevisionId, RevisionId);
    }
    for (const input of [{ FunctionName: "life", Qualifier: "$LATEST" }, { FunctionName: `${arn("life")}:$LATEST` }]) {
      const got = await lambda.send(new GetFunctionConfigurationCommand(input));
      assert.equal(got.FunctionArn, `${arn("life")}:$LATEST`);
    }
    assert.deepEqual(await refusal(lambda.send(functionOf("life"))), [
      "ResourceConflictException",
      409,
      "Function already exist: life",
    ]);
  });

  it("invokes: answer, function error, log tail, client context, dry run", async () => {
    const code = `exports.handler = async (event, context) => {
      console.log("was here");
      if (event.fail) throw new TypeError("failed");
      return { event, client: context.clientContext, arn: context.invokedFunctionArn, id: context.awsRequestId };
    }`;
    await lambda.send(functionOf("calls", { Code: { ZipFile: zip(code) } }));
    const ClientContext = Buffer.from('{"custom":{"a":1}}').toString("base64");
    const ok = await invoke("calls", { a: "ü" }, { ClientContext, LogType: "Tail" });
    assert.equal(ok.StatusCode, 200);
    assert.equal(ok.FunctionError, undefined);
    assert.equal(ok.ExecutedVersion, "$LATEST");
    assert.deepEqual(JSON.parse(text(ok.Payload)), {
      event: { a: "ü" },
      client: { custom: { a: 1 } },
      arn: arn("calls"),
      id: ok.$metadata.requestId,
    });
    assert.match(
      Buffer.from(ok.LogResult ?? "", "base64").toString(),
      /^START RequestId: .*was here\n.*REPORT RequestId/s,
    );
    const failed = await invoke("calls", { fail: 1 });
    assert.equal(failed.StatusCode, 200);
    assert.equal(failed.FunctionError, "Unhandled");
    assert.equal(failed.LogResult, undefined);
    assert.equal(JSON.parse(text(failed.Payload)).errorType, "TypeError");
    const dry = await invoke("calls", {}, { InvocationType: "DryRun" });
    assert.equal(dry.StatusCode, 204);
    assert.deepEqual(
      JSON.parse(text((await lambda.send(new InvokeCommand({ FunctionName: "calls" }))).Payload)).event,
      {},
    );
    const [name, status] = await refusal(lambda.send(new InvokeCommand({ FunctionName: "calls", Payload: "{a" })));
    assert.deepEqual([name, status], ["InvalidRequestContentException", 400]);
    assert.deepEqual(await refusal(invoke("calls", "x".repeat(6_300_000))), [
      "RequestTooLargeException",
      413,
      "6300002 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)",
    ]);
  });

  it("runs asynchronous invocations after it has accepted them", async () => {
    await lambda.send(
      functionOf("event", { Code: { ZipFile: zip("exports.handler = async (e) => console.log('ran ' + e.n)") } }),
    );
    const accepted = await invoke("event", { n: 42 }, { InvocationType: "Event" });
    assert.equal(accepted.StatusCode, 202);
    assert.equal(text(accepted.Payload), "");
    await until(() => portico.output().includes("ran 42"), { what: "the function has printed" });
  });

  it("updates code and configuration, in effect at once", async () => {
    const { RevisionId } = await lambda.send(functionOf("changes"));
    const second = await lambda.send(
      new UpdateFunctionCodeCommand({
        FunctionName: "changes",
        ZipFile: zip("exports.handler = async () => process.env.AA ?? 'two'"),
        ...(RevisionId ? { RevisionId } : {}),
      }),
    );
    assert.notEqual(second.RevisionId, RevisionId);
    assert.equal(text((await invoke("changes")).Payload), '"two"');
    const dry = await lambda.send(
      new UpdateFunctionCodeCommand({ FunctionName: "changes", ZipFile: echo, DryRun: true }),
    );
    assert.equal(dry.CodeSha256, second.CodeSha256);
    assert.equal(text((await invoke("changes")).Payload), '"two"');
    const third = await lambda.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: "changes",
        Timeout: 10,
        MemorySize: 256,
        Description: "changed",
        Environment: { Variables: { AA: "three" } },
      }),
    );
    assert.deepEqual([third.Timeout, third.MemorySize, third.Description], [10, 256, "changed"]);
    assert.deepEqual(third.Environment, { Variables: { AA: "three" } });
    assert.equal(third.CodeSha256, second.CodeSha256);
    assert.equal(text((await invoke("changes")).Payload), '"three"');
    const stale = new UpdateFunctionConfigurationCommand({
      FunctionName: "changes",
      ...(RevisionId ? { RevisionId } : {}),
    });
    const [name, status] = await refusal(lambda.send(stale));
    assert.deepEqual([name, status], ["PreconditionFailedException", 412]);
  });

  it("keeps the resource policy", async () => {
    await lambda.send(functionOf("policy"));
    const none = new GetPolicyCommand({ FunctionName: "policy" });
    assert.deepEqual(await refusal(lambda.send(none)), [
      "ResourceNotFoundException",
      404,
      "The resource you requested does not exist.",
    ]);
    const permission = new AddPermissionCommand({
      FunctionName: "policy",
      StatementId: "gateway",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
      SourceArn: "arn:aws:execute-api:us-east-1:000000000000:abcdef1234/*/GET/pets",
    });
    const { Statement } = await lambda.send(permission);
    const expected = {
      Sid: "gateway",
      Effect: "Allow",
      Principal: { Service: "apigateway.amazonaws.com" },
      Action: "lambda:InvokeFunction",
      Resource: arn("policy"),
      Condition: { ArnLike: { "AWS:SourceArn": "arn:aws:execute-api:us-east-1:000000000000:abcdef1234/*/GET/pets" } },
    };
    assert.deepEqual(JSON.parse(Statement ?? ""), expected);
    const { Policy, RevisionId } = await lambda.send(none);
    assert.deepEqual(JSON.parse(Policy ?? ""), { Version: "2012-10-17", Id: "default", Statement: [expected] });
    assert.match(RevisionId ?? "", /^[-0-9a-f]{36}$/);
    assert.deepEqual(await refusal(lambda.send(permission)), [
      "ResourceConflictException",
      409,
      "The statement id (gateway) provided already exists. Please provide a new statement id, or remove the existing statement.",
    ]);
    const invalid = new AddPermissionCommand({ ...permission.input, StatementId: "x", Principal: "nobody" });
    assert.equal((await refusal(lambda.send(invalid)))[0], "InvalidParameterValueException");
    const remove = new RemovePermissionCommand({ FunctionName: "policy", StatementId: "gateway" });
    assert.equal((await lambda.send(remove)).$metadata.httpStatusCode, 204);
    assert.deepEqual(await refusal(lambda.send(remove)), [
      "ResourceNotFoundException",
      404,
      "No policy is associated with the given resource.",
    ]);
  });

  it("lists by pages, each account and region its own", async () => {
    const other = makeClient(LambdaClient, portico, { accountId: "111111111111", region: "eu-west-1", ...once });
    try {
      for (const name of ["one", "two", "three"]) {
        await other.send(functionOf(name, { Role: "arn:aws:iam::111111111111:role/any" }));
      }
      const names: (string | undefined)[] = [];
      let pages = 0;
      for await (const page of paginateListFunctions({ client: other, pageSize: 2 }, {})) {
        pages++;
        names.push(...(page.Functions ?? []).map(({ FunctionName }) => FunctionName));
      }
      assert.deepEqual([names.sort(), pages], [["one", "three", "two"], 2]);
      assert.equal((await refusal(lambda.send(new GetFunctionCommand({ FunctionName: "one" }))))[1], 404);
      const elsewhere = new GetFunctionCommand({ FunctionName: "arn:aws:lambda:eu-west-1:000000000000:function:one" });
      assert.deepEqual(await refusal(lambda.send(elsewhere)), [
        "ResourceNotFoundException",
        404,
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
      ]);
    } finally {
      other.destroy();
    }
  });

  it("keeps tags", async () => {
    await lambda.send(functionOf("tags", { Tags: { a: "1" } }));
    const Resource = arn("tags");
    await lambda.send(new TagResourceCommand({ Resource, Tags: { b: "2" } }));
    assert.deepEqual((await lambda.send(new ListTagsCommand({ Resource }))).Tags, { a: "1", b: "2" });
    await lambda.send(new UntagResourceCommand({ Resource, TagKeys: ["a"] }));
    assert.deepEqual((await lambda.send(new GetFunctionCommand({ FunctionName: "tags" }))).Tags, { b: "2" });
  });

  it("gives the code back by a link that nobody else knows", async () => {
    await lambda.send(functionOf("downloaded"));
    const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName: "downloaded" }));
    const response = await fetch(Code!.Location!);
    assert.equal(response.headers.get("content-type"), "application/zip");
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from(echo));
    const forged = Code!.Location!.replace(/\/[0-9a-f]{64}\.zip$/, `/${"0".repeat(64)}.zip`);
    assert.equal((await fetch(forged)).status, 403);
    await lambda.send(new DeleteFunctionCommand({ FunctionName: "downloaded" }));
  });

  it("counts cold starts", async () => {
    await lambda.send(functionOf("cold"));
    const starts = async (): Promise<number> => {
      const metrics = await (await fetch(`${portico.url}/_portico/metrics`)).text();
      return Number(/^portico_function_starts_total (\d+)$/m.exec(metrics)?.[1]);
    };
    const before = await starts();
    await invoke("cold");
    await invoke("cold");
    assert.equal(await starts(), before + 1);
  });

  it("answers what Terraform asks of a function", async () => {
    await lambda.send(functionOf("terraform"));
    const FunctionName = "terraform";
    const { Versions } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName }));
    assert.deepEqual(
      Versions?.map(({ Version, FunctionArn }) => [Version, FunctionArn]),
      [["$LATEST", `${arn("terraform")}:$LATEST`]],
    );
    const signing = await lambda.send(new GetFunctionCodeSigningConfigCommand({ FunctionName }));
    assert.ok(!signing.CodeSigningConfigArn);
  });

  it("deletes", async () => {
    await lambda.send(functionOf("gone"));
    assert.equal(text((await invoke("gone", 1)).Payload), '{"event":1}');
    const deletion = await lambda.send(new DeleteFunctionCommand({ FunctionName: "gone" }));
    assert.equal(deletion.$metadata.httpStatusCode, 204);
    const notFound = ["ResourceNotFoundException", 404, `Function not found: ${arn("gone")}`];
    assert.deepEqual(await refusal(invoke("gone")), notFound);
    assert.deepEqual(await refusal(lambda.send(new DeleteFunctionCommand({ FunctionName: "gone" }))), notFound);
  });

  const refusals: readonly (readonly [string, Partial<CreateFunctionCommandInput>, string, number, RegExp])[] = [
    [
      "a zip that is none",
      { Code: { ZipFile: Buffer.from("no zip") } },
      "InvalidParameterValueException",
      400,
      /^Could not unzip uploaded file\. Please check your file, then try to upload again\.$/,
    ],
    ["no code", { Code: {} }, "InvalidParameterValueException", 400, /^Please provide a source for function code\.$/],
    [
      "no handler",
      { Handler: undefined },
      "InvalidParameterValueException",
      400,
      /^Runtime and Handler are mandatory parameters/,
    ],
    [
      "a runtime that is none",
      { Runtime: "nodejs99.x" as "nodejs22.x" },
      "InvalidParameterValueException",
      400,
      /nodejs99\.x at 'runtime' failed to satisfy constraint/,
    ],
    ["a runtime of old", { Runtime: "nodejs12.x" }, "InvalidParameterValueException", 400, /is no longer supported/],
    [
      "a runtime that is not there yet",
      { Runtime: "java21" },
      "InvalidParameterValueException",
      400,
      /not there yet in Portico/,
    ],
    ["code in S3", { Code: { S3Bucket: "bucket", S3Key: "key" } }, "NotImplementedException", 501, /Amazon S3/],
    ["an image", { PackageType: "Image", Code: { ImageUri: "x" } }, "NotImplementedException", 501, /container images/],
    [
      "layers",
      { Layers: ["arn:aws:lambda:us-east-1:000000000000:layer:x:1"] },
      "NotImplementedException",
      501,
      /Layers/,
    ],
    [
      "a version that each publishing replaces",
      { PublishTo: "LATEST_PUBLISHED" },
      "NotImplementedException",
      501,
      /PublishTo/,
    ],
    ["a time above AWS's", { Timeout: 901 }, "ValidationException", 400, /less than or equal to 900/],
    ["memory below AWS's", { MemorySize: 64 }, "ValidationException", 400, /greater than or equal to 128/],
    [
      "memory above AWS's",
      { MemorySize: 10_241 },
      "InvalidParameterValueException",
      400,
      /less than or equal to 10240/,
    ],
    [
      "reserved variables",
      { Environment: { Variables: { AWS_REGION: "x" } } },
      "InvalidParameterValueException",
      400,
      /Reserved keys used in this request: AWS_REGION$/,
    ],
    [
      "5 KB of variables",
      { Environment: { Variables: { AA: "x".repeat(5_000) } } },
      "InvalidParameterValueException",
      400,
      /exceeded the 4KB limit/,
    ],
    ["a name with a version", { FunctionName: "refused:1" }, "InvalidParameterValueException", 400, /./],
    [
      "a name that is too long",
      { FunctionName: "x".repeat(65) },
      "ValidationException",
      400,
      /less than or equal to 64/,
    ],
  ];
  for (const [what, input, name, status, message] of refusals) {
    it(`refuses ${what}`, async () => {
      const [actualName, actualStatus, actualMessage] = await refusal(lambda.send(functionOf("refused", input)));
      assert.deepEqual([actualName, actualStatus], [name, status], actualMessage);
      assert.match(actualMessage, message);
      assert.equal((await refusal(lambda.send(new GetFunctionCommand({ FunctionName: "refused" }))))[1], 404);
    });
  }

  it("says by name what is not there yet", async () => {
    await lambda.send(functionOf("partial"));
    const reserved = new PutFunctionConcurrencyCommand({ FunctionName: "partial", ReservedConcurrentExecutions: 1 });
    const [name, status] = await refusal(lambda.send(reserved));
    assert.deepEqual([name, status], ["NotImplementedException", 501]);
    const version = new GetFunctionCommand({ FunctionName: "partial", Qualifier: "live" });
    assert.deepEqual(await refusal(lambda.send(version)), [
      "ResourceNotFoundException",
      404,
      `Function not found: ${arn("partial")}:live`,
    ]);
  });

  it("tells who is calling", async () => {
    const sts = makeClient(STSClient, portico, { accountId: "222222222222" });
    const { Account, Arn } = await sts.send(new GetCallerIdentityCommand({}));
    assert.deepEqual([Account, Arn], ["222222222222", "arn:aws:iam::222222222222:root"]);
    sts.destroy();
  });
});

it("functions and accepted events survive kill -9", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "portico-data-"));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const first = await startPortico({ args: ["--data", data, "--log-level", "info"] });
  const before = makeClient(LambdaClient, first, once);
  const code = zip(
    "exports.handler = async (e) => { if (e.slow) await new Promise((r) => setTimeout(r, 400)); console.log('ran ' + e.n); return e }",
  );
  const created = await before.send(functionOf("kept", { Code: { ZipFile: code } }));
  await before.send(
    new InvokeCommand({ FunctionName: "kept", InvocationType: "Event", Payload: '{"n":"afterwards","slow":1}' }),
  );
  await first.kill();
  before.destroy();
  const second = await startPortico({ args: ["--data", data, "--log-level", "info"] });
  t.after(() => second.stop());
  const after = makeClient(LambdaClient, second, once);
  t.after(() => after.destroy());
  const { Configuration } = await after.send(new GetFunctionCommand({ FunctionName: "kept" }));
  assert.equal(Configuration?.RevisionId, created.RevisionId);
  const { Payload } = await after.send(new InvokeCommand({ FunctionName: "kept", Payload: '{"n":1}' }));
  assert.equal(text(Payload), '{"n":1}');
  await until(() => second.output().includes("ran afterwards"), { what: "the event has run" });
});
