import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Authority {
  /** PEM. */
  readonly certificate: Buffer;
  /** Where that lies. */
  readonly file: string;
  /** A certificate for a subject's alternative name: `DNS:localhost`, `IP:127.0.0.1`. */
  issue(name: string): { readonly key: Buffer; readonly cert: Buffer };
}

/** A certificate authority by `openssl`; its folder goes when the process ends. */
export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "portico-ca-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));
  const openssl = (...args: string[]): void => {
    const made = spawnSync("openssl", args, { cwd: folder });
    assert.equal(made.status, 0, made.stderr.toString());
  };
  const newKey = ["-newkey", "rsa:2048", "-nodes", "-days", "2"];
  openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Portico test CA");
  const file = join(folder, "ca.pem");
  return {
    certificate: readFileSync(file),
    file,
    issue(name) {
      const extension = ["-subj", "/CN=backend", "-addext", `subjectAltName=${name}`];
      const ca = ["-CA", "ca.pem", "-CAkey", "ca.key"];
      openssl("req", "-x509", ...newKey, "-keyout", "key", "-out", "cert", ...extension, ...ca);
      return { key: readFileSync(join(folder, "key")), cert: readFileSync(join(folder, "cert")) };
    },
  };
}
