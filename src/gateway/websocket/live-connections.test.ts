import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../test/until.ts";
import { LiveConnections } from "./live-connections.ts";
import type { MessageProgram } from "./message-program.ts";
import type { StageOutcome } from "./stage-call.ts";

test("lists wait for their turn, and too many at a time are refused", async () => {
  const features = { groups: true, wills: false, resume: undefined };
  const connections = new LiveConnections({ thread: 0, features, now: () => 0, callAll: () => undefined });
  connections.serve("abc123/prod", { plan: { account: "000000000000" } } as MessageProgram);
  const outcomes: StageOutcome["kind"][] = [];
  const list = (): void =>
    connections.callStage("abc123/prod", { kind: "groups", page: { after: "", limit: 10 } }, ({ kind }) => {
      outcomes.push(kind);
    });
  for (let asked = 0; asked < 65; asked++) list();
  assert.deepEqual(outcomes, ["busy"]);
  await until(() => outcomes.length === 65);
  assert.equal(outcomes.filter((kind) => kind === "groups").length, 64);
  list();
  await until(() => outcomes.length === 66);
  assert.equal(outcomes.at(-1), "groups");
});
