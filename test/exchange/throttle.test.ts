// Throttles of methods and accounts: what is refused, when, and how.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import type { MethodSetting } from "../../src/definition/rest-api.ts";
import { publicListener } from "../../src/http/listener.ts";
import { allocateThrottles, type ThrottleLimit, type ThrottleMemory } from "../../src/limits/throttles.ts";
import { allocateTokenBuckets } from "../../src/limits/token-buckets.ts";
import { RawClient } from "../raw-http.ts";
import { aMethod, aMock, anHttpProxy, aRestApi, aStage, type Routes } from "./a-rest-api.ts";
import { type GatewayUnderTest, startGateway } from "./start-gateway.ts";

const begin = 1_700_000_000_000;
const account: ThrottleLimit = { ratePerSecond: 20, burst: 9 };
/** As in the relaxed profile. */
const lifted: ThrottleLimit = { ratePerSecond: 1e9, burst: 1e9 };
const get = aMethod(aMock());
const api = (routes: Routes = { "/pets": { GET: get } }) => aRestApi(routes);

type Settings = Readonly<Record<string, Partial<Record<keyof MethodSetting, unknown>>>>;
const stage = (settings: Settings, stageName = "prod") =>
  aStage({ stageName, methodSettings: settings as Readonly<Record<string, MethodSetting>> });
const limit = (rate: unknown, burst: unknown) => ({ throttlingRateLimit: rate, throttlingBurstLimit: burst });

/** Starts a gateway whose time stands still. */
async function start(options: { readonly throttles?: ThrottleMemory; readonly account?: ThrottleLimit } = {}) {
  const clock = new ManualClock(begin);
  const throttles = options.throttles ?? allocateThrottles(begin);
  const gateway = await startGateway({ clock, throttles, accountThrottle: options.account ?? account });
  return Object.assign(gateway, { clock, throttles });
}

/** Calls so often, and returns how many requests were served; all others have to be throttled. */
async function served(gateway: GatewayUnderTest, path = "/pets", calls = 12, method = "GET"): Promise<number> {
  let count = 0;
  for (let call = 0; call < calls; call++) {
    const { status, text } = await gateway.call(path, { method });
    if (status === 200) count++;
    else assert.deepEqual([status, text], [429, '{"message":"Too Many Requests"}']);
  }
  return count;
}

const rows: Readonly<Record<string, readonly [settings: Settings, served: number]>> = {
  "no settings: the account's": [{}, 9],
  "a setting without throttles: the account's": [{ "*/*": { loggingLevel: "INFO" } }, 9],
  "the stage's default": [{ "*/*": limit(5, 3) }, 3],
  "a burst of one": [{ "*/*": limit(5, 1) }, 1],
  "a rate of zero": [{ "*/*": limit(0, 3) }, 0],
  "a burst of zero": [{ "*/*": limit(5, 0) }, 0],
  "both inherited": [{ "*/*": limit(-1, -1) }, 9],
  "a method that inherits from the stage": [{ "*/*": limit(5, 3), "~1pets/GET": limit(-1, -1) }, 3],
  "a method that inherits the burst from the path": [{ "~1pets/*": limit(0, 3), "~1pets/GET": limit(2, -1) }, 3],
  "a method that inherits the rate from the stage": [{ "*/*": limit(0, 3), "~1pets/GET": limit(-1, 2) }, 0],
  "a logging setting beside a throttled stage": [{ "*/*": limit(5, 3), "~1pets/GET": { loggingLevel: "INFO" } }, 3],
  "the rate inherited": [{ "*/*": limit(-1, 2) }, 2],
  "the rate alone": [{ "*/*": { throttlingRateLimit: 5 } }, 9],
  "the burst alone": [{ "*/*": { throttlingBurstLimit: 4 } }, 4],
  "a rate with a fraction": [{ "*/*": limit(0.5, 2) }, 2],
  "a rate next to nothing": [{ "*/*": limit(5e-324, 2) }, 0],
  "more than the account's": [{ "*/*": limit(1e15, 2_147_483_647) }, 9],
  "a burst above the account's with a lower rate": [{ "*/*": limit(1, 100) }, 9],
  "a negative rate": [{ "*/*": limit(-0.5, 5) }, 0],
  "a negative burst": [{ "*/*": limit(5, -2) }, 0],
  "the method before the stage": [{ "*/*": limit(0, 0), "~1pets/GET": limit(5, 4) }, 4],
  "the path before the verb": [{ "*/GET": limit(0, 0), "~1pets/*": limit(5, 4) }, 4],
  "the verb before the stage": [{ "*/*": limit(0, 0), "*/GET": limit(5, 4) }, 4],
  "another path": [{ "~1cats/GET": limit(0, 0) }, 9],
  "another verb": [{ "~1pets/PUT": limit(0, 0) }, 9],
  "a setting for ANY, of a method GET": [{ "~1pets/ANY": limit(0, 0) }, 9],
  "two spellings of one path, the stricter first": [{ "~1pets/GET": limit(5, 2), "pets/GET": limit(50, 5) }, 2],
  "two spellings of one path, the stricter last": [{ "~1pets/GET": limit(50, 5), "/pets/GET": limit(5, 2) }, 2],
  ...Object.fromEntries(
    ["~1pets", "pets", "/pets", "//pets", "/~1pets", "~1pets~1", "pets/", "/*", "~1*"].map((path) => [
      `the path as ${path}`,
      [{ [`${path}/GET`]: limit(5, 2) }, 2],
    ]),
  ),
};

