// Whatever goes wrong inside, an exchange ends: once, answered or cut, counted and logged. Every call that the steps of every
// kind make of their thread goes wrong here in turn, for requests with all sorts of bodies.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { RequestSigner } from "../../src/access/request-signer.ts";
import { SigningKeys } from "../../src/access/signing-key.ts";
import { runHere } from "../../src/base/job.ts";
import type { InvokeOutcome, InvokeRequest } from "../../src/functions/function-client.ts";
import { ResultCache } from "../../src/gateway/authorizers/result-cache.ts";
import { UserPoolKeys } from "../../src/gateway/authorizers/user-pool-keys.ts";
import { VerifiedTokens } from "../../src/gateway/authorizers/verified-tokens.ts";
import type { Exchange } from "../../src/gateway/exchange.ts";
import { BackendPools } from "../../src/gateway/integrations/backend-pools.ts";
import { PermissionCheck } from "../../src/gateway/integrations/permission-check.ts";
import type { RoleCredentials } from "../../src/gateway/integrations/role-credentials.ts";
import { TlsIdentities } from "../../src/gateway/integrations/tls-identities.ts";
import { makeKeyAccess } from "../../src/gateway/key-access.ts";
import { KnownCallers } from "../../src/gateway/known-callers.ts";
import { linkProgram } from "../../src/gateway/link-program.ts";
import { ResponseCaches } from "../../src/gateway/response-caches.ts";
import { type SyntheticAnswer, SyntheticRequest } from "../../src/gateway/synthetic-request.ts";
import type { ThreadContext } from "../../src/gateway/thread-context.ts";
import { TraceSampling } from "../../src/gateway/trace-sampling.ts";
import { UnderWay } from "../../src/gateway/under-way.ts";
import { WebAcls } from "../../src/gateway/web-acls.ts";
import { LiveConnections } from "../../src/gateway/websocket/live-connections.ts";
import { Http1Server } from "../../src/http/http1/http1-server.ts";
import { defaultHttp1Limits } from "../../src/http/http1/limits.ts";
import { developmentListener } from "../../src/http/listener.ts";
import { createSocketServer } from "../../src/http/socket-server.ts";
import { allocateThrottles, openThrottles } from "../../src/limits/throttles.ts";
import type { AuthorizerPlan } from "../../src/plan/authorizers.ts";
import { emptyPlan } from "../../src/plan/empty-plan.ts";
import type { BackendPlan, IntegrationResponsePlan, StepKind, StepPlan } from "../../src/plan/steps.ts";
import type { ValuePlan } from "../../src/plan/values.ts";
import { allocateCache, cacheBytesMin } from "../../src/response-cache/cache-memory.ts";
import { MetricRecorder } from "../../src/telemetry/metric-recorder.ts";
import { allocateMetrics, Metrics } from "../../src/telemetry/metrics.ts";
import { RawClient } from "../raw-http.ts";
import { until } from "../until.ts";
import { aLambdaProxy, aMethod, aMock, aRestApi, aStage, functionArn } from "./a-rest-api.ts";
import { allowAll } from "./fake-functions.ts";
import { addKey, aKeyTable, savingAtOnce, scope } from "./fake-keys.ts";
import { Fault, type FaultKind, faultyThread } from "./faulty-thread.ts";
import { type Backend, startBackend, startGateway } from "./start-gateway.ts";

/** Steps to run, the last of which answers. */
type Case = () => readonly StepPlan[];

const roleArn = "arn:aws:iam::000000000000:role/gateway";
const ok: IntegrationResponsePlan = { statusCode: 200, isDeclared: true, headers: [], templates: {} };
const mapped: IntegrationResponsePlan = {
  ...ok,
  headers: [{ name: "X-Body", value: { kind: "body", of: "response" } }],
  templates: { "application/json": { velocity: "made of $input.body" } },
};
const passed = { passthrough: "WHEN_NO_MATCH", templates: {} } as const;
const templated = {
  passthrough: "WHEN_NO_MATCH",
  templates: { "application/json": { velocity: '{"statusCode": 200, "of": "$util.escapeJavaScript($input.body)"}' } },
} as const;
const longText = "x".repeat(100_000);

