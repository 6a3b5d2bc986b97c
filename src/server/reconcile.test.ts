import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../test/until.ts";
import { bounds } from "../base/bounds.ts";
import { compileHttpApi } from "../compiler/http-api/compile-http-api.ts";
import { compileWebSocket } from "../compiler/websocket/compile-websocket.ts";
import { certificateKinds } from "../definition/client-certificate.ts";
import { domainNameKinds } from "../definition/domain-name.ts";
import { v2Kinds } from "../definition/http-api.ts";
import { type RestApi, type RestApiDefinition, restKinds, type Stage } from "../definition/rest-api.ts";
import { emptyPlan } from "../plan/empty-plan.ts";
import type { RestPlan } from "../plan/rest-plan.ts";
import { iamKinds, iamScope } from "../services/iam/documents.ts";
import { sessionKeyDocument } from "../services/sts/sessions.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { everywhere, type Scope, type Store } from "../store/store.ts";
import { makeLogger } from "../telemetry/logger.ts";
import { CountsOfStages } from "./canaries/counts-of-stages.ts";
import type { CompileSettings } from "./compile-stage.ts";
import type { ToThread } from "./messages.ts";
import { makePublicationSources } from "./publications/publication-sources.ts";
import { Reconciler } from "./reconcile.ts";
import { readStageStatus, type StageStatus } from "./stage-status.ts";

const noKeys = { planSlot: () => 0 };

const scope: Scope = { account: "000000000000", region: "us-east-1" };

const restApi = (id: string): RestApi => ({
  id,
  name: `api ${id}`,
  createdDate: 0,
  apiKeySource: "HEADER",
  endpointConfiguration: { types: ["REGIONAL"] },
  disableExecuteApiEndpoint: false,
  rootResourceId: "root",
});

const definition = (id: string, routes: readonly string[]): RestApiDefinition => ({
  restApi: restApi(id),
  resources: [
    {
      id: "root",
      path: "/",
      resourceMethods: Object.fromEntries(
        routes.map((httpMethod) => [httpMethod, { httpMethod, authorizationType: "NONE", apiKeyRequired: false }]),
      ),
    },
  ],
  models: [],
  requestValidators: [],
  gatewayResponses: [],
  authorizers: [],
});

const stage = (stageName: string, deploymentId: string): Stage => ({
  stageName,
  deploymentId,
  cacheClusterEnabled: false,
  cacheClusterStatus: "NOT_AVAILABLE",
  methodSettings: {},
  tracingEnabled: false,
  createdDate: 0,
  lastUpdatedDate: 0,
});

/** Writes an API's definition, and a deployment of it to the stage `prod`. */
const deploy = (store: Store, id: string, deploymentId: string, routes: readonly string[]): Promise<void> =>
  store.write(scope, async (tx) => {
    const frozen = definition(id, routes);
    await tx.put(restKinds.restApi, id, frozen.restApi);
    await tx.put(restKinds.resource, `${id}/root`, frozen.resources[0]);
    await tx.put(restKinds.deployment, `${id}/${deploymentId}`, { id: deploymentId, createdDate: 7 });
    await tx.put(restKinds.snapshot, `${id}/${deploymentId}`, frozen);
    await tx.put(restKinds.stage, `${id}/prod`, stage("prod", deploymentId));
  });

/** Stands in for the compiler; a deployment called `broken` is one that it fails on. */
function compile(frozen: RestApiDefinition, { stageName, deploymentId }: Stage, { account, region }: Scope): RestPlan {
  if (deploymentId === "broken") throw new Error("a bug in the compiler");
  const { id, name } = frozen.restApi;
  const methods = frozen.resources.flatMap((resource) =>
    Object.keys(resource.resourceMethods ?? {}).map((httpMethod) => ({
      routeKey: `${httpMethod} ${resource.path}`,
      resourceId: resource.id,
      resourcePath: resource.path,
      httpMethod,
      steps: [],
    })),
  );
  return emptyPlan({
    account,
    region,
    apiId: id,
    apiName: name,
    stageName,
    deploymentId,
    withoutEffect: ["tracingEnabled"],
    methods,
  });
}

interface ObservedReconciler {
  readonly store: Store;
  readonly reconciler: Reconciler;
  readonly posted: ToThread[];
  readonly errors: string[];
  status(): Promise<readonly StageStatus[]>;
}

