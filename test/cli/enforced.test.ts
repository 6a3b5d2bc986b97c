// The policy of the guide lets a user deploy with `portico up`, and each of its actions is needed.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Credentials } from "../../src/access/request-signer.ts";
import { fetchSigned, useCredentials } from "../../src/cli/signed-calls.ts";
import { makeClient } from "../../src/protocol/client.ts";
import { readConfig } from "../../src/server/config.ts";
import { type RunningServer, startServer } from "../../src/server/start.ts";
import { makeLogger } from "../../src/telemetry/logger.ts";
import { type Ran, run } from "../tool.ts";
import { Up } from "./up-process.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "portico-up-enforced-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Statement {
  readonly Action: string | readonly string[];
}

/** The policy document of the guide. */
const guide = readFileSync(join(root, "docs/guide/enforcing.md"), "utf8");
const [, document = ""] = /### A user who deploys with `portico up`[\s\S]*?```json\n([\s\S]*?)```/.exec(guide) ?? [];
const policy = JSON.parse(document) as { readonly Version: string; readonly Statement: readonly Statement[] };
const actions = policy.Statement.flatMap(({ Action }) => Action);

/** Returns the policy without one of its actions. */
const without = (action: string | undefined): string =>
  JSON.stringify({
    ...policy,
    Statement: policy.Statement.map((one) => ({
      ...one,
      Action: [one.Action].flat().filter((name) => name !== action),
    })).filter(({ Action }) => Action.length > 0),
  });

/** A server that verifies its callers, and a user with a project. */
class EnforcedServer {
  readonly server: RunningServer;
  readonly project = join(mkdtempSync(join(folder, "project-")), "petstore");
  credentials!: Credentials;

  private constructor(server: RunningServer) {
    this.server = server;
    useCredentials(server.url, server.administrator!);
    cpSync(join(root, "examples/petstore"), this.project, { recursive: true });
  }

  static async start(): Promise<EnforcedServer> {
    const flags = { memory: true, auth: "enforce", port: "0", threads: "1", drain: "0" };
    const config = await readConfig({ flags, env: {}, cwd: "/nowhere" });
    const silent = makeLogger("silent", () => {});
    const enforced = new EnforcedServer(await startServer(config, silent));
    await enforced.iam({ Action: "CreateUser", UserName: "dev" });
    await enforced.may(undefined);
    const made = await enforced.iam({ Action: "CreateAccessKey", UserName: "dev" });
    enforced.credentials = {
      accessKeyId: /<AccessKeyId>(.*?)</.exec(made)![1]!,
      secretAccessKey: /<SecretAccessKey>(.*?)</.exec(made)![1]!,
    };
    return enforced;
  }

