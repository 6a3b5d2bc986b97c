// A stage whose canary takes traffic: which side a request meets, and what happens where one side can't be served.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { closedCanary, withCanary } from "../../src/compiler/compile-canary.ts";
import { compileRest } from "../../src/compiler/compile-rest.ts";
import { canaryStageOf } from "../../src/definition/canary-stage.ts";
import type { CanarySettings } from "../../src/definition/rest-api.ts";
import type { Plan } from "../../src/plan/kinds.ts";
import { packPlan, unpackPlan } from "../../src/plan/packed-plan.ts";
import { stageKey } from "../../src/plan/plan.ts";
import type { RestPlan } from "../../src/plan/rest-plan.ts";
import { allocateCache, cacheBytesMin } from "../../src/response-cache/cache-memory.ts";
import { aMethod, aMethodSetting, aMock, aRestApi, aStage } from "./a-rest-api.ts";
import { type GatewayUnderTest, startGateway } from "./start-gateway.ts";

const scope = { account: "000000000000", region: "us-east-1" };

const answering = (text: string) =>
  aRestApi({
    "/": {
      GET: aMethod(aMock(`${text} $context.isCanaryRequest $stageVariables.a$stageVariables.b`)),
    },
  });

function plansOf(canarySettings: CanarySettings): { readonly stable: RestPlan; readonly canary: RestPlan } {
  const stage = aStage({ variables: { a: "1", b: "2" }, canarySettings });
  return {
    stable: compileRest(answering("old"), stage, scope),
    canary: compileRest(answering("new"), canaryStageOf(stage) ?? stage, scope),
  };
}

const serve = (gateway: GatewayUnderTest, plan: Plan): string | undefined =>
  gateway.gateway.setPlan(stageKey(plan.apiId, plan.stageName), plan);

async function texts(gateway: GatewayUnderTest, calls: number): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let index = 0; index < calls; index++) {
    const { text } = await gateway.call("/");
    found.set(text, (found.get(text) ?? 0) + 1);
  }
  return found;
}

const overriding = { percentTraffic: 50, deploymentId: "dep2", stageVariableOverrides: { b: "3" } };

test("each request meets one of the sides at random, with that side's deployment and variables", async () => {
  await using gateway = await startGateway();
  const { stable, canary } = plansOf(overriding);
  serve(gateway, withCanary(stable, canary, 50));
  const found = await texts(gateway, 400);
  assert.deepEqual([...found.keys()].sort(), ["new true 13", "old false 12"]);
  // 7.5 standard deviations of 10: once in 10^13 runs.
  assert.ok(Math.abs((found.get("new true 13") ?? 0) - 200) < 75, `${found.get("new true 13")} of 400`);
  serve(gateway, withCanary(stable, canary, 100));
  assert.deepEqual([...(await texts(gateway, 50)).keys()], ["new true 13"]);
});

test("a packed plan has its canary", async () => {
  await using gateway = await startGateway();
  const { stable, canary } = plansOf(overriding);
  const packed = structuredClone(packPlan(withCanary(stable, canary, 100), 0));
  assert.deepEqual([packed.plan.methods, packed.canary?.plan.methods], [[], []]);
  serve(gateway, unpackPlan(packed));
  assert.equal((await gateway.call("/")).text, "new true 13");
});

test("a canary that can't be compiled closes its own requests, by name, and no others", async () => {
  await using gateway = await startGateway();
  const { stable } = plansOf(overriding);
  serve(gateway, withCanary(stable, closedCanary(stable, "dep2", "it has no snapshot"), 50));
  const found = [...(await texts(gateway, 100)).keys()].sort();
  assert.equal(found.length, 2);
  assert.equal(found[0], "old false 12");
  assert.match(found[1] ?? "", /deployment dep2: it has no snapshot\. The canary is closed/);
});

test("a canary's plan that a thread can't run closes the canary, and the thread says so", async () => {
  const { stable, canary } = plansOf(overriding);
  const broken: readonly unknown[] = [
    undefined,
    null,
    7,
    {},
    { ...canary, version: 99 },
    { ...canary, isCanary: undefined },
  ];
  for (const plan of broken) {
    await using gateway = await startGateway();
    const split = { ...stable, canary: { percentTraffic: 100, plan } } as RestPlan;
    assert.match(serve(gateway, split) ?? "", /^the canary: /);
    const { status, text } = await gateway.call("/");
    assert.deepEqual([status, text.includes("The canary is closed")], [501, true], text);
    serve(gateway, { ...split, canary: { ...split.canary!, percentTraffic: 1e-9 } });
    assert.equal((await gateway.call("/")).text, "old false 12");
  }
});

test("a share that is no share closes the stage: nobody knows whom a request should meet", async () => {
  await using gateway = await startGateway();
  const { stable, canary } = plansOf(overriding);
  for (const percent of [0, -1, 100.1, Number.NaN, undefined, "ten"]) {
    assert.notEqual(serve(gateway, withCanary(stable, canary, percent as number)), undefined);
    assert.equal((await gateway.call("/")).status, 501, String(percent));
  }
});

test("a stage is replaced with both of its sides, and each side's program ends", async () => {
  await using gateway = await startGateway();
  const { stable, canary } = plansOf(overriding);
  for (let round = 0; round < 3; round++) serve(gateway, withCanary(stable, canary, 50));
  serve(gateway, stable);
  assert.deepEqual([...(await texts(gateway, 20)).keys()], ["old false 12"]);
});

test("a canary uses the stage's cache where useStageCache says so; two deployments share no entry", async () => {
  await using gateway = await startGateway();
  gateway.gateway.setResponseCache("abc123/prod", allocateCache(cacheBytesMin, randomBytes));
  const api = (text: string) => aRestApi({ "/": { GET: aMethod(aMock(`${text} $context.requestId`)) } });
  const calls = async (canarySettings: CanarySettings, deploymentId: string): Promise<string[]> => {
    const methodSettings = { "*/*": aMethodSetting({ cachingEnabled: true }) };
    const stage = aStage({ cacheClusterEnabled: true, methodSettings, deploymentId, canarySettings });
    const stable = compileRest(api("old"), stage, scope);
    const canary = compileRest(api("new"), canaryStageOf(stage)!, scope);
    const found: string[] = [];
    // The stable side, the canary twice, and the stable side again.
    const split = withCanary(stable, canary, 100);
    for (const plan of [stable, split, split, stable]) {
      serve(gateway, plan);
      found.push((await gateway.call("/")).text);
    }
    return found;
  };
  const count = (texts: readonly string[]): number => new Set(texts).size;
  const none = await calls({ percentTraffic: 100, deploymentId: "c1", useStageCache: false }, "s1");
  assert.deepEqual([count(none), none[3]], [3, none[0]], "each of the canary's requests is answered anew");
  const own = await calls({ percentTraffic: 100, deploymentId: "c2", useStageCache: true }, "s2");
  assert.deepEqual([own[2], own[3], count(own)], [own[1], own[0], 2]);
  assert.match(own.join(), /^old .*,new .*,new .*,old /);
  const shared = await calls({ percentTraffic: 100, deploymentId: "s3", useStageCache: true }, "s3");
  assert.equal(count(shared), 1);
});