for (const [name, [settings, expected]] of Object.entries(rows)) {
  test(`of twelve requests at once, the throttle serves: ${name}`, async () => {
    await using gateway = await start();
    gateway.deploy(api(), stage(settings));
    assert.equal(await served(gateway), expected);
  });
}

for (const value of ["5", "", null, true, Number.NaN, Number.POSITIVE_INFINITY, {}, [5]]) {
  test(`a throttle that is no number closes its method: ${JSON.stringify(value)} (${typeof value})`, async () => {
    await using gateway = await start();
    for (const setting of [limit(value, 5), limit(5, value)]) {
      gateway.deploy(api({ "/pets": { GET: get }, "/cats": { GET: get } }), stage({ "~1pets/GET": setting }));
      const { status, text } = await gateway.call("/pets");
      assert.equal(status, 501);
      assert.match(text, /throttling limit throttling(Rate|Burst)Limit/);
      assert.equal((await gateway.call("/cats")).status, 200);
    }
  });
}

test("a setting of a verb holds for that verb of a method ANY", async () => {
  await using gateway = await start();
  const any = { "/pets": { ANY: aMethod(aMock(), { httpMethod: "ANY" }) } };
  gateway.deploy(api(any), stage({ "*/*": limit(5, 4), "~1pets/GET": limit(5, 2), "~1pets/PUT": limit(0, 0) }));
  assert.equal(await served(gateway, "/pets", 4, "GET"), 2);
  assert.equal(await served(gateway, "/pets", 4, "PUT"), 0);
  assert.equal(await served(gateway, "/pets", 5, "DELETE"), 4);
  gateway.deploy(api(any), stage({ "~1pets/ANY": limit(5, 1), "~1pets/GET": limit(-1, -1) }));
  assert.equal(await served(gateway, "/pets", 3, "GET"), 0, "that of ANY, whose tokens are gone");
});

test("each method has a bucket of its own, and so has each stage; the account has one for all", async () => {
  await using gateway = await start();
  const two = api({ "/pets": { GET: get, PUT: aMethod(aMock(), { httpMethod: "PUT" }) }, "/cats": { GET: get } });
  gateway.deploy(two, stage({ "*/*": limit(5, 2) }));
  gateway.deploy(two, stage({ "*/*": limit(5, 2) }, "dev"));
  assert.equal(await served(gateway, "/pets", 3), 2);
  assert.equal(await served(gateway, "/pets", 3, "PUT"), 2);
  assert.equal(await served(gateway, "/cats", 3), 2);
  const dev = { isWhole: true };
  assert.equal((await gateway.call("/dev/pets", dev)).status, 200);
  assert.equal((await gateway.call("/dev/pets", dev)).status, 200);
  assert.equal((await gateway.call("/dev/pets", dev)).status, 429);
  // Eight of the account's nine are gone.
  assert.equal((await gateway.call("/dev/cats", dev)).status, 200);
  const last = await gateway.call("/dev/cats", dev);
  assert.equal(last.status, 429);
  assert.match(
    String(last.headers["x-portico-hint"]),
    /^The account 000000000000 has 20 requests a second, and 9 at once/,
  );
});

