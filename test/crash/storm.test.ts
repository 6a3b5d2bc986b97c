// Clients create, change and delete the same few things at the same time, and the server is killed in the middle. Whatever the
// order was, and whenever it ended: nothing names what is not there, nothing is left of what is gone, and no client's own
// change is lost by another's.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type ApiKey, keyKinds, type UsagePlan } from "../../src/definition/api-key.ts";
import { type BasePathMapping, domainNameKinds } from "../../src/definition/domain-name.ts";
import { type Route, v2Kinds } from "../../src/definition/http-api.ts";
import { type Resource, restKinds, type Stage } from "../../src/definition/rest-api.ts";
import { storeIndexes } from "../../src/server/store-indexes.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import { everywhere, type Reader } from "../../src/store/store.ts";
import { type Portico, startPortico } from "../portico.ts";
import { below, makeRandom, pick, type Random, seed } from "../random.ts";
import { send } from "../server/mock-api.ts";

const rounds = 3;
/** The server is killed when about so many calls of a round were answered, so that a slow machine does as much as a fast one. */
const callsPerRound = 400;
const clients = 12;
const scope = { account: "000000000000", region: "us-east-1" };

const folder = mkdtempSync(join(tmpdir(), "portico-storm-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const data = join(folder, "data");
const restart = (): Promise<Portico> => startPortico({ args: ["--data", data, "--threads", "2"] });

/** A call's status and answer; status 0 if the server went away, which leaves open whether the call was carried out. */
interface Outcome {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member.
  readonly body: any;
}

type Call = (line: string, input?: unknown) => Promise<Outcome>;

/** Calls a server; `onAnswer` is called with each answer. */
const calling =
  (url: string, onAnswer: () => void = () => undefined): Call =>
  async (line, input) => {
    const [method = "", path = ""] = line.split(" ");
    const headers = { "Content-Type": "application/json" };
    const body = input === undefined ? {} : { body: JSON.stringify(input) };
    const answer = await send(`${url}${path}`, { method, headers, ...body }).catch(() => undefined);
    if (answer === undefined) return { status: 0, body: {} };
    // Whatever the others do meanwhile, a call succeeds or is the caller's mistake.
    assert.ok(answer.status < 500, `${line} answered ${answer.status}: ${answer.text}`);
    onAnswer();
    return { status: answer.status, body: answer.text === "" ? {} : JSON.parse(answer.text) };
  };

const replace = (path: string, value: string) => ({ patchOperations: [{ op: "replace", path, value }] });
const add = (path: string, value: string) => ({ patchOperations: [{ op: "add", path, value }] });

const domain = "storm.example.com";
const certificate = "arn:aws:acm:us-east-1:000000000000:certificate/11111111-1111-1111-1111-111111111111";
const authorizerUri =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations";

/** Makes an API that has everything, so that there is always something to take away. */
async function makeShop(call: Call): Promise<void> {
  const { body: api } = await call("POST /restapis", { name: "shop", endpointConfiguration: { types: ["REGIONAL"] } });
  const method = `/restapis/${api.id}/resources/${api.rootResourceId}/methods/GET`;
  await call(`PUT ${method}`, { authorizationType: "NONE" });
  await call(`PUT ${method}/integration`, { type: "MOCK" });
  await call(`POST /restapis/${api.id}/deployments`, { stageName: "prod" });
  const { body: plan } = await call("POST /usageplans", { name: "p", apiStages: [{ apiId: api.id, stage: "prod" }] });
  const { body: key } = await call("POST /apikeys", { stageKeys: [{ restApiId: api.id, stageName: "prod" }] });
  await call(`POST /usageplans/${plan.id}/keys`, { keyId: key.id, keyType: "API_KEY" });
}

/** What one client does next: one of these, on things that the others change as well. */
const steps: readonly ((call: Call, random: Random) => Promise<unknown>)[] = [
  makeShop,
  async (call, random) => call(`DELETE /restapis/${(await anApi(call, random)).id}`),
  async (call, random) => {
    const { id } = await anApi(call, random);
    const resource = await anItem(call, random, `/restapis/${id}/resources`);
    const to = await anItem(call, random, `/restapis/${id}/resources`);
    const pathPart = pick(random, ["a", "b", "{c}", "{d+}"]);
    return pick(random, [
      () => call(`POST /restapis/${id}/resources/${resource.id}`, { pathPart }),
      () => call(`POST /restapis/${id}/resources/${resource.id}`, { pathPart }),
      () => call(`PATCH /restapis/${id}/resources/${resource.id}`, replace("/parentId", to.id)),
      () => call(`PATCH /restapis/${id}/resources/${resource.id}`, replace("/pathPart", pathPart)),
      () => call(`DELETE /restapis/${id}/resources/${resource.id}`),
    ])();
  },
  async (call, random) => {
    const { id } = await anApi(call, random);
    const [resource, validator, authorizer] = [
      await anItem(call, random, `/restapis/${id}/resources`),
      await anItem(call, random, `/restapis/${id}/requestvalidators`),
      await anItem(call, random, `/restapis/${id}/authorizers`),
    ];
    const method = `/restapis/${id}/resources/${resource.id}/methods/GET`;
    const guarded = {
      authorizationType: "CUSTOM",
      authorizerId: authorizer.id,
      requestValidatorId: validator.id,
      requestModels: { "application/json": "Pet" },
    };
    await call(`PUT ${method}`, below(random, 2) === 0 ? guarded : { authorizationType: "NONE" });
    await call(`PUT ${method}/integration`, { type: "MOCK" });
    if (below(random, 4) === 0) await call(`DELETE ${method}`);
    return undefined;
  },
  async (call, random) => {
    const { id } = await anApi(call, random);
    const model = { name: "Pet", contentType: "application/json", schema: '{"type":"object"}' };
    const identitySource = "method.request.header.Authorization";
    await pick(random, [
      () => call(`POST /restapis/${id}/models`, model),
      () => call(`DELETE /restapis/${id}/models/Pet`),
      () => call(`POST /restapis/${id}/requestvalidators`, { name: "all" }),
      async () => {
        const validator = await anItem(call, random, `/restapis/${id}/requestvalidators`);
        return call(`DELETE /restapis/${id}/requestvalidators/${validator.id}`);
      },
      () => call(`POST /restapis/${id}/authorizers`, { name: "guard", type: "TOKEN", authorizerUri, identitySource }),
      async () => {
        const authorizer = await anItem(call, random, `/restapis/${id}/authorizers`);
        return call(`DELETE /restapis/${id}/authorizers/${authorizer.id}`);
      },
    ])();
  },
  async (call, random) => {
    const { id } = await anApi(call, random);
    const stageName = pick(random, ["dev", "prod"]);
    const deployment = await anItem(call, random, `/restapis/${id}/deployments`);
    return pick(random, [
      () => call(`POST /restapis/${id}/deployments`, { stageName }),
      () => call(`POST /restapis/${id}/deployments`, { stageName, canarySettings: { percentTraffic: 5 } }),
      () => call(`POST /restapis/${id}/stages`, { stageName, deploymentId: deployment.id }),
      () => call(`PATCH /restapis/${id}/stages/${stageName}`, replace("/deploymentId", deployment.id)),
      () => call(`PATCH /restapis/${id}/stages/${stageName}`, replace("/canarySettings/deploymentId", deployment.id)),
      () => call(`DELETE /restapis/${id}/deployments/${deployment.id}`),
      () => call(`DELETE /restapis/${id}/stages/${stageName}`),
    ])();
  },
  async (call, random) => {
    const { id } = await anApi(call, random);
    const basePath = pick(random, ["x", "y"]);
    const rest = { domainName: domain, regionalCertificateArn: certificate };
    return pick(random, [
      () => call("POST /domainnames", { ...rest, endpointConfiguration: { types: ["REGIONAL"] } }),
      () => call(`POST /domainnames/${domain}/basepathmappings`, { basePath, restApiId: id, stage: "prod" }),
      () => call(`PATCH /domainnames/${domain}/basepathmappings/${basePath}`, replace("/restapiId", id)),
      () => call(`DELETE /domainnames/${domain}/basepathmappings/${basePath}`),
      () => (below(random, 4) === 0 ? call(`DELETE /domainnames/${domain}`) : undefined),
    ])();
  },
  async (call, random) => {
    const { id } = await anApi(call, random);
    const key = await anItem(call, random, "/apikeys");
    const plan = await anItem(call, random, "/usageplans");
    return pick(random, [
      () => call("POST /apikeys", { name: "k", value: "one-value-that-only-one-has" }),
      () => call("POST /apikeys", { name: "k", stageKeys: [{ restApiId: id, stageName: "prod" }] }),
      () => call(`DELETE /apikeys/${key.id}`),
      () => call("POST /usageplans", { name: "p", apiStages: [{ apiId: id, stage: "prod" }] }),
      () => call(`PATCH /usageplans/${plan.id}`, add("/apiStages", `${id}:dev`)),
      () => call(`POST /usageplans/${plan.id}/keys`, { keyId: key.id, keyType: "API_KEY" }),
      () => call(`DELETE /usageplans/${plan.id}/keys/${key.id}`),
      () => call(`DELETE /usageplans/${plan.id}`),
    ])();
  },
  async (call, random) => {
    const api = await anItem(call, random, "/v2/apis");
    const base = `/v2/apis/${api.apiId}`;
    const integration = await anItem(call, random, `${base}/integrations`);
    const route = await anItem(call, random, `${base}/routes`);
    const proxied = {
      integrationType: "HTTP_PROXY",
      integrationMethod: "GET",
      integrationUri: "http://127.0.0.1/",
      payloadFormatVersion: "1.0",
    };
    const target = `integrations/${integration.integrationId}`;
    return pick(random, [
      () => call("POST /v2/apis", { name: "h", protocolType: "HTTP" }),
      () => (below(random, 3) === 0 ? call(`DELETE ${base}`) : undefined),
      () => call(`POST ${base}/integrations`, proxied),
      () => call(`DELETE ${base}/integrations/${integration.integrationId}`),
      () => call(`POST ${base}/routes`, { routeKey: pick(random, ["GET /a", "GET /b", "$default"]), target }),
      () => call(`PATCH ${base}/routes/${route.routeId}`, { target }),
      () => call(`DELETE ${base}/routes/${route.routeId}`),
      () => call(`POST ${base}/stages`, { stageName: "$default", autoDeploy: true }),
      () => call(`DELETE ${base}/stages/$default`),
    ])();
  },
];

/** What identifies an item, whatever it is one of. */
type Item = Readonly<Record<"id" | "apiId" | "routeId" | "integrationId", string>>;
const nothing: Item = { id: "gone", apiId: "gone", routeId: "gone", integrationId: "gone" };

/** One of the first items of a list, or one that does not exist. */
async function anItem(call: Call, random: Random, path: string): Promise<Item> {
  const { body } = await call(`GET ${path}`);
  const items = (body.item ?? body.items ?? []) as Item[];
  return items.length === 0 ? nothing : pick(random, items.slice(0, 3));
}

async function anApi(call: Call, random: Random): Promise<Item> {
  const { body } = await call("GET /restapis");
  const shops = ((body.item ?? []) as (Item & { name: string })[]).filter(({ name }) => name === "shop");
  return shops.length === 0 ? nothing : pick(random, shops.slice(0, 3));
}

/** A number that one client counts up, on a thing that all clients change: what was acknowledged, and what was tried. */
interface Counter {
  acknowledged: number;
  tried: number;
}

/** A client's own numbers: one on a stage, one on a usage plan. */
interface Counters {
  readonly stage: Counter;
  readonly plan: Counter;
}

/** Counts one up; returns false if the server went away. */
async function countUp(counter: Counter, put: (value: string) => Promise<Outcome>): Promise<boolean> {
  counter.tried = counter.acknowledged + 1;
  const { status, body } = await put(String(counter.tried));
  if (status === 0) return false;
  assert.equal(status, 200, JSON.stringify(body));
  counter.acknowledged = counter.tried;
  return true;
}

/** Does one thing after another until the server dies. Every third one is a change of the client's own. */
async function workUntilKilled(call: Call, client: number, kept: LastingItems, counters: Counters, random: Random) {
  const stage = `/restapis/${kept.apiId}/stages/kept`;
  const throttle = `/apiStages/${kept.apiId}:kept/throttle/~1${client}/GET/burstLimit`;
  for (let n = 0; ; n++) {
    if (n % 3 !== 0) {
      await pick(random, steps)(call, random);
      continue;
    }
    const done = await Promise.all([
      countUp(counters.stage, (value) => call(`PATCH ${stage}`, replace(`/variables/client${client}`, value))),
      countUp(counters.plan, (value) => call(`PATCH /usageplans/${kept.planId}`, replace(throttle, value))),
    ]);
    if (done.includes(false)) return;
  }
}

/** What no client deletes. */
interface LastingItems {
  readonly apiId: string;
  readonly planId: string;
}

async function makeKept(url: string): Promise<LastingItems> {
  const call = calling(url);
  const { body: api } = await call("POST /restapis", { name: "kept", endpointConfiguration: { types: ["REGIONAL"] } });
  const method = `/restapis/${api.id}/resources/${api.rootResourceId}/methods/GET`;
  await call(`PUT ${method}`, { authorizationType: "NONE" });
  await call(`PUT ${method}/integration`, { type: "MOCK" });
  await call(`POST /restapis/${api.id}/deployments`, { stageName: "kept" });
  const apiStages = [{ apiId: api.id, stage: "kept" }];
  const { body: plan, status } = await call("POST /usageplans", { name: "kept", apiStages });
  assert.equal(status, 201, JSON.stringify(plan));
  return { apiId: api.id, planId: plan.id };
}

async function checkKept(url: string, { apiId, planId }: LastingItems, all: readonly Counters[]): Promise<void> {
  const call = calling(url);
  const { body: stage } = await call(`GET /restapis/${apiId}/stages/kept`);
  const { body: plan } = await call(`GET /usageplans/${planId}`);
  for (const [client, counters] of all.entries()) {
    const found = {
      stage: Number(stage.variables?.[`client${client}`] ?? 0),
      plan: Number(plan.apiStages[0].throttle?.[`/${client}/GET`]?.burstLimit ?? 0),
    };
    for (const name of ["stage", "plan"] as const) {
      const { acknowledged, tried } = counters[name];
      const isRight = found[name] === acknowledged || found[name] === tried;
      assert.ok(isRight, `client ${client}, ${name}: ${found[name]}, not ${acknowledged} or ${tried}`);
      counters[name].acknowledged = found[name];
    }
  }
}

/** Every stage is served: none is closed because what it needs is not there. */
async function checkServed(url: string): Promise<void> {
  const { body } = await calling(url)("GET /_portico/status");
  const closed = (body.stages as readonly { readonly problem?: string }[]).filter(
    ({ problem }) => problem !== undefined,
  );
  assert.deepEqual(closed, []);
}

/** Which kinds belong to which: the id of an item begins with its parent's. */
const parents: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.values(restKinds)
      .filter((kind) => ![restKinds.restApi, restKinds.apiIdClaim, restKinds.account].some((other) => other === kind))
      .map((kind) => [kind, restKinds.restApi]),
  ),
  ...Object.fromEntries(
    Object.values(v2Kinds)
      .filter((kind) => kind !== v2Kinds.api)
      .map((kind) => [kind, v2Kinds.api]),
  ),
  [domainNameKinds.basePathMapping]: domainNameKinds.domainName,
  [keyKinds.usagePlanKey]: keyKinds.usagePlan,
  [keyKinds.planOfKey]: keyKinds.apiKey,
};

