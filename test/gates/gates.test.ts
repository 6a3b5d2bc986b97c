// Every gate refuses what is absent, malformed, expired, foreign, unreachable or changed, and nothing but the gate does.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Fault, type GateTable, gateTables, type Row } from "./gate-tables.ts";
import { type GuardedApi, type MethodName, planWithout, startGuarded } from "./guarded-api.ts";

for (const [kind, gates] of Object.entries(gateTables)) {
  for (const [gate, table] of Object.entries(gates)) {
    describe(`the gate ${gate} of ${kind} APIs`, () => {
      for (const [fault, rows] of Object.entries(table.faults) as [Fault, readonly Row[] | string][]) {
        if (typeof rows === "string") continue;
        for (const row of rows) {
          for (const method of row.on ?? table.methods) {
            it(`refuses, at the method ${method}, and alone: ${fault}: ${row.what}`, () => refuses(table, row, method));
          }
        }
      }
    });
  }
}

async function refuses(table: GateTable, row: Row, method: MethodName): Promise<void> {
  await using api = await startGuarded({ ...table.options, ...row.options });
  const good = await api.call(method);
  assert.deepEqual([good.status, good.text], [200, "served"], `a good request passes: ${hintOf(good)}`);
  await row.after?.(api);
  assert.deepEqual(await answer(api, row, method), row.refusal);
  // The mutation check: without the gate, the same request passes. So the row is about this gate, and sees if it is gone.
  const { steps = [], members = [] } = table.without;
  api.setPlan(planWithout(api.plan(), steps, members));
  const [status] = await answer(api, row, method);
  if (row.staysShut === undefined) assert.equal(status, 200, "without the gate");
  else assert.notEqual(status, 200, row.staysShut);
}

async function answer(api: GuardedApi, { send }: Row, method: MethodName): Promise<readonly [number, unknown]> {
  const reply = await api.call(method, send && ((draft) => send(draft, api)));
  return [reply.status, reply.headers["x-amzn-errortype"]];
}

const hintOf = ({ status, text, headers }: Awaited<ReturnType<GuardedApi["call"]>>): string =>
  `${status} ${text} ${headers["x-portico-hint"]}`;