let backend: Backend;
const pools = new BackendPools({ metrics: new Metrics(allocateMetrics(1), 1), clock: Date });
before(async () => {
  backend = await startBackend((incoming, outgoing) => {
    if (incoming.url === "/late") return;
    outgoing.writeHead(200, { "Content-Type": "text/plain" });
    outgoing.write(longText);
    setImmediate(() => (incoming.url === "/broken" ? outgoing.destroy() : outgoing.end("end")));
  });
});
after(async () => {
  pools.close();
  await backend[Symbol.asyncDispose]();
});

const backendAt = (path: string, timeoutMs = 10_000): BackendPlan => ({
  origin: backend.origin,
  path: [path],
  timeoutMs,
  isTlsUnverified: false,
  headers: [],
  query: [],
});
const bodyPath = (of: "request" | "response"): ValuePlan => ({ kind: "body", of, jsonPath: "$.a[*].b" });
const answerAll: StepPlan = { kind: "mock", request: templated, responses: [ok] };
const lambdaProxy = { kind: "lambda-proxy", functionArn, timeoutMs: 10_000 } as const;
const httpApiLambda = { kind: "http-api-lambda", functionArn, payloadFormat: "1.0", timeoutMs: 10_000 } as const;
const mappedRequest = [
  {
    action: "append",
    place: "header",
    name: "x-body",
    value: [{ kind: "body", of: "request", jsonPath: "$.a", bytesMax: 100_000 }],
    source: "$request.body.a",
  },
] as const;
const mappedAnswer = {
  "200": [
    {
      action: "append",
      place: "header",
      name: "x-body",
      value: [{ kind: "body", of: "response", jsonPath: "$.a" }],
      source: "$response.body.a",
    },
  ],
} as const;
const lambda = { kind: "lambda", functionArn, timeoutMs: 10_000, headers: [], request: passed } as const;
/** One for all tests: a table is megabytes of shared memory. */
const throttles = openThrottles(allocateThrottles(Date.now()), { ratePerSecond: 10_000, burst: 5_000 });

const rule = { ttlSeconds: 300, isEncrypted: true, invalidation: "SUCCEED_WITH_RESPONSE_HEADER" } as const;
const aCache = { kind: "response-cache", keyStart: "start", key: [], verbs: { POST: rule, GET: rule } } as const;
const responseCaches = new ResponseCaches({ index: 0, count: 1 }, { clock: Date, fillWaitMs: 10 });
responseCaches.set("abc123/prod", allocateCache(cacheBytesMin, randomBytes));

const authorizer = {
  id: "auth",
  resultTtlSeconds: 0,
  identitySources: [{ expression: "method.request.header.Host", value: { kind: "literal", text: "who" } }],
} as const;
const authorizers: Readonly<Record<string, AuthorizerPlan>> = {
  granting: { ...authorizer, kind: "request", functionArn, timeoutMs: 10_000 },
  remembering: { ...authorizer, kind: "token", functionArn, timeoutMs: 10_000, resultTtlSeconds: 60 },
  failing: { ...authorizer, kind: "token", functionArn: "failing", roleArn, timeoutMs: 10_000 },
  late: { ...authorizer, kind: "token", functionArn: "late", roleArn, timeoutMs: 1 },
  saying: {
    ...authorizer,
    kind: "http-api-request",
    payloadFormat: "1.0",
    hasSimpleResponses: false,
    functionArn,
    timeoutMs: 10_000,
    resultTtlSeconds: 60,
  },
  get pool() {
    return userPool;
  },
};
const asEvent = { name: "X-Amz-Invocation-Type", value: { kind: "literal", text: "Event" } } as const;

const keyValue = "a-key-of-twenty-and-more";

/** A key in a plan whose calls have to be saved before the next is counted. */
function someKeys(): ThreadContext["keys"] {
  const table = aKeyTable();
  addKey(table, { id: "key", value: keyValue, plans: ["plan"] }, throttles.clients);
  const keys = makeKeyAccess(table.records, throttles, savingAtOnce);
  keys.plans.set("plan", {
    slot: table.planSlot(scope, "plan"),
    ...scope,
    id: "plan",
    stages: [{ apiId: "abc123", stageName: "prod", throttles: { "//ANY": { burst: 100 } } }],
    quota: { limit: 10, offset: 0, period: "DAY" },
  });
  return keys;
}