async function withReconciler(
  before: (store: Store) => Promise<void>,
  use: (observed: ObservedReconciler) => Promise<void>,
  rest: CompileSettings["compilers"]["rest"] = compile,
  seen: (store: Store) => Store = (store) => store,
): Promise<void> {
  const store = openSqliteStore();
  const posted: ToThread[] = [];
  const errors: string[] = [];
  const logger = makeLogger("warn", (_level, message, fields) => errors.push(`${message} ${JSON.stringify(fields)}`));
  const reconciler = new Reconciler({
    store: seen(store),
    sources: makePublicationSources(
      {
        compilers: { rest, http: compileHttpApi, websocket: compileWebSocket },
        vpcLinkAddresses: {},
        hasVpcEndpoints: false,
        beyondAws: [],
      },
      noKeys,
      logger,
      { caches: { memoryOf: () => undefined }, canaries: new CountsOfStages() },
    ),
    post: (message) => posted.push(message),
    logger,
  });
  const status = (): Promise<readonly StageStatus[]> =>
    readStageStatus({
      store,
      plan: (key) => reconciler.find("plan", key),
      problems: { ofService: () => undefined, ofFunction: () => undefined },
      isAws: () => true,
      cacheOf: () => undefined,
      customDomain: () => undefined,
    });
  try {
    await before(store);
    await reconciler.start();
    await use({ store, reconciler, posted, errors, status });
  } finally {
    await reconciler.close();
    await store.close();
  }
}

/** Messages in short: `plan a/prod v1`, `gone a/prod`, `undeployed a/prod GET /`, `revision 3`. */
const short = (messages: Iterable<ToThread>): string[] =>
  [...messages].map((message) => {
    switch (message.kind) {
      case "plan":
        return message.value === null
          ? `gone ${message.key}`
          : `plan ${message.key} ${message.value.closed ?? message.value.deploymentId}`;
      case "undeployed":
        return `undeployed ${message.key} ${message.value?.join() ?? ""}`;
      case "revision":
        return `revision ${message.revision}`;
      default:
        return message.kind;
    }
  });

/** Those of plans. */
const plans = (messages: Iterable<ToThread>): string[] => short(messages).filter((line) => line.startsWith("plan"));

const nothing = async (): Promise<void> => undefined;

test("at the start every stage is compiled before the revision is said", async () => {
  await withReconciler(
    async (store) => {
      await deploy(store, "a", "v1", ["GET"]);
      await deploy(store, "b", "v1", ["GET"]);
    },
    async ({ posted, reconciler }) => {
      assert.deepEqual(short(posted), ["plan a/prod v1", "plan b/prod v1", "revision 2"]);
      assert.deepEqual(short(reconciler.replay()), ["plan a/prod v1", "plan b/prod v1", "revision 2"]);
      assert.equal(await reconciler.caughtUp(), 2);
    },
  );
});

test("a thread that asks before the start is done is not told that this is all", () => {
  const store = openSqliteStore();
  const logger = makeLogger("silent", () => undefined);
  const reconciler = new Reconciler({
    store,
    sources: makePublicationSources(
      {
        compilers: { rest: compile, http: compileHttpApi, websocket: compileWebSocket },
        vpcLinkAddresses: {},
        hasVpcEndpoints: false,
        beyondAws: [],
      },
      noKeys,
      logger,
      { caches: { memoryOf: () => undefined }, canaries: new CountsOfStages() },
    ),
    post: () => undefined,
    logger,
  });
  assert.deepEqual([...reconciler.replay()], []);
});

const aCertificate = (store: Store, id: string, pem: string): Promise<void> =>
  store.write(scope, async (tx) => {
    const facts = { clientCertificateId: id, pemEncodedCertificate: pem, createdDate: 0, expirationDate: 1 };
    await tx.put(certificateKinds.clientCertificate, id, facts);
    await tx.put(certificateKinds.clientCertificateKey, id, { privateKey: `key of ${pem}` });
  });

test("a client certificate that changes is sent, and compiles no stage; one that goes compiles those that name it", async () => {
  const before = async (store: Store): Promise<void> => {
    await deploy(store, "a", "v1", ["GET"]);
    await store.write(scope, (tx) =>
      tx.put(restKinds.stage, "a/prod", { ...stage("prod", "v1"), clientCertificateId: "one" }),
    );
    await aCertificate(store, "one", "the first");
  };
  await withReconciler(before, async ({ store, reconciler, posted }) => {
    const changes: [() => Promise<void>, string[]][] = [
      [() => aCertificate(store, "one", "the second"), ["identity", "revision 4"]],
      // Nobody names it.
      [() => aCertificate(store, "two", "another"), []],
      // The same once more.
      [() => aCertificate(store, "one", "the second"), ["revision 6"]],
      [
        () => store.write(scope, (tx) => tx.delete(certificateKinds.clientCertificateKey, "one")),
        ["identity", "plan a/prod v1", "revision 7"],
      ],
      [() => aCertificate(store, "one", "the third"), ["identity", "plan a/prod v1", "revision 8"]],
    ];
    for (const [change, expected] of changes) {
      const from = posted.length;
      await change();
      await reconciler.caughtUp();
      assert.deepEqual(short(posted.slice(from)), expected);
    }
    const [identity] = reconciler.replay();
    assert.deepEqual(identity?.kind === "identity" && identity.value, {
      certificate: "the third",
      privateKey: "key of the third",
    });
  });
});

