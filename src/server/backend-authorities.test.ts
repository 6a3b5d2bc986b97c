import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeAuthority } from "../../test/tls-authority.ts";
import { tool } from "../../test/tool.ts";
import { UserError } from "../base/user-error.ts";
import { readBackendAuthorities } from "./backend-authorities.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-authorities-"));
after(() => rmSync(folder, { recursive: true }));

const refused = (path: string, why: RegExp): void => {
  assert.throws(
    () => readBackendAuthorities(path),
    (error) => error instanceof UserError && why.test(`${error.what} ${error.why}`),
  );
};

test("a file that has no certificates is refused with the reason, and a key is not taken for one", () => {
  refused(join(folder, "none.pem"), /none\.pem has no certificate authorities.*ENOENT/);
  refused(folder, /EISDIR/);
  const path = join(folder, "other.pem");
  writeFileSync(path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  refused(path, /no certificate in it/);
  writeFileSync(path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  refused(path, /has no certificate authorities/);
  assert.deepEqual(readBackendAuthorities(undefined), []);
});

test("every certificate of a file counts", tool("openssl", ["version"], false), () => {
  const path = join(folder, "two.pem");
  writeFileSync(path, `# ours\n${makeAuthority().certificate}\nsome text\n${makeAuthority().certificate}`);
  const found = readBackendAuthorities(path);
  assert.equal(found.length, 2);
  assert.notEqual(found[0], found[1]);
});