test("accounts and regions are apart", async () => {
  await using gateway = await start({ account: { ratePerSecond: 1, burst: 1 } });
  const { plan } = gateway.deploy(api());
  const others = [
    { ...plan, account: "111111111111", stageName: "other" },
    { ...plan, region: "eu-west-1", stageName: "far" },
  ];
  for (const other of others) gateway.gateway.setPlan(`abc123/${other.stageName}`, other);
  for (const name of ["prod", "other", "far"]) {
    assert.equal((await gateway.call(`/${name}/pets`, { isWhole: true })).status, 200, name);
    assert.equal((await gateway.call(`/${name}/pets`, { isWhole: true })).status, 429, name);
  }
});

test("time brings tokens at the rate, up to the burst, in one gateway and in all", async () => {
  await using one = await start({ account: lifted });
  await using other = await start({ throttles: one.throttles, account: lifted });
  for (const gateway of [one, other]) gateway.deploy(api(), stage({ "*/*": limit(2, 4) }));
  const advance = (ms: number): void => {
    one.clock.advance(ms);
    other.clock.advance(ms);
  };
  assert.equal(await served(one, "/pets", 3), 3);
  assert.equal(await served(other, "/pets", 3), 1);
  advance(500);
  assert.equal(await served(other, "/pets", 2), 1);
  advance(1_000);
  assert.equal((await served(one, "/pets", 1)) + (await served(other, "/pets", 3)), 2);
  advance(3_600_000);
  assert.equal(await served(one), 4);
  // As the system's clock might.
  advance(-1_800_000);
  assert.equal(await served(other), 0);
  advance(1_000);
  assert.equal(await served(other), 2);
  advance(-86_400_000);
  assert.equal(await served(one), 0);
  advance(60_000);
  assert.equal(await served(one), 4);
});

test("a change of the stage's settings counts at once, and does not fill the bucket", async () => {
  await using gateway = await start({ account: { ratePerSecond: 1_000, burst: 1_000 } });
  const deploy = (settings: Settings): void => void gateway.deploy(api(), stage(settings));
  deploy({ "*/*": limit(1, 5) });
  assert.equal(await served(gateway, "/pets", 6), 5);
  // A larger bucket has the tokens that it had: threads may hear of a change one after another.
  deploy({ "*/*": limit(1, 7) });
  assert.equal(await served(gateway, "/pets", 6), 0);
  // Another key, and another rate: the bucket is the method's.
  deploy({ "~1pets/GET": limit(2, 7) });
  assert.equal(await served(gateway, "/pets", 3), 0);
  gateway.clock.advance(1_000);
  assert.equal(await served(gateway, "/pets", 3), 2);
  deploy({ "~1pets/GET": limit(0, 7) });
  gateway.clock.advance(60_000);
  assert.equal(await served(gateway, "/pets", 3), 0);
  deploy({});
  assert.equal(await served(gateway), 12);
});

test("a request that its method's throttle refuses takes nothing of the account's", async () => {
  await using gateway = await start();
  gateway.deploy(api({ "/pets": { GET: get }, "/cats": { GET: get } }), stage({ "~1pets/GET": limit(1, 2) }));
  assert.equal(await served(gateway), 2);
  assert.equal(await served(gateway, "/cats"), 7);
  assert.match(gateway.metrics(), /^portico_requests_throttled_total 15$/m);
  gateway.clock.advance(1_000);
  // The account refuses nothing now; what it refused before is a token of the method that is gone.
  assert.equal(await served(gateway, "/pets", 2), 1);
});

test("what no method serves takes no token, and neither does a probe of TestInvokeMethod", async () => {
  await using gateway = await start();
  const { plan } = gateway.deploy(api());
  for (let count = 0; count < 20; count++) {
    assert.equal((await gateway.call("/none")).status, 403);
    assert.equal((await gateway.call("/pets", { method: "DELETE" })).status, 403);
    const answered = await new Promise((resolve) =>
      gateway.gateway.probe(
        {
          plan,
          tester: {},
          request: {
            method: "GET",
            target: "/pets",
            host: "h",
            headers: [],
            body: new Uint8Array(),
            remoteAddress: "test-invoke-source-ip",
            localPort: 443,
            isEncrypted: true,
          },
          bodyCharsMax: 100,
          answerBytesMax: 1_000,
        },
        (outcome) => resolve(outcome.kind === "answered" && outcome.status),
      ),
    );
    assert.equal(answered, 200);
  }
  assert.equal(await served(gateway), 9);
});