test("the kind of an HTTP API is told while it is there, with or without stages", async () => {
  const kinds = (messages: Iterable<ToThread>): unknown[] =>
    [...messages].flatMap((message) => (message.kind === "api-kind" ? [[message.key, message.value]] : []));
  await withReconciler(nothing, async ({ store, reconciler, posted }) => {
    await store.write(scope, (tx) => tx.put(v2Kinds.api, "h", { ProtocolType: "HTTP" }));
    await reconciler.caughtUp();
    assert.deepEqual([kinds(posted), kinds(reconciler.replay())], [[["h", "http"]], [["h", "http"]]]);
    await store.write(scope, (tx) => tx.put(v2Kinds.api, "h", { ProtocolType: "HTTP", Name: "changed" }));
    await reconciler.caughtUp();
    assert.equal(kinds(posted).length, 1);
    await store.write(scope, (tx) => tx.delete(v2Kinds.api, "h"));
    await reconciler.caughtUp();
    assert.deepEqual([kinds(posted).at(-1), kinds(reconciler.replay())], [["h", null], []]);
  });
});

test("a custom domain name is told with its rules and mappings, again when one of them changes, until it is gone", async () => {
  const domains = (messages: Iterable<ToThread>): unknown[] =>
    [...messages].flatMap((message) => (message.kind === "custom-domain" ? [[message.key, message.value]] : []));
  const name = {
    ...{ domainName: "a.example.com", domainNameArn: "arn", domainNameStatus: "AVAILABLE", securityPolicy: "TLS_1_2" },
    ...{ endpointConfiguration: { types: ["REGIONAL"] }, routingMode: "ROUTING_RULE_THEN_BASE_PATH_MAPPING" },
  };
  const mapping = (basePath: string) => ({ basePath, restApiId: "api1", stage: "prod", apiMappingId: basePath });
  const rule = {
    ...{ RoutingRuleId: "r", RoutingRuleArn: "arn", Priority: 2 },
    Conditions: [
      { MatchHeaders: { AnyOf: [{ Header: "X-A", ValueGlob: "1*" }] } },
      { MatchBasePaths: { AnyOf: ["a", "a/b"] } },
    ],
    Actions: [{ InvokeApi: { ApiId: "api2", Stage: "beta", StripBasePath: true } }],
  };
  const rulePlan = {
    ...{ headers: [[{ name: "x-a", glob: "1*" }]], basePaths: ["a/b", "a"] },
    ...{ apiId: "api2", stageName: "beta", stripsBasePath: true },
  };
  const mapped = (key: string) => ({ key, apiId: "api1", stageName: "prod" });
  await withReconciler(nothing, async ({ store, reconciler, posted }) => {
    const put = async (kind: string, id: string, body: object | null): Promise<unknown> => {
      await store.write(scope, (tx) => (body === null ? tx.delete(kind, id) : tx.put(kind, id, body)));
      await reconciler.caughtUp();
      return (domains(posted).at(-1) as [string, unknown] | undefined)?.[1];
    };
    const { domainName, basePathMapping, routingRule } = domainNameKinds;
    const bare = { ...scope, rules: [], mappings: [] };
    assert.deepEqual(await put(domainName, "a.example.com", name), bare);
    await put(basePathMapping, "a.example.com/(none)", mapping("(none)"));
    const mappings = [mapped("long/key"), mapped("")];
    assert.deepEqual(await put(basePathMapping, "a.example.com/long/key", mapping("long/key")), { ...bare, mappings });
    assert.deepEqual(await put(routingRule, "a.example.com/r", rule), { ...scope, mappings, rules: [rulePlan] });
    const byRules = { ...name, routingMode: "ROUTING_RULE_ONLY" };
    assert.deepEqual(await put(domainName, "a.example.com", byRules), { ...bare, rules: [rulePlan] });
    const mutual = {
      ...name,
      routingMode: "BASE_PATH_MAPPING_ONLY",
      mutualTlsAuthentication: { truststoreUri: "s3://a/b" },
    };
    const closed = { ...bare, mappings, closed: "mutualTlsAuthentication" };
    assert.deepEqual(await put(domainName, "a.example.com", mutual), closed);
    assert.deepEqual(domains(reconciler.replay()), [["a.example.com", closed]]);
    assert.deepEqual(await put(domainName, "a.example.com", null), null);
    const count = domains(posted).length;
    await put(domainName, "a.example.com+private", { ...name, domainNameId: "private" });
    await put(domainName, "127.0.0.1", { ...name, domainName: "127.0.0.1" });
    assert.deepEqual([domains(posted).length, domains(reconciler.replay())], [count, []]);
  });
});

