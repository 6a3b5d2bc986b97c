// AWS WAF under the official SDK against a started server: what it keeps, what it refuses in AWS's words, and what a stage
// behind a web ACL answers.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  DeleteStageCommand,
  GetStageCommand,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
} from "@aws-sdk/client-api-gateway";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  AssociateWebACLCommand,
  CheckCapacityCommand,
  CreateIPSetCommand,
  CreateRegexPatternSetCommand,
  CreateRuleGroupCommand,
  CreateWebACLCommand,
  type CreateWebACLCommandInput,
  DeleteIPSetCommand,
  DeleteWebACLCommand,
  DisassociateWebACLCommand,
  GetIPSetCommand,
  GetLoggingConfigurationCommand,
  GetRuleGroupCommand,
  GetSampledRequestsCommand,
  GetWebACLCommand,
  GetWebACLForResourceCommand,
  ListIPSetsCommand,
  ListResourcesForWebACLCommand,
  ListTagsForResourceCommand,
  PutLoggingConfigurationCommand,
  type Rule,
  type Statement,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateIPSetCommand,
  UpdateWebACLCommand,
  WAFV2Client,
  WAFV2ServiceException,
} from "@aws-sdk/client-wafv2";
import { until } from "../../until.ts";
import { elsewhere, refusal, startForSuite } from "./sdk-client.ts";

const Scope = "REGIONAL";
const visibility = (MetricName: string) => ({
  SampledRequestsEnabled: true,
  CloudWatchMetricsEnabled: true,
  MetricName,
});
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const plainly = [{ Priority: 0, Type: "NONE" as const }];
const pathHas = (text: string): Statement => ({
  ByteMatchStatement: {
    SearchString: bytes(text),
    FieldToMatch: { UriPath: {} },
    TextTransformations: [{ Priority: 0, Type: "URL_DECODE" }],
    PositionalConstraint: "CONTAINS",
  },
});
const rule = (Name: string, Priority: number, statement: Statement, more: Partial<Rule> = {}): Rule => ({
  Name,
  Priority,
  Statement: statement,
  Action: { Block: {} },
  VisibilityConfig: visibility(Name),
  ...more,
});