  async iam(parameters: Readonly<Record<string, string>>): Promise<string> {
    const response = await fetchSigned(this.server.url, {
      method: "POST",
      path: "/",
      service: "iam",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: String(new URLSearchParams({ Version: "2010-05-08", ...parameters })),
      timeoutMs: 10_000,
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text;
  }

  may(missing: string | undefined): Promise<string> {
    const PolicyDocument = without(missing);
    return this.iam({ Action: "PutUserPolicy", UserName: "dev", PolicyName: "p", PolicyDocument });
  }

  /** Lets the user do nothing else than these actions. */
  allow(Action: readonly string[]): Promise<string> {
    const nothing = Action.length === 0 ? ["none:Such"] : Action;
    const PolicyDocument = JSON.stringify({
      ...policy,
      Statement: [{ Effect: "Allow", Action: nothing, Resource: "*" }],
    });
    return this.iam({ Action: "PutUserPolicy", UserName: "dev", PolicyName: "p", PolicyDocument });
  }

  get env(): Record<string, string> {
    const { accessKeyId, secretAccessKey } = this.credentials;
    return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, NO_COLOR: "1" };
  }

  portico(...args: readonly string[]): Promise<Ran> {
    const program = [join(root, "bin/portico.js"), ...args, "--endpoint", this.server.url];
    return run(process.execPath, program, { env: this.env, cwd: this.project });
  }

  up = (): Promise<Ran> => this.portico("up", this.project, "--no-watch");

  /** Changes the code and the settings of a function, and a stage variable. */
  change(): void {
    const file = join(this.project, "functions/getPet.mjs");
    writeFileSync(file, `${readFileSync(file, "utf8")}\n// changed\n`);
    writeFileSync(
      join(this.project, "portico.yaml"),
      "api: { variables: { greeting: hello } }\nfunctions: { getPet: { timeout: 9 } }\n",
    );
  }

  /** Makes deployments as `up` does, so that the next one has some to delete. */
  async deployOften(): Promise<void> {
    const admin = makeClient({
      endpoint: this.server.url,
      model: "apigateway",
      credentials: this.server.administrator!,
    });
    const { items } = await admin.call("GetRestApis", {});
    const [{ id: restApiId }] = items as readonly [{ readonly id: string }];
    for (let index = 0; index < 7; index++) {
      await admin.call("CreateDeployment", {
        restApiId,
        description: `portico up 2026-01-0${index + 1}T00:00:00.000Z`,
      });
    }
  }
}

/** What only a later deployment asks for, and what has to be there before it. */
const later: Readonly<Record<string, (enforced: EnforcedServer) => void | Promise<void>>> = {
  "apigateway:PATCH": (enforced) => enforced.change(),
  "apigateway:DELETE": (enforced) => enforced.deployOften(),
  "lambda:UpdateFunctionConfiguration": (enforced) => enforced.change(),
  "lambda:UpdateFunctionCode": (enforced) => enforced.change(),
};

test("a user with the guide's policy deploys with portico up, again after a change, and sees the state", async () => {
  const enforced = await EnforcedServer.start();
  try {
    const first = await enforced.up();
    assert.equal(first.status, 0, first.stderr + first.stdout);
    const [, url = ""] = / at (http:\S+)/.exec(first.stdout) ?? [];
    assert.equal((await fetch(`${url}/pets/1`)).status, 200);
    enforced.change();
    await enforced.deployOften();
    const second = await enforced.up();
    assert.equal(second.status, 0, second.stderr + second.stdout);
    const status = await enforced.portico("status");
    assert.match(status.stdout, /^Petstore .*up to date$/m);
    enforced.credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const foreign = await enforced.up();
    assert.equal(foreign.status, 1);
    assert.match(
      foreign.stderr,
      /security token .* invalid\.\n {2}this is no active access key .*portico auth create-key/,
    );
  } finally {
    await enforced.server.stop();
  }
});

test("with the paths of HTTP APIs, the same policy lets the user deploy one", async () => {
  const enforced = await EnforcedServer.start();
  try {
    const example = join(root, "examples/http-api");
    const up = (): Promise<Ran> => enforced.portico("up", example, "--no-watch");
    const refused = await up();
    assert.equal(refused.status, 1);
    assert.match(
      refused.stdout + refused.stderr,
      /not authorized to perform: apigateway:GET on resource: \S+::\/apis\//,
    );
    const PolicyDocument = JSON.stringify(policy).replaceAll("/restapis", "/apis");
    await enforced.iam({ Action: "PutUserPolicy", UserName: "dev", PolicyName: "p", PolicyDocument });
    const done = await up();
    assert.equal(done.status, 0, done.stdout + done.stderr);
  } finally {
    await enforced.server.stop();
  }
});

for (const action of actions.filter((name) => name !== "logs:FilterLogEvents")) {
  test(`without ${action}, portico up is refused, and says so`, async () => {
    const enforced = await EnforcedServer.start();
    try {
      const before = later[action];
      if (before !== undefined) {
        assert.equal((await enforced.up()).status, 0);
        await before(enforced);
      }
      await enforced.may(action);
      const { status, stdout, stderr } = await enforced.up();
      assert.equal(status, 1, stdout + stderr);
      assert.match(stdout + stderr, new RegExp(`user/dev is not authorized to perform: ${action} on resource: `));
    } finally {
      await enforced.server.stop();
    }
  });
}

test("without logs:FilterLogEvents, portico up goes on, and says that it shows no output of functions", async () => {
  const enforced = await EnforcedServer.start();
  await enforced.may("logs:FilterLogEvents");
  const up = new Up([enforced.project, "--endpoint", enforced.server.url], enforced.project, enforced.env);
  try {
    await up.until(/What functions print is not shown\. User: \S+ is not authorized to perform: logs:FilterLogEvents/);
    await up.until(/Ctrl-C stops/);
  } finally {
    await up.stop();
    await enforced.server.stop();
  }
});

/** The rows of the guide's table, and how each is called. */
const commands: readonly (readonly [row: string, actions: string, call: readonly string[]])[] = [
  ["portico status", "`portico:GET`", ["status"]],
  ["portico routes", "`portico:GET`, `apigateway:GET`", ["routes"]],
  ["`export`", "`portico:GET`, `apigateway:GET`", ["export", "Petstore", "dev"]],
  ["`sdk`", "`portico:GET`, `apigateway:GET`", ["sdk", "Petstore", "--language", "python", "--out", "clients"]],
  ["`keys`", "`portico:GET`, `apigateway:GET`", ["keys", "Petstore", "dev"]],
  ["`cors --dry-run`", "`portico:GET`, `apigateway:GET`", ["cors", "Petstore", "--dry-run"]],
  [
    "portico keys --make",
    "`portico:GET`, `apigateway:GET`, `apigateway:POST`",
    ["keys", "Petstore", "dev", "--make", "partner"],
  ],
  [
    "portico cors --deploy",
    "`portico:GET`, `apigateway:GET`, `apigateway:PUT`, `apigateway:PATCH`, `apigateway:POST`",
    ["cors", "Petstore", "--deploy", "dev"],
  ],
  ["portico import", "`apigateway:POST`", ["import", "openapi.yaml"]],
  ["portico logs", "`portico:GET`, `logs:DescribeLogGroups`, `logs:DescribeLogStreams`", ["logs"]],
  [
    "portico logs FUNCTION",
    "`portico:GET`, `logs:DescribeLogGroups`, `lambda:GetFunctionConfiguration`, `logs:FilterLogEvents`",
    ["logs", "getPet"],
  ],
  [
    "portico logs API",
    "`portico:GET`, `logs:DescribeLogGroups`, `lambda:GetFunctionConfiguration`, `apigateway:GET`, `logs:FilterLogEvents`",
    ["logs", "API"],
  ],
  ["portico explain", "`portico:POST`", ["explain", "GET", "/_aws/execute-api/API/dev/pets/1"]],
  [
    "portico policy explain",
    "`iam:GetAccountAuthorizationDetails`",
    ["policy", "explain", "--principal", "arn:aws:iam::000000000000:user/dev", "--action", "a:B", "--resource", "*"],
  ],
];

test("the guide says which actions each command needs, and each is needed", async () => {
  const enforced = await EnforcedServer.start();
  try {
    const { stdout } = await enforced.up();
    const [url = "", api = ""] = /http:\S+execute-api\/(\w+)\/dev/.exec(stdout) ?? [];
    assert.equal((await fetch(`${url}/pets/1`)).status, 200);
    for (const [row, named, call] of commands) {
      const line = guide
        .split("\n")
        .find((text) => text.startsWith("| ") && text.includes(row) && text.includes(named));
      assert.ok(line, `the guide has ${row} with ${named}`);
      const needed = Array.from(named.matchAll(/`(.*?)`/g), ([, action = ""]) => action);
      const args = call.map((arg) => arg.replace("API", api));
      for (const action of needed) {
        await enforced.allow(needed.filter((other) => other !== action));
        const refused = await enforced.portico(...args);
        assert.equal(refused.status, 1, `${row} without ${action}: ${refused.stdout}${refused.stderr}`);
        assert.match(refused.stderr, new RegExp(`user/dev is not authorized to perform: ${action} on resource: `), row);
        if (!action.startsWith("portico:")) continue;
        const advice = new RegExp(`an access key of that server, whose policies allow ${action}`);
        assert.match(refused.stderr, advice, row);
      }
      await enforced.allow(needed);
      const done = await enforced.portico(...args);
      // A call that is explained is denied, and the command says so by its exit code.
      assert.equal(done.status, row === "portico policy explain" ? 1 : 0, `${row}: ${done.stdout}${done.stderr}`);
      assert.doesNotMatch(done.stderr, /dev is not authorized/, row);
    }
  } finally {
    await enforced.server.stop();
  }
});
