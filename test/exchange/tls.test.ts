import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { tool } from "../tool.ts";
import { aMethod, anHttpProxy, aRestApi } from "./a-rest-api.ts";
import { startGateway } from "./start-gateway.ts";

const { skip } = tool("openssl", ["version"], false);

function makeCertificate(name: string, days: number): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "portico-tls-"));
  const [key, cert] = [join(folder, "key"), join(folder, "cert")];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", String(days)];
  const made = spawnSync("openssl", [...args, "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`]);
  assert.equal(made.status, 0, made.stderr.toString());
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pair;
}

async function startTls(pair: { key: Buffer; cert: Buffer }): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer(pair, (_, outgoing) => outgoing.end("secret")).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("a certificate that nobody vouches for is refused, unless insecureSkipVerification lets its issuer pass", {
  skip,
}, async () => {
  await using local = await startTls(makeCertificate("localhost", 2));
  await using other = await startTls(makeCertificate("other.example", 2));
  const tlsConfig = { insecureSkipVerification: true };
  const routes = (nowMs?: number): ReturnType<typeof aRestApi> =>
    aRestApi({
      "/verified": { GET: aMethod(anHttpProxy(`https://localhost:${local.port}/`)) },
      "/skipped": { GET: aMethod(anHttpProxy(`https://localhost:${local.port}/?${nowMs ?? 0}`, { tlsConfig })) },
      "/other": { GET: aMethod(anHttpProxy(`https://localhost:${other.port}/`, { tlsConfig })) },
    });
  await using gateway = await startGateway();
  gateway.deploy(routes());
  const refused = await gateway.call("/verified");
  assert.deepEqual([refused.status, refused.text], [500, '{"message": "Internal server error"}']);
  assert.match(String(refused.headers["x-portico-hint"]), /PKIX path building failed: .*SELF_SIGNED/);
  assert.equal((await gateway.call("/skipped")).text, "secret");
  assert.equal((await gateway.call("/skipped")).text, "secret");
  assert.match(String((await gateway.call("/other")).headers["x-portico-hint"]), /does not match certificate/i);
  await using later = await startGateway({ nowMs: Date.now() + 3 * 86_400_000 });
  later.deploy(routes());
  assert.match(
    String((await later.call("/skipped")).headers["x-portico-hint"]),
    /PKIX path validation failed: java.security.cert.CertPathValidatorException: validity check failed .*expired/,
  );
});
