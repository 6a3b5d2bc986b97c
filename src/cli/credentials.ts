import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Credentials } from "../access/request-signer.ts";

type Env = Readonly<Record<string, string | undefined>>;
type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Returns the user's AWS credentials as AWS's tools find them: in the environment, else in the profile `AWS_PROFILE`, else in
 * the profile `default`, of the credentials file or the config file; undefined if there are none.
 * AWS: SDKs and Tools Reference Guide, "Shared config and credentials files", "AWS access keys".
 */
export function findCredentials(env: Env = process.env): Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const profile = env["AWS_PROFILE"] || env["AWS_DEFAULT_PROFILE"];
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, sessionToken: env["AWS_SESSION_TOKEN"] || undefined };
  }
  const home = env["HOME"] || homedir();
  const files: readonly (readonly [path: string, section: string])[] = [
    [env["AWS_SHARED_CREDENTIALS_FILE"] || join(home, ".aws", "credentials"), profile ?? "default"],
    [
      env["AWS_CONFIG_FILE"] || join(home, ".aws", "config"),
      profile === undefined || profile === "default" ? "default" : `profile ${profile}`,
    ],
  ];
  for (const [path, name] of files) {
    const section = readSections(path).get(name);
    const id = section?.get("aws_access_key_id");
    const secret = section?.get("aws_secret_access_key");
    if (id && secret) {
      return { accessKeyId: id, secretAccessKey: secret, sessionToken: section?.get("aws_session_token") };
    }
  }
  return undefined;
}

/** Reads the sections of a file in AWS's form; a file that is not there or can't be read has none. */
function readSections(path: string): Sections {
  const sections = new Map<string, Map<string, string>>();
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return sections;
  }
  let section: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const name = /^\s*\[\s*(.*?)\s*\]/.exec(line)?.[1];
    if (name !== undefined) {
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
      continue;
    }
    const [, key, value] = /^([\w-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) section?.set(key, value);
  }
  return sections;
}
