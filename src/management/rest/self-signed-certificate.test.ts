import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { makeSelfSignedCertificate } from "./self-signed-certificate.ts";

const notBefore = Date.UTC(2026, 10, 20, 9, 30, 1) / 1000;

test("node:crypto reads the certificate, and its own key signed it", async () => {
  const { certificate, privateKey } = await makeSelfSignedCertificate({
    name: "ApiGateway",
    notBefore,
    notAfter: notBefore + 365 * 86_400,
  });
  const parsed = new X509Certificate(certificate);
  assert.equal(parsed.subject, "O=Portico\nCN=ApiGateway");
  assert.equal(parsed.issuer, parsed.subject);
  assert.equal(parsed.validFrom, "Nov 20 09:30:01 2026 GMT");
  assert.equal(parsed.validTo, "Nov 20 09:30:01 2027 GMT");
  assert(parsed.verify(parsed.publicKey));
  assert(parsed.checkPrivateKey(createPrivateKey(privateKey)));
  assert.deepEqual(parsed.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
  assert.match(parsed.serialNumber, /^[4-7][0-9A-F]{31}$/);
  assert.equal(parsed.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
});

test("times from 2050 on are written with four digits", async () => {
  const notAfter = Date.UTC(2050, 0, 1) / 1000;
  const { certificate } = await makeSelfSignedCertificate({ name: "later", notBefore, notAfter });
  assert.equal(new X509Certificate(certificate).validTo, "Jan  1 00:00:00 2050 GMT");
});

test("a TLS server that trusts the certificate, and nothing else, lets its holder in and nobody else", async () => {
  const [server, client, stranger] = await Promise.all(
    ["server", "client", "client"].map((name) =>
      makeSelfSignedCertificate({ name, notBefore: 1_700_000_000, notAfter: 4_000_000_000 }),
    ),
  );
  const listener = createServer({
    cert: server!.certificate,
    key: server!.privateKey,
    ca: client!.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  try {
    for (const [holder, isAuthorized] of [
      [client!, true],
      [stranger!, false],
    ] as const) {
      const socket = connect({
        port,
        host: "127.0.0.1",
        cert: holder.certificate,
        key: holder.privateKey,
        // The certificate under test is the client's.
        rejectUnauthorized: false,
      });
      const [accepted] = (await once(listener, "secureConnection")) as [TLSSocket];
      assert.equal(accepted.authorized, isAuthorized, String(accepted.authorizationError));
      socket.destroy();
      accepted.destroy();
    }
  } finally {
    listener.close();
  }
});
