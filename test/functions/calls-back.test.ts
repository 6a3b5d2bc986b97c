// What AWS's guides have functions call, `https://{domainName}/{stage}`, reaches this server from a function without any setting.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { strToU8, zipSync } from "fflate";
import { type Portico, startPortico } from "../portico.ts";
import { MockApi } from "../server/mock-api.ts";

const hasBoto3 = spawnSync("python3", ["-c", "import boto3"]).status === 0;
const python = { skip: hasBoto3 ? false : "boto3 is not on this machine" };

let portico: Portico;
let lambda: LambdaClient;
let host: string;

before(async () => {
  portico = await startPortico({ args: ["--aws-sdk", join(import.meta.dirname, "../..")] });
  lambda = new LambdaClient({
    endpoint: portico.url,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const api = await MockApi.create(portico.url);
  await api.deploy("answered");
  host = `${api.id}.execute-api.us-east-1.localhost:${portico.port}`;
});
after(async () => {
  lambda.destroy();
  await portico.stop();
});

async function run(
  runtime: string,
  files: Record<string, string>,
  environment?: Record<string, string>,
): Promise<unknown> {
  const name = `f${Math.floor(performance.now() * 1000)}`;
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: runtime as "nodejs22.x",
      Role: "arn:aws:iam::000000000000:role/f",
      Handler: "index.handler",
      Timeout: 60,
      MemorySize: 512,
      Environment: { Variables: environment },
      Code: {
        ZipFile: zipSync(Object.fromEntries(Object.entries(files).map(([file, text]) => [file, strToU8(text)]))),
      },
    }),
  );
  const payload = JSON.stringify({ host, url: `https://${host}/prod/` });
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: name, Payload: strToU8(payload) }));
  return JSON.parse(Buffer.from(Payload!).toString());
}

test("a Node.js function calls an API by the name in its events: with fetch, node:https and every way to look a name up", async () => {
  const answer = await run("nodejs22.x", {
    "index.mjs": `
      import https from "node:https";
      import { getCACertificates } from "node:tls";
      import dns, { lookup, promises } from "node:dns";
      import { promisify } from "node:util";
      const get = (url) => new Promise((resolve, reject) =>
        https.get(url, (answer) => answer.toArray().then((all) => resolve(all.join("")))).on("error", reject));
      const name = "a.b.LOCALHOST";
      export const handler = async ({ url }) => [
        await (await fetch(url)).text(),
        await get(url),
        (await promises.lookup(name)).address,
        (await promisify(lookup)(name, { family: 4 })).address,
        (await promisify(dns.lookup)(name + ".", { all: true, family: 4 }))[0].address,
        await promisify(lookup)("localhost.invalid").catch((error) => error.code === "ENOTFOUND" || error.code),
        getCACertificates("default").length > getCACertificates("bundled").length && getCACertificates("bundled").length > 100,
      ];`,
  });
  const [text, again, address, ...rest] = answer as unknown[];
  assert.deepEqual([text, again], ["answered", "answered"]);
  assert.match(String(address), /^(?:127\.0\.0\.1|::1)$/);
  assert.deepEqual(rest.slice(0, 2), ["127.0.0.1", "127.0.0.1"]);
  assert.match(String(rest[2]), /^(?:true|EAI_AGAIN)$/);
  assert.equal(rest[3], true);
});

test("a Python function does with urllib3 and boto3, and trusts what is well known besides", python, async () => {
  const answer = await run("python3.12", {
    "index.py": `
import os, socket, ssl
import boto3, urllib3

def handler(event, context):
    bundle = os.environ["AWS_CA_BUNDLE"]
    strict = ssl.create_default_context(cafile=bundle)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    text = urllib3.PoolManager(ssl_context=strict).request("GET", event["url"], timeout=10).data.decode()
    client = boto3.client("apigatewaymanagementapi", endpoint_url="https://" + event["host"] + "/prod")
    try:
        client.post_to_connection(ConnectionId="Llf4ceE2NjMCF7w=", Data=b"x")
        refusal = None
    except client.exceptions.ClientError as error:
        refusal = error.response["ResponseMetadata"]["HTTPStatusCode"]
    own = socket.getaddrinfo("x.localhost", 80, socket.AF_INET)[0][4][0]
    return [text, refusal, own, len(strict.get_ca_certs()) > 100, os.environ["REQUESTS_CA_BUNDLE"] == bundle]
`,
  });
  assert.deepEqual(answer, ["answered", 403, "127.0.0.1", true, true]);
});

test("a function that sets the variables of its own keeps them", async () => {
  const answer = await run(
    "nodejs22.x",
    { "index.mjs": "export const handler = async () => process.env.NODE_EXTRA_CA_CERTS;" },
    { NODE_EXTRA_CA_CERTS: "/var/task/own.pem" },
  );
  assert.equal(answer, "/var/task/own.pem");
});
