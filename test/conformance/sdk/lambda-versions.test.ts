// Versions and aliases of functions under the official SDK against a started server, and through its APIs.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateAuthorizerCommand,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  CreateStageCommand,
  GetResourcesCommand,
  PutIntegrationCommand,
  PutMethodCommand,
  TestInvokeAuthorizerCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import { CloudWatchLogsClient, DescribeLogStreamsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  AddPermissionCommand,
  type AddPermissionCommandInput,
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  LambdaServiceException,
  ListAliasesCommand,
  ListProvisionedConcurrencyConfigsCommand,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  paginateListAliases,
  paginateListFunctions,
  paginateListVersionsByFunction,
  RemovePermissionCommand,
  TagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { startPortico } from "../../portico.ts";
import { until } from "../../until.ts";
import { functionOf, makeClient, refusal as refusalOf, startForSuite, zip } from "./sdk-client.ts";

const once = { maxAttempts: 1 };
const arn = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

/** A function that tells who it is; no two texts give the same code. */
const who = (what: string): Uint8Array =>
  zip(`exports.handler = async (event, context) => {
    console.log("ran as " + context.functionVersion + (event.mark ?? ""));
    const answer = { what: ${JSON.stringify(what)}, version: context.functionVersion, arn: context.invokedFunctionArn,
      variable: process.env.AWS_LAMBDA_FUNCTION_VERSION, stage: process.env.STAGE, stream: context.logStreamName };
    return event.httpMethod ? { statusCode: 200, body: JSON.stringify(answer) } : answer;
  };`);

/** The error's name, status and message. */
async function refusal(work: Promise<unknown>): Promise<[string, number | undefined, string]> {
  const { name, $metadata, message } = await refusalOf(work, LambdaServiceException);
  return [name, $metadata.httpStatusCode, message];
}

const invalid = (message: string) => ["InvalidParameterValueException", 400, message];
const notFound = (qualified: string) => ["ResourceNotFoundException", 404, `Function not found: ${arn(qualified)}`];

interface Answer {
  readonly what: string;
  readonly version: string;
  readonly arn: string;
  readonly variable: string;
  readonly stage?: string;
  readonly stream: string;
}

describe("versions and aliases", () => {
  const portico = startForSuite({ args: ["--log-level", "info"] });
  const lambda = portico.client(LambdaClient, once);

  const publish = (FunctionName: string, more: object = {}) =>
    lambda.send(new PublishVersionCommand({ FunctionName, ...more }));
  const update = (FunctionName: string, what: string, more: object = {}) =>
    lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: who(what), ...more }));
  const alias = (FunctionName: string, Name: string, FunctionVersion: string, more: object = {}) =>
    lambda.send(new CreateAliasCommand({ FunctionName, Name, FunctionVersion, ...more }));
  const invoke = async (
    FunctionName: string,
    Qualifier?: string,
  ): Promise<Answer & { executed: string | undefined }> => {
    const answer = await lambda.send(new InvokeCommand({ FunctionName, Qualifier, Payload: "{}" }));
    assert.equal(answer.FunctionError, undefined, text(answer.Payload));
    return { ...JSON.parse(text(answer.Payload)), executed: answer.ExecutedVersion };
  };
  const versionsOf = async (FunctionName: string): Promise<(string | undefined)[]> =>
    ((await lambda.send(new ListVersionsByFunctionCommand({ FunctionName }))).Versions ?? []).map((one) => one.Version);

  describe("a version", () => {
    before(async () => {
      await lambda.send(
        functionOf("frozen", who("one"), { Environment: { Variables: { STAGE: "first" } }, Tags: { a: "1" } }),
      );
    });

    it("is frozen, code and configuration, and knows its number", async () => {
      const first = await publish("frozen", { Description: "the first" });
      assert.equal(first.$metadata.httpStatusCode, 201);
      assert.deepEqual(
        [first.Version, first.FunctionArn, first.Description, first.State],
        ["1", arn("frozen:1"), "the first", "Active"],
      );
      await update("frozen", "two");
      await lambda.send(
        new UpdateFunctionConfigurationCommand({
          FunctionName: "frozen",
          Environment: { Variables: { STAGE: "second" } },
          Timeout: 9,
        }),
      );
      const { stream: old, ...version } = await invoke("frozen", "1");
      const facts = { what: "one", version: "1", variable: "1", stage: "first", executed: "1" };
      assert.deepEqual(version, { ...facts, arn: arn("frozen:1") });
      assert.match(old, /^\d{4}\/\d\d\/\d\d\/\[1\][0-9a-f]{32}$/);
      const { stream, ...latest } = await invoke("frozen");
      const now = { what: "two", version: "$LATEST", variable: "$LATEST", stage: "second", executed: "$LATEST" };
      assert.deepEqual(latest, { ...now, arn: arn("frozen") });
      assert.match(stream, /\[\$LATEST\]/);
      const got = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "frozen:1" }));
      assert.deepEqual(
        [got.Timeout, got.Environment?.Variables, got.CodeSha256, got.FunctionArn],
        [3, { STAGE: "first" }, first.CodeSha256, arn("frozen:1")],
      );
      const whole = await lambda.send(new GetFunctionCommand({ FunctionName: "frozen", Qualifier: "1" }));
      assert.deepEqual([whole.Configuration?.Version, whole.Tags], ["1", { a: "1" }]);
      const code = await fetch(whole.Code?.Location ?? "");
      assert.deepEqual(Buffer.from(await code.arrayBuffer()), Buffer.from(who("one")));
    });

    it("has log streams of its own, and its number in START lines", async () => {
      const logs = portico.client(CloudWatchLogsClient);
      const streams = async (): Promise<string> => {
        const { logStreams } = await logs.send(new DescribeLogStreamsCommand({ logGroupName: "/aws/lambda/frozen" }));
        const names = (logStreams ?? []).map(({ logStreamName }) => /\[.*\]/.exec(logStreamName ?? "")?.[0]);
        return [...new Set(names)].sort().join(" ");
      };
      await until(async () => (await streams()) === "[$LATEST] [1]", { what: "both have written their lines" });
      const tail = await lambda.send(new InvokeCommand({ FunctionName: "frozen:1", LogType: "Tail" }));
      assert.match(Buffer.from(tail.LogResult ?? "", "base64").toString(), /^START RequestId: \S+ Version: 1\n/);
    });

    it("is the last one if nothing has changed since, whatever the description", async () => {
      const second = await publish("frozen");
      assert.deepEqual([second.Version, second.Description], ["2", ""]);
      const again = await publish("frozen", { Description: "another" });
      assert.deepEqual([again.Version, again.Description, again.RevisionId], ["2", "", second.RevisionId]);
      // Tags and policies belong to neither.
      await lambda.send(new TagResourceCommand({ Resource: arn("frozen"), Tags: { b: "2" } }));
      assert.equal((await publish("frozen")).Version, "2");
      await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "frozen", Description: "other" }));
      assert.equal((await publish("frozen")).Version, "3");
    });

    it("is published on conditions", async () => {
      const { CodeSha256, RevisionId } = await update("frozen", "three");
      assert.deepEqual(
        await refusal(publish("frozen", { CodeSha256: "other=" })),
        invalid(
          `CodeSHA256 (other=) is different from current CodeSHA256 in $LATEST (${CodeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
        ),
      );
      assert.deepEqual(await refusal(publish("frozen", { RevisionId: "11111111-2222-3333-4444-555555555555" })), [
        "PreconditionFailedException",
        412,
        "The RevisionId provided does not match the latest RevisionId. Call the GetFunction or the GetAlias API to retrieve the latest RevisionId for your resource.",
      ]);
      assert.equal((await publish("frozen", { CodeSha256, RevisionId })).Version, "4");
    });

    it("can't be changed", async () => {
      const message = "Current operation does not support versions other than $LATEST";
      for (const work of [
        () => update("frozen:1", "x"),
        () => lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "frozen:1", Timeout: 5 })),
        () => publish("frozen:1"),
      ]) {
        assert.deepEqual(await refusal(work()), invalid(message));
      }
      assert.equal((await update("frozen:$LATEST", "four")).Version, "$LATEST");
      const tags = new TagResourceCommand({ Resource: arn("frozen:1"), Tags: { c: "3" } });
      const untagged =
        "Tags on function aliases and versions are not supported. Please specify either a function name or an unqualified function ARN.";
      assert.deepEqual(await refusal(lambda.send(tags)), invalid(untagged));
      assert.deepEqual(
        await refusal(lambda.send(new ListTagsCommand({ Resource: arn("frozen:1") }))),
        invalid(untagged),
      );
      const signing = new GetFunctionCodeSigningConfigCommand({ FunctionName: "frozen:1" });
      assert.match((await refusal(lambda.send(signing)))[2], /^This operation is permitted on Lambda functions only\./);
    });

    it("that is not there is not found by any operation", async () => {
      for (const Qualifier of ["99", "01", "nobody"]) {
        const named = { FunctionName: "frozen", Qualifier };
        const missing = notFound(`frozen:${Qualifier}`);
        assert.deepEqual(await refusal(lambda.send(new GetFunctionCommand(named))), missing);
        assert.deepEqual(await refusal(lambda.send(new GetFunctionConfigurationCommand(named))), missing);
        assert.deepEqual(await refusal(invoke("frozen", Qualifier)), missing);
        assert.deepEqual(await refusal(lambda.send(new InvokeWithResponseStreamCommand(named))), missing);
        assert.deepEqual(await refusal(lambda.send(new GetPolicyCommand(named))), missing);
      }
      assert.deepEqual(await refusal(publish("missing")), notFound("missing"));
    });

    it("is listed after $LATEST in the order of numbers, by pages", async () => {
      await lambda.send(functionOf("many", who("0")));
      for (let n = 1; n <= 11; n++) await update("many", String(n), { Publish: true });
      const listed: (string | undefined)[] = [];
      let pages = 0;
      const paged = paginateListVersionsByFunction({ client: lambda, pageSize: 5 }, { FunctionName: "many" });
      for await (const page of paged) {
        pages++;
        for (const { Version, FunctionArn } of page.Versions ?? []) {
          listed.push(Version);
          assert.equal(FunctionArn, `${arn("many")}:${Version}`);
        }
      }
      assert.deepEqual([listed, pages], [["$LATEST", ...Array.from({ length: 11 }, (_, n) => String(n + 1))], 3]);
      const all: (string | undefined)[] = [];
      for await (const page of paginateListFunctions({ client: lambda }, { FunctionVersion: "ALL" })) {
        all.push(...(page.Functions ?? []).map(({ FunctionArn }) => FunctionArn));
      }
      assert.deepEqual(
        all.filter((one) => one?.startsWith(`${arn("many")}:`)),
        listed.map((version) => `${arn("many")}:${version}`),
      );
    });

    it("comes with Publish: the answer has its number", async () => {
      const created = await lambda.send(functionOf("at-once", who("one"), { Publish: true }));
      assert.deepEqual([created.Version, created.FunctionArn], ["1", arn("at-once")]);
      const plain = await lambda.send(new GetFunctionCommand({ FunctionName: "at-once" }));
      assert.equal(plain.Configuration?.Version, "$LATEST");
      const updated = await update("at-once", "two", { Publish: true });
      assert.deepEqual([updated.Version, updated.FunctionArn], ["2", arn("at-once:2")]);
      const same = await update("at-once", "two", { Publish: true });
      assert.equal(same.Version, "2");
      assert.equal((await update("at-once", "three")).Version, "$LATEST");
      const dry = await update("at-once", "four", { Publish: true, DryRun: true });
      assert.equal(dry.Version, "$LATEST");
      assert.deepEqual(await versionsOf("at-once"), ["$LATEST", "1", "2"]);
      const replaced = new PublishVersionCommand({ FunctionName: "at-once", PublishTo: "LATEST_PUBLISHED" });
      assert.deepEqual((await refusal(lambda.send(replaced))).slice(0, 2), ["NotImplementedException", 501]);
    });

    it("is deleted alone, unless an alias names it, and its number is never given again", async () => {
      await lambda.send(functionOf("pruned", who("one"), { Publish: true }));
      for (const what of ["two", "three"]) await update("pruned", what, { Publish: true });
      await alias("pruned", "live", "1", { RoutingConfig: { AdditionalVersionWeights: { "2": 0.5 } } });
      await alias("pruned", "old", "1");
      const remove = (Qualifier?: string) =>
        lambda.send(new DeleteFunctionCommand({ FunctionName: "pruned", Qualifier }));
      const used = (names: string) => [
        "ResourceConflictException",
        409,
        `Unable to delete version because the following aliases reference it: [${names}]`,
      ];
      assert.deepEqual(await refusal(remove("1")), used("live, old"));
      assert.deepEqual(await refusal(remove("2")), used("live"));
      assert.equal((await remove("3")).$metadata.httpStatusCode, 204);
      assert.equal((await remove("3")).$metadata.httpStatusCode, 204);
      assert.deepEqual(await refusal(remove("live")), invalid("Deletion of aliases is not currently supported."));
      assert.deepEqual(
        await refusal(remove("$LATEST")),
        invalid("$LATEST version cannot be deleted without deleting the function."),
      );
      assert.deepEqual(await versionsOf("pruned"), ["$LATEST", "1", "2"]);
      assert.deepEqual(await refusal(invoke("pruned", "3")), notFound("pruned:3"));
      assert.equal((await publish("pruned")).Version, "4");
      await remove();
      assert.deepEqual(await refusal(invoke("pruned", "live")), notFound("pruned:live"));
      await lambda.send(functionOf("pruned", who("anew")));
      assert.deepEqual(await versionsOf("pruned"), ["$LATEST"]);
      assert.deepEqual(await refusal(invoke("pruned", "1")), notFound("pruned:1"));
      assert.equal((await publish("pruned")).Version, "5");
    });
  });

  describe("an alias", () => {
    before(async () => {
      await lambda.send(functionOf("aliased", who("one"), { Publish: true }));
      await update("aliased", "two", { Publish: true });
    });

    it("names a version, and can be moved", async () => {
      const created = await alias("aliased", "live", "1");
      const { $metadata, RevisionId, ...rest } = created;
      assert.equal($metadata.httpStatusCode, 201);
      assert.deepEqual(rest, { AliasArn: arn("aliased:live"), Name: "live", FunctionVersion: "1", Description: "" });
      assert.deepEqual(await refusal(alias("aliased", "live", "1")), [
        "ResourceConflictException",
        409,
        `Alias already exists: ${arn("aliased:live")}`,
      ]);
      const one = await invoke("aliased", "live");
      assert.deepEqual([one.what, one.version, one.arn, one.executed], ["one", "1", arn("aliased:live"), "1"]);
      const input = { FunctionName: "aliased", Name: "live" };
      const moved = await lambda.send(
        new UpdateAliasCommand({ ...input, FunctionVersion: "2", RevisionId, Description: "said" }),
      );
      assert.notEqual(moved.RevisionId, RevisionId);
      assert.equal((await invoke(arn("aliased:live"))).what, "two");
      const stale = new UpdateAliasCommand({ ...input, FunctionVersion: "1", RevisionId });
      assert.deepEqual((await refusal(lambda.send(stale))).slice(0, 2), ["PreconditionFailedException", 412]);
      const { $metadata: _, ...got } = await lambda.send(new GetAliasCommand(input));
      const { $metadata: __, ...updated } = moved;
      assert.deepEqual(got, updated);
      assert.equal(got.Description, "said");
      const configuration = await lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName: "aliased", Qualifier: "live" }),
      );
      assert.deepEqual([configuration.Version, configuration.FunctionArn], ["2", arn("aliased:live")]);
    });

    it("of $LATEST follows it", async () => {
      await alias("aliased", "next", "$LATEST");
      assert.deepEqual((await invoke("aliased", "next")).version, "$LATEST");
      const got = await lambda.send(new GetFunctionCommand({ FunctionName: "aliased:next" }));
      assert.equal(got.Configuration?.Version, "$LATEST");
    });

    it("shares invocations between two versions by its weight, each anew", async () => {
      const RoutingConfig = { AdditionalVersionWeights: { "2": 0.25 } };
      const created = await alias("aliased", "canary", "1", { RoutingConfig });
      assert.deepEqual(created.RoutingConfig, RoutingConfig);
      const counts: Record<string, number> = {};
      for (let n = 0; n < 400; n++) {
        const { version, executed, arn: invoked } = await invoke("aliased", "canary");
        assert.deepEqual([executed, invoked], [version, arn("aliased:canary")]);
        counts[version] = (counts[version] ?? 0) + 1;
      }
      // 100 are expected; six standard deviations are 52.
      assert.ok(counts["2"]! > 48 && counts["2"]! < 152, JSON.stringify(counts));
      const whole = { FunctionName: "aliased", Name: "canary" };
      const all = { AdditionalVersionWeights: { "2": 1 } };
      await lambda.send(new UpdateAliasCommand({ ...whole, RoutingConfig: all }));
      for (let n = 0; n < 10; n++) assert.equal((await invoke("aliased", "canary")).version, "2");
      const none = await lambda.send(
        new UpdateAliasCommand({ ...whole, RoutingConfig: { AdditionalVersionWeights: {} } }),
      );
      assert.equal(none.RoutingConfig, undefined);
      for (let n = 0; n < 10; n++) assert.equal((await invoke("aliased", "canary")).version, "1");
    });

    it("can't be what AWS refuses", async () => {
      const weights = (AdditionalVersionWeights: Record<string, number>) => ({
        RoutingConfig: { AdditionalVersionWeights },
      });
      assert.deepEqual(await refusal(alias("aliased", "x", "77")), notFound("aliased:77"));
      assert.deepEqual(await refusal(alias("aliased", "x", "1", weights({ "77": 0.1 }))), notFound("aliased:77"));
      assert.deepEqual(await refusal(alias("missing", "x", "1")), notFound("missing"));
      assert.deepEqual(
        await refusal(alias("aliased", "x", "1", weights({ "1": 0.5 }))),
        invalid("Invalid function version 1. Function version 1 is already included in routing configuration."),
      );
      assert.deepEqual(
        await refusal(alias("aliased", "x", "$LATEST", weights({ "1": 0.5 }))),
        invalid("$LATEST is not supported for an alias pointing to more than 1 version"),
      );
      assert.deepEqual(
        await refusal(alias("aliased", "x", "1", weights({ "1": 0.2, "2": 0.3 }))),
        invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"),
      );
      for (const [Name, more, path] of [
        ["1", {}, "name"],
        ["a.b", {}, "name"],
        ["x", weights({ "2": 1.5 }), "routingConfig.additionalVersionWeights"],
        ["x", weights({ "2": -0.5 }), "routingConfig.additionalVersionWeights"],
        ["x", weights({ live: 0.5 }), "routingConfig.additionalVersionWeights"],
      ] as const) {
        const [name, status, message] = await refusal(alias("aliased", Name, "1", more));
        assert.deepEqual([name, status], ["ValidationException", 400], message);
        assert.ok(message.includes(`'${path}`), message);
      }
      const missing = ["ResourceNotFoundException", 404, `Cannot find alias arn: ${arn("aliased:nobody")}`];
      const nobody = { FunctionName: "aliased", Name: "nobody" };
      assert.deepEqual(await refusal(lambda.send(new GetAliasCommand(nobody))), missing);
      assert.deepEqual(await refusal(lambda.send(new UpdateAliasCommand({ ...nobody, Description: "x" }))), missing);
    });

    it("is listed, by pages, by version, and deleted, twice", async () => {
      await lambda.send(functionOf("listed", who("one"), { Publish: true }));
      await update("listed", "two", { Publish: true });
      for (const [name, version] of [
        ["c", "1"],
        ["a", "2"],
        ["b", "1"],
      ] as const) {
        await alias("listed", name, version);
      }
      const names: (string | undefined)[] = [];
      for await (const page of paginateListAliases({ client: lambda, pageSize: 2 }, { FunctionName: "listed" })) {
        assert.ok((page.Aliases ?? []).length <= 2);
        names.push(...(page.Aliases ?? []).map(({ Name }) => Name));
      }
      assert.deepEqual(names, ["a", "b", "c"]);
      const ofOne = await lambda.send(new ListAliasesCommand({ FunctionName: "listed", FunctionVersion: "1" }));
      assert.deepEqual(
        ofOne.Aliases?.map(({ Name }) => Name),
        ["b", "c"],
      );
      for (let n = 0; n < 2; n++) {
        const gone = await lambda.send(new DeleteAliasCommand({ FunctionName: "listed", Name: "b" }));
        assert.equal(gone.$metadata.httpStatusCode, 204);
      }
      assert.deepEqual(await refusal(invoke("listed", "b")), notFound("listed:b"));
      assert.deepEqual(
        await refusal(lambda.send(new ListAliasesCommand({ FunctionName: "missing" }))),
        notFound("missing"),
      );
    });

    it("runs streamed and asynchronous invocations, too, and says which version a dry run would run", async () => {
      const named = { FunctionName: "aliased", Qualifier: "live" };
      const streamed = await lambda.send(new InvokeWithResponseStreamCommand(named));
      assert.equal(streamed.ExecutedVersion, "2");
      let answer = "";
      for await (const { PayloadChunk } of streamed.EventStream ?? []) answer += text(PayloadChunk?.Payload);
      assert.deepEqual([JSON.parse(answer).version, JSON.parse(answer).arn], ["2", arn("aliased:live")]);
      const dry = await lambda.send(new InvokeCommand({ ...named, InvocationType: "DryRun" }));
      assert.deepEqual([dry.StatusCode, dry.ExecutedVersion], [204, "2"]);
      await lambda.send(new InvokeCommand({ ...named, InvocationType: "Event", Payload: '{"mark":" as an event"}' }));
      await until(() => portico.output().includes("ran as 2 as an event"), { what: "the event has run" });
    });

    it("has no provisioned concurrency", async () => {
      const named = { FunctionName: "aliased", Qualifier: "live" };
      assert.deepEqual(await refusal(lambda.send(new GetProvisionedConcurrencyConfigCommand(named))), [
        "ProvisionedConcurrencyConfigNotFoundException",
        404,
        "No Provisioned Concurrency Config found for this function",
      ]);
      const none = await lambda.send(new ListProvisionedConcurrencyConfigsCommand({ FunctionName: "aliased" }));
      assert.deepEqual(none.ProvisionedConcurrencyConfigs, []);
    });
  });

  describe("permissions", () => {
    const permission = (Qualifier?: string): AddPermissionCommandInput => ({
      FunctionName: "guarded",
      ...(Qualifier === undefined ? {} : { Qualifier }),
      StatementId: "gateway",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
      SourceArn: "arn:aws:execute-api:us-east-1:000000000000:*/*",
    });
    const allow = (Qualifier?: string) => lambda.send(new AddPermissionCommand(permission(Qualifier)));
    const revoke = (Qualifier?: string) =>
      lambda.send(new RemovePermissionCommand({ FunctionName: "guarded", Qualifier, StatementId: "gateway" }));
    const policyOf = async (Qualifier?: string): Promise<{ readonly Resource: string }[]> =>
      JSON.parse((await lambda.send(new GetPolicyCommand({ FunctionName: "guarded", Qualifier }))).Policy ?? "")
        .Statement;
    const gateway = portico.client(APIGatewayClient, once);
    let restApiId: string | undefined;
    /** What the stage, whose variable is the alias, answers. */
    const call = async (stage: string): Promise<{ status: number; hint: string; answer: Partial<Answer> }> => {
      const response = await fetch(`${portico.url}/_aws/execute-api/${restApiId}/${stage}/`);
      const hint = response.headers.get("x-portico-hint") ?? "";
      return { status: response.status, hint, answer: (await response.json()) as Answer };
    };

    before(async () => {
      await lambda.send(functionOf("guarded", who("one"), { Publish: true }));
      await update("guarded", "two", { Publish: true });
      await update("guarded", "three");
      await alias("guarded", "prod", "1");
      await alias("guarded", "beta", "2");
      ({ id: restApiId } = await gateway.send(new CreateRestApiCommand({ name: "guarded" })));
      const { items } = await gateway.send(new GetResourcesCommand({ restApiId }));
      const method = { restApiId, resourceId: items?.[0]?.id, httpMethod: "GET" };
      await gateway.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
      const qualified = `${arn("guarded")}:\${stageVariables.alias}`;
      const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${qualified}/invocations`;
      await gateway.send(
        new PutIntegrationCommand({ ...method, type: "AWS_PROXY", integrationHttpMethod: "POST", uri }),
      );
      const { id: deploymentId } = await gateway.send(new CreateDeploymentCommand({ restApiId }));
      for (const [stageName, value] of Object.entries({
        prod: "prod",
        beta: "beta",
        one: "1",
        none: "nobody",
        v9: "9",
      })) {
        const variables = { alias: value };
        await gateway.send(new CreateStageCommand({ restApiId, stageName, deploymentId, variables }));
      }
    });

    it("count for the qualifier that they were added for, and for no other", async () => {
      await allow();
      for (const stage of ["prod", "beta", "one"]) {
        const { status, hint } = await call(stage);
        assert.equal(status, 500, stage);
        assert.match(hint, /Invalid permissions on Lambda function\. A version or alias has a policy of its own\./);
        assert.match(hint, new RegExp(`--function-name ${arn(`guarded:${stage === "one" ? "1" : stage}`)} `));
      }
      await allow("prod");
      assert.deepEqual(
        (await policyOf("prod")).map(({ Resource }) => Resource),
        [arn("guarded:prod")],
      );
      const { status, answer } = await call("prod");
      assert.deepEqual([status, answer.version, answer.arn], [200, "1", arn("guarded:prod")]);
      assert.equal((await call("beta")).status, 500);
      // The alias's version is another qualifier.
      assert.equal((await call("one")).status, 500);
      await allow("1");
      assert.deepEqual((await call("one")).answer.arn, arn("guarded:1"));
      await revoke();
      assert.deepEqual((await refusal(policyOf() as Promise<unknown>)).slice(0, 2), ["ResourceNotFoundException", 404]);
      assert.equal((await call("prod")).status, 200);
      await revoke("prod");
      assert.equal((await call("prod")).status, 500);
      await allow("prod");
    });

    it("can't be added for $LATEST, nor for what is not there", async () => {
      assert.deepEqual(
        await refusal(allow("$LATEST")),
        invalid("We currently do not support adding policies for $LATEST."),
      );
      assert.deepEqual(await refusal(allow("nobody")), notFound("guarded:nobody"));
      assert.deepEqual(await refusal(allow("9")), notFound("guarded:9"));
    });

    it("stay with an alias that is moved, and a stage variable chooses another alias at once", async () => {
      await lambda.send(new UpdateAliasCommand({ FunctionName: "guarded", Name: "prod", FunctionVersion: "2" }));
      assert.deepEqual((await call("prod")).answer.version, "2");
      await allow("beta");
      await lambda.send(new UpdateAliasCommand({ FunctionName: "guarded", Name: "beta", FunctionVersion: "$LATEST" }));
      await gateway.send(
        new UpdateStageCommand({
          restApiId,
          stageName: "prod",
          patchOperations: [{ op: "replace", path: "/variables/alias", value: "beta" }],
        }),
      );
      const { answer } = await call("prod");
      assert.deepEqual([answer.what, answer.version, answer.arn], ["three", "$LATEST", arn("guarded:beta")]);
    });

    it("count for authorizers by their aliases as well", async () => {
      const code = `exports.handler = async (event, { functionVersion }) => ({ principalId: "version " + functionVersion,
        policyDocument: { Version: "2012-10-17", Statement: { Action: "*", Effect: "Allow", Resource: "*" } } });`;
      await lambda.send(functionOf("auth", code, { Publish: true }));
      await alias("auth", "live", "1");
      const { id: authorizerId } = await gateway.send(
        new CreateAuthorizerCommand({
          restApiId,
          name: "auth",
          type: "TOKEN",
          identitySource: "method.request.header.Authorization",
          authorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn("auth")}:\${stageVariables.alias}/invocations`,
        }),
      );
      const ask = async (
        value: string,
      ): Promise<{ status: number | undefined; principal: string | undefined; log: string }> => {
        const {
          clientStatus,
          principalId,
          log = "",
        } = await gateway.send(
          new TestInvokeAuthorizerCommand({
            restApiId,
            authorizerId,
            headers: { Authorization: "x" },
            stageVariables: { alias: value },
          }),
        );
        return { status: clientStatus, principal: principalId, log };
      };
      await lambda.send(new AddPermissionCommand({ ...permission(), FunctionName: "auth" }));
      assert.equal((await ask("live")).status, 500);
      await lambda.send(new AddPermissionCommand({ ...permission("live"), FunctionName: "auth" }));
      const { status, principal } = await ask("live");
      assert.deepEqual([status, principal], [0, "version 1"]);
      assert.equal((await ask("nobody")).status, 500);
    });

    it("an alias or version that is not there is named in the hint and in the status", async () => {
      const { status, hint } = await call("none");
      assert.equal(status, 500);
      assert.match(hint, /the function guarded has no alias nobody: .*aws lambda create-alias --function-name guarded/);
      assert.match((await call("v9")).hint, /the function guarded has no version 9/);
      const { stages } = (await (await fetch(`${portico.url}/_portico/status`)).json()) as {
        readonly stages: readonly {
          readonly stageName: string;
          readonly failingRoutes: readonly { readonly route: string; readonly reason: string }[];
        }[];
      };
      const reasons = Object.fromEntries(stages.map((stage) => [stage.stageName, stage.failingRoutes]));
      assert.match(reasons["none"]?.[0]?.reason ?? "", /the function guarded has no alias nobody/);
      assert.match(reasons["v9"]?.[0]?.reason ?? "", /the function guarded has no version 9/);
      assert.deepEqual([reasons["one"], reasons["beta"]], [[], []]);
      await alias("guarded", "nobody", "2");
      assert.match((await call("none")).hint, /Invalid permissions/);
      await allow("nobody");
      assert.equal((await call("none")).status, 200);
      await lambda.send(new DeleteAliasCommand({ FunctionName: "guarded", Name: "nobody" }));
      assert.match((await call("none")).hint, /has no alias nobody/);
      // Its policy went with it.
      await alias("guarded", "nobody", "2");
      assert.match((await call("none")).hint, /Invalid permissions/);
    });
  });
});

