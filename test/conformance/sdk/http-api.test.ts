// HTTP APIs, their stages and deployments under the official SDK against a started server: every operation, the errors by
// name and message, pages, updates, quick create, automatic deployments, tags.
import assert from "node:assert/strict";
import { it } from "node:test";
import {
  ApiGatewayV2Client,
  ApiGatewayV2ServiceException,
  CreateApiCommand,
  type CreateApiCommandInput,
  CreateApiMappingCommand,
  CreateDeploymentCommand,
  CreateDomainNameCommand,
  CreateRouteCommand,
  CreateStageCommand,
  DeleteAccessLogSettingsCommand,
  DeleteApiCommand,
  DeleteApiMappingCommand,
  DeleteCorsConfigurationCommand,
  DeleteDeploymentCommand,
  DeleteRouteSettingsCommand,
  DeleteStageCommand,
  GetApiCommand,
  GetApisCommand,
  GetDeploymentCommand,
  GetDeploymentsCommand,
  GetRoutesCommand,
  GetStageCommand,
  GetStagesCommand,
  GetTagsCommand,
  ResetAuthorizersCacheCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateApiCommand,
  UpdateDeploymentCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-apigatewayv2";
import { elsewhere, refusal, startForSuite, status } from "./sdk-client.ts";

const portico = startForSuite({ args: ["--threads", "1"], exitCode: 0 });
const client = portico.client(ApiGatewayV2Client, elsewhere);

/** The service refuses the call by this name, status and message. */
async function refuses(call: Promise<unknown>, name: string, code: number, message: string | RegExp): Promise<void> {
  const error = await refusal(call, ApiGatewayV2ServiceException);
  assert.deepEqual([error.name, error.$metadata.httpStatusCode], [name, code], error.message);
  if (typeof message === "string") assert.equal(error.message, message);
  else assert.match(error.message, message);
}

const noApi = (id: string) => `Invalid API identifier specified 123456789012:${id}`;

/** An HTTP API; with a target, what quick create makes. */
async function anApi(more: Partial<CreateApiCommandInput> = {}): Promise<string> {
  const made = await client.send(new CreateApiCommand({ Name: "pets", ProtocolType: "HTTP", ...more }));
  return made.ApiId!;
}
const Target = "https://example.com/pets";

it("CreateApi answers all of AWS's defaults, and an endpoint on the caller's host and port", async () => {
  const made = await client.send(new CreateApiCommand({ Name: "pets", ProtocolType: "HTTP" }));
  assert.equal(status(made), 201);
  const { $metadata: _, ApiId, CreatedDate, ...rest } = made;
  assert.match(ApiId!, /^[a-z0-9]{10}$/);
  assert(CreatedDate instanceof Date);
  assert.deepEqual(rest, {
    ApiEndpoint: `${portico.url.replace(/\/$/, "")}/_aws/execute-api/${ApiId}`,
    ApiKeySelectionExpression: "$request.header.x-api-key",
    DisableExecuteApiEndpoint: false,
    IpAddressType: "ipv4",
    Name: "pets",
    ProtocolType: "HTTP",
    RouteSelectionExpression: "$request.method $request.path",
    Tags: {},
  });
});

it("the tag _custom_id_ chooses an API's id, is not stored, and no two APIs have one id", async () => {
  const Tags = { _custom_id_: "mypets", team: "pets" };
  const made = await client.send(new CreateApiCommand({ Name: "pets", ProtocolType: "HTTP", Tags }));
  assert.deepEqual([made.ApiId, made.Tags], ["mypets", { team: "pets" }]);
  const again = client.send(new CreateApiCommand({ Name: "pets", ProtocolType: "HTTP", Tags }));
  await refuses(again, "ConflictException", 409, "An API with the identifier 'mypets' already exists");
});

it("GetApis lists APIs in the order in which they were made, in pages", async () => {
  const ids = [await anApi(), await anApi(), await anApi()];
  const listed: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new GetApisCommand({ MaxResults: "1", ...(NextToken && { NextToken }) }));
    assert.equal(page.Items!.length, 1);
    listed.push(page.Items![0]!.ApiId!);
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  assert.deepEqual(listed.slice(-3), ids);
  await refuses(client.send(new GetApisCommand({ MaxResults: "x" })), "BadRequestException", 400, /maxResults/);
  await refuses(client.send(new GetApisCommand({ NextToken: "x" })), "BadRequestException", 400, /nextToken/);
});

