// Every gate refuses what is absent, malformed, expired, foreign, unreachable or changed, and nothing but the gate does.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Reply } from "../exchange/start-gateway.ts";
import { type GateTable, gateTables, type Row, rowsOf, start } from "./gate-tables.ts";
import { type ApiOf, type GuardedBase, type GuardedKind, type MethodOf, planWithout } from "./guarded-api.ts";

function describeGates<Kind extends GuardedKind>(kind: Kind, gates: Readonly<Record<string, GateTable<Kind>>>): void {
  for (const [gate, table] of Object.entries(gates)) {
    describe(`the gate ${gate} of ${kind} APIs`, () => {
      for (const [fault, row] of rowsOf(table)) {
        for (const method of row.on ?? table.methods) {
          it(`refuses, at the method ${method}, and alone: ${fault}: ${row.what}`, () =>
            refuses(kind, table, row, method));
        }
      }
    });
  }
}

describeGates("rest", gateTables.rest);
describeGates("http", gateTables.http);
describeGates("websocket", gateTables.websocket);

async function refuses<Kind extends GuardedKind>(
  kind: Kind,
  table: GateTable<Kind>,
  row: Row<Kind>,
  method: MethodOf<Kind>,
): Promise<void> {
  await using api = await start(kind, { ...table.options, ...row.options });
  const good = await api.call(method);
  assert.deepEqual([good.status, good.text], [200, "served"], `a good request passes: ${hintOf(good)}`);
  await row.after?.(api);
  assert.deepEqual(await answer(api, row, method), row.refusal);
  // The mutation check: without the gate, the same request passes. So the row is about this gate, and sees if it is gone.
  const { steps = [], members = [] } = table.without;
  api.setPlan(planWithout(api.plan(method), steps, members));
  const [status] = await answer(api, row, method);
  if (row.staysShut === undefined) assert.equal(status, 200, "without the gate");
  else assert.notEqual(status, 200, row.staysShut);
}

async function answer<Kind extends GuardedKind>(
  api: ApiOf<Kind> & GuardedBase<Kind>,
  { send }: Row<Kind>,
  method: MethodOf<Kind>,
): Promise<readonly [number, unknown]> {
  const reply = await api.call(method, send && ((draft) => send(draft, api)));
  return [reply.status, reply.headers["x-amzn-errortype"]];
}

const hintOf = ({ status, text, headers }: Reply): string => `${status} ${text} ${headers["x-portico-hint"]}`;