/** Every kind of step: a kind that is missing here does not compile. */
const cases: { readonly [Kind in StepKind]: Readonly<Record<string, Case>> } = {
  closed: { refuses: () => [{ kind: "closed", reason: "a test" }] },
  misconfigured: { refuses: () => [{ kind: "misconfigured", detail: "a test", hint: "mend it" }] },
  "response-compression": {
    "of a whole answer": () => [
      { kind: "response-compression", bytesMin: 500 },
      { kind: "mock", request: templated, responses: [{ ...ok, templates: { "application/json": longText } }] },
    ],
    "of a streamed answer": () => [
      { kind: "response-compression", bytesMin: 500 },
      { kind: "http-proxy", backend: backendAt("/") },
    ],
  },
  "resource-policy": {
    "without a policy": () => [{ kind: "resource-policy", needs: "allow" }, answerAll],
    "that passes": () => [{ kind: "resource-policy", needs: "no-deny" }, answerAll],
  },
  authorizer: {
    "that grants": () => [{ kind: "authorizer", authorizerId: "granting" }, answerAll],
    "that remembers": () => [{ kind: "authorizer", authorizerId: "remembering" }, answerAll],
    "that fails": () => [{ kind: "authorizer", authorizerId: "failing" }, answerAll],
    "that is late": () => [{ kind: "authorizer", authorizerId: "late" }, answerAll],
    "of an HTTP API": () => [{ kind: "authorizer", authorizerId: "saying" }, answerAll],
    "of a user pool": () => [{ kind: "authorizer", authorizerId: "pool", scopes: ["a"] }, answerAll],
  },
  "api-key": {
    "in a plan": () => [{ kind: "api-key", source: "HEADER" }, answerAll],
    "of an authorizer that gives none": () => [{ kind: "api-key", source: "AUTHORIZER" }, answerAll],
  },
  quota: {
    "of a plan": () => [{ kind: "api-key", source: "HEADER" }, { kind: "quota" }, answerAll],
    "without a key": () => [{ kind: "quota" }, answerAll],
  },
  throttle: {
    "of the account": () => [{ kind: "throttle" }, answerAll],
    "of a method": () => [{ kind: "throttle", method: { ratePerSecond: 5 }, verbs: { PUT: { burst: 0 } } }, answerAll],
  },
  iam: { "of a signed request": () => [{ kind: "iam" }, answerAll] },
  "response-cache": {
    "of a whole answer": () => [aCache, answerAll],
    "of a streamed answer": () => [aCache, { kind: "http-proxy", backend: backendAt("/") }],
    "with a key from the body": () => [
      { ...aCache, key: [{ name: "integration.request.header.x", value: bodyPath("request") }] },
      answerAll,
    ],
    "that waits for another fill": () => [{ ...aCache, keyStart: "waiting" }, answerAll],
  },
  "request-validation": {
    "of a body": () => [
      { kind: "request-validation", parameters: [], models: { "application/json": "Any" } },
      answerAll,
    ],
    "of parameters": () => [
      { kind: "request-validation", parameters: [{ place: "header", name: "X-None" }], models: {} },
      answerAll,
    ],
  },
  mock: {
    "with templates": () => [{ kind: "mock", request: templated, responses: [mapped] }],
    "without templates": () => [{ kind: "mock", request: passed, responses: [ok] }],
  },
  http: {
    mapped: () => [{ kind: "http", backend: backendAt("/"), request: templated, responses: [mapped] }],
    streamed: () => [{ kind: "http", backend: backendAt("/"), request: passed, responses: [ok] }],
    "that breaks off": () => [{ kind: "http", backend: backendAt("/broken"), request: passed, responses: [ok] }],
  },
  "http-proxy": {
    "that answers": () => [{ kind: "http-proxy", backend: backendAt("/") }],
    "that breaks off": () => [{ kind: "http-proxy", backend: backendAt("/broken") }],
    "that is late": () => [{ kind: "http-proxy", backend: backendAt("/late", 1) }],
    "in a stream": () => [{ kind: "http-proxy", backend: backendAt("/"), stream: { idleMs: 10_000 } }],
  },
  aws: {
    "with a role's session": () => [aws("ready")],
    "that waits for a role": () => [aws("later")],
  },
  lambda: {
    "that answers": () => [{ ...lambda, roleArn, responses: [mapped] }],
    "without a role": () => [{ ...lambda, responses: [mapped] }],
    "as an event": () => [{ ...lambda, roleArn, headers: [asEvent], responses: [mapped] }],
    "that is late": () => [{ ...lambda, roleArn, functionArn: "late", timeoutMs: 1, responses: [mapped] }],
  },
  "http-api-proxy": {
    "that streams": () => [{ kind: "http-api-proxy", backend: backendAt("/") }],
    "whose backend breaks off": () => [{ kind: "http-api-proxy", backend: backendAt("/broken") }],
    "whose backend is late": () => [{ kind: "http-api-proxy", backend: backendAt("/late", 1) }],
    "that maps bodies": () => [
      {
        kind: "http-api-proxy",
        backend: backendAt("/"),
        requestMappings: [
          { action: "overwrite", place: "path", name: "", value: [{ kind: "request-path" }], source: "$request.path" },
          { action: "append", place: "header", name: "x", value: [bodyPath("request")], source: "$request.body.a" },
        ],
        responseMappings: {
          200: [
            { action: "append", place: "header", name: "x", value: [bodyPath("response")], source: "$response.body.a" },
          ],
        },
      },
    ],
  },
  "http-api-service": {
    "with a role's session": () => [httpApiService("ready")],
    "that waits for a role": () => [httpApiService("later")],
  },
  "lambda-proxy": {
    "that answers": () => [lambdaProxy],
    "that fails": () => [{ ...lambdaProxy, roleArn, functionArn: "failing" }],
    "that is late": () => [{ ...lambdaProxy, roleArn, functionArn: "late", timeoutMs: 1 }],
    "in a stream": () => [{ ...lambdaProxy, roleArn, stream: { idleMs: 10_000 } }],
    "in a stream that fails": () => [{ ...lambdaProxy, roleArn, functionArn: "failing", stream: { idleMs: 10_000 } }],
    "in a stream that is idle": () => [{ ...lambdaProxy, roleArn, functionArn: "idle", stream: { idleMs: 1 } }],
  },
  "http-api-lambda": {
    "that answers": () => [httpApiLambda],
    "that answers a body": () => [{ ...httpApiLambda, payloadFormat: "2.0" }],
    "that fails": () => [{ ...httpApiLambda, roleArn, functionArn: "failing" }],
    "that is late": () => [{ ...httpApiLambda, roleArn, functionArn: "late", timeoutMs: 1 }],
    "with a mapped request": () => [{ ...httpApiLambda, requestMappings: mappedRequest }],
    "with a mapped answer": () => [{ ...httpApiLambda, responseMappings: mappedAnswer }],
  },
  "websocket-accept": { "that answers": () => [{ kind: "websocket-accept" }] },
  // It needs a connection: websocket.test.ts has its failures.
  "websocket-lambda": {},
  "authorizer-test": {
    token: () => [testOf({ ...authorizer, kind: "token", functionArn, roleArn, timeoutMs: 10_000 })],
    request: () => [testOf({ ...authorizer, kind: "request", functionArn, roleArn, timeoutMs: 10_000 })],
    "that is late": () => [testOf({ ...authorizer, kind: "token", functionArn: "late", roleArn, timeoutMs: 1 })],
    "user pool": () => [testOf(userPool)],
  },
};

