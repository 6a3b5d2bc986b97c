import type { InspectedRequest } from "../../src/waf/evaluation.ts";
import { type LinkedWebAcl, linkWebAcl, type WafVerdict } from "../../src/waf/link-web-acl.ts";
import type { GeoDatabase, RateCounter } from "../../src/waf/statement-type.ts";
import type { Rule, Statement, TextTransformation, WebAcl, WebAclParts } from "../../src/waf/web-acl.ts";

const visibility = (MetricName: string) => ({
  SampledRequestsEnabled: false,
  CloudWatchMetricsEnabled: false,
  MetricName,
});

export const noParts: WebAclParts = { ruleGroups: {}, ipSets: {}, regexPatternSets: {} };
export const plain: readonly TextTransformation[] = [{ Priority: 0, Type: "NONE" }];
export const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A rule that blocks what the statement matches. */
export const aRule = (Name: string, statement: Statement, more: Partial<Rule> = {}): Rule => ({
  Name,
  Priority: 0,
  Statement: statement,
  Action: { Block: {} },
  VisibilityConfig: visibility(Name),
  ...more,
});

/** A web ACL that allows what no rule decides. */
export const aWebAcl = (rules: readonly Rule[], more: Partial<WebAcl> = {}): WebAcl => ({
  Name: "acl",
  Id: "id",
  ARN: "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/acl/id",
  DefaultAction: { Allow: {} },
  Rules: rules.map((rule, Priority) => ({ ...rule, Priority })),
  VisibilityConfig: visibility("acl"),
  LabelNamespace: "awswaf:000000000000:webacl:acl:",
  ...more,
});

/** A request, with header lines as `name: value`. */
export function aRequest({
  headers = [],
  body = "",
  ...more
}: Partial<Omit<InspectedRequest, "body">> & {
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
} = {}): InspectedRequest {
  const rawHeaders = headers.flatMap((line) => [
    line.slice(0, line.indexOf(":")),
    line.slice(line.indexOf(":") + 1).trim(),
  ]);
  return {
    method: "GET",
    path: "/prod/pets",
    query: "",
    rawHeaders,
    headerNames: rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()),
    sourceAddress: "203.0.113.7",
    body: Buffer.from(body),
    ...more,
  };
}

interface LinkOptions {
  readonly parts?: WebAclParts;
  readonly rates?: RateCounter;
  readonly geo?: GeoDatabase;
}

export const link = (
  webAcl: WebAcl,
  { parts = noParts, rates = { count: () => 0 }, geo }: LinkOptions = {},
): LinkedWebAcl => linkWebAcl(webAcl, { parts, rates, geo });

/** Whether one statement matches a request. */
export const matches = (statement: Statement, request: InspectedRequest, options?: LinkOptions): boolean =>
  verdictOf(aWebAcl([aRule("rule", statement)]), request, options).action === "BLOCK";

export const verdictOf = (webAcl: WebAcl, request: InspectedRequest, options?: LinkOptions): WafVerdict =>
  link(webAcl, options).evaluate(request, 1_000_000);
