// A server whose store was damaged while it was down: it says so and touches nothing, and `portico repair` saves what it can.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { startPortico } from "../portico.ts";
import { call, MockApi } from "../server/mock-api.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-damage-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const repair = async (data: string): Promise<string> => {
  const bin = join(import.meta.dirname, "../../bin/portico.js");
  const { stdout } = await promisify(execFile)(process.execPath, [bin, "repair", "--data", data], { cwd: folder });
  return stdout;
};

/** Ten APIs, and a server that was killed. */
async function killedData(name: string): Promise<string> {
  const data = join(folder, name);
  const server = await startPortico({ args: ["--data", data, "--threads", "1"] });
  for (let n = 0; n < 10; n++) await call(server.url, "POST", "/restapis", { name: `api ${n}` });
  await server.kill();
  return data;
}

async function apisOf(data: string): Promise<number> {
  const server = await startPortico({ args: ["--data", data, "--threads", "1"] });
  const { item } = (await call(server.url, "GET", "/restapis")) as { item?: readonly unknown[] };
  assert.equal(await server.stop(), 0);
  return item?.length ?? 0;
}

test("an emptied store beside its log is refused, and repaired from the log", async () => {
  const data = await killedData("emptied");
  truncateSync(join(data, "portico.db"), 0);
  await assert.rejects(
    startPortico({ args: ["--data", data] }),
    /ended with 1 .*portico\.db is damaged.*portico\.db-wal is not.*portico repair/s,
  );
  const said = await repair(data);
  assert.match(said, /was damaged: .*\n\d+ documents were saved/);
  const kept = readdirSync(data).find((file) => file.startsWith("damaged-"));
  assert.ok(kept !== undefined && readdirSync(join(data, kept)).includes("portico.db-wal"));
  assert.ok((await apisOf(data)) > 0);
  assert.match(await repair(data), /is not damaged/);
});

test("a flipped bit in the log of a killed server is refused, and all but what it was in is saved", async () => {
  const data = await killedData("flipped");
  const log = join(data, "portico.db-wal");
  const bytes = readFileSync(log);
  bytes[bytes.length >> 1] = bytes[bytes.length >> 1]! ^ 4;
  writeFileSync(log, bytes);
  await assert.rejects(
    startPortico({ args: ["--data", data] }),
    /is damaged.*was acknowledged: a part of .*portico\.db-wal/s,
  );
  await repair(data);
  assert.ok((await apisOf(data)) >= 8);
});

test("a stage whose document can't be read is closed and named, and the others serve", async () => {
  const data = join(folder, "stage");
  const before = await startPortico({ args: ["--data", data, "--threads", "1"] });
  const [whole, broken] = [await MockApi.create(before.url, "whole"), await MockApi.create(before.url, "broken")];
  for (const api of [whole, broken]) await api.deploy("served");
  assert.equal(await before.stop(), 0);
  const database = new DatabaseSync(join(data, "portico.db"));
  const cut = database.prepare("UPDATE document SET body = substr(body, 1, 20) WHERE kind = 'stage' AND id LIKE ?");
  assert.equal(cut.run(`${broken.id}/%`).changes, 1);
  database.close();

  const server = await startPortico({ args: ["--data", data, "--threads", "1"] });
  assert.equal(await whole.get(server.url), "served");
  assert.match(await broken.get(server.url), /^501 /);
  const { stages } = (await (await fetch(`${server.url}/_portico/status`)).json()) as {
    readonly stages: readonly { readonly apiId: string; readonly problem?: string }[];
  };
  assert.equal(stages.find(({ apiId }) => apiId === whole.id)?.problem, undefined);
  assert.match(stages.find(({ apiId }) => apiId === broken.id)?.problem ?? "", /JSON/);
  assert.equal(await server.stop(), 0);
});
