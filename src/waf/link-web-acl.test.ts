// Rules in action: what each statement, field, action and combination makes of requests.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  aRequest,
  aRule,
  aWebAcl,
  base64,
  link,
  matches,
  noParts,
  plain,
  verdictOf,
} from "../../test/waf/a-web-acl.ts";
import { type InspectedRequest, InspectionTooLong } from "./evaluation.ts";
import { makeRateMemory, RateCounters } from "./rate-counters.ts";
import { NotEvaluable } from "./statement-type.ts";
import type {
  ByteMatchStatement,
  FieldToMatch,
  LabelMatchStatement,
  RateBasedStatement,
  Rule,
  Statement,
} from "./web-acl.ts";

const finds = (FieldToMatch: FieldToMatch, text: string, more: Partial<ByteMatchStatement> = {}): Statement => ({
  ByteMatchStatement: {
    SearchString: base64(text),
    FieldToMatch,
    TextTransformations: plain,
    PositionalConstraint: "CONTAINS",
    ...more,
  },
});
const path = { UriPath: {} } as const;

describe("statements", () => {
  it("compare texts by their place", () => {
    const table: readonly (readonly [ByteMatchStatement["PositionalConstraint"], string, boolean])[] = [
      ["EXACTLY", "/prod/pets", true],
      ["EXACTLY", "/prod/pet", false],
      ["STARTS_WITH", "/prod", true],
      ["STARTS_WITH", "pets", false],
      ["ENDS_WITH", "/pets", true],
      ["ENDS_WITH", "/prod", false],
      ["CONTAINS", "od/pe", true],
      ["CONTAINS", "PETS", false],
      ["CONTAINS_WORD", "pets", true],
      ["CONTAINS_WORD", "/prod/pets", true],
      ["CONTAINS_WORD", "pet", false],
      ["CONTAINS_WORD", "rod", false],
    ];
    for (const [PositionalConstraint, text, expected] of table) {
      assert.equal(
        matches(finds(path, text, { PositionalConstraint }), aRequest()),
        expected,
        `${PositionalConstraint} ${text}`,
      );
    }
    const word = finds(path, "a_b", { PositionalConstraint: "CONTAINS_WORD" });
    assert.equal(matches(word, aRequest({ path: "/xa_b/a_b" })), true, "the second one is a word");
  });

  it("compare sizes in bytes", () => {
    const table = [
      ["EQ", 10, true],
      ["NE", 10, false],
      ["LE", 9, false],
      ["LT", 11, true],
      ["GE", 11, false],
      ["GT", 9, true],
    ] as const;
    for (const [ComparisonOperator, Size, expected] of table) {
      const statement = {
        SizeConstraintStatement: { ComparisonOperator, Size, FieldToMatch: path, TextTransformations: plain },
      };
      assert.equal(matches(statement, aRequest()), expected, ComparisonOperator);
    }
  });

  it("combine", () => {
    const [yes, no] = [finds(path, "pets"), finds(path, "none")];
    const table: readonly (readonly [Statement, boolean])[] = [
      [{ AndStatement: { Statements: [yes, yes] } }, true],
      [{ AndStatement: { Statements: [yes, no] } }, false],
      [{ OrStatement: { Statements: [no, yes] } }, true],
      [{ OrStatement: { Statements: [no, no] } }, false],
      [{ NotStatement: { Statement: no } }, true],
      [
        { NotStatement: { Statement: { AndStatement: { Statements: [yes, { NotStatement: { Statement: no } }] } } } },
        false,
      ],
    ];
    for (const [statement, expected] of table)
      assert.equal(matches(statement, aRequest()), expected, JSON.stringify(statement));
  });

  it("look for addresses of the connection or of a header", () => {
    const ARN = "arn:aws:wafv2:us-east-1:000000000000:regional/ipset/a/1";
    const parts = {
      ...noParts,
      ipSets: { [ARN]: { ARN, IPAddressVersion: "IPV4" as const, Addresses: ["203.0.113.0/24"] } },
    };
    const isIn = (request: Parameters<typeof aRequest>[0], config?: object): boolean =>
      matches(
        {
          IPSetReferenceStatement: {
            ARN,
            ...(config === undefined ? {} : { IPSetForwardedIPConfig: config as never }),
          },
        },
        aRequest(request),
        { parts },
      );
    assert.equal(isIn({}), true);
    assert.equal(isIn({ sourceAddress: "::ffff:203.0.113.9" }), true);
    assert.equal(isIn({ sourceAddress: "198.51.100.1" }), false);
    assert.equal(isIn({ sourceAddress: "not an address" }), false);
    const header = (value: string): Parameters<typeof aRequest>[0] => ({ headers: [`X-Forwarded-For: ${value}`] });
    const config = (Position: string, FallbackBehavior = "NO_MATCH"): object => ({
      HeaderName: "x-forwarded-for",
      Position,
      FallbackBehavior,
    });
    const table: readonly (readonly [Parameters<typeof aRequest>[0], object, boolean])[] = [
      [header("203.0.113.1, 198.51.100.1"), config("FIRST"), true],
      [header("203.0.113.1, 198.51.100.1"), config("LAST"), false],
      [header("198.51.100.1, 203.0.113.1"), config("LAST"), true],
      [header("198.51.100.1, 203.0.113.1, 198.51.100.2"), config("ANY"), true],
      [header(`203.0.113.1${", 198.51.100.1".repeat(10)}`), config("ANY"), false],
      [header("unknown, 203.0.113.1"), config("FIRST"), false],
      [header("unknown, 203.0.113.1"), config("FIRST", "MATCH"), true],
      [header("unknown"), config("ANY", "MATCH"), true],
      // AWS: without the header, the statement does not apply, whatever the fallback.
      [{}, config("FIRST", "MATCH"), false],
    ];
    for (const [request, one, expected] of table)
      assert.equal(isIn(request, one), expected, JSON.stringify([request, one]));
  });

  it("match patterns, alone and in sets", () => {
    const inspection = { FieldToMatch: path, TextTransformations: plain };
    const ARN = "arn:aws:wafv2:us-east-1:000000000000:regional/regexpatternset/a/1";
    const set = { ARN, RegularExpressionList: [{ RegexString: "^/x" }, { RegexString: "p[aeiou]ts$" }] };
    const parts = { ...noParts, regexPatternSets: { [ARN]: set } };
    assert.equal(matches({ RegexMatchStatement: { ...inspection, RegexString: "^/prod/p.+$" } }, aRequest()), true);
    assert.equal(matches({ RegexMatchStatement: { ...inspection, RegexString: "^pets" } }, aRequest()), false);
    assert.equal(matches({ RegexPatternSetReferenceStatement: { ...inspection, ARN } }, aRequest(), { parts }), true);
    assert.equal(
      matches({ RegexPatternSetReferenceStatement: { ...inspection, ARN } }, aRequest({ path: "/prod" }), { parts }),
      false,
    );
  });
});

