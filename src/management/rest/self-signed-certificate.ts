/**
 * A self-signed X.509 certificate with its key pair. node:crypto makes keys and signatures and reads certificates, but
 * does not write them, so the DER encoding that a certificate needs is here. RFC 5280 §4.1, X.690.
 */
import { generateKeyPair, randomBytes, sign } from "node:crypto";
import { promisify } from "node:util";

// Encodes a value as DER: tag, length, contents.

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag), derLength(body.length), body]);
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.of(0x80 | bytes.length, ...bytes);
}

const sequence = (...items: readonly Uint8Array[]): Buffer => der(0x30, ...items);
const set = (...items: readonly Uint8Array[]): Buffer => der(0x31, ...items);
/** Encodes a positive integer; a leading zero byte keeps it positive. */
const integer = (bytes: Uint8Array): Buffer => der(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.of(0) : Buffer.of(), bytes);
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
const bitString = (bytes: Uint8Array): Buffer => der(0x03, Buffer.of(0), bytes);

/** X.690 §8.19: the first two arcs share a byte, the others are in base 128. */
function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...arcs] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of arcs) {
    const groups = [arc % 128];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) groups.unshift(0x80 | (rest % 128));
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** RFC 5280 §4.1.2.5: UTCTime up to 2049, GeneralizedTime from then on. */
function time(seconds: number): Buffer {
  const digits = new Date(seconds * 1000).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return Number(digits.slice(0, 4)) < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

const commonName = "2.5.4.3";
const organization = "2.5.4.10";
const attribute = (id: string, text: string): Buffer => set(sequence(objectId(id), utf8(text)));

/** sha256WithRSAEncryption, with the parameters that RFC 4055 §5 wants to be NULL. */
const signatureAlgorithm = sequence(objectId("1.2.840.113549.1.1.11"), Buffer.of(0x05, 0x00));

/**
 * The certificate is for TLS clients only. It has neither key usage nor basic constraints, because OpenSSL treats a
 * self-signed certificate that may not sign certificates as one whose issuer is missing.
 */
const extensions = der(
  0xa3,
  sequence(sequence(objectId("2.5.29.37"), der(0x04, sequence(objectId("1.3.6.1.5.5.7.3.2"))))),
);

const versionThree = der(0xa0, integer(Buffer.of(2)));

interface SelfSignedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
}

/** Makes a certificate for a TLS client, with a new RSA key of 2,048 bits. Times are seconds since 1970. */
export async function makeSelfSignedCertificate(options: {
  readonly name: string;
  readonly notBefore: number;
  readonly notAfter: number;
}): Promise<SelfSignedCertificate> {
  // This runs on a thread of libuv, because finding primes takes a tenth of a second or more.
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const serial = randomBytes(16);
  // The number must be positive, and without a leading zero byte, which DER forbids.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const name = sequence(attribute(organization, "Portico"), attribute(commonName, options.name));
  const body = sequence(
    versionThree,
    integer(serial),
    signatureAlgorithm,
    name,
    sequence(time(options.notBefore), time(options.notAfter)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    extensions,
  );
  const certificate = sequence(body, signatureAlgorithm, bitString(sign("sha256", body, privateKey)));
  return { certificate: pem(certificate), privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}

/** RFC 7468 §5. */
function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
