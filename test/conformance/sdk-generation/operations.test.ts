// GetSdk, GetSdkType and GetSdkTypes, by the official SDK, the AWS CLI and boto3.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  DeleteMethodCommand,
  GetResourcesCommand,
  GetSdkCommand,
  type GetSdkCommandOutput,
  GetSdkTypeCommand,
  GetSdkTypesCommand,
  ImportRestApiCommand,
  PutIntegrationCommand,
  PutMethodCommand,
} from "@aws-sdk/client-api-gateway";
import { strFromU8, unzipSync } from "fflate";
import { clientEnvironment, type Ran, run, tool } from "../../tool.ts";
import { makeClient, refuses } from "../sdk/sdk-client.ts";
import { serveCalculator } from "./generated-sdk.ts";

const suite = serveCalculator();

test("GetSdkTypes lists what can be generated, and with which parameters", async () => {
  const { items = [] } = await suite.client.send(new GetSdkTypesCommand({}));
  const ids = items.map(({ id }) => id);
  assert.deepEqual(ids, ["android", "java", "javascript", "objectivec", "python", "ruby", "swift", "typescript"]);
  const ruby = await suite.client.send(new GetSdkTypeCommand({ id: "ruby" }));
  assert.deepEqual([ruby.friendlyName, ruby.description], ["Ruby", "Ruby SDK generator for API Gateway APIs"]);
  assert.deepEqual(
    ruby.configurationProperties?.map(({ name, required }) => [name, required]),
    [
      ["service.name", true],
      ["ruby.gem-name", false],
      ["ruby.gem-version", false],
    ],
  );
  const page = await suite.client.send(new GetSdkTypesCommand({ limit: 2 }));
  assert.deepEqual(page.items, items.slice(0, 2));
});

test("SDK types that there are not are refused", async () => {
  const type = (id: string): Promise<unknown> => suite.client.send(new GetSdkTypeCommand({ id }));
  await refuses(type("cobol"), "NotFoundException", 404, "Invalid SDK type identifier specified");
});

const getSdk = (input: Record<string, unknown>): Promise<GetSdkCommandOutput> =>
  suite.client.send(new GetSdkCommand({ restApiId: suite.apiId, stageName: "demo", sdkType: "javascript", ...input }));

test("GetSdk answers a zip archive that is named for its type and time", async () => {
  const { body, contentDisposition, contentType } = await getSdk({});
  assert.match(contentDisposition ?? "", /^attachment; filename="javascript_\d{4}-\d\d-\d\d_\d\d-\d\dZ\.zip"$/);
  assert.equal(contentType, "application/octet-stream");
  const paths = Object.keys(unzipSync(body!));
  assert.ok(paths.every((path) => path.startsWith("apiGateway-js-sdk/")));
  assert.ok(paths.includes("apiGateway-js-sdk/apigClient.js"));
});

test("an SDK's address is the stage's by the name that its caller used", async () => {
  const { body } = await getSdk({});
  const source = strFromU8(unzipSync(body!)["apiGateway-js-sdk/apigClient.js"]!);
  assert.ok(source.includes(`invokeUrl: "${suite.url}/_aws/execute-api/${suite.apiId}/demo"`));
});

test("GetSdk refuses what is not there, and parameters that are missing or wrong", async () => {
  await refuses(getSdk({ restApiId: "none" }), "NotFoundException", 404, /^Invalid API identifier specified/);
  await refuses(getSdk({ stageName: "none" }), "NotFoundException", 404, "Invalid stage identifier specified");
  await refuses(getSdk({ sdkType: "cobol" }), "BadRequestException", 400, /^Invalid SDK type specified: cobol\. Must/);
  const java = (parameters: Record<string, string>): Promise<unknown> => getSdk({ sdkType: "java", parameters });
  const missing = (name: string): string => `Missing required parameter for SDK type java: ${name}`;
  await refuses(java({}), "BadRequestException", 400, missing("service.name"));
  await refuses(java({ "service.name": "Calc" }), "BadRequestException", 400, missing("java.package-name"));
  const good = { "service.name": "Calc", "java.package-name": "example.calc" };
  const wrong: Record<string, string> = {
    "service.name": "my-calc",
    "java.package-name": "example/../..",
    "java.build-system": "ant",
    "java.artifact-id": "../x",
    "java.artifact-version": "1\n2",
  };
  for (const [name, value] of Object.entries(wrong)) {
    const words = new RegExp(`^Invalid value for parameter ${name}: must be `);
    await refuses(java({ ...good, [name]: value }), "BadRequestException", 400, words);
  }
  // The names in AWS's reference of GetSdk.
  await java({ serviceName: "Calc", javaPackageName: "example.calc" });
});