test("a request that waited before its throttle takes its token when it gets there, and gives none back", async () => {
  await using gateway = await start({ account: lifted });
  // The data trace waits for the body.
  const traced = { ...limit(1, 3), loggingLevel: "INFO", dataTraceEnabled: true };
  gateway.deploy(
    api({ "/pets": { GET: get, POST: aMethod(aMock(), { httpMethod: "POST" }) } }),
    stage({ "*/*": traced }),
  );
  const host = "abc123.execute-api.us-east-1.localhost";
  const late = await RawClient.open(gateway.port);
  late.send(`POST /prod/pets HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{`);
  // A request on another connection is answered after the first one's head was read.
  assert.equal(await served(gateway, "/pets", 1), 1);
  gateway.clock.advance(60_000);
  assert.equal(await served(gateway, "/pets", 5, "POST"), 3);
  late.send(" }");
  assert.match(await late.closed(), /^HTTP\/1\.1 429 /);
  assert.equal(await served(gateway, "/pets", 5, "POST"), 0);
});

test("a refused request reaches no integration, and has the answer, headers and logs of THROTTLED", async () => {
  const logs: string[] = [];
  const execution: string[] = [];
  await using gateway = await startGateway({
    clock: new ManualClock(begin),
    accountThrottle: account,
    onLog: (_, message) => logs.push(message),
    onExecutionLog: (entry) => execution.push(JSON.stringify(entry)),
  });
  const definition = api({ "/pets": { GET: aMethod(anHttpProxy("http://127.0.0.1:1/")) } });
  const format = '{"status":"$context.status","type":"$context.error.responseType","id":"$context.requestId"}';
  const destinationArn = "arn:aws:logs:us-east-1:000000000000:log-group:access";
  const settings = stage({ "*/*": { ...limit(0, 5), loggingLevel: "ERROR" } });
  gateway.deploy(definition, { ...settings, accessLogSettings: { destinationArn, format } });
  const reply = await gateway.call("/pets");
  assert.equal(reply.status, 429);
  assert.equal(reply.text, '{"message":"Too Many Requests"}');
  assert.equal(reply.headers["content-type"], "application/json");
  assert.equal(reply.headers["x-amzn-errortype"], "TooManyRequestsException");
  assert.equal(reply.headers["retry-after"], undefined);
  assert.match(
    String(reply.headers["x-portico-hint"]),
    /^The stage's methodSettings give GET \/pets 0 requests a second/,
  );
  assert.match(logs.join(""), /"status":"429","type":"THROTTLED"/);
  assert.match(execution.join(""), /Execution failed: Too Many Requests/);

  const gatewayResponses = [
    {
      responseType: "THROTTLED",
      statusCode: "420",
      responseParameters: { "gatewayresponse.header.Retry-After": "'1'" },
      responseTemplates: { "application/json": '{"calm":$context.error.messageString}' },
    },
  ];
  gateway.deploy({ ...definition, gatewayResponses }, settings);
  const customised = await gateway.call("/pets", { port: await gateway.open(publicListener) });
  assert.deepEqual([customised.status, customised.text], [420, '{"calm":"Too Many Requests"}']);
  assert.equal(customised.headers["retry-after"], "1");
  assert.equal(customised.headers["x-portico-hint"], undefined);
});

test("a method whose bucket finds no place is refused, and the hint says why", async () => {
  const memory = { ...allocateThrottles(begin), methods: allocateTokenBuckets(8, begin) };
  await using gateway = await start({ throttles: memory, account: lifted });
  const paths = Array.from({ length: 12 }, (_, index) => `/p${index}`);
  gateway.deploy(api(Object.fromEntries(paths.map((path) => [path, { GET: get }]))), stage({ "*/*": limit(1, 2) }));
  const statuses: number[] = [];
  let hint = "";
  for (const path of paths) {
    const reply = await gateway.call(path);
    statuses.push(reply.status);
    if (reply.status === 429) hint = String(reply.headers["x-portico-hint"]);
  }
  assert.ok(statuses.filter((status) => status === 200).length <= 8);
  assert.match(hint, /no place in memory/);
});

test("the relaxed profile's account has no throttle, and what a method inherits from it is none", async () => {
  const memory = { ...allocateThrottles(begin), methods: allocateTokenBuckets(8, begin) };
  await using gateway = await start({ throttles: memory, account: lifted });
  gateway.deploy(api(), stage({ "*/*": limit(-1, -1) }));
  const unused = new Uint8Array(memory.methods).slice(64);
  assert.equal(await served(gateway, "/pets", 30), 30);
  assert.deepEqual(new Uint8Array(memory.methods).slice(64), unused);
});
