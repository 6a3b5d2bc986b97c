import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseIpNetwork } from "../base/ip-address.ts";
import { UserError } from "../base/user-error.ts";
import { type ConfigFlags, readConfig } from "./config.ts";
import { configKeys, variableName } from "./config-keys.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-config-"));
const empty = mkdtempSync(join(tmpdir(), "portico-config-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(empty, { recursive: true, force: true });
});

const read = (flags: ConfigFlags = {}, env: Record<string, string> = {}, cwd = empty): ReturnType<typeof readConfig> =>
  readConfig({ flags, env, cwd });

async function refused(pattern: RegExp, ...args: Parameters<typeof read>): Promise<void> {
  await assert.rejects(read(...args), (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, pattern);
    return true;
  });
}

test("without settings everything has its default", async () => {
  const config = await read();
  assert.equal(config.host, "127.0.0.1");
  assert.equal(config.port, 4566);
  assert.equal(config.data, join(empty, ".portico"));
  assert.equal(config.memory, false);
  assert.equal(config.drain, 10);
  assert.equal(config.upstream, undefined);
  assert.equal(config.logLevel, "warn");
  assert.equal(config.accessLog, "-");
  assert.deepEqual(config.allowOrigin, []);
  assert.equal(config.managementPayloadMax, 6 * 1024 * 1024);
  assert.deepEqual(config.limit, {});
});

test("a flag wins over the environment, that over the file, that over the default", async () => {
  writeFileSync(
    join(folder, "portico.yaml"),
    "port: 1111\ndrain: 3\nlog-level: debug\nthreads: 7\ndata: ../elsewhere\n",
  );
  const config = await read({ port: "3333" }, { PORTICO_PORT: "2222", PORTICO_DRAIN: "2" }, folder);
  assert.equal(config.port, 3333);
  assert.equal(config.drain, 2);
  assert.equal(config.logLevel, "debug");
  assert.equal(config.threads, 7);
  assert.equal(config.data, join(folder, "../elsewhere"));
  assert.deepEqual(config.limit, {});
});

test("a command's own defaults count before the setting's, and after all that a user says", async () => {
  const defaults = { profile: "relaxed", managementPayloadMax: "128MB" };
  const sources = { flags: {}, env: {}, cwd: empty, defaults };
  const config = await readConfig(sources);
  assert.deepEqual([config.profile, config.managementPayloadMax], ["relaxed", 128 * 1024 * 1024]);
  assert.equal((await readConfig({ ...sources, env: { PORTICO_PROFILE: "aws" } })).profile, "aws");
});

const keys = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "s3cret" };

test("endpoints of services come by name, a service's own before the one for all", async () => {
  assert.deepEqual((await read({}, keys)).services.endpoints, {});
  assert.equal((await read({}, keys)).services.credentials, undefined);
  const path = join(folder, "endpoints.yaml");
  writeFileSync(path, "endpoints: { sqs: 'http://q:1', cognito-idp: 'http://c:2/' }\nupstream: http://up:3\n");
  const variables = { AWS_ENDPOINT_URL_DYNAMODB: "http://d:4", AWS_ENDPOINT_URL_SQS: "http://other:5" };
  assert.deepEqual((await read({ config: path }, variables)).services.endpoints, {
    "*": "http://up:3",
    sqs: "http://q:1",
    cognitoidp: "http://c:2",
    dynamodb: "http://d:4",
  });
  const all = { endpoints: ["*=http://all:1,sfn=http://s:2"] };
  const forAll = { AWS_ENDPOINT_URL: "http://env:9" };
  assert.deepEqual((await read(all, forAll)).services.endpoints, { "*": "http://all:1", sfn: "http://s:2" });
  assert.deepEqual((await read({ upstream: "http://up:3" }, forAll)).services.endpoints, { "*": "http://env:9" });
});

