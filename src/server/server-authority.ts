import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificateExtensions, makeCertificate } from "../base/x509-certificate.ts";
import type { TrustedAuthorities } from "../functions/environment.ts";

/** The server's own certificate authority, as threads get it. Its key is in this process's memory only. */
export interface ServerAuthority {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
  /** What its certificates name as their issuer. */
  readonly name: string;
}

/** The years that certificates of a server count: it makes new ones when it starts. */
const validSeconds = 10 * 365 * 86_400;

/** Returns the times from which and until which a certificate counts, in seconds: clocks differ a little. */
export function validityAt(nowMs: number): { readonly notBefore: number; readonly notAfter: number } {
  const notBefore = Math.floor(nowMs / 1000) - 86_400;
  return { notBefore, notAfter: notBefore + validSeconds };
}

/**
 * Makes an authority for one run of a server. Only the functions that run here trust it: see {@link AuthorityFolder}.
 */
export function makeServerAuthority(nowMs: number): ServerAuthority {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = "Portico, this server's own";
  const certificate = makeCertificate({
    subject: name,
    issuer: name,
    ...validityAt(nowMs),
    publicKey,
    issuerKey: privateKey,
    extensions: authorityExtensions(publicKey),
  });
  return { certificate, privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string, name };
}

const authorityExtensions = (publicKey: KeyObject): Buffer[] => [
  certificateExtensions.isAuthority,
  certificateExtensions.signs("certificates"),
  certificateExtensions.hasKey(publicKey),
];

/**
 * The files by which the runtimes of functions trust the server, in a folder that is not in the store. They are written when a
 * function first needs them.
 */
export class AuthorityFolder implements TrustedAuthorities {
  readonly #authority: ServerAuthority;
  readonly #folder: string;

  constructor(authority: ServerAuthority, folder: string) {
    this.#authority = authority;
    this.#folder = folder;
  }

  get alone(): string {
    return this.#write("authority.pem", () => [this.#authority.certificate]);
  }

  get withAll(): string {
    return this.#write("authorities.pem", () => {
      const { getCACertificates } = process.getBuiltinModule("node:tls");
      return [
        ...new Set([...getCACertificates("bundled"), ...getCACertificates("system")]),
        this.#authority.certificate,
      ];
    });
  }

  #write(name: string, certificates: () => readonly string[]): string {
    const path = join(this.#folder, name);
    if (!existsSync(path)) {
      const text = certificates().map((certificate) => `${certificate.trim()}\n`);
      writeFileSync(path, text.join(""));
    }
    return path;
  }
}
