import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HttpAuthorizer } from "./http-api.ts";
import { checkHttpAuthorizer } from "./http-authorizer-rules.ts";

const jwt: HttpAuthorizer = {
  AuthorizerId: "a",
  Name: "users",
  AuthorizerType: "JWT",
  IdentitySource: ["$request.header.Authorization"],
  JwtConfiguration: { Issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI", Audience: ["app"] },
};
const request: HttpAuthorizer = {
  AuthorizerId: "a",
  Name: "users",
  AuthorizerType: "REQUEST",
  AuthorizerUri:
    "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/invocations",
  AuthorizerPayloadFormatVersion: "2.0",
};
const issued = (Issuer: string) => ({ ...jwt, JwtConfiguration: { Issuer, Audience: ["app"] } });
const intended = (Audience: string[]) => ({ ...jwt, JwtConfiguration: { ...jwt.JwtConfiguration, Audience } });

describe("an authorizer of an HTTP API", () => {
  const valid: Readonly<Record<string, HttpAuthorizer>> = {
    "of a user pool's tokens": jwt,
    "whose token is in the query": { ...jwt, IdentitySource: ["$request.querystring.token"] },
    "of an issuer on this machine": issued("http://localhost:3000/oidc"),
    "of a function": request,
    "of a function, by four sources and remembered": {
      ...request,
      IdentitySource: ["$request.header.A", "$request.querystring.b", "$context.routeKey", "$stageVariables.c"],
      AuthorizerResultTtlInSeconds: 3600,
      EnableSimpleResponses: true,
      AuthorizerCredentialsArn: "arn:aws:iam::123456789012:role/invoker",
    },
    "of a function behind two slashes": {
      ...request,
      AuthorizerUri: request.AuthorizerUri!.replace(":path/", ":path//"),
    },
    "of a function with format 1.0": { ...request, AuthorizerPayloadFormatVersion: "1.0" },
    "that remembers nothing": { ...request, AuthorizerResultTtlInSeconds: 0 },
  };
  for (const [name, authorizer] of Object.entries(valid)) {
    it(`may be one ${name}`, () => assert.equal(checkHttpAuthorizer(authorizer), undefined));
  }

  const without = (authorizer: HttpAuthorizer, member: string) =>
    Object.fromEntries(Object.entries(authorizer).filter(([name]) => name !== member)) as unknown as HttpAuthorizer;
  const badIssuer = /^Caught exception when connecting to .*Issuer must have a valid discovery endpoint ended with/s;
  const refused: readonly [string, HttpAuthorizer, RegExp][] = [
    ["a blank name", { ...jwt, Name: " " }, /^Authorizer name must not be blank$/],
    ["a name of 129 characters", { ...jwt, Name: "a".repeat(129) }, /^Invalid Name/],
    ["no issuer", { ...jwt, JwtConfiguration: { Audience: ["a"] } }, /^Issuer is a required/],
    ["no configuration", without(jwt, "JwtConfiguration"), /^Issuer is a required/],
    ["an issuer elsewhere without TLS", issued("http://example.com"), badIssuer],
    ["an issuer that is no URL", issued("users"), badIssuer],
    ["an issuer with a user", issued("https://a:b@example.com"), badIssuer],
    ["an issuer with a query", issued("https://example.com/?a=b"), badIssuer],
    ["an issuer with a line break", issued("https://example.com/\r\n"), badIssuer],
    ["an issuer in a file", issued("file:///etc/passwd"), badIssuer],
    [
      "an identity source of 1,025 characters",
      { ...jwt, IdentitySource: ["$request.header.".padEnd(1_025, "a")] },
      /^Invalid identity source specified: .{128}$/,
    ],
    [
      "a role of 2,049 characters",
      { ...request, AuthorizerCredentialsArn: "arn:aws:iam::123456789012:role/".padEnd(2_049, "a") },
      /^Invalid ARN/,
    ],
    ["no audience", intended([]), /^Audience is a required/],
    ["an empty audience", intended([""]), /^Invalid audience/],
    ["51 audiences", intended(Array.from({ length: 51 }, (_, each) => `${each}`)), /at most 50/],
    ["two sources of a token", { ...jwt, IdentitySource: ["$request.header.a", "$request.header.b"] }, /exactly one/],
    ["no source of a token", without(jwt, "IdentitySource"), /exactly one/],
    ["a token in the context", { ...jwt, IdentitySource: ["$context.stage"] }, /^Invalid identity source/],
    ["a token's TTL", { ...jwt, AuthorizerResultTtlInSeconds: 5 }, /only supported for REQUEST/],
    ["a token's function", { ...jwt, AuthorizerUri: request.AuthorizerUri! }, /only supported for REQUEST/],
    ["a function's issuer", { ...request, JwtConfiguration: {} }, /only supported for JWT/],
    ["no function", without(request, "AuthorizerUri"), /^AuthorizerUri is a required/],
    [
      "a bare function",
      { ...request, AuthorizerUri: "arn:aws:lambda:eu-west-1:123456789012:function:f" },
      /^Invalid Authorizer URI/,
    ],
    ["credentials that are no role", { ...request, AuthorizerCredentialsArn: "me" }, /^Invalid ARN/],
    [
      "no format",
      without(request, "AuthorizerPayloadFormatVersion"),
      /^AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer$/,
    ],
    ["format 3.0", { ...request, AuthorizerPayloadFormatVersion: "3.0" }, /Must be one of: \[1\.0, 2\.0\]/],
    [
      "simple responses of format 1.0",
      { ...request, AuthorizerPayloadFormatVersion: "1.0", EnableSimpleResponses: true },
      /^EnableSimpleResponses is only supported/,
    ],
    [
      "a TTL without sources",
      { ...request, AuthorizerResultTtlInSeconds: 300 },
      /^Identity source must be set if authorizer caching is enabled \(TTL is greater than 0\)$/,
    ],
    ["3,601 seconds", { ...request, AuthorizerResultTtlInSeconds: 3601 }, /between 0 and 3600/],
    ["REST's sources", { ...request, IdentitySource: ["method.request.header.A"] }, /^Invalid identity source/],
    ["a body as source", { ...request, IdentitySource: ["$request.body.a"] }, /^Invalid identity source/],
    ["a source without a name", { ...request, IdentitySource: ["$request.header."] }, /^Invalid identity source/],
    ["33 sources", { ...request, IdentitySource: Array.from({ length: 33 }, () => "$request.header.A") }, /at most 32/],
  ];
  for (const [name, authorizer, message] of refused) {
    it(`may not have ${name}`, () => assert.match(checkHttpAuthorizer(authorizer) ?? "", message));
  }

  it("may have an issuer elsewhere without TLS where that is allowed", () =>
    assert.equal(checkHttpAuthorizer(issued("http://idp:8080/realms/a"), { acceptsPlainIssuers: true }), undefined));
});
