// The way to backends under the official SDK against started servers: VPC links whose addresses are the server's setting,
// private certificate authorities, and the client certificates of stages, which backends ask for.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  CreateVpcLinkCommand,
  DeleteClientCertificateCommand,
  GenerateClientCertificateCommand,
  ImportRestApiCommand,
  PutIntegrationCommand,
  type PutIntegrationCommandInput,
  PutMethodCommand,
  UpdateStageCommand,
  UpdateVpcLinkCommand,
} from "@aws-sdk/client-api-gateway";
import { type Portico, startPortico } from "../../portico.ts";
import { type Authority, makeAuthority } from "../../tls-authority.ts";
import { tool } from "../../tool.ts";
import { makeClient, refuses } from "./sdk-client.ts";

const { skip } = tool("openssl", ["version"], false);

/** An API whose root is one integration, on the stage `prod`; answers its path on the server. */
async function anApi(client: APIGatewayClient, integration: Partial<PutIntegrationCommandInput>): Promise<string> {
  const { id: restApiId, rootResourceId: resourceId } = await client.send(
    new CreateRestApiCommand({ name: "backends" }),
  );
  const method = { restApiId, resourceId, httpMethod: "GET" };
  await client.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  const input = { ...method, type: "HTTP_PROXY", integrationHttpMethod: "GET", ...integration } as const;
  await client.send(new PutIntegrationCommand(input));
  await client.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
  return `/_aws/execute-api/${restApiId}/prod/`;
}

/** On a connection of its own, so that it may come to any thread. */
const call = (url: string): Promise<Response> => fetch(url, { headers: { connection: "close" } });

async function listen(server: { listen(port: number, host: string): unknown } & Pick<Server, "address">) {
  server.listen(0, "127.0.0.1");
  await once(server as Server, "listening");
  return (server.address() as AddressInfo).port;
}

test("a VPC link leads where the server's setting says, and elsewhere after a restart, without a deployment", async () => {
  const data = mkdtempSync(join(tmpdir(), "portico-links-"));
  const backends = ["first", "second"].map((name) =>
    createHttpServer((incoming, outgoing) => outgoing.end(`${name} ${incoming.headers.host} ${incoming.url}`)),
  );
  const ports = await Promise.all(backends.map(listen));
  const start = (address: string): Promise<Portico> =>
    startPortico({ args: ["--data", data, "--vpc-link", `orders=${address}`] });
  let portico = await start(`127.0.0.1:${ports[0]}`);
  try {
    const client = makeClient(APIGatewayClient, portico);
    const balancer = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/orders/0123456789abcdef";
    const { id } = await client.send(new CreateVpcLinkCommand({ name: "unknown", targetArns: [balancer] }));
    const uri = "http://orders.internal/list";
    const path = await anApi(client, { connectionType: "VPC_LINK", connectionId: id, uri });
    assert.equal((await call(portico.url + path)).status, 501);
    const rename = { op: "replace", path: "/name", value: "orders" } as const;
    await client.send(new UpdateVpcLinkCommand({ vpcLinkId: id, patchOperations: [rename] }));
    assert.equal(await (await call(portico.url + path)).text(), "first orders.internal /list");
    client.destroy();
    await portico.stop();
    portico = await start(`127.0.0.1:${ports[1]}`);
    assert.equal(await (await call(portico.url + path)).text(), "second orders.internal /list");
  } finally {
    await portico.stop();
    for (const backend of backends) backend.close();
    rmSync(data, { recursive: true, force: true });
  }
});

/** OpenSSL's own server, which takes only clients with this certificate, and says so to others by an alert. */
async function startStrictBackend(
  authority: Authority,
  clientCertificate: string,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const folder = dirname(authority.file);
  authority.issue("DNS:localhost");
  writeFileSync(join(folder, "client.pem"), clientCertificate);
  const files = ["-cert", "cert", "-key", "key", "-CAfile", "client.pem"];
  const server = spawn(
    "openssl",
    ["s_server", "-accept", "127.0.0.1:0", ...files, "-Verify", "1", "-verify_return_error", "-www"],
    {
      cwd: folder,
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  let said = "";
  for await (const chunk of server.stdout) {
    said += String(chunk);
    const port = /ACCEPT \S+:(\d+)/.exec(said)?.[1];
    if (port === undefined) continue;
    return {
      port: Number(port),
      async [Symbol.asyncDispose]() {
        server.kill();
        await once(server, "exit");
      },
    };
  }
  throw new Error(`openssl s_server ended: ${said}`);
}

test("longer time-outs than AWS's are taken where the server's limit is, and told of", async () => {
  const portico = await startPortico({ args: ["--limit", "integrationTimeoutMs=60000"] });
  const client = makeClient(APIGatewayClient, portico);
  try {
    const uri = "http://127.0.0.1:9999/";
    await anApi(client, { uri, timeoutInMillis: 60_000 });
    await refuses(
      anApi(client, { uri, timeoutInMillis: 60_001 }),
      "BadRequestException",
      400,
      /between 50 ms and 60000 ms/,
    );
    const integration = { type: "http_proxy", httpMethod: "GET", uri, timeoutInMillis: 59_999 };
    const imported = {
      openapi: "3.0.1",
      info: { title: "imported" },
      paths: { "/": { get: { "x-amazon-apigateway-integration": integration } } },
    };
    const { id: restApiId } = await client.send(
      new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(imported)) }),
    );
    await client.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    const { stages } = (await (await fetch(`${portico.url}/_portico/status`)).json()) as {
      stages: { apiName: string; beyondAws: string[] }[];
    };
    assert.deepEqual(stages.map(({ apiName, beyondAws }) => [apiName, ...beyondAws]).sort(), [
      ["backends", "GET / timeoutInMillis 60000"],
      ["imported", "GET / timeoutInMillis 59999"],
    ]);
    assert.match(portico.output(), /timeoutInMillis 60000.*A stage serves what AWS would refuse/);
  } finally {
    client.destroy();
    await portico.stop();
  }
});

