import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpApiPlan } from "../../plan/http-api-plan.ts";
import type { Caller } from "../caller.ts";
import { Exchange } from "../exchange.ts";
import type { Program } from "../program.ts";
import { SyntheticRequest } from "../synthetic-request.ts";
import { eventLinkers } from "./http-api-event.ts";

const method = { routeKey: "GET /", routeId: "r", resourcePath: "/", httpMethod: "GET", steps: [] };
const plan: HttpApiPlan = {
  ...{ version: 1, kind: "http", account: "123456789012", region: "us-east-1", apiId: "abcdef1234", apiName: "pets" },
  ...{ stageName: "$default", deploymentId: "d", stageVariables: {}, binaryMediaTypes: [] },
  ...{ isDefaultEndpointDisabled: false, withoutEffect: [], routes: {}, methods: [method] },
};
/** The parts of a program that writing an event needs. */
const program = { plan, contextPath: () => "/", life: { begin: () => undefined } } as unknown as Program;

interface Context {
  readonly authorizer?: unknown;
  readonly identity?: Readonly<Record<string, unknown>>;
}

/** The `requestContext` that a function gets for a caller. */
function contextOf(format: "1.0" | "2.0", caller: Partial<Caller>): Context {
  const request = new SyntheticRequest(
    {
      ...{ method: "GET", target: "/", host: "h.example", headers: [], body: Buffer.alloc(0) },
      ...{ remoteAddress: "192.0.2.1", localPort: 443, isEncrypted: true },
    },
    { answerBytesMax: 1, onAnswer: () => undefined },
  );
  const exchange = new Exchange(request, program, {
    ...{ httpMethod: "GET", path: "/", pathAsSent: "/", rawQuery: "", requestId: "id=", extendedRequestId: "id=" },
    startedMs: 0,
    customDomain: undefined,
  });
  Object.assign(exchange.caller, caller);
  const event = JSON.parse(eventLinkers[format](plan, method)(exchange, Buffer.alloc(0))) as {
    requestContext: Context;
  };
  return event.requestContext;
}

const user = {
  ...{ accessKey: "AKIAEXAMPLE", accountId: "123456789012", caller: "AIDAEXAMPLE", user: "AIDAEXAMPLE" },
  userArn: "arn:aws:iam::123456789012:user/ann",
};
const claims = { sub: "u1", exp: "1787996002", scope: "s1 s2" };

test("format 2.0 tells by its kind of authorizer who calls", () => {
  const rows: readonly [Partial<Caller>, unknown][] = [
    [{}, undefined],
    [{ grant: { claims, scopes: ["s1"] } }, { jwt: { claims, scopes: ["s1"] } }],
    [{ grant: { claims, scopes: null } }, { jwt: { claims, scopes: null } }],
    [{ grant: { context: { a: "1" }, contextText: '{"a":1}' } }, { lambda: { a: 1 } }],
    [{ grant: { context: {} } }, { lambda: null }],
    [
      { iam: user },
      {
        iam: {
          accessKey: "AKIAEXAMPLE",
          accountId: "123456789012",
          callerId: "AIDAEXAMPLE",
          cognitoIdentity: null,
          principalOrgId: null,
          userArn: user.userArn,
          userId: "AIDAEXAMPLE",
        },
      },
    ],
    [
      {
        iam: {
          ...user,
          ...{ cognitoIdentityId: "i", cognitoIdentityPoolId: "p", cognitoAuthenticationType: "authenticated" },
          principalOrgId: "o-1",
        },
      },
      {
        iam: {
          accessKey: "AKIAEXAMPLE",
          accountId: "123456789012",
          callerId: "AIDAEXAMPLE",
          cognitoIdentity: { amr: ["authenticated"], identityId: "i", identityPoolId: "p" },
          principalOrgId: "o-1",
          userArn: user.userArn,
          userId: "AIDAEXAMPLE",
        },
      },
    ],
  ];
  for (const [caller, authorizer] of rows) assert.deepEqual(contextOf("2.0", caller).authorizer, authorizer);
});

test("format 1.0 tells who calls where REST APIs do", () => {
  assert.equal(contextOf("1.0", {}).authorizer, undefined);
  assert.deepEqual(contextOf("1.0", { grant: { claims, scopes: null } }).authorizer, { claims, scopes: null });
  const grant = { principalId: "me", context: { a: "1", principalId: "forged" } };
  assert.deepEqual(contextOf("1.0", { grant }).authorizer, { principalId: "me", a: "1", integrationLatency: 0 });
  const { authorizer, identity } = contextOf("1.0", { iam: user });
  assert.equal(authorizer, undefined);
  assert.deepEqual(identity, {
    accessKey: "AKIAEXAMPLE",
    accountId: "123456789012",
    caller: "AIDAEXAMPLE",
    cognitoAmr: null,
    cognitoAuthenticationProvider: null,
    cognitoAuthenticationType: null,
    cognitoIdentityId: null,
    cognitoIdentityPoolId: null,
    principalOrgId: null,
    sourceIp: "192.0.2.1",
    user: "AIDAEXAMPLE",
    userAgent: "",
    userArn: user.userArn,
  });
});
