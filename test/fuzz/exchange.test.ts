import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRest } from "../../src/compiler/compile-rest.ts";
import type { GatewayResponse, Integration, Method, RestApiDefinition, Stage } from "../../src/definition/rest-api.ts";
import type { FunctionClient } from "../../src/functions/function-client.ts";
import type { StagePlan } from "../../src/plan/plan.ts";
import { steps } from "../../src/plan/steps.ts";
import { aLambdaProxy, aMethod, aRestApi, aStage, functionArn } from "../exchange/a-rest-api.ts";
import { startBackend, startGateway } from "../exchange/start-gateway.ts";
import { durationMs, oneOf, random, seed, texts } from "./from-models.ts";

const note = `replay with PORTICO_FUZZ_SEED=${seed}`;
const pieces = [
  ...texts,
  "${stageVariables.a}",
  "${stageVariables.none}",
  "$context.requestId",
  "{proxy}",
  "http://127.0.0.1:1/",
  "https://[::1]/",
  "://",
  "#",
  "?",
  "(a+)+",
  "[",
  "\\",
  "'x'",
  "method.request.path.proxy",
  "method.request.header.x",
  "context.stage",
  "\r\n",
  "\0",
  "é\u2028",
];
const text = (): string => Array.from({ length: 1 + Math.floor(random() * 3) }, () => oneOf(pieces)).join("");
const maybe = <T>(value: T): T | undefined => (random() < 0.5 ? value : undefined);
const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;

function anyIntegration(backend: string): Integration {
  const type = oneOf(["MOCK", "HTTP", "HTTP_PROXY", "AWS_PROXY", "AWS"] as const);
  const statusCode = oneOf(["200", "404", "500", "204"]);
  const selectionPattern = oneOf([undefined, "4\\d\\d", text()]);
  const responseParameters = { [`method.response.header.${text()}`]: text() };
  const template = oneOf([null, "", '{"statusCode": 404}', "{statusCode:200}", text()]);
  const uri = oneOf([undefined, text(), `${backend}/${text()}`, aLambdaProxy().uri]);
  const response = { statusCode, responseParameters, responseTemplates: { [text()]: template } };
  return defined({
    type,
    uri,
    httpMethod: maybe(oneOf(["GET", "POST", "ANY"])),
    requestTemplates: maybe({ "application/json": template, [text()]: template }),
    passthroughBehavior: maybe(oneOf(["NEVER", "WHEN_NO_MATCH", "WHEN_NO_TEMPLATES"] as const)),
    requestParameters: maybe({
      [`integration.request.${oneOf(["path.proxy", "header.x", "querystring.q", text()])}`]: text(),
    }),
    integrationResponses: maybe({
      [statusCode]: defined({ ...response, selectionPattern }),
      "200": { statusCode: "200" },
    }),
    timeoutInMillis: 200,
  }) as Integration;
}

function anyApi(backend: string): { definition: RestApiDefinition; stage: Stage } {
  const paths = ["/", "/a", "/a/{x}", "/{proxy+}", `/${text().replaceAll("/", "")}`];
  const routes = Object.fromEntries(
    paths.map((path) => {
      const method: Method = aMethod(anyIntegration(backend), {
        methodResponses: { "200": { statusCode: "200" }, "404": { statusCode: "404" } },
      });
      return [path, { [oneOf(["GET", "ANY", "POST"])]: method }];
    }),
  );
  const gatewayResponse = defined({
    responseType: oneOf(["DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN", text()]),
    statusCode: maybe(oneOf(["418", "503"])),
    responseParameters: maybe({ [`gatewayresponse.header.${text()}`]: text() }),
    responseTemplates: maybe({ [text()]: text(), "application/json": text() }),
  }) as GatewayResponse;
  return {
    definition: aRestApi(routes, { gatewayResponses: [gatewayResponse], restApi: { binaryMediaTypes: [text()] } }),
    stage: aStage({ variables: { a: text() }, accessLogSettings: { destinationArn: text(), format: text() } }),
  };
}

test("whatever a definition says, it compiles to a plan that is JSON, the same each time", () => {
  const until = performance.now() + durationMs;
  const kinds = new Set<string>();
  while (performance.now() < until) {
    const { definition, stage } = anyApi("http://127.0.0.1:1");
    const compile = (): StagePlan => compileRest(definition, stage, { account: "1", region: "r" });
    const plan = compile();
    for (const method of plan.methods) for (const { kind } of method.steps) kinds.add(kind);
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan, note);
    assert.deepEqual(compile(), plan, note);
  }
  assert.deepEqual([...kinds].sort(), Object.keys(steps).sort(), "the corpus reaches every kind of step");
});

test("whatever is asked of whatever is deployed, there is an answer and no mistake of ours", async () => {
  const answers: unknown[] = [
    { statusCode: 200, body: "x" },
    null,
    7,
    { headers: { a: text() } },
    { statusCode: text() },
  ];
  const policy = JSON.stringify({
    Statement: { Effect: "Allow", Principal: "*", Action: "lambda:*", Resource: "*" },
  });
  const functions: FunctionClient = {
    describe: () => ({ functionArn, policy, policyRevision: "1", timeoutMs: 1 }),
    invoke: ({ payload }) => {
      JSON.parse(String(payload));
      return Promise.resolve({ kind: "ok", payload: Buffer.from(JSON.stringify(oneOf(answers))), requestId: "r" });
    },
    close: () => Promise.resolve(),
  };
  await using backend = await startBackend();
  await using gateway = await startGateway({ functions });
  const until = performance.now() + durationMs;
  let answered = 0;
  while (performance.now() < until) {
    const { definition, stage } = anyApi(backend.origin);
    gateway.deploy(definition, stage);
    const calls = Array.from({ length: 20 }, async () => {
      const path = oneOf(["/", "/a", "/a/1", `/${text()}`, `/a/${text()}?${text()}`, "/x/%2e%2e/y"]);
      const target = `/prod${path}`.replaceAll(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character));
      const body = random() < 0.3 ? `Content-Length: 4\r\n\r\nbody` : "\r\n";
      const headers = `Accept: ${oneOf(["a/b", "*/*", "application/json"])}\r\nAuthorization: ${oneOf(["Bearer x", "a=b", "AWS4-x"])}\r\n`;
      const reply = await gateway.raw(
        `${oneOf(["GET", "POST", "HEAD"])} ${target} HTTP/1.1\r\nHost: abc123.execute-api.x\r\nConnection: close\r\n${headers}${body}`,
      );
      assert.match(reply, /^HTTP\/1\.1 [2-5]\d\d /, `${target}: ${note}`);
      answered++;
    });
    await Promise.all(calls);
    assert.deepEqual(
      gateway.errors.filter((error) => !String(error).includes("access log")),
      [],
      note,
    );
  }
  assert.ok(answered > 100);
});
