// A resource policy as its author works on it: with the AWS CLI, by PATCH and by import, and who gets in then.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startPortico } from "../../portico.ts";
import { clientEnvironment, run, tool } from "../../tool.ts";

const aws = tool("aws", ["--version"], true);
let portico: Awaited<ReturnType<typeof startPortico>>;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "portico-policy-"));
  portico = await startPortico({
    env: {
      PORTICO_TRUSTED_PROXIES: "127.0.0.1",
      PORTICO_VPC_ENDPOINT: "vpce-0a1b2c/vpc-0d4e5f=10.0.0.0/8,192.168.0.0/16",
    },
  });
});
after(async () => {
  await portico.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `aws apigateway …` and parses what it prints, or returns what it says of a refusal. */
async function cli(...args: string[]): Promise<Record<string, string>> {
  const ran = await run("aws", ["apigateway", ...args, "--output", "json"], { env: clientEnvironment(portico.url) });
  if (ran.status !== 0) return { refused: ran.stderr };
  return ran.stdout.trim() ? JSON.parse(ran.stdout) : {};
}

const statement = { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" };
const document = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const onlyFrom = (network: string): string =>
  document(statement, { ...statement, Effect: "Deny", Condition: { NotIpAddress: { "aws:SourceIp": network } } });

const openApi = (policy: string | undefined): string =>
  JSON.stringify({
    openapi: "3.0.1",
    info: { title: "pets", version: "1" },
    ...(policy === undefined ? {} : { "x-amazon-apigateway-policy": JSON.parse(policy) }),
    paths: {
      "/pets": {
        get: {
          responses: { 200: { description: "ok" } },
          "x-amazon-apigateway-integration": {
            type: "mock",
            requestTemplates: { "application/json": '{"statusCode":200}' },
            responses: { default: { statusCode: "200", responseTemplates: { "application/json": "pets" } } },
          },
        },
      },
    },
  });

async function imported(policy?: string, ...more: string[]): Promise<string> {
  const file = join(folder, "openapi.json");
  writeFileSync(file, openApi(policy));
  const { id, refused } = await cli("import-rest-api", "--body", `fileb://${file}`, ...more);
  assert.equal(refused, undefined);
  return id!;
}

const deploy = (id: string): Promise<Record<string, string>> =>
  cli("create-deployment", "--rest-api-id", id, "--stage-name", "prod");
const patch = (id: string, policy: string): Promise<Record<string, string>> => {
  const operation = JSON.stringify([{ op: "replace", path: "/policy", value: policy }]);
  return cli("update-rest-api", "--rest-api-id", id, "--patch-operations", operation);
};
async function call(id: string, from?: string): Promise<[number, string]> {
  const headers: Record<string, string> = from === undefined ? {} : { "X-Forwarded-For": from };
  const answer = await fetch(`${portico.url}/_aws/execute-api/${id}/prod/pets`, { headers });
  return [answer.status, await answer.text()];
}

test("a policy acts with the next deployment, as it is saved, and is shown as AWS shows it", aws, async () => {
  const id = await imported(undefined, "--parameters", "endpointConfigurationTypes=REGIONAL");
  await deploy(id);
  assert.deepEqual(await call(id, "203.0.113.7"), [200, "pets"]);
  const { policy } = await patch(id, onlyFrom("203.0.113.0/24"));
  assert.match(policy!, /^\{\\"Version\\":\\"2012-10-17\\"/);
  assert.ok(policy!.includes(`arn:aws:execute-api:us-east-1:000000000000:${id}\\/*`), policy!);
  assert.deepEqual(await call(id, "198.51.100.1"), [200, "pets"], "nothing was deployed");
  await deploy(id);
  assert.deepEqual(await call(id, "203.0.113.7"), [200, "pets"]);
  assert.deepEqual(await call(id, "203.0.113.7, 198.51.100.1"), [
    403,
    '{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: ' +
      `arn:aws:execute-api:us-east-1:********0000:${id}/prod/GET/pets with an explicit deny"}`,
  ]);
  await patch(id, "");
  assert.equal((await call(id, "198.51.100.1"))[0], 403, "nothing was deployed");
  await deploy(id);
  assert.deepEqual(await call(id, "198.51.100.1"), [200, "pets"]);
});

test("a policy that is none is refused where it is set, and nothing changes", aws, async () => {
  const id = await imported(onlyFrom("203.0.113.0/24"));
  await deploy(id);
  const wrong = [
    "{",
    document({ ...statement, Conditon: {} }),
    document({ ...statement, Condition: { IpAdress: { "aws:SourceIp": "10.0.0.0/8" } } }),
    document({ ...statement, Principal: { AWS: "someone" } }),
    document(statement).replace('"Effect":"Allow"', '"Effect":"Deny","Effect":"Allow"'),
  ];
  for (const policy of wrong) {
    const { refused } = await patch(id, policy);
    assert.match(
      String(refused),
      /BadRequestException.*Invalid policy document\. Please check the policy syntax/s,
      policy,
    );
  }
  await deploy(id);
  assert.deepEqual([(await call(id, "203.0.113.7"))[0], (await call(id, "198.51.100.1"))[0]], [200, 403]);
});

test("put-rest-api takes a document's policy, and one that is left out is gone", aws, async () => {
  const id = await imported(onlyFrom("203.0.113.0/24"));
  const put = async (policy: string | undefined): Promise<Record<string, string>> => {
    const file = join(folder, "put.json");
    writeFileSync(file, openApi(policy));
    return cli("put-rest-api", "--rest-api-id", id, "--mode", "overwrite", "--body", `fileb://${file}`);
  };
  await put(onlyFrom("198.51.100.0/24"));
  await deploy(id);
  assert.deepEqual([(await call(id, "203.0.113.7"))[0], (await call(id, "198.51.100.1"))[0]], [403, 200]);
  assert.match(String((await put(document({ ...statement, Effect: "allow" })))["refused"]), /policy/i);
  await put(undefined);
  await deploy(id);
  assert.equal((await call(id, "203.0.113.7"))[0], 200);
});

test("a private API needs a policy to be deployed, and answers the VPC endpoints that it allows", aws, async () => {
  const id = await imported(undefined, "--parameters", "endpointConfigurationTypes=PRIVATE");
  assert.match(String((await deploy(id))["refused"]), /Private REST API doesn't have a resource policy attached to it/);
  await patch(
    id,
    document(statement, {
      ...statement,
      Effect: "Deny",
      Condition: { StringNotEquals: { "aws:SourceVpce": "vpce-0a1b2c" } },
    }),
  );
  assert.equal((await deploy(id))["refused"], undefined);
  assert.deepEqual(await call(id, "10.1.2.3"), [200, "pets"]);
  assert.deepEqual(await call(id, "192.168.7.7"), [200, "pets"]);
  for (const from of [undefined, "203.0.113.7", "10.1.2.3, 203.0.113.7"]) {
    assert.deepEqual(await call(id, from), [403, '{"message":"Forbidden"}'], String(from));
  }
  await patch(id, document({ ...statement, Condition: { StringEquals: { "aws:SourceVpce": "vpce-other" } } }));
  await deploy(id);
  assert.match((await call(id, "10.1.2.3"))[1], /User: anonymous is not authorized/);
  const { items } = (await cli("get-resources", "--rest-api-id", id)) as unknown as {
    readonly items: readonly { readonly id: string; readonly path: string }[];
  };
  const resource = items.find(({ path }) => path === "/pets")!.id;
  const method = ["--rest-api-id", id, "--resource-id", resource, "--http-method", "GET"];
  assert.equal((await cli("test-invoke-method", ...method))["body"], "pets", "a test asks no policy");
});
