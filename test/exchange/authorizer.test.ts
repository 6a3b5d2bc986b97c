// Lambda authorizers in front of methods: who is let through, who is refused, and what the function is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Authorizer, Method } from "../../src/definition/rest-api.ts";
import { aMethod, aMock, aRestApi, functionArn, type Routes } from "./a-rest-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { type GatewayUnderTest, startGateway } from "./start-gateway.ts";

const arn = (path: string): string => `arn:aws:execute-api:us-east-1:000000000000:abc123/prod/${path}`;

const token: Authorizer = {
  id: "a1b2c3",
  name: "tokens",
  type: "TOKEN",
  authorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
  identitySource: "method.request.header.Authorization",
  authorizerResultTtlInSeconds: 0,
};

const guarded = (over: Partial<Method> = {}): Method =>
  aMethod(aMock("ok"), { authorizationType: "CUSTOM", authorizerId: token.id, ...over });

/** A function that says that one statement is true of the caller. */
const functionSaying = (over: object = {}, statement: object = {}): FakeFunctions => {
  const functions = new FakeFunctions();
  functions.facts = { functionArn, policy: anyone, policyRevision: "1" };
  functions.answer = () => ({
    principalId: "me",
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: "*", ...statement }],
    },
    ...over,
  });
  return functions;
};
const anyone = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn },
});

async function deployed(
  functions: FakeFunctions,
  {
    authorizer = {},
    routes = { "/pets/{id}": { GET: guarded() } },
  }: { authorizer?: Partial<Authorizer>; routes?: Routes } = {},
): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ functions });
  gateway.deploy(aRestApi(routes, { authorizers: [{ ...token, ...authorizer }] }));
  return gateway;
}

const known = { headers: { Authorization: "secret-token" } };

test("an Allow lets the request through; the function gets token and method ARN", async () => {
  const functions = functionSaying({}, { Resource: arn("GET/pets/*") });
  await using gateway = await deployed(functions);
  const reply = await gateway.call("/pets/1?a=b", known);
  assert.deepEqual([reply.status, reply.text], [200, "ok"]);
  assert.equal(
    String(functions.requests[0]?.payload),
    `{"type":"TOKEN","methodArn":"${arn("GET/pets/1")}","authorizationToken":"secret-token"}`,
  );
});

test("a policy without an Allow, and one with a Deny, are answered with 403 in AWS's words", async () => {
  const rows: readonly [object, string][] = [
    [{ Resource: arn("GET/dogs/*") }, "User is not authorized to access this resource"],
    [{ Action: "execute-api:ManageConnections" }, "User is not authorized to access this resource"],
    [{ Effect: "Deny" }, "User is not authorized to access this resource with an explicit deny"],
    // Nobody here knows this key, so the statement allows nothing.
    [{ Condition: { StringEquals: { "aws:Nothing": "x" } } }, "User is not authorized to access this resource"],
  ];
  for (const [statement, message] of rows) {
    await using gateway = await deployed(functionSaying({}, statement));
    const reply = await gateway.call("/pets/1", known);
    assert.deepEqual([reply.status, reply.text], [403, JSON.stringify({ Message: message })]);
    assert.equal(reply.headers["x-amzn-errortype"], "AccessDeniedException");
  }
});

test("a method whose authorizer is missing, of another type, or unreadable is closed, and no other", async () => {
  const rows: readonly [Partial<Authorizer>, Partial<Method>, string][] = [
    [{}, { authorizerId: "other" }, "authorizationType CUSTOM (its authorizer other is not there)"],
    [{ type: "COGNITO_USER_POOLS" }, {}, "authorizationType CUSTOM (its authorizer a1b2c3 is a COGNITO_USER_POOLS)"],
    [{ identityValidationExpression: "(?<=a)b" }, {}, "identityValidationExpression (?<=a)b"],
    [{ type: "REQUEST", identitySource: "method.request.body.x" }, {}, "mapping expression method.request.body.x"],
    [{}, { authorizationType: "custom" }, "authorizationType custom"],
  ];
  for (const [authorizer, method, reason] of rows) {
    const functions = functionSaying();
    const routes = { "/": { GET: guarded(method) }, "/open": { GET: aMethod(aMock("open")) } };
    await using gateway = await deployed(functions, { authorizer, routes });
    const reply = await gateway.call("/", known);
    assert.equal(reply.status, 501, reason);
    assert.ok(reply.text.includes(reason), reply.text);
    assert.equal(functions.requests.length, 0);
    assert.equal((await gateway.call("/open")).status, 200);
  }
});
