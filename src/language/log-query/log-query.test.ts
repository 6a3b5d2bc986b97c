import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLogQuery, type ResultRow, type RunningQuery } from "./log-query.ts";
import { QueryMemory, QueryTooLarge } from "./query-memory.ts";
import type { QueriedLine } from "./query-record.ts";

const startMs = Date.UTC(2026, 10, 21, 7, 30);
const access = (status: number, latency: number, path: string): string =>
  JSON.stringify({ status, latency, req: { path, tags: ["a", "b"] }, ok: status < 500 });

const messages = [
  access(200, 10, "/pets"),
  access(500, 250.5, "/pets"),
  access(404, 5, "/cats"),
  "plain ERROR user=ann, took 12 ms [x]",
  "plain WARN user=bob, took 7 ms [y]",
  access(200, 30, "/cats"),
  "REPORT RequestId: 6f1c0a38-0a2b-4c5d-8e9f-001122334455\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t",
];
const lines: readonly QueriedLine[] = messages.map((message, index) => ({
  ms: startMs + index * 60_000,
  ingestedMs: startMs + index * 60_000 + 100,
  message,
  stream: index < 4 ? "first" : "second",
  log: "000000000000:/g",
  ptr: `p${index}`,
}));

/** Does what is left of a query, to its end. */
function finished(query: RunningQuery): ResultRow[] {
  const finish = query.finish();
  for (let step = finish.next(); ; step = finish.next()) {
    if (step.done !== true) continue;
    query.release();
    return step.value;
  }
}

function run(text: string, limit?: number): Record<string, string>[] {
  const parsed = parseLogQuery(text);
  assert.ok(parsed.kind === "query", parsed.kind === "invalid" ? parsed.message : "");
  const query = parsed.begin(limit);
  for (const line of lines) if (!query.take(line)) break;
  return finished(query).map((row) => Object.fromEntries(row.map(({ field, value }) => [field, value])));
}

/** The results without `@ptr`. */
const rows = (text: string): Record<string, string>[] => run(text).map(({ "@ptr": _, ...row }) => row);

test("fields, filter, sort and limit: lines come newest first, each with its name", () => {
  assert.deepEqual(run("fields @timestamp, status | filter status = 200 | limit 1"), [
    { "@timestamp": "2026-11-21 07:35:00.000", status: "200", "@ptr": "p5" },
  ]);
  assert.deepEqual(rows("fields status | filter ispresent(status) | sort status desc, latency asc | limit 3"), [
    { status: "500" },
    { status: "404" },
    { status: "200" },
  ]);
  assert.equal(run("filter @message like 'plain'").length, 2);
  assert.deepEqual(Object.keys(run("filter status = 404")[0]!), ["@timestamp", "@message", "@ptr"]);
  assert.equal(run("fields @message", 3).length, 3);
  assert.deepEqual(rows("fields @logStream, @log | sort @timestamp asc | limit 1"), [
    { "@logStream": "first", "@log": "000000000000:/g" },
  ]);
});

test("filters compare, search and combine", () => {
  const count = (condition: string): number => run(`fields @message | filter ${condition}`).length;
  const cases: Readonly<Record<string, number>> = {
    "status >= 400": 2,
    // A field that is not there equals nothing.
    "status != 200": 5,
    "status in [200, 404]": 3,
    "status not in [200, 404]": 4,
    'req.path = "/pets" and latency < 100': 1,
    "status = 404 or status = 500": 2,
    "not (status = 404 or status = 500) and ispresent(status)": 2,
    "@message like /ERROR|WARN/": 2,
    "@message like /(?i)error/": 1,
    "@message like /^(?i)PLAIN error/": 1,
    "@message like /^(?s)plain/": 2,
    "@message =~ /took \\d+ ms/": 2,
    '@message not like "plain"': 5,
    "req.tags.1 = 'b'": 4,
    "latency * 2 + 1 > 500": 1,
    "(latency - 10) / 0 > 1": 0,
    "strlen(@message) > 10000": 0,
    "ok = 1": 3,
    'req.path in ["/pets", "/dogs"] # a comment': 2,
    "`req.path` = '/cats'": 2,
    "@type = 'REPORT' and @duration > 12 and @memorySize = 128000000": 1,
    "@requestId = '6f1c0a38-0a2b-4c5d-8e9f-001122334455'": 1,
    "constructor = 1": 0,
    "__proto__ = 1": 0,
  };
  for (const [condition, expected] of Object.entries(cases)) assert.equal(count(condition), expected, condition);
});