describe("AWS WAF", () => {
  const portico = startForSuite({ exitCode: 0 });
  const waf = portico.client(WAFV2Client, { maxAttempts: 1 });
  const apis = portico.client(APIGatewayClient);
  let restApiId = "";
  let ResourceArn = "";

  const refuses = async (call: Promise<unknown>, name: string, message: string | RegExp, status = 400) => {
    const error = await refusal(call, WAFV2ServiceException);
    assert.deepEqual([error.name, error.$metadata.httpStatusCode], [name, status], error.message);
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    return error;
  };
  const createAcl = async (Name: string, Rules: Rule[], more: Partial<CreateWebACLCommandInput> = {}) => {
    const { Summary } = await waf.send(
      new CreateWebACLCommand({
        Name,
        Scope,
        DefaultAction: { Allow: {} },
        VisibilityConfig: visibility(Name),
        Rules,
        ...more,
      }),
    );
    return Summary!;
  };
  const call = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${portico.url}/_aws/execute-api/${restApiId}/prod${path}`, init);
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };

  before(async () => {
    const { id, rootResourceId: resourceId } = await apis.send(new CreateRestApiCommand({ name: "pets" }));
    restApiId = id!;
    const method = { restApiId, resourceId, httpMethod: "ANY" };
    await apis.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
    const requestTemplates = { "application/json": '{"statusCode":200}' };
    await apis.send(new PutIntegrationCommand({ ...method, type: "MOCK", requestTemplates }));
    await apis.send(new PutMethodResponseCommand({ ...method, statusCode: "200" }));
    const responseTemplates = { "application/json": "$context.wafResponseCode $input.params('x-amzn-waf-seen')" };
    await apis.send(new PutIntegrationResponseCommand({ ...method, statusCode: "200", responseTemplates }));
    await apis.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    ResourceArn = `arn:aws:apigateway:us-east-1::/restapis/${restApiId}/stages/prod`;
  });

  it("keeps IP sets: made, read, changed under their lock, listed, deleted", async () => {
    const make = new CreateIPSetCommand({ Name: "home", Scope, IPAddressVersion: "IPV4", Addresses: ["192.0.2.0/24"] });
    const { Summary } = await waf.send(make);
    const { Id, LockToken, ARN } = Summary!;
    assert.match(ARN!, /^arn:aws:wafv2:us-east-1:000000000000:regional\/ipset\/home\/[0-9a-f-]{36}$/);
    await refuses(
      waf.send(make),
      "WAFDuplicateItemException",
      "AWS WAF couldn’t perform the operation because some resource in your request is a duplicate of an existing one.",
    );
    const named = { Name: "home", Scope, Id } as const;
    const update = { ...named, LockToken, Addresses: ["198.51.100.7/32"] };
    const { NextLockToken } = await waf.send(new UpdateIPSetCommand(update));
    await refuses(
      waf.send(new UpdateIPSetCommand(update)),
      "WAFOptimisticLockException",
      /someone changed the resource/,
    );
    const { IPSet, LockToken: now } = await waf.send(new GetIPSetCommand(named));
    assert.deepEqual([IPSet?.Addresses, now], [["198.51.100.7/32"], NextLockToken]);
    const { IPSets } = await waf.send(new ListIPSetsCommand({ Scope }));
    assert.deepEqual(
      IPSets?.map(({ Name }) => Name),
      ["home"],
    );
    await refuses(
      waf.send(new GetIPSetCommand({ ...named, Id: "0b4a71a2-0000-4000-8000-000000000000" })),
      "WAFNonexistentItemException",
      /doesn’t exist/,
    );
    await refuses(
      portico.client(WAFV2Client, elsewhere).send(new GetIPSetCommand(named)),
      "WAFNonexistentItemException",
      /doesn’t exist/,
    );
    await waf.send(new DeleteIPSetCommand({ ...named, LockToken: NextLockToken! }));
    await refuses(waf.send(new GetIPSetCommand(named)), "WAFNonexistentItemException", /doesn’t exist/);
  });

  it("refuses what AWS refuses", async () => {
    const addresses = (Addresses: string[]) =>
      waf.send(new CreateIPSetCommand({ Name: "bad", Scope, IPAddressVersion: "IPV4", Addresses }));
    for (const bad of ["192.0.2.1", "0.0.0.0/0", "2001:db8::/32", "192.0.2.0/33"]) {
      const error = await refuses(
        addresses([bad]),
        "WAFInvalidParameterException",
        /^Error reason: .*, field: IP_ADDRESS, parameter: /,
      );
      assert.deepEqual((error as { Field?: string }).Field, "IP_ADDRESS");
    }
    await refuses(
      waf.send(
        new CreateRegexPatternSetCommand({ Name: "bad", Scope, RegularExpressionList: [{ RegexString: "(?=a)" }] }),
      ),
      "WAFInvalidParameterException",
      /regular expression is not valid/,
    );
    await refuses(
      waf.send(new ListIPSetsCommand({ Scope: "CLOUDFRONT" })),
      "WAFInvalidParameterException",
      "Error reason: The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT",
    );
    const bad: readonly (readonly [Rule[], RegExp])[] = [
      [[rule("a", 1, {})], /none or multiple values .* field: STATEMENT, parameter: Statement/],
      [[rule("a", 1, { ...pathHas("a"), LabelMatchStatement: { Scope: "LABEL", Key: "a" } })], /field: STATEMENT/],
      [[rule("a", 1, pathHas("a")), rule("b", 1, pathHas("b"))], /priorities of rules must be unique/],
      [[rule("a", 1, pathHas("a")), rule("a", 2, pathHas("b"))], /names of rules must be unique/],
      [
        [rule("a", 1, { IPSetReferenceStatement: { ARN: "arn:aws:wafv2:us-east-1:000000000000:regional/ipset/x/y" } })],
        /A reference in your rule statement is not valid/,
      ],
      [[rule("a", 1, { AndStatement: { Statements: [pathHas("a")] } })], /at least two statements/],
      [
        [rule("a", 1, pathHas("a"), { Action: { Block: { CustomResponse: { ResponseCode: 299 } } } })],
        /response code is not supported/,
      ],
      [
        [
          rule("a", 1, pathHas("a"), {
            Action: { Block: { CustomResponse: { ResponseCode: 403, CustomResponseBodyKey: "none" } } },
          }),
        ],
        /custom response body does not exist/,
      ],
      [
        [rule("a", 1, { RateBasedStatement: { Limit: 10, AggregateKeyType: "CONSTANT" } })],
        /needs a scope-down statement/,
      ],
    ];
    for (const [rules, message] of bad) await refuses(createAcl("bad", rules), "WAFInvalidParameterException", message);
    const many = Array.from({ length: 300 }, (_, n) => rule(`r${n}`, n, pathHas("a")));
    await refuses(createAcl("bad", many), "WAFLimitsExceededException", /exceeded your resource limit/);
    const small = {
      Name: "bad",
      Scope,
      Capacity: 19,
      VisibilityConfig: visibility("bad"),
      Rules: [rule("a", 1, pathHas("a"))],
    } as const;
    await refuses(
      waf.send(new CreateRuleGroupCommand({ ...small, Rules: [...small.Rules] })),
      "WAFLimitsExceededException",
      /exceeded your resource limit/,
    );
    await refuses(
      createAcl("bad", [rule("a", 1, pathHas("a"), { Action: { Captcha: {} } })]),
      "NotImplementedException",
      /the rule action Captcha/,
      501,
    );
  });

  it("computes capacity as AWS documents it", async () => {
    const inspection = { FieldToMatch: { UriPath: {} }, TextTransformations: plainly } as const;
    const table: readonly (readonly [Statement, number])[] = [
      [pathHas("a"), 20],
      [{ ByteMatchStatement: { ...inspection, SearchString: bytes("a"), PositionalConstraint: "EXACTLY" } }, 2],
      [{ SizeConstraintStatement: { ...inspection, ComparisonOperator: "GT", Size: 1 } }, 1],
      [
        {
          SizeConstraintStatement: {
            ...inspection,
            FieldToMatch: { AllQueryArguments: {} },
            ComparisonOperator: "GT",
            Size: 1,
          },
        },
        11,
      ],
      [
        {
          RegexMatchStatement: {
            ...inspection,
            FieldToMatch: { JsonBody: { MatchPattern: { All: {} }, MatchScope: "ALL" } },
            RegexString: "a",
          },
        },
        6,
      ],
      [{ GeoMatchStatement: { CountryCodes: ["DE"] } }, 1],
      [{ SqliMatchStatement: inspection }, 20],
      [{ XssMatchStatement: inspection }, 40],
      [{ NotStatement: { Statement: pathHas("a") } }, 20],
      [{ RateBasedStatement: { Limit: 100, AggregateKeyType: "IP", ScopeDownStatement: pathHas("a") } }, 22],
    ];
    for (const [statement, capacity] of table) {
      const { Capacity } = await waf.send(new CheckCapacityCommand({ Scope, Rules: [rule("a", 1, statement)] }));
      assert.equal(Capacity, capacity, JSON.stringify(statement));
    }
  });

  it("blocks what a stage's web ACL blocks, before any route is looked for, and at once", async () => {
    const acl = await createAcl("gate", [rule("admin", 1, pathHas("/admin"))]);
    assert.deepEqual((await call("/admin")).status, 403);
    assert.match((await call("/admin")).text, /Missing Authentication Token/);
    await waf.send(new AssociateWebACLCommand({ WebACLArn: acl.ARN, ResourceArn }));
    for (const path of ["/admin", "/%61dmin/x", "/x/admin?y"]) {
      const blocked = await call(path);
      assert.deepEqual([blocked.status, blocked.text], [403, '{"message":"Forbidden"}'], path);
      assert.equal(blocked.headers.get("x-amzn-errortype"), "ForbiddenException");
    }
    assert.deepEqual((await call("/")).text, "WAF_ALLOW ");
    const { webAclArn } = await apis.send(new GetStageCommand({ restApiId, stageName: "prod" }));
    assert.equal(webAclArn, acl.ARN);
    const { WebACL } = await waf.send(new GetWebACLForResourceCommand({ ResourceArn }));
    assert.equal(WebACL?.ARN, acl.ARN);
    const listing = { WebACLArn: acl.ARN, ResourceType: "API_GATEWAY" } as const;
    assert.deepEqual((await waf.send(new ListResourcesForWebACLCommand(listing))).ResourceArns, [ResourceArn]);
    const named = { Name: "gate", Scope, Id: acl.Id } as const;
    const { WebACL: read, LockToken } = await waf.send(new GetWebACLCommand(named));
    assert.equal(read?.Capacity, 20);
    assert.deepEqual(
      Buffer.from(read?.Rules?.[0]?.Statement?.ByteMatchStatement?.SearchString ?? "").toString(),
      "/admin",
    );
    await refuses(
      waf.send(new DeleteWebACLCommand({ ...named, LockToken })),
      "WAFAssociatedItemException",
      /being used by another resource or it’s associated with another resource/,
    );
    const { NextLockToken } = await waf.send(
      new UpdateWebACLCommand({
        ...named,
        LockToken,
        DefaultAction: {
          Block: {
            CustomResponse: {
              ResponseCode: 429,
              CustomResponseBodyKey: "wait",
              ResponseHeaders: [{ Name: "x-why", Value: "waf" }],
            },
          },
        },
        CustomResponseBodies: { wait: { ContentType: "APPLICATION_JSON", Content: '{"wait":true}' } },
        Rules: [
          rule(
            "root",
            1,
            {
              ByteMatchStatement: {
                SearchString: bytes("/prod/"),
                FieldToMatch: { UriPath: {} },
                TextTransformations: plainly,
                PositionalConstraint: "EXACTLY",
              },
            },
            {
              Action: { Allow: { CustomRequestHandling: { InsertHeaders: [{ Name: "seen", Value: "yes" }] } } },
            },
          ),
        ],
        VisibilityConfig: visibility("gate"),
      }),
    );
    assert.deepEqual((await call("/", { headers: { "x-amzn-waf-seen": "forged" } })).text, "WAF_ALLOW yes");
    const custom = await call("/other");
    assert.deepEqual(
      [custom.status, custom.text, custom.headers.get("content-type"), custom.headers.get("x-why")],
      [429, '{"wait":true}', "application/json", "waf"],
    );
    await waf.send(new DisassociateWebACLCommand({ ResourceArn }));
    assert.match((await call("/admin")).text, /Missing Authentication Token/);
    await waf.send(new DeleteWebACLCommand({ ...named, LockToken: NextLockToken! }));
  });

  it("acts on what a web ACL refers to, as soon as that changes", async () => {
    const { Summary: set } = await waf.send(
      new CreateIPSetCommand({ Name: "blocked", Scope, IPAddressVersion: "IPV4", Addresses: [] }),
    );
    const group = await waf.send(
      new CreateRuleGroupCommand({
        Name: "group",
        Scope,
        Capacity: 10,
        VisibilityConfig: visibility("group"),
        Rules: [
          rule(
            "addresses",
            1,
            { IPSetReferenceStatement: { ARN: set!.ARN } },
            { RuleLabels: [{ Name: "from:blocked" }] },
          ),
        ],
      }),
    );
    const refers = { RuleGroupReferenceStatement: { ARN: group.Summary!.ARN } };
    const { Action: _, ...inGroup } = rule("group", 1, refers, { OverrideAction: { None: {} } });
    const acl = await createAcl("references", [inGroup]);
    await waf.send(new AssociateWebACLCommand({ WebACLArn: acl.ARN, ResourceArn }));
    assert.equal((await call("/")).status, 200);
    const named = { Name: "blocked", Scope, Id: set!.Id } as const;
    const { NextLockToken } = await waf.send(
      new UpdateIPSetCommand({ ...named, LockToken: set!.LockToken!, Addresses: ["127.0.0.0/8"] }),
    );
    assert.equal((await call("/")).status, 403);
    await refuses(
      waf.send(new DeleteIPSetCommand({ ...named, LockToken: NextLockToken! })),
      "WAFAssociatedItemException",
      /being used/,
    );
    const { RuleGroup } = await waf.send(new GetRuleGroupCommand({ ARN: group.Summary!.ARN }));
    assert.deepEqual(RuleGroup?.AvailableLabels, [{ Name: "awswaf:000000000000:rulegroup:group:from:blocked" }]);
    await waf.send(new DisassociateWebACLCommand({ ResourceArn }));
  });

  it("lets no stage stand behind a web ACL that can't be evaluated", async () => {
    const acl = await createAcl("countries", [rule("a", 1, { GeoMatchStatement: { CountryCodes: ["DE"] } })]);
    await refuses(
      waf.send(new AssociateWebACLCommand({ WebACLArn: acl.ARN, ResourceArn })),
      "NotImplementedException",
      /GeoMatchStatement without a database/,
      501,
    );
    const open = await createAcl("opened", []);
    await waf.send(new AssociateWebACLCommand({ WebACLArn: open.ARN, ResourceArn }));
    assert.equal((await call("/")).status, 200);
    await waf.send(
      new UpdateWebACLCommand({
        Name: "opened",
        Scope,
        Id: open.Id,
        LockToken: open.LockToken,
        DefaultAction: { Allow: {} },
        Rules: [rule("a", 1, { GeoMatchStatement: { CountryCodes: ["DE"] } })],
        VisibilityConfig: visibility("opened"),
      }),
    );
    const closed = await call("/");
    assert.equal(closed.status, 501);
    assert.match(closed.text, /GeoMatchStatement without a database/);
    const told = (await (await fetch(`${portico.url}/_portico/status`)).json()) as { stages: { problem?: string }[] };
    assert.match(told.stages[0]?.problem ?? "", /^its web ACL can't be asked: the web ACL has GeoMatchStatement/);
    await waf.send(new DisassociateWebACLCommand({ ResourceArn }));
    assert.equal((await call("/")).status, 200);
  });

  it("shows sampled requests, of all threads and without secrets", async () => {
    const acl = await createAcl("sampled", [rule("admin", 1, pathHas("/admin"), { RuleLabels: [{ Name: "seen" }] })]);
    await waf.send(new AssociateWebACLCommand({ WebACLArn: acl.ARN, ResourceArn }));
    const start = new Date(Date.now() - 60_000);
    for (let count = 0; count < 3; count++)
      await call(`/admin?n=${count}`, { headers: { authorization: "Bearer secret" } });
    await call("/");
    const samplesOf = (RuleMetricName: string) =>
      waf.send(
        new GetSampledRequestsCommand({
          WebAclArn: acl.ARN!,
          RuleMetricName,
          Scope,
          TimeWindow: { StartTime: start, EndTime: new Date(Date.now() + 60_000) },
          MaxItems: 2,
        }),
      );
    const { SampledRequests = [], PopulationSize } = await samplesOf("admin");
    assert.deepEqual([SampledRequests.length, PopulationSize], [2, 3]);
    const [first] = SampledRequests;
    assert.deepEqual(
      [first?.Action, first?.Request?.URI?.slice(0, 14), first?.Request?.Method, first?.Labels],
      ["BLOCK", "/prod/admin?n=", "GET", [{ Name: "awswaf:000000000000:webacl:sampled:seen" }]],
    );
    assert.doesNotMatch(JSON.stringify(SampledRequests), /secret/);
    assert.equal((await samplesOf("sampled")).SampledRequests?.[0]?.Action, "ALLOW");
    await waf.send(new DisassociateWebACLCommand({ ResourceArn }));
  });

  it("keeps tags and the logging configuration", async () => {
    const { ARN: ResourceARN } = await createAcl("tagged", [], { Tags: [{ Key: "team", Value: "pets" }] });
    await waf.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: "tier", Value: "1" }] }));
    await waf.send(new UntagResourceCommand({ ResourceARN, TagKeys: ["team"] }));
    const { TagInfoForResource } = await waf.send(new ListTagsForResourceCommand({ ResourceARN }));
    assert.deepEqual(TagInfoForResource, { ResourceARN, TagList: [{ Key: "tier", Value: "1" }] });
    const LogDestinationConfigs = ["arn:aws:logs:us-east-1:000000000000:log-group:aws-waf-logs-pets"];
    const put = (destinations: string[]) =>
      waf.send(
        new PutLoggingConfigurationCommand({
          LoggingConfiguration: { ResourceArn: ResourceARN!, LogDestinationConfigs: destinations },
        }),
      );
    await refuses(
      put(["arn:aws:logs:us-east-1:000000000000:log-group:pets"]),
      "WAFInvalidParameterException",
      /LOG_DESTINATION/,
    );
    await put(LogDestinationConfigs);
    const unredactable = { ResourceArn: ResourceARN!, LogDestinationConfigs, RedactedFields: [{ Body: {} }] };
    await refuses(
      waf.send(new PutLoggingConfigurationCommand({ LoggingConfiguration: unredactable })),
      "WAFInvalidParameterException",
      /The field can't be redacted/,
    );
    await waf.send(new AssociateWebACLCommand({ WebACLArn: ResourceARN!, ResourceArn }));
    await call("/logged");
    const logs = portico.client(CloudWatchLogsClient);
    const lines = async () =>
      (await logs.send(new FilterLogEventsCommand({ logGroupName: "aws-waf-logs-pets" })).catch(() => undefined))
        ?.events ?? [];
    await until(async () => (await lines()).length === 1);
    const [event] = await lines();
    assert.equal(event?.logStreamName, "us-east-1_tagged_0");
    assert.match(event?.message ?? "", /"uri":"\/prod\/logged"/);
    await put(["arn:aws:s3:::aws-waf-logs-pets"]);
    const told = (await (await fetch(`${portico.url}/_portico/status`)).json()) as {
      stages: { withoutEffect: string[] }[];
    };
    assert.deepEqual(told.stages[0]?.withoutEffect, ["web ACL logging to arn:aws:s3:::aws-waf-logs-pets"]);
    await put(LogDestinationConfigs);
    await waf.send(new DisassociateWebACLCommand({ ResourceArn }));
    const { LoggingConfiguration } = await waf.send(new GetLoggingConfigurationCommand({ ResourceArn: ResourceARN! }));
    assert.deepEqual(LoggingConfiguration?.LogDestinationConfigs, LogDestinationConfigs);
  });

  it("forgets an association with its stage", async () => {
    const { ARN: WebACLArn, Id, LockToken } = await createAcl("short", []);
    await apis.send(new CreateDeploymentCommand({ restApiId, stageName: "short" }));
    const short = ResourceArn.replace(/prod$/, "short");
    await waf.send(new AssociateWebACLCommand({ WebACLArn, ResourceArn: short }));
    await apis.send(new DeleteStageCommand({ restApiId, stageName: "short" }));
    await waf.send(new DeleteWebACLCommand({ Name: "short", Scope, Id, LockToken }));
    await refuses(
      waf.send(new GetWebACLForResourceCommand({ ResourceArn: short })),
      "WAFNonexistentItemException",
      /doesn’t exist/,
    );
    await refuses(
      waf.send(new GetWebACLForResourceCommand({ ResourceArn: "arn:aws:apigateway:eu-west-1::/restapis/a/stages/b" })),
      "WAFInvalidParameterException",
      /The ARN isn't valid/,
    );
  });
});
