import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Identity, principalOfIdentity } from "../../access/principal.ts";
import { ManualClock } from "../../base/clock.ts";
import { randomIds } from "../../base/ids.ts";
import { ApiError } from "../../protocol/errors.ts";
import { loadModel, type ModelName, modelNames } from "../../protocol/model.ts";
import type { Admission, CallContext } from "../../protocol/operation.ts";
import { makeAlarmOperations } from "../../services/cloudwatch/alarm-operations.ts";
import { metricOperationNames } from "../../services/cloudwatch/operation-names.ts";
import { makeIamOperations } from "../../services/iam/operations.ts";
import { makeLambdaOperations } from "../../services/lambda/operations.ts";
import { servedLogsOperations } from "../../services/logs/operation-names.ts";
import { makeStsOperations } from "../../services/sts/operations.ts";
import { makeWafOperations } from "../../services/wafv2/operations.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { storeIndexes } from "../store-indexes.ts";
import { accessTables } from "./access-tables.ts";
import { ManagementEnforcement } from "./enforcement.ts";

const store = openSqliteStore({ indexes: storeIndexes });
after(() => store.close());
const clock = new ManualClock(0);
const enforcement = new ManagementEnforcement({ store, clock });

const call: CallContext = {
  account: "000000000000",
  region: "us-east-1",
  requestId: "r",
  clock,
  ids: randomIds,
  host: "localhost",
  accessKeyId: "AKIA",
  userAgent: undefined,
  sourceAddress: "192.0.2.1",
};

const userWith = (statements: readonly object[]): Admission => {
  const identity: Identity = {
    kind: "user",
    account: "000000000000",
    arn: "arn:aws:iam::000000000000:user/ann",
    id: "AIDA",
    name: "ann",
    path: "/",
    tags: {},
    policies: [{ name: "p", document: JSON.stringify({ Version: "2012-10-17", Statement: statements }) }],
  };
  return { kind: "caller", caller: principalOfIdentity(identity) };
};

/** What inputs name things by. */
const input = {
  FunctionName: "f",
  Resource: "arn:aws:lambda:us-east-1:000000000000:function:f",
  UserName: "bob",
  RoleName: "r",
  GroupName: "g",
  PolicyArn: "arn:aws:iam::000000000000:policy/p",
  logGroupName: "g",
  ResourceArn: "arn:aws:apigateway:us-east-1::/restapis/a/stages/s",
};

const question = (service: ModelName, operation: string, more: object = {}) => {
  const { method, requestUri } = loadModel(service).operations[operation]!.http;
  return { service, operation, httpMethod: method, path: requestUri.split("?")[0]!, input: { ...input, ...more } };
};

/** What needs no permission, or asks for it itself. */
const free: readonly string[] = [
  "AssumeRole",
  "AssumeRoleWithWebIdentity",
  "GetCallerIdentity",
  "GetFederationToken",
  "GetSessionToken",
];

const nobody = userWith([]);
const administrator = userWith([{ Effect: "Allow", Action: "*", Resource: "*" }]);

for (const service of modelNames) {
  test(`${service}: no operation is allowed to a user without a policy, or without a signature`, async () => {
    for (const operation of Object.keys(loadModel(service).operations)) {
      const asked = question(service, operation);
      const isFree = service === "sts" && free.includes(operation);
      const decided = enforcement.authorize(asked, nobody, call).then(
        () => "allowed",
        (error: ApiError) => error.code,
      );
      assert.equal(await decided, isFree ? "allowed" : "AccessDeniedException", operation);
      const isOpen = service === "sts" && operation === "AssumeRoleWithWebIdentity";
      const admit = (): void => enforcement.admit(service, operation, { kind: "unsigned" });
      if (isOpen) admit();
      else assert.throws(admit, { code: "MissingAuthenticationTokenException" }, operation);
    }
  });
}