test("functions answer as AWS's guide says", () => {
  const cases: Readonly<Record<string, string>> = {
    'ltrim("xyZxyfooxyZ", "xyZ")': "fooxyZ",
    'rtrim("xyZfooxyxyZ", "xyZ")': "xyZfoo",
    'trim("xyZfooxyZ", "xyZ")': "foo",
    'trim("  foo ")': "foo",
    'trim("foo", "")': "foo",
    'trim("xx", "x")': "",
    'substr("xyZfooxyZ", 3, 3)': "foo",
    'replace("foo", "o", "0")': "f00",
    'strlen("añ😀")': "3",
    "2 * 3 ^ 2": "18",
    "2 ^ 3": "8",
    "dateceil(@timestamp, 1h)": "2026-11-21 08:00:00.000",
    "dateceil(datefloor(@timestamp, 1h), 1h)": "2026-11-21 07:00:00.000",
    'isValidIp("10.1.2.3")': "1",
    'isValidIp("10.1.2.03")': "0",
    'isValidIpV4("2001:db8::1")': "0",
    'isValidIpV6("2001:db8::1")': "1",
    'isValidIpV6("::ffff:10.0.0.1")': "1",
    "isValidIp(nowhere)": "0",
    'isIpInSubnet("10.1.2.3", "10.0.0.0/8")': "1",
    'isIpInSubnet("2001:db8::1", "2001:db8::/32")': "1",
    'isIpv4InSubnet("10.1.2.3", "10.2.0.0/16")': "0",
    'isIpv4InSubnet("2001:db8::1", "2001:db8::/32")': "0",
    'isIpv6InSubnet("2001:db9::1", "2001:db8::/32")': "0",
    'isIpInSubnet("10.1.2.3", "wrong")': "0",
  };
  for (const [call, expected] of Object.entries(cases)) {
    assert.deepEqual(rows(`fields ${call} as x | display x | limit 1`), [{ x: expected }], call);
  }
  const [ends] = rows("stats sortsFirst(req.path) as first, sortsLast(req.path) as last");
  assert.deepEqual(ends, { first: "/cats", last: "/pets" });
});

test("parse takes parts of a line by wildcards or by a pattern's groups", () => {
  assert.deepEqual(
    rows('parse @message "user=*, took * ms" as user, took | filter ispresent(user) | display user, took'),
    [
      { user: "bob", took: "7" },
      { user: "ann", took: "12" },
    ],
  );
  const grouped =
    "parse @message /(plain) (?<level>[A-Z]+) user=(?<name>\\w+)/ | stats max(level) as top by name | sort name";
  // Lines without a match are a group without a name.
  assert.deepEqual(rows(grouped), [{}, { name: "ann", top: "ERROR" }, { name: "bob", top: "WARN" }]);
  const rest = 'filter @message like "plain" | parse @message "[*" as rest | fields rest | sort rest';
  assert.deepEqual(rows(rest), [{ rest: "x]" }, { rest: "y]" }]);
});

test("stats counts, sums and sorts groups, by fields and by times", () => {
  assert.deepEqual(
    rows("stats count(*) as n, avg(latency), sum(latency), min(latency), max(latency), pct(latency, 50)"),
    [
      {
        n: "7",
        "avg(latency)": "73.875",
        "sum(latency)": "295.5",
        "min(latency)": "5",
        "max(latency)": "250.5",
        "pct(latency, 50)": "10",
      },
    ],
  );
  assert.deepEqual(
    rows("filter ispresent(status) | stats count(*) by status | sort count(*) desc, status asc | limit 2"),
    [
      { status: "200", "count(*)": "2" },
      { status: "404", "count(*)": "1" },
    ],
  );
  assert.deepEqual(rows("stats count() by bin(5m) | sort bin(5m) asc"), [
    { "bin(5m)": "2026-11-21 07:30:00.000", "count()": "5" },
    { "bin(5m)": "2026-11-21 07:35:00.000", "count()": "2" },
  ]);
  assert.deepEqual(rows("stats latest(@timestamp) as t, count_distinct(req.path) as paths, stddev(status)"), [
    { t: "2026-11-21 07:36:00.000", paths: "2", "stddev(status)": "130.4914" },
  ]);
  assert.deepEqual(rows("filter status = 1 | stats count(*), sum(latency)"), [{ "count(*)": "0" }]);
  assert.deepEqual(rows("stats count(*) as n by bin(5m) as t | stats max(n) as top"), [{ top: "5" }]);
});