function aws(role: "ready" | "later"): StepPlan {
  const service = { names: ["sqs"], host: role, signingName: "sqs", signingRegion: "us-east-1" };
  return { kind: "aws", service, roleArn, backend: backendAt("/"), request: templated, responses: [mapped] };
}

function httpApiService(role: "ready" | "later"): StepPlan {
  const service = { names: ["sqs"], host: role, signingName: "sqs", signingRegion: "us-east-1" };
  const of = { form: "text", isRequired: true } as const;
  return {
    kind: "http-api-service",
    service,
    roleArn,
    backend: { ...backendAt("/"), httpMethod: "POST" },
    action: "SendMessage",
    protocol: "query",
    parameters: [
      { ...of, name: "QueueUrl", value: ["http://sqs.example/queue"], source: "" },
      { ...of, name: "MessageBody", value: [{ kind: "body", of: "request" }, "."], source: "${request.body}." },
    ],
  };
}

const testOf = (plan: Extract<StepPlan, { readonly kind: "authorizer-test" }>["authorizer"]): StepPlan => ({
  kind: "authorizer-test",
  authorizer: plan,
});

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const aToken = `${encoded({ alg: "RS256", kid: "k" })}.${encoded({ iss: "https://cognito/us-east-1_pool" })}.c2ln`;
const userPool: AuthorizerPlan = {
  id: "pool",
  kind: "user-pool",
  identitySources: [{ expression: "x", value: { kind: "literal", text: aToken } }],
  pools: [{ id: "us-east-1_pool", host: "cognito" }],
};