test("an SDK has what was deployed, and no client if all methods are ANY", async () => {
  const { client } = suite;
  const { id: restApiId } = await client.send(new CreateRestApiCommand({ name: "any only" }));
  const { items } = await client.send(new GetResourcesCommand({ restApiId }));
  const resourceId = items?.[0]?.id;
  const method = { restApiId, resourceId, httpMethod: "GET" };
  await client.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  await client.send(new PutIntegrationCommand({ ...method, type: "MOCK" }));
  await client.send(new CreateDeploymentCommand({ restApiId, stageName: "demo" }));
  await client.send(new DeleteMethodCommand(method));
  const clientFile = "apiGateway-js-sdk/apigClient.js";
  const before = unzipSync((await getSdk({ restApiId })).body!);
  assert.ok(strFromU8(before[clientFile]!).includes('"rootGet"'));

  const any = { ...method, httpMethod: "ANY" };
  await client.send(new PutMethodCommand({ ...any, authorizationType: "NONE" }));
  await client.send(new PutIntegrationCommand({ ...any, type: "MOCK" }));
  await client.send(new CreateDeploymentCommand({ restApiId, stageName: "demo" }));
  assert.ok(!(clientFile in unzipSync((await getSdk({ restApiId })).body!)));
});

test("another account's API is none", async () => {
  const other = makeClient(APIGatewayClient, suite, {
    accountId: "123456789012",
    maxAttempts: 1,
  });
  try {
    const command = new GetSdkCommand({ restApiId: suite.apiId, stageName: "demo", sdkType: "javascript" });
    await refuses(other.send(command), "NotFoundException", 404, /^Invalid API identifier specified/);
  } finally {
    other.destroy();
  }
});

