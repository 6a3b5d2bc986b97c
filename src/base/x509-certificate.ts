/**
 * Makes X.509 certificates. node:crypto makes keys and signatures and reads certificates, but does not write them, so the DER
 * encoding that a certificate needs is here. RFC 5280 §4.1, X.690.
 */
import { hash, type KeyObject, randomBytes, sign } from "node:crypto";

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

/** The signature algorithms by the type of the issuer's key. */
const signatureAlgorithms: Readonly<Record<string, Buffer>> = {
  // sha256WithRSAEncryption, with the parameters that RFC 4055 §5 wants to be NULL.
  rsa: sequence(objectId("1.2.840.113549.1.1.11"), Buffer.of(0x05, 0x00)),
  // ecdsa-with-SHA256. RFC 5758 §3.2: without parameters.
  ec: sequence(objectId("1.2.840.10045.4.3.2")),
};

/** An extension of a certificate, as DER. */
export type CertificateExtension = Buffer;

const extension = (id: string, value: Buffer, isCritical = false): CertificateExtension =>
  sequence(objectId(id), ...(isCritical ? [yes] : []), der(0x04, value));
const yes = der(0x01, Buffer.of(0xff));

/** RFC 5280 §4.2: the extensions that certificates here have. */
export const certificateExtensions = {
  /** The holder is a TLS client, or a TLS server. */
  usedBy: (side: "client" | "server"): CertificateExtension =>
    extension("2.5.29.37", sequence(objectId(side === "server" ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2"))),
  /** The holder may sign certificates of holders that may not. */
  isAuthority: extension("2.5.29.19", sequence(yes, der(0x02, Buffer.of(0))), true),
  isNoAuthority: extension("2.5.29.19", sequence(), true),
  /** The key signs certificates (bit 5), or handshakes (bit 0). */
  signs: (what: "certificates" | "handshakes"): CertificateExtension =>
    extension(
      "2.5.29.15",
      what === "certificates" ? der(0x03, Buffer.of(2, 0x04)) : der(0x03, Buffer.of(7, 0x80)),
      true,
    ),
  /** The names and addresses (the bytes of one) that a server has. */
  namesServer: (names: readonly string[], addresses: readonly Uint8Array[] = []): CertificateExtension =>
    extension(
      "2.5.29.17",
      sequence(...names.map((name) => der(0x82, Buffer.from(name))), ...addresses.map((bytes) => der(0x87, bytes))),
    ),
  hasKey: (publicKey: KeyObject): CertificateExtension => extension("2.5.29.14", der(0x04, keyId(publicKey))),
  isSignedBy: (publicKey: KeyObject): CertificateExtension =>
    extension("2.5.29.35", sequence(der(0x80, keyId(publicKey)))),
};

/** Returns a name of a public key that its issuer chooses: RFC 5280 §4.2.1.2 leaves the digest open. */
const keyId = (publicKey: KeyObject): Buffer =>
  hash("sha256", publicKey.export({ type: "spki", format: "der" }), "buffer").subarray(0, 20);

const versionThree = der(0xa0, integer(Buffer.of(2)));

export interface CertificateFacts {
  /** The common names of holder and issuer. */
  readonly subject: string;
  readonly issuer: string;
  /** Seconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: KeyObject;
  /** The private key of the issuer: RSA, or of an elliptic curve. */
  readonly issuerKey: KeyObject;
  readonly extensions: readonly CertificateExtension[];
}

/** Makes a certificate, and returns it as PEM. */
export function makeCertificate(facts: CertificateFacts): string {
  const { publicKey, issuerKey } = facts;
  const algorithm = signatureAlgorithms[issuerKey.asymmetricKeyType ?? ""];
  if (algorithm === undefined) throw new Error("Certificates are signed with RSA and elliptic curves.");
  const serial = randomBytes(16);
  // The number must be positive, and without a leading zero byte, which DER forbids.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = sequence(
    versionThree,
    integer(serial),
    algorithm,
    nameOf(facts.issuer),
    sequence(time(facts.notBefore), time(facts.notAfter)),
    nameOf(facts.subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...facts.extensions)),
  );
  return pem(sequence(body, algorithm, bitString(sign("sha256", body, issuerKey))));
}

const nameOf = (common: string): Buffer => sequence(attribute(organization, "Portico"), attribute(commonName, common));

/** RFC 7468 §5. */
function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