/** Reads a store that no server has open, and returns what is wrong in it. */
async function problemsOf(path: string): Promise<readonly string[]> {
  const store = openSqliteStore({ path, indexes: storeIndexes });
  try {
    return await store.read(scope, findProblems);
  } finally {
    await store.close();
  }
}

async function findProblems(tx: Reader): Promise<readonly string[]> {
  const problems: string[] = [];
  const need = (isThere: boolean, problem: string) => void (isThere || problems.push(problem));
  const all = async <T>(kind: string, reader = tx) =>
    new Map((await reader.list<T>(kind)).map(({ id, body }) => [id, body]));
  for (const [kind, parentKind] of Object.entries(parents)) {
    const known = await all(parentKind);
    for (const id of (await all(kind)).keys()) need(known.has(id.split("/")[0]!), `${kind} ${id} has no ${parentKind}`);
  }
  const [stages, deployments, snapshots] = [
    await all<Stage>(restKinds.stage),
    await all(restKinds.deployment),
    await all(restKinds.snapshot),
  ];
  assert.deepEqual([...snapshots.keys()], [...deployments.keys()], "deployments and their snapshots");
  for (const [id, { deploymentId, canarySettings }] of stages) {
    const [apiId] = id.split("/");
    for (const one of [deploymentId, canarySettings?.deploymentId]) {
      need(one === undefined || deployments.has(`${apiId}/${one}`), `stage ${id} has deployment ${one}`);
    }
  }
  await findProblemsOfResources(await all<Resource>(restKinds.resource), need, {
    authorizer: await all(restKinds.authorizer),
    validator: await all(restKinds.requestValidator),
    model: await all(restKinds.model),
  });
  for (const [id, { restApiId, stage }] of await all<BasePathMapping>(domainNameKinds.basePathMapping)) {
    need(stages.has(`${restApiId}/${stage}`), `mapping ${id} has stage ${restApiId}/${stage}`);
  }
  const claims = await all(domainNameKinds.claim, tx.in(everywhere));
  assert.deepEqual([...claims.keys()], [...(await all(domainNameKinds.domainName)).keys()], "domain names and claims");
  await findProblemsOfKeys(tx, need, stages);
  const integrations = await all(v2Kinds.integration);
  for (const [id, { Target }] of await all<Route>(v2Kinds.route)) {
    const integration = Target?.replace("integrations/", `${id.split("/")[0]}/`);
    need(integration === undefined || integrations.has(integration), `route ${id} has target ${Target}`);
  }
  const v2Deployments = await all(v2Kinds.deployment);
  for (const [id, { DeploymentId }] of await all<{ DeploymentId?: string }>(v2Kinds.stage)) {
    const deployment = `${id.split("/")[0]}/${DeploymentId}`;
    need(DeploymentId === undefined || v2Deployments.has(deployment), `stage ${id} has deployment ${DeploymentId}`);
  }
  return problems;
}

