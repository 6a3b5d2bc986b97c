import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  CreateAliasCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListAliasesCommand,
  type ListVersionsByFunctionCommandOutput,
  PublishVersionCommand,
  paginateListVersionsByFunction,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { functionOf, makeClient, zip } from "../conformance/sdk/sdk-client.ts";
import { type Portico, startPortico } from "../portico.ts";
import { until } from "../until.ts";

const rounds = 5;
const FunctionName = "published";
const folder = mkdtempSync(join(tmpdir(), "portico-crash-versions-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const restart = (): Promise<Portico> => startPortico({ args: ["--data", join(folder, "data"), "--threads", "1"] });
const codeOf = (name: string): Uint8Array => zip(`exports.handler = async () => ${JSON.stringify(name)};`);
const hashOf = (code: Uint8Array): string => createHash("sha256").update(code).digest("base64");

/** What was acknowledged: the code of each version, and the last version that the alias was moved to. */
interface Ledger {
  readonly codes: Map<string, string>;
  alias: string | undefined;
  /** The move that was under way when the server died may have happened, too. */
  aliasTried: string | undefined;
}

/** Publishes, in one call or in two, and moves the alias, until the server dies. */
async function publishUntilKilled(url: string, round: number, ledger: Ledger): Promise<void> {
  const client = makeClient(LambdaClient, { url }, { maxAttempts: 1 });
  try {
    for (let n = 0; ; n++) {
      const name = `${round}/${n}`;
      const input = { FunctionName, ZipFile: codeOf(name) };
      let published = await client.send(new UpdateFunctionCodeCommand({ ...input, Publish: n % 2 === 0 }));
      if (n % 2 === 1) published = await client.send(new PublishVersionCommand({ FunctionName }));
      const version = published.Version ?? "";
      assert.ok(!ledger.codes.has(version), `version ${version} was given twice`);
      ledger.codes.set(version, name);
      ledger.aliasTried = version;
      await client.send(new UpdateAliasCommand({ FunctionName, Name: "live", FunctionVersion: version }));
      ledger.alias = version;
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
  } finally {
    client.destroy();
  }
}

/** Every acknowledged version has its code, and the alias names one that it was moved to. */
async function checkLedger(client: LambdaClient, ledger: Ledger): Promise<void> {
  const hashes = new Map<string, string>();
  for await (const page of paginateListVersionsByFunction({ client }, { FunctionName })) {
    const { Versions = [] } = page as ListVersionsByFunctionCommandOutput;
    for (const { Version = "", CodeSha256 = "" } of Versions) hashes.set(Version, CodeSha256);
  }
  for (const [version, name] of ledger.codes) assert.equal(hashes.get(version), hashOf(codeOf(name)), version);
  const { Aliases } = await client.send(new ListAliasesCommand({ FunctionName }));
  const [alias] = Aliases ?? [];
  assert.ok([ledger.alias, ledger.aliasTried].includes(alias?.FunctionVersion));
  ledger.alias = alias?.FunctionVersion;
  const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName, Qualifier: "live" }));
  const answer = await client.send(new InvokeCommand({ FunctionName, Qualifier: "live" }));
  assert.equal(answer.ExecutedVersion, alias?.FunctionVersion);
  const ran = JSON.parse(Buffer.from(answer.Payload ?? []).toString()) as string;
  assert.equal(Configuration?.CodeSha256, hashOf(codeOf(ran)));
}

test(`after kill -9 among publications, ${rounds} times, every acknowledged version is there with its code, and no number is given twice`, async (t) => {
  let server = await restart();
  try {
    const ledger: Ledger = { codes: new Map(), alias: undefined, aliasTried: undefined };
    const first = makeClient(LambdaClient, server);
    await first.send(functionOf(FunctionName, codeOf("first"), { Publish: true }));
    await first.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: "1" }));
    first.destroy();
    ledger.codes.set("1", "first");
    ledger.alias = "1";
    for (let round = 0; round < rounds; round++) {
      const before = ledger.codes.size;
      const work = publishUntilKilled(server.url, round, ledger);
      await until(() => ledger.codes.size >= before + 1 + 3 * round);
      await server.kill();
      await work;
      server = await restart();
      const client = makeClient(LambdaClient, server);
      await checkLedger(client, ledger);
      client.destroy();
    }
    t.diagnostic(`${ledger.codes.size} versions were acknowledged`);
  } finally {
    await server.kill();
  }
});
