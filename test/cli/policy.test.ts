// `portico policy explain` as its user runs it: by files alone, and by what a started server has.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { APIGatewayClient, CreateRestApiCommand } from "@aws-sdk/client-api-gateway";
import {
  AddUserToGroupCommand,
  AttachRolePolicyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutGroupPolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import type { Explanation } from "../../src/cli/policy/explanation.ts";
import { type Portico, startPortico } from "../portico.ts";
import { type Ran, run } from "../tool.ts";

const bin = join(import.meta.dirname, "../../bin/portico.js");
let folder = "";
let portico: Portico;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "portico-policy-"));
  portico = await startPortico();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await portico.stop();
});

const account = "000000000000";
const api = `arn:aws:execute-api:us-east-1:${account}:abc123`;
const file = (name: string, document: unknown): string => {
  writeFileSync(join(folder, name), typeof document === "string" ? document : JSON.stringify(document, null, 1));
  return name;
};
const explain = (...args: string[]): Promise<Ran> =>
  run(process.execPath, [bin, "policy", "explain", "--action", "execute-api:Invoke", ...args], {
    cwd: folder,
    env: { NO_COLOR: "", AWS_ENDPOINT_URL: portico.url },
  });
const asJson = async (...args: string[]): Promise<Explanation & { readonly status: number | null }> => {
  const ran = await explain(...args, "--json");
  assert.notEqual(ran.stdout, "", ran.stderr);
  return { ...(JSON.parse(ran.stdout) as Explanation), status: ran.status };
};
const policy = (...Statement: object[]) => ({ Version: "2012-10-17", Statement });
const allow = (Resource: string, more = {}) => ({ Effect: "Allow", Action: "execute-api:Invoke", Resource, ...more });
const deny = (Resource: string, more = {}) => ({ ...allow(Resource, more), Effect: "Deny" });