const json = Buffer.from('{"a": 1}');
/** What is sent: the head, and the body some time later. */
const requests: Readonly<Record<string, Buffer | undefined>> = {
  "without a body": undefined,
  "with a body": json,
  "with a compressed body": gzipSync(json),
  "with a long body": Buffer.from(JSON.stringify({ a: longText })),
};

for (const [kind, ofKind] of Object.entries(cases)) {
  for (const [name, steps] of Object.entries(ofKind)) {
    test(`${kind} ${name}: an exception ends the exchange once, wherever it comes from`, async () => {
      const places = new Set<string>();
      for (const request of Object.keys(requests)) {
        for (const isLogged of [true, false]) {
          for (const faultKind of ["throws", "rejects", "brings nothing"] as const) {
            for (let at = 1; ; at++) {
              const place = await runOnce(steps(), { request, isLogged, faultKind, at });
              if (place === undefined) break;
              places.add(place);
            }
          }
        }
      }
      assert.ok(places.size > 0, "nothing went wrong");
    });
  }
}

test("a function client that throws is answered alike with and without a body", async () => {
  for (const body of [undefined, "{}"]) {
    const lines: string[] = [];
    const invoke = (): never => assert.fail("no function can be invoked");
    await using gateway = await startGateway({
      functions: { describe, invoke, close: () => Promise.resolve() },
      onLog: (_, line) => lines.push(line),
    });
    const accessLogSettings = {
      destinationArn: "arn:aws:logs:us-east-1:0:log-group:access",
      format: "$context.status",
    };
    gateway.deploy(aRestApi({ "/": { ANY: aMethod(aLambdaProxy()) } }), aStage({ accessLogSettings }));
    const reply = await gateway.call("/", body === undefined ? {} : { method: "POST", body });
    assert.deepEqual([reply.status, reply.text], [500, '{"message": "Internal server error"}']);
    assert.equal(reply.headers["x-amzn-errortype"], "InternalServerErrorException");
    await until(() => lines.length > 0);
    assert.deepEqual(lines, ["500"]);
    assert.match(gateway.metrics(), /portico_requests_total\{[^}]*stage="prod"[^}]*5xx[^}]*\} 1\n/);
    assert.equal(gateway.errors.length, 1);
  }
});

interface Run {
  readonly request: string;
  readonly isLogged: boolean;
  readonly faultKind: FaultKind;
  readonly at: number;
}