test("a stage shows its client certificate to backends, the next one as soon as it is changed, and its key to nobody", {
  skip,
}, async () => {
  const data = mkdtempSync(join(tmpdir(), "portico-certificates-"));
  const authority = makeAuthority();
  const portico = await startPortico({
    args: ["--data", data, "--backend-ca", authority.file, "--log-level", "debug"],
  });
  const client = makeClient(APIGatewayClient, portico);
  const isTrusted = new Set<string>();
  const backend = createServer(
    { ...authority.issue("DNS:localhost"), requestCert: true, rejectUnauthorized: false },
    (incoming, outgoing) => {
      const { raw } = (incoming.socket as TLSSocket).getPeerCertificate();
      const shown = raw === undefined ? "nothing" : new X509Certificate(raw).fingerprint256;
      outgoing.writeHead(isTrusted.has(shown) ? 200 : 403).end(shown);
    },
  );
  try {
    const generate = async (): Promise<{ id: string; fingerprint: string; pem: string }> => {
      const made = await client.send(new GenerateClientCertificateCommand({}));
      const { fingerprint256 } = new X509Certificate(made.pemEncodedCertificate ?? "");
      isTrusted.add(fingerprint256);
      const [id = "", pem = ""] = [made.clientCertificateId, made.pemEncodedCertificate];
      return { id, pem, fingerprint: fingerprint256 };
    };
    const path = await anApi(client, { uri: `https://localhost:${await listen(backend)}/` });
    const restApiId = path.split("/")[3];
    const show = (id: string, api = restApiId): Promise<unknown> => {
      const patch = { op: "replace", path: "/clientCertificateId", value: id } as const;
      return client.send(new UpdateStageCommand({ restApiId: api, stageName: "prod", patchOperations: [patch] }));
    };
    const ask = async (): Promise<readonly [number, string]> => {
      const answer = await call(portico.url + path);
      return [answer.status, await answer.text()];
    };
    assert.deepEqual(await ask(), [403, "nothing"]);
    const first = await generate();
    const second = await generate();
    for (const { id, fingerprint } of [first, second, first]) {
      await show(id);
      // Often enough to come to both threads.
      for (let round = 0; round < 6; round++) assert.deepEqual(await ask(), [200, fingerprint]);
    }
    await show(second.id);
    await client.send(new DeleteClientCertificateCommand({ clientCertificateId: first.id }));
    assert.deepEqual(await ask(), [200, second.fingerprint]);

    // A backend that trusts the one ends the handshake with the other: AWS's 500.
    const third = await generate();
    await using strict = await startStrictBackend(authority, second.pem);
    const strictPath = await anApi(client, { uri: `https://localhost:${strict.port}/` });
    const strictApi = strictPath.split("/")[3];
    await show(second.id, strictApi);
    const accepted = await call(portico.url + strictPath);
    assert.equal(accepted.status, 200, accepted.headers.get("x-portico-hint") ?? "");
    assert.match(await accepted.text(), /Client certificate/);
    await show(third.id, strictApi);
    const refused = await call(portico.url + strictPath);
    assert.deepEqual([refused.status, await refused.text()], [500, '{"message": "Internal server error"}']);
    assert.match(refused.headers.get("x-portico-hint") ?? "", /configuration error: General SSLEngine problem/);

    const status = await (await fetch(`${portico.url}/_portico/status`)).text();
    assert.ok(status.includes("prod"));
    for (const text of [status, portico.output()]) assert.doesNotMatch(text, /PRIVATE KEY/);
  } finally {
    client.destroy();
    await portico.stop();
    backend.closeAllConnections();
    backend.close();
    rmSync(data, { recursive: true, force: true });
  }
});