test("files are explained statement by statement, without a server", async () => {
  const identity = file("may.json", policy({ ...allow(`${api}/*`), Sid: "All" }, { ...allow("*"), Action: "s3:*" }));
  const resource = file(
    "api.json",
    policy(
      deny(`${api}/*`, { Principal: "*", Condition: { NotIpAddress: { "aws:SourceIp": ["192.0.2.0/24"] } } }),
      allow(`${api}/dev/GET/pets`, { Principal: { AWS: "111111111111" } }),
    ),
  );
  const args = ["--policy", identity, "--resource-policy", resource, "--resource", `${api}/dev/GET/pets`];
  const allowed = await explain(...args, "--context", "aws:SourceIp=192.0.2.7");
  assert.equal(allowed.status, 0, allowed.stderr);
  assert.match(allowed.stdout, /^allowed by statement 1 "All" of may\.json, line 3\n/);
  assert.match(allowed.stdout, /2 Allow \(line 9\) does not match: Action is s3:\*/);
  assert.match(
    allowed.stdout,
    /1 Deny \(line 3\) does not match: Condition NotIpAddress aws:SourceIp is 192\.0\.2\.0\/24; aws:SourceIp is 192\.0\.2\.7/,
  );
  assert.match(allowed.stdout, /2 Allow \(line \d+\) does not match: Principal is 111111111111/);
  const denied = await explain(...args, "--context", "aws:SourceIp=198.51.100.1");
  assert.equal(denied.status, 1);
  assert.match(
    denied.stdout,
    /^denied by statement 1 of api\.json, line 3, with an explicit deny in a resource-based policy\n/,
  );
  const unknown = await explain(...args);
  assert.equal(unknown.status, 1);
  assert.match(unknown.stdout, /1 Deny \(line 3\) can't be decided: .*--context aws:SourceIp=… was not given/);
  assert.match(unknown.stdout, /Not given: --context aws:SourceIp=…/);
  const elsewhere = await asJson(...args.slice(0, 4), "--resource", "arn:aws:s3:::x");
  assert.deepEqual([elsewhere.decision, elsewhere.missing], ["implicitDeny", []]);
  const absent = await asJson(...args, "--context", "aws:SourceIp");
  assert.deepEqual([absent.decision, absent.status, absent.by?.line], ["explicitDeny", 1, 3]);
});

test("a principal, a boundary, session policies and keys with several values take part", async () => {
  const may = file("all.json", policy({ ...allow("*"), Action: "*" }));
  const some = file("some.json", policy({ ...allow("*"), Action: "s3:*" }));
  const user = "arn:aws:iam::111111111111:user/ann";
  const args = ["--policy", may, "--principal", user, "--resource", `${api}/dev/GET/pets`];
  assert.equal(
    (await asJson(...args)).problem,
    "because no resource-based policy allows the execute-api:Invoke action",
  );
  const own = ["--policy", may, "--principal", `arn:aws:sts::${account}:assumed-role/r/session`, "--resource", api];
  assert.equal((await asJson(...own)).decision, "allowed");
  assert.match((await asJson(...own, "--boundary", some)).problem ?? "", /no permissions boundary/);
  assert.match((await asJson(...own, "--session-policy", some)).problem ?? "", /no session policy/);
  const tags = file(
    "tags.json",
    policy(allow("*", { Condition: { "ForAllValues:StringEquals": { "aws:TagKeys": ["a", "b"] } } })),
  );
  const none = file("none.json", policy(allow("*", { Condition: { Null: { "aws:SourceVpce": "true" } } })));
  assert.equal((await asJson("--policy", none, "--context", "aws:SourceVpce")).decision, "allowed");
  assert.equal((await asJson("--policy", none, "--context", "aws:SourceVpce=")).decision, "implicitDeny");
  const keys = ["--policy", tags, "--context", "aws:TagKeys=a", "--context", "aws:TagKeys=b"];
  assert.equal((await asJson(...keys)).decision, "allowed");
  assert.equal((await asJson(...keys, "--context", "aws:TagKeys=c")).decision, "implicitDeny");
});

test("what a server has is read by its public API", async () => {
  const settings = {
    ...{ endpoint: portico.url, region: "us-east-1" },
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const iam = new IAMClient(settings);
  const document = (...statements: object[]) => JSON.stringify(policy(...statements));
  await iam.send(new CreateUserCommand({ UserName: "ann" }));
  await iam.send(new CreateGroupCommand({ GroupName: "callers" }));
  await iam.send(new AddUserToGroupCommand({ UserName: "ann", GroupName: "callers" }));
  const rest = await new APIGatewayClient(settings).send(
    new CreateRestApiCommand({
      name: "explained",
      policy: document(deny("execute-api:/*/DELETE/*", { Principal: "*", Sid: "NoDeletes" })),
    }),
  );
  const pets = `arn:aws:execute-api:us-east-1:${account}:${rest.id}/dev`;
  const own = document(allow(`${pets}/GET/\${aws:username}`));
  await iam.send(new PutUserPolicyCommand({ UserName: "ann", PolicyName: "own", PolicyDocument: own }));
  const groups = document(allow(`${pets}/*`, { Condition: { Bool: { "aws:SecureTransport": "true" } } }));
  await iam.send(new PutGroupPolicyCommand({ GroupName: "callers", PolicyName: "tls", PolicyDocument: groups }));
  const ann = `arn:aws:iam::${account}:user/ann`;
  const decide = async (resource: string, ...args: string[]) => {
    const { decision, by } = await asJson("--resource", `${pets}/${resource}`, ...args);
    return [decision, by?.policy];
  };
  assert.deepEqual(await decide("GET/ann", "--principal", ann), ["allowed", "own"]);
  const tls = ["--context", "aws:SecureTransport=true"];
  assert.deepEqual(await decide("GET/x", "--principal", ann, ...tls), ["allowed", "tls (group callers)"]);
  assert.deepEqual(await decide("GET/x", "--principal", ann), ["implicitDeny", undefined]);
  const denied = [`explicitDeny`, `resource policy of ${rest.id}`];
  assert.deepEqual(await decide("DELETE/x", "--principal", ann, ...tls), denied);
  assert.deepEqual(await decide("DELETE/x"), denied);
  assert.deepEqual(await decide("DELETE/x", "--principal", `arn:aws:iam::${account}:root`), denied);
  const { Policy } = await iam.send(
    new CreatePolicyCommand({ PolicyName: "limit", PolicyDocument: document({ ...allow("*"), Action: "s3:*" }) }),
  );
  await iam.send(new PutUserPermissionsBoundaryCommand({ UserName: "ann", PermissionsBoundary: Policy!.Arn! }));
  assert.deepEqual(await decide("GET/ann", "--principal", ann), ["implicitDeny", undefined]);
  const trust = document({ Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" });
  await iam.send(new CreateRoleCommand({ RoleName: "caller", AssumeRolePolicyDocument: trust, Path: "/api/" }));
  const PolicyArn = "arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess";
  await iam.send(new AttachRolePolicyCommand({ RoleName: "caller", PolicyArn }));
  const session = `arn:aws:sts::${account}:assumed-role/caller/s1`;
  assert.deepEqual(await decide("GET/x", "--principal", session), ["allowed", PolicyArn]);
});

test("mistakes are told, with what to do", async () => {
  const ran = async (...args: string[]): Promise<[number | null, string]> => {
    const { status, stderr } = await explain(...args);
    return [status, stderr];
  };
  const broken = file("broken.json", '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Action":"s3:*"}}');
  assert.match((await ran("--policy", broken))[1], /broken\.json is not a policy that can be read: .*Action.* twice/);
  assert.deepEqual((await ran("--policy", "nowhere.json"))[0], 1);
  assert.deepEqual((await ran("--policy", broken, "--principal", "ann"))[0], 2);
  assert.deepEqual((await ran("--policy", broken, "--action", "Invoke"))[0], 2);
  assert.deepEqual((await ran("--policy", broken, "--context", "=x"))[0], 2);
  const missing = await ran("--principal", `arn:aws:iam::${account}:user/nobody`);
  assert.equal(missing[0], 1);
  assert.match(missing[1], /There is no user arn:aws:iam::000000000000:user\/nobody/);
  const other = await run(process.execPath, [bin, "policy", "check"], { cwd: folder, env: {} });
  assert.equal(other.status, 2);
});