describe("parts of a request", () => {
  const scope = (
    MatchScope: "ALL" | "KEY" | "VALUE",
    MatchPattern: object = { All: {} },
    OversizeHandling = "CONTINUE",
  ) => ({ MatchPattern, MatchScope, OversizeHandling }) as never;
  const rows: Readonly<
    Record<keyof FieldToMatch, readonly (readonly [FieldToMatch, string, Parameters<typeof aRequest>[0], boolean])[]>
  > = {
    UriPath: [
      [path, "/a%20b", { path: "/prod/a%20b" }, true],
      [path, "q=1", { query: "q=1" }, false],
    ],
    QueryString: [[{ QueryString: {} }, "q=1", { query: "q=1" }, true]],
    Method: [[{ Method: {} }, "DELETE", { method: "DELETE" }, true]],
    SingleHeader: [
      [{ SingleHeader: { Name: "User-Agent" } }, "bot", { headers: ["user-agent: a bot"] }, true],
      [{ SingleHeader: { Name: "user-agent" } }, "bot", { headers: ["USER-AGENT: x", "User-Agent: bot"] }, true],
      [{ SingleHeader: { Name: "user-agent" } }, "", {}, false],
    ],
    Headers: [
      [{ Headers: scope("KEY") }, "X-Evil", { headers: ["X-Evil: 1"] }, true],
      [{ Headers: scope("VALUE") }, "X-Evil", { headers: ["X-Evil: 1"] }, false],
      [{ Headers: scope("ALL", { IncludedHeaders: ["x-evil"] }) }, "1", { headers: ["X-Evil: 1"] }, true],
      [{ Headers: scope("ALL", { ExcludedHeaders: ["X-EVIL"] }) }, "1", { headers: ["X-Evil: 1"] }, false],
      [{ Headers: scope("ALL", { All: {} }, "MATCH") }, "none", { headers: [`A: ${"x".repeat(8_200)}`] }, true],
      [{ Headers: scope("ALL", { All: {} }, "NO_MATCH") }, "x", { headers: [`A: ${"x".repeat(8_200)}`] }, false],
      [{ Headers: scope("ALL", { All: {} }, "MATCH") }, "none", { headers: new Array(201).fill("A: b") }, true],
    ],
    Cookies: [
      [{ Cookies: scope("KEY") }, "theme", { headers: ["Cookie: session=1; theme=dark"] }, true],
      [
        { Cookies: scope("VALUE", { IncludedCookies: ["theme"] }) },
        "dark",
        { headers: ["Cookie: session=1", "Cookie: theme=dark"] },
        true,
      ],
      [
        { Cookies: scope("ALL", { ExcludedCookies: ["theme"] }) },
        "dark",
        { headers: ["Cookie: session=1; theme=dark"] },
        false,
      ],
      [{ Cookies: scope("ALL") }, "x", {}, false],
    ],
    HeaderOrder: [
      [
        { HeaderOrder: { OversizeHandling: "CONTINUE" } },
        "host:user-agent:accept",
        { headers: ["Host: a", "User-Agent: b", "Accept: c"] },
        true,
      ],
    ],
    SingleQueryArgument: [
      [{ SingleQueryArgument: { Name: "name" } }, "<x", { query: "a=1&NAME=<x" }, true],
      [{ SingleQueryArgument: { Name: "name" } }, "<x", { query: "n%61me=<x" }, true],
      [{ SingleQueryArgument: { Name: "name" } }, "<x", { query: "a=1;name=<x" }, true],
      [{ SingleQueryArgument: { Name: "name" } }, "<x", { query: "name=1&name=<x" }, true],
      [{ SingleQueryArgument: { Name: "name" } }, "<x", { query: "other=<x" }, false],
    ],
    AllQueryArguments: [
      [{ AllQueryArguments: {} }, "<x", { query: "a=1&b=<x" }, true],
      [{ AllQueryArguments: {} }, "b", { query: "a=1&b=2" }, false],
    ],
    Body: [
      [{ Body: {} }, "evil", { body: "so evil" }, true],
      [{ Body: {} }, "evil", { body: `${"x".repeat(16_384)}evil` }, false],
      [{ Body: { OversizeHandling: "MATCH" } }, "none", { body: "x".repeat(16_385) }, true],
      [{ Body: { OversizeHandling: "MATCH" } }, "none", { body: "x".repeat(16_384) }, false],
      [{ Body: { OversizeHandling: "NO_MATCH" } }, "x", { body: "x".repeat(16_385) }, false],
    ],
    JsonBody: [
      [{ JsonBody: scope("VALUE") }, "<x", { body: '{"a":"\\u003cx"}' }, true],
      [{ JsonBody: scope("KEY") }, "<x", { body: '{"a":"\\u003cx"}' }, false],
      [{ JsonBody: scope("VALUE", { IncludedPaths: ["/b"] }) }, "<x", { body: '{"a":"<x"}' }, false],
      [{ JsonBody: scope("VALUE") }, "<x", { body: '{"a":"<x", broken' }, true],
      [
        { JsonBody: { ...(scope("VALUE") as object), InvalidFallbackBehavior: "MATCH" } as never },
        "<x",
        { body: "broken" },
        true,
      ],
      [
        { JsonBody: { ...(scope("VALUE") as object), InvalidFallbackBehavior: "NO_MATCH" } as never },
        "<x",
        { body: '{"a":"<x", broken' },
        false,
      ],
      [
        { JsonBody: { ...(scope("VALUE") as object), InvalidFallbackBehavior: "EVALUATE_AS_STRING" } as never },
        "roke",
        { body: "broken" },
        true,
      ],
    ],
    JA3Fingerprint: [
      [{ JA3Fingerprint: { FallbackBehavior: "MATCH" } }, "none", {}, true],
      [{ JA3Fingerprint: { FallbackBehavior: "NO_MATCH" } }, "", {}, false],
    ],
    JA4Fingerprint: [[{ JA4Fingerprint: { FallbackBehavior: "MATCH" } }, "none", {}, true]],
    UriFragment: [
      [{ UriFragment: { FallbackBehavior: "MATCH" } }, "none", {}, true],
      [{ UriFragment: {} }, "", {}, false],
    ],
  };
  for (const [kind, table] of Object.entries(rows)) {
    it(kind, () => {
      for (const [field, text, request, expected] of table) {
        assert.equal(
          matches(finds(field, text), aRequest(request)),
          expected,
          JSON.stringify([field, text]).slice(0, 200),
        );
      }
    });
  }

  it("are inspected as deep as the web ACL's association says", () => {
    const webAcl = aWebAcl([aRule("a", finds({ Body: {} }, "evil"))], {
      AssociationConfig: { RequestBody: { API_GATEWAY: { DefaultSizeInspectionLimit: "KB_64" } } },
    });
    assert.equal(verdictOf(webAcl, aRequest({ body: `${"x".repeat(60_000)}evil` })).action, "BLOCK");
    assert.equal(verdictOf(webAcl, aRequest({ body: `${"x".repeat(65_536)}evil` })).action, "ALLOW");
  });

  it("read the body only where a statement does", () => {
    assert.equal(link(aWebAcl([aRule("a", finds(path, "x"))])).readsBody, false);
    assert.equal(
      link(aWebAcl([aRule("a", { NotStatement: { Statement: finds({ Body: {} }, "x") } })])).readsBody,
      true,
    );
  });
});

