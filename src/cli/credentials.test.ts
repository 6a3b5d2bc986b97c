import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findCredentials } from "./credentials.ts";

const home = mkdtempSync(join(tmpdir(), "portico-home-"));
mkdirSync(join(home, ".aws"));
writeFileSync(
  join(home, ".aws", "credentials"),
  "# mine\n[default]\naws_access_key_id = D\naws_secret_access_key=d=/+\r\n\n[ci]\naws_access_key_id=C\naws_secret_access_key=c\naws_session_token = t\n[half]\naws_access_key_id=H\n",
);
writeFileSync(
  join(home, ".aws", "config"),
  "[profile other]\naws_access_key_id=O\naws_secret_access_key=o\n[other]\naws_access_key_id=X\naws_secret_access_key=x\n",
);

const cases: readonly [name: string, env: Record<string, string>, expected: string | undefined][] = [
  ["the environment counts first", { AWS_ACCESS_KEY_ID: "E", AWS_SECRET_ACCESS_KEY: "e", AWS_PROFILE: "ci" }, "E e"],
  [
    "a session of the environment",
    { AWS_ACCESS_KEY_ID: "E", AWS_SECRET_ACCESS_KEY: "e", AWS_SESSION_TOKEN: "s" },
    "E e s",
  ],
  ["an id without a secret is none", { AWS_ACCESS_KEY_ID: "E" }, "D d=/+"],
  ["the default profile", {}, "D d=/+"],
  ["a profile", { AWS_PROFILE: "ci" }, "C c t"],
  ["a profile of the config file", { AWS_PROFILE: "other" }, "O o"],
  ["a profile without a secret", { AWS_PROFILE: "half" }, undefined],
  ["a profile that is not there", { AWS_PROFILE: "missing" }, undefined],
  ["another file", { AWS_SHARED_CREDENTIALS_FILE: join(home, ".aws", "none") }, undefined],
];

for (const [name, env, expected] of cases) {
  test(`credentials: ${name}`, () => {
    const found = findCredentials({ HOME: home, ...env });
    const shown = found && [found.accessKeyId, found.secretAccessKey, found.sessionToken].filter(Boolean).join(" ");
    assert.equal(shown, expected);
  });
}
