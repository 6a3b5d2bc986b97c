import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startPortico } from "../../portico.ts";
import { clientEnvironment, run, tool } from "../../tool.ts";

const aws = tool("aws", ["--version"], true);
const github = join(
  import.meta.dirname,
  "../../../.ci/tools/node_modules/@octokit/openapi/generated/api.github.com.json",
);

let portico: Awaited<ReturnType<typeof startPortico>>;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "portico-cli-"));
  portico = await startPortico({
    env: { PORTICO_MANAGEMENT_PAYLOAD_MAX: "33554432", PORTICO_LIMIT: "resourcesPerApi=5000" },
  });
});
after(async () => {
  await portico.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `aws apigateway …` and parses what it prints. */
async function cli(...args: string[]): Promise<Record<string, never>> {
  const ran = await run("aws", ["apigateway", ...args, "--output", "json"], { env: clientEnvironment(portico.url) });
  assert.equal(ran.status, 0, `aws apigateway ${args.join(" ")}\n${ran.stderr}`);
  return ran.stdout.trim() ? JSON.parse(ran.stdout) : {};
}

/** The same for a call that AWS refuses; answers what the CLI says. */
async function refused(...args: string[]): Promise<string> {
  const ran = await run("aws", ["apigateway", ...args], { env: clientEnvironment(portico.url) });
  assert.notEqual(ran.status, 0, `aws apigateway ${args.join(" ")} was expected to fail`);
  return ran.stderr;
}

test("the long way round: resource by resource, and a stage back to its old deployment", aws, async () => {
  const { id, rootResourceId } = await cli("create-rest-api", "--name", "long way");
  const { id: pets } = await cli(
    "create-resource",
    "--rest-api-id",
    id!,
    "--parent-id",
    rootResourceId!,
    "--path-part",
    "pets",
  );
  const method = ["--rest-api-id", id!, "--resource-id", pets!, "--http-method", "GET"];
  await cli("put-method", ...method, "--authorization-type", "NONE");
  await cli("put-method-response", ...method, "--status-code", "200");
  const mock = (body: string) =>
    Promise.resolve()
      .then(() =>
        cli(
          "put-integration",
          ...method,
          "--type",
          "MOCK",
          "--request-templates",
          '{"application/json":"{\\"statusCode\\": 200}"}',
        ),
      )
      .then(() =>
        cli(
          "put-integration-response",
          ...method,
          "--status-code",
          "200",
          "--response-templates",
          JSON.stringify({ "application/json": body }),
        ),
      );
  await mock('{"version": 1}');
  const url = `${portico.url}/_aws/execute-api/${id}/prod/pets`;

  const { id: first } = await cli("create-deployment", "--rest-api-id", id!, "--stage-name", "prod");
  assert.deepEqual(await (await fetch(url)).json(), { version: 1 });

  await cli("delete-integration-response", ...method, "--status-code", "200");
  await mock('{"version": 2}');
  assert.deepEqual(
    await (await fetch(url)).json(),
    { version: 1 },
    "an edit must not be visible before it is deployed",
  );
  const tested = await cli("test-invoke-method", ...method, "--path-with-query-string", "/pets?x=1");
  assert.deepEqual([tested["status"], tested["body"]], [200, '{"version": 2}']);
  assert.match(String(tested["log"]), /HTTP Method: GET, Resource Path: \/pets\n.*query string: \{x=1\}/s);

  const { id: second } = await cli("create-deployment", "--rest-api-id", id!, "--stage-name", "prod");
  assert.deepEqual(await (await fetch(url)).json(), { version: 2 });

  const stage = await cli(
    "update-stage",
    "--rest-api-id",
    id!,
    "--stage-name",
    "prod",
    "--patch-operations",
    `op=replace,path=/deploymentId,value=${first}`,
  );
  assert.equal(stage["deploymentId"], first);
  assert.deepEqual(await (await fetch(url)).json(), { version: 1 });

  const inUse = await refused("delete-deployment", "--rest-api-id", id!, "--deployment-id", first!);
  assert.match(inUse, /BadRequestException.*Active stages pointing to this deployment must be moved or deleted/);
  await cli("delete-deployment", "--rest-api-id", id!, "--deployment-id", second!);

  const missing = await fetch(`${portico.url}/_aws/execute-api/${id}/prod/nothing`);
  assert.equal(missing.status, 403);
  assert.deepEqual(await missing.json(), { message: "Missing Authentication Token" });

  await cli("delete-rest-api", "--rest-api-id", id!);
  const gone = await refused("get-rest-api", "--rest-api-id", id!);
  assert.match(gone, /NotFoundException.*Invalid API identifier specified 000000000000:/);
});

test("an HTTP_PROXY integration reaches its backend with path and query", aws, async () => {
  const backend = createServer((request, response) => {
    response.setHeader("content-type", "text/plain");
    response.end(`${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  try {
    const port = (backend.address() as AddressInfo).port;
    const { id, rootResourceId } = await cli("create-rest-api", "--name", "proxy");
    const { id: resource } = await cli(
      "create-resource",
      "--rest-api-id",
      id!,
      "--parent-id",
      rootResourceId!,
      "--path-part",
      "{proxy+}",
    );
    const method = ["--rest-api-id", id!, "--resource-id", resource!, "--http-method", "ANY"];
    await cli(
      "put-method",
      ...method,
      "--authorization-type",
      "NONE",
      "--request-parameters",
      "method.request.path.proxy=true",
    );
    await cli(
      "put-integration",
      ...method,
      "--type",
      "HTTP_PROXY",
      "--integration-http-method",
      "ANY",
      "--uri",
      `http://127.0.0.1:${port}/base/{proxy}`,
      "--request-parameters",
      "integration.request.path.proxy=method.request.path.proxy",
    );
    await cli("create-deployment", "--rest-api-id", id!, "--stage-name", "v1");
    const answer = await fetch(`${portico.url}/restapis/${id}/v1/_user_request_/a/b?x=1&x=2&y=%20`, { method: "POST" });
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), "POST /base/a/b?x=1&x=2&y=%20");
  } finally {
    backend.close();
  }
});

const githubSkip = aws.skip || (existsSync(github) ? false : "GitHub's API description is installed by .ci/run only");
test("a real-world document with hundreds of operations is imported, deployed and served", {
  skip: githubSkip,
}, async () => {
  const { document, operations } = acceptableToAws(readFileSync(github, "utf8"));
  assert.ok(operations > 500, `only ${operations} operations`);
  const file = join(folder, "github.json");
  writeFileSync(file, JSON.stringify(document));

  // Each description is a documentation part, and AWS takes 2,000.
  assert.match(await refused("import-rest-api", "--body", `fileb://${file}`), /Maximum number of Documentation Parts/);
  const api = await cli("import-rest-api", "--body", `fileb://${file}`, "--parameters", "ignore=documentation");
  assert.match(String(api["name"]), /GitHub/);
  const id = api["id"] as unknown as string;
  await cli("create-deployment", "--rest-api-id", id, "--stage-name", "prod");
  const base = `${portico.url}/_aws/execute-api/${id}/prod`;
  for (const [url, path] of [
    ["/repos/portico/portico/issues/7/comments", "/repos/{owner}/{repo}/issues/{issue_number}/comments"],
    ["/users/octocat/repos", "/users/{user_id}/repos"],
    ["/zen", "/zen"],
  ] as const) {
    const answer = await fetch(base + url);
    assert.equal(answer.status, 200, url);
    assert.deepEqual(await answer.json(), { path, verb: "get" });
  }
  const resources: Record<string, unknown> = await cli("get-resources", "--rest-api-id", id);
  assert.ok((resources["items"] as unknown[]).length > 500, "the CLI pages through all resources");
});

/**
 * GitHub's description as AWS would take it: AWS wants alphanumeric model names, one variable below a parent, and
 * an integration on every method that is deployed. Here each answers with its own path and verb.
 */
function acceptableToAws(text: string): { document: unknown; operations: number } {
  const document = JSON.parse(
    text.replaceAll(
      /#\/components\/schemas\/([\w.-]+)/g,
      (_, name: string) => `#/components/schemas/${alphanumeric(name)}`,
    ),
  ) as {
    paths: Record<string, Record<string, Record<string, unknown>>>;
    components: { schemas: Record<string, unknown> };
  };
  const { schemas } = document.components;
  document.components.schemas = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [alphanumeric(name), schema]),
  );
  let operations = 0;
  const paths: typeof document.paths = {};
  const variables = new Map<string, string>();
  /** The path with the first name that any path gave to the variable below each parent. */
  const oneVariable = (path: string): string =>
    path.split("/").reduce((parent, part) => {
      if (!part.startsWith("{")) return `${parent}/${part}`;
      if (!variables.has(parent)) variables.set(parent, part);
      return `${parent}/${variables.get(parent)}`;
    });
  for (const [path, item] of Object.entries(document.paths)) {
    for (const verb of ["get", "put", "post", "delete", "patch", "head", "options"]) {
      const operation = item[verb];
      if (!operation) continue;
      operations += 1;
      operation["x-amazon-apigateway-integration"] = {
        type: "mock",
        requestTemplates: { "application/json": '{"statusCode": 200}' },
        responses: {
          default: {
            statusCode: "200",
            responseTemplates: { "application/json": JSON.stringify({ path: oneVariable(path), verb }) },
          },
        },
      };
      // Some of the variables just got another name.
      operation["parameters"] = [];
      operation["responses"] = { "200": { description: "ok" } };
    }
    // `{base}...{head}` is no path part of AWS's.
    if (!path.includes("...")) paths[oneVariable(path)] = { ...paths[oneVariable(path)], ...item };
  }
  return { document: { ...document, paths }, operations };
}

const alphanumeric = (name: string): string => name.replaceAll(/[^a-zA-Z0-9]/g, "");