it("versions, aliases and their policies survive kill -9", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "portico-data-"));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const first = await startPortico({ args: ["--data", data] });
  const before = makeClient(LambdaClient, first, once);
  await before.send(functionOf("kept", who("one"), { Publish: true }));
  await before.send(new UpdateFunctionCodeCommand({ FunctionName: "kept", ZipFile: who("two") }));
  await before.send(new CreateAliasCommand({ FunctionName: "kept", Name: "live", FunctionVersion: "1" }));
  await before.send(
    new AddPermissionCommand({
      FunctionName: "kept:live",
      StatementId: "s",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
    }),
  );
  await first.kill();
  before.destroy();
  const second = await startPortico({ args: ["--data", data] });
  t.after(() => second.stop());
  const after = makeClient(LambdaClient, second, once);
  t.after(() => after.destroy());
  const answer = await after.send(new InvokeCommand({ FunctionName: "kept", Qualifier: "live" }));
  assert.deepEqual([answer.ExecutedVersion, JSON.parse(text(answer.Payload)).what], ["1", "one"]);
  const { Policy } = await after.send(new GetPolicyCommand({ FunctionName: "kept", Qualifier: "live" }));
  assert.match(Policy ?? "", /"Resource":"arn:aws:lambda:us-east-1:000000000000:function:kept:live"/);
  assert.equal((await after.send(new PublishVersionCommand({ FunctionName: "kept" }))).Version, "2");
});
