import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { certificateExtensions, makeCertificate } from "../../base/x509-certificate.ts";

interface SelfSignedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
}

/**
 * Makes a self-signed certificate for a TLS client, with a new RSA key of 2,048 bits. Times are seconds since 1970. It has
 * neither key usage nor basic constraints, because OpenSSL treats a self-signed certificate that may not sign certificates as
 * one whose issuer is missing.
 */
export async function makeSelfSignedCertificate({
  name,
  notBefore,
  notAfter,
}: {
  readonly name: string;
  readonly notBefore: number;
  readonly notAfter: number;
}): Promise<SelfSignedCertificate> {
  // This runs on a thread of libuv, because finding primes takes a tenth of a second or more.
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const extensions = [certificateExtensions.usedBy("client")];
  const facts = { subject: name, issuer: name, notBefore, notAfter, publicKey, issuerKey: privateKey, extensions };
  return {
    certificate: makeCertificate(facts),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}
