import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BeyondAws } from "./beyond-aws.ts";
import type { Route } from "./http-api.ts";
import { checkRoute, checkRouteConflicts, checkRouteKey } from "./http-route-rules.ts";

const format = /^The provided route key is not formatted properly for HTTP protocol/;
const parts = /^One or more path parts appear to be invalid$/;

describe("a route key", () => {
  const valid = [
    "$default",
    "GET /",
    "GET /pets",
    "GET /pets/",
    "ANY /pets/{id}",
    "DELETE /pets/{id}/toys/{toy-id}",
    "ANY /{proxy+}",
    "OPTIONS /a/{proxy+}",
    "GET /a.b~c:d@e%20f",
  ];
  for (const key of valid) it(`may be ${key}`, () => assert.equal(checkRouteKey(key), undefined));

  const refused: readonly [string | undefined, RegExp][] = [
    [undefined, /^Route key is required$/],
    ["", /^Route key is required$/],
    ["GET", format],
    ["GET pets", format],
    ["GET  /pets", format],
    ["get /pets", format],
    ["CONNECT /pets", format],
    ["$connect", format],
    ["/pets", format],
    [" GET /pets", format],
    ["GET /pets//toys", parts],
    ["GET //", parts],
    ["GET /{id}.json", parts],
    ["GET /{}", parts],
    ["GET /{+}", parts],
    ["GET /{a+}/b", parts],
    ["GET /{a b}", parts],
    ["GET /a b", parts],
    ["GET /a^b", parts],
    ["GET /a?b=c", parts],
    ["GET /a\r\nb", parts],
    ["GET /%zz", parts],
    ["GET /{a}{b}", parts],
    [`GET /${"a/".repeat(1_024)}`, /^Invalid route key specified: it has more than 2048 characters$/],
  ];
  for (const [key, message] of refused) {
    it(`may not be ${JSON.stringify(key)?.slice(0, 80)}`, () => assert.match(checkRouteKey(key) ?? "", message));
  }
});

describe("a route key among others", () => {
  const cases: readonly [string, string, RegExp | undefined][] = [
    ["GET /pets", "GET /pets", /^Route with key GET \/pets already exists for this API$/],
    ["$default", "$default", /already exists/],
    ["GET /pets", "POST /pets", undefined],
    ["GET /pets", "GET /pets/", undefined],
    [
      "GET /a/{x}/b",
      "GET /a/{y}/b",
      /^The provided route key "GET \/a\/\{x\}\/b" has a conflicting variable on the same hierarchical level as "GET \/a\/\{y\}\/b"$/,
    ],
    ["GET /a/{x}", "POST /a/{y}/c", /conflicting variable/],
    ["ANY /{proxy+}", "GET /{path+}", /conflicting variable/],
    ["GET /a/{x}", "GET /a/{x}/c", undefined],
    ["GET /a/{x}", "GET /b/{y}", undefined],
    ["GET /a/{x}", "GET /a/{proxy+}", undefined],
    ["GET /a/{x}/{z}", "GET /a/b/{y}", undefined],
    ["$default", "GET /{x}", undefined],
  ];
  for (const [key, other, message] of cases) {
    it(`${key} ${message === undefined ? "stands beside" : "conflicts with"} ${other}`, () => {
      const found = checkRouteConflicts(key, ["GET /elsewhere", other]);
      if (message === undefined) assert.equal(found, undefined);
      else assert.match(found ?? "", message);
    });
  }
});