test("every operation that is there has a row, by which an administrator may do it", async () => {
  const there: Partial<Record<ModelName, readonly string[]>> = {
    iam: Object.keys(makeIamOperations(store, {} as never)),
    lambda: Object.keys(makeLambdaOperations({ store } as never)),
    cloudwatch: [...metricOperationNames, ...Object.keys(makeAlarmOperations(store, {} as never))],
    logs: servedLogsOperations,
    sts: Object.keys(makeStsOperations(store, {} as never, {} as never)),
    wafv2: Object.keys(makeWafOperations(store, {} as never)),
    apigateway: Object.keys(loadModel("apigateway").operations),
    apigatewayv2: Object.keys(loadModel("apigatewayv2").operations),
  };
  for (const [service, operations] of Object.entries(there) as [ModelName, readonly string[]][]) {
    assert.ok(operations.length > 5, service);
    for (const operation of operations) {
      assert.ok(accessTables[service].rowOf(operation), `${service}:${operation}`);
      await enforcement.authorize(question(service, operation), administrator, call);
    }
  }
});

/** What calls ask for: the permission alone is enough, and any other is not. */
const demands: readonly (readonly [ModelName, string, object, string, string])[] = [
  ["apigateway", "GetRestApis", {}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis"],
  ["apigatewayv2", "CreateApi", {}, "apigateway:POST", "arn:aws:apigateway:us-east-1::/apis"],
  [
    "apigatewayv2",
    "UpdateStage",
    {},
    "apigateway:PATCH",
    "arn:aws:apigateway:us-east-1::/apis/{apiId}/stages/{stageName}",
  ],
  ["lambda", "Invoke", {}, "lambda:InvokeFunction", "arn:aws:lambda:us-east-1:000000000000:function:f"],
  [
    "lambda",
    "Invoke",
    { Qualifier: "live" },
    "lambda:InvokeFunction",
    "arn:aws:lambda:us-east-1:000000000000:function:f:live",
  ],
  ["lambda", "ListFunctions", {}, "lambda:ListFunctions", "*"],
  ["iam", "GetUser", {}, "iam:GetUser", "arn:aws:iam::000000000000:user/bob"],
  ["iam", "GetUser", { UserName: undefined }, "iam:GetUser", "arn:aws:iam::000000000000:user/ann"],
  ["iam", "CreateUser", { Path: "/team/" }, "iam:CreateUser", "arn:aws:iam::000000000000:user/team/bob"],
  ["iam", "DeletePolicy", {}, "iam:DeletePolicy", "arn:aws:iam::000000000000:policy/p"],
  [
    "logs",
    "GetLogEvents",
    { logStreamName: "s" },
    "logs:GetLogEvents",
    "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:s",
  ],
  [
    "wafv2",
    "GetWebACL",
    { Name: "n", Id: "i", Scope: "REGIONAL" },
    "wafv2:GetWebACL",
    "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/n/i",
  ],
  [
    "logs",
    "GetLogEvents",
    { logGroupName: undefined, logGroupIdentifier: "arn:aws-cn:logs:us-east-1:000000000000:log-group:g:*" },
    "logs:GetLogEvents",
    "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:",
  ],
  [
    "lambda",
    "ListTags",
    { Resource: "000000000000:function:f" },
    "lambda:ListTags",
    "arn:aws:lambda:us-east-1:000000000000:function:f",
  ],
  ["sts", "GetAccessKeyInfo", {}, "sts:GetAccessKeyInfo", "*"],
  ["cloudwatch", "PutMetricData", { Namespace: "Shop" }, "cloudwatch:PutMetricData", "*"],
  ["cloudwatch", "GetMetricData", {}, "cloudwatch:GetMetricData", "*"],
  [
    "cloudwatch",
    "DescribeAlarms",
    {},
    "cloudwatch:DescribeAlarms",
    "arn:aws:cloudwatch:us-east-1:000000000000:alarm:*",
  ],
  [
    "cloudwatch",
    "SetAlarmState",
    { AlarmName: "a" },
    "cloudwatch:SetAlarmState",
    "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a",
  ],
];

for (const [service, operation, more, action, resource] of demands) {
  test(`${service} ${operation} needs ${action} on ${resource}`, async () => {
    const asked = question(service, operation, more);
    const denied = (Action: string, Resource: string): Promise<void> =>
      assert.rejects(enforcement.authorize(asked, userWith([{ Effect: "Allow", Action, Resource }]), call), {
        code: "AccessDeniedException",
        message: `User: arn:aws:iam::000000000000:user/ann is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
      });
    await enforcement.authorize(asked, userWith([{ Effect: "Allow", Action: action, Resource: resource }]), call);
    await denied(`${action}s`, "*");
    if (resource !== "*") await denied("*", `${resource}/other`);
    await assert.rejects(
      enforcement.authorize(
        asked,
        userWith([
          { Effect: "Allow", Action: "*", Resource: "*" },
          { Effect: "Deny", Action: action, Resource: resource },
        ]),
        call,
      ),
      (error: ApiError) => error.message.endsWith("with an explicit deny in an identity-based policy"),
    );
  });
}

test("a role is passed to one service only, and by who may pass it", async () => {
  const Role = "arn:aws:iam::000000000000:role/app";
  const asked = question("lambda", "CreateFunction", { Role });
  const create = { Effect: "Allow", Action: "lambda:*", Resource: "*" };
  const passing = (service: string, Resource: string) =>
    enforcement.authorize(
      asked,
      userWith([
        create,
        {
          Effect: "Allow",
          Action: "iam:PassRole",
          Resource,
          Condition: { StringEquals: { "iam:PassedToService": service } },
        },
      ]),
      call,
    );
  await passing("lambda.amazonaws.com", Role);
  const words = new RegExp(`perform: iam:PassRole on resource: ${Role} because no identity-based policy`);
  await assert.rejects(passing("apigateway.amazonaws.com", Role), words);
  await assert.rejects(passing("lambda.amazonaws.com", `${Role}2`), words);
  await assert.rejects(enforcement.authorize(asked, userWith([create]), call), words);
});

test("a deny holds for the same thing in another partition's name", async () => {
  const ResourceArn = "arn:aws-cn:apigateway:us-east-1::/restapis/a/stages/s";
  const caller = userWith([
    { Effect: "Allow", Action: "*", Resource: "*" },
    { Effect: "Deny", Action: "*", Resource: "arn:aws:apigateway:us-east-1::/restapis/a/*" },
  ]);
  await assert.rejects(
    enforcement.authorize(question("wafv2", "GetWebACLForResource", { ResourceArn }), caller, call),
    /explicit deny/,
  );
});

test("another account's resource is denied, whatever the caller may do", async () => {
  const foreign = { Resource: "arn:aws:lambda:us-east-1:111111111111:function:f" };
  await assert.rejects(enforcement.authorize(question("lambda", "ListTags", foreign), administrator, call), {
    code: "AccessDeniedException",
  });
});

test("a call that sets a resource policy, or guards a stage, needs permission for that, too", async () => {
  const only = (Action: string) => userWith([{ Effect: "Allow", Action, Resource: "*" }]);
  const policy = question("apigateway", "UpdateRestApi", {
    patchOperations: [{ op: "replace", path: "/policy", value: "" }],
  });
  await assert.rejects(enforcement.authorize(policy, only("apigateway:PATCH"), call), /apigateway:UpdateRestApiPolicy/);
  const copy = question("apigateway", "CreateRestApi", { name: "x", cloneFrom: "abc" });
  await assert.rejects(enforcement.authorize(copy, only("apigateway:POST"), call), /apigateway:GET.*restapis\/abc/);
  const acl = question("wafv2", "DisassociateWebACL");
  await assert.rejects(enforcement.authorize(acl, only("wafv2:*"), call), /apigateway:SetWebACL/);
});

test("conditions may bound the namespaces of metrics, and the actions and tags of alarms", async () => {
  const may = (operation: string, input: object, ...statements: readonly object[]) =>
    enforcement.authorize(
      question("cloudwatch", operation, input),
      userWith(statements.map((more) => ({ Effect: "Allow", Resource: "*", ...more }))),
      call,
    );
  const ofShop = { Action: "cloudwatch:*", Condition: { StringEquals: { "cloudwatch:namespace": "Shop" } } };
  await may("PutMetricData", { Namespace: "Shop" }, ofShop);
  await assert.rejects(may("PutMetricData", { Namespace: "Other" }, ofShop), /cloudwatch:PutMetricData/);
  await assert.rejects(may("GetMetricStatistics", { Namespace: "Shop" }, ofShop), /cloudwatch:GetMetricStatistics/);

  const topics = { "ForAllValues:StringLike": { "cloudwatch:AlarmActions": ["arn:aws:sns:*"] } };
  const onlyTopics = { Action: "cloudwatch:PutMetricAlarm", Condition: topics };
  const alarm = { AlarmName: "a", AlarmActions: ["arn:aws:sns:us-east-1:000000000000:ops"] };
  await may("PutMetricAlarm", alarm, onlyTopics);
  const loud = { ...alarm, OKActions: ["https://example.com/hook"] };
  await assert.rejects(may("PutMetricAlarm", loud, onlyTopics), /cloudwatch:PutMetricAlarm/);

  const tagged = { ...alarm, Tags: [{ Key: "team", Value: "ops" }] };
  await assert.rejects(may("PutMetricAlarm", tagged, onlyTopics), /cloudwatch:TagResource on resource: .*:alarm:a/);
  await may("PutMetricAlarm", tagged, onlyTopics, { Action: "cloudwatch:TagResource" });
});

test("a service that is passed on needs a caller who may do everything of it, and is denied nothing", () => {
  const verified = (admission: Admission) => {
    assert.ok(admission.kind === "caller");
    return { caller: admission.caller, sourceAddress: "192.0.2.1", region: "us-east-1", userAgent: undefined };
  };
  const all = { Effect: "Allow", Action: "*", Resource: "*" };
  enforcement.requireEvery("s3", verified(administrator));
  enforcement.requireEvery("s3", verified(userWith([{ ...all, Action: "s3:*" }])));
  for (const statements of [
    [],
    [{ ...all, Action: "s3:Get*" }],
    [{ ...all, Action: "dynamodb:*" }],
    [{ ...all, Resource: "arn:aws:s3:::mine/*" }],
    [all, { Effect: "Deny", Action: "s3:DeleteObject", Resource: "*" }],
  ]) {
    const refused = (error: unknown): boolean => error instanceof ApiError && error.code === "AccessDeniedException";
    assert.throws(() => enforcement.requireEvery("s3", verified(userWith(statements))), refused);
  }
});

const scope = { account: call.account, region: call.region };
const arnOf = (path: string): string => `arn:aws:apigateway:us-east-1::${path}`;
const association =
  "arn:aws:apigateway:us-east-1:000000000000:/domainnameaccessassociations/domainname/a.example/vpcesource/v";

/** What has tags, and the paths below it. */
const taggedPaths: readonly (readonly [kind: string, id: string, paths: readonly string[]])[] = [
  ["rest-api", "abc", ["/restapis/abc", "/restapis/abc/resources/r1/methods/GET", "/restapis/abc/stages"]],
  ["rest-api", "abc", [`/tags/${encodeURIComponent(arnOf("/restapis/abc"))}`]],
  ["stage", "abc/prod", ["/restapis/abc/stages/prod", "/restapis/abc/stages/prod/exports/oas30"]],
  ["stage", "abc/prod", [`/tags/${encodeURIComponent(arnOf("/restapis/abc/stages/prod"))}`]],
  ["http-api", "abc", ["/v2/apis/abc", "/v2/apis/abc/routes/r1", "/v2/apis/abc/stages"]],
  ["http-api", "abc", [`/v2/tags/${encodeURIComponent(arnOf("/apis/abc"))}`]],
  [
    "http-stage",
    "abc/$default",
    ["/v2/apis/abc/stages/%24default", "/v2/apis/abc/stages/%24default/cache/authorizers"],
  ],
  ["http-stage", "abc/prod", [`/v2/tags/${encodeURIComponent(arnOf("/apis/abc/stages/prod"))}`]],
  ["api-key", "k1", ["/apikeys/k1"]],
  ["usage-plan", "p1", ["/usageplans/p1", "/usageplans/p1/keys/k1"]],
  ["client-certificate", "c1", ["/clientcertificates/c1"]],
  ["domain-name", "a.example", ["/domainnames/a.example", "/v2/domainnames/a.example/apimappings/m1"]],
  ["domain-name-access-association", association, [`/domainnameaccessassociations/${encodeURIComponent(association)}`]],
];

const all = { Effect: "Allow", Action: "apigateway:*", Resource: "*" };
const byTag = (Effect: string, operator: string, value: unknown, name = "env") => ({
  ...all,
  Effect,
  Condition: { [operator]: { [`aws:ResourceTag/${name}`]: value } },
});
const ask = (path: string, statements: readonly object[], more: Readonly<Record<string, unknown>> = {}) =>
  enforcement.authorize(
    { service: "apigateway", operation: "GetRestApi", httpMethod: "GET", path, input: more },
    userWith(statements),
    call,
  );
const isDenied = { code: "AccessDeniedException" };

for (const [kind, id, paths] of taggedPaths) {
  test(`conditions know the tags of ${kind} ${id}, and what is below it inherits them: ${paths[0]}`, async () => {
    const tags = { Env: "dev", other: "1" };
    const body = kind.startsWith("http-") ? { Tags: tags } : { apiStages: [], tags };
    await store.write(scope, (tx) => tx.put(kind, id, body));
    for (const path of paths) {
      await ask(path, [byTag("Allow", "StringEquals", "dev")]);
      await ask(path, [all, byTag("Deny", "StringEquals", "prod")]);
      await ask(path, [all, byTag("Deny", "Null", "false", "owner")]);
      await assert.rejects(ask(path, [byTag("Allow", "StringEquals", "prod")]), isDenied, path);
      await assert.rejects(ask(path, [byTag("Allow", "StringEquals", "dev", "owner")]), isDenied, path);
      await assert.rejects(ask(path, [all, byTag("Deny", "StringEquals", "dev")]), isDenied, path);
      await assert.rejects(ask(path, [all, byTag("Deny", "Null", "false")]), isDenied, path);
    }
    await store.write(scope, (tx) => tx.delete(kind, id));
    await assert.rejects(ask(paths[0]!, [byTag("Allow", "StringEquals", "dev")]), isDenied);
  });
}

test("where an API and its stage have different values of a tag, nobody knows it", async () => {
  await store.write(scope, async (tx) => {
    await tx.put("rest-api", "abc", { tags: { env: "prod", team: "a" } });
    await tx.put("stage", "abc/prod", { tags: { env: "dev", team: "a" } });
  });
  const stage = "/restapis/abc/stages/prod";
  await ask(stage, [byTag("Allow", "StringEquals", "a", "team")]);
  for (const value of ["prod", "dev"]) {
    await assert.rejects(ask(stage, [byTag("Allow", "StringEquals", value)]), isDenied);
    await assert.rejects(ask(stage, [all, byTag("Deny", "StringEquals", value)]), isDenied);
  }
});

test("lists and the account have no tags, and of what is not here nobody knows them", async () => {
  for (const path of ["/restapis", "/account", "/domainnames"]) {
    await ask(path, [all, byTag("Deny", "StringEquals", "prod")]);
    await assert.rejects(ask(path, [byTag("Allow", "StringEquals", "dev")]), isDenied, path);
  }
  for (const path of ["/v2/nothing/abc", "/tags/nonsense", `/tags/${encodeURIComponent(arnOf("/tags/x"))}`]) {
    await assert.rejects(ask(path, [all, byTag("Deny", "StringEquals", "prod")]), isDenied, path);
    await assert.rejects(ask(path, [byTag("Allow", "StringNotEquals", "prod")]), isDenied, path);
  }
});

test("a private domain name's tags are those of its id", async () => {
  await store.write(scope, async (tx) => {
    await tx.put("domain-name", "a.example", { tags: { env: "dev" } });
    await tx.put("domain-name", "a.example+x1", { tags: { env: "prod" } });
  });
  const statements = [byTag("Allow", "StringEquals", "dev")];
  await ask("/domainnames/a.example", statements, { domainNameId: "" });
  await assert.rejects(ask("/domainnames/a.example", statements, { domainNameId: "x1" }), isDenied);
});

test("tags count where a copy's source, a web ACL's stage and a policy's API are asked for", async () => {
  await store.write(scope, async (tx) => {
    await tx.put("rest-api", "abc", { tags: { env: "prod" } });
    await tx.put("stage", "abc/s", {});
  });
  const notProd = userWith([{ ...all, Action: "*" }, byTag("Deny", "StringEquals", "prod")]);
  const ResourceArn = arnOf("/restapis/abc/stages/s");
  for (const asked of [
    question("apigateway", "CreateRestApi", { cloneFrom: "abc" }),
    question("wafv2", "AssociateWebACL", { ResourceArn }),
  ]) {
    await assert.rejects(enforcement.authorize(asked, notProd, call), isDenied, asked.operation);
  }
  await ask("/restapis", [all, byTag("Deny", "StringEquals", "prod")]);
  const update = { ...question("apigateway", "PutRestApi"), path: "/restapis/abc" };
  const prodOnly = userWith([byTag("Allow", "StringEquals", "prod")]);
  const authority = await enforcement.authorize(update, prodOnly, call);
  authority!.require({ action: "apigateway:UpdateRestApiPolicy", resource: arnOf("/restapis/abc") });
  const other = { action: "apigateway:UpdateRestApiPolicy", resource: arnOf("/restapis/def") };
  assert.throws(() => authority!.require(other), isDenied);
});

test("conditions know the tags of functions, alarms, users, roles and policies", async () => {
  const lambdaFunction = "arn:aws:lambda:us-east-1:000000000000:function:f";
  const tagged = { tags: { Env: "dev" } };
  await store.write(scope, async (tx) => {
    await tx.put("lambda-function", "f", tagged);
    await tx.put("cloudwatch-alarm", "a", { ...tagged, settings: {} });
    const iam = tx.in({ account: call.account, region: "aws-global" });
    for (const kind of ["iam-user", "iam-role"]) {
      const body = { attachedPolicies: [], inlinePolicies: {}, groups: [], path: "/", ...tagged };
      const arn = `arn:aws:iam::000000000000:${kind.slice(4)}/Bob`;
      await iam.put(kind, "bob", { ...body, name: "Bob", arn });
    }
    await iam.put("iam-policy", "p", tagged);
  });
  const named = { UserName: "Bob", RoleName: "Bob", PolicyArn: "arn:aws:iam::000000000000:policy/team/p" };
  const cases: readonly (readonly [ModelName, string, object])[] = [
    ["lambda", "GetFunctionConfiguration", { FunctionName: "f" }],
    ["lambda", "Invoke", { FunctionName: "f", Qualifier: "live" }],
    ["lambda", "TagResource", { Resource: lambdaFunction }],
    ["cloudwatch", "DeleteAlarms", { AlarmNames: ["a"] }],
    ["cloudwatch", "TagResource", { ResourceARN: "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a" }],
    ["iam", "DeleteUser", named],
    ["iam", "DeleteRole", named],
    ["iam", "DeletePolicy", named],
  ];
  const any = { Effect: "Allow", Action: "*", Resource: "*" };
  const onTag = (Effect: string, value: string, key: string) =>
    ({ ...any, Effect, Condition: { StringEquals: { [key]: value } } }) as const;
  for (const [service, operation, input] of cases) {
    const asked = question(service, operation, input);
    const may = (...statements: readonly object[]) => enforcement.authorize(asked, userWith(statements), call);
    for (const key of ["aws:ResourceTag/env", ...(service === "iam" ? ["iam:ResourceTag/Env"] : [])]) {
      await may(onTag("Allow", "dev", key));
      await may(any, onTag("Deny", "prod", key));
      await assert.rejects(may(onTag("Allow", "prod", key)), isDenied, operation);
      await assert.rejects(may(any, onTag("Deny", "dev", key)), isDenied, operation);
    }
    // Only IAM's resources have this key.
    if (service === "lambda") await may(any, onTag("Deny", "dev", "iam:ResourceTag/Env"));
  }
  const list = question("lambda", "ListFunctions");
  await enforcement.authorize(list, userWith([any, onTag("Deny", "dev", "aws:ResourceTag/env")]), call);
  const logs = question("logs", "GetLogEvents", { logStreamName: "s" });
  await assert.rejects(
    enforcement.authorize(logs, userWith([any, onTag("Deny", "dev", "aws:ResourceTag/env")]), call),
    isDenied,
    "nobody knows the tags of log groups",
  );
});

test("nobody knows the tags of a role that is passed", async () => {
  await store.write({ account: call.account, region: "aws-global" }, (tx) => {
    const arn = "arn:aws:iam::000000000000:role/ours";
    const body = { name: "ours", arn, path: "/", tags: { team: "pets" }, attachedPolicies: [], inlinePolicies: {} };
    return tx.put("iam-role", "ours", body);
  });
  const Role = "arn:aws:iam::000000000000:role/ours";
  const may = (...statements: readonly object[]) => {
    const create = { Effect: "Allow", Action: "lambda:CreateFunction", Resource: "*" };
    return enforcement.authorize(
      question("lambda", "CreateFunction", { Role }),
      userWith([create, ...statements]),
      call,
    );
  };
  const pass = { Effect: "Allow", Action: "iam:PassRole", Resource: "*" };
  await may(pass);
  const Condition = (team: string) => ({ StringEquals: { "iam:ResourceTag/team": team } });
  await assert.rejects(may({ ...pass, Condition: Condition("pets") }), isDenied);
  await assert.rejects(may(pass, { ...pass, Effect: "Deny", Condition: Condition("other") }), isDenied);
});