test("stats calculates with aggregations, and with columns before", () => {
  // AWS's sample query for functions.
  const memory = `filter @type = "REPORT"
    | stats max(@memorySize / 1000 / 1000) as provisonedMemoryMB,
        max(@maxMemoryUsed / 1000 / 1000) as maxMemoryUsedMB,
        provisonedMemoryMB - maxMemoryUsedMB as overProvisionedMB`;
  assert.deepEqual(rows(memory), [{ provisonedMemoryMB: "128", maxMemoryUsedMB: "64", overProvisionedMB: "64" }]);
  assert.deepEqual(
    rows(
      "filter ispresent(status) | stats sum(latency) / count(*) as mean, ceil(mean), max(latency)-min(latency) by req.path",
    ),
    [
      { "req.path": "/pets", mean: "130.25", "ceil(mean)": "131", "max(latency)-min(latency)": "240.5" },
      { "req.path": "/cats", mean: "17.5", "ceil(mean)": "18", "max(latency)-min(latency)": "25" },
    ],
  );
  assert.deepEqual(rows("stats count(*) as n by ispresent(status) as s | sort n desc | limit 1"), [{ s: "1", n: "4" }]);
});

test("fields are found in the first JSON of a line, and in the lines of functions", () => {
  const find = (field: string, message: string): string | undefined => {
    const parsed = parseLogQuery(`fields ${field} as x | display x`);
    assert.ok(parsed.kind === "query");
    const query = parsed.begin(undefined);
    query.take({ ...lines[0]!, message });
    return finished(query)[0]?.find((column) => column.field === "x")?.value;
  };
  const report =
    "REPORT RequestId: 6f1c0a38-0a2b-4c5d-8e9f-001122334455\tDuration: 1 ms\t\nXRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 53995c3f42cd8ad8\tSampled: true\t\n";
  assert.equal(find("@xrayTraceId", report), "1-5759e988-bd862e3fe1be46a994272793");
  assert.equal(find("@xraySegmentId", report), "53995c3f42cd8ad8");
  assert.equal(find("order.id", 'INFO {"order":{"id":7},"text":"} \\" {"} and {"order":{"id":8}}'), "7");
  assert.equal(find("order.id", 'INFO {order} {"order":{"id":8}}'), undefined);
  assert.equal(find("order.id", 'INFO {"order":{"id":7}'), undefined);
  assert.equal(find("`@@a.com`", '{"@a.com":5}'), "5");
  assert.equal(find("`@a.com`", '{"@a.com":5}'), undefined);
});

test("dedup keeps the newest of each kind, and the lines that lack a field; display chooses the columns", () => {
  assert.deepEqual(
    rows("filter ispresent(status) | display req.path, concat(req.path, '!') as loud | dedup req.path | limit 5"),
    [
      { "req.path": "/cats", loud: "/cats!" },
      { "req.path": "/pets", loud: "/pets!" },
    ],
  );
  const lacking = rows("filter not ispresent(req.path)").length;
  assert.ok(lacking > 1);
  assert.equal(rows("dedup req.path").length, 2 + lacking);
  assert.equal(rows("dedup req.path, nowhere").length, rows("limit 100").length);
});

test("what is no query is refused with its place", () => {
  const cases: Readonly<Record<string, RegExp>> = {
    "": /unexpected end/,
    fields: /unexpected end/,
    "fields @message |": /unexpected end/,
    "select *": /unexpected symbol found select at line 1 and position 1/,
    "fields @message | filter = 3": /unexpected symbol found = at line 1 and position 26/,
    "fields a\n| filter b ~ 3": /unexpected symbol found ~ at line 2 and position 12/,
    "pattern @message": /the command pattern is not known here/,
    "dedup a | stats count(*)": /only the command limit may follow dedup/,
    "stats total(x)": /the aggregation total is not known here/,
    "filter nothing(x)": /the function nothing is not known here/,
    "stats status": /status is no aggregation/,
    "stats max(min(status))": /the function min is not known here/,
    "limit 0": /limit must be between/,
    "limit 1.5": /unexpected/,
    "filter a like /(?=x)/ and b = /": /unexpected/,
    'parse @message "* *" as one': /2 wildcards for 1 names/,
    "parse @message /(x)/": /no group with a name/,
    "parse @message /(?<x>a)\\1/": /the pattern has/,
    "stats pct(x, 101)": /unexpected/,
    "filter abs(1, 2) = 1": /abs takes 1 arguments/,
    "stats count(*) by bin(5 lightyears)": /unexpected/,
    [`filter ${"(".repeat(2_000)}1`]: /nested too deep/,
    [`filter ${"not ".repeat(2_000)}1`]: /nested too deep/,
  };
  for (const [text, expected] of Object.entries(cases)) {
    const parsed = parseLogQuery(text);
    assert.ok(parsed.kind === "invalid", text);
    assert.match(parsed.message, expected, text);
    assert.ok(parsed.start >= 0 && parsed.end >= parsed.start && parsed.end <= text.length + 1, text);
  }
});