type Need = (isThere: boolean, problem: string) => void;

async function findProblemsOfResources(
  resources: ReadonlyMap<string, Resource>,
  need: Need,
  known: Readonly<Record<"authorizer" | "validator" | "model", ReadonlyMap<string, unknown>>>,
): Promise<void> {
  const paths = new Set<string>();
  for (const [id, { path, pathPart, parentId, resourceMethods = {} }] of resources) {
    const [apiId] = id.split("/");
    need(!paths.has(`${apiId}${path}`), `${path} of ${apiId} is there twice`);
    paths.add(`${apiId}${path}`);
    if (parentId !== undefined) {
      const parent = resources.get(`${apiId}/${parentId}`);
      need(parent !== undefined, `resource ${id} has parent ${parentId}`);
      const expected = `${parent?.path === "/" ? "" : parent?.path}/${pathPart}`;
      need(path === expected, `resource ${id} has path ${path}, not ${expected}`);
    }
    for (const method of Object.values(resourceMethods)) {
      const names = {
        authorizer: [method.authorizerId],
        validator: [method.requestValidatorId],
        model: Object.values(method.requestModels ?? {}),
      };
      for (const kind of ["authorizer", "validator", "model"] as const) {
        for (const name of names[kind]) {
          need(name === undefined || known[kind].has(`${apiId}/${name}`), `method of ${id} has ${kind} ${name}`);
        }
      }
    }
  }
}