test("the AWS CLI writes an SDK to a file", tool("aws", ["--version"], true), async () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-get-sdk-"));
  try {
    const file = join(folder, "sdk.zip");
    const parameters = "service.name=myApiRubySdk,ruby.gem-name=myApi,ruby.gem-version=0.01";
    const ids = ["--rest-api-id", suite.apiId, "--stage-name", "demo", "--sdk-type", "ruby"];
    const ran = await run("aws", ["apigateway", "get-sdk", ...ids, "--parameters", parameters, file], {
      env: clientEnvironment(suite.url),
    });
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(JSON.parse(ran.stdout).contentType, "application/octet-stream");
    assert.ok("myApi/myApi.gemspec" in unzipSync(readFileSync(file)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("boto3 reads an SDK's bytes", tool("python3", ["-c", "import boto3"], true), async () => {
  const script = `
import boto3, io, sys, zipfile
sdk = boto3.client("apigateway").get_sdk(restApiId=sys.argv[1], stageName="demo", sdkType="python")
print("\\n".join(zipfile.ZipFile(io.BytesIO(sdk["body"].read())).namelist()))`;
  const ran = await run("python3", ["-c", script, suite.apiId], { env: clientEnvironment(suite.url) });
  assert.equal(ran.status, 0, ran.stderr);
  assert.ok(ran.stdout.split("\n").includes("simple-calc-sdk/simple_calc_sdk/client.py"), ran.stdout);
});

test("portico sdk writes an SDK's folder, or its archive", async () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-sdk-command-"));
  const portico = join(import.meta.dirname, "..", "..", "..", "bin", "portico.js");
  const sdk = (...args: string[]): Promise<Ran> =>
    run(process.execPath, [portico, "sdk", "Simple Calc", "--endpoint", suite.url, ...args], { cwd: folder });
  try {
    const python = await sdk("--language", "python", "--out", "clients");
    assert.deepEqual([python.status, python.stdout], [0, "clients/simple-calc-sdk (8 files)\n"], python.stderr);
    assert.match(readFileSync(join(folder, "clients/simple-calc-sdk/README.md"), "utf8"), /SimpleCalcClient/);
    const onFile = await sdk("--language", "python", "--out", "clients/simple-calc-sdk/README.md");
    assert.equal(onFile.status, 1);
    assert.match(onFile.stderr, /can't be written[\s\S]*Name another folder/);
    const java = await sdk("--language", "java", "--stage", "demo", "--out", "java.zip", "--set", "service.name=Sums");
    assert.deepEqual([java.status, java.stdout], [0, "java.zip\n"], java.stderr);
    const paths = Object.keys(unzipSync(readFileSync(join(folder, "java.zip"))));
    assert.ok(paths.includes("generated-code/src/main/java/sdk/simplecalcapi/Sums.java"), paths.join());
    for (const [args, words, code] of [
      [[], /An SDK of which language\?/, 2],
      [["--language", "ruby", "--set", "x"], /It has to be a name and a value/, 2],
      [["--language", "ruby", "--set", "service.name=a-b"], /Invalid value for parameter service\.name/, 1],
      [["--language", "ruby", "--stage", "none"], /Simple Calc has no stage none\.[\s\S]*It has demo\./, 1],
    ] as const) {
      const { status, stderr } = await sdk(...args);
      assert.equal(status, code, stderr);
      assert.match(stderr, words);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("portico sdk writes over an SDK of the same language and API, and over nothing else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-sdk-command-"));
  const portico = join(import.meta.dirname, "..", "..", "..", "bin", "portico.js");
  const sdk = (language: string, out = "clients"): Promise<Ran> => {
    // The folder that Python's has by default.
    const set = language === "ruby" ? ["--set", "ruby.gem-name=simple-calc-sdk"] : [];
    const args = ["sdk", "Simple Calc", "--endpoint", suite.url, "--language", language, "--out", out, ...set];
    return run(process.execPath, [portico, ...args], { cwd: folder });
  };
  try {
    const client = join(folder, "clients/simple-calc-sdk/simple_calc_sdk/client.py");
    assert.equal((await sdk("python")).status, 0);
    writeFileSync(client, "old");
    assert.equal((await sdk("python")).status, 0);
    assert.notEqual(readFileSync(client, "utf8"), "old");
    const other = await sdk("ruby");
    assert.equal(other.status, 1);
    assert.match(other.stderr, /clients\/simple-calc-sdk has the python SDK of Simple Calc \(/);
    assert.match(other.stderr, /ruby SDK of Simple Calc \(.*would overwrite it[\s\S]*--out clients\/ruby/);
    assert.deepEqual([(await sdk("ruby", "clients/ruby")).status, existsSync(client)], [0, true]);
    rmSync(join(folder, "clients/simple-calc-sdk/.portico-sdk.json"));
    const unmarked = await sdk("python");
    assert.equal(unmarked.status, 1);
    assert.match(unmarked.stderr, /clients\/simple-calc-sdk\/\S+ is there already/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("portico export --postman writes a collection that calls the stage", async () => {
  const integration = { type: "http_proxy", httpMethod: "GET", uri: `${suite.backend.url}/echo` };
  const parameters = [{ name: "page", in: "query", required: true, type: "string" }];
  const get = { operationId: "list", parameters, "x-amazon-apigateway-integration": integration, responses: {} };
  const document = { swagger: "2.0", info: { title: "Postman's", version: "1" }, paths: { "/pets": { get } } };
  const body = Buffer.from(JSON.stringify(document));
  const { id: restApiId } = await suite.client.send(new ImportRestApiCommand({ body }));
  await suite.client.send(new CreateDeploymentCommand({ restApiId, stageName: "demo" }));
  const portico = join(import.meta.dirname, "..", "..", "..", "bin", "portico.js");
  const args = ["export", "Postman's", "demo", "--postman", "--endpoint", suite.url];
  const ran = await run(process.execPath, [portico, ...args]);
  assert.equal(ran.status, 0, ran.stderr);
  const { item, variable } = JSON.parse(ran.stdout);
  const { name, request } = item[0];
  const answer = await fetch(request.url.raw.replace("{{baseUrl}}", variable[0].value), { method: request.method });
  const { target } = (await answer.json()) as { target: string };
  assert.deepEqual([name, answer.status, target], ["list", 200, "/echo?page="]);
});
