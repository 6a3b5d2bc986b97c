import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import { noSurroundings } from "../../src/compiler/surroundings.ts";
import { makeAuthority } from "../tls-authority.ts";
import { tool } from "../tool.ts";
import { until } from "../until.ts";
import { aMethod, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import { startGateway } from "./start-gateway.ts";

const { skip } = tool("openssl", ["version"], false);

interface SeenConnection {
  readonly servername: string | false | null;
  readonly alpn: string | false | null;
  readonly isResumed: boolean;
}

async function startTls(
  pair: { key: Buffer; cert: Buffer },
  body: string | Buffer,
): Promise<{ port: number; seen: SeenConnection[]; connections: () => number } & AsyncDisposable> {
  const seen: SeenConnection[] = [];
  const sockets = new Set<TLSSocket>();
  const server = createServer({ ...pair, ALPNProtocols: ["h2", "http/1.1"] }, (incoming, outgoing) => {
    const socket = incoming.socket as TLSSocket;
    const { servername } = socket as unknown as { servername: string | false | null };
    seen.push({ servername, alpn: socket.alpnProtocol, isResumed: socket.isSessionReused() });
    if (incoming.url === "/close") outgoing.setHeader("Connection", "close");
    incoming.resume();
    incoming.on("end", () => outgoing.end(body));
  });
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("backends over TLS: names, addresses, ALPN, resumption, large bodies, and nothing left behind", {
  skip,
}, async () => {
  const authority = makeAuthority();
  setDefaultCACertificates([...getCACertificates("default"), authority.certificate.toString()]);
  const big = Buffer.alloc(2_000_000, "secret ");
  await using byName = await startTls(authority.issue("DNS:localhost"), big);
  await using byAddress = await startTls(authority.issue("IP:127.0.0.1"), "at an address");
  await using other = await startTls(authority.issue("DNS:other.example"), "never");
  {
    await using gateway = await startGateway();
    const tlsConfig = { insecureSkipVerification: true };
    gateway.deploy(
      aRestApi({
        "/name": { ANY: aMethod(anHttpProxy(`https://localhost:${byName.port}/`)) },
        "/close": { GET: aMethod(anHttpProxy(`https://localhost:${byName.port}/close`)) },
        "/skipped": { GET: aMethod(anHttpProxy(`https://localhost:${byName.port}/close`, { tlsConfig })) },
        "/address": { GET: aMethod(anHttpProxy(`https://127.0.0.1:${byAddress.port}/`)) },
        "/other": { GET: aMethod(anHttpProxy(`https://localhost:${other.port}/`)) },
      }),
    );
    assert.ok((await gateway.call("/name")).body.equals(big));
    assert.ok((await gateway.call("/name", { method: "POST", body: big })).body.equals(big));
    assert.equal(byName.connections(), 1);
    assert.deepEqual(byName.seen[0], { servername: "localhost", alpn: "http/1.1", isResumed: false });
    // The session's ticket comes behind the handshake; the next connections resume it, but not where we check.
    for (let round = 0; round < 3; round++) {
      assert.ok((await gateway.call("/close")).body.equals(big));
      const skipped = await gateway.call("/skipped");
      assert.ok(skipped.body.equals(big), `${skipped.status} ${String(skipped.headers["x-portico-hint"])}`);
    }
    assert.ok(byName.seen.some(({ isResumed }) => isResumed));
    assert.equal((await gateway.call("/address")).text, "at an address");
    const refused = await gateway.call("/other");
    assert.deepEqual([refused.status, refused.text], [500, '{"message": "Internal server error"}']);
    assert.match(
      String(refused.headers["x-portico-hint"]),
      /^Execution failed due to configuration error: Host name 'localhost' does not match the certificate subject provided by the peer .*ERR_TLS_CERT_ALTNAME_INVALID/,
    );
    assert.deepEqual(other.seen, []);
    assert.deepEqual(gateway.errors, []);
  }
  await until(() => byName.connections() + byAddress.connections() + other.connections() === 0);
});

test("another client certificate under the same key is shown to the backend without a program being linked anew", {
  skip,
}, async () => {
  const authority = makeAuthority();
  const pems = [authority.issue("DNS:first.example"), authority.issue("DNS:second.example")];
  const shown: string[] = [];
  const server = createServer(
    { ...authority.issue("DNS:localhost"), requestCert: true, rejectUnauthorized: false },
    (incoming, outgoing) => {
      shown.push((incoming.socket as TLSSocket).getPeerCertificate().subjectaltname ?? "none");
      outgoing.writeHead(200, { Connection: "close" }).end();
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await using _ = {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  const uri = `https://localhost:${(server.address() as AddressInfo).port}/`;
  {
    await using gateway = await startGateway();
    const show = ({ cert, key }: { cert: Buffer; key: Buffer }): void =>
      gateway.gateway.setIdentity("000000000000/us-east-1/ours", {
        certificate: cert.toString(),
        privateKey: key.toString(),
      });
    show(pems[0]!);
    const integration = anHttpProxy(uri, { tlsConfig: { insecureSkipVerification: true } });
    const surroundings = { ...noSurroundings, hasClientCertificate: true };
    gateway.deploy(
      aRestApi({ "/": { GET: aMethod(integration) } }),
      aStage({ clientCertificateId: "ours" }),
      surroundings,
    );
    assert.equal((await gateway.call("/")).status, 200);
    show(pems[1]!);
    assert.equal((await gateway.call("/")).status, 200);
  }
  assert.deepEqual(shown, ["DNS:first.example", "DNS:second.example"]);
});