test("a stage's client certificate is sent before its plan, replayed, and taken back when no stage has it", async () => {
  const use = (store: Store, certificate: string | undefined): Promise<void> =>
    store.write(scope, (tx) =>
      tx.put(restKinds.stage, "a/prod", {
        ...stage("prod", "v1"),
        ...(certificate !== undefined && { clientCertificateId: certificate }),
      }),
    );
  const before = async (store: Store): Promise<void> => {
    await deploy(store, "a", "v1", ["GET"]);
    await store.write(scope, async (tx) => {
      for (const id of ["one", "two"]) {
        const pemEncodedCertificate = `certificate ${id}`;
        const facts = { clientCertificateId: id, pemEncodedCertificate, createdDate: 0, expirationDate: 1 };
        await tx.put(certificateKinds.clientCertificate, id, facts);
        await tx.put(certificateKinds.clientCertificateKey, id, { privateKey: `key ${id}` });
      }
    });
    await use(store, "one");
  };
  await withReconciler(before, async ({ store, reconciler, posted }) => {
    const one = {
      kind: "identity",
      key: "000000000000/us-east-1/one",
      revision: 3,
      value: { certificate: "certificate one", privateKey: "key one" },
    };
    assert.deepEqual(posted[0], one);
    assert.deepEqual(short(posted), ["identity", "plan a/prod v1", "revision 3"]);
    assert.deepEqual(short(reconciler.replay()), ["identity", "plan a/prod v1", "revision 3"]);
    posted.length = 0;
    await use(store, "two");
    await reconciler.caughtUp();
    assert.deepEqual(short(posted), ["identity", "plan a/prod v1", "identity", "revision 4"]);
    assert.deepEqual(posted[2], { ...one, revision: 4, value: null });
    posted.length = 0;
    await use(store, undefined);
    await reconciler.caughtUp();
    assert.deepEqual(short(posted), ["plan a/prod v1", "identity", "revision 5"]);
    assert.deepEqual(short(reconciler.replay()), ["plan a/prod v1", "revision 5"]);
  });
});

test("a deployment is compiled and sent; a change of the definition alone is not", async () => {
  await withReconciler(nothing, async ({ store, reconciler, posted, status }) => {
    posted.length = 0;
    await deploy(store, "a", "v1", ["GET"]);
    assert.equal(await reconciler.caughtUp(), 1);
    assert.deepEqual(short(posted), ["plan a/prod v1", "revision 1"]);
    await store.write(scope, (tx) =>
      tx.put(restKinds.resource, "a/root", definition("a", ["GET", "PUT"]).resources[0]),
    );
    // Nothing has to come into effect, so nobody waits for the threads.
    assert.equal(await reconciler.caughtUp(), 1);
    await until(() => posted.length === 3);
    assert.deepEqual(short(posted).slice(2), ["undeployed a/prod PUT /"]);
    assert.deepEqual(short(reconciler.replay()), ["plan a/prod v1", "undeployed a/prod PUT /", "revision 1"]);

    const [stageStatus] = await status();
    assert.deepEqual(
      { ...stageStatus, differences: stageStatus?.differences.map(({ sentence }) => sentence) },
      {
        account: scope.account,
        region: scope.region,
        apiId: "a",
        protocol: "REST",
        apiName: "api a",
        stageName: "prod",
        deploymentId: "v1",
        deployedAt: 7,
        differences: ["The route PUT / is new."],
        withoutEffect: ["tracingEnabled"],
        closedRoutes: [],
        keyedRoutes: [],
        domains: [],
        failingRoutes: [],
        unsentHeaders: [],
        sharedAnswers: [],
        beyondAws: [],
      },
    );

    await deploy(store, "a", "v2", ["GET", "PUT"]);
    await until(() => short(posted).includes("undeployed a/prod "));
    assert.equal((await status())[0]?.differences.length, 0);
  });
});