describe("a route", () => {
  const plain: Route = { RouteId: "r", RouteKey: "GET /", ApiKeyRequired: false, AuthorizationType: "NONE" };
  const check = (route: Partial<Route>, beyondAws: readonly BeyondAws[] = []) =>
    checkRoute(
      { ...plain, ...route },
      {
        beyondAws,
        hasModel: (name) => name === "Pet",
        hasIntegration: (id) => id === "here",
        authorizer: (id) =>
          id === "jwt" || id === "request"
            ? { AuthorizerId: id, Name: id, AuthorizerType: id === "jwt" ? "JWT" : "REQUEST" }
            : undefined,
      },
    );
  const jwt = { AuthorizationType: "JWT", AuthorizerId: "jwt" };
  const valid: readonly Partial<Route>[] = [
    {},
    { Target: "integrations/here", OperationName: "a".repeat(64) },
    { AuthorizationType: "AWS_IAM" },
    { AuthorizationType: "CUSTOM", AuthorizerId: "request" },
    jwt,
    { ...jwt, AuthorizationScopes: ["pets/read", "b"] },
  ];
  for (const route of valid) it(`may have ${JSON.stringify(route)}`, () => assert.equal(check(route), undefined));

  const refused: readonly [Partial<Route>, RegExp][] = [
    [{ ApiKeyRequired: true }, /^ApiKeyRequired cannot be set for HTTP protocol Apis\.$/],
    [{ RequestModels: { "application/json": "Pet" } }, /^RequestModels cannot be set for HTTP protocol Apis\.$/],
    [{ RequestParameters: { "route.request.header.x": {} } }, /^RequestParameters cannot be set for HTTP protocol/],
    [{ Target: "integrations/gone" }, /^Invalid Integration identifier specified/],
    [{ Target: "here" }, /^Invalid Integration identifier specified/],
    [{ Target: "integrations/here/more" }, /^Invalid Integration identifier specified/],
    [{ OperationName: "a".repeat(65) }, /^Invalid OperationName/],
    [{ AuthorizationType: "JWT" }, /requires a valid JWT authorizer/],
    [{ AuthorizationType: "JWT", AuthorizerId: "request" }, /requires a valid JWT authorizer/],
    [{ AuthorizationType: "JWT", AuthorizerId: "gone" }, /requires a valid JWT authorizer/],
    [{ AuthorizationType: "CUSTOM", AuthorizerId: "jwt" }, /requires a valid REQUEST authorizer/],
    [{ AuthorizationType: "CUSTOM" }, /requires a valid REQUEST authorizer/],
    [{ AuthorizerId: "jwt" }, /The authorization type NONE has no authorizer/],
    [{ AuthorizationScopes: ["a"] }, /only valid for COGNITO_USER_POOLS and JWT/],
    [{ ...jwt, AuthorizationScopes: Array.from({ length: 11 }, (_, index) => `s${index}`) }, /at most 10/],
    [{ ...jwt, AuthorizationScopes: ["a".repeat(65)] }, /1 to 64 characters/],
    [{ ...jwt, AuthorizationScopes: ['a"'] }, /1 to 64 characters/],
  ];
  const demanded: readonly [Partial<Route>, RegExp | undefined][] = [
    [{ RequestModels: { "application/json": "Pet", $default: "Pet" } }, undefined],
    [{ RequestParameters: { "route.request.querystring.q": { Required: true } } }, undefined],
    [{ RequestModels: { "application/json": "Cat" } }, /^Invalid model identifier specified: Cat$/],
    [{ RequestModels: { "": "Pet" } }, /^Invalid model key specified/],
    [{ RequestParameters: { "route.request.body.q": {} } }, /^Invalid mapping expression/],
    [{ RequestParameters: { "route.request.path.q": {} } }, /^Invalid mapping expression/],
    [{ RequestParameters: { "route.request.header.a\r\nb": {} } }, /^Invalid mapping expression/],
    [{ ApiKeyRequired: true }, /^ApiKeyRequired cannot be set/],
  ];
  for (const [route, message] of demanded) {
    it(`${message === undefined ? "may" : "may not"} demand ${JSON.stringify(route)}, beyond AWS`, () => {
      const found = check(route, ["http-request-validation"]);
      if (message === undefined) assert.equal(found, undefined);
      else assert.match(found ?? "", message);
    });
  }
  for (const [route, message] of refused) {
    it(`may not have ${JSON.stringify(route).slice(0, 80)}`, () => assert.match(check(route) ?? "", message));
  }
});
