import type { InspectedRequest } from "../../src/waf/evaluation.ts";
import type { LinkedWebAcl } from "../../src/waf/link-web-acl.ts";
import { makeRateMemory, RateCounters } from "../../src/waf/rate-counters.ts";
import type { Statement, TextTransformation } from "../../src/waf/web-acl.ts";
import { aRequest, aRule, aWebAcl, base64, link, noParts, plain } from "../../test/waf/a-web-acl.ts";
import type { Bench, Figures } from "../bench.ts";

const set = "arn:aws:wafv2:us-east-1:000000000000:regional/ipset/all/id";
const decoded: readonly TextTransformation[] = [
  { Priority: 0, Type: "URL_DECODE" },
  { Priority: 1, Type: "LOWERCASE" },
];
const contains = (text: string, field: "path" | "query" | "agent" | "body"): Statement => ({
  ByteMatchStatement: {
    SearchString: base64(text),
    PositionalConstraint: "CONTAINS",
    TextTransformations: decoded,
    FieldToMatch: {
      path: { UriPath: {} },
      query: { QueryString: {} },
      agent: { SingleHeader: { Name: "user-agent" } },
      body: { Body: {} },
    }[field],
  },
});
const regex = (RegexString: string, isBody = false): Statement => ({
  RegexMatchStatement: {
    RegexString,
    FieldToMatch: isBody ? { Body: {} } : { UriPath: {} },
    TextTransformations: decoded,
  },
});

/** Twenty rules as users write them: addresses, rates, words, patterns, sizes and their combinations. None decides. */
const statements = (readsBody: boolean): readonly Statement[] => [
  { IPSetReferenceStatement: { ARN: set } },
  { RateBasedStatement: { Limit: 2_000_000_000, AggregateKeyType: "IP" } },
  contains("/wp-admin", "path"),
  contains("/.env", "path"),
  contains("../", "path"),
  contains("union select", "query"),
  contains("<script", "query"),
  contains("sqlmap", "agent"),
  contains("nikto", "agent"),
  regex("\\.(bak|old|sql|zip)$"),
  regex("^/[a-z]+/(admin|internal|private)/"),
  regex("(?i)(etc/passwd|boot\\.ini|win\\.ini)"),
  {
    SizeConstraintStatement: {
      FieldToMatch: { QueryString: {} },
      ComparisonOperator: "GT",
      Size: 2_048,
      TextTransformations: plain,
    },
  },
  {
    SizeConstraintStatement: {
      FieldToMatch: { UriPath: {} },
      ComparisonOperator: "GT",
      Size: 512,
      TextTransformations: plain,
    },
  },
  { NotStatement: { Statement: regex("^/[\\x20-\\x7e]*$") } },
  { AndStatement: { Statements: [contains("/login", "path"), contains("bot", "agent")] } },
  { OrStatement: { Statements: [contains("cmd.exe", "query"), contains("/bin/sh", "query")] } },
  { LabelMatchStatement: { Scope: "LABEL", Key: "suspicious" } },
  readsBody ? contains("<?php", "body") : contains("<?php", "query"),
  readsBody ? regex("(?i)select\\s.+\\sfrom\\s", true) : regex("(?i)select\\s.+\\sfrom\\s"),
];

const ipSets = {
  [set]: {
    ARN: set,
    IPAddressVersion: "IPV4" as const,
    Addresses: Array.from({ length: 10_000 }, (_, n) => `10.${n >> 8}.${n & 0xff}.0/25`),
  },
};
const acl = (readsBody: boolean) =>
  link(aWebAcl(statements(readsBody).map((statement, index) => aRule(`rule${index}`, statement))), {
    parts: { ...noParts, ipSets },
    rates: new RateCounters(makeRateMemory([1, 2])),
  });

const request = aRequest({
  path: "/prod/stores/42/pets/7",
  query: "sort=name&limit=20&filter=color%3Dblue",
  headers: [
    "Host: abc123.execute-api.us-east-1.amazonaws.com",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Accept: application/json",
    "Cookie: session=0123456789abcdef; theme=dark",
    "X-Forwarded-For: 203.0.113.7",
  ],
});
const posted = {
  ...request,
  method: "POST",
  body: Buffer.from(
    JSON.stringify({
      pets: Array.from({ length: 20 }, (_, id) => ({ id, name: `pet ${id}`, tags: ["a", "b"] })),
    }).padEnd(1_024),
  ),
};

/** A body of 16 KB, all of which is inspected. */
const long = { ...posted, body: Buffer.from(JSON.stringify("lorem ipsum ".repeat(1_365)).padEnd(16_384)) };

export const bench: Bench = {
  title: "Inspecting a request by a web ACL of twenty rules: microseconds",
  needs: [],
  async run(): Promise<Figures> {
    const plainly = acl(false);
    const withBody = acl(true);
    return {
      "µs a GET": microseconds(() => pass(plainly, request)),
      "µs a POST of 1 KB, two rules on its body": microseconds(() => pass(withBody, posted)),
      "µs a POST of 16 KB, two rules on its body": microseconds(() => pass(withBody, long), 100),
      "ms to link the rules, with 10,000 addresses": microseconds(() => acl(false), 1) / 1_000,
    };
  },
};

function pass(webAcl: LinkedWebAcl, asked: InspectedRequest): void {
  if (webAcl.evaluate(asked, 1_700_000_000_000).action !== "ALLOW") throw new Error("it is blocked");
}

/** The best of many short runs: others use this machine, too. */
function microseconds(work: () => unknown, times = 1_000): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round++) {
    const start = performance.now();
    for (let count = 0; count < times; count++) work();
    best = Math.min(best, ((performance.now() - start) * 1_000) / times);
  }
  return best;
}
