import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { call, MockApi, send } from "../server/mock-api.ts";

const rounds = 12;
const writersPerRound = 6;

const folder = mkdtempSync(join(tmpdir(), "portico-crash-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const endpointConfiguration = { types: ["REGIONAL"] };

/** What was acknowledged. For a write that was under way when the server was killed, either outcome is right. */
class Ledger {
  /** API id → the names that it may have; undefined among them: it may be gone. */
  readonly apis = new Map<string, Set<string | undefined>>();
  acknowledged = 0;

  begin(id: string, name: string | undefined): void {
    this.apis.get(id)?.add(name);
  }

  acknowledge(id: string, name: string | undefined): void {
    this.acknowledged++;
    this.apis.set(id, new Set([name]));
  }
}

/** Creates, renames and deletes APIs until the server dies. */
async function writeUntilKilled(url: string, writer: string, ledger: Ledger): Promise<void> {
  for (let n = 0; ; n++) {
    try {
      // Regional: AWS allows 600 of them, and 120 of the others.
      const created = await call(url, "POST", "/restapis", { name: `${writer}/${n}`, endpointConfiguration });
      const id = String(created["id"]);
      ledger.acknowledge(id, `${writer}/${n}`);
      const patchOperations = [{ op: "replace", path: "/name", value: `${writer}/${n} renamed` }];
      ledger.begin(id, `${writer}/${n} renamed`);
      await call(url, "PATCH", `/restapis/${id}`, { patchOperations });
      ledger.acknowledge(id, `${writer}/${n} renamed`);
      if (n % 10 !== 0) {
        ledger.begin(id, undefined);
        await call(url, "DELETE", `/restapis/${id}`);
        ledger.acknowledge(id, undefined);
      }
    } catch (error) {
      if (isConnectionError(error)) return;
      throw error;
    }
  }
}

/** Deploys one version after another until the server dies; answers the versions that may be served then. */
async function deployUntilKilled(api: MockApi, from: number): Promise<{ acknowledged: number; begun: number }> {
  let version = from;
  for (;;) {
    try {
      await api.deploy(`version ${version + 1}`);
      version++;
    } catch (error) {
      if (isConnectionError(error)) return { acknowledged: version, begun: version + 1 };
      throw error;
    }
  }
}

function isConnectionError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (["ECONNRESET", "ECONNREFUSED", "EPIPE"].includes(code)) return true;
  return /socket hang up|aborted/.test((error as Error).message);
}

async function namesOf(url: string): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  let position = "";
  do {
    const page = await call(
      url,
      "GET",
      `/restapis?limit=500${position === "" ? "" : `&position=${encodeURIComponent(position)}`}`,
    );
    for (const { id, name } of (page["item"] ?? []) as { id: string; name: string }[]) names.set(id, name);
    position = String(page["position"] ?? "");
  } while (position !== "");
  return names;
}

const restart = (): Promise<Portico> => startPortico({ args: ["--data", join(folder, "data"), "--threads", "2"] });

test(`after kill -9 in the middle of writes, ${rounds} times, every acknowledged write is there and served`, async (t) => {
  const ledger = new Ledger();
  let server = await restart();
  let api = await MockApi.create(server.url, "deployed");
  await api.deploy("version 0");
  let served = { acknowledged: 0, begun: 0 };
  try {
    for (let round = 0; round < rounds; round++) {
      const { url } = server;
      const deploying = deployUntilKilled(api, served.acknowledged);
      const writing = Array.from({ length: writersPerRound }, (_, writer) =>
        writeUntilKilled(url, `${round}.${writer}`, ledger),
      );
      // A different moment each time, from before the first answer to well into the writes.
      const work = Promise.all([deploying, ...writing]);
      work.catch(() => undefined);
      // tidy-allow: time – the moment of the kill is meant to be any
      await new Promise((resolve) => setTimeout(resolve, 20 + 40 * round));
      await server.kill();
      [served] = await work;

      server = await restart();
      const names = await namesOf(server.url);
      for (const [id, possible] of ledger.apis) {
        assert.ok(
          possible.has(names.get(id)),
          `round ${round}: ${id} is ${names.get(id)}, acknowledged ${[...possible]}`,
        );
      }
      // A create that was under way is there whole or not at all: its root resource came with it.
      for (const [id, name] of names) {
        const found = await send(`${server.url}/restapis/${id}/resources`);
        assert.equal(found.status, 200, `${id} ${name}: ${found.text}`);
        assert.match(found.text, /"path":"\/"/, `${id} ${name} has no root resource`);
        ledger.apis.set(id, new Set([name]));
      }
      for (const [id] of ledger.apis) if (!names.has(id)) ledger.apis.delete(id);

      api = api.at(server.url);
      const text = await api.get();
      assert.ok(
        text === `version ${served.acknowledged}` || text === `version ${served.begun}`,
        `round ${round}: served ${text}, acknowledged version ${served.acknowledged}`,
      );
      if (text === `version ${served.begun}`) served.acknowledged = served.begun;
    }
    t.diagnostic(`${ledger.acknowledged} writes and ${served.acknowledged} deployments were acknowledged`);
    assert.ok(ledger.acknowledged > rounds * writersPerRound, "there was something to lose");
  } finally {
    await server.kill();
  }
});

test("a server that is killed while it starts does not keep the next one from starting", async () => {
  const data = join(folder, "starting");
  const bin = join(import.meta.dirname, "../../bin/portico.js");
  for (let ms = 40; ms <= 400; ms += 60) {
    const child = spawn(process.execPath, [bin, "serve", "--data", data, "--port", "0", "--threads", "1"], {
      cwd: folder,
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    // tidy-allow: time – the moment of the kill is meant to be any
    await new Promise((resolve) => setTimeout(resolve, ms));
    child.kill("SIGKILL");
    await ended;
  }
  const server = await startPortico({ args: ["--data", data, "--threads", "1"] });
  await MockApi.create(server.url);
  assert.equal(await server.stop(), 0);
});
