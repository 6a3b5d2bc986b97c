import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { ManualClock } from "../../base/clock.ts";
import { randomIds } from "../../base/ids.ts";
import { definitionIndexes } from "../../definition/indexes.ts";
import { makeManagement } from "../../protocol/management.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { makeControlLimits } from "../control-limits.ts";
import { makeRestOperations } from "./operations.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-damaged-"));
const path = join(folder, "portico.db");
const left: string[] = [];
const store = openSqliteStore({ path, indexes: definitionIndexes, onDamaged: ({ id }) => left.push(id) });
after(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const management = makeManagement(
  [{ model: "apigateway", operations: makeRestOperations({ store, limits: makeControlLimits({}) }) }],
  {
    clock: new ManualClock(0),
    ids: randomIds,
    bodyBytesMax: 1_000_000,
    logger: { warn: () => {}, error: () => {} },
    onUndeclaredError: (operation, code) => assert.fail(`${operation} does not declare ${code}`),
  },
);

async function send(method: string, target: string, body?: unknown) {
  const authorization =
    "AWS4-HMAC-SHA256 Credential=123456789012/20261118/eu-west-1/apigateway/aws4_request, SignedHeaders=host, Signature=0";
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { host: "localhost:4566", authorization };
  const answer = await management.handle({ method, target, headers, body: Buffer.from(text) });
  return { status: answer.status, hint: answer.headers["x-portico-hint"], body: JSON.parse(answer.body.toString()) };
}

test("a document that can't be read hides no others in lists, ends no list early, and is named where it is asked for", async () => {
  const ids: string[] = [];
  for (const name of ["a", "b", "c"]) ids.push((await send("POST", "/restapis", { name })).body.id);
  const other = new DatabaseSync(path);
  other.prepare("UPDATE document SET body = substr(body, 5) WHERE kind = 'rest-api' AND id = ?").run(ids[1]!);
  other.close();

  const listed = await send("GET", "/restapis");
  assert.equal(listed.status, 200);
  assert.deepEqual(
    listed.body.item.map(({ id }: { readonly id: string }) => id),
    [ids[0], ids[2]],
  );
  assert.deepEqual(left, [ids[1]]);
  const first = await send("GET", "/restapis?limit=2");
  assert.equal(first.body.item.length, 1);
  const second = await send("GET", `/restapis?limit=2&position=${first.body.position}`);
  assert.equal(second.body.item[0].id, ids[2]);

  const got = await send("GET", `/restapis/${ids[1]}`);
  assert.equal(got.status, 500);
  assert.match(got.hint ?? "", new RegExp(`the document rest-api ${ids[1]} is damaged`));
  assert.equal((await send("GET", `/restapis/${ids[0]}`)).status, 200);
});