test("an OpenID provider stands for a user pool, by the pool's id or ARN", async () => {
  const userPool = [
    "us-east-1_A=http://localhost:3000/oidc/",
    "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_B=https://login.test",
  ];
  const { services } = await read({ userPool });
  assert.deepEqual(services.userPools, {
    "us-east-1_A": "http://localhost:3000/oidc/",
    "eu-west-1_B": "https://login.test",
  });
  for (const wrong of [
    "us-east-1_A",
    "us-east-1_A=nowhere",
    "a/b=http://h",
    "p=ftp://h",
    "p=http://u:p@h",
    "p=http://h?a",
    "p=http://h#a",
  ]) {
    await refused(/--user-pool: .*POOL=ISSUER/, { userPool: [wrong] });
  }
});

test("AWS_ENDPOINT_URL that is this server's own address leads nowhere", async () => {
  for (const own of ["http://localhost:4566", "http://127.0.0.1:4566/"]) {
    assert.deepEqual((await read({}, { AWS_ENDPOINT_URL: own })).services.endpoints, {});
  }
  const named = await read({ domain: ["gateway.test"] }, { AWS_ENDPOINT_URL: "http://gateway.test:4566" });
  assert.deepEqual(named.services.endpoints, {});
  const other = "http://localhost:4567";
  assert.deepEqual((await read({}, { AWS_ENDPOINT_URL: other })).services.endpoints, { "*": other });
});

test("AWS itself is called only when it is asked for, and with credentials", async () => {
  assert.deepEqual((await read({ realAws: true }, keys)).services.credentials, {
    accessKeyId: "AKIA",
    secretAccessKey: "s3cret",
    sessionToken: undefined,
  });
  await refused(/--real-aws needs credentials/, { realAws: true }, { AWS_ACCESS_KEY_ID: "AKIA" });
});

test("an endpoint that is no URL of a server is refused, and the message says where it stands", async () => {
  await refused(/AWS_ENDPOINT_URL_S3: "nowhere"/, {}, { AWS_ENDPOINT_URL_S3: "nowhere" });
  await refused(/--endpoints: .*SERVICE=URL/, { endpoints: ["sqs"] });
  await refused(/without a path/, { endpoints: ["sqs=http://host/path"] });
});

test("limits come by name, as a YAML mapping, repeated flags, or text with commas", async () => {
  const path = join(folder, "limits.yaml");
  writeFileSync(path, "limit: { resourcesPerApi: 400, stagesPerApi: 20 }\n");
  assert.deepEqual((await read({ config: path })).limit, { resourcesPerApi: 400, stagesPerApi: 20 });
  const several = { resourcesPerApi: 1000, edgeApis: 2 };
  assert.deepEqual((await read({ limit: ["resourcesPerApi=1000", "edgeApis=2"] })).limit, several);
  assert.deepEqual((await read({}, { PORTICO_LIMIT: "resourcesPerApi=1000, edgeApis=2" })).limit, several);
  for (const wrong of [
    "resources=1",
    "resourcesPerApi",
    "resourcesPerApi=",
    "edgeApis=0",
    "edgeApis=1e3",
    "__proto__=1",
  ]) {
    await assert.rejects(read({ limit: [wrong] }), UserError, wrong);
  }
});

test("lists come as YAML sequences, repeated flags, or text with commas", async () => {
  const path = join(folder, "lists.yaml");
  writeFileSync(path, "domain: [One.example, two.example]\nallow-origin: http://a.example, http://b.example:8080\n");
  const fromFile = await read({ config: path });
  assert.deepEqual(fromFile.domain, ["one.example", "two.example"]);
  assert.deepEqual(fromFile.allowOrigin, ["http://a.example", "http://b.example:8080"]);
  assert.deepEqual((await read({ domain: ["a.example", "b.example"] })).domain, ["a.example", "b.example"]);
});