/** Lets one exchange run, with one fault; answers which call went wrong, undefined if there was none left. */
async function runOnce(
  steps: readonly StepPlan[],
  { request, isLogged, faultKind, at }: Run,
): Promise<string | undefined> {
  let exchange: Exchange | undefined;
  const fault = new Fault(faultKind, at, () => exchange?.isComplete === false);
  const seen = { errors: [] as unknown[], requests: 0, accessLines: [] as string[], executionLogs: 0, retirements: 0 };
  const metrics = new Metrics(allocateMetrics(1), 1);
  const count = metrics.request.bind(metrics);
  metrics.request = (...parameters) => {
    seen.requests++;
    count(...parameters);
  };
  const logger = {
    debug() {},
    info() {},
    warn() {},
    error: (_: string, fields: unknown) => seen.errors.push(fields),
  };
  const program = linkProgram(
    emptyPlan({
      apiId: "abc123",
      stageName: "prod",
      models: { Any: "{}" },
      authorizers,
      accessLog: { destinationArn: "arn:aws:logs:us-east-1:0:log-group:access", format: "$context.status" },
      routes: { methods: { ANY: 0 } },
      methods: [
        {
          routeKey: "ANY /",
          resourceId: "r",
          resourcePath: "/",
          httpMethod: "ANY",
          ...(isLogged ? { logging: { level: "INFO", hasDataTrace: true } } : {}),
          steps,
        },
      ],
    }),
    faultyThread(
      {
        runJob: runHere,
        functions: { describe, invoke, close: () => Promise.resolve() },
        events: { accept: () => Promise.resolve({ kind: "accepted", requestId: "event" }) },
        metrics,
        recorder: new MetricRecorder({ write: () => undefined }, Date),
        clock: Date,
        logger,
        payloadBytesMax: 10_000_000,
        sampling: new TraceSampling(undefined, Date),
        traces: { write: () => undefined },
        accessLogs: {
          open: () => ({ write: (line: string) => seen.accessLines.push(line), close: () => seen.retirements++ }),
        } as unknown as ThreadContext["accessLogs"],
        undeployed: new Map(),
        throttles,
        keys: someKeys(),
        pools,
        executionLogs: { open: () => ({ write: () => seen.executionLogs++ }) },
        identities: new TlsIdentities(),
        permissions: new PermissionCheck(),
        services: {
          issuerOf: () => undefined,
          originOf: ({ names }: { names: readonly string[] }) => (names[0] === "sqs" ? backend.origin : undefined),
          acquireRole: (_: string, { host }: { host: string }) => (host === "ready" ? aRole : aRoleToCome()),
        } as unknown as ThreadContext["services"],
        authorizerResults: new ResultCache(Date),
        connections: new LiveConnections({
          thread: 0,
          features: { groups: false, wills: false, resume: undefined },
          now: () => 0,
          callAll: (_, __, done) => done([]),
        }),
        underWay: new UnderWay(),
        ownPort: () => 0,
        isOwnName: () => true,
        verifiedTokens: new VerifiedTokens(),
        responseCaches,
        knownCallers: callers,
        signingKeys: new SigningKeys(),
        userPoolKeys: Object.assign(new UserPoolKeys(Date), { find: () => Promise.resolve({ kind: "unknown" }) }),
        canaryCounts: new Map(),
        webAcls: new WebAcls({
          rates: { count: () => 0 },
          geo: undefined,
          logs: { open: () => ({ write() {} }) },
          logger,
        }),
      },
      fault,
    ),
  );
  const http1 = new Http1Server({
    limits: defaultHttp1Limits,
    clock: Date,
    onRequest: (inbound) => {
      exchange = program.open(inbound, { path: "/", query: "" }, Date.now());
      exchange.guard(() => program.route(exchange!));
      // Its plan was replaced meanwhile.
      program.life.retire();
    },
    onError: (error) => seen.errors.push(["the codec", error]),
  });
  const server = createSocketServer((socket) => http1.accept(socket, developmentListener));
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const reply = await send((server.address() as AddressInfo).port, requests[request], request.includes("compressed"));
    await until(() => seen.retirements > 0, { what: "the program is retired" });
    const text = JSON.stringify(
      { kinds: steps.map(({ kind }) => kind), request, isLogged, fault, reply, seen },
      null,
      1,
    );
    if (fault.place === undefined) {
      assert.equal(seen.errors.length, 0, text);
    } else if (faultKind !== "brings nothing") {
      assert.equal(seen.errors.length, 1, text);
      if (reply.isWhole)
        assert.deepEqual([reply.status, reply.body], [500, '{"message": "Internal server error"}'], text);
      // What has begun as a success can only be cut.
      else assert.ok([200, undefined].includes(reply.status) && exchange!.error === undefined, text);
    }
    assert.deepEqual(
      [seen.requests, seen.accessLines, seen.executionLogs, seen.retirements],
      [1, [`${exchange!.status}\n`], isLogged ? 1 : 0, 1],
      text,
    );
  } finally {
    server.close();
    await http1.stop(0);
  }
  return fault.place;
}

const aRole: RoleCredentials = {
  latest: { accessKeyId: "AKIA", secretAccessKey: "secret" },
  current: () => aRole.latest,
  wait: () => Promise.resolve(undefined),
};

/** A role whose session is there when it was waited for. */
function aRoleToCome(): RoleCredentials {
  let isThere = false;
  return {
    latest: aRole.latest,
    current: () => (isThere ? aRole.latest : undefined),
    wait: () =>
      new Promise((resolve) => {
        setImmediate(() => {
          isThere = true;
          resolve(undefined);
        });
      }),
  };
}

const describe = () => ({ functionArn, policy: allowAll, policyRevision: "1" });