describe("rules", () => {
  const yes = finds(path, "/prod");
  const count = { Action: { Count: {} } } as const;

  it("run in the order of their priorities, until one decides", () => {
    const webAcl = aWebAcl([aRule("later", yes), aRule("first", yes, { Action: { Allow: {} } })]);
    const reversed = { ...webAcl, Rules: webAcl.Rules.map((rule) => ({ ...rule, Priority: 9 - rule.Priority })) };
    assert.deepEqual([verdictOf(webAcl, aRequest()).rule, verdictOf(reversed, aRequest()).rule], ["later", "first"]);
    const none = verdictOf(aWebAcl([aRule("a", yes, count)], { DefaultAction: { Block: {} } }), aRequest());
    assert.deepEqual(
      [none.action, none.rule, none.matches.map(({ action }) => action)],
      ["BLOCK", "Default_Action", ["COUNT", "BLOCK"]],
    );
  });

  it("add labels that later rules see, also where they only count", () => {
    const webAcl = aWebAcl([
      aRule("a", yes, { ...count, RuleLabels: [{ Name: "ns:seen" }] }),
      aRule("b", { LabelMatchStatement: { Scope: "LABEL", Key: "ns:seen" } }),
    ]);
    const verdict = verdictOf(webAcl, aRequest());
    assert.deepEqual([verdict.rule, verdict.labels], ["b", ["awswaf:000000000000:webacl:acl:ns:seen"]]);
    const keys: readonly (readonly [LabelMatchStatement, boolean])[] = [
      [{ Scope: "LABEL", Key: "awswaf:000000000000:webacl:acl:ns:seen" }, true],
      [{ Scope: "LABEL", Key: "seen" }, false],
      [{ Scope: "NAMESPACE", Key: "ns:" }, true],
      [{ Scope: "NAMESPACE", Key: "awswaf:000000000000:webacl:acl:" }, true],
      [{ Scope: "NAMESPACE", Key: "seen:" }, false],
    ];
    for (const [statement, expected] of keys) {
      const [first] = webAcl.Rules;
      const one = aWebAcl([first!, aRule("b", { LabelMatchStatement: statement })]);
      assert.equal(verdictOf(one, aRequest()).action === "BLOCK", expected, statement.Key);
    }
  });

  it("insert headers when they allow or count", () => {
    const insert = (Name: string) => ({ CustomRequestHandling: { InsertHeaders: [{ Name, Value: "1" }] } });
    const webAcl = aWebAcl([aRule("a", yes, { Action: { Count: insert("counted") } })], {
      DefaultAction: { Allow: insert("default") },
    });
    assert.deepEqual(verdictOf(webAcl, aRequest()).insertedHeaders, [
      "x-amzn-waf-counted",
      "1",
      "x-amzn-waf-default",
      "1",
    ]);
  });

  it("of groups decide unless they are overridden, excluded or only counted", () => {
    const ARN = "arn:aws:wafv2:us-east-1:000000000000:regional/rulegroup/g/1";
    const group = {
      Name: "g",
      Id: "1",
      ARN,
      Capacity: 10,
      Rules: [aRule("inner", yes, { RuleLabels: [{ Name: "in" }] })],
      VisibilityConfig: aRule("x", yes).VisibilityConfig,
      LabelNamespace: "awswaf:000000000000:rulegroup:g:",
    };
    const parts = { ...noParts, ruleGroups: { [ARN]: group } };
    const verdict = (statement: object, OverrideAction: Rule["OverrideAction"] = { None: {} }) => {
      const { Action: _, ...rule } = aRule(
        "outer",
        { RuleGroupReferenceStatement: { ARN, ...statement } },
        { OverrideAction },
      );
      return verdictOf(
        aWebAcl(
          [
            rule,
            aRule(
              "last",
              { LabelMatchStatement: { Scope: "LABEL", Key: "awswaf:000000000000:rulegroup:g:in" } },
              { Action: { Allow: {} } },
            ),
          ],
          { DefaultAction: { Block: {} } },
        ),
        aRequest(),
        { parts },
      );
    };
    const decided = verdict({});
    assert.deepEqual([decided.action, decided.rule, decided.ruleWithinGroup], ["BLOCK", "outer", "inner"]);
    for (const [statement, override] of [
      [{ ExcludedRules: [{ Name: "inner" }] }, undefined],
      [{ RuleActionOverrides: [{ Name: "inner", ActionToUse: { Count: {} } }] }, undefined],
      [{}, { Count: {} }],
    ] as const) {
      const went = verdict(statement, override);
      assert.deepEqual([went.action, went.rule], ["ALLOW", "last"], JSON.stringify([statement, override]));
    }
    assert.deepEqual(verdict({ RuleActionOverrides: [{ Name: "inner", ActionToUse: { Allow: {} } }] }).rule, "outer");
  });

  it("limit rates by their keys", () => {
    const base: RateBasedStatement = { Limit: 2, AggregateKeyType: "IP" };
    const header = { CustomKeys: [{ Header: { Name: "x-user", TextTransformations: plain } }, { HTTPMethod: {} }] };
    const user = (name: string) => ({ headers: [`X-User: ${name}`] });
    const forwarded = { HeaderName: "x-forwarded-for", FallbackBehavior: "MATCH" as const };
    const table: readonly (readonly [
      Partial<RateBasedStatement>,
      same: Parameters<typeof aRequest>[0],
      other: Parameters<typeof aRequest>[0],
    ])[] = [
      [{}, {}, { sourceAddress: "198.51.100.1" }],
      [{ AggregateKeyType: "CONSTANT", ScopeDownStatement: yes }, {}, { path: "/other" }],
      [
        { AggregateKeyType: "FORWARDED_IP", ForwardedIPConfig: forwarded },
        { headers: ["X-Forwarded-For: 192.0.2.1, 192.0.2.2"] },
        { headers: ["X-Forwarded-For: 192.0.2.3"] },
      ],
      [
        { AggregateKeyType: "FORWARDED_IP", ForwardedIPConfig: forwarded },
        { headers: ["X-Forwarded-For: unknown"] },
        {},
      ],
      [{ AggregateKeyType: "CUSTOM_KEYS", ...header }, user("a"), user("b")],
      [{ AggregateKeyType: "CUSTOM_KEYS", ...header }, user("a"), { ...user("a"), method: "POST" }],
      // AWS: what lacks a part of the key is neither counted nor limited.
      [{ AggregateKeyType: "CUSTOM_KEYS", ...header }, user("a"), {}],
      [
        { AggregateKeyType: "CUSTOM_KEYS", CustomKeys: [{ Cookie: { Name: "s", TextTransformations: plain } }] },
        { headers: ["Cookie: s=1"] },
        { headers: ["Cookie: s=2"] },
      ],
      [
        { AggregateKeyType: "CUSTOM_KEYS", CustomKeys: [{ QueryArgument: { Name: "Q", TextTransformations: plain } }] },
        { query: "q=1" },
        { query: "q=2" },
      ],
      [
        { AggregateKeyType: "CUSTOM_KEYS", CustomKeys: [{ UriPath: { TextTransformations: plain } }, { IP: {} }] },
        {},
        { path: "/prod/x" },
      ],
    ];
    for (const [more, same, other] of table) {
      const rates = new RateCounters(makeRateMemory([3, 4]));
      const linked = link(aWebAcl([aRule("rate", { RateBasedStatement: { ...base, ...more } })]), { rates });
      const ask = (request: Parameters<typeof aRequest>[0], nowMs = 1_000_000): string =>
        linked.evaluate(aRequest(request), nowMs).action;
      const answers = [ask(same), ask(same), ask(same), ask(other), ask(other), ask(same, 2_000_000)];
      assert.deepEqual(answers, ["ALLOW", "ALLOW", "BLOCK", "ALLOW", "ALLOW", "ALLOW"], JSON.stringify(more));
    }
  });
});

