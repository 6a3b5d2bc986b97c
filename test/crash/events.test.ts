import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { functionOf, makeClient, zip } from "../conformance/sdk/sdk-client.ts";
import { type Portico, startPortico } from "../portico.ts";
import { until } from "../until.ts";

const rounds = 5;
const writers = 6;
const folder = mkdtempSync(join(tmpdir(), "portico-crash-events-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const restart = (): Promise<Portico> => startPortico({ args: ["--data", join(folder, "data"), "--threads", "1"] });
/** Every run of the function leaves its event's name here. */
const ledger = join(folder, "ledger");
const code = `
  const { appendFileSync } = require("node:fs");
  exports.handler = async ({ name }) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    appendFileSync(process.env.LEDGER, name + "\\n");
  };`;

/** Has events accepted until the server dies; notes those that were acknowledged. */
async function invokeUntilKilled(url: string, writer: string, acknowledged: string[]): Promise<void> {
  const client = makeClient(LambdaClient, { url }, { maxAttempts: 1 });
  for (let n = 0; ; n++) {
    const name = `${writer}/${n}`;
    const Payload = JSON.stringify({ name });
    try {
      await client.send(new InvokeCommand({ FunctionName: "noted", InvocationType: "Event", Payload }));
      acknowledged.push(name);
    } catch {
      client.destroy();
      return;
    }
  }
}

test(`after kill -9 among asynchronous invocations, ${rounds} times, every acknowledged one runs`, async (t) => {
  writeFileSync(ledger, "");
  let server = await restart();
  try {
    const client = makeClient(LambdaClient, server);
    const Environment = { Variables: { LEDGER: ledger } };
    await client.send(functionOf("noted", zip(code), { Environment }));
    client.destroy();
    const acknowledged: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const { url } = server;
      const before = acknowledged.length;
      const work = Array.from({ length: writers }, (_, writer) =>
        invokeUntilKilled(url, `${round}.${writer}`, acknowledged),
      );
      // From before the first run to well into them.
      await until(() => acknowledged.length >= before + 1 + 20 * round);
      await server.kill();
      await Promise.all(work);
      server = await restart();
    }
    let missing = acknowledged;
    await until(
      () => {
        const ran = new Set(readFileSync(ledger, "utf8").split("\n"));
        missing = missing.filter((name) => !ran.has(name));
        return missing.length === 0;
      },
      { what: "every acknowledged event has run", ms: 60_000 },
    );
    t.diagnostic(`${acknowledged.length} asynchronous invocations were acknowledged`);
  } finally {
    await server.kill();
  }
});
