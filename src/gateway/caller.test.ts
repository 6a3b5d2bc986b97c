import assert from "node:assert/strict";
import { test } from "node:test";
import { runHere } from "../base/job.ts";
import { emptyPlan } from "../plan/empty-plan.ts";
import { callerOfTest, type Tester } from "./caller.ts";
import { linkVariable } from "./context.ts";
import { linkEvent } from "./integrations/lambda-event.ts";
import { linkTemplate } from "./templates/link-template.ts";
import { makeUnsentExchange } from "./unsent-exchange.ts";

const members = "accessKey accountId apiKey apiKeyId caller sourceIp user userAgent userArn principalOrgId vpcId".split(
  " ",
);

/** `$context.identity` as a mapping, a template and a function see it. */
function seenOf(tester?: Tester): Record<string, Record<string, unknown>> {
  const exchange = makeUnsentExchange({
    method: "GET",
    path: [],
    query: [],
    headers: [{ name: "User-Agent", values: ["curl"] }],
    nowMs: 0,
  });
  if (tester !== undefined) exchange.caller = callerOfTest(tester, "123456789012", exchange.request);
  const velocity = `{${members.map((name) => `"${name}": "$!context.identity.${name}"`).join()}}`;
  const onFailure = (detail: string) => assert.fail(detail);
  const template = linkTemplate(
    { velocity },
    {
      side: "request",
      mediaType: "a/b",
      stageVariables: {},
      onFailure,
      runJob: runHere,
    },
  );
  let rendered = "";
  template.render(exchange, undefined, (outcome) => {
    rendered = outcome.kind === "text" ? outcome.text : assert.fail(outcome.detail);
  });
  const method = { routeKey: "GET /", resourceId: "r", resourcePath: "/", httpMethod: "GET", steps: [] };
  exchange.method = { plan: method, steps: [] };
  const event = JSON.parse(linkEvent(emptyPlan(), method)(exchange, Buffer.alloc(0), false));
  return {
    mapping: Object.fromEntries(members.map((name) => [name, linkVariable(`identity.${name}`)(exchange) ?? ""])),
    template: JSON.parse(rendered),
    event: Object.fromEntries(members.map((name) => [name, event.requestContext.identity[name] ?? ""])),
  };
}

test("mappings, templates and functions see one caller", () => {
  const { mapping, template, event } = seenOf();
  const known = { sourceIp: "127.0.0.1", userAgent: "curl" };
  assert.deepEqual(mapping, { ...Object.fromEntries(members.map((name) => [name, ""])), ...known });
  assert.deepEqual([template, event], [mapping, mapping]);
});

test("who tests a method is one caller, too", () => {
  const { mapping, template, event } = seenOf({ accessKey: "AKIA", userAgent: "aws-cli" });
  assert.deepEqual(mapping, {
    accessKey: "AKIA",
    accountId: "123456789012",
    apiKey: "test-invoke-api-key",
    apiKeyId: "test-invoke-api-key-id",
    caller: "123456789012",
    sourceIp: "127.0.0.1",
    user: "123456789012",
    userAgent: "aws-cli",
    userArn: "arn:aws:iam::123456789012:root",
    principalOrgId: "",
    vpcId: "",
  });
  assert.deepEqual([template, event], [mapping, mapping]);
});

test("a test's caller has no user agent but its own", () => {
  assert.equal(seenOf({})["mapping"]!["userAgent"], "");
});

test("a user who tests a method is seen as the user", () => {
  const identity = { id: "AIDA", arn: "arn:aws:iam::123456789012:user/bob" };
  const { mapping, template, event } = seenOf({ accessKey: "AKIA", identity });
  const { caller, user, userArn, accountId } = mapping ?? {};
  assert.deepEqual([caller, user, userArn, accountId], ["AIDA", "AIDA", identity.arn, "123456789012"]);
  assert.deepEqual([template, event], [mapping, mapping]);
});