it("UpdateApi changes what it is given, and an empty text removes", async () => {
  const ApiId = await anApi({ Description: "one", Version: "1" });
  const changed = await client.send(new UpdateApiCommand({ ApiId, Name: "dogs", Description: "" }));
  assert.deepEqual([changed.Name, changed.Description, changed.Version], ["dogs", undefined, "1"]);
  const { Name, Description, Version } = await client.send(new GetApiCommand({ ApiId }));
  assert.deepEqual([Name, Description, Version], ["dogs", undefined, "1"]);
});

it("UpdateApi replaces the whole CORS configuration, and DeleteCorsConfiguration removes it", async () => {
  const ApiId = await anApi({ CorsConfiguration: { AllowOrigins: ["https://a.example"], MaxAge: 5 } });
  const cors = { AllowOrigins: ["*"], AllowMethods: ["GET"], AllowHeaders: ["Content-Type"] };
  const changed = await client.send(new UpdateApiCommand({ ApiId, CorsConfiguration: cors }));
  assert.deepEqual(changed.CorsConfiguration, { ...cors, AllowHeaders: ["content-type"] });
  assert.equal(status(await client.send(new DeleteCorsConfigurationCommand({ ApiId }))), 204);
  assert.equal((await client.send(new GetApiCommand({ ApiId }))).CorsConfiguration, undefined);
});

it("CORS with credentials for every origin is refused, and so is what can't stand in a header", async () => {
  const all = { AllowOrigins: ["*"], AllowCredentials: true };
  const words = "allow-credentials is not supported if 'allow-origin' is *";
  await refuses(anApi({ CorsConfiguration: all }), "BadRequestException", 400, words);
  const ApiId = await anApi();
  const update = client.send(new UpdateApiCommand({ ApiId, CorsConfiguration: all }));
  await refuses(update, "BadRequestException", 400, words);
  for (const CorsConfiguration of [
    { AllowOrigins: ["https://a.example\r\nx: y"] },
    { AllowOrigins: ["a.example"] },
    { AllowMethods: ["GET, POST"] },
    { AllowHeaders: ["x y"] },
    { ExposeHeaders: ["x\ny"] },
  ]) {
    await refuses(anApi({ CorsConfiguration }), "BadRequestException", 400, /^Invalid (CORS|format for origin) /);
  }
});

it("texts that are too long, and names that are none, are refused", async () => {
  const long = "x".repeat(1025);
  await refuses(anApi({ Name: "" }), "BadRequestException", 400, /^Invalid Name/);
  await refuses(anApi({ Name: "x".repeat(1_000_000) }), "BadRequestException", 400, /^Invalid Name/);
  await refuses(anApi({ Description: long }), "BadRequestException", 400, /^Invalid Description/);
  const ApiId = await anApi();
  await refuses(client.send(new UpdateApiCommand({ ApiId, Name: "" })), "BadRequestException", 400, /^Invalid Name/);
  const stage = { ApiId, StageName: "dev" };
  const described = client.send(new CreateStageCommand({ ...stage, Description: long }));
  await refuses(described, "BadRequestException", 400, /^Invalid Description/);
  const certified = client.send(new CreateStageCommand({ ...stage, ClientCertificateId: "abc" }));
  await refuses(certified, "BadRequestException", 400, "ClientCertificateId cannot be set for HTTP protocol Apis.");
});

