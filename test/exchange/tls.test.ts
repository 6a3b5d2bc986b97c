import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { tool } from "../tool.ts";
import { aMethod, anHttpProxy, aRestApi } from "./a-rest-api.ts";
import { startBackend, startGateway } from "./start-gateway.ts";

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

async function startTls(
  pair: { key: Buffer; cert: Buffer },
  options: ServerOptions = {},
): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer({ ...pair, ...options }, (_, outgoing) => outgoing.end("secret")).listen(0, "127.0.0.1");
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
  assert.match(
    String(refused.headers["x-portico-hint"]),
    /PKIX path building failed: .*SELF_SIGNED.*; --backend-ca FILE makes Portico trust/,
  );
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

test("a backend that speaks no TLS of today, or none at all, is AWS's 500, or a network error", { skip }, async () => {
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
  await using outdated = await startTls(makeCertificate("localhost", 2), old);
  await using plain = await startBackend();
  await using gateway = await startGateway();
  const tlsConfig = { insecureSkipVerification: true };
  gateway.deploy(
    aRestApi({
      "/outdated": { GET: aMethod(anHttpProxy(`https://localhost:${outdated.port}/`, { tlsConfig })) },
      "/plain": { GET: aMethod(anHttpProxy(plain.origin.replace("http:", "https:"), { tlsConfig })) },
    }),
  );
  for (const path of ["/outdated", "/plain"]) {
    const reply = await gateway.call(path);
    assert.deepEqual([reply.status, reply.text], [500, '{"message": "Internal server error"}'], path);
    assert.match(String(reply.headers["x-portico-hint"]), /configuration error: General SSLEngine problem \(/, path);
  }
});
