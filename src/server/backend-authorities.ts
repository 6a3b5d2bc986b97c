import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { UserError } from "../base/user-error.ts";

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Returns the certificates of a PEM file (`--backend-ca`), or an empty list without a file. Throws a `UserError` for a
 * file that has no usable certificates.
 */
export function readBackendAuthorities(path: string | undefined): readonly string[] {
  if (path === undefined) return [];
  const refuse = (why: string, cause?: unknown): never => {
    throw new UserError({
      what: `The file ${path} has no certificate authorities.`,
      why,
      next: "--backend-ca takes a PEM file with one or more certificates (BEGIN CERTIFICATE).",
      cause,
    });
  };
  try {
    const found = readFileSync(path, "utf8").match(certificate) ?? [];
    for (const text of found) new X509Certificate(text);
    return found.length === 0 ? refuse("There is no certificate in it.") : found;
  } catch (error) {
    if (error instanceof UserError) throw error;
    return refuse(error instanceof Error ? error.message : String(error), error);
  }
}

/** Trusts authorities, besides the machine's, in all calls of the thread that calls this. */
export function trustAuthorities(certificates: readonly string[]): void {
  if (certificates.length === 0) return;
  const tls = process.getBuiltinModule("node:tls");
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), ...certificates]);
}