test("VPC links have addresses by flag, variable, and YAML, one or several", async () => {
  const two = { orders: ["10.0.0.1", "[fd00::1]:8443"], "arn:aws:elb/net/x": ["lb.internal:80"] };
  const flags = ["orders=10.0.0.1", "orders=[fd00::1]:8443", "arn:aws:elb/net/x=lb.internal:80"];
  assert.deepEqual((await read({ vpcLink: flags })).vpcLink, two);
  assert.deepEqual((await read({}, { PORTICO_VPC_LINK: flags.join(",") })).vpcLink, two);
  const path = join(folder, "links.yaml");
  writeFileSync(path, 'vpc-link:\n  orders: [10.0.0.1, "[fd00::1]:8443"]\n  arn:aws:elb/net/x: lb.internal:80\n');
  assert.deepEqual((await read({ config: path })).vpcLink, two);
  assert.deepEqual((await read()).vpcLink, {});
  const instance = "arn:aws:servicediscovery:us-east-1:000000000000:service/srv-1?stage=prod&deployment=green";
  assert.deepEqual((await read({ vpcLink: [`${instance}=10.0.0.1:80`] })).vpcLink, { [instance]: ["10.0.0.1:80"] });
});

test("trusted proxies and VPC endpoints are networks, of which the smallest comes first", async () => {
  const network = (text: string) => parseIpNetwork(text)!;
  const proxies = ["127.0.0.1", "10.0.0.0/8"];
  const parsed = proxies.map(network);
  assert.deepEqual((await read({ trustedProxies: proxies })).trustedProxies, parsed);
  assert.deepEqual((await read({}, { PORTICO_TRUSTED_PROXIES: proxies.join(", ") })).trustedProxies, parsed);
  const endpoints = [
    { id: "vpce-1", vpcId: "vpc-2", network: network("172.16.0.0/12") },
    { id: "vpce-1", vpcId: "vpc-2", network: network("10.0.0.0/8") },
    { id: "vpce-3", vpcId: undefined, network: network("0.0.0.0/0") },
  ];
  const text = "vpce-3=0.0.0.0/0,vpce-1/vpc-2=10.0.0.0/8,172.16.0.0/12";
  assert.deepEqual((await read({ vpcEndpoint: [text] })).vpcEndpoint, endpoints);
  assert.deepEqual((await read({}, { PORTICO_VPC_ENDPOINT: text })).vpcEndpoint, endpoints);
  const path = join(folder, "networks.yaml");
  const lists = "trusted-proxies: [127.0.0.1, 10.0.0.0/8]\nproxy-protocol: true\nvpc-endpoint:\n";
  writeFileSync(path, `${lists}  vpce-3: 0.0.0.0/0\n  vpce-1/vpc-2: [10.0.0.0/8, 172.16.0.0/12]\n`);
  const { trustedProxies, proxyProtocol, vpcEndpoint } = await read({ config: path });
  assert.deepEqual([trustedProxies, proxyProtocol, vpcEndpoint], [parsed, true, endpoints]);
  await refused(/--proxy-protocol needs --trusted-proxies/, { proxyProtocol: true });
});

test("logs are for a collector that is there", async () => {
  await refused(/--otlp-logs needs --otlp\./, { otlpLogs: "access" });
  const otlp = "http://localhost:4318";
  assert.deepEqual((await read({ otlp, otlpLogs: "access,execution" })).otlpLogs, ["access", "execution"]);
  assert.deepEqual((await read({ otlp })).otlpLogs, []);
});

test("an empty variable is none", async () => {
  assert.equal((await read({}, { PORTICO_PORT: "" })).port, 4566);
});