/** Keys, plans and what links them have two sides each, which have to say the same. */
async function findProblemsOfKeys(tx: Reader, need: Need, stages: ReadonlyMap<string, unknown>): Promise<void> {
  const keys = await tx.list<ApiKey>(keyKinds.apiKey);
  const values = await tx.list<{ keyId: string }>(keyKinds.apiKeyValue);
  const sorted = (texts: readonly string[]) => texts.toSorted();
  assert.deepEqual(sorted(values.map(({ body }) => body.keyId)), sorted(keys.map(({ id }) => id)), "keys by value");
  const counted = await tx.get<{ count: number }>(keyKinds.apiKeyCount, "count");
  assert.equal(counted?.body.count ?? 0, keys.length, "the number of keys");
  const links = (await tx.list(keyKinds.usagePlanKey)).map(({ id }) => id.split("/").toReversed().join("/"));
  assert.deepEqual(sorted(links), sorted((await tx.list(keyKinds.planOfKey)).map(({ id }) => id)), "keys of plans");
  const stageKeys = keys.flatMap(({ body }) => body.stageKeys.map((stage) => `${stage}/${body.id}`));
  const linked = (await tx.list(keyKinds.keyOfStage)).map(({ id }) => id);
  assert.deepEqual(sorted(linked), sorted(stageKeys), "keys of stages");
  for (const id of linked) need(stages.has(id.slice(0, id.lastIndexOf("/"))), `a key has the stage of ${id}`);
  for (const { id, body } of await tx.list<UsagePlan>(keyKinds.usagePlan)) {
    for (const { apiId, stage } of body.apiStages) {
      need(stages.has(`${apiId}/${stage}`), `plan ${id} has stage ${apiId}:${stage}`);
    }
  }
}