test("the API's name and endpoint settings act on its stages without a deployment; its other settings make nothing anew", async () => {
  let compiled = 0;
  const make: typeof compile = (frozen, ...given) => {
    compiled++;
    const [type] = frozen.restApi.endpointConfiguration.types;
    const { endpointAccessMode: mode, securityPolicy: policy, description } = frozen.restApi;
    assert.equal(description, undefined, "the deployment's description stays");
    return { ...compile(frozen, ...given), closed: [type, mode, policy].filter(Boolean).join() };
  };
  const put = (store: Store, members: Partial<RestApi>): Promise<void> =>
    store.write(scope, (tx) => tx.put(restKinds.restApi, "a", { ...restApi("a"), ...members }));
  await withReconciler(
    (store) => deploy(store, "a", "v1", ["GET"]),
    async ({ store, reconciler, posted }) => {
      const changes: [Partial<RestApi>, string[], number][] = [
        [{ endpointConfiguration: { types: ["PRIVATE"] } }, ["plan a/prod PRIVATE"], 2],
        [{ endpointConfiguration: { types: ["PRIVATE"] }, description: "another" }, [], 2],
        [{ endpointAccessMode: "STRICT" }, ["plan a/prod REGIONAL,STRICT"], 3],
        [{ securityPolicy: "TLS_1_2" }, ["plan a/prod REGIONAL,TLS_1_2"], 4],
        [{}, ["plan a/prod REGIONAL"], 5],
        // Metrics are found by the API's name as it is.
        [{ name: "another" }, ["plan a/prod REGIONAL"], 6],
        [{ name: "another", disableExecuteApiEndpoint: true, policy: "{}" }, [], 6],
      ];
      for (const [members, expected, count] of changes) {
        posted.length = 0;
        await put(store, members);
        await reconciler.caughtUp();
        assert.deepEqual([plans(posted), compiled], [expected, count], JSON.stringify(members));
      }
      await store.write(scope, (tx) => tx.delete(restKinds.restApi, "a"));
      await reconciler.caughtUp();
      assert.match(plans(posted).at(-1) ?? "", /closed|can't be compiled/, "a stage whose API can't be read is closed");
    },
    make,
  );
});

test("a plan that a thread refused is sent again with the next change, whatever it was made of", async () => {
  await withReconciler(
    (store) => deploy(store, "a", "v1", ["GET"]),
    async ({ store, reconciler, posted }) => {
      posted.length = 0;
      reconciler.refused({ kind: "plan", key: "a/prod", revision: 1 }, "no room");
      await store.write(scope, (tx) => tx.put(restKinds.restApi, "a", restApi("a")));
      await reconciler.caughtUp();
      assert.deepEqual(plans(posted), ["plan a/prod v1"]);
    },
  );
});

test("many deployments at a time: the last one is what is served", async () => {
  await withReconciler(nothing, async ({ store, reconciler, posted }) => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => deploy(store, "a", `v${n}`, ["GET"])));
    assert.equal(await reconciler.caughtUp(), 20);
    assert.deepEqual(short(reconciler.replay()), ["plan a/prod v19", "revision 20"]);
    assert.ok(posted.length < 20, "commits that came together are compiled once");
  });
});

test("a stage or an API that goes is taken away", async () => {
  await withReconciler(
    async (store) => {
      await deploy(store, "a", "v1", ["GET"]);
      await deploy(store, "b", "v1", ["GET"]);
    },
    async ({ store, reconciler, posted }) => {
      posted.length = 0;
      await store.write(scope, (tx) => tx.delete(restKinds.stage, "a/prod"));
      await reconciler.caughtUp();
      await store.reset();
      await reconciler.caughtUp();
      assert.deepEqual(short(posted), ["gone a/prod", "revision 3", "gone b/prod", "revision 4"]);
      assert.deepEqual(short(reconciler.replay()), ["revision 4"]);
    },
  );
});

