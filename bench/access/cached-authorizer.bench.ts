import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { runHere } from "../../src/base/job.ts";
import type { InvokeOutcome } from "../../src/functions/function-client.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { SyntheticRequest } from "../../src/gateway/synthetic-request.ts";
import { ApiKeyTable } from "../../src/limits/api-key-table.ts";
import { allocateThrottles, openThrottles } from "../../src/limits/throttles.ts";
import type { AuthorizerPlan } from "../../src/plan/authorizers.ts";
import { emptyPlan } from "../../src/plan/empty-plan.ts";
import type { StepPlan } from "../../src/plan/steps.ts";
import { allocateMetrics, Metrics } from "../../src/telemetry/metrics.ts";
import type { Bench, Figures } from "../bench.ts";

const source = (name: string) =>
  ({
    expression: `method.request.header.${name}`,
    value: { kind: "request", place: "header", name, isMultiValue: false },
  }) as const;
const lambda = { functionArn: "f", roleArn: "r", timeoutMs: 1_000, resultTtlSeconds: 3_600 };
const authorizersOf = (issuer: string): Readonly<Record<string, AuthorizerPlan>> => ({
  jwt: { id: "jwt", kind: "jwt", identitySources: [source("Authorization")], issuer, audiences: ["client"] },
  token: { ...lambda, id: "token", kind: "token", identitySources: [source("Authorization")] },
  pool: {
    id: "pool",
    kind: "user-pool",
    identitySources: [source("Authorization")],
    pools: [{ id: "pool", host: "cognito" }],
  },
  http: {
    ...lambda,
    ...{ id: "http", kind: "http-api-request", payloadFormat: "2.0", hasSimpleResponses: false },
    identitySources: [source("Authorization"), source("X-Team")],
  },
  request: { ...lambda, id: "request", kind: "request", identitySources: [source("Authorization"), source("X-Team")] },
});
/** A token as user pools make them, of 900 characters. */
const token = `Bearer ${"x".repeat(893)}`;
const headersOf = (authorization: string): string[] => [
  ...["Host", "h", "User-Agent", "bench", "Accept", "*/*", "Authorization", authorization, "X-Team", "pets"],
];
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
/** An ID token as Cognito makes them. */
function jwt(sub: number, iss = "https://cognito/pool"): string {
  const claims = {
    ...{ sub: String(sub), iss, token_use: "id", aud: "client", exp: 9_999_999_999 },
    ...{ email: `${"x".repeat(300)}@y.z`, "cognito:username": "someone", auth_time: 1, iat: 1, jti: "x".repeat(36) },
  };
  const text = `${encode({ alg: "RS256", kid: "one" })}.${encode(claims)}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
}
const plainHeaders = headersOf(token);
const poolHeaders = headersOf(jwt(0));
const headersBy: Record<string, string[]> = { pool: poolHeaders };
const headersFor = (stage: string): string[] => headersBy[stage] ?? plainHeaders;

/**
 * The goals: a cached result costs at most 5 µs a request, its policy's decision included; a user pool's token that was
 * seen before 5 µs, one that is new 60 µs; and the same for a JWT authorizer of an HTTP API.
 */
export const bench: Bench = {
  title:
    "An authorizer whose result is remembered, or a user pool's token: microseconds more a request than without it",
  needs: [],
  async run(): Promise<Figures> {
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "one" };
    const keys = createServer(({ url }, outgoing) =>
      outgoing.end(
        JSON.stringify(url?.endsWith("configuration") ? { issuer, jwks_uri: `${issuer}/keys` } : { keys: [jwk] }),
      ),
    );
    await once(keys.listen(0, "127.0.0.1"), "listening");
    const issuer = `http://127.0.0.1:${(keys.address() as AddressInfo).port}`;
    headersBy["jwt"] = headersOf(jwt(0, issuer));
    const gateway = startGateway(issuer);
    for (const id of ["token", "request", "http", "pool", "jwt"]) await answered(gateway, id);
    const times: Record<string, number[]> = { open: [], token: [], request: [], http: [], pool: [], jwt: [] };
    times["new tokens"] = [];
    times["new JWTs"] = [];
    let issued = 0;
    for (let round = 0; round < 60; round++) {
      for (const stage of ["open", "token", "request", "http", "pool", "jwt"])
        times[stage]!.push(microseconds(gateway, stage, 1_000));
      if (round % 6 !== 0) continue;
      const fresh = Array.from({ length: 300 }, () => headersOf(jwt(++issued)));
      times["new tokens"]!.push(microseconds(gateway, "pool", fresh.length, fresh));
      const issuedTokens = Array.from({ length: 300 }, () => headersOf(jwt(++issued, issuer)));
      times["new JWTs"]!.push(microseconds(gateway, "jwt", issuedTokens.length, issuedTokens));
    }
    gateway.close();
    keys.close();
    const best = (stage: string): number => Math.min(...times[stage]!);
    return {
      "µs a request without": best("open"),
      "µs more for a TOKEN": best("token") - best("open"),
      "µs more for a REQUEST with two sources": best("request") - best("open"),
      "µs more for a REQUEST of an HTTP API": best("http") - best("open"),
      "µs more for a user pool's token, seen before": best("pool") - best("open"),
      "µs more for a user pool's token, first seen": best("new tokens") - best("open"),
      "µs more for an issuer's JWT, seen before": best("jwt") - best("open"),
      "µs more for an issuer's JWT, first seen": best("new JWTs") - best("open"),
    };
  },
};