describe("what can't be evaluated", () => {
  const inspection = { FieldToMatch: path, TextTransformations: plain };
  const missing = "arn:aws:wafv2:us-east-1:000000000000:regional/ipset/none/1";
  const rows: readonly (readonly [what: string, statement: Statement, message: RegExp])[] = [
    ["an IP set that is gone", { IPSetReferenceStatement: { ARN: missing } }, /IP set .* does not exist/],
    [
      "a regex pattern set that is gone",
      { RegexPatternSetReferenceStatement: { ...inspection, ARN: missing } },
      /regex pattern set .* does not exist/,
    ],
    ["a rule group that is gone", { RuleGroupReferenceStatement: { ARN: missing } }, /rule group .* does not exist/],
    [
      "an unknown managed rule group",
      { ManagedRuleGroupStatement: { VendorName: "Nobody", Name: "Rules" } },
      /managed rule group/,
    ],
    ["countries without a database", { GeoMatchStatement: { CountryCodes: ["DE"] } }, /database/],
    ["systems without a database", { AsnMatchStatement: { AsnList: [1] } }, /database/],
    [
      "a rate by system without a database",
      { RateBasedStatement: { Limit: 10, AggregateKeyType: "CUSTOM_KEYS", CustomKeys: [{ ASN: {} }] } },
      /database/,
    ],
    [
      "a group inside another statement",
      { NotStatement: { Statement: { RuleGroupReferenceStatement: { ARN: missing } } } },
      /inside another statement/,
    ],
  ];
  for (const [what, statement, message] of rows) {
    it(`links no web ACL: ${what}`, () => {
      for (const one of [statement, { NotStatement: { Statement: statement } }]) {
        const { Action, ...rule } = aRule("a", one);
        assert.throws(
          () => link(aWebAcl([{ ...rule, ...(one.RuleGroupReferenceStatement ? {} : { Action }) }])),
          (error) => error instanceof NotEvaluable && (one !== statement || message.test(error.message)),
        );
      }
    });
  }

  it("links no web ACL: malformed statements, sets, actions and bodies", () => {
    const yes = finds(path, "a");
    const ARN = missing;
    const set = { ARN, IPAddressVersion: "IPV4" as const, Addresses: ["nonsense"] };
    const broken: readonly (() => unknown)[] = [
      () => link(aWebAcl([aRule("a", {})])),
      () => link(aWebAcl([aRule("a", { ...yes, LabelMatchStatement: { Scope: "LABEL", Key: "x" } })])),
      () => link(aWebAcl([aRule("a", { BogusStatement: {} } as never)])),
      () => link(aWebAcl([aRule("a", finds({}, "a"))])),
      () => link(aWebAcl([aRule("a", yes, { Action: {} })])),
      () => link(aWebAcl([aRule("a", yes, { Action: { Captcha: {} } })])),
      () => link(aWebAcl([], { DefaultAction: {} })),
      () =>
        link(
          aWebAcl([
            aRule("a", yes, {
              Action: { Block: { CustomResponse: { ResponseCode: 403, CustomResponseBodyKey: "none" } } },
            }),
          ]),
        ),
      () =>
        link(aWebAcl([aRule("a", { IPSetReferenceStatement: { ARN } })]), {
          parts: { ...noParts, ipSets: { [ARN]: set } },
        }),
      () => link(aWebAcl([aRule("a", { RegexMatchStatement: { ...inspection, RegexString: "(?=a)" } })])),
      () =>
        link(
          aWebAcl([], { AssociationConfig: { RequestBody: { API_GATEWAY: { DefaultSizeInspectionLimit: "KB_1" } } } }),
        ),
    ];
    for (const [index, one] of broken.entries()) assert.throws(one, (error) => error instanceof Error, `row ${index}`);
  });

  it("blocks a request whose inspection takes too long", () => {
    const types = ["URL_DECODE", "LOWERCASE", "HTML_ENTITY_DECODE", "JS_DECODE", "CSS_DECODE"] as const;
    const rules = Array.from({ length: 60 }, (_, index) =>
      aRule(
        `r${index}`,
        finds({ Body: {} }, "none", {
          TextTransformations: [...types, ...types].map((Type, Priority) => ({
            Type,
            Priority: Priority * (index + 1) + index,
          })),
        }),
      ),
    );
    // Equal inspections are shared, so each of these differs.
    const distinct = rules.map((rule, index) => ({
      ...rule,
      Statement: finds({ Body: {} }, "none", {
        TextTransformations: Array.from({ length: 10 }, (_, at) => ({
          Type: types[(index * (at + 1) + at) % types.length]!,
          Priority: at,
        })),
      }),
    }));
    const patterns = Array.from({ length: 200 }, (_, index) =>
      aRule(`p${index}`, {
        RegexMatchStatement: {
          RegexString: `(a|b|c)*x.{${index + 20}}y`,
          FieldToMatch: { Body: {} },
          TextTransformations: plain,
        },
      }),
    );
    const config = { AssociationConfig: { RequestBody: { API_GATEWAY: { DefaultSizeInspectionLimit: "KB_64" } } } };
    const linked = link(aWebAcl([...distinct, ...patterns], config));
    const request: InspectedRequest = aRequest({ body: "abcx".repeat(16_384) });
    assert.throws(() => linked.evaluate(request, 0), InspectionTooLong);
  });
});