test(`${clients} clients change the same things at once and the server is killed, ${rounds} times`, async (t) => {
  t.diagnostic(`PORTICO_FUZZ_SEED=${seed}`);
  const counters: readonly Counters[] = Array.from({ length: clients }, () => ({
    stage: { acknowledged: 0, tried: 0 },
    plan: { acknowledged: 0, tried: 0 },
  }));
  let server = await restart();
  const kept = await makeKept(server.url);
  try {
    for (let round = 0; round < rounds; round++) {
      const { promise: isEnough, resolve: stop } = Promise.withResolvers<void>();
      let left = callsPerRound + round * 37;
      const call = calling(server.url, () => {
        left--;
        if (left === 0) stop();
      });
      const work = Promise.all(
        counters.map((own, client) =>
          workUntilKilled(call, client, kept, own, makeRandom(seed + 1000 * round + client)),
        ),
      );
      // A client that finds a mistake ends the round as well.
      await Promise.race([isEnough, work]);
      await server.kill();
      await work;
      assert.deepEqual(await problemsOf(join(data, "portico.db")), [], `round ${round}`);
      server = await restart();
      await checkKept(server.url, kept, counters);
      await checkServed(server.url);
    }
    const changes = counters.map(({ stage }) => stage.acknowledged);
    assert.ok(Math.min(...changes) > 0, `each client got something done: ${changes}`);
  } finally {
    await server.kill();
  }
});