function microseconds(gateway: Gateway, stage: string, rounds: number, fresh?: readonly string[][]): number {
  let answers = 0;
  const before = process.cpuUsage();
  for (let count = 0; count < rounds; count++) {
    ask(gateway, stage, { headers: fresh?.[count] ?? headersFor(stage), onAnswer: () => answers++ });
  }
  // The processor's time, which other programs of the machine hardly make longer.
  const { user, system } = process.cpuUsage(before);
  if (answers !== rounds) throw new Error("an answer was not given at once");
  return (user + system) / rounds;
}

const answered = (gateway: Gateway, stage: string): Promise<void> =>
  new Promise((resolve) => ask(gateway, stage, { headers: headersFor(stage), onAnswer: resolve }));

function ask(
  gateway: Gateway,
  stage: string,
  { headers, onAnswer }: { readonly headers: string[]; readonly onAnswer: () => void },
): void {
  const request = new SyntheticRequest(
    {
      method: "GET",
      target: `/_aws/execute-api/api/${stage}/pets/7`,
      host: "localhost",
      headers,
      body: Buffer.alloc(0),
      remoteAddress: "127.0.0.1",
      localPort: 80,
      isEncrypted: false,
    },
    {
      answerBytesMax: 100,
      onAnswer({ status }) {
        if (status !== 200) throw new Error(`it answered ${status}`);
        onAnswer();
      },
    },
  );
  gateway.handle(request);
}

function startGateway(cognitoidp: string): Gateway {
  const statement = { Effect: "Allow", Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:*:*:api/*/GET/*" };
  const payload = Buffer.from(
    JSON.stringify({ principalId: "me", policyDocument: { Version: "2012-10-17", Statement: [statement] } }),
  );
  const ok: InvokeOutcome = { kind: "ok", payload, requestId: "r" };
  const nothing = (): void => undefined;
  const gateway = new Gateway({
    runJob: runHere,
    functions: { describe: () => undefined, invoke: async () => ok, close: () => Promise.resolve() },
    events: { accept: () => Promise.reject(new Error("none")) },
    logs: { open: () => ({ write: nothing }) },
    metrics: new Metrics(allocateMetrics(1), 1),
    clock: Date,
    executionLogs: { open: () => ({ write: nothing }) },
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    apiKeys: new ApiKeyTable("bench").records,
    usageSaving: { hurry() {}, save: () => Promise.resolve(true) },
    throttles: openThrottles(allocateThrottles(Date.now()), { ratePerSecond: 1e8, burst: 1e8 }),
    wafRates: { count: () => 0 },
    settings: { payloadBytesMax: 1_000, accessLog: "/nonexistent", services: { endpoints: { cognitoidp } } },
  });
  const answer: StepPlan = {
    kind: "mock",
    request: { passthrough: "WHEN_NO_MATCH", templates: { "application/json": '{"statusCode": 200}' } },
    responses: [{ statusCode: 200, isDeclared: true, headers: [], templates: {} }],
  };
  for (const stageName of ["open", "token", "request", "http", "pool", "jwt"]) {
    const steps: StepPlan[] =
      stageName === "open" ? [answer] : [{ kind: "authorizer", authorizerId: stageName }, answer];
    gateway.setPlan(
      `api/${stageName}`,
      emptyPlan({
        apiId: "api",
        stageName,
        authorizers: authorizersOf(cognitoidp),
        routes: { statics: { pets: { param: { name: "id", node: { methods: { GET: 0 } } } } } },
        methods: [
          { routeKey: "GET /pets/{id}", resourceId: "r", resourcePath: "/pets/{id}", httpMethod: "GET", steps },
        ],
      }),
    );
  }
  return gateway;
}