test("a stage that can't be compiled is closed with the reason, whatever it served before", async () => {
  await withReconciler(
    (store) => deploy(store, "a", "v1", ["GET"]),
    async ({ store, reconciler, posted, errors, status }) => {
      posted.length = 0;
      await deploy(store, "a", "broken", ["GET"]);
      await deploy(store, "b", "broken", ["GET"]);
      await reconciler.caughtUp();
      const closed = [
        "plan a/prod this stage can't be compiled: a bug in the compiler",
        "plan b/prod this stage can't be compiled: a bug in the compiler",
      ];
      assert.deepEqual(plans(posted), closed);
      assert.deepEqual(plans(reconciler.replay()), closed);
      assert.equal(errors.filter((line) => /can't be compiled.*a bug in the compiler/.test(line)).length, 2);
      assert.deepEqual(
        (await status()).map(({ problem }) => problem),
        ["a bug in the compiler", "a bug in the compiler"],
      );
      await deploy(store, "b", "v2", ["GET"]);
      await reconciler.caughtUp();
      assert.equal(plans(posted).at(-1), "plan b/prod v2");
      assert.deepEqual(
        (await status()).map(({ problem }) => problem),
        ["a bug in the compiler", undefined],
      );
    },
  );
});

test("a stage that can't be compiled is compiled again after pauses that grow", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let isBroken = true;
  let attempts = 0;
  const make: typeof compile = (...given) => {
    attempts++;
    if (isBroken) throw new Error("a worker that ended");
    return compile(...given);
  };
  await withReconciler(
    (store) => deploy(store, "a", "v1", ["GET"]),
    async ({ posted, errors }) => {
      const pass = async (ms: number, expected: number): Promise<void> => {
        t.mock.timers.tick(ms);
        for (let turn = 0; turn < 100 && attempts < expected; turn++)
          await new Promise((resolve) => setImmediate(resolve));
        assert.equal(attempts, expected);
      };
      const pauseMs = bounds.publicationRetryMs.value;
      await pass(0, 1);
      await pass(pauseMs, 2);
      await pass(pauseMs, 2);
      assert.deepEqual(plans(posted), ["plan a/prod this stage can't be compiled: a worker that ended"]);
      assert.equal(errors.length, 1, "the same problem is told of once");
      isBroken = false;
      await pass(pauseMs, 3);
      assert.equal(plans(posted).at(-1), "plan a/prod v1");
    },
    make,
  );
});

test("a store that fails for a moment closes nothing; one that goes on failing closes the stage", async () => {
  let failures = 0;
  const failing = (store: Store): Store => ({
    ...bound(store),
    read: (of, work) =>
      store.read(of, (tx) =>
        work({
          get(kind, id) {
            if (kind === restKinds.stage && failures-- > 0) throw new Error("disk I/O error");
            return tx.get(kind, id);
          },
          list: (kind, options) => tx.list(kind, options),
          count: (kind, prefix) => tx.count(kind, prefix),
          in: (other) => tx.in(other),
        }),
      ),
  });
  await withReconciler(
    (store) => deploy(store, "a", "v1", ["GET"]),
    async ({ store, reconciler, posted }) => {
      posted.length = 0;
      failures = 2;
      await deploy(store, "a", "v2", ["GET"]);
      await reconciler.caughtUp();
      assert.deepEqual(plans(posted), ["plan a/prod v2"]);
      failures = 3;
      await deploy(store, "a", "v3", ["GET"]);
      await reconciler.caughtUp();
      assert.equal(plans(posted).at(-1), "plan a/prod this stage can't be compiled: disk I/O error");
    },
    compile,
    failing,
  );
});

test("the status says that a thread could not take in a stage's plan, until another plan comes", async () => {
  await withReconciler(
    (store) => deploy(store, "a", "v1", ["GET"]),
    async ({ store, reconciler, posted, status }) => {
      const [plan] = posted;
      assert.ok(plan?.kind === "plan");
      reconciler.refused({ ...plan, revision: plan.revision - 1 }, "an older one");
      assert.equal((await status())[0]?.problem, undefined);
      reconciler.refused(plan, "it can't be linked");
      assert.equal((await status())[0]?.problem, "it can't be linked");
      await deploy(store, "a", "v2", ["GET"]);
      await reconciler.caughtUp();
      assert.equal((await status())[0]?.problem, undefined);
    },
  );
});

test("a commit says whether threads have to be waited for", async () => {
  await withReconciler(
    (store) => deploy(store, "a", "v1", ["GET"]),
    async ({ store, reconciler }) => {
      assert.equal(await reconciler.sent([]), undefined);
      await deploy(store, "a", "v2", ["GET"]);
      const revision = await store.revision();
      await store.write(scope, (tx) => tx.put("lambda-event", "1", {}));
      assert.equal(await reconciler.sent([revision, revision + 1]), revision);
      assert.equal(await reconciler.sent([revision + 1]), undefined);
      // So many commits later nobody remembers: it is waited for rather than not.
      for (let n = 0; n <= bounds.publishedCommitsMax.value; n++) {
        await store.write(scope, (tx) => tx.put(restKinds.stage, "a/prod", stage("prod", "v2")));
      }
      assert.equal(await reconciler.sent([revision]), revision);
    },
  );
});

test("a stage whose deployment has no snapshot is closed, not served", async () => {
  await withReconciler(nothing, async ({ store, reconciler, posted }) => {
    await store.write(scope, (tx) => tx.put(restKinds.stage, "a/prod", stage("prod", "gone")));
    await reconciler.caughtUp();
    assert.match(
      short(posted).join("\n"),
      /plan a\/prod this stage can't be compiled: the deployment gone has no snapshot/,
    );
  });
});

const roleArn = "arn:aws:iam::000000000000:role/Invoker";
const aRole = {
  path: "/",
  name: "Invoker",
  id: "AROA",
  arn: roleArn,
  createdAt: 0,
  maxSessionSeconds: 3_600,
  trustPolicy: "{}",
  inlinePolicies: {},
  attachedPolicies: ["arn:aws:iam::000000000000:policy/p"],
  tags: {},
};
const putRole = (store: Store): Promise<void> =>
  store.write(iamScope("000000000000"), (tx) => tx.put(iamKinds.role, "invoker", aRole));
const putPolicy = (store: Store, version: string): Promise<void> =>
  store.write(iamScope("000000000000"), (tx) =>
    tx.put(iamKinds.policy, "p", {
      arn: "arn:aws:iam::000000000000:policy/p",
      defaultVersionId: version,
      versions: [{ id: version, document: version }],
    }),
  );

/** Deploys an API whose one integration names the role. */
const deployWithRole = (store: Store): Promise<void> =>
  store.write(scope, async (tx) => {
    const frozen = definition("a", ["GET"]);
    const method = frozen.resources[0]!.resourceMethods!["GET"]!;
    const methodIntegration = { type: "AWS_PROXY", credentials: roleArn };
    const resource = { ...frozen.resources[0]!, resourceMethods: { GET: { ...method, methodIntegration } } };
    await tx.put(restKinds.restApi, "a", frozen.restApi);
    await tx.put(restKinds.snapshot, "a/v1", { ...frozen, resources: [resource] });
    await tx.put(restKinds.stage, "a/prod", stage("prod", "v1"));
  });

test("a change of a role, or of a policy that it has, compiles the stages anew that name it, and no others", async () => {
  const before = async (store: Store): Promise<void> => {
    await deployWithRole(store);
    await deploy(store, "b", "v1", ["GET"]);
  };
  await withReconciler(before, async ({ store, reconciler, posted }) => {
    const changes: [() => Promise<void>, string[]][] = [
      [() => putPolicy(store, "v1"), []],
      [() => putRole(store), ["plan a/prod v1"]],
      [() => putPolicy(store, "v2"), ["plan a/prod v1"]],
      [
        () =>
          store.write(iamScope("000000000000"), (tx) => tx.put(iamKinds.role, "other", { ...aRole, name: "other" })),
        [],
      ],
      [() => store.write(iamScope("111111111111"), (tx) => tx.put(iamKinds.role, "invoker", aRole)), []],
      [() => store.write(iamScope("000000000000"), (tx) => tx.delete(iamKinds.role, "invoker")), ["plan a/prod v1"]],
    ];
    for (const [change, expected] of changes) {
      const from = posted.length;
      await change();
      await reconciler.caughtUp();
      assert.deepEqual(plans(posted.slice(from)), expected);
    }
  });
});

test("callers' keys, identities with their policies and the key of sessions follow the store, and are replayed first", async () => {
  await withReconciler(
    (store) => deploy(store, "a", "v1", ["GET"]),
    async ({ store, reconciler, posted }) => {
      const account = iamScope("000000000000");
      const policy = { arn: "arn:aws:iam::000000000000:policy/p", defaultVersionId: "v1" };
      const user = {
        ...aRole,
        name: "Ann",
        arn: "arn:aws:iam::000000000000:user/Ann",
        groups: ["all"],
        inlinePolicies: { own: "inline" },
        attachedPolicies: [policy.arn],
      };
      const key = { id: "AKIA", secret: "s", isActive: true, createdAt: 0, account: "0", ownerArn: user.arn };
      const group = { ...user, name: "all", inlinePolicies: { ofGroup: "group" }, attachedPolicies: [] };
      const after = async (change: () => Promise<void>): Promise<unknown[]> => {
        const from = posted.length;
        await change();
        await reconciler.caughtUp();
        return posted
          .slice(from)
          .flatMap((message) => ("value" in message ? [[message.kind, message.key, message.value]] : []));
      };
      const identity = (...documents: string[]): object => {
        const names = ["own", "p", "ofGroup"];
        return {
          ...{ kind: "user", account: "000000000000", arn: user.arn, id: "AROA", name: "Ann", path: "/", tags: {} },
          policies: documents.map((document, index) => ({
            name: names[index],
            ...(index === 1 && { arn: policy.arn }),
            document,
            ...(index === 2 && { group: "all" }),
          })),
        };
      };
      const putPolicyOf = (document: string) => (): Promise<void> =>
        store.write(account, (tx) => tx.put(iamKinds.policy, "p", { ...policy, versions: [{ id: "v1", document }] }));
      const putKey = (isActive: boolean) => (): Promise<void> =>
        store.write(everywhere, (tx) => tx.put(iamKinds.accessKey, "AKIA", { ...key, isActive }));
      assert.deepEqual(await after(putPolicyOf("one")), [
        ["iam-policy", "000000000000/p", { arn: policy.arn, document: "one" }],
      ]);
      const putUser = async (): Promise<void> =>
        store.write(account, async (tx) => {
          await tx.put(iamKinds.group, "all", group);
          await tx.put(iamKinds.user, "ann", user);
        });
      assert.deepEqual(await after(putUser), [["iam-user", "000000000000/ann", identity("inline", "one", "group")]]);
      assert.deepEqual(await after(putKey(true)), [
        ["access-key", "AKIA", { secret: "s", isActive: true, ownerArn: user.arn }],
      ]);
      assert.deepEqual(await after(putPolicyOf("two")), [
        ["iam-policy", "000000000000/p", { arn: policy.arn, document: "two" }],
        ["iam-user", "000000000000/ann", identity("inline", "two", "group")],
      ]);
      const putGroup = (): Promise<void> =>
        store.write(account, (tx) => tx.put(iamKinds.group, "all", { ...group, inlinePolicies: { ofGroup: "other" } }));
      assert.deepEqual(await after(putGroup), [["iam-user", "000000000000/ann", identity("inline", "two", "other")]]);
      assert.deepEqual(await after(putKey(false)), [
        ["access-key", "AKIA", { secret: "s", isActive: false, ownerArn: user.arn }],
      ]);
      const { kind, id } = sessionKeyDocument;
      assert.deepEqual(await after(() => store.write(everywhere, (tx) => tx.put(kind, id, { key: "k" }))), [
        ["session-key", id, "k"],
      ]);
      assert.deepEqual(short(reconciler.replay()).slice(0, 5), [
        "session-key",
        "iam-policy",
        "iam-user",
        "access-key",
        "plan a/prod v1",
      ]);
      assert.deepEqual(await after(() => store.write(everywhere, (tx) => tx.delete(iamKinds.accessKey, "AKIA"))), [
        ["access-key", "AKIA", null],
      ]);
      assert.deepEqual(await after(() => store.write(account, (tx) => tx.delete(iamKinds.user, "ann"))), [
        ["iam-user", "000000000000/ann", null],
      ]);
    },
  );
});

test("users of one name in two accounts are two", async () => {
  await withReconciler(nothing, async ({ store, reconciler, posted }) => {
    for (const account of ["000000000000", "111111111111"]) {
      const arn = `arn:aws:iam::${account}:role/Invoker`;
      await store.write(iamScope(account), (tx) =>
        tx.put(iamKinds.role, "invoker", { ...aRole, arn, attachedPolicies: [] }),
      );
    }
    await reconciler.caughtUp();
    await store.write(iamScope("000000000000"), (tx) => tx.delete(iamKinds.role, "invoker"));
    await reconciler.caughtUp();
    const roles = posted.flatMap((message) => (message.kind === "iam-role" ? [[message.key, message.value?.arn]] : []));
    assert.deepEqual(roles, [
      ["000000000000/invoker", "arn:aws:iam::000000000000:role/Invoker"],
      ["111111111111/invoker", "arn:aws:iam::111111111111:role/Invoker"],
      ["000000000000/invoker", undefined],
    ]);
  });
});

test("a role that comes while the stage that names it is compiled is not missed", async () => {
  const store = openSqliteStore();
  await deployWithRole(store);
  let hasCome = false;
  const known: boolean[] = [];
  const posted: ToThread[] = [];
  const logger = makeLogger("silent", () => undefined);
  const reconciler = new Reconciler({
    store,
    sources: makePublicationSources(
      {
        compilers: {
          http: compileHttpApi,
          websocket: compileWebSocket,
          async rest(frozen, of, where, { roles }) {
            known.push(roles.get(roleArn)?.role !== undefined);
            if (!hasCome) {
              hasCome = true;
              await putRole(store);
            }
            return compile(frozen, of, where);
          },
        },
        vpcLinkAddresses: {},
        hasVpcEndpoints: false,
        beyondAws: [],
      },
      noKeys,
      logger,
      { caches: { memoryOf: () => undefined }, canaries: new CountsOfStages() },
    ),
    post: (message) => posted.push(message),
    logger,
  });
  try {
    await reconciler.start();
    assert.equal(await reconciler.caughtUp(), 2);
    assert.deepEqual(known, [false, true]);
    assert.equal(short(posted).at(-1), "revision 2");
  } finally {
    await reconciler.close();
    await store.close();
  }
});

/** A store's methods as functions of their own. */
const bound = (store: Store): Store => ({
  read: (of, work) => store.read(of, work),
  write: (of, work) => store.write(of, work),
  all: (kind) => store.all(kind),
  addresses: (kind) => store.addresses(kind),
  scopes: (kind) => store.scopes(kind),
  revision: () => store.revision(),
  subscribe: (listener) => store.subscribe(listener),
  reset: () => store.reset(),
  close: () => store.close(),
});