/** Functions by their names: one never answers, one fails, one streams and stops; others do as they are asked. */
function invoke({ functionArn: name, payload, sink }: InvokeRequest): Promise<InvokeOutcome> {
  if (name === "late") return new Promise(() => undefined);
  const { promise, resolve } = Promise.withResolvers<InvokeOutcome>();
  const requestId = "id";
  setImmediate(() => {
    if (sink !== undefined && name !== "failing") {
      sink.data(Buffer.from('{"statusCode": 200}\0\0\0\0\0\0\0\0begun'), () => undefined);
      if (name === "idle") return;
      sink.data(Buffer.from(longText), () => undefined);
      sink.end();
    }
    const error = { kind: "function-error", payload: Buffer.from("{}"), errorMessage: "failed", requestId } as const;
    resolve(name === "failing" ? error : { kind: "ok", payload: Buffer.from(answerTo(String(payload))), requestId });
  });
  return promise;
}

/** A policy for an authorizer's event, else the answer of a proxy integration. */
const granted = { Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" };
const answerTo = (event: string): string =>
  event.includes('"methodArn"')
    ? JSON.stringify({ principalId: "me", policyDocument: { Version: "2012-10-17", Statement: [granted] } })
    : JSON.stringify({ statusCode: 200, body: "ok" });

interface Reply {
  readonly status: number | undefined;
  readonly body: string;
  /** False: the connection ended before the answer did. */
  readonly isWhole: boolean;
}

/** Sends a request whose body, if it has one, comes after its head. */
const secretAccessKey = "a root's";
const callers = new KnownCallers({ managedPolicyOf: () => undefined, onUse: () => undefined });
callers.setAccessKey("AKIAROOT", {
  secret: secretAccessKey,
  isActive: true,
  ownerArn: "arn:aws:iam::000000000000:root",
});
const signer = new RequestSigner({ service: "execute-api", region: "us-east-1" });

async function send(port: number, body: Buffer | undefined, isCompressed: boolean): Promise<Reply> {
  const client = await RawClient.open(port);
  const verb = body === undefined ? "GET" : "POST";
  const headers = [
    "Host: h",
    `X-API-Key: ${keyValue}`,
    "Connection: close",
    "Accept-Encoding: gzip",
    "Content-Type: application/json",
  ];
  if (body !== undefined) headers.push(`Content-Length: ${body.length}`);
  if (isCompressed) headers.push("Content-Encoding: gzip");
  const signature: string[] = [];
  signer.sign(
    { method: verb, target: "/", host: "h", headers: signature, body },
    { accessKeyId: "AKIAROOT", secretAccessKey },
    Date.now(),
  );
  for (let index = 0; index < signature.length; index += 2)
    headers.push(`${signature[index]}: ${signature[index + 1]}`);
  client.send(`${verb} / HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
  if (body !== undefined) setImmediate(() => client.send(body));
  const text = await client.closed();
  const end = text.indexOf("\r\n\r\n");
  const [head, rest] = end < 0 ? ["", ""] : [text.slice(0, end), text.slice(end + 4)];
  const status = /^HTTP\/1\.1 (\d+)/.exec(head)?.[1];
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  const isWhole = length === undefined ? rest.endsWith("0\r\n\r\n") : rest.length === Number(length);
  return { status: status === undefined ? undefined : Number(status), body: rest.slice(0, 1_000), isWhole };
}

test("a request whose exchange can't be made is answered as its API answers its own errors, and the next one is served", async () => {
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { GET: aMethod(aMock("served")) } }));
  const answered = Promise.withResolvers<SyntheticAnswer>();
  const request = new SyntheticRequest(
    {
      method: "GET",
      target: "/_aws/execute-api/abc123/prod",
      host: "localhost",
      headers: [],
      body: new Uint8Array(),
      remoteAddress: "127.0.0.1",
      localPort: 443,
      isEncrypted: false,
    },
    { answerBytesMax: 1_000, onAnswer: answered.resolve },
  );
  Object.defineProperty(request, "header", {
    value: (name: string) => {
      // Only what makes an exchange asks for this one.
      if (name === "x-http-method-override") throw new Error("the headers are broken");
    },
  });
  gateway.gateway.handle(request);
  const { status, body, headers } = await answered.promise;
  assert.deepEqual([status, Buffer.from(body).toString()], [500, '{"message":"Internal server error"}']);
  assert.ok(headers.flat().includes("InternalServerErrorException"), JSON.stringify(headers));
  assert.equal((await gateway.call("/")).text, "served");
});