const wrongValues: readonly (readonly [ConfigFlags, RegExp])[] = [
  [{ port: "80x" }, /--port: "80x" is not accepted\. It takes a whole number from 0 to 65535\./],
  [{ port: "-1" }, /whole number from 0/],
  [{ port: "65536" }, /whole number from 0 to 65535/],
  [{ port: "" }, /--port: an empty value is not accepted/],
  [{ threads: "0" }, /--threads.*from 1 to 256/],
  [{ threads: "1e2" }, /--threads/],
  [{ drain: "10s" }, /--drain.*from 0 to 3600/],
  [{ host: "0.0.0.0" }, /--host 0\.0\.0\.0 needs --auth enforce.*everybody who reaches it could manage your APIs/],
  [{ host: "::" }, /needs --auth enforce/],
  [{ host: "192.168.0.1" }, /needs --auth enforce/],
  [{ host: "192.168.0.1", auth: "off" }, /needs --auth enforce/],
  [{ host: "127.evil.example" }, /an IP address of this machine/],
  [{ host: "127.evil.example", auth: "enforce" }, /an IP address of this machine/],
  [{ auth: "enforced" }, /--auth.*one of off, enforce/],
  [{ auth: "" }, /--auth.*one of off, enforce/],
  [{ upstream: "localhost:4567" }, /--upstream.*URL of a server without a path/],
  [{ upstream: "http://user:pw@host" }, /--upstream/],
  [{ upstream: "http://host/path" }, /--upstream/],
  [{ upstream: "ftp://host" }, /--upstream/],
  [{ logLevel: "loud" }, /--log-level: "loud" is not accepted\. It takes one of debug, info, warn, error, silent\./],
  [{ allowOrigin: "*" }, /--allow-origin.*web origins/],
  [{ allowOrigin: "http://a.example/path" }, /--allow-origin/],
  [{ domain: "a b" }, /--domain.*host names/],
  [{ managementPayloadMax: "lots" }, /--management-payload-max.*a size from 64KB to 512MB/],
  [{ managementPayloadMax: "1KB" }, /from 64KB/],
  [{ data: "" }, /--data.*path of a directory/],
  [{ trustedProxies: ["proxy.local"] }, /--trusted-proxies.*addresses or networks/],
  [{ trustedProxies: ["10.0.0.0/33"] }, /--trusted-proxies/],
  [{ trustedProxies: ["*"] }, /--trusted-proxies/],
  [{ vpcEndpoint: ["10.0.0.0/8"] }, /--vpc-endpoint.*VPC endpoints with the networks/],
  [{ vpcEndpoint: ["vpce-1"] }, /--vpc-endpoint/],
  [{ vpcEndpoint: ["vpce-1=everybody"] }, /--vpc-endpoint/],
  [{ vpcEndpoint: ["vpc-1=10.0.0.0/8"] }, /--vpc-endpoint/],
  [{ vpcEndpoint: ["vpce-1/vpce-2=10.0.0.0/8"] }, /--vpc-endpoint/],
  [{ vpcLink: ["orders"] }, /--vpc-link.*names with addresses/],
  [{ vpcLink: ["=10.0.0.1"] }, /--vpc-link/],
  [{ vpcLink: ["orders=https://10.0.0.1"] }, /--vpc-link.*TLS is spoken is said by the integration's URI/],
  [{ vpcLink: ["orders=10.0.0.1:99999"] }, /--vpc-link/],
  [{ vpcLink: ["orders=::1"] }, /--vpc-link/],
];

test("a wrong value is refused with what would be right", async () => {
  for (const [flags, pattern] of wrongValues) await refused(pattern, flags);
});

test("the variable that is wrong is named; one that is nearly right, too", async () => {
  await refused(/PORTICO_PORT: "tcp:\/\/10\.0\.0\.1:80" is not accepted/, {}, { PORTICO_PORT: "tcp://10.0.0.1:80" });
  await refused(/PORTICO_MEMORY: "yes" is not accepted\. It takes true or false/, {}, { PORTICO_MEMORY: "yes" });
  await refused(/PORTICO_PROT is unknown\. Did you mean PORTICO_PORT\?/, {}, { PORTICO_PROT: "1" });
  await read({}, { PORTICO_SERVICE_HOST: "10.0.0.1", PORTICO_CI: "1" });
});

test("the metrics' token needs --auth enforce, and no message shows a token", async () => {
  const metricsToken = "0123456789abcdef";
  assert.equal((await read({ auth: "enforce", metricsToken })).metricsToken, metricsToken);
  assert.equal((await read({ auth: "enforce" })).metricsToken, undefined);
  await refused(/--metrics-token needs --auth enforce/, { metricsToken });
  for (const wrong of ["too-short", "with a blank in the token", "x".repeat(1_001), ["twice-the-flag-01", "x"]]) {
    await assert.rejects(read({ auth: "enforce", metricsToken: wrong }), (error: UserError) => {
      assert.match(error.message, /--metrics-token: this value is not accepted/);
      assert.ok(![wrong].flat().some((text) => text.length > 1 && JSON.stringify(error).includes(text)));
      return true;
    });
  }
  await refused(/PORTICO_METRICS_TOKEN: this value is not accepted/, {}, { PORTICO_METRICS_TOKEN: "short" });
});

test("the server's own origins are those by which it is reached", async () => {
  const own = async (flags: ConfigFlags): Promise<readonly string[] | undefined> =>
    (await read({ auth: "enforce", ...flags })).services.own;
  const local = ["http://localhost:4566", "http://127.0.0.1:4566", "http://[::1]:4566"];
  assert.deepEqual(await own({}), local);
  assert.deepEqual(await own({ host: "0.0.0.0", domain: ["a.example"] }), [
    ...local,
    "http://0.0.0.0:4566",
    "http://a.example:4566",
  ]);
  assert.deepEqual(await own({ host: "192.0.2.1", port: "80" }), ["http://192.0.2.1"]);
  assert.deepEqual(await own({ port: "0" }), []);
});

test("sizes may have units", async () => {
  assert.equal((await read({ managementPayloadMax: "20MB" })).managementPayloadMax, 20 * 1024 * 1024);
  assert.equal((await read({ payloadMax: "512 kb" })).payloadMax, 512 * 1024);
  assert.equal((await read({}, { PORTICO_PAYLOAD_MAX: "4096" })).payloadMax, 4096);
});

test("a file that is not there, is no YAML, or has other keys is refused", async () => {
  const file = (name: string, text: string): ConfigFlags => {
    writeFileSync(join(folder, name), text);
    return { config: join(folder, name) };
  };
  await refused(/There is no file .*none\.yaml/, { config: join(folder, "none.yaml") });
  await refused(/There is no file/, {}, { PORTICO_CONFIG: "none.yaml" });
  await refused(/can't be read.*not a mapping/s, file("list.yaml", "- port\n"));
  await refused(/can't be read/s, file("broken.yaml", "port: [1\n"));
  await refused(/unknown key "prot"\. Did you mean "port"\?/, file("slip.yaml", "prot: 1\n"));
  await refused(/unknown key "function"\. Did you mean "functions"\?/, file("project.yaml", "function: {}\n"));
  await refused(
    /unknown key "colour"\. The keys are api, functions, processes, host, port/,
    file("other.yaml", "colour: red\n"),
  );
  await refused(/port in .*value\.yaml: "\[1\]" is not accepted/, file("value.yaml", "port: [1]\n"));
  await refused(/memory in .*"maybe" is not accepted/, file("switch.yaml", "memory: maybe\n"));
  await refused(/can't be read/, file("bomb.yaml", `a: &a [x]\n${"b: [*a, *a]\n".repeat(200)}`));
  await read(file("empty.yaml", ""));
});

test("each key has a flag, a variable and a sentence of its own", () => {
  const flags = configKeys.map(({ flag }) => flag);
  assert.equal(new Set(flags).size, flags.length);
  for (const key of configKeys) {
    // Commander makes the key's name from the flag.
    assert.equal(
      key.flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
      key.name,
    );
    assert.match(variableName(key), /^PORTICO_[A-Z_]+$/);
    assert.notEqual(key.help, "");
  }
});