test("a pattern that would take for ever, and a result without bounds, end", () => {
  const slow = parseLogQuery("filter @message like /^(a+)+$/ or @message like /(?i)(a|aa)+b/");
  assert.ok(slow.kind === "query");
  const query = slow.begin(undefined);
  const message = `${"a".repeat(200_000)}!`;
  query.take({ ...lines[0]!, message });
  assert.deepEqual(finished(query), []);
  const large = parseLogQuery("fields @message");
  assert.ok(large.kind === "query");
  const running = large.begin(undefined);
  assert.throws(() => {
    for (let index = 0; index < 1_000; index++) running.take({ ...lines[0]!, message: "x".repeat(262_144) });
    finished(running);
  }, QueryTooLarge);
  running.release();
});

test("what a query makes of lines and keeps is counted, and so is what all queries keep", () => {
  const large = "x".repeat(10_000);
  const texts = Array.from(
    { length: 20 },
    (_, index) => `concat(${Array(20).fill("@message").join()}, ${index}) as x${index}`,
  );
  for (const text of [
    `fields ${texts.join()}`,
    `sort ${texts.map((each) => each.split(" as ")[0]).join()}`,
    `stats latest(concat(${Array(40).fill("@message").join()})) as t by @ptr`,
    `stats count_distinct(concat(@ptr, @message)) as t, pct(strlen(@message), 50) by @ptr`,
    `dedup @ptr, concat(@ptr, @message)`,
  ]) {
    const parsed = parseLogQuery(text);
    assert.ok(parsed.kind === "query", text);
    const query = parsed.begin(undefined);
    assert.throws(() => {
      for (let index = 0; index < 100_000; index++) query.take({ ...lines[0]!, message: large, ptr: `p${index}` });
    }, QueryTooLarge);
    query.release();
  }
  const memories = [0, 1, 2, 3].map(() => new QueryMemory());
  for (const memory of memories.slice(0, 3)) memory.add(60_000_000);
  assert.throws(() => memories[3]!.add(60_000_000), QueryTooLarge);
  for (const memory of memories) memory.release();
  const later = new QueryMemory();
  later.add(60_000_000);
  later.release();
});

test("the end of a query pauses after each record, and finds what it sorts by once", () => {
  const parsed = parseLogQuery("sort index | filter @message like /(a|aa)+$/ | stats count(*) by index");
  assert.ok(parsed.kind === "query");
  const query = parsed.begin(undefined);
  for (let index = 0; index < 1_000; index++) {
    query.take({ ...lines[0]!, message: `{"index":${(index * 7) % 1_000},"text":"aaa` });
  }
  const finish = query.finish();
  let steps = 0;
  while (finish.next().done !== true) steps++;
  assert.ok(steps >= 2_000, `${steps} steps`);
  query.release();
});

test("a function that would make an endless text, and a line that takes many searches, are cut short", () => {
  const message = "a".repeat(900_000);
  const slow = Array.from({ length: 100 }, (_, index) => `@message like /(a|aa)+(a|aa)+${index}/`);
  for (const text of [
    "fields strlen(replace(@message, 'a', @message)) as n",
    "fields strlen(replace(@message, 'a', '')) as n",
    `fields strlen(concat(${Array(50).fill("@message").join()})) as n`,
    `filter not (${slow.join(" or ")}) | fields 1 as n`,
  ]) {
    const parsed = parseLogQuery(text);
    assert.ok(parsed.kind === "query", text);
    const query = parsed.begin(undefined);
    query.take({ ...lines[0]!, message });
    const [row] = finished(query);
    const value = row?.find(({ field }) => field === "n")?.value ?? "none";
    assert.ok(value === "none" || Number(value) <= 1_048_576, `${text.slice(0, 60)}: ${value}`);
  }
  assert.deepEqual(rows("fields replace(@logStream, 's', 'SS') as n | limit 1"), [{ n: "SSecond" }]);
});