it("an API has at most ten stages, and 50 tags", async () => {
  const ApiId = await anApi();
  for (let index = 0; index < 10; index++) {
    await client.send(new CreateStageCommand({ ApiId, StageName: `s${index}` }));
  }
  const tooMany = client.send(new CreateStageCommand({ ApiId, StageName: "more" }));
  const words = (noun: string, of: string) =>
    `Maximum number of ${noun} for this ${of} has been reached. Please contact AWS if you need additional ${noun}.`;
  await refuses(tooMany, "ConflictException", 429, words("Stages", "API"));
  const Tags = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${index}`, ""]));
  await refuses(anApi({ Tags }), "ConflictException", 429, words("tags", "resource"));
  const ResourceArn = `arn:aws:apigateway:eu-west-1::/apis/${ApiId}`;
  const added = client.send(new TagResourceCommand({ ResourceArn, Tags }));
  await refuses(added, "ConflictException", 429, words("tags", "resource"));
});

it("the managed route's key is changed with its API, unless another route has it", async () => {
  const ApiId = await anApi({ Target, RouteKey: "GET /pets" });
  await client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /dogs" }));
  const change = (RouteKey: string) => client.send(new UpdateApiCommand({ ApiId, RouteKey }));
  await refuses(change("GET /dogs"), "ConflictException", 409, "Route with key GET /dogs already exists for this API");
  await refuses(change("pets"), "BadRequestException", 400, /^The provided route key is not formatted properly/);
  await change("GET /cats");
  const { Items } = await client.send(new GetRoutesCommand({ ApiId }));
  assert.deepEqual(Items!.map(({ RouteKey }) => RouteKey).sort(), ["GET /cats", "GET /dogs"]);
});

it("quick create makes a stage that deploys by itself and serves, and is deleted with its API", async () => {
  const ApiId = await anApi({ Target });
  const stage = await client.send(new GetStageCommand({ ApiId, StageName: "$default" }));
  assert.deepEqual([stage.AutoDeploy, stage.ApiGatewayManaged], [true, true]);
  const { Items } = await client.send(new GetDeploymentsCommand({ ApiId }));
  assert.deepEqual(
    Items!.map(({ DeploymentId, AutoDeployed, DeploymentStatus }) => [DeploymentId, AutoDeployed, DeploymentStatus]),
    [[stage.DeploymentId, true, "DEPLOYED"]],
  );
  assert.equal(
    stage.LastDeploymentStatusMessage,
    `Successfully deployed stage with deployment ID '${stage.DeploymentId}'`,
  );
  const managed = client.send(new DeleteStageCommand({ ApiId, StageName: "$default" }));
  await refuses(managed, "BadRequestException", 400, /managed by API Gateway/);
  assert.equal(status(await client.send(new DeleteApiCommand({ ApiId }))), 204);
  const gone = client.send(new GetStageCommand({ ApiId, StageName: "$default" }));
  await refuses(gone, "NotFoundException", 404, noApi(ApiId));
});

it("a target is changed with its API, only where quick create made one, and what is changed is deployed", async () => {
  const ApiId = await anApi({ Target });
  const deploymentOf = async () =>
    (await client.send(new GetStageCommand({ ApiId, StageName: "$default" }))).DeploymentId;
  const before = await deploymentOf();
  await client.send(new UpdateApiCommand({ ApiId, Target: "https://example.com/dogs" }));
  assert.notEqual(await deploymentOf(), before);
  await refuses(
    client.send(new UpdateApiCommand({ ApiId, Target: "ftp://example.com" })),
    "BadRequestException",
    400,
    "Invalid HTTP endpoint specified for URI",
  );
  const plain = client.send(new UpdateApiCommand({ ApiId: await anApi(), Target }));
  await refuses(plain, "BadRequestException", 400, /quick create/);
  await refuses(anApi({ RouteKey: "GET /pets" }), "BadRequestException", 400, /together with Target/);
});

it("a role of another account is refused", async () => {
  const CredentialsArn = "arn:aws:iam::999999999999:role/any";
  const words = "Cross-account pass role is not allowed.";
  await refuses(anApi({ Target, CredentialsArn }), "AccessDeniedException", 403, words);
  const ApiId = await anApi({ Target });
  const update = client.send(new UpdateApiCommand({ ApiId, CredentialsArn }));
  await refuses(update, "AccessDeniedException", 403, words);
});

it("every change of an API is deployed to its automatic stages by one deployment, and supersedes the one before", async () => {
  const ApiId = await anApi({ Target });
  await client.send(new CreateStageCommand({ ApiId, StageName: "dev", AutoDeploy: true }));
  await client.send(new UpdateApiCommand({ ApiId, CorsConfiguration: { AllowOrigins: ["*"] } }));
  await client.send(new UpdateApiCommand({ ApiId, Description: "again" }));
  const { Items: stages } = await client.send(new GetStagesCommand({ ApiId }));
  const { Items: deployments } = await client.send(new GetDeploymentsCommand({ ApiId }));
  assert.deepEqual(
    deployments!.map(({ DeploymentId, Description }) => [DeploymentId, Description]),
    [[stages![0]!.DeploymentId, "Automatic deployment triggered by changes to the Api configuration"]],
  );
  assert.equal(stages![1]!.DeploymentId, stages![0]!.DeploymentId);
});

it("an automatic deployment that another stage has stays when it is superseded", async () => {
  const ApiId = await anApi({ Target });
  const { DeploymentId } = await client.send(new GetStageCommand({ ApiId, StageName: "$default" }));
  await client.send(new CreateStageCommand({ ApiId, StageName: "pinned", DeploymentId: DeploymentId! }));
  await client.send(new UpdateApiCommand({ ApiId, Description: "again" }));
  const pinned = await client.send(new GetStageCommand({ ApiId, StageName: "pinned" }));
  assert.equal(pinned.DeploymentId, DeploymentId);
  assert.equal(status(await client.send(new GetDeploymentCommand({ ApiId, DeploymentId: DeploymentId! }))), 200);
});

it("CreateStage answers all of AWS's defaults", async () => {
  const ApiId = await anApi();
  const made = await client.send(new CreateStageCommand({ ApiId, StageName: "dev" }));
  assert.equal(status(made), 201);
  const { $metadata: _, CreatedDate, LastUpdatedDate, ...rest } = made;
  assert(CreatedDate instanceof Date && LastUpdatedDate instanceof Date);
  assert.deepEqual(rest, {
    AutoDeploy: false,
    DefaultRouteSettings: { DetailedMetricsEnabled: false },
    RouteSettings: {},
    StageName: "dev",
    StageVariables: {},
    Tags: {},
  });
  const again = client.send(new CreateStageCommand({ ApiId, StageName: "dev" }));
  await refuses(again, "ConflictException", 409, "Stage already exists");
  const bad = client.send(new CreateStageCommand({ ApiId, StageName: "$other" }));
  await refuses(bad, "BadRequestException", 400, "Stage name only allows a-zA-Z0-9_");
});

it("UpdateStage merges variables and route settings by their keys, and an empty text removes a variable", async () => {
  const ApiId = await anApi({ Target });
  const stage = { ApiId, StageName: "dev" };
  await client.send(new CreateStageCommand({ ...stage, StageVariables: { a: "1", b: "2" }, Description: "one" }));
  const changed = await client.send(
    new UpdateStageCommand({
      ...stage,
      Description: "",
      StageVariables: { a: "", c: "3" },
      RouteSettings: { $default: { ThrottlingBurstLimit: 5, ThrottlingRateLimit: 2.5 } },
      DefaultRouteSettings: { DetailedMetricsEnabled: true },
    }),
  );
  assert.deepEqual(changed.StageVariables, { b: "2", c: "3" });
  assert.equal(changed.Description, undefined);
  assert.deepEqual(changed.RouteSettings, {
    $default: { DetailedMetricsEnabled: false, ThrottlingBurstLimit: 5, ThrottlingRateLimit: 2.5 },
  });
  assert.deepEqual(changed.DefaultRouteSettings, { DetailedMetricsEnabled: true });
  const badValue = client.send(new UpdateStageCommand({ ...stage, StageVariables: { a: "<" } }));
  await refuses(badValue, "BadRequestException", 400, /^Invalid stage variable value/);
});

it("route settings are those that HTTP APIs have, of routes that the API has", async () => {
  const ApiId = await anApi({ Target });
  const stage = { ApiId, StageName: "$default" };
  const logging = "Execution logs are not supported on protocolType HTTP";
  for (const settings of [{ LoggingLevel: "INFO" } as const, { DataTraceEnabled: true }]) {
    const byDefault = client.send(new UpdateStageCommand({ ...stage, DefaultRouteSettings: settings }));
    await refuses(byDefault, "BadRequestException", 400, logging);
    const byRoute = client.send(new UpdateStageCommand({ ...stage, RouteSettings: { $default: settings } }));
    await refuses(byRoute, "BadRequestException", 400, logging);
  }
  const negative = client.send(new UpdateStageCommand({ ...stage, DefaultRouteSettings: { ThrottlingRateLimit: -1 } }));
  await refuses(negative, "BadRequestException", 400, /throttling rate limit/);
  const unknown = "Unable to find Route by key GET /none within the provided RouteSettings";
  const update = client.send(new UpdateStageCommand({ ...stage, RouteSettings: { "GET /none": {} } }));
  await refuses(update, "NotFoundException", 404, unknown);
  await client.send(new UpdateStageCommand({ ...stage, RouteSettings: { $default: { ThrottlingBurstLimit: 1 } } }));
  const removal = await client.send(new DeleteRouteSettingsCommand({ ...stage, RouteKey: "$default" }));
  assert.equal(status(removal), 204);
  assert.deepEqual((await client.send(new GetStageCommand(stage))).RouteSettings, {});
  const again = client.send(new DeleteRouteSettingsCommand({ ...stage, RouteKey: "GET /none" }));
  await refuses(again, "NotFoundException", 404, unknown);
});

it("access logs go to log groups, in a format that names the request, and are removed", async () => {
  const ApiId = await anApi();
  const DestinationArn = "arn:aws:logs:eu-west-1:123456789012:log-group:/http/pets";
  const Format = "$context.requestId $context.status";
  const stage = { ApiId, StageName: "dev" };
  const settings = (more: object) => ({ AccessLogSettings: { DestinationArn, Format, ...more } });
  const made = await client.send(
    new CreateStageCommand({ ...stage, ...settings({ DestinationArn: `${DestinationArn}:*` }) }),
  );
  assert.deepEqual(made.AccessLogSettings, { DestinationArn, Format });
  const firehose = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/amazon-apigateway-x";
  await refuses(
    client.send(new UpdateStageCommand({ ...stage, ...settings({ DestinationArn: firehose }) })),
    "BadRequestException",
    400,
    `Access log destination must only contain characters a-z, A-Z, 0-9, '_', '-', '/', '.': '${firehose}'`,
  );
  for (const place of ["eu-west-1:999999999999", "us-east-1:123456789012"]) {
    const foreign = settings({ DestinationArn: `arn:aws:logs:${place}:log-group:/http/pets` });
    const call = client.send(new UpdateStageCommand({ ...stage, ...foreign }));
    await refuses(call, "BadRequestException", 400, /must be a log group of the API's account and region/);
  }
  const anonymous = client.send(new UpdateStageCommand({ ...stage, ...settings({ Format: "$context.status" }) }));
  await refuses(anonymous, "BadRequestException", 400, /must contain \$context.requestId/);
  const half = client.send(new UpdateStageCommand({ ...stage, AccessLogSettings: { Format } }));
  await refuses(half, "BadRequestException", 400, /destination ARN and a format/);
  assert.equal(status(await client.send(new DeleteAccessLogSettingsCommand(stage))), 204);
  assert.equal((await client.send(new GetStageCommand(stage))).AccessLogSettings, undefined);
  await client.send(new UpdateStageCommand({ ...stage, ...settings({}) }));
  const without = await client.send(new UpdateStageCommand({ ...stage, AccessLogSettings: {} }));
  assert.equal(without.AccessLogSettings, undefined);
});

it("a stage that deploys by itself takes no deployment, until it no longer does", async () => {
  const ApiId = await anApi({ Target });
  const made = await client.send(new CreateDeploymentCommand({ ApiId, Description: "by hand" }));
  assert.deepEqual([status(made), made.AutoDeployed, made.DeploymentStatus], [201, false, "DEPLOYED"]);
  const DeploymentId = made.DeploymentId!;
  const words = `Deployment ID cannot be set on this stage 123456789012:${ApiId} because AutoDeploy is enabled.`;
  const create = { ApiId, StageName: "dev", AutoDeploy: true, DeploymentId };
  await refuses(client.send(new CreateStageCommand(create)), "BadRequestException", 400, words);
  const stage = { ApiId, StageName: "$default" };
  await refuses(client.send(new UpdateStageCommand({ ...stage, DeploymentId })), "BadRequestException", 400, words);
  await refuses(client.send(new CreateDeploymentCommand(stage)), "BadRequestException", 400, words);
  const moved = await client.send(new UpdateStageCommand({ ...stage, AutoDeploy: false, DeploymentId }));
  assert.deepEqual([moved.AutoDeploy, moved.DeploymentId], [false, DeploymentId]);
  const missing = client.send(new UpdateStageCommand({ ...stage, DeploymentId: "nothere" }));
  await refuses(missing, "BadRequestException", 400, "Deployment id does not exist");
  const back = await client.send(new UpdateStageCommand({ ...stage, AutoDeploy: true }));
  assert.notEqual(back.DeploymentId, DeploymentId);
});

it("CreateDeployment moves the stage that it names, and a deployment in use is not deleted", async () => {
  const ApiId = await anApi({ Target });
  const stage = { ApiId, StageName: "dev" };
  await client.send(new CreateStageCommand(stage));
  const { DeploymentId } = await client.send(new CreateDeploymentCommand(stage));
  const deployment = { ApiId, DeploymentId: DeploymentId! };
  assert.equal((await client.send(new GetStageCommand(stage))).DeploymentId, DeploymentId);
  const changed = await client.send(new UpdateDeploymentCommand({ ...deployment, Description: "changed" }));
  assert.equal(changed.Description, "changed");
  const inUse = "Active stages pointing to this deployment must be moved or deleted";
  await refuses(client.send(new DeleteDeploymentCommand(deployment)), "BadRequestException", 400, inUse);
  assert.equal(status(await client.send(new DeleteStageCommand(stage))), 204);
  assert.equal(status(await client.send(new DeleteDeploymentCommand(deployment))), 204);
  const gone = client.send(new GetDeploymentCommand(deployment));
  await refuses(gone, "NotFoundException", 404, "Invalid Deployment identifier specified");
  const nowhere = client.send(new CreateDeploymentCommand(stage));
  await refuses(nowhere, "NotFoundException", 404, "Invalid stage identifier specified");
});

it("an API without routes is not deployed by hand", async () => {
  const ApiId = await anApi();
  const call = client.send(new CreateDeploymentCommand({ ApiId }));
  await refuses(call, "BadRequestException", 400, "Unable to deploy API because no routes exist in this API");
});

it("ResetAuthorizersCache is answered, and shown nowhere", async () => {
  const ApiId = await anApi({ Target });
  const stage = { ApiId, StageName: "$default" };
  const before = await client.send(new GetStageCommand(stage));
  assert.equal(status(await client.send(new ResetAuthorizersCacheCommand(stage))), 204);
  const after = await client.send(new GetStageCommand(stage));
  assert.deepEqual({ ...after, $metadata: 0 }, { ...before, $metadata: 0 });
  const none = client.send(new ResetAuthorizersCacheCommand({ ApiId, StageName: "none" }));
  await refuses(none, "NotFoundException", 404, "Invalid stage identifier specified");
});

it("an API and its stage are not deleted while a domain name is mapped to them", async () => {
  const ApiId = await anApi();
  const stage = { ApiId, StageName: "dev" };
  await client.send(new CreateStageCommand(stage));
  const CertificateArn = "arn:aws:acm:eu-west-1:123456789012:certificate/1";
  const domain = { DomainName: "mapped.example.com", DomainNameConfigurations: [{ CertificateArn }] };
  await client.send(new CreateDomainNameCommand(domain));
  const mapping = { DomainName: domain.DomainName, ApiId, Stage: "dev" };
  const { ApiMappingId } = await client.send(new CreateApiMappingCommand(mapping));
  const please = (what: string) => `Please remove all API mappings for the ${what} from your custom domain names.`;
  const deletions = [
    [new DeleteApiCommand({ ApiId }), `Deleting API ${ApiId} failed. ${please("API")}`],
    [new DeleteStageCommand(stage), `Deleting stage dev failed. ${please("stage")}`],
  ] as const;
  for (const [call, words] of deletions) {
    await refuses(client.send(call as DeleteApiCommand), "BadRequestException", 400, words);
  }
  await client.send(new DeleteApiMappingCommand({ DomainName: domain.DomainName, ApiMappingId }));
  assert.equal(status(await client.send(new DeleteStageCommand(stage))), 204);
  assert.equal(status(await client.send(new DeleteApiCommand({ ApiId }))), 204);
});

it("tags of APIs and stages are set by their ARNs", async () => {
  const ApiId = await anApi({ Target, Tags: { a: "1" } });
  const arn = `arn:aws:apigateway:eu-west-1::/apis/${ApiId}`;
  for (const [ResourceArn, before] of [
    [arn, { a: "1" }],
    [`${arn}/stages/$default`, {}],
  ] as const) {
    const added = await client.send(new TagResourceCommand({ ResourceArn, Tags: { b: "2", c: "3" } }));
    assert.equal(status(added), 201);
    assert.equal(status(await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["c"] }))), 204);
    const { Tags } = await client.send(new GetTagsCommand({ ResourceArn }));
    assert.deepEqual(Tags, { ...before, b: "2" });
  }
  assert.deepEqual((await client.send(new GetApiCommand({ ApiId }))).Tags, { a: "1", b: "2" });
  const missing = client.send(new GetTagsCommand({ ResourceArn: `${arn}/stages/none` }));
  await refuses(missing, "NotFoundException", 404, "Invalid stage identifier specified");
});

it("another account's APIs are not there", async () => {
  const ApiId = await anApi({ Target });
  const stranger = portico.client(ApiGatewayV2Client, { ...elsewhere, accountId: "999999999999" });
  const words = `Invalid API identifier specified 999999999999:${ApiId}`;
  for (const call of [
    new GetApiCommand({ ApiId }),
    new UpdateApiCommand({ ApiId, Name: "mine" }),
    new DeleteApiCommand({ ApiId }),
    new GetStageCommand({ ApiId, StageName: "$default" }),
    new CreateDeploymentCommand({ ApiId }),
  ]) {
    await refuses(stranger.send(call as GetApiCommand), "NotFoundException", 404, words);
  }
});
