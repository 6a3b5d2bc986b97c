import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CreateRoleCommand, GetRolePolicyCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startPortico } from "../portico.ts";

const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }],
});
const may = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] });

test("roles, their policies and the sessions that were given out are there after kill -9", async () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-crash-iam-"));
  const start = () => startPortico({ args: ["--data", folder] });
  const settings = (endpoint: string, credentials = { accessKeyId: "test", secretAccessKey: "test" }) => ({
    endpoint,
    region: "us-east-1",
    credentials,
  });
  let portico = await start();
  try {
    const iam = new IAMClient(settings(portico.url));
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "r", AssumeRolePolicyDocument: trust }));
    const { Credentials } = await new STSClient(settings(portico.url)).send(
      new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: "before" }),
    );
    await iam.send(new PutRolePolicyCommand({ RoleName: "r", PolicyName: "p", PolicyDocument: may }));
    await portico.kill();
    portico = await start();
    const after = new IAMClient(settings(portico.url));
    const { PolicyDocument } = await after.send(new GetRolePolicyCommand({ RoleName: "r", PolicyName: "p" }));
    assert.equal(decodeURIComponent(PolicyDocument ?? ""), may);
    const session = {
      accessKeyId: Credentials?.AccessKeyId ?? "",
      secretAccessKey: Credentials?.SecretAccessKey ?? "",
      sessionToken: Credentials?.SessionToken ?? "",
    };
    const { Arn } = await new STSClient(settings(portico.url, session)).send(new GetCallerIdentityCommand({}));
    assert.equal(Arn, "arn:aws:sts::000000000000:assumed-role/r/before");
  } finally {
    await portico.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
